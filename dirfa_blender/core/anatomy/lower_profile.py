"""The profile below the nose: how far lips and chin stand before the base of the nose. No bpy.

Landmarks seen from the front hardly tell depth, and the mean face made of them has lips and chin that
recede. Lateral photographs do tell it: an angle of facial convexity of 12 degrees, lips 4 and 2 mm
behind the line from the tip of the nose to the chin, 102 degrees between columella and upper lip
[1]_, [2]_. So everything below the nose, teeth and tongue with it, stands further forward by what brings
the mean face there.

References
----------
.. [1] H. L. Legan, C. J. Burstone, "Soft tissue cephalometric analysis for orthognathic surgery",
   Journal of Oral Surgery 38, 1980.
.. [2] R. M. Ricketts, "Esthetics, environment, and the law of lip relation", American Journal of
   Orthodontics 54, 1968.
"""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .surface import Array

FORWARD_MM = 2.8
# Heights in millimetres over which it begins under the base of the nose.
BELOW_NOSE = (-42.0, -29.0)
# Millimetres beside the midline, and before the ears, over which the sides of the jaw stay behind.
BESIDE = (22.0, 56.0)
BEFORE = (30.0, 72.0)


def forward(points: Array) -> Array:
    """Millimetres (N,) by which points (N, 3) of the mean face, in millimetres, stand further forward."""
    x, y, z = points.T
    share = 1.0 - smoothstep(z, *BELOW_NOSE)
    share = share * (1.0 - smoothstep(np.abs(x), *BESIDE)) * smoothstep(-y, *BEFORE)
    return FORWARD_MM * share


def moved_forward(points: Array) -> Array:
    """Points (N, 3) of the mean face, in millimetres, where they stand."""
    moved = points.copy()
    moved[:, 1] -= forward(points)
    return moved
