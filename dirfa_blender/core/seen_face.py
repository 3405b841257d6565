"""Where the landmark network sees the landmarks of a head: beside the mesh's own, by a habit to be learnt.

The network answers for a whole face. Drawings of known heads tell by how much its points lie beside those
of the mesh, on the mean over many heads, and by how much more than the mesh they move with a smile and
an open jaw. A fit that knows both reads a photo as what it is: the network's view of a head. No bpy.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .head_surface import mean_face

Floats = npt.NDArray[np.float64]

SEEN_FACE_PATH = Path(__file__).resolve().parents[2] / "rigs" / "head" / "seen_face.csv"
MOVERS = ("mouthSmileLeft", "jawOpen")
"""Shapes whose motion is seen otherwise than the mesh has it; a right one is its left one mirrored."""


def seen_beside() -> Floats:
    """(N, 3) metres in the head frame, by which landmarks of a resting face are seen beside the mesh's."""
    return _table()[0].copy()


def seen_motion(shape: str) -> Floats:
    """(N, 3) metres by which a shape at weight 1 moves landmarks more than the mesh; 0 for most shapes."""
    rest, *moves = _table()
    if shape in MOVERS:
        return moves[MOVERS.index(shape)].copy()
    left = shape.replace("Right", "Left")
    if left not in MOVERS:
        return np.zeros_like(rest)
    return moves[MOVERS.index(left)][mean_face()[1]] * (-1.0, 1.0, 1.0)


@lru_cache(maxsize=1)
def _table() -> Floats:
    """(1 + movers, N, 3) metres; along the line of sight motion is not measured."""
    columns = np.loadtxt(SEEN_FACE_PATH, delimiter=",", skiprows=1)[:, 1:] / 1000.0
    rest = columns[:, :3]
    moves = [columns[:, 3 + 2 * k : 5 + 2 * k] for k in range(len(MOVERS))]
    still = np.zeros(len(columns))
    return np.stack([rest, *(np.stack([m[:, 0], still, m[:, 1]], -1) for m in moves)])
