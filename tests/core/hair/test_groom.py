"""Strands of hair: where the cap is, on its surface, none on a bald head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.hair.curtain import with_normals
from dirfa_blender.core.hair.groom import (
    CURL_KEY,
    PARTING,
    PARTING_KEY,
    POINTS,
    SWEEP,
    SWEEP_KEY,
    WAVE_KEY,
    Strands,
    cap_grid,
    lie,
    standoff,
    strands,
)
from dirfa_blender.core.hair.hairline import bare_crown, with_bare_crown
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template

MM = 1e-3


@pytest.fixture(scope="module")
def head() -> Head:
    return template()


@pytest.fixture(scope="module")
def grown(head: Head) -> Strands:
    made = strands(head, count=2000)
    assert made is not None
    return made


def distance_to(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.array([np.linalg.norm(others - point, axis=1).min() for point in points])


def distance_to_nearest(points: np.ndarray, others: np.ndarray, *, rank: int) -> np.ndarray:
    """(N,) metres to the so-manieth of other points."""
    tree = cKDTree(others)
    return np.asarray(tree.query(points, k=rank)[0])[:, -1]


def test_the_cap_is_a_closed_grid_with_its_hairline_first(head: Head):
    cap = cap_grid(head)

    assert cap is not None
    assert len(np.unique(cap.reshape(-1, 3), axis=0)) == head.part("hair").sum()
    steps = np.linalg.norm(np.roll(cap, -1, 1) - cap, axis=2)
    assert steps.max() < 30 * MM
    assert cap[0, 0, 2] < cap[-1, 0, 2]


@pytest.mark.parametrize("parting", ["0.0", "-0.68"])
def test_short_hair_is_hardly_thinner_at_its_parting_than_beside_it(head: Head, parting: str):
    made = strands(replace(head, source={PARTING_KEY: parting, SWEEP_KEY: "2.0"}))
    assert made is not None
    across, top = made.points[..., 0].ravel(), made.points[..., 2].ravel()
    high = across[top > top.max() - 25 * MM]

    count, _ = np.histogram(high, bins=np.arange(-40.0, 41.0, 5.0) * MM)

    assert count.min() > 0.55 * np.median(count)


def test_the_skin_under_hair_is_covered_as_densely_everywhere(head: Head):
    made, cap = strands(head), cap_grid(head)
    assert made is not None and cap is not None
    # Not the three rows at the hairline, where it thins out.
    places = cap[4:-1].reshape(-1, 3)
    near = distance_to_nearest(places, made.points.reshape(-1, 3), rank=40)

    assert np.quantile(near, 0.98) < 2.0 * np.median(near)


def test_strands_are_the_same_every_time(head: Head, grown: Strands):
    again = strands(head, count=2000)

    assert again is not None
    assert (again.points == grown.points).all()


def test_hair_grows_from_the_scalp_and_lies_on_the_cap(head: Head, grown: Strands):
    skin = head.vertices[head.part("scalp", "face", "neck")]
    cap = head.vertices[head.part("hair")]
    some = grown.points[::20]

    assert np.quantile(distance_to(some[:, 0], skin), 0.95) < 9 * MM
    assert np.quantile(distance_to(some[:, POINTS // 2], cap), 0.95) < 9 * MM


def test_no_strand_hangs_into_the_face(head: Head, grown: Strands):
    points = head.landmarks()
    ahead = grown.points[..., 1] < points[[234, 454], 1].mean() - 30 * MM
    face = grown.points[ahead & (np.abs(grown.points[..., 0]) < 40 * MM)]

    assert face[:, 2].min() > points[[105, 334], 2].max() + 5 * MM


def test_hair_is_long_on_top_and_short_at_the_nape(grown: Strands):
    lengths = np.linalg.norm(np.diff(grown.points, axis=1), axis=2).sum(1)
    height = grown.points[:, 0, 2]
    top, nape = height > np.quantile(height, 0.8), height < np.quantile(height, 0.1)

    assert lengths[top].mean() > 1.7 * lengths[nape].mean()
    assert lengths.max() < 120 * MM


def test_strands_taper(grown: Strands):
    assert (np.diff(grown.radii) < 0).all()


def test_round_a_bald_crown_hair_grows_at_the_sides_alone(head: Head):
    ring = with_bare_crown(head)

    made = strands(ring, count=2000)

    assert made is not None
    roots = made.points[:, 0].astype(np.float64)
    assert bare_crown(head, roots).max() < 0.9
    assert (roots[:, 0] > 0.05).any() and (roots[:, 0] < -0.05).any()
    cap = cap_grid(ring)
    assert cap is not None
    assert standoff(ring, cap)[bare_crown(head, cap) > 0.99].max() < 0


def test_a_bald_head_has_no_strands(head: Head):
    gone = ~head.part("hair")
    number = np.cumsum(gone) - 1
    kept = gone[np.maximum(head.faces, 0)].all(1)
    bald = replace(
        head,
        vertices=head.vertices[gone],
        faces=np.where(head.faces >= 0, number[np.maximum(head.faces, 0)], -1)[kept],
        uvs=head.uvs[kept],
        face_materials=head.face_materials[kept],
        vertex_parts=head.vertex_parts[gone],
        shape_deltas=head.shape_deltas[:, gone],
        landmark_vertices=number[head.landmark_vertices],
        bone_weights=head.bone_weights[:, gone],
    )

    assert strands(bald) is None


def bend(grown: Strands) -> float:
    """Mean angle in radians by which strands turn in all from root to tip."""
    pieces = np.diff(grown.points.astype(np.float64), axis=1)
    pieces /= np.maximum(np.linalg.norm(pieces, axis=-1, keepdims=True), 1e-9)
    return float(np.arccos(np.clip((pieces[:, 1:] * pieces[:, :-1]).sum(-1), -1, 1)).sum(1).mean())


def test_a_head_with_coiled_hair_has_strands_that_bend_more(head: Head, grown: Strands):
    waved, coiled = (
        strands(replace(head, source={CURL_KEY: curl}), count=2000) for curl in ("0.5", "1.0")
    )

    assert waved is not None and coiled is not None
    assert bend(grown) < bend(waved) < bend(coiled)
    assert bend(coiled) > 3 * bend(grown)


def test_coils_stand_off_the_cap_on_which_straight_hair_lies(head: Head, grown: Strands):
    coiled = strands(replace(head, source={CURL_KEY: "1"}), count=2000)
    assert coiled is not None
    cap = head.vertices[head.part("hair")]

    off, lying = (distance_to(some.points[:, -1], cap) for some in (coiled, grown))

    assert np.quantile(off, 0.75) > np.quantile(lying, 0.75) + 3 * MM


def test_temples_are_bare_before_the_hair_over_the_ears_is(head: Head) -> None:
    ear = head.landmarks()[454].astype(np.float64)
    places = ear + np.array([[0.0, 0.01, 0.035], [0.0, -0.04, 0.035]])

    behind, before = bare_crown(head, places)

    assert behind < 0.1
    assert before > 0.9


def over_forehead(head: Head) -> np.ndarray:
    """(S, 2) where strands over the forehead grow and by how much they run aside, in half heads."""
    grown, cap = strands(head, count=6000), cap_grid(head)
    assert grown is not None and cap is not None
    low, high = cap.reshape(-1, 3).min(0), cap.reshape(-1, 3).max(0)
    root, tip = grown.points[:, 0], grown.points[:, -1]
    ahead = (root[:, 1] < low[1] + 0.3 * (high - low)[1]) & (
        root[:, 2] > 0.7 * high[2] + 0.3 * low[2]
    )
    half = (high[0] - low[0]) / 2
    return np.stack([(root - (low + high) / 2)[ahead, 0] / half, (tip - root)[ahead, 0] / half], -1)


@pytest.mark.parametrize("parting", [-0.4, 0.0, 0.5])
def test_hair_on_top_runs_aside_from_where_the_head_says_it_parts(head: Head, parting: float):
    root, aside = over_forehead(replace(head, source={PARTING_KEY: str(parting)})).T

    assert np.median(aside[root > parting + 0.1]) > 0.02
    assert np.median(aside[root < parting - 0.1]) < -0.02


def test_swept_hair_runs_further_aside_than_hair_combed_back(head: Head):
    combed = over_forehead(replace(head, source={SWEEP_KEY: "0.0"}))
    swept = over_forehead(replace(head, source={SWEEP_KEY: "2.0"}))

    assert np.abs(swept[:, 1]).mean() > 1.5 * np.abs(combed[:, 1]).mean()


def test_a_fringe_falls_forward_over_the_forehead_where_other_hair_is_combed_back(head: Head):
    cap = cap_grid(head)
    assert cap is not None
    brows = head.landmarks()[[105, 334], 2].max()
    ahead = (np.abs(cap[..., 0]) < 45 * MM) & (cap[..., 1] < np.percentile(cap[..., 1], 15))
    ahead &= cap[..., 2] > brows + 25 * MM

    combed, falling = (lie(cap, PARTING, SWEEP, fringe)[ahead] for fringe in (0.0, 1.0))

    assert (combed[:, 1] > 0.0).mean() > 0.95
    assert (falling[:, 1:] < 0.0).all(1).mean() > 0.95


def test_open_curls_of_short_hair_turn_and_stand_off_further_than_straight_hair(head: Head):
    straight, curls = strands(head), strands(replace(head, source={WAVE_KEY: "1"}))
    assert straight is not None and curls is not None

    cap, outward = with_normals(cap_grid(head), True)
    turned, height = [], []
    for grown in (straight, curls):
        run = np.diff(grown.points[::20], axis=1)
        run /= np.linalg.norm(run, axis=2, keepdims=True)
        turned.append(np.arccos(np.clip((run[:, 1:] * run[:, :-1]).sum(2), -1, 1)).sum(1).mean())
        tips = grown.points[::20, -2:].reshape(-1, 3)
        found = nearest(tips, cap)
        height.append(((tips - cap[found]) * outward[found]).sum(1).mean())

    # A turn and more along each, and half of its width off the cap.
    assert turned[1] > turned[0] + 4.0
    assert height[1] > height[0] + 2 * MM
