"""The few colours of a person that materials need: skin, lips, irises, hair."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import IRIS_LEFT, IRIS_RIGHT, FaceLandmarks

from .hair_share import NO_SKIN
from .irises import as_iris
from .mask import FaceMasks, Pixels

Colour = tuple[float, float, float]
Floats = npt.NDArray[np.float64]

COLOURFUL = 62.0  # percentile of its colours: glints and light from a wall take colour away
# The same beside skin, and most chroma of hair there.
ROUND_CROWN, LEAST_SKIN = (25.0, 65.0), (6.0, 10.0)
SHADED, THIN = (5.0, 30.0), (5.0, 45.0)  # the same in its shade, and of thin dark hair
# CIELAB a of lit hair over that of skin, and of shaded over lit, of thin hair.
AS_RED, LESS_RED = 0.7, 0.6
# Lightness of its shade over that of the skin, up to which hair is dark; the brightest of it by percentile,
# and how far on the way from shade to skin those are skin.
DARK_HAIR, BRIGHT, AS_SKIN = 0.4, 85.0, 0.8
ABOUT = 0.2  # of a limit, by which what lies beyond it does surely
LIT = (30.0, 80.0)  # percentiles of the lightness of hair between shade and glints
FAIR_HAIR = 40.0  # lightness from which lengths are looked at
# CIELAB from skin to hair, in lightness and in chroma, below which skin may show through.
SHINING = 18.0
# Of the way from the least colour of light hair, by percentile, to the skin's, from which it is skin that
# is seen between hairs; CIELAB of a way that tells them apart.
PALE, SEEN_BETWEEN, TOLD_APART = 25.0, 0.5, 10.0
# CIELAB a and b that hair has: no pigment makes it blue, a wall does. Even white hair is a little yellow.
REDNESS, YELLOWNESS = (-1.0, 35.0), (2.5, 50.0)
# Pigment of hair is yellow before it is red, and dark hair shows little of either; a blue wall takes
# yellow away. Even fair hair is not olive: a camera that takes red from it took it from all.
# CIELAB a at most: shares of b of dark and of light hair, whose red is skin's or, with blue, a wall's;
# where b is none; and the lightness up to which hair is dark, and from which it is light.
RED_SHARE, FAINT_RED, RED_LIGHT = (0.95, 0.6), 2.0, (30.0, 45.0)
BLACK = 11.0  # CIELAB lightness of the darkest hair in even light; photos make it blacker
LEAST_RED = 0.3  # share of b that a has at least
DARK_CHROMA = (1.2, 2.0)  # CIELAB chroma at most: a unit of lightness, and at none
# Hair lighter than this on skin darker than that has lost its colour; what it shows is skin and lamp.
GREY_LIGHT, GREY_ON, GREY_CHROMA = 45.0, 63.0, 6.0
# CIELAB b of skin, much the same for light and dark skin (Xiao et al. 2017, see
# `shading.white_balance`), and how far a cool light or wall is believed to have taken it down.
SKIN_YELLOW, MOST_CAST = 16.0, 6.0
TYPICAL = (20.0, 80.0)  # percentiles by lightness of anything but hair, between shade and glints
FEWEST = 12  # pixels below which nothing is said


def measured_colours(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks, *, enlarged: float = 1.0
) -> dict[str, Colour]:
    """sRGB 0..1 of what the photo shows clearly; a colour that cannot be seen is left out.

    Parameters
    ----------
    enlarged : pixels of the picture for one of the photo
    """
    found = {
        "skin": _typical(pixels, (masks.skin > 0.8) & (masks.usable > 0.8)),
        "lips": _typical(pixels, masks.lips > 0.8),
        "hair": hair_colour(pixels, masks),
        "iris": _iris(pixels, landmarks, masks, enlarged),
    }
    return {name: colour for name, colour in found.items() if colour is not None}


def hair_colour(
    pixels: Pixels, masks: FaceMasks, falling: npt.NDArray[np.bool_] | None = None
) -> Colour | None:
    """sRGB 0..1 of the hair between shade and glints, brought into the range of colours that hair has.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; masks : of the same picture
    falling : (H, W) where long hair falls beside the face, if it does

    Notes
    -----
    Fair hair is palest at the crown, where lamps shine on it and new hair is darker: its lengths tell half
    of its colour where they are as light. Those of dark hair lie in shade and before clothes.
    """
    # Round a bald crown little hair is left, and none of it is clear of skin.
    chosen = (masks.hair if masks.is_bare else masks.hair_clear) > 0.6
    if chosen.sum() < FEWEST:
        return None
    lab = np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float64)
    hair = lab[chosen]
    of_skin = masks.skin > 0.8
    skin = np.median(lab[of_skin], axis=0) if of_skin.any() else None
    lit = np.percentile(hair[:, 0], LIT)
    lots = _telling(hair, skin, is_bare=masks.is_bare)
    told = [share * _light_and_chroma(lot, skin, is_bare=masks.is_bare) for share, lot in lots]
    light, chroma = np.sum(told, axis=0)[0], np.sum(told, axis=0)[1:]
    if falling is not None and light > FAIR_HAIR:
        lengths = lab[falling]
        lengths = lengths[(lengths[:, 0] >= lit[0]) & (lengths[:, 0] <= lit[1])]
        if len(lengths) > FEWEST:
            chroma = (chroma + np.percentile(lengths[:, 1:], COLOURFUL, axis=0)) / 2
    return plausible_hair(np.array([light, *chroma]), skin)


def _telling(hair: Floats, skin: Floats | None, *, is_bare: bool) -> list[tuple[float, Floats]]:
    """Of samples (N, 3) of hair those that tell its colour, by what the skin (3,) beside them has.

    Several lots, each with its share of what is told: no small difference turns one into the other.
    """
    shaded = _between(hair, SHADED)
    if is_bare:
        if skin is not None:
            # What is red there is the scalp.
            pale = hair[hair[:, 1] < NO_SKIN * skin[1]]
            hair = pale if len(pale) > max(FEWEST, 0.2 * len(hair)) else hair
        return [(1.0, _between(hair, ROUND_CROWN))]
    if skin is None:
        return [(1.0, _between(hair, LIT))]
    thin = _thin(_between(hair, LIT), shaded, skin)
    between, alone = _beside_skin(hair, np.median(shaded, axis=0), skin)
    lots = [
        (thin, _between(hair, THIN)),
        ((1.0 - thin) * between, _between(alone, LIT)),
        ((1.0 - thin) * (1.0 - between), _between(hair, LIT)),
    ]
    return [lot for lot in lots if lot[0] > 0.0]


def _light_and_chroma(hair: Floats, skin: Floats | None, *, is_bare: bool) -> Floats:
    """(3,) CIELAB that samples (N, 3) of hair beside skin (3,) tell."""
    light = float(np.median(hair[:, 0]))
    chroma = _chroma(hair, light, skin)
    return np.array([light, *(np.minimum(chroma, LEAST_SKIN) if is_bare else chroma)])


def _chroma(hair: Floats, light: float, skin: Floats | None) -> Floats:
    """(2,) a and b of samples (N, 3) of hair of this lightness beside skin (3,)."""
    if skin is not None:
        away = np.linalg.norm(hair[:, 1:] - skin[1:], axis=1)
        if np.median(away) < SHINING and abs(light - skin[0]) < SHINING:
            # Where hair is thin, skin shines through: what is least like it speaks for the hair.
            return np.median(hair[away >= np.percentile(away, 60)], axis=0)[1:]
        if light > FAIR_HAIR:
            hair = _without_skins_colour(hair, skin)
    return np.percentile(hair[:, 1:], COLOURFUL, axis=0)


def _without_skins_colour(hair: Floats, skin: Floats) -> Floats:
    """Of samples (N, 3) of light hair those whose colour is nearer to hair's than to the skin's (3,)."""
    pale = np.percentile(hair[:, 1:], PALE, axis=0)
    way = skin[1:] - pale
    length = float(np.linalg.norm(way))
    if length < TOLD_APART or float(np.linalg.norm(skin[1:])) < float(np.linalg.norm(pale)):
        return hair
    own = hair[(hair[:, 1:] - pale) @ way / length**2 < SEEN_BETWEEN]
    return own if len(own) else hair


def plausible_hair(seen: Floats, skin: Floats | None) -> Colour:
    """sRGB of the colour that hair can have nearest to one seen (3,) beside skin (3,), both in CIELAB."""
    light, a, b = seen.tolist()
    light = max(light, BLACK)
    if skin is not None:
        # What takes yellow from the skin takes it from the hair.
        b += np.clip(SKIN_YELLOW - skin[2], 0.0, MOST_CAST)
    # A hat may be blue or green, and a blue wall shines on white hair.
    yellow = float(np.clip(b, *YELLOWNESS))
    most_red = float(np.interp(light, RED_LIGHT, RED_SHARE))
    red = min(float(np.clip(a, *REDNESS)), max(most_red * yellow, FAINT_RED))
    red = max(red, LEAST_RED * yellow)
    most = DARK_CHROMA[0] * light + DARK_CHROMA[1]
    if skin is not None and light > GREY_LIGHT and skin[0] < GREY_ON:
        most = GREY_CHROMA
    share = min(1.0, most / max(float(np.hypot(red, yellow)), 1e-6))
    lab = np.array([[[light, share * red, share * yellow]]])
    red, green, blue = cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB)[0, 0].tolist()
    return red, green, blue


def as_hair_colour(colour: Colour) -> Colour:
    """sRGB of the colour that hair can have nearest to an sRGB colour."""
    lab = cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_RGB2LAB)
    return plausible_hair(lab[0, 0].astype(np.float64), None)


def _between(samples: Floats, percentiles: tuple[float, float]) -> Floats:
    """The samples (N, 3) in CIELAB between two percentiles of their lightness."""
    low, high = np.percentile(samples[:, 0], percentiles)
    return samples[(samples[:, 0] >= low) & (samples[:, 0] <= high)]


def _beside_skin(hair: Floats, shade: Floats, skin: Floats) -> tuple[float, Floats]:
    """How surely the brightest samples (N, 3) of dark hair are skin between short hairs, and the others.

    Those are nearer to its shade (3,) than to the skin (3,).
    """
    way = skin - shade
    share = (hair - shade) @ way / max(float(way @ way), 1e-6)
    bright = hair[:, 0] >= np.percentile(hair[:, 0], BRIGHT)
    is_skin = _about(float(np.median(share[bright])), AS_SKIN)
    is_skin *= _about(float(np.median(hair[bright, 1])), AS_RED * skin[1])
    is_skin *= 1.0 - _about(float(shade[0]), DARK_HAIR * skin[0])
    alone = hair[share < 0.5]
    return (is_skin, alone) if len(alone) else (0.0, hair)


def _thin(lit: Floats, shaded: Floats, skin: Floats) -> float:
    """0..1, how surely a scalp is seen: the lit part of hair is as red as the skin and its shade is not."""
    red = float(np.median(lit[:, 1]))
    is_red = _about(red, AS_RED * skin[1])
    return is_red * (1.0 - _about(float(np.median(shaded[:, 1])), LESS_RED * red))


def _about(value: float, limit: float) -> float:
    """0 well below a limit, 1 well above it, and half at it."""
    return float(np.clip(0.5 + (value - limit) / (2.0 * ABOUT * max(abs(limit), 1.0)), 0.0, 1.0))


def _typical(pixels: Pixels, chosen: npt.NDArray[np.bool_]) -> Colour | None:
    """Median of the chosen pixels between shade and glints."""
    samples = pixels[chosen].astype(np.float64) / 255
    if len(samples) < FEWEST:
        return None
    light = samples.sum(1)
    low, high = np.percentile(light, TYPICAL)
    red, green, blue = np.median(samples[(light >= low) & (light <= high)], axis=0)
    return float(red), float(green), float(blue)


def _iris(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks, enlarged: float
) -> Colour | None:
    """Median of the rings between pupil and rim, both eyes, below the lid's shade and the lamp's glint."""
    if not landmarks.has_irises:
        return None
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    chosen = np.zeros(pixels.shape[:2], bool)
    radii: list[float] = []
    for centre in (IRIS_RIGHT, IRIS_LEFT):
        x, y = landmarks.points_px[centre, :2]
        ring = landmarks.points_px[centre + 1 : centre + 5, :2] - (x, y)
        radius = float(np.linalg.norm(ring, axis=1).mean())
        distance = np.hypot(columns - x, rows - y) / max(radius, 1e-6)
        chosen |= (distance > 0.45) & (distance < 0.85) & (rows > y - 0.35 * radius)
        radii.append(radius)
    found = _typical(pixels, chosen & (masks.eyes > 0.9))
    return None if found is None else as_iris(found, float(np.mean(radii)) / enlarged)
