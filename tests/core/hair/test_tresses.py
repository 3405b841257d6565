"""Long hair and a moved hairline: closed, outside the head, carried by its bones, saved with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.anatomy.hair_cap import COLUMNS
from dirfa_blender.core.hair.curtain import curtain
from dirfa_blender.core.hair.groom import (
    RIM_METRES,
    WAVE_KEY,
    Strands,
    cap_grid,
    cap_order,
    under_strands,
)
from dirfa_blender.core.hair.hairline import with_hairline, without_sideburns
from dirfa_blender.core.hair.locks import locks
from dirfa_blender.core.hair.tresses import (
    OVER_EAR,
    PART,
    Fall,
    behind_ears,
    gathered_at,
    tress_grid,
    with_tresses,
)
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template

LONG = Fall((0.16, 0.16), (True, True), (0.10, 0.11, 0.11))
BOB = Fall((0.06, 0.06), (True, False), (0.09, 0.09, 0.08))


@cache
def haired(fall: Fall) -> Head:
    return with_tresses(template(), fall)


@pytest.mark.parametrize("fall", [LONG, BOB])
def test_the_sheet_of_long_hair_is_closed_and_faces_outward(fall: Fall) -> None:
    head = haired(fall)
    faces = head.faces[head.part(PART)[np.maximum(head.faces, 0)].all(1)]

    edges = Counter((int(f[k]), int(f[(k + 1) % 4])) for f in faces for k in range(4))
    corners = head.vertices[np.concatenate([faces[:, :3], faces[:, [0, 2, 3]]])].astype(float)
    volume = (np.cross(corners[:, 0], corners[:, 1]) * corners[:, 2]).sum() / 6

    assert all(edges[(b, a)] == count == 1 for (a, b), count in edges.items())
    assert volume > 0


def test_under_strands_of_long_hair_cap_and_sheet_stay_but_for_the_caps_rim() -> None:
    head, bare = haired(LONG), template()
    cap = cap_grid(head)
    assert cap is not None

    hidden = under_strands(head)

    assert not hidden[~head.part("hair")].any()
    low = head.vertices[hidden & head.part("hair")][:, 2]
    assert 0 < len(low) < 0.2 * head.part("hair").sum()
    away = np.linalg.norm(head.vertices[head.part("hair")][:, None] - cap[0], axis=2).min(1)
    assert away[hidden[head.part("hair")]].max() < RIM_METRES + 1e-3
    assert away[~hidden[head.part("hair")]].min() > RIM_METRES - 1e-3
    assert (under_strands(bare) == bare.part("hair")).all()


def test_full_hair_hangs_from_where_it_is_full_and_leaves_no_hollow_over_the_ears() -> None:
    head = template()
    cap = cap_grid(head)
    assert cap is not None
    rising = np.minimum(np.arange(len(cap)) / 6.0, 1.0)[:, None]
    full = cap.copy()
    full[..., 0] *= 1.0 + 0.25 * rising
    vertices = head.vertices.copy()
    vertices[head.part("hair")] = cap_order(full)
    grid = tress_grid(with_tresses(replace(head, vertices=vertices), LONG))
    assert grid is not None
    ear = head.landmarks()[[234, 454], 2].mean()

    over = (grid[..., 2] > ear + 0.02) & (grid[..., 2] < ear + 0.08)
    width = np.abs(grid[..., 0]).max(1)[over.any(1)]

    assert width.min() > 0.93 * width.max()


@pytest.mark.parametrize("fall", [LONG, BOB])
def test_long_hair_lies_outside_neck_shoulders_and_ears(fall: Fall) -> None:
    head = haired(fall)
    grid = tress_grid(head)
    assert grid is not None
    chosen = head.part("scalp", "face", "neck", "bust", "cloth", "ear_*")
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[chosen]
    body = head.vertices[chosen].astype(np.float64)

    hanging = grid[8:].reshape(-1, 3)  # above, it comes out of the cap
    nearest = np.linalg.norm(hanging[:, None] - body[None], axis=2).argmin(1)
    before = ((hanging - body[nearest]) * normals[nearest]).sum(1)

    assert np.mean(before > 0.0) > 0.98


def test_long_hair_reaches_as_far_down_as_it_is_said_to() -> None:
    ear = template().landmarks()[[234, 454], 2].mean()

    for fall in (LONG, BOB):
        grid = tress_grid(haired(fall))
        assert grid is not None
        assert ear - grid[-1, :, 2].mean() == pytest.approx(fall.lengths[0], abs=0.02)


def test_strands_of_long_hair_are_finite_and_stay_near_its_sheet() -> None:
    grown = locks(haired(LONG))
    grid = tress_grid(haired(LONG))
    assert grown is not None and grid is not None

    some = grown.points[::40].reshape(-1, 3)
    away = np.linalg.norm(some[:, None] - grid.reshape(1, -1, 3), axis=2).min(1)

    assert np.isfinite(grown.points).all()
    assert np.percentile(away, 99) < 0.02
    assert locks(template()) is None


def test_bones_carry_long_hair_less_the_lower_it_hangs() -> None:
    head = haired(LONG)
    carried = head.bone_weights[head.bone_names.index("head"), head.part(PART)][: 22 * 48]

    rows = carried.reshape(22, 48).mean(1)

    assert rows[0] == pytest.approx(1.0)
    assert (np.diff(rows) <= 1e-6).all()
    assert head.bone_weights.sum(0).max() <= 1 + 1e-6


@pytest.mark.parametrize("metres", [-0.02, 0.015, 0.05])
def test_a_moved_hairline_lies_where_it_is_put_and_on_the_skin(metres: float) -> None:
    head = template()
    before = cap_grid(head)
    assert before is not None

    after = cap_grid(with_hairline(head, np.full(2 * COLUMNS, metres)))

    assert after is not None
    moved = np.linalg.norm(after[0] - before[0], axis=1)
    assert np.median(moved) == pytest.approx(abs(metres), rel=0.15)
    skin = head.vertices[head.part("scalp", "face", "neck")]
    front = np.concatenate([after[0][:16], after[0][-16:]])
    edge = np.linalg.norm(front[:, None] - skin[None], axis=2).min(1)
    assert edge.max() < 0.006


def test_an_unmoved_hairline_leaves_the_cap_as_it_is() -> None:
    head = template()

    after = with_hairline(head, np.zeros(2 * COLUMNS))

    away = np.linalg.norm(after.vertices - head.vertices, axis=1)
    assert away.max() < 1e-4


def swung(points: np.ndarray) -> float:
    """Radians by which strands (S, P, 3) turn on the whole, the mean over them."""
    run = np.diff(points.astype(np.float64), axis=1)
    run /= np.linalg.norm(run, axis=2, keepdims=True)
    return float(np.arccos(np.clip((run[:, 1:] * run[:, :-1]).sum(2), -1, 1)).sum(1).mean())


@pytest.mark.parametrize("made", [locks, curtain])
def test_long_hair_swings_the_more_the_wavier_it_is(made: Callable[[Head], Strands | None]) -> None:
    grown = [made(replace(haired(LONG), source={WAVE_KEY: wave})) for wave in ("0", "0.5", "1")]

    straight, slight, wavy = (swung(strands.points) for strands in grown if strands is not None)
    assert straight < 0.9 * slight < 0.8 * wavy


def test_hair_cut_to_one_length_ends_at_its_edge_and_long_hair_lock_by_lock() -> None:
    ends = []
    for fall in (LONG, Fall((0.06, 0.06), (True, True), (0.09, 0.09, 0.08))):
        hanging = locks(haired(fall))
        assert hanging is not None
        ear = haired(fall).landmarks()[[234, 454], 2].mean()
        low, high = np.percentile(ear - hanging.points[:, -1, 2], [5, 95])
        ends.append((high - low) / (fall.lengths[0] + OVER_EAR))

    assert ends[1] < 0.6 * ends[0]


def test_gathered_hair_lies_close_to_nape_and_neck_and_narrows_to_its_end() -> None:
    gathered = replace(LONG, before_ear=(False, False), is_gathered=True)
    falling = replace(LONG, before_ear=(False, False))

    close, wide = (tress_grid(haired(fall)) for fall in (gathered, falling))

    assert close is not None and wide is not None
    assert np.ptp(close[-1, :, 0]) < 0.6 * np.ptp(wide[-1, :, 0])
    assert close[-1, :, 1].max() < wide[-1, :, 1].max() - 0.01


def test_hair_says_which_ears_it_leaves_free() -> None:
    for before in ((True, True), (False, True), (True, False), (False, False)):
        free = behind_ears(haired(replace(LONG, before_ear=before)))

        assert free == tuple(not over for over in before)

    assert behind_ears(template()) == (False, False)


def test_gathered_hair_of_a_temple_runs_back_over_the_ear() -> None:
    marks = template().landmarks()
    bare = with_hairline(template(), without_sideburns((1.0, 1.0)))

    short = Fall((0.05, 0.05), (False, False), LONG.half_widths, is_gathered=True)
    made = curtain(with_tresses(bare, short))

    assert made is not None
    root, tip = made.points[:, 0], made.points[:, -1]
    temple = (root[:, 1] < marks[[234, 454], 1].mean() - 0.01) & (np.abs(root[:, 0]) > 0.03)
    temple &= root[:, 2] < marks[[105, 334], 2].max() + 0.03
    assert temple.sum() > 20
    assert np.median((tip - root)[temple, 1]) > 0.03


def test_gathered_hair_grows_over_the_forehead_too_and_runs_together_at_the_nape() -> None:
    head = haired(replace(LONG, lengths=(0.05, 0.05), before_ear=(False, False), is_gathered=True))
    made, nape, marks = curtain(head), gathered_at(head), head.landmarks()
    assert made is not None and nape is not None

    ahead = made.points[:, 0, 1] < marks[[234, 454], 1].mean() - 0.03
    low = made.points[:, -1, 2] < marks[[234, 454], 2].mean()

    assert ahead.mean() > 0.15
    assert low.mean() > 0.3
    away = np.linalg.norm(made.points[low, -1] - nape, axis=1)
    assert np.median(away) < 0.035
    assert gathered_at(haired(LONG)) is None
    assert gathered_at(template()) is None
