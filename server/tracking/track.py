"""Video to take: landmarks, pose, units, lids and gaze as one Animation."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core import rotation
from dirfa_blender.core.action_units import AU_INDEX
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import DirfaError, FormatError
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.core.npz_io import write_animation

from .alignment import AlignedFace, aligned
from .landmarks import FaceTrack, track_landmarks
from .solve import Basis, basis_of, neutral_face, solved

Floats = NDArray[np.float64]

LIDS: dict[str, tuple[tuple[int, int], ...]] = {
    "L": ((386, 374), (387, 373), (385, 380), (263, 362)),
    "R": ((159, 145), (160, 144), (158, 153), (33, 133)),
}
"""Upper and lower lid points of each eye, then its corners."""
SHUT_SHARE = 0.3
"""Lid aperture of a shut eye over that of the open one, as landmarks report it."""
EYE_RADIUS = 0.012
IRISES = {"L": 473, "R": 468}


@dataclass(frozen=True)
class Performer:
    """One person's resting face, so that several clips of them are read alike.

    Attributes
    ----------
    neutral : (468, 3) float64, metres, template frame
    aperture : (2,) lid aperture over eye width when open, left and right
    iris : (2, 2) resting place of the irises between the eye corners: left, up; metres
    """

    neutral: Floats
    aperture: Floats
    iris: Floats


def track_video(
    video: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Animation:
    """The performance in a video, at the video's own mean rate.

    Raises
    ------
    FormatError
        The file is no video, or shows too little of a face.
    """
    if not video.is_file():
        raise FormatError(f"Expected a film at {video}, found nothing. Check the path.")
    track = track_landmarks(video, progress=progress, cancelled=cancelled)
    if len(track.times) < 2:
        raise FormatError(f"Expected a film of at least two frames, found one in {video}.")
    fps = (len(track.times) - 1) / track.times[-1]
    face = face_of(track.at_rate(fps))
    take = animation_of(face, performer_of([face]), basis_of(_head()), fps)
    return take.with_source(model="tracked", film=video.name)


def main(arguments: Sequence[str]) -> int:
    """``track FILM -o TAKE``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="track", description="Film of a face to a take.")
    parser.add_argument("film", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("take.npz"))
    chosen = parser.parse_args(arguments)
    try:
        take = track_video(chosen.film)
        write_animation(chosen.output, take)
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{chosen.output}: {take.duration:.2f} s at {take.fps:g} frames a second\n")
    return 0


def face_of(track: FaceTrack) -> AlignedFace:
    """Pose and pose-free landmarks of a track, in the frame of the head template."""
    head = template()
    joint = np.asarray(head.bone_heads[head.bone_names.index("head")], np.float64)
    return aligned(track, np.asarray(head.landmarks(), np.float64), joint)


def performer_of(faces: list[AlignedFace]) -> Performer:
    """The resting face of the person that all these clips show."""
    points = np.concatenate([face.points for face in faces])
    points = points[np.isfinite(points[:, 0, 0])]
    aperture = np.stack([np.quantile(_aperture(points, side), 0.7) for side in "LR"])
    iris = np.stack([np.median(_iris(points, side), axis=0) for side in "LR"])
    return Performer(neutral_face(points), aperture, iris)


def animation_of(face: AlignedFace, performer: Performer, basis: Basis, fps: float) -> Animation:
    """The take of an aligned clip."""
    points = _bridged(face.points.reshape(len(face.points), -1)).reshape(face.points.shape)
    motion = points[:, :468] - performer.neutral
    units = solved(motion, basis)
    lids = np.stack([_closure(points, side, performer) for side in "LR"], axis=1)
    names = (*basis.names, "AU45L", "AU45R")
    order = sorted(range(len(names)), key=lambda index: AU_INDEX[names[index]])
    turned = rotation.from_matrix(_bridged(face.rotation.reshape(-1, 9)).reshape(-1, 3, 3))
    shift = _bridged(face.pivot)
    return Animation(
        fps=fps,
        start=0.0,
        au_names=tuple(names[index] for index in order),
        au=np.concatenate([units, lids], axis=1)[:, order].astype(np.float32),
        gaze=_gaze(points, performer).astype(np.float32),
        rotation=_calm(turned - np.median(turned, axis=0)).astype(np.float32),
        translation=_calm(np.stack([shift[:, 0], shift[:, 2], -shift[:, 1]], 1)).astype(np.float32),
    )


def _head() -> Head:
    return with_shapes(template())


def _aperture(points: Floats, side: str) -> Floats:
    """(T,) lid opening over eye width."""
    *pairs, (outer, inner) = LIDS[side]
    opening = np.mean([points[:, up, 2] - points[:, down, 2] for up, down in pairs], axis=0)
    return opening / np.linalg.norm(points[:, outer] - points[:, inner], axis=1)


def _closure(points: Floats, side: str, performer: Performer) -> Floats:
    """(T,) 0 open, 1 shut."""
    share = _aperture(points, side) / performer.aperture["LR".index(side)]
    return np.clip((0.9 - share) / (0.9 - SHUT_SHARE), 0.0, 1.0)


def _iris(points: Floats, side: str) -> Floats:
    """(T, 2) metres left and up of the iris from the middle of the eye corners."""
    *_, (outer, inner) = LIDS[side]
    middle = 0.5 * (points[:, outer] + points[:, inner])
    return (points[:, IRISES[side]] - middle)[:, [0, 2]]


def _gaze(points: Floats, performer: Performer) -> Floats:
    """(T, 2) radians up and left, mean of both eyes."""
    away = np.mean([_iris(points, side) - performer.iris[i] for i, side in enumerate("LR")], axis=0)
    angle = np.arcsin(np.clip(away / EYE_RADIUS, -0.7, 0.7))
    return angle[:, ::-1]


def _bridged(values: Floats) -> Floats:
    """(T, C) with missing rows filled linearly, the ends held."""
    seen = np.isfinite(values[:, 0])
    if seen.all():
        return values
    index = np.arange(len(values))
    place = np.interp(index, index[seen], np.arange(int(seen.sum())))
    known, low = values[seen], np.floor(place).astype(int)
    high = np.minimum(low + 1, len(known) - 1)
    share = (place - low)[:, None]
    return known[low] * (1.0 - share) + known[high] * share


def _calm(values: Floats) -> Floats:
    """(T, C) after a short zero-phase average: landmarks tremble by half a percent of the face."""
    padded = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    kernel = (1.0, 4.0, 6.0, 4.0, 1.0)
    return sum(
        (weight / 16.0 * padded[i : i + len(values)] for i, weight in enumerate(kernel)),
        start=np.zeros_like(values),
    )
