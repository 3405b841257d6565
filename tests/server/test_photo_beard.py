"""A beard goes on over the jaw where the photo does not show it, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core.head_template import template
from server.photo.beard import beard_shade, beard_zone, bearded
from server.photo.complexion import Complexion
from server.photo.surface import Neighbours

SIZE, DARK = 40, 0.5


@pytest.fixture(scope="module")
def near() -> Neighbours:
    head = template()
    return Neighbours(head.faces[head.face_materials == 0], len(head.vertices))


def _taken(beard: float) -> Complexion:
    plain = np.ones((SIZE, SIZE), np.float32)
    colours = np.ones((SIZE, SIZE, 3), np.float32)
    return Complexion(colours, plain, DARK * colours, plain, plain, beard * plain, 0 * plain)


def _shade(beard: float, near: Neighbours) -> np.ndarray:
    vertices = template().vertices
    places = np.full((len(vertices), 2), SIZE / 2.0)
    trust = (vertices[:, 1] < template().landmarks()[[172, 397], 1].mean()).astype(float)
    return beard_shade(_taken(beard), 10.0, places, trust, near)


def test_a_bare_face_stays_as_it_is(near: Neighbours) -> None:
    assert not _shade(0.0, near).any()


def test_a_beard_goes_on_over_the_unseen_jaw(near: Neighbours) -> None:
    angle = template().landmarks()[58]
    there = np.linalg.norm(template().vertices - angle, axis=1) < 0.004

    shade = _shade(1.0, near)[there].mean()

    assert 1.1 * np.log(DARK) < shade < 0.4 * np.log(DARK)


@pytest.mark.parametrize(("beard", "expected"), [(0.0, 0.0), (0.1, 0.0), (1.0, 1.0)])
def test_a_chin_is_bearded_where_the_picture_shows_a_beard(beard: float, expected: float) -> None:
    places = np.full((len(template().vertices), 2), SIZE / 2.0)

    assert bearded(_taken(beard), 10.0, places) == expected


def test_a_beard_that_is_seen_up_to_an_ear_grows_there_though_skin_beside_it_is_bare(
    near: Neighbours,
) -> None:
    head = template()
    before_ear = np.linalg.norm(head.vertices - head.landmarks()[132], axis=1) < 0.006
    # What faces the camera is a bare cheek and a bearded chin; the jaw turns away.
    is_chin = head.vertices[:, 2] < head.landmarks()[[61, 291], 2].mean()
    trust = np.where(head.vertices[:, 1] < head.landmarks()[[172, 397], 1].mean(), 1.0, 0.0)
    half = np.zeros((SIZE, SIZE), np.float32)
    half[:, SIZE // 2 :] = 1.0
    taken = replace(_taken(1.0), beard=half)

    def shade(is_seen: bool) -> float:
        on_beard = is_chin | (before_ear & is_seen)
        places = np.stack([np.where(on_beard, SIZE - 4.0, 4.0), np.full(len(trust), 9.0)], -1)
        return float(beard_shade(taken, 10.0, places, trust, near)[before_ear].mean())

    assert shade(True) < 0.5 * np.log(DARK)
    assert shade(True) < shade(False) - 0.15


def test_no_beard_grows_on_forehead_ears_shoulders_or_beside_the_nose() -> None:
    head, zone = template(), beard_zone()
    forehead = head.part("face") & (head.vertices[:, 2] > head.landmarks()[1, 2])

    assert not zone[head.part("ear_*", "bust", "scalp")].any()
    assert zone[forehead & (np.abs(head.vertices[:, 0]) < 0.05)].max() == 0.0


def test_a_beard_round_the_mouth_alone_does_not_go_on_over_the_jaw(near: Neighbours) -> None:
    head = template()
    angle = np.linalg.norm(head.vertices - head.landmarks()[58], axis=1) < 0.006
    trust = np.where(head.vertices[:, 1] < head.landmarks()[[172, 397], 1].mean(), 1.0, 0.0)
    half = np.zeros((SIZE, SIZE), np.float32)
    half[:, SIZE // 2 :] = 1.0
    taken = replace(_taken(1.0), beard=half)

    def shade(half_width: float) -> float:
        # What turns away lies in the jaw's shade, where skin and beard are not told apart.
        is_seen = (trust == 0.0) | (np.abs(head.vertices[:, 0]) < half_width)
        places = np.stack([np.where(is_seen, SIZE - 4.0, 4.0), np.full(len(trust), 9.0)], -1)
        return float(beard_shade(taken, 10.0, places, trust, near)[angle].mean())

    assert shade(0.028) > 0.2 * np.log(DARK)
    assert shade(0.060) < 0.4 * np.log(DARK)
