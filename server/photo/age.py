"""How far years have made a face sink, by its fine lines and by how light its hair is.

Bags, folds and jowls themselves are forms, and what a photo shows of forms is its lamp's as well; lines and
hair are seen in any light. With 120 portraits, judged by eye from 0, smooth, to 1, the oldest, lines alone
correlate by 0.54 and both by 0.69, each portrait left out in turn; fair hair of the young costs little
of that. Where no hair is seen only lines tell.
"""

from __future__ import annotations

import cv2
import numpy as np

from .colours import Colour

# Near the least squares over those portraits: of the logarithm of the lines, and of CIELAB L of the hair.
OF_LINES, OF_HAIR, REST = 0.285, 0.0049, 2.22
FEWEST_LINES = 2e-4  # logarithm: what less there is, is chance
USUAL_HAIR = 35.0  # CIELAB L
# What is judged so is nothing that hangs, and all that may: least squares keep to the middle.
SMOOTH, OLDEST = 0.35, 0.85


def age_seen(lines: float, hair: Colour | None) -> float:
    """0..1, what of `core.likeness.ageing` a face has.

    Parameters
    ----------
    lines : logarithm by which the narrowest wrinkles darken the skin, on the mean
    hair : sRGB 0..1, where it is seen
    """
    light = USUAL_HAIR if hair is None else _lightness(hair)
    judged = REST + OF_LINES * float(np.log(lines + FEWEST_LINES)) + OF_HAIR * light
    return float(np.clip((judged - SMOOTH) / (OLDEST - SMOOTH), 0.0, 1.0))


def _lightness(colour: Colour) -> float:
    """CIELAB L, 0..100."""
    return float(cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_RGB2LAB)[0, 0, 0])
