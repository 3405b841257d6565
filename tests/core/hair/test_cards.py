"""Cards of hair: where strands are, few enough, turned outward, over a cap nearer to the skin."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.hair.atlas import (
    BUNDLE_PIXELS,
    BUNDLES,
    SIZE,
    bundle_box,
    hair_atlas,
    thin_box,
    weave_box,
)
from dirfa_blender.core.hair.cards import (
    EDGE_METRES,
    LONG_ROWS,
    MOST_VERTICES,
    SHORT_ROWS,
    Cards,
    cards,
    under_cards,
)
from dirfa_blender.core.hair.curtain import carried_hair, with_normals
from dirfa_blender.core.hair.groom import CURL_KEY, Strands, cap_grid, standoff
from dirfa_blender.core.hair.hairline import bare_crown, with_bare_crown
from dirfa_blender.core.hair.locks import locks
from dirfa_blender.core.hair.rim import inside_metres
from dirfa_blender.core.hair.tresses import Fall, with_tresses
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template

MM = 1e-3
KINDS = ("short", "coiled", "long", "fringe")


@cache
def head_with(kind: str) -> Head:
    plain = template()
    if kind == "coiled":
        return replace(plain, source={CURL_KEY: "1.0"})
    if kind == "long":
        return with_tresses(plain, Fall((0.16, 0.16), (True, True), (0.10, 0.11, 0.11)))
    return with_bare_crown(plain) if kind == "fringe" else plain


@cache
def hair_of(kind: str) -> tuple[Strands, ...]:
    head = head_with(kind)
    return tuple(grown for grown in (carried_hair(head), locks(head)) if grown is not None)


@cache
def cut(kind: str) -> Cards:
    made = cards(head_with(kind), hair_of(kind))
    assert made is not None
    return made


def away(points: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> np.ndarray:
    """(N,) metres from points to the nearest of others."""
    return np.linalg.norm(points - others[nearest(points, others)], axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_cards_keep_to_their_budget_and_are_whole(kind: str) -> None:
    made = cut(kind)

    assert 4000 < len(made.points) <= MOST_VERTICES
    assert (np.sort(np.unique(made.faces)) == np.arange(len(made.points))).all()
    assert np.isfinite(made.points).all()
    assert np.linalg.norm(made.normals, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert made.uvs.min() > 0.0 and made.uvs.max() < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_cards_lie_where_strands_do(kind: str) -> None:
    points = np.concatenate([grown.points.reshape(-1, 3) for grown in hair_of(kind)])

    off = away(cut(kind).points, points[::4])

    assert np.quantile(off, 0.95) < 8 * MM


@pytest.mark.parametrize("kind", KINDS)
def test_strands_on_the_outside_are_near_a_card(kind: str) -> None:
    made, grown = cut(kind), hair_of(kind)[0]
    corners = made.points[made.faces]
    share = np.linspace(0.0, 1.0, 4)[:, None, None]
    along = corners[:, 0] * (1 - share) + corners[:, 1] * share
    beside = corners[:, 3] * (1 - share) + corners[:, 2] * share
    surface = np.concatenate([along, (along + beside) / 2, beside]).reshape(-1, 3)
    middles = grown.points[::30, grown.points.shape[1] // 2]

    assert np.quantile(away(middles, surface), 0.95) < 9 * MM


@pytest.mark.parametrize("kind", ["short", "coiled"])
def test_cards_have_the_outline_of_the_strands(kind: str) -> None:
    made, strands = cut(kind).points, hair_of(kind)[0].points.reshape(-1, 3)

    wide = [float(np.quantile(np.abs(points[:, 0]), 0.995)) for points in (made, strands)]
    tall = [float(np.quantile(points[:, 2], 0.995)) for points in (made, strands)]

    assert wide[0] == pytest.approx(wide[1], abs=2 * MM)
    assert tall[0] == pytest.approx(tall[1], abs=2 * MM)


@pytest.mark.parametrize("kind", KINDS)
def test_cards_face_outward(kind: str) -> None:
    made = cut(kind)
    corners = made.points[made.faces].astype(np.float64)
    across = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])

    facing = (across * made.normals[made.faces].mean(1)).sum(1)

    assert (facing > 0).mean() > 0.97


@pytest.mark.parametrize("kind", KINDS)
def test_cards_come_to_a_point_at_root_and_tip(kind: str) -> None:
    rows = LONG_ROWS if kind == "long" else SHORT_ROWS
    sides = cut(kind).points.reshape(-1, rows, 2, 3)

    wide = np.linalg.norm(sides[:, :, 1] - sides[:, :, 0], axis=2)

    assert wide.max() < 14 * MM
    tip = 0.5 if kind == "long" else 0.3
    assert (wide[:, 0] < 0.5 * wide.max(1)).all() and (wide[:, -1] < tip * wide.max(1)).all()


@pytest.mark.parametrize("kind", ["short", "long"])
def test_straight_hair_is_shaded_as_one_surface_and_not_card_by_card(kind: str) -> None:
    sides = cut(kind).normals.reshape(-1, 2, 3).astype(np.float64)

    turned = np.degrees(np.arccos(np.clip((sides[:, 0] * sides[:, 1]).sum(1), -1.0, 1.0)))

    assert turned.max() < 8.0


def test_what_lies_deep_is_darker() -> None:
    head, made = head_with("short"), cut("short")
    cap = cap_grid(head)
    assert cap is not None
    surface, outward = with_normals(cap, True)
    middle = made.points.reshape(-1, SHORT_ROWS, 2, 3).mean(2)[:, SHORT_ROWS // 2]
    found = nearest(middle.astype(np.float64), surface)
    height = ((middle - surface[found]) * outward[found]).sum(1)
    tone = made.uvs.reshape(-1, SHORT_ROWS * 2, 2)[:, :, 0].mean(1)

    high, low = height > np.quantile(height, 0.8), height < np.quantile(height, 0.2)

    assert tone[high].mean() > 1.4 * tone[low].mean()


def test_cards_are_the_same_every_time() -> None:
    again = cards(head_with("short"), hair_of("short"))

    assert again is not None
    assert (again.points == cut("short").points).all() and (again.uvs == cut("short").uvs).all()


def test_hair_on_the_skull_turns_with_the_head_and_ends_on_shoulders_less() -> None:
    head, made = head_with("long"), cut("long")
    by_head = made.bone_weights[head.bone_names.index("head")]
    ear = head.landmarks()[[234, 454], 2].mean()

    assert by_head[made.points[:, 2] > ear + 40 * MM].min() > 0.9
    assert by_head[made.points[:, 2] < ear - 100 * MM].max() < 0.8
    assert (made.bone_weights.sum(0) < 1.0 + 1e-5).all()


def test_round_a_bald_crown_no_card_lies() -> None:
    head, made = head_with("fringe"), cut("fringe")

    assert (bare_crown(head, made.points.astype(np.float64)) > 0.97).mean() < 0.02


@pytest.mark.parametrize("kind", ["short", "long"])
def test_where_hair_begins_cards_are_single_hairs(kind: str) -> None:
    made, head = cut(kind), head_with(kind)
    cap = cap_grid(head)
    assert cap is not None
    left, right = thin_box()
    is_thin = (made.uvs[:, 0] > left - 1e-6) & (made.uvs[:, 0] < right + 1e-6)

    points = made.points.reshape(-1, 2, 3)
    width = np.linalg.norm(points[:, 1] - points[:, 0], axis=1).repeat(2)
    off = inside_metres(made.points, cap[0])

    assert 0.1 < is_thin.mean() < 0.35
    assert off[is_thin].mean() < 0.5 * off[~is_thin].mean()
    assert width[is_thin].mean() < 0.5 * width[~is_thin].mean()


def test_single_hairs_leave_more_open_than_they_hide() -> None:
    left, right = thin_box()
    picture = hair_atlas((0.5, 0.4, 0.3))[:, round(left * SIZE) : round(right * SIZE), 3] / 255.0

    for rows in (slice(SIZE // 4, SIZE // 3), slice(SIZE // 2, 2 * SIZE // 3)):
        assert 0.15 < picture[rows].mean() < 0.5


def test_without_strands_there_are_no_cards() -> None:
    assert cards(template(), ()) is None


def test_the_cap_under_cards_is_nearer_to_the_skin_and_under_it_at_its_line_alone() -> None:
    head = head_with("short")
    low = under_cards(head)
    before, after = cap_grid(head), cap_grid(low)
    assert before is not None and after is not None
    was, now = standoff(head, before), standoff(low, after)

    assert now[was > 8 * MM].mean() < 0.93 * was[was > 8 * MM].mean()
    within = inside_metres(before, before[0]) > EDGE_METRES[1]
    assert (within & (was > 1 * MM) & (now < 0.5 * MM)).mean() < 0.005
    assert (now[0] < -1 * MM).mean() > 0.75
    others = ~head.part("hair")
    assert (low.vertices[others] == head.vertices[others]).all()


@pytest.mark.parametrize("kind", ["short", "long"])
def test_all_of_cap_and_sheet_is_in_the_weave_and_nothing_else(kind: str) -> None:
    head = head_with(kind)
    low = under_cards(head)
    is_hair = head.face_materials == head.materials.index("hair")
    left, right = weave_box()

    u = low.uvs[is_hair][head.faces[is_hair] >= 0][:, 0]

    assert u.min() >= left - 1e-6 and u.max() <= right + 1e-6
    assert (low.uvs[~is_hair] == head.uvs[~is_hair]).all()


def test_the_atlas_has_the_colour_of_the_hair_and_no_rim_round_strands() -> None:
    picture = hair_atlas((0.6, 0.3, 0.1))
    red, green, blue, _ = picture.reshape(-1, 4).astype(float).T

    assert picture.shape == (SIZE, SIZE, 4)
    assert (red > green).all() and (green > blue).all()
    assert red.min() > 40


@pytest.mark.parametrize("light", [0.2, 0.7])
def test_cards_give_back_as_much_more_than_the_photos_hair_as_its_strands_do_and_are_greyer(
    light: float,
) -> None:
    colour = np.array([1.0, 0.8, 0.6]) * light
    picture = hair_atlas(tuple(colour.tolist()))[:, : int(weave_box()[0] * SIZE)]
    drawn = picture[picture[..., 3] > 127][:, :3] / 255.0

    share = (((drawn + 0.055) / 1.055) ** 2.4).mean(0) / ((colour + 0.055) / 1.055) ** 2.4

    # Measured beside strands in Cycles; strands of a bundle are in one another's shade.
    assert share[1] == pytest.approx(1.45 if light < 0.5 else 1.02, rel=0.1)
    assert share[0] < share[1] < share[2]


def test_bundles_are_dense_at_their_roots_fray_at_their_tips_and_differ_in_light() -> None:
    picture = hair_atlas((0.5, 0.4, 0.3)).astype(float)
    lefts, rights = bundle_box(np.arange(BUNDLES))

    lights = []
    for left, right in zip(lefts, rights, strict=True):
        bundle = picture[:, int(left * SIZE) + 8 : int(right * SIZE) - 8]
        opaque = (bundle[..., 3] > 127).mean(1)
        assert opaque[SIZE // 5 : 2 * SIZE // 5].mean() > 0.75
        assert opaque[-SIZE // 20 :].mean() < 0.3
        lights.append(bundle[SIZE // 5 : SIZE // 2, :, :3].mean())

    assert lights == sorted(lights)


def test_bundles_are_darkest_at_their_roots_and_lightest_toward_their_tips() -> None:
    picture = hair_atlas((0.5, 0.4, 0.3)).astype(float)[:, : BUNDLES * BUNDLE_PIXELS]
    shown = picture[..., 3] > 127

    root, middle, tip = (
        float(picture[rows][shown[rows]][:, :3].mean())
        for rows in (slice(10, 60), slice(180, 260), slice(400, 470))
    )

    assert root < 0.92 * middle
    assert tip > 1.03 * middle


def test_nothing_is_seen_through_the_weave_but_at_its_lower_edge() -> None:
    left, _ = weave_box()
    weave = hair_atlas((0.2, 0.2, 0.2))[:, int(left * SIZE) :, 3]

    assert (weave[: int(0.75 * SIZE)] > 200).all()
    assert (weave[-SIZE // 50 :] < 128).mean() > 0.7


def test_curls_sway_in_the_picture() -> None:
    straight, curls = (hair_atlas((0.5, 0.4, 0.3), curl)[:, : SIZE // 2, :3] for curl in (0.0, 1.0))

    def changed(picture: npt.NDArray[np.uint8]) -> float:
        return float(np.abs(np.diff(picture.astype(float), axis=0)).mean())

    assert changed(curls) > 2.0 * changed(straight)
