"""Long hair from its parting: in one piece past the cap's edge, off the face, the same every time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core.anatomy.face_view import nearest, vertex_normals
from dirfa_blender.core.hair.curtain import carried_hair, curtain
from dirfa_blender.core.hair.groom import (
    FRINGE_KEY,
    PARTING,
    PARTING_KEY,
    SWEEP_KEY,
    Strands,
    cap_grid,
    strands,
)
from dirfa_blender.core.hair.rim import inside_metres
from dirfa_blender.core.hair.tresses import Fall, with_tresses
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template

MM = 1e-3
LONG = Fall((0.16, 0.16), (True, True), (0.10, 0.11, 0.11))


@cache
def haired() -> Head:
    return with_tresses(template(), LONG)


@cache
def grown() -> Strands:
    made = curtain(haired(), count=3000)
    assert made is not None
    return made


def test_strands_start_on_the_cap_and_many_end_below_its_edge() -> None:
    cap = cap_grid(haired())
    assert cap is not None
    roots, tips = grown().points[::20, 0], grown().points[:, -1]

    away = np.linalg.norm(roots[:, None] - cap.reshape(1, -1, 3), axis=2).min(1)
    ear = haired().landmarks()[[234, 454], 2].mean()

    assert np.percentile(away, 95) < 12 * MM
    assert (tips[:, 2] < ear).mean() > 0.8


@pytest.mark.parametrize(("fringe", "is_on_skin"), [("0.00", True), ("1.00", False)])
def test_strands_begin_on_the_skin_at_the_line_of_a_free_forehead(
    fringe: str, is_on_skin: bool
) -> None:
    head = replace(haired(), source={**haired().source, FRINGE_KEY: fringe})
    made, cap = curtain(head, count=6000), cap_grid(head)
    assert made is not None and cap is not None
    skin = head.vertices[head.part("face", "scalp")].astype(np.float64)
    roots = made.points[:, 0].astype(np.float64)
    ahead = roots[:, 1] < head.landmarks()[[234, 454], 1].mean() - 20 * MM
    roots = roots[(inside_metres(roots, cap[0]) < 8 * MM) & ahead]

    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)
    found = nearest(roots, skin)
    off = ((roots - skin[found]) * normals[head.part("face", "scalp")][found]).sum(1)

    assert len(roots) > 20
    assert (np.percentile(off, 90) < 1.2 * MM) == is_on_skin


def test_hair_thins_out_where_it_ends_over_the_forehead_or_a_temple() -> None:
    made, marks = curtain(haired()), haired().landmarks()
    assert made is not None
    tips = made.points[:, -1]
    ends = (tips[:, 2] > marks[[234, 454], 2].mean() + 30 * MM) & (
        tips[:, 1] < marks[[234, 454], 1].mean()
    )
    points = made.points[ends].astype(np.float64)

    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1)
    away = np.linalg.norm(points[:, None, 0] - points[None, :, 0], axis=2)
    longest = np.where(away < 4 * MM, length, 0.0).max(1)

    # A rim is where all that grow together end together: a fifth of them did not, by this measure.
    assert (length < 0.8 * longest).mean() > 0.4


def test_no_scalp_is_bare_above_the_brows() -> None:
    cap, made = cap_grid(haired()), curtain(haired())
    assert cap is not None and made is not None
    scalp = cap[cap[..., 2] > haired().landmarks()[[105, 334], 2].max()]
    points = made.points.reshape(-1, 3).astype(np.float64)

    away = np.linalg.norm(scalp - points[nearest(scalp, points)], axis=1)

    assert np.percentile(away, 95) < 5 * MM
    assert away.max() < 15 * MM


def test_no_hair_grows_on_the_temples_under_long_hair() -> None:
    marks, roots = haired().landmarks(), grown().points[:, 0]

    before_the_ears = roots[:, 1] < marks[[234, 454], 1].mean() - 5 * MM

    assert not (before_the_ears & (roots[:, 2] < marks[[105, 334], 2].max() - 8 * MM)).any()


@pytest.mark.parametrize("where", [PARTING, -0.3])
def test_hair_falls_to_the_side_of_the_parting_it_grows_on(where: float) -> None:
    cap = cap_grid(haired())
    parted = curtain(replace(haired(), source={PARTING_KEY: str(where)}), count=3000)
    assert cap is not None and parted is not None
    low, high = cap.reshape(-1, 3).min(0), cap.reshape(-1, 3).max(0)
    parting = (low[0] + high[0]) / 2 + where * (high[0] - low[0]) / 2
    ahead = parted.points[:, 0, 1] < (low[1] + high[1]) / 2
    off = parted.points[ahead, 0, 0] - parting

    ends = parted.points[ahead, -1, 0]

    side = np.sign(where)
    assert (side * ends[side * off > 15 * MM] > 0).mean() > 0.95
    assert (side * ends[side * off < -60 * MM] < 0).mean() > 0.95


def test_no_strand_lies_before_eyes_or_mouth() -> None:
    marks = haired().landmarks()
    points = grown().points.reshape(-1, 3)
    ahead = points[:, 1] < marks[[234, 454], 1].mean() - 40 * MM

    before = points[ahead & (points[:, 2] < marks[[105, 334], 2].max() - 4 * MM)]

    assert (np.abs(before[:, 0]) > 40 * MM).all()


@pytest.mark.parametrize("fringe", [0.0, 1.0])
@pytest.mark.parametrize("where", [0.0, PARTING])
def test_no_strand_lies_on_the_bare_forehead(where: float, fringe: float) -> None:
    source = {PARTING_KEY: str(where), SWEEP_KEY: "2.0", FRINGE_KEY: str(fringe)}
    head = replace(haired(), source=source)
    cap = cap_grid(head)
    assert cap is not None
    # One lock of a few is a hundredth of them: of several heads of hair, how many there usually are.
    points = np.concatenate([curtain(head, seed=seed).points for seed in range(3)])
    marks = head.landmarks()
    across, heights = _front_line(cap)
    line = np.interp(points[..., 0], across, heights)
    over = (points[..., 1] < marks[[234, 454], 1].mean() - 40 * MM) & (
        points[..., 2] > marks[[105, 334], 2].max()
    )

    below = (line - points[..., 2])[over]

    assert (below > 6 * MM).mean() < 0.008


def test_a_fringe_reaches_the_line_that_hair_combed_back_leaves() -> None:
    across, heights = _front_line(cap_grid(haired()))
    brows = haired().landmarks()[[105, 334], 2].max()
    ends = []
    for fringe in ("0.0", "1.0"):
        made = curtain(replace(haired(), source={FRINGE_KEY: fringe}))
        assert made is not None
        tips = made.points[:, -1]
        line = np.interp(tips[:, 0], across, heights)
        ahead = (np.abs(tips[:, 0]) < 45 * MM) & (tips[:, 1] < across.mean() - 40 * MM)
        ends.append((ahead & (np.abs(tips[:, 2] - line) < 10 * MM) & (tips[:, 2] > brows)).sum())

    assert ends[1] > 1.6 * ends[0]


def _front_line(
    cap: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sideways places, rising, and heights of a cap's line over the forehead."""
    line = cap[0]
    ahead = line[line[:, 1] < np.median(line[:, 1])]
    order = np.argsort(ahead[:, 0])
    return ahead[order, 0], ahead[order, 2]


def test_strands_stay_outside_face_neck_and_shoulders() -> None:
    head = haired()
    chosen = head.part("scalp", "face", "neck", "bust", "cloth")
    body = head.vertices[chosen].astype(np.float64)
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[chosen]
    some = grown().points[::30, 6:].reshape(-1, 3).astype(np.float64)

    nearest = np.linalg.norm(some[:, None] - body[None], axis=2).argmin(1)
    before = ((some - body[nearest]) * normals[nearest]).sum(1)

    assert np.percentile(before, 1) > -3 * MM


def test_strands_are_the_same_every_time() -> None:
    again = curtain(haired(), count=3000)

    assert again is not None
    assert (again.points == grown().points).all() and (again.tones == grown().tones).all()


def test_a_head_with_short_hair_carries_short_strands() -> None:
    assert curtain(template()) is None
    short, carried = strands(template()), carried_hair(template())
    assert short is not None and carried is not None
    assert (short.points == carried.points).all()
