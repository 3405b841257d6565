"""Lids and lips of a skin texture, where the photo does not speak."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core.head_template import template
from server.photo.makeup import painted, photo_share, plausible_lips, zones
from server.photo.shading import lightness

FAIR = np.array([0.55, 0.38, 0.29])
DARK = np.array([0.14, 0.075, 0.05])


@pytest.mark.parametrize("tone", [FAIR, DARK])
@pytest.mark.parametrize("seen", [(1.1, 0.98, 1.05), (0.2, 0.1, 0.1), (0.9, 0.3, 0.3)])
def test_lips_are_redder_than_the_skin_whatever_the_photo_shows(
    tone: npt.NDArray[np.float64], seen: tuple[float, float, float]
) -> None:
    ratio = plausible_lips(np.array(seen), float(lightness(tone)))

    least = 1.3 if tone is FAIR else 1.04
    assert ratio[0] / ratio[1] >= least and float(lightness(ratio)) <= 1.0


def test_lips_on_dark_skin_keep_the_brown_that_the_photo_shows() -> None:
    brown = np.array([0.62, 0.58, 0.62])

    assert np.allclose(plausible_lips(brown, float(lightness(DARK))), brown, atol=1e-9)


def test_lips_of_a_usual_colour_stay_as_they_are() -> None:
    seen = np.array([0.80, 0.52, 0.56])

    assert np.allclose(plausible_lips(seen, float(lightness(FAIR))), seen, atol=1e-9)


def test_closed_lids_have_the_colour_of_the_skin_beside_them() -> None:
    head, here = template(), zones()
    base = np.tile(FAIR, (len(head.vertices), 1))

    skin = painted(base, 0.6 * FAIR, np.ones(3), here.lips)

    # Off the edge, where the roots of the lashes are, off the crease and the flesh in the inner corner.
    lid = (here.lids > 0.95) & (here.lid_gain[:, 0] > 0.88) & (here.caruncle < 0.05)
    assert lid.sum() > 40
    assert np.abs(np.log(skin[lid] / FAIR)).max() < 0.25


@pytest.mark.parametrize("tone", [FAIR, DARK])
def test_the_flesh_in_the_inner_corner_of_the_eye_is_redder_than_any_skin(
    tone: npt.NDArray[np.float64],
) -> None:
    head, here = template(), zones()
    base = np.tile(tone, (len(head.vertices), 1))

    flesh = painted(base, 0.6 * tone, np.ones(3), here.lips)[here.caruncle > 0.9]

    assert len(flesh) > 10
    assert (flesh[:, 0] / flesh[:, 1]).min() > 1.3 * tone[0] / tone[1]


def test_the_photo_is_whole_on_brows_and_cheeks_and_absent_on_lids() -> None:
    head, share = template(), photo_share()

    brows = head.landmark_vertices[[52, 65, 105, 282, 295, 334]]
    cheeks = head.landmark_vertices[[50, 280]]
    edges = head.landmark_vertices[[159, 386]]

    assert share[np.concatenate([brows, cheeks]).astype(int).ravel()].min() == 1.0
    assert share[edges.astype(int).ravel()].max() < 0.1


def test_lashes_of_a_photo_leave_no_smudge_beside_the_outer_corner_of_the_eye() -> None:
    head, share = template(), photo_share()

    away = np.linalg.norm(head.vertices - head.landmarks()[263], axis=1) * 1000.0
    lid = head.part("face", "lid_*")

    assert share[lid & (away < 6.0)].max() < 0.1
    # Crow's feet begin behind it.
    assert share[head.part("face") & (away > 14.0) & (away < 20.0)].mean() > 0.8


def test_what_lips_shade_in_a_photo_is_not_painted_under_lips_that_shade_it_again() -> None:
    head, share = template(), photo_share()
    skin = np.flatnonzero(head.part("face"))
    points, marks = 1000.0 * head.vertices[skin], 1000.0 * head.landmarks()

    def away(landmark: int) -> npt.NDArray[np.float64]:
        return np.asarray(np.linalg.norm(points - marks[landmark], axis=1))

    hollow = (away(17) < 4.0) & (points[:, 2] < marks[17, 2])
    corner = (away(291) < 5.5) & (points[:, 2] < marks[291, 2] - 0.5)
    assert hollow.sum() > 2 and share[skin][hollow].max() < 0.25
    assert corner.sum() > 2 and share[skin][corner].max() < 0.25
    # The chin, the cheek and the upper lip's skin, where a moustache is, keep what the photo has.
    for landmark in (199, 200, 205, 425, 164, 92, 322):
        assert share[skin][away(landmark).argmin()] > 0.95, landmark


def test_a_beard_under_the_lip_is_no_shade() -> None:
    skin = template().part("face") & (zones().lids == 0.0)

    assert photo_share(1.0)[skin].min() == 1.0


def test_the_crease_and_the_roots_of_the_lashes_are_on_vertices_of_the_upper_lid() -> None:
    head, gain = template(), zones().lid_gain[:, 0]

    for crease, edge in ((257, 386), (258, 385), (27, 159), (28, 158)):
        found = [gain[head.landmark_vertices[mark].astype(int)].min() for mark in (crease, edge)]
        assert found[0] < 0.65, f"crease at {crease}: {found[0]:.2f}"
        assert found[1] < 0.35, f"roots at {edge}: {found[1]:.2f}"
