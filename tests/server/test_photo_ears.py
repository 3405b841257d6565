"""Ears are set on a head as the outline of the person in the photo shows them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core.head_fit import Fit
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.ears import EarPose, with_ears
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View
from server.photo.closeup import Closeup
from server.photo.ears import OF_EAR, USUAL, ears_seen
from server.photo.mask import FaceMasks

SIDE = 760
UNMOVED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
Shares = npt.NDArray[np.float32]


def _view(yaw: float = 0.0) -> View:
    turn = np.radians(yaw)
    rotation = np.array(
        [[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]]
    )
    return View(rotation, 2000.0, np.array([SIDE / 2, 0.0, -SIDE / 2.4]))


def _person(pose: EarPose, view: View) -> Shares:
    """(H, W) 1 where a head with its ears in this pose is."""
    head = template()
    points = view.to_photo(with_ears(head.vertices.astype(np.float64), pose))[:, :2]
    seen = ~head.part("hair", "cloth", "bust")
    person = np.zeros((SIDE, SIDE), np.uint8)
    for face in head.faces[seen[head.faces].all(1)]:
        corners = points[face[face >= 0]]
        cv2.fillConvexPoly(person, np.round(corners).astype(np.int32), (1.0,))
    return person.astype(np.float32)


def _read(
    pose: EarPose, *, yaw: float = 0.0, hair: Shares | None = None, scale: float = 1.0
) -> EarPose:
    view = _view(yaw)
    person = _person(pose, view)
    nothing = np.zeros_like(person)
    worn = nothing if hair is None else hair
    masks = FaceMasks(np.maximum(person, worn), nothing, nothing, worn, worn, nothing, nothing, nothing,
                      nothing, person, is_bare=False)  # fmt: skip
    points = view.to_photo(template().landmarks().astype(np.float64))
    seen = Closeup(
        np.zeros((SIDE, SIDE, 3), np.uint8), UNMOVED, FaceLandmarks(points, (SIDE, SIDE)), masks
    )
    return ears_seen(seen, Fit(template(), view, {}, scale, points))


@pytest.mark.parametrize("turn", [-15.0, 0.0, 20.0, 35.0])
def test_ears_stand_off_as_far_as_in_the_photo(turn: float) -> None:
    found = _read(EarPose(USUAL.drop, np.radians(turn)))

    assert np.degrees(found.turn) == pytest.approx(turn, abs=7.5)


def test_low_ears_are_lower_than_high_ones_by_the_ears_share() -> None:
    high, low = (_read(EarPose(drop, 0.0)).drop for drop in (0.001, 0.011))

    assert low - high == pytest.approx(OF_EAR * 0.010, abs=0.002)
    assert (low + high) / 2 == pytest.approx(OF_EAR * (0.006 + USUAL.drop), abs=0.003)


def test_a_head_that_looks_aside_has_the_same_ears() -> None:
    ahead, aside = (_read(EarPose(0.006, np.radians(15.0)), yaw=yaw) for yaw in (0.0, 12.0))

    assert aside.turn == pytest.approx(ahead.turn, abs=np.radians(7.5))
    assert aside.drop == pytest.approx(ahead.drop, abs=0.002)


def test_ears_under_hair_are_as_most_peoples() -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    bob = (
        (np.abs(columns - SIDE / 2) > 120) & (np.abs(columns - SIDE / 2) < 230) & (rows > 150)
    ).astype(np.float32)

    assert _read(EarPose(0.012, np.radians(30.0)), hair=bob) == USUAL
    # A solution is in the template's size.
    larger = _read(EarPose(0.012, np.radians(30.0)), hair=bob, scale=1.25)
    assert larger.drop == pytest.approx(USUAL.drop / 1.25)


def test_what_is_no_ear_is_not_taken_for_one() -> None:
    """An outline far out on both sides: a scarf, a chair, a person behind."""
    far = np.zeros((SIDE, SIDE), np.float32)
    far[:, 60:-60] = 1.0
    view = _view()
    points = view.to_photo(template().landmarks().astype(np.float64))
    nothing = np.zeros_like(far)
    masks = FaceMasks(far, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, far,
                      is_bare=False)  # fmt: skip
    seen = Closeup(
        np.zeros((SIDE, SIDE, 3), np.uint8), UNMOVED, FaceLandmarks(points, (SIDE, SIDE)), masks
    )

    assert ears_seen(seen, Fit(template(), view, {}, 1.0, points)) == USUAL
