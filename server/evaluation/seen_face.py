"""Where the landmark network sees the landmarks of drawn heads: makes ``rigs/head/seen_face.csv``.

Heads of portraits are given another form at random, another turn and an expression, as widely as people
differ, and drawn with and without the expression. So neither anyone's own form nor how a fit reads it is in
the table, only what the network does beside what the drawn head has. Both sides are taken alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dirfa_blender.core import rotation
from dirfa_blender.core.errors import PhotoError
from dirfa_blender.core.face_landmarks import MESH_POINTS, RIGID
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import EXPRESSIONS
from dirfa_blender.core.head_morph import IDENTITY, Field, kernel
from dirfa_blender.core.head_surface import mean_face
from dirfa_blender.core.head_view import View
from dirfa_blender.core.protocol import PhotoSettings
from dirfa_blender.core.seen_face import MOVERS
from server.photo.landmarks import landmarks_near
from server.photo.picture import picture
from server.photo.portrait import head_from_photo

Floats = npt.NDArray[np.float64]
Random = np.random.Generator

DRAWN = 5  # times each head is drawn, another head each time
FACE_PX, MARGIN_PX = 240.0, 130.0  # width of the drawn face, and what is drawn round it
PUPILS_METRES = 0.063  # apart, in the template and in these heads
# Metres, standard deviation of what is added to a form, alike on both sides (in depth that share) and not.
FORM, DEPTH, UNEVEN = 0.0042, 0.6, 0.0008
TURN = (0.07, 0.08, 0.02)  # radians, standard deviation of pitch, yaw and roll
FLIPPED = np.array([-1.0, 1.0, 1.0])
RIDGE = 1.0  # heads at full weight that a motion must outweigh


@dataclass(frozen=True)
class Drawing:
    """One head, drawn at rest and with an expression; metres, head frame.

    Attributes
    ----------
    beside, posed_beside : (N, 3) by which landmarks are seen beside the mesh's, at rest and posed
    weights : (K,) of all `EXPRESSIONS` in the second drawing
    """

    beside: Floats
    posed_beside: Floats
    weights: Floats


def drawings(path: Path) -> list[Drawing]:
    """Drawings of heads in the skin of one portrait; none where it gives no head."""
    random = np.random.default_rng(zlib.crc32(path.stem.encode()))
    settings = PhotoSettings(texture_pixels=1024, interpupillary_metres=PUPILS_METRES)
    try:
        head = head_from_photo(path.read_bytes(), settings).head
    except PhotoError:
        return []
    found = (_drawing(head, random) for _ in range(DRAWN))
    return [one for one in found if one is not None]


def seen_table(found: Sequence[Drawing]) -> list[str]:
    """Lines of the table, millimetres: at rest x, y, z; then x, z of each of `MOVERS`."""
    mirror = mean_face()[1]
    rest = np.mean([one.beside for one in found], axis=0)
    rest = (rest + rest[mirror] * FLIPPED) / 2
    names = list(EXPRESSIONS)
    right = [names.index(_other_side(name)) for name in names]
    weights = np.array([one.weights for one in found])
    moved = np.array([one.posed_beside - one.beside for one in found])
    weights = np.concatenate([weights, weights[:, right]])
    moved = np.concatenate([moved, moved[:, mirror] * FLIPPED])
    chosen = [names.index(name) for name in names if name in MOVERS or _other_side(name) in MOVERS]
    used = weights[:, chosen]
    form = used.T @ used + RIDGE * np.eye(len(chosen))
    motion = np.linalg.solve(form, used.T @ moved.reshape(len(moved), -1))
    motion = motion.reshape(len(chosen), MESH_POINTS, 3)
    motion = motion[:, :, [0, 2]]
    columns = [rest, *(motion[chosen.index(names.index(name))] for name in MOVERS)]
    rows = 1000.0 * np.concatenate(columns, axis=1)
    head = ["landmark", "x", "y", "z", *(f"{name}_{axis}" for name in MOVERS for axis in "xz")]
    return [
        ",".join(head),
        *(f"{n}," + ",".join(f"{v:.2f}" for v in row) for n, row in enumerate(rows)),
    ]


def _drawing(head: Head, random: Random) -> Drawing | None:
    sites = head.landmarks().astype(np.float64)
    spread = Field.through(sites, _form(sites, random), np.full(len(sites), 1e-4))
    moved = spread.at(head.vertices).astype(np.float32)
    changed = replace(head, vertices=head.vertices + moved)
    turn = rotation.to_matrix(random.normal(0.0, TURN))
    weights = _expression(random)
    names = list(EXPRESSIONS)
    resting = _seen_beside(changed, turn, {})
    posed = _seen_beside(changed, turn, dict(zip(names, weights.tolist(), strict=True)))
    if resting is None or posed is None:
        return None
    return Drawing(resting, posed, weights)


def _form(sites: Floats, random: Random) -> Floats:
    """(N, 3) metres, a smooth random change of form, nearly alike on both sides."""
    mirror = mean_face()[1]
    factor = np.linalg.cholesky(kernel(sites) / IDENTITY**2 + 1e-6 * np.eye(len(sites)))
    even, odd = factor @ random.standard_normal((2, len(sites), 3))
    even = (even + even[mirror] * FLIPPED) / 2
    odd = (odd - odd[mirror] * FLIPPED) / 2
    return FORM * even * (1.0, DEPTH, 1.0) + UNEVEN * odd


def _expression(random: Random) -> Floats:
    """(K,) random weights of `EXPRESSIONS`, both sides nearly alike; four of five smile."""
    usual = np.array(list(EXPRESSIONS.values()))
    names = list(EXPRESSIONS)
    weights: Floats = np.abs(random.normal(0.0, 0.6 * usual))
    weights[random.random(len(usual)) > 0.6] = 0.0
    weights[names.index("mouthSmileLeft")] = random.random() * (random.random() < 0.8)
    for number, name in enumerate(names):
        if name.endswith("Right") and name != "mouthRight":
            weights[number] = weights[names.index(_other_side(name))] * random.normal(1.0, 0.15)
    if weights[names.index("mouthLeft")] > 0:
        weights[names.index("mouthRight")] = 0.0
    return np.clip(weights, 0.0, 1.0)


def _seen_beside(head: Head, turn: Floats, expression: dict[str, float]) -> Floats | None:
    """(N, 3) metres by which landmarks are seen beside the head's, or None where no face is seen."""
    points = head.landmarks(head.posed(expression)).astype(np.float64)
    scale = FACE_PX / float(np.ptp(points[[234, 454], 0]))
    view = View(turn, scale, np.zeros(3))
    places = view.to_photo(points)[:, :2]
    low, high = places.min(0) - MARGIN_PX, places.max(0) + MARGIN_PX
    view = replace(view, origin=np.array([-low[0], 0.0, low[1]]))
    size = np.ceil(high - low).astype(int)
    drawn = picture(head, view, (int(size[0]), int(size[1])), expression)
    seen = landmarks_near(drawn, view.to_photo(points))
    if seen is None:
        return None
    found = view.to_head(seen[:MESH_POINTS])
    # How far away a face is the network does not say: its depth is laid over the rigid points.
    rigid = list(RIGID)
    away = ((points - found) @ turn.T)[rigid, 1].mean()
    return found + away * turn[1] - points


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name
