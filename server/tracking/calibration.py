"""How the landmark network sees each unit: measured on films of heads whose every unit is known.

Landmarks do not follow the skin: the network reports a half of a raised brow, takes an open jaw for a
raised chin and moves points that did not move. So the tracker solves with what the network reports, not
with the shapes themselves. Heads with shapes are rendered under `calibration_take`, tracked, and the
landmarks regressed on units and pose; the mean over heads is kept. Heads of other people agree with it
(cosines of 0.8 to 0.98), so it is a property of the network rather than of a face.

``python -m server.tracking.calibration --take TAKE.npz`` writes it. Once heads were rendered with it,
``python -m server.tracking.calibration FILM.mp4 ... -o RESPONSE.npz`` expects beside each film the take it
shows (``FILM.npz``), frame by frame.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core import rotation
from dirfa_blender.core.action_units import AU_INDEX, AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.npz_io import read_animation, write_animation

from .alignment import AlignedFace
from .landmarks import track_landmarks
from .performer import face_of
from .response import POSE_TERMS, RESPONSE, pose_terms

Floats = NDArray[np.float64]

FPS = 25.0
RIDGE = 0.02
"""Frames' worth of doubt: keeps units that hardly show from taking a large response."""
UNITS = tuple(name for name in AU_NAMES if name not in ("AU19", "AU27", "AU29", "AU34"))
HALVES = ("AU1", "AU2", "AU12", "AU18", "AU26", "AU45")
"""Units that are shown at half intensity as well."""


@dataclass(frozen=True)
class ShownFace:
    """A tracked film and the take it shows, frame by frame; frame 0 is at rest."""

    face: AlignedFace
    take: Animation


def calibration_take() -> Animation:
    """Each unit alone, both sides and one, some together, and the head turned; a frame each."""
    rows: list[tuple[dict[str, float], tuple[float, float, float]]] = [({}, (0.0, 0.0, 0.0))]
    plain = sorted({name[:-1] if name[-1] in "LR" else name for name in UNITS})
    for unit in plain:
        both = [name for name in UNITS if name == unit or name in (unit + "L", unit + "R")]
        for share in (1.0, 0.5) if unit in HALVES else (1.0,):
            shown = dict.fromkeys(both, share)
            rows.append(({**shown, "AU26": 1.0} if unit == "AU8" else shown, (0.0, 0.0, 0.0)))
        if len(both) == 2:
            rows.append(({both[0]: 1.0}, (0.0, 0.0, 0.0)))
    turns = [(p, 0.0, 0.0) for p in (-12.0, -6.0, 6.0, 12.0)]
    turns += [(0.0, y, 0.0) for y in (-24.0, -12.0, 12.0, 24.0)]
    turns += [(0.0, 0.0, -10.0), (0.0, 0.0, 10.0)]
    turns += [(p, y, 0.0) for p in (-8.0, 8.0) for y in (-14.0, 14.0)]
    rows += [({}, turn) for turn in turns]
    units = np.zeros((len(rows), len(AU_NAMES)), np.float32)
    for row, (shown, _) in enumerate(rows):
        for name, value in shown.items():
            units[row, AU_INDEX[name]] = value
    count = len(rows)
    return Animation(
        fps=FPS,
        start=0.0,
        au_names=AU_NAMES,
        au=units,
        gaze=np.zeros((count, 2), np.float32),
        rotation=np.radians([turn for _, turn in rows]).astype(np.float32),
        translation=np.zeros((count, 3), np.float32),
    )


def measured_response(films: Sequence[ShownFace]) -> dict[str, NDArray[np.generic]]:
    """Arrays of `response.Response`, the mean over the films.

    Sides are made equal: what the left does, mirrored, is what the right does.
    """
    motions: list[Floats] = []
    fields: list[Floats] = []
    turns: list[Floats] = []
    for film in films:
        count = min(len(film.face.points), len(film.take.au))
        units = np.asarray(film.take.canonical().au[:count], np.float64)
        units = units[:, [AU_INDEX[name] for name in UNITS]]
        posed = np.asarray(film.take.rotation[:count], np.float64)
        columns = np.concatenate([units, pose_terms(posed)], axis=1)
        moved = film.face.points[:count, :468] - film.face.points[0, :468]
        found = rotation.from_matrix(film.face.rotation[:count])
        error = found - found[0] - posed
        doubt = RIDGE * np.eye(columns.shape[1])
        solve = np.linalg.solve(columns.T @ columns + doubt, columns.T)
        effect = np.einsum("ct,tni->cni", solve, moved)
        motions.append(effect[: len(UNITS)])
        fields.append(effect[len(UNITS) :])
        turns.append((solve @ error)[:, 0])
    pairs = mirror_pairs(films[0].face.points[0, :468])
    motion = np.mean(motions, axis=0)
    mirrored = [UNITS.index(_other_side(name)) for name in UNITS]
    motion = 0.5 * (motion + _mirrored(motion, pairs)[mirrored])
    turn, turned = np.split(np.mean(turns, axis=0), [len(UNITS)])
    field = np.mean(fields, axis=0)
    odd = np.array([-1.0 if term.count("yaw") % 2 else 1.0 for term in POSE_TERMS])
    field = 0.5 * (field + odd[:, None, None] * _mirrored(field, pairs))
    return {
        "names": np.array(UNITS),
        "motion": motion.astype(np.float16),
        "field": field.astype(np.float16),
        "pitch": (0.5 * (turn + turn[mirrored])).astype(np.float32),
        # Turning to the left and to the right reads alike.
        "turned": np.where(odd < 0.0, 0.0, turned).astype(np.float32),
    }


def mirror_pairs(points: Floats) -> NDArray[np.int64]:
    """(468,) the landmark on the other side of each."""
    from scipy.optimize import linear_sum_assignment

    centred = points - np.median(points, axis=0)
    apart = ((centred[:, None] - centred[None] * np.array([-1.0, 1.0, 1.0])) ** 2).sum(axis=2)
    return np.asarray(linear_sum_assignment(apart)[1], np.int64)


def main(arguments: Sequence[str]) -> int:
    """``--take TAKE`` or ``FILM ... -o RESPONSE``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="calibration", description="Measure the landmark network."
    )
    parser.add_argument("films", type=Path, nargs="*", help="beside each the take it shows")
    parser.add_argument("--take", type=Path, help="write the take to film instead")
    parser.add_argument("-o", "--output", type=Path, default=RESPONSE)
    chosen = parser.parse_args(arguments)
    if bool(chosen.films) == (chosen.take is not None):
        parser.error("give either films, to measure, or --take, to write what they must show")
    try:
        if chosen.take is not None:
            write_animation(chosen.take, calibration_take())
            return 0
        films = [
            ShownFace(face_of(track_landmarks(film)), read_animation(film.with_suffix(".npz")))
            for film in chosen.films
        ]
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    np.savez_compressed(chosen.output, **measured_response(films))
    return 0


def _mirrored(motion: Floats, pairs: NDArray[np.int64]) -> Floats:
    return motion[:, pairs] * np.array([-1.0, 1.0, 1.0])


def _other_side(name: str) -> str:
    swapped = {"L": "R", "R": "L"}.get(name[-1], name[-1])
    return name[:-1] + swapped if name[:-1] + swapped in AU_INDEX else name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
