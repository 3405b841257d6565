"""Hairs of a beard: where the texture shows one, on the skin and with its motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import nearest, vertex_normals
from dirfa_blender.core.hair.beard import PART, UNDER_JAW, WIDTH, with_beard
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_anew import with_shapes_anew
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template

SKIN = (0.8, 0.62, 0.53)
MM = 1e-3


@pytest.fixture(scope="module")
def bare() -> Head:
    """The neutral head with shapes, in plain skin."""
    albedo = np.full((256, 256, 3), np.round(np.array(SKIN) * 255), np.uint8)
    return replace(with_shapes(template()), albedo=albedo, colours={"skin": SKIN})


@pytest.fixture(scope="module")
def expected(bare: Head) -> np.ndarray:
    """(V,) where a beard may grow: the lower face."""
    low = bare.vertices[:, 2] < bare.landmarks()[2, 2]
    return np.where(bare.part("face") & low & (bare.vertices[:, 1] < -0.06), 1.0, 0.0)


@pytest.fixture(scope="module")
def bearded(bare: Head, expected: np.ndarray) -> Head:
    """The same with the texture of its left chin dark."""
    albedo = np.array(bare.albedo)
    albedo[:, : albedo.shape[1] // 2] = (60, 40, 30)
    return with_beard(replace(bare, albedo=albedo), expected)


def test_a_beard_goes_with_shapes_that_are_made_anew(bearded: Head) -> None:
    anew = with_shapes_anew(bearded)

    hairs = bearded.part(PART)
    away = np.linalg.norm(anew.shape_deltas[:, hairs] - bearded.shape_deltas[:, hairs], axis=2)
    assert np.linalg.norm(anew.shape_deltas[:, hairs], axis=2).max() > 20 * MM
    assert away.max() < 2 * MM


def test_plain_skin_has_no_hairs(bare: Head, expected: np.ndarray) -> None:
    assert with_beard(bare, expected) is bare


def test_where_no_beard_is_expected_dark_skin_has_no_hairs(bare: Head) -> None:
    dark = replace(bare, albedo=np.full((64, 64, 3), 40, np.uint8))

    assert with_beard(dark, np.zeros(len(bare.vertices))) is dark


def test_hairs_grow_where_the_texture_shows_them_and_stay_near_the_skin(bearded: Head) -> None:
    hairs = bearded.vertices[bearded.part(PART)].reshape(-1, 3, 3)
    skin = bearded.vertices[bearded.part("face")]

    away = np.array([np.linalg.norm(skin - tip, axis=1).min() for tip in hairs[::20, 2]])

    sides = np.sign(hairs[:, :, 0].mean(1))
    assert len(hairs) > 200
    assert abs(sides.mean()) > 0.95
    assert 0.5 * MM < np.median(away) < 8 * MM
    assert np.allclose(np.linalg.norm(hairs[:, 1] - hairs[:, 0], axis=1), WIDTH, rtol=1e-3)


def test_hairs_move_with_the_jaw(bearded: Head) -> None:
    moved = bearded.posed({"jawOpen": 1.0}) - bearded.vertices
    hairs = bearded.part(PART)
    skin = bearded.part("face")

    roots = np.flatnonzero(hairs)[::60]
    near = [
        np.linalg.norm(bearded.vertices[skin] - bearded.vertices[i], axis=1).argmin() for i in roots
    ]

    assert np.linalg.norm(moved[hairs], axis=1).max() > 15 * MM
    assert np.linalg.norm(moved[roots] - moved[skin][near], axis=1).max() < 4 * MM


def test_the_beard_is_a_part_and_a_material_of_its_own_with_whole_weights(bearded: Head) -> None:
    of_beard = bearded.face_materials == bearded.materials.index(PART)

    assert of_beard.sum() * 3 == bearded.part(PART).sum()
    assert bearded.shape_deltas.shape[1] == bearded.bone_weights.shape[1] == len(bearded.vertices)
    assert bearded.colours[PART] == pytest.approx(np.array((60, 40, 30)) / 255, abs=0.15)
    assert bearded.bone_weights[:, bearded.part(PART)].sum(0).min() > 0.5


@pytest.fixture(scope="module")
def dark(bare: Head) -> Head:
    """The same with all of its texture dark."""
    return replace(bare, albedo=np.full((64, 64, 3), 40, np.uint8))


def test_a_beard_that_hangs_no_lower_than_under_a_jaw_is_as_short_as_one_that_does_not(
    dark: Head, expected: np.ndarray
) -> None:
    short, seen = (with_beard(dark, expected, hang_metres=metres) for metres in (0.0, UNDER_JAW))

    assert (short.vertices == seen.vertices).all()


@pytest.mark.parametrize("metres", [0.035, 0.055])
def test_a_long_beard_hangs_as_far_below_the_chin_as_it_is_seen_to(
    dark: Head, expected: np.ndarray, metres: float
) -> None:
    head = with_beard(dark, expected, hang_metres=metres)
    tips = head.vertices[head.part(PART)].reshape(-1, 5, 3)[:, 4]
    chin = head.landmarks()[152]
    in_middle = tips[np.abs(tips[:, 0] - chin[0]) < 0.02]

    lowest = chin[2] - np.percentile(in_middle[:, 2], 4)

    assert 0.5 * metres < lowest < 1.15 * metres


def test_a_long_beard_is_short_on_the_lip_and_its_locks_lie_outside_the_skin(
    dark: Head, expected: np.ndarray
) -> None:
    head = with_beard(dark, expected, hang_metres=0.05)
    locks = head.vertices[head.part(PART)].reshape(-1, 5, 3).astype(float)
    length = np.linalg.norm(locks[:, 4] - locks[:, :2].mean(1), axis=1)
    mouth = head.landmarks()[[61, 291], 2].mean()
    on_skin = head.part("face", "neck")
    skin = head.vertices[on_skin].astype(float)
    normals = vertex_normals(head.vertices.astype(float), head.faces)[on_skin]
    found = nearest(locks[:, 4], skin)

    height = ((locks[:, 4] - skin[found]) * normals[found]).sum(1)

    assert length[locks[:, 0, 2] > mouth].max() < 0.009
    assert length.max() > 0.03
    assert (height > -MM).mean() > 0.97


def test_locks_of_a_long_beard_have_no_more_vertices_than_hairs_of_a_short_one(
    dark: Head, expected: np.ndarray
) -> None:
    short, long = (
        with_beard(dark, expected, hang_metres=metres).part(PART).sum() for metres in (0.0, 0.05)
    )

    assert 0 < long <= short
