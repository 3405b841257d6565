"""How thick a neck is: the template's, a woman's of mean girth, widened to a person's. No bpy.

Necks differ more than faces do. Their girth has a mean of 330 mm in women and 397 mm in men, with a
standard deviation of 19 and 26 mm [1]_; the template's is 330 mm. A neck widens from right under the
jaw down to the slope of the shoulders, which stay; in depth it gains less, because much of what is wide
in a neck are muscles and fat at its sides.

References
----------
.. [1] C. C. Gordon et al., "2012 Anthropometric Survey of U.S. Army Personnel: Methods and Summary
   Statistics", NATICK/TR-15/007, 2014, neck circumference.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..anatomy.surface import Array
from ..easing import smoothstep
from ..head_template import template

HALF_WIDTH = 0.0525  # metres, of the template's neck where it is narrowest
AXIS_Y = 0.012  # metres, of its axis
NECK_RANGE = (-0.1, 0.35)  # share by which a neck may be wider than the template's
DEPTH_SHARE = 0.8  # of what it gains across
# Metres: where the line of the jaw runs, behind and above, from which the neck widens over `BELOW_JAW`.
JAW_LINE_Y, JAW_LINE_Z = (-0.062, -0.003, 0.05), (-0.1, -0.062, -0.055)
BELOW_JAW = 0.035
# Heights in metres over which it ends, on the chest and on the shoulders: higher ones leave a goitre.
CHEST, SHOULDERS = (-0.2, -0.155), (-0.185, -0.13)
THROAT = 0.05  # metres before the axis, from which the chest counts wholly
FARTHEST = 0.06  # metres from the axis of what widens still more


@lru_cache(maxsize=1)
def neck_field() -> Array:
    """(V, 3) metres by which the template's vertices move as its neck becomes twice as wide."""
    x, y, z = template().vertices.astype(np.float64).T
    jaw = np.interp(y, JAW_LINE_Y, JAW_LINE_Z)
    ahead = np.clip((AXIS_Y - y) / THROAT, 0.0, 1.0)
    low, high = (
        ahead * chest + (1.0 - ahead) * back for chest, back in zip(CHEST, SHOULDERS, strict=True)
    )
    share = smoothstep((jaw - z) / BELOW_JAW) * smoothstep((z - low) / (high - low))
    arm = np.clip(np.stack([x, y - AXIS_Y], -1), -FARTHEST, FARTHEST)
    moved = share[:, None] * arm * (1.0, DEPTH_SHARE)
    return np.concatenate([moved, np.zeros((len(moved), 1))], axis=1)
