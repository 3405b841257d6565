"""Hairs drawn into a texture: fine lines one over another, each a little darker or lighter than others."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from .shading import to_srgb

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

TEXELS = 2048  # across a texture, in which a hair is one texel wide; in a smaller one it is fainter
LAYERS = 5  # one over another, each of a tone between these shares of the hair's
TONES = (0.65, 1.10)
LONGEST = 0.03  # of the texture: what is longer has its ends on two sides of a seam
FRACTION = 4  # bits of a texel's place that are drawn


def painted(albedo: Pixels, root: Floats, tip: Floats, colours: Floats, opacity: float) -> Pixels:
    """(S, S, 3) uint8 sRGB, the texture with hairs over it.

    Parameters
    ----------
    root, tip : (N, 2) in the texture, 0..1, v upward; colours : (N, 3) linear RGB
    opacity : 0..1 of a hair in a texture of `TEXELS` and finer ones
    """
    size = len(albedo)
    ends = np.stack([root, tip], 1) * (size, -size) + (0.0, size) - 0.5
    is_whole = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) < size * LONGEST
    ends, colours = ends[is_whole], colours[is_whole]
    result = albedo.copy()
    if not len(ends):
        return result
    low = np.clip(np.floor(ends.min((0, 1))).astype(int) - 2, 0, size - 1)
    high = np.clip(np.ceil(ends.max((0, 1))).astype(int) + 3, 1, size)
    box = result[low[1] : high[1], low[0] : high[0]]
    wide = max(1, round(size / TEXELS))
    opacity *= min(1.0, size / TEXELS)
    points = np.round((ends - low) * 2**FRACTION).astype(np.int32)
    for layer, tone in enumerate(np.linspace(*TONES, LAYERS)):
        # Those of a dark and of a fair colour apart, where hair has two.
        own = colours[layer::LAYERS]
        light = own.sum(1)
        is_fair = light > (light.min(initial=np.inf) + light.max(initial=-np.inf)) / 2
        for chosen in (~is_fair, is_fair):
            if not chosen.any():
                continue
            cover = np.zeros(box.shape[:2], np.uint8)
            lines = points[layer::LAYERS][chosen]
            cv2.polylines(cover, lines, False, (255.0,), wide, cv2.LINE_AA, FRACTION)
            row, column = np.nonzero(cover)
            share = (opacity / 255.0) * cover[row, column, None].astype(np.float32)
            seen = box[row, column].astype(np.float32)
            colour = 255.0 * to_srgb(tone * own[chosen].mean(0))
            box[row, column] = np.round(seen + share * (colour - seen)).astype(np.uint8)
    return result
