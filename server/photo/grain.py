"""Noise of skin that a photo does not show: pores and blotches, as wide on the neck as in the face.

The head's layout draws the face as large along as across, the neck and what is under the jaw not: noise
of the texture's own pixels would be streaks there. So below the jaw noise is looked up by millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.head_template import template

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]

GRAIN = 0.035  # of the light, standard deviation of what pores and blotches add
EDGE = 24  # pixels by which noise is continued to be blurred, so that it can be laid side by side


CHIN = 152  # landmark of its lowest point
JAW_MM = 4.0  # above the chin's lowest point, from which down skin may lie under the jaw
UNDER = (0.1, 0.5)  # how far its normal points down there, from which, and from which wholly
NECK_MM = (6.0, 22.0)  # below the chin, from which, and from which wholly, all of it is neck


@dataclass(frozen=True)
class Below:
    """Skin under the jaw and on the neck, on the template.

    Attributes
    ----------
    around : (V, 2) millimetres round the neck and down along it
    share : (V,) 0..1, whether a vertex is there
    """

    around: Floats
    share: Floats


@dataclass(frozen=True)
class Grain:
    """Factors of pores and blotches: (S, S) on linear light, and (S, S, 3) nearly the same on sRGB."""

    of_light: Image
    of_bytes: Image


@lru_cache(maxsize=1)
def below_jaw() -> Below:
    """The skin below the jaw of the template, which every fitted head shares."""
    head = template()
    points = head.vertices * 1000.0
    chin = 1000.0 * float(head.landmarks()[CHIN][2])
    middle = float(points[head.part("neck"), 1].mean())
    x, y = points[:, 0], points[:, 1] - middle
    away = np.hypot(x, y)
    # Down the throat and out over the shoulders.
    around = np.stack([np.arctan2(x, -y) * away, away - points[:, 2]], -1)
    down = -vertex_normals(head.vertices.astype(np.float64), head.faces)[:, 2]
    under = smoothstep(down, *UNDER) * (points[:, 2] < chin + JAW_MM)
    on_neck = smoothstep(chin - points[:, 2], *NECK_MM)
    share = np.maximum(under, on_neck).astype(np.float64)
    return Below(around.astype(np.float64), share)


def grain(size: int, places: Image, low: Image) -> Grain:
    """Noise at the scales of pores and blotches, the same on every run.

    Parameters
    ----------
    size : S, texels of the texture
    places : (s, s, 2) where the noise of a texel is looked up, in texels of the face, if it is `low`
    low : (s, s) 0..1, where the layout draws skin narrower or shorter than the face's
    """
    noise = _noise(size)
    rows = np.flatnonzero(low.any(1))
    if len(rows):
        step = size // len(low)
        there = slice(step * int(rows[0]), step * (int(rows[-1]) + 1))
        few = slice(int(rows[0]), int(rows[-1]) + 1)
        shape = (size, there.stop - there.start)
        at = cv2.resize(places[few], shape, interpolation=cv2.INTER_LINEAR)
        share = cv2.resize(low[few], shape, interpolation=cv2.INTER_LINEAR)
        at = np.mod(at, np.float32(size))
        laid = cv2.remap(
            noise,
            at[..., 0].copy(),
            at[..., 1].copy(),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        # Two noises mixed are fainter than one: as strong again by the length of their shares.
        noise[there] += share * (laid - noise[there])
        noise[there] /= np.sqrt(share**2 + (1 - share) ** 2)
    light = np.asarray(1 + GRAIN * noise, np.float32)
    return Grain(light, np.repeat(light[..., None] ** np.float32(1 / 2.2), 3, axis=2))


def _noise(size: int) -> Image:
    """(S, S) of mean 0 and deviation 1, that goes on at the other edge where it ends."""
    random = np.random.default_rng(20)
    fine = _blurred(random.standard_normal((size, size), np.float32), 1.2)
    coarse = random.standard_normal((size // 8, size // 8), np.float32)
    around = np.pad(coarse, EDGE // 8, mode="wrap")
    wide = size + 2 * EDGE
    coarse = cv2.resize(around, (wide, wide), interpolation=cv2.INTER_CUBIC)
    coarse = cv2.GaussianBlur(coarse, (0, 0), 3)[EDGE:-EDGE, EDGE:-EDGE]
    noise = fine / fine.std() + 0.7 * coarse / coarse.std()
    return np.asarray(noise / noise.std(), np.float32)


def _blurred(values: Image, reach: float) -> Image:
    around = cv2.copyMakeBorder(values, EDGE, EDGE, EDGE, EDGE, cv2.BORDER_WRAP)
    return np.asarray(cv2.GaussianBlur(around, (0, 0), reach)[EDGE:-EDGE, EDGE:-EDGE], np.float32)
