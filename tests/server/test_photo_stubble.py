"""The shadow of a shaved beard: told from shade and shine, on lip and jaw, and painted there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.head import Head, without_vertices
from dirfa_blender.core.head_template import template
from server.photo.closeup import Closeup
from server.photo.face_zones import zones_of
from server.photo.shading import to_linear
from server.photo.stubble import (
    NONE,
    Stubble,
    in_shadow,
    read_stubble,
    stubble_zone,
    with_stubble,
)

from .astronaut import enlarged, landmarks, masks

SKIN = (0.78, 0.60, 0.50)
WHOLE = Stubble(1.0, np.array([8.0, 3.0, 5.0]))
LIP, CHEEKS, BROW, CHIN = (164, 167, 393), (50, 280, 101, 330), (9, 151), (199, 200, 175)


def shaved(*, lightness: float = 0.0, colour: float = 1.0) -> Closeup:
    """The woman's face, whose lip, chin and jaw have other lightness and a share of their colour."""
    zones = zones_of(landmarks(), masks())
    share = np.maximum(zones.beard, zones.moustache) * (1 - zones.features) * (1 - zones.hidden)
    lab = cv2.cvtColor(enlarged().astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 0] += lightness * share
    lab[..., 1:] *= (1 - (1 - colour) * share)[..., None]
    picture = np.round(255 * np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)).astype(np.uint8)
    return Closeup(picture, np.eye(2, 3), landmarks(), masks())


def at(head: Head, marks: tuple[int, ...]) -> np.ndarray:
    """(N,) the vertices of the skin nearest to landmarks."""
    skin = np.flatnonzero(head.part("face", "neck"))
    return skin[nearest(head.landmarks()[list(marks)], head.vertices[skin])]


@cache
def plain() -> Head:
    return replace(
        template(), albedo=np.full((1024, 1024, 3), 190, np.uint8), colours={"skin": SKIN}
    )


def test_a_lip_and_jaw_without_their_colour_are_shaved() -> None:
    read = read_stubble(shaved(lightness=-8.0, colour=0.6), 0.0)

    assert read.share > 0.7
    assert read.less[0] > 2.0 and read.less[1:].min() > 1.0


@pytest.mark.parametrize(("lightness", "colour"), [(0.0, 1.0), (-10.0, 0.9), (9.0, 0.6)])
def test_bare_skin_and_shade_and_shine_are_none(lightness: float, colour: float) -> None:
    assert read_stubble(shaved(lightness=lightness, colour=colour), 0.0).share < 0.1


def test_under_a_beard_nothing_is_shaved() -> None:
    assert read_stubble(shaved(lightness=-8.0, colour=0.6), 1.0) is NONE


def test_a_photo_without_colour_tells_of_none() -> None:
    seen = shaved(lightness=-8.0)
    grey = np.repeat(cv2.cvtColor(seen.picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)

    assert read_stubble(replace(seen, picture=grey), 0.0) is NONE


def test_its_shadow_lies_on_lip_and_chin_and_neither_on_cheeks_nor_brow() -> None:
    zone = stubble_zone()

    for marks in (LIP, CHIN):
        assert zone[at(template(), marks)].min() > 0.7, marks
    for marks in (CHEEKS, BROW):
        assert zone[at(template(), marks)].max() < 0.05, marks
    assert zone[template().part("lips_upper", "lips_lower", "ear_left")].max() == 0.0


def test_skin_in_it_is_darker_and_greyer() -> None:
    skin = to_linear(SKIN).astype(np.float64)

    left = skin * in_shadow(skin, WHOLE)[at(template(), LIP)[0]]

    assert left.sum() < 0.95 * skin.sum()
    assert left[0] / left[2] < 0.97 * skin[0] / skin[2]
    assert np.array_equal(in_shadow(skin, NONE), np.ones((len(template().vertices), 3)))


def test_roots_are_painted_where_it_is_and_on_bald_heads_too() -> None:
    head = plain()
    bald = without_vertices(head, head.part("hair"))

    for one in (head, bald):
        made = with_stubble(one, WHOLE).albedo
        assert made is not None

        changed = (made != 190).any(2)
        around = {}
        for name, marks in (("lip", LIP), ("cheeks", CHEEKS)):
            faces = [(one.faces == vertex).any(1) for vertex in at(one, marks)]
            uvs = [one.uvs[here][0].mean(0) for here in faces]
            spots = [changed[round((1 - v) * 1024) - 8 :, round(u * 1024) - 8 :] for u, v in uvs]
            around[name] = float(np.mean([spot[:16, :16].mean() for spot in spots]))
        assert around["lip"] > 0.05 and around["cheeks"] == 0.0, around
    assert with_stubble(head, NONE) is head
