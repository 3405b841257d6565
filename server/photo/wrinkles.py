"""Folds and wrinkles of a face as heights, read from where its skin is dark in lines.

A skin's texture is rid of shade, so what only shade showed is lost: a face of eighty came out as one of
fifty. In the soft light of portraits what lies deep is dark [1]_, and a groove as dark as another but twice
as wide is twice as deep. Noise, blocks of compression, pores, freckles and moles are dark as well, but run
no way; a lamp's shade runs, but is as wide as a cheek. So of skin that is darker than the skin beside it
only what goes on in one direction is a fold. Where wrinkles are that no smile makes, the folds of a
smile stay when it goes.

References
----------
.. [1] M. S. Langer, H. H. Bülthoff (2000). Depth discrimination from shading under diffuse lighting.
   Perception 29.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.easing import smoothstep

from .blurs import blurred_among
from .mask import Shares

Image = npt.NDArray[np.float32]

UNIT = 110.0  # pixels of the eye distance in the picture that is looked at; more would show pores
# Half widths of folds, in eye distances; each band holds what lies between one and twice as much.
WIDTHS = (0.009, 0.018, 0.036)
SLOPE = 3.6  # of a groove, for one of the logarithm by which it is darker
DEEPEST, HIGHEST = 0.027, 0.008  # eye distances
DARKEST = 0.5  # logarithm by which a fold is darker than the skin beside it at most
# Logarithms of which half is believed, in each band: an even skin differs by as much, and has wide forms.
FAINT = (0.012, 0.014, 0.035)
NOISE = 0.016  # the same, that a pixel of the photo as wide as the fold adds
# Logarithm over the even skin, above which all is alike: between two highlights is no groove.
SHINE = 0.04
# Luminance of skin below which what it mirrors is more beside what it gives back, and by how much at most.
FAIR, MOST_GLOSS = 0.36, 3.0
ALONG = 2.5  # half widths over which a fold runs in one direction
RUNS = (
    0.3,
    0.6,
)  # share of what bends there that bends one way, from which it is a fold, and from which surely
# Mean logarithm of the narrowest wrinkles: of young skin, and of old.
YOUNG, OLD = 0.0007, 0.00145
# Pixels of the eye distance in the photos that those are of; the power of a photo's share of that by which
# more lines are seen in a larger one and fewer in a smaller, and the least share that is made good; the
# share to which larger photos are shrunk, which loses what they would gain. From six people in five sizes.
USUAL_UNIT, GAINED, LOST, LEAST_SEEN, LARGE = 66.0, 0.8, 1.7, 0.4, 1.35
# By how much what is faint counts more in an old face, whose fine lines are no noise.
FINE_LINES = 0.6
STAYS = 0.9  # share of a smile's folds that stay in an old face
# What stays of a fold of which a smile takes this share or more is as soft as this, eye distances: sharp it
# would be a scratch, for skin at rest is bent there and no more folded.
SOFT_FROM, SOFTNESS = 0.3, 0.025


@dataclass(frozen=True)
class Sight:
    """How well a picture shows skin.

    Attributes
    ----------
    unit : pixels of the eye distance; enlarged : pixels for one of the photo
    tone : luminance of the skin, linear
    """

    unit: float
    enlarged: float
    tone: float


@dataclass(frozen=True)
class Wrinkles:
    """Folds of a face at rest.

    Attributes
    ----------
    heights : (H, W) float32, eye distances by which skin stands out of an even face
    seen : (H, W) float32, logarithm by which skin is darker in folds as they were seen, 0 or less
    shade : the same of what is there at rest
    stays : (H, W) 0..1, what of a fold is there without the smile
    softens : (H, W) 0..1, how far what stays of one gets soft
    lines : logarithm by which the narrowest wrinkles darken skin that no smile folds, on the mean
    age : 0..1, what of an old face's wrinkles those are
    """

    heights: Image
    seen: Image
    shade: Image
    stays: Shares
    softens: Shares
    lines: float
    age: float


def wrinkles(
    shade: Shares, skin: Shares, of_smile: Shares, lasting: Shares, sight: Sight
) -> Wrinkles:
    """The folds of a face.

    Parameters
    ----------
    shade : (H, W) logarithm of light over the even skin
    skin : (H, W) 0..1, where folds are looked for: skin and nothing else
    of_smile : (H, W) 0..1, share of a fold there that is the smile's in a young face
    lasting : (H, W) 0..1, where smiles leave folds in an old one
    """
    high, wide = shade.shape
    scale = min(1.0, UNIT / sight.unit)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    few, share, smiling = (
        np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
        for part in (shade, skin, of_smile)
    )
    few = np.minimum(few, np.float32(SHINE))
    bands = _bands(few, share + np.float32(1e-3), sight, scale)
    mean = _fine_lines(few, share, smiling < 0.05, bands[0], sight)
    age = float(smoothstep(np.array([mean]), YOUNG, OLD)[0])
    kept = np.stack([_strong(band, (1 - FINE_LINES * age) * faint) for band, faint in bands], -1)
    heights = kept @ np.array(WIDTHS, np.float32) * np.float32(SLOPE)
    most = np.where(heights < 0, np.float32(DEEPEST), np.float32(HIGHEST))
    heights = np.asarray(most * np.tanh(heights / most), np.float32)
    darker = np.minimum(kept.sum(-1), 0) / np.float32(DARKEST)
    dark = np.asarray(DARKEST * np.tanh(darker), np.float32)
    heights, dark = (
        np.asarray(cv2.resize(part, (wide, high), interpolation=cv2.INTER_LINEAR), np.float32)
        for part in (heights, dark)
    )
    gone = np.asarray((1 - np.float32(STAYS * age) * lasting) * of_smile, np.float32)
    softens = np.minimum(of_smile / np.float32(SOFT_FROM), 1) * (1 - np.float32(age) * lasting)
    heights, shade = (softened(part, softens, sight.unit) * (1 - gone) for part in (heights, dark))
    return Wrinkles(heights, dark, shade, 1 - gone, softens, mean, age)


def _fine_lines(
    shade: Shares,
    skin: Shares,
    at_rest: npt.NDArray[np.bool_],
    narrowest: tuple[Image, float],
    sight: Sight,
) -> float:
    """Mean logarithm by which the narrowest wrinkles darken skin that no smile folds, all (H, W).

    Notes
    -----
    The more pixels a face has, the more of its lines are seen and the less of them is noise. So all are
    looked at as if their photo were as large as those that the figures for young and old come from; of a
    smaller photo what is lacking is made good.
    """
    share = sight.unit / sight.enlarged / USUAL_UNIT
    seen = share**GAINED if share > 1.0 else max(share, LEAST_SEEN) ** LOST
    if share > LARGE:
        high, wide = shade.shape
        unit = min(sight.unit, UNIT)
        size = tuple(max(1, round(side * LARGE * USUAL_UNIT / unit)) for side in (wide, high))
        small = cv2.resize(shade, size, interpolation=cv2.INTER_AREA)
        shade = np.asarray(
            cv2.resize(small, (wide, high), interpolation=cv2.INTER_CUBIC), np.float32
        )
        shrunk = Sight(unit, unit / (LARGE * USUAL_UNIT), sight.tone)
        narrowest, seen = _bands(shade, skin + np.float32(1e-3), shrunk, 1.0)[0], 1.0
    rest = skin * at_rest
    lines = -np.minimum(_strong(*narrowest), 0)
    return float((lines * rest).sum() / max(float(rest.sum()), 1.0)) / seen


def softened(values: Shares, softens: Shares, unit: float) -> Shares:
    """Values (H, W) without sharp lines, as far as `softens` (H, W) says; `unit` : the eye distance."""
    soft = cv2.GaussianBlur(values, (0, 0), SOFTNESS * unit)
    return np.asarray(values + softens * (soft - values), np.float32)


def _bands(shade: Shares, weight: Shares, sight: Sight, scale: float) -> list[tuple[Image, float]]:
    """Of each width the lines and their banks, and what is faint there, logarithms."""
    gloss = float(np.clip(FAIR / max(sight.tone, 1e-3), 1.0, MOST_GLOSS))
    bands: list[tuple[Image, float]] = []
    finer = blurred_among(shade, weight, WIDTHS[0] * sight.unit * scale)
    for width, faint in zip(WIDTHS, FAINT, strict=True):
        reach = width * sight.unit * scale
        coarser = blurred_among(shade, weight, 2 * reach)
        noise = NOISE * max(sight.enlarged, 1.0) / (width * sight.unit)
        band = _lines(finer, finer - coarser, weight, reach)
        bands.append((band, gloss * (faint + noise)))
        finer = coarser
    return bands


def _strong(band: Image, faint: float) -> Image:
    """Values of which those as small as `faint` are halved, smaller ones vanish and great ones stay."""
    square = band**2
    return np.asarray(band * (square / (square + np.float32(faint**2))), np.float32)


def _lines(level: Image, band: Image, weight: Shares, reach: float) -> Image:
    """What of a band (H, W) of logarithms belongs to something that runs on in one direction.

    Notes
    -----
    Across a dark line the second derivative is great and along it none, so the two and the mixed one say
    how strong it is and, by its angle doubled, which way it runs; lines of one way add up nearby, specks of
    every way do not.
    """
    across = cv2.Sobel(level, cv2.CV_32F, 2, 0)
    down = cv2.Sobel(level, cv2.CV_32F, 0, 2)
    mixed = cv2.Sobel(level, cv2.CV_32F, 1, 1)
    way = np.stack([across - down, 2 * mixed], -1)
    length = np.maximum(np.linalg.norm(way, axis=-1), 1e-9)
    strength = np.clip(across + down, 0, length) * weight
    way *= (strength / length)[..., None]
    one_way = np.linalg.norm(cv2.GaussianBlur(way, (0, 0), ALONG * reach), axis=-1)
    every_way = cv2.GaussianBlur(strength, (0, 0), ALONG * reach)
    runs = one_way / np.maximum(every_way, 1e-9)
    sure = np.clip((runs - RUNS[0]) / (RUNS[1] - RUNS[0]), 0, 1)
    inside = cv2.erode(weight, np.ones((3, 3), np.uint8), iterations=max(1, round(reach)))
    return np.asarray(band * sure * inside, np.float32)
