"""Shapes that put right what two others do together: lids that close, whatever else moves them. No bpy.

A blink brings the lids together from where they are at rest. Wide eyes, squinting eyes and eyes that look
up or down move the same lids, and added to a blink they leave a gap, or the lid goes through the cornea. So
what they do to the lids yields to the blink: a corrective takes it away, by the product of both weights. It
is named by both, as combination shapes are elsewhere; a program that knows of none leaves it at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..head import Head

SIDES = ("Left", "Right")
CLOSING = "eyeBlink"
YIELDING = ("eyeWide", "eyeSquint", "eyeLookUp", "eyeLookDown")


@dataclass(frozen=True)
class Corrective:
    """One corrective shape.

    Parameters
    ----------
    name : of its shape key
    factors : the shapes whose weights multiplied are its weight
    deltas : (V, 3) float32, metres
    """

    name: str
    factors: tuple[str, str]
    deltas: npt.NDArray[np.float32]


def correctives(head: Head) -> tuple[Corrective, ...]:
    """The correctives of a head's shapes; none for shapes that it lacks."""
    turning = head.part("eye_*", "cornea_*")
    found: list[Corrective] = []
    for side in SIDES:
        closing = CLOSING + side
        for name in (shape + side for shape in YIELDING):
            if {closing, name} <= set(head.shape_names):
                lids = -head.shape_deltas[head.shape_names.index(name)]
                lids[turning] = 0.0
                found.append(Corrective(f"{closing}_{name}", (closing, name), lids))
    return tuple(found)
