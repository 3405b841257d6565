"""The flat layout of the head's skin: from (u, t) to texture coordinates. No bpy.

The skin is opened along the back of the head. Face rows are drawn straight and enlarged, rows over
the skull bend into arcs round the crown, so the crown is a disc without a pinch and the seam ends
where the arcs close. Small islands for eyes, mouth, teeth and hair lie in the strip below v = 0.11.
"""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .surface import RADIUS, T_BUST, T_POLE, Array

FRONT_GAIN = 0.62  # the face's middle is drawn 1.62 times wider than the mean, the nape 0.38 times
SKIN_FLOOR = 0.114
# Height in the layout of some t, in the same unit as the width: the face is drawn 1.5 times higher.
_T = (T_BUST, -138.0, -104.0, 78.0, T_POLE + 1.0)
_SLOPE = (0.42, 0.75, 1.5, 0.85)
_BENT = (64.0, 118.0)  # mm, between which rows turn from straight lines into circles


def skin_uv(u: Array, t: Array) -> Array:
    """Texture coordinates (..., 2) of places (u, t) in millimetres; negative u is the subject's right."""
    height = _height(t)
    azimuth = u / RADIUS
    turn = azimuth + FRONT_GAIN * np.sin(azimuth)
    bend = smoothstep(t, *_BENT)
    k = np.maximum(bend, 1e-4)
    r = RADIUS * (1 - bend) + (_height(np.array(T_POLE)) - height) * bend
    x = r * np.sin(k * turn) / k
    y = height + r * (1 - np.cos(k * turn)) / k
    low, high = _height(np.array(T_BUST)), _TOP
    scale = (1 - SKIN_FLOOR - 0.004) / (high - low)
    across = 0.996 / (2 * np.pi * RADIUS)
    return np.stack([0.5 + x * across, SKIN_FLOOR + (y - low) * scale], -1)


def _height(t: Array) -> Array:
    knots = np.array(_T)
    values = np.append(0.0, np.cumsum(np.diff(knots) * np.array(_SLOPE)))
    fine = np.linspace(T_BUST - 20, T_POLE + 20, 800)
    raw = np.interp(fine, knots, values)
    raw = np.where(fine > knots[-1], values[-1] + (fine - knots[-1]) * _SLOPE[-1], raw)
    raw = np.where(fine < knots[0], (fine - knots[0]) * _SLOPE[0], raw)
    return np.interp(t, fine, raw)


def _top() -> float:
    """Highest place any bent row reaches."""
    t = np.linspace(_BENT[0], T_POLE, 200)
    bend = np.maximum(smoothstep(t, *_BENT), 1e-4)
    height = _height(t)
    r = RADIUS * (1 - bend) + (_height(np.array(T_POLE)) - height) * bend
    angle = np.linspace(0, np.pi, 60)[:, None]
    return float((height + r * (1 - np.cos(bend * angle)) / bend).max())


_TOP = _top()
