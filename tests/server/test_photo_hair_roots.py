"""Hairs painted on the skin along the line of hair."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.hair.groom import FRINGE_KEY, cap_grid
from dirfa_blender.core.hair.hairline import column_paths
from dirfa_blender.core.hair.tresses import Fall, with_tresses
from dirfa_blender.core.head import Head, without_vertices
from dirfa_blender.core.head_template import template
from server.photo.hair_roots import with_hair_roots

SIZE = 1024
SKIN, HAIR = 200, (0.12, 0.08, 0.06)
FOREHEAD, NAPE = np.r_[-10:11], np.r_[74:87]  # columns of the cap


@cache
def plain() -> Head:
    albedo = np.full((SIZE, SIZE, 3), SKIN, np.uint8)
    return replace(template(), albedo=albedo, colours={"hair": HAIR})


def painted(head: Head, columns: np.ndarray, metres: float) -> float:
    """0..1, how far the texture is hair so far over the line at these columns."""
    cap = cap_grid(head)
    assert cap is not None
    places = column_paths(cap, np.array([[metres]]))[0, columns]
    of_skin = np.flatnonzero(
        (head.face_materials == head.materials.index("skin"))
        & head.part("scalp", "face", "neck")[head.faces[:, 0]]
    )
    middle = head.vertices[head.faces[of_skin]].mean(1)
    uvs = head.uvs[of_skin][nearest(places, middle)].mean(1)
    x, y = np.round(uvs * (SIZE, -SIZE) + (0, SIZE)).astype(int).T
    assert head.albedo is not None
    near = [head.albedo[v - 3 : v + 4, u - 3 : u + 4].mean() for u, v in zip(x, y, strict=True)]
    return (SKIN - float(np.mean(near))) / (SKIN - 255 * float(np.mean(HAIR)))


@pytest.mark.parametrize("columns", [FOREHEAD, NAPE])
def test_skin_goes_over_into_hair_from_before_the_line_to_behind_it(columns: np.ndarray) -> None:
    head = with_hair_roots(plain())

    shares = [painted(head, columns, metres) for metres in (-0.012, -0.005, 0.000, 0.010)]

    assert shares[0] < 0.03 and shares[-1] > 0.7
    assert shares == sorted(shares), shares
    assert 0.02 < shares[1] < 0.3 < shares[2], shares


def test_far_from_the_line_the_texture_stays_as_it_is() -> None:
    head = with_hair_roots(plain())
    assert head.albedo is not None

    marks = nearest(head.landmarks()[[4, 152, 205, 425]], head.vertices)

    uvs = [head.uvs[(head.faces == vertex).any(1)][0].mean(0) for vertex in marks]
    for u, v in uvs:
        there = head.albedo[round((1 - v) * SIZE) - 5 :, round(u * SIZE) - 5 :][:10, :10]
        assert (there == SKIN).all()


def test_under_a_fringe_the_forehead_has_no_roots() -> None:
    head = with_hair_roots(replace(plain(), source={FRINGE_KEY: "1.0"}))

    assert painted(head, FOREHEAD, 0.006) < 0.02
    assert painted(head, NAPE, 0.006) > 0.3


def test_hair_that_falls_before_the_ears_has_no_sideburns_under_it() -> None:
    long = with_tresses(plain(), Fall((0.16, 0.16), (True, True), (0.10, 0.11, 0.11)))
    cap = cap_grid(plain())
    assert cap is not None
    ear = plain().landmarks()[[234, 454], 1:].mean(0)
    sideburns = np.flatnonzero((cap[0, :, 1] < ear[0] - 0.004) & (cap[0, :, 2] < ear[1] + 0.03))

    assert painted(with_hair_roots(plain()), sideburns, 0.006) > 0.3
    assert painted(with_hair_roots(long), sideburns, 0.006) < 0.05


def test_without_hair_or_its_colour_or_texture_nothing_is_painted() -> None:
    head = plain()

    for bare in (
        replace(head, colours={}),
        replace(head, albedo=None),
        without_vertices(head, head.part("hair")),
    ):
        assert with_hair_roots(bare) is bare
