"""Sides of shape keys that are told apart by a number or a letter alone: ``blink1`` and ``blink2``.

Such a pair may be two versions of one shape, or one shape for each side of the face, and the names do not
say which. The mesh does: where one of them moves the left half and the other the right one, they are sides.
Names that say a side themselves, and rows of more than two, are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt

from ..core.characters.spelling import plain_spelling, side_of, without_mark
from ..session import state

Array = npt.NDArray[np.float64]

# Part of a key's motion that must be on its own side of the other's.
ONE_SIDED = 0.8
# Of characters whose keys were looked at.
MOST_REMEMBERED = 256


def pair_sides(
    face: bpy.types.Object, names: Iterable[str], left: Callable[[], npt.ArrayLike]
) -> Mapping[str, str]:
    """Sides, ``left`` or ``right``, of keys whose shapes tell them and whose names do not.

    Parameters
    ----------
    names : of its keys
    left : asked where it is needed: (3,) towards the subject's left, in the space of the mesh
    """
    if face.type != "MESH":
        return {}
    pairs = _pairs(tuple(names))
    if not pairs:
        return {}
    keys, known = face.data.shape_keys, state().sides
    mark: Hashable = (keys.session_uid, len(face.data.vertices), pairs)
    if mark not in known:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        basis = _points(keys.reference_key) @ np.asarray(left(), np.float64)
        known[mark] = {
            name: side for pair in pairs for name, side in _told(keys, basis, pair).items()
        }
    return known[mark]


@lru_cache(maxsize=MOST_REMEMBERED)
def _pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of names that differ in a number or letter at the end, without a side of their own."""
    stems: dict[str, list[str]] = {}
    sided: set[str] = set()
    for name in names:
        side = side_of(name)
        if side:
            # ``wink_right`` beside ``wink`` and ``wink_2``: those are two of its twin.
            sided.add(plain_spelling(name).removesuffix(side))
        else:
            stems.setdefault(without_mark(name).casefold(), []).append(name)
    return tuple(
        (own[0], own[1])
        for stem, own in stems.items()
        if len(own) == 2 and plain_spelling(stem) not in sided
    )


def _told(keys: bpy.types.Key, basis: Array, pair: tuple[str, str]) -> dict[str, str]:
    """Sides of two keys, if each moves a half of its own."""
    moved = [
        np.linalg.norm(_points(block) - _points(block.relative_key), axis=1)
        for block in (keys.key_blocks[name] for name in pair)
    ]
    totals = [float(own.sum()) for own in moved]
    if min(totals) <= 0.0:
        return {}
    places = [float(own @ basis) / total for own, total in zip(moved, totals, strict=True)]
    middle = sum(places) / 2
    for own, total, place in zip(moved, totals, places, strict=True):
        beyond = (basis > middle) if place > middle else (basis < middle)
        if float(own[beyond].sum()) < ONE_SIDED * total:
            return {}
    first = "left" if places[0] > places[1] else "right"
    return {pair[0]: first, pair[1]: "right" if first == "left" else "left"}


def _points(block: bpy.types.ShapeKey) -> Array:
    """(V, 3) places of a key's vertices, in the space of the mesh."""
    points = np.empty(3 * len(block.data), np.float32)
    block.data.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64)
