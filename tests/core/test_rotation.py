from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core import rotation

RADIANS = np.random.default_rng(7).uniform(-1.2, 1.2, (200, 3))
FACE = np.array([0.0, -1.0, 0.0])
TOP = np.array([0.0, 0.0, 1.0])


def test_matrices_are_rotations() -> None:
    matrices = rotation.to_matrix(RADIANS)

    identity = np.einsum("tij,tkj->tik", matrices, matrices)

    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(3), identity.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0, atol=1e-12)


def test_from_matrix_is_the_inverse() -> None:
    np.testing.assert_allclose(
        rotation.from_matrix(rotation.to_matrix(RADIANS)), RADIANS, atol=1e-12
    )


def test_positive_pitch_lifts_the_chin() -> None:
    assert (rotation.to_matrix([0.3, 0, 0]) @ FACE)[2] > 0


def test_positive_yaw_turns_to_the_subjects_left() -> None:
    assert (rotation.to_matrix([0, 0.3, 0]) @ FACE)[0] > 0


def test_positive_roll_tilts_to_the_subjects_left() -> None:
    assert (rotation.to_matrix([0, 0, 0.3]) @ TOP)[0] > 0


def test_quaternions_turn_like_the_matrices() -> None:
    w, x, y, z = rotation.to_quaternion(RADIANS).T
    from_quaternion = np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
        ],
        -2,
    )

    np.testing.assert_allclose(from_quaternion, rotation.to_matrix(RADIANS), atol=1e-12)


def test_neighbouring_quaternions_never_flip_sign() -> None:
    turning = np.stack([np.zeros(100), np.linspace(0, 4 * np.pi, 100), np.zeros(100)], -1)

    quaternions = rotation.to_quaternion(turning)

    assert (np.einsum("ti,ti->t", quaternions[1:], quaternions[:-1]) > 0).all()


def test_forward_is_towards_minus_y() -> None:
    assert rotation.to_blender_offset([0.1, 0.2, 0.3]) == pytest.approx([0.1, -0.3, 0.2])
