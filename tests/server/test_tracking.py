"""Tracking is the inverse of the rig: what moved a head comes back from its landmarks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from dirfa_blender.core import rotation
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from server.tracking.alignment import aligned
from server.tracking.landmarks import FaceTrack, track_landmarks
from server.tracking.solve import STIFFNESS, basis_of, neutral_face, solved
from server.tracking.track import track_video

FRAMES = 120


@lru_cache(maxsize=1)
def shaped() -> Head:
    return with_shapes(template())


def smooth(seed: int, channels: int, frames: int = FRAMES) -> np.ndarray:
    """(T, C) slow random curves of unit deviation."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None] / 25.0
    waves = [
        rng.uniform(0.4, 1.0, channels)
        * np.sin(2 * np.pi * rng.uniform(0.3, 2.0, channels) * time + rng.uniform(0, 6, channels))
        for _ in range(4)
    ]
    total = sum(waves)
    return (total - total.mean(axis=0)) / total.std(axis=0)


def filmed(points: np.ndarray, turns: np.ndarray, noise: float = 0.0) -> FaceTrack:
    """A weak-perspective picture of landmarks (T, 468, 3) that turn by (T, 3) radians."""
    turned = np.einsum("tij,tnj->tni", rotation.to_matrix(turns), points)
    pixels = turned[..., [0, 2, 1]] * np.array([1.0, -1.0, 1.0]) * 1500.0 + np.array([320, 240, 0])
    pixels = np.concatenate([pixels, np.zeros((len(pixels), 10, 3))], axis=1)
    pixels += np.random.default_rng(9).normal(0.0, noise, pixels.shape)
    count = len(points)
    return FaceTrack(
        np.arange(count) / 25.0, pixels.astype(np.float32), np.ones(count, bool), (640, 480)
    )


def test_pose_comes_back_within_two_degrees_while_the_mouth_moves() -> None:
    turns = np.radians([6.0, 10.0, 5.0]) * smooth(1, 3)
    basis = basis_of(shaped())
    units = np.clip(0.35 + 0.3 * smooth(2, len(basis.names)), 0.0, 1.0)
    neutral = shaped().landmarks().astype(np.float64)
    points = neutral + np.einsum("ta,ani->tni", units, basis.motion)

    face = aligned(filmed(points, turns, noise=0.4), neutral, np.array([0.0, 0.01, -0.02]))

    found = rotation.from_matrix(face.rotation)
    error = np.degrees(found - turns)
    assert np.abs(error - np.median(error, axis=0)).max() < 2.0


def test_a_turned_head_that_rests_has_landmarks_at_rest() -> None:
    turns = np.radians([8.0, 15.0, 5.0]) * smooth(3, 3)
    neutral = template().landmarks().astype(np.float64)
    points = np.repeat(neutral[None], FRAMES, axis=0)

    face = aligned(filmed(points, turns), neutral, np.zeros(3))

    moved = face.points[:, :468] - face.points[:, :468].mean(axis=0)
    assert np.abs(moved).max() < 1e-4


@pytest.mark.parametrize("unit", ["AU26", "AU12", "AU1", "AU2", "AU18", "AU20", "AU10"])
def test_units_come_back_with_a_correlation_of_nine_tenths(unit: str) -> None:
    basis = basis_of(shaped())
    moving = [index for index, name in enumerate(basis.names) if name.rstrip("LR") == unit]
    units = np.zeros((FRAMES, len(basis.names)))
    curve = np.clip(0.4 + 0.25 * smooth(4, 1), 0.0, 1.0)
    units[:, moving] = curve
    motion = np.einsum("ta,ani->tni", units, basis.motion)
    motion += np.random.default_rng(5).normal(0.0, 2e-4, motion.shape)

    found = solved(motion, basis)

    for index in moving:
        assert np.corrcoef(found[:, index], curve[:, 0])[0, 1] > 0.9, basis.names[index]


def test_a_resting_face_is_solved_as_rest() -> None:
    noise = np.random.default_rng(6).normal(0.0, 1e-4, (FRAMES, 468, 3))

    assert solved(noise, basis_of(shaped())).max() < 0.05


def test_the_neutral_face_has_shut_lips() -> None:
    basis = basis_of(shaped())
    units = np.zeros((FRAMES, len(basis.names)))
    units[:, basis.names.index("AU26")] = np.clip(smooth(7, 1)[:, 0], 0.0, 1.0)
    neutral = shaped().landmarks().astype(np.float64)
    points = neutral + np.einsum("ta,ani->tni", units, basis.motion)

    rest = neutral_face(points)

    assert abs(rest[13, 2] - rest[14, 2]) < 5e-4


def test_every_unit_that_is_solved_moves_landmarks() -> None:
    basis = basis_of(shaped())

    sizes = np.abs(basis.motion).max(axis=(1, 2))
    assert {name.rstrip("LR") for name in basis.names} == set(STIFFNESS)
    assert (sizes > 5e-4).all(), dict(zip(basis.names, sizes, strict=True))


def test_a_track_at_another_rate_is_linear_between_frames() -> None:
    times = np.array([0.0, 0.04, 0.1, 0.12, 0.2])
    points = np.broadcast_to(times[:, None, None] * 100, (5, 478, 3)).astype(np.float32)
    track = FaceTrack(times, points, np.ones(5, bool), (64, 64))

    even = track.at_rate(50.0)

    assert np.allclose(even.points[:, 0, 0], even.times * 100, atol=1e-4)
    assert len(even.times) == 11


def test_only_samples_beside_a_missing_face_are_missing_after_resampling() -> None:
    points = np.zeros((4, 478, 3), np.float32)
    points[2] = np.nan
    track = FaceTrack(np.arange(4) / 10, points, np.array([True, True, False, True]), (64, 64))

    seen = track.at_rate(20.0).seen.tolist()

    assert seen == [True, True, True, False, False, False, True]


def test_a_film_without_a_face_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (128, 96))
    for _ in range(5):
        writer.write(np.full((96, 128, 3), 90, np.uint8))
    writer.release()

    with pytest.raises(FormatError, match="found none in 5 frames"):
        track_landmarks(path)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text("this is text")

    with pytest.raises(FormatError, match="can be decoded"):
        track_landmarks(path)


def test_a_missing_film_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.mp4"):
        track_video(tmp_path / "gone.mp4")
