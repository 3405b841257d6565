"""The knot of gathered hair: at the nape, whole, and only where hair is gathered."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from dirfa_blender.core.anatomy.face_view import nearest, vertex_normals
from dirfa_blender.core.hair.cards import cards
from dirfa_blender.core.hair.curtain import carried_hair, curtain
from dirfa_blender.core.hair.groom import Strands
from dirfa_blender.core.hair.knot import knot
from dirfa_blender.core.hair.tresses import GATHERED_WIDTHS, Fall, gathered_at, with_tresses
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template

MM = 1e-3
TIED = Fall((0.045, 0.045), (False, False), GATHERED_WIDTHS, is_gathered=True)


@cache
def gathered() -> Head:
    return with_tresses(template(), TIED)


@cache
def tied() -> Strands:
    made = knot(gathered(), 18)
    assert made is not None
    return made


def test_it_lies_where_hair_is_gathered_behind_the_neck() -> None:
    nape = gathered_at(gathered())
    assert nape is not None

    middle = tied().points.reshape(-1, 3).mean(0)

    assert abs(middle[0] - nape[0]) < 2 * MM
    assert nape[1] < middle[1] + 10 * MM
    assert np.linalg.norm(middle - nape) < 40 * MM


def test_it_is_as_large_as_a_fist_of_hair_and_lies_on_the_skin() -> None:
    points = tied().points.reshape(-1, 3)
    low, high = np.percentile(points, (0.5, 99.5), axis=0)

    assert (high - low > 30 * MM).all() and (high - low < 75 * MM).all()

    head = gathered()
    skin = head.part("scalp", "neck")
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[skin]
    found = nearest(points, head.vertices[skin])
    off = ((points - head.vertices[skin][found]) * normals[found]).sum(1)
    assert off.min() < 4 * MM
    assert np.median(off) > 5 * MM


def test_a_head_carries_it_beside_all_other_strands() -> None:
    head = gathered()
    carried, loose = carried_hair(head), curtain(head)
    assert carried is not None and loose is not None

    count = len(loose.points)

    assert np.array_equal(carried.points[:count], loose.points)
    assert np.array_equal(carried.points[count:], tied().points)
    for each in (carried.tones, carried.fine, carried.astray):
        assert each is not None and len(each) == len(carried.points)


def test_windows_show_it_too() -> None:
    head = gathered()
    carried = carried_hair(head)
    assert carried is not None

    made = cards(head, [carried])

    assert made is not None
    middle = tied().points.reshape(-1, 3).mean(0)
    near = np.linalg.norm(made.points - middle, axis=1) < 30 * MM
    behind = near & (made.points[:, 1] > middle[1] + 5 * MM)
    assert behind.sum() > 150


def test_hair_that_falls_or_is_short_has_none() -> None:
    falling = replace(TIED, half_widths=(0.09, 0.09, 0.09), is_gathered=False)

    assert knot(template(), 18) is None
    for length in (0.045, 0.16):
        assert (
            knot(with_tresses(template(), replace(falling, lengths=(length, length))), 18) is None
        )
