"""Brows of a picture of a face: out of their socket's shade, of one colour, white hairs and all.

Shades and tints are logarithms, (H, W) of the light over the even skin, (H, W, 3) of each colour beside it.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.easing import smoothstep

from .face_zones import Zones
from .mask import FaceMasks, Shares, grown, soft, weighted_mean
from .tints import OF_LIGHT, one_colour, pigmented

Image = npt.NDArray[np.float32]

BROW_SEEN = 0.6  # of the skin above a brow, below which hair is taken to hang over it
BROW_DARKER = 0.35  # logarithm by which one brow is darker than the other, from which it is a rim
# Of a brow's darkness, a logarithm: its socket's shade, which the head's own makes again. On nine heads
# brows came out 0.2 darker beside the forehead than in their photos; fair and white ones are hardly darker.
SOCKET_SHADE = 0.17
# White hairs of a brow are as fine as hairs, lighter than what is beside them and less red than skin, by
# shares of its own red over green: logarithms and shares, none to surely white. A dark brow has none.
HAIR_REACHES, WHITE_LIGHT, WHITE_RED = (0.010, 0.05), (0.02, 0.07), (-0.05, -0.25)
LIGHT_BROW, WHITEST = (-0.90, -0.50), 0.35
WHITE_SHARE = (0.02, 0.08)  # of a brow, from none to one that is white
# Of a white brow's darkness, that its socket makes; of its hairs' tint, that all of it has.
WHITE_UNSHADED, WHITE_TINT = 0.85, 0.6
# Logarithm by which a brow is darker than skin, from which what is bright in it is none.
DARK_BROW = 0.2


def tinted_brows(tint: Image, shade: Shares, brow: Shares, even: Image, unit: float) -> Image:
    """Tints (H, W, 3) with brows of one colour, which hair can have."""
    tint = tint + brow[..., None] * (one_colour(tint, shade, brow, unit) - tint)
    there = brow > 0
    tint[there] += brow[there, None] * pigmented(tint[there], even[there])
    return tint


def lightened_brows(
    shade: Shares,
    tint: Image,
    brow: Shares,
    is_white: Shares,
    even: Image,
    least_light: float,
) -> tuple[Shares, Image]:
    """Shade and tint with brows as dark as they are out of a socket's shade, and less where they are white.

    They are no darker than `least_light`, linear.
    """
    dark = np.maximum(-shade, np.float32(1e-3))
    less = 1 - brow * np.float32(SOCKET_SHADE) * np.tanh(dark / np.float32(SOCKET_SHADE)) / dark
    if least_light > 0:
        most = np.maximum(even @ OF_LIGHT - np.float32(np.log(least_light)), np.float32(0.1))
        less = less * (1 - brow * (1 - most * np.tanh(dark / most) / dark))
    unshaded = less * (1 - np.float32(WHITE_UNSHADED) * is_white)
    is_dark = shade < 0
    return shade * np.where(is_dark, unshaded, 1), tint * np.where(is_dark, less, 1)[..., None]


def white_hairs(
    shade: Shares,
    tint: Image,
    brows: tuple[Shares, Shares],
    even: Image,
    unit: float,
    grey_hair: float,
) -> tuple[Shares, Shares]:
    """0..1 where brows show white hairs (H, W), and where they are white on the whole.

    A lamp's reflection is wider, and skin is redder.
    """
    white, is_white = np.zeros_like(shade), np.zeros_like(shade)
    if grey_hair == 0.0:
        return white, is_white
    near, wide = (cv2.GaussianBlur(shade, (0, 0), max(reach * unit, 0.6)) for reach in HAIR_REACHES)
    fine = cv2.GaussianBlur(tint, (0, 0), max(HAIR_REACHES[0] * unit, 0.6))
    of_skin = np.maximum(even[..., 0] - even[..., 1], np.float32(0.1))
    red = (fine[..., 0] - fine[..., 1]) / of_skin
    seen = smoothstep(near - wide, *WHITE_LIGHT) * (1 - smoothstep(red, *WHITE_RED[::-1]))
    for brow in brows:
        core = brow > 0.6
        if core.any():
            light, share = (np.array(part[core].mean(), np.float64) for part in (shade, seen))
            sure = np.float32(
                grey_hair * smoothstep(light, *LIGHT_BROW) * smoothstep(share, *WHITE_SHARE)
            )
            white = np.maximum(white, sure * brow * seen)
            is_white = np.maximum(is_white, sure * brow)
    return white, is_white


def whitened(
    tint: Image, seen: Image, shade: Shares, brow: Shares, white: tuple[Shares, Shares]
) -> tuple[Image, tuple[float, float, float] | None]:
    """Tints with white hairs and white brows in the colour they were seen in, and that as a factor.

    Parameters
    ----------
    tint, seen : as they are kept, and as they were in the photo; shade : as it is kept
    white : as `white_hairs` gives it
    """
    hairs, is_white = white
    tint = tint + hairs[..., None] * (seen - tint)
    colour = _colour_of_white(shade[..., None] + tint, hairs, brow)
    if colour is not None:
        hue = np.log(np.array(colour, np.float32))
        hue = np.float32(WHITE_TINT) * (hue - hue @ OF_LIGHT)
        tint += (is_white * (1 - hairs))[..., None] * (hue - tint)
    return tint, colour


def _colour_of_white(logs: Image, white: Shares, brow: Shares) -> tuple[float, float, float] | None:
    """Factor on the skin's linear light of white hairs, from logarithms (H, W, 3); None where none are."""
    core = brow > 0.6
    if not core.any() or white[core].mean() < 0.5 * WHITE_SHARE[0]:
        return None
    red, green, blue = np.exp(np.average(logs[core], axis=0, weights=white[core])).tolist()
    return red, green, blue


def without_shine(features: Shares, zones: Zones, darkness: list[float], shade: Shares) -> Shares:
    """Features (H, W) without what is bright, by its shade in logarithms, on a brow that is dark."""
    for brow, mean in zip(zones.brows, darkness, strict=True):
        if mean < -DARK_BROW:
            features = features * (1 - brow * np.clip(1 + shade / np.float32(DARK_BROW), 0, 1))
    return features


def own_brows(
    zones: Zones, darkness: list[float], odd: Shares, masks: FaceMasks, unit: float
) -> Shares:
    """(H, W) 0..1, 0 about the brow under hair or a frame, if any: the other one is taken for it.

    It is told by how dark both are and how much skin is seen over them.
    """
    seen = [_seen(brow, odd, masks, unit) for brow in zones.brows]
    own = np.ones_like(odd)
    for side, other in ((0, 1), (1, 0)):
        is_hidden = seen[side] < BROW_SEEN and seen[other] > seen[side] + 0.15
        if is_hidden or darkness[side] < darkness[other] - BROW_DARKER:
            own *= 1 - soft(grown(zones.brows[side], 0.06 * unit), 0.03 * unit)
    return own


def _seen(brow: Shares, odd: Shares, masks: FaceMasks, unit: float) -> float:
    """0..1 of the skin right above a brow that is seen free of hair."""
    lift = max(1, round(0.14 * unit))
    above = np.zeros_like(brow)
    above[:-lift] = brow[lift:]
    above = np.clip(above - brow, 0, 1)
    return weighted_mean(masks.within * masks.skin * (1 - odd), above)
