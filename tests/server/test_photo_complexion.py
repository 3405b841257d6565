"""Even skin and detail: what is no skin leaves no mark, what belongs to the face is kept."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dirfa_blender.core.likeness.landmarks import BROW_LEFT, BROW_RIGHT, OVAL
from server.photo.brows import SOCKET_SHADE
from server.photo.complexion import Complexion, Worn, as_hair, complexion
from server.photo.face_zones import BEARD
from server.photo.mask import face_masks, hull
from server.photo.shading import to_linear

from .astronaut import enlarged as astronaut
from .astronaut import landmarks

HAIR = (60, 45, 25)


def with_brows(colour: tuple[int, int, int]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The astronaut with brows painted in a colour, and (N, 2) pixels of the rings round both."""
    worn = astronaut().copy()
    brows = [landmarks().points_px[list(ring), :2] for ring in (BROW_LEFT, BROW_RIGHT)]
    for ring in brows:
        cv2.fillConvexPoly(worn, cv2.convexHull(np.round(ring).astype(np.int32)), colour)
    return worn, brows


def apart(pixels: np.ndarray) -> Complexion:
    return complexion(pixels, landmarks(), face_masks(pixels, landmarks()), 0.0)


def place(*numbers: int) -> np.ndarray:
    """(2,) pixels, mean of some landmarks."""
    return landmarks().points_px[list(numbers), :2].mean(0)


def near(point: np.ndarray, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:768, :768]
    return np.hypot(columns - point[0], rows - point[1]) < radius * landmarks().eye_distance_px


def test_a_strand_of_hair_over_a_cheek_is_left_out_and_does_not_tint_the_skin() -> None:
    worn = astronaut().copy()
    ends = [np.round(place(number)).astype(int).tolist() for number in (330, 434)]
    cv2.line(worn, ends[0], ends[1], HAIR, 14, cv2.LINE_AA)
    strand = np.abs(worn.astype(int) - astronaut()).sum(2) > 60

    found, bare = apart(worn), apart(astronaut())

    assert found.usable[strand].mean() < 0.1
    ratio = found.even[strand] / bare.even[strand]
    assert np.abs(ratio - 1).mean() < 0.15


def test_the_shade_of_a_lamp_at_the_side_is_not_in_the_detail() -> None:
    across = np.linspace(1.0, 0.55, 768)[None, :, None]
    shaded = (astronaut() * across).astype(np.uint8)
    cheeks = near(place(50), 0.25) | near(place(280), 0.25)

    found, bare = apart(shaded), apart(astronaut())

    both = cheeks & (found.usable > 0.5) & (bare.usable > 0.5)
    assert both.sum() > 500
    assert np.abs(found.detail[both] - bare.detail[both]).mean() < 0.03


def test_a_wide_reflection_on_a_cheek_leaves_no_edge_in_the_detail() -> None:
    unit = landmarks().eye_distance_px
    spot = cv2.GaussianBlur(near(place(50), 0.12).astype(np.float32), (0, 0), 0.025 * unit)
    lamp = 0.4 * spot[..., None]
    lit = (astronaut() + lamp * (np.array([255, 250, 235]) - astronaut())).astype(np.uint8)

    found, bare = apart(lit), apart(astronaut())

    ring = near(place(50), 0.18) & (found.usable > 0.5) & (bare.usable > 0.5)
    change = np.log(found.detail[ring] / bare.detail[ring])
    assert ring.sum() > 500
    assert np.abs(change - np.median(change, 0)).max() < 0.13


def test_the_shade_in_the_corners_of_a_mouth_is_not_painted_on_them() -> None:
    deep = astronaut().copy()
    pits = near(place(61), 0.06) | near(place(291), 0.06)
    deep[pits] = (24, 24, 40)

    found = apart(deep)

    shown = 1 + found.usable[pits, None] * (found.detail[pits] - 1)
    assert shown.min() > 0.6
    assert (shown[:, 2] < 1.12 * shown[:, 0]).all()


def test_a_reflection_in_a_dark_brow_is_no_lighter_than_skin() -> None:
    dark, brows = with_brows((40, 30, 22))
    middles = [near(ring.mean(0), 0.035) for ring in brows]
    for middle in middles:
        dark[middle] = (225, 228, 240)

    found = apart(dark)

    for middle in middles:
        assert found.detail[middle].max() < 1.12


def with_white_hairs() -> tuple[np.ndarray, np.ndarray]:
    """The astronaut with brows of white hairs over shaded skin, and where those are."""
    worn, rings = with_brows((196, 152, 130))
    hairs = np.zeros(worn.shape[:2], np.uint8)
    for ring in rings:
        inside = hull(worn.shape[:2], ring, range(len(ring))) > 0.5
        lines = np.zeros_like(hairs)
        for x in range(int(ring[:, 0].min()), int(ring[:, 0].max()), 7):
            low, high = int(ring[:, 1].min()), int(ring[:, 1].max())
            cv2.line(lines, (x, high), (x + 9, low), (1,), 2, cv2.LINE_AA)
        hairs |= lines * inside
    worn[hairs > 0] = (236, 232, 226)
    return worn, hairs > 0


def test_white_hairs_of_a_brow_stay_lighter_than_skin_where_hair_is_grey() -> None:
    worn, hairs = with_white_hairs()
    masks = face_masks(worn, landmarks())

    grey, dark = (
        complexion(worn, landmarks(), masks, 0.0, grey_hair=share) for share in (1.0, 0.0)
    )

    assert dark.white_brows is None
    assert grey.white_brows is not None
    assert grey.white_brows[2] > grey.white_brows[0]
    assert np.median(grey.detail[hairs]) > 1.1 > np.median(dark.detail[hairs])


@pytest.mark.parametrize(("colour", "is_held"), [((105, 45, 38), True), ((70, 55, 45), False)])
def test_a_brow_is_hardly_redder_than_the_skin_and_as_light_as_out_of_its_socket(
    colour: tuple[int, int, int], is_held: bool
) -> None:
    worn, brows = with_brows(colour)

    found = apart(worn)

    inside = near(brows[0].mean(0), 0.03)
    seen = found.even[inside] * found.detail[inside]
    red, green, _ = np.log(found.detail[inside]).mean(0)
    light = to_linear(np.array(colour) / 255)
    assert red - green < 0.36
    assert (np.log(light[0] / light[1]) - np.log(seen[:, 0] / seen[:, 1]).mean() > 0.3) == is_held
    weights = np.array([0.3, 0.55, 0.15])
    wanted = np.log(light) @ weights + SOCKET_SHADE
    assert np.log(seen).mean(0) @ weights == pytest.approx(wanted, abs=0.2)


@pytest.mark.parametrize("colour", [(112, 96, 118), (100, 88, 92)])
def test_a_brow_loses_as_much_light_toward_blue_as_toward_green(
    colour: tuple[int, int, int],
) -> None:
    worn, brows = with_brows(colour)

    found = apart(worn)

    inside = near(brows[0].mean(0), 0.03)
    red, green, blue = np.log(found.even[inside] * found.detail[inside]).mean(0)
    _, green_skin, blue_skin = np.log(found.even[inside]).mean(0)
    assert green - blue > min(red - green, green_skin - blue_skin) - 0.06


def test_a_rim_over_brows_is_no_darker_than_the_hair_lets_expect() -> None:
    worn, brows = with_brows((12, 10, 10))
    pixels, marks = worn, landmarks()
    least = 0.12

    worn_off = Worn(np.zeros(pixels.shape[:2], np.float32), least)

    found = complexion(pixels, marks, face_masks(pixels, marks), 0.0, worn=worn_off)
    bare = apart(worn)

    for ring in brows:
        there = hull(worn.shape, ring, tuple(range(len(ring)))) > 0.9
        light = (found.even * found.detail)[there].mean(-1)
        assert np.median(light) > 0.9 * least
        assert np.median((bare.even * bare.detail)[there].mean(-1)) < 0.7 * least


def test_a_brow_under_hair_is_left_to_the_other_side() -> None:
    worn = astronaut().copy()
    brow = landmarks().points_px[[285, 300, 334, 9, 337, 299, 333], :2]
    cv2.fillConvexPoly(worn, cv2.convexHull(np.round(brow).astype(np.int32)), HAIR)

    found = apart(worn)

    hidden, free = near(place(295, 282, 334), 0.06), near(place(65, 52, 105), 0.06)
    assert found.usable[hidden].mean() < 0.1
    assert found.usable[free].mean() > 0.7


def test_blotches_of_noise_fade_where_freckles_stay() -> None:
    unit = landmarks().eye_distance_px
    random = np.random.default_rng(2)
    noise = cv2.GaussianBlur(
        random.standard_normal((768, 768, 3)).astype(np.float32), (0, 0), 0.05 * unit
    )
    blotched = np.clip(astronaut() * (1 + 0.03 * noise / noise.std()), 0, 255).astype(np.uint8)
    freckled = astronaut().copy()
    places = [place(50) + unit * np.array(off) for off in ((-0.1, 0), (0.1, 0.02), (0, 0.12))]
    for at in places:
        cv2.circle(freckled, np.round(at).astype(int).tolist(), 2, (150, 95, 70), -1, cv2.LINE_AA)

    cheek = near(place(50), 0.25) | near(place(280), 0.25)
    bare, found, spotted = apart(astronaut()), apart(blotched), apart(freckled)

    off = np.log(found.detail[cheek] / bare.detail[cheek])
    assert off.std() < 0.4 * 0.066  # of what the noise made of linear light
    for at in places:
        spot = near(at, 0.02)
        assert np.log(spotted.detail[spot] / bare.detail[spot]).mean() < -0.1


def test_the_hairs_of_a_brow_have_one_hue() -> None:
    worn = astronaut().astype(float)
    brow = hull((768, 768), landmarks().points_px[:, :2], BROW_LEFT) > 0.5
    random = np.random.default_rng(3)
    worn[brow] = worn[brow] * 0.5 + random.normal(0.0, 18.0, (int(brow.sum()), 3))

    found = apart(np.clip(worn, 0, 255).astype(np.uint8))

    ratio = np.log(found.detail[brow])
    shade = ratio.mean(1)
    dark = shade < -0.3
    hue = (ratio[:, 0] - ratio[:, 1])[dark] / shade[dark]
    assert dark.sum() > 200
    assert hue.std() < 0.08


def test_a_mole_is_kept() -> None:
    marked = astronaut().copy()
    mole = np.round(place(101)).astype(int)
    cv2.circle(marked, mole.tolist(), 2, (110, 60, 45), -1)

    found = apart(marked)

    assert found.usable[mole[1], mole[0]] > 0.8
    assert found.detail[mole[1], mole[0]].mean() < 0.97


def test_the_dark_end_of_a_fold_is_no_mole() -> None:
    lined = astronaut().copy()
    start, end = (np.round(place(number)).astype(int) for number in (101, 205))
    skin = lined[start[1], start[0]]
    cv2.line(lined, start.tolist(), end.tolist(), (0.75 * skin).tolist(), 2, cv2.LINE_AA)
    cv2.circle(lined, start.tolist(), 2, (110, 60, 45), -1)
    spot = near(start.astype(float), 0.01)

    found = apart(lined)

    shown = 1 + found.usable[spot, None] * (found.detail[spot] - 1)
    assert shown.min() > 0.6


def test_folds_of_a_smile_outside_the_mouth_fade_with_it() -> None:
    lined = astronaut().copy()
    ends = [np.round(place(number)).astype(int).tolist() for number in (207, 210)]
    skin = lined[ends[0][1], ends[0][0]]
    cv2.line(lined, ends[0], ends[1], (0.7 * skin).tolist(), 6, cv2.LINE_AA)
    middle = near(place(207, 210), 0.02)
    masks = face_masks(lined, landmarks())

    calm, smiling = (complexion(lined, landmarks(), masks, smile) for smile in (0.0, 1.0))

    kept = np.log(smiling.detail[middle].mean()) / np.log(calm.detail[middle].mean())
    assert np.log(calm.detail[middle].mean()) < -0.1
    assert kept < 0.5


def test_hair_loses_the_blue_that_a_wall_gives_it_and_skin_beside_it_does_not() -> None:
    blue, grey = (0.20, 0.24, 0.30), (0.4, 0.35, 0.3)
    colours = np.array([[blue, grey, blue]], np.float32)

    found = as_hair(colours, np.array([[1.0, 1.0, 0.0]], np.float32))[0]

    assert found[0] == pytest.approx([0.20, 0.20, 0.20])
    assert found[1:] == pytest.approx(colours[0, 1:])


def test_brows_are_hairy_and_cheeks_and_lips_are_not() -> None:
    hairy = apart(astronaut()).hairy

    assert hairy[near(place(282), 0.03)].min() > 0.8
    assert hairy[near(place(50), 0.1) | near(place(13), 0.03)].max() < 0.1


@pytest.mark.parametrize("has_lines", [False, True])
def test_a_dark_chin_is_a_beard_where_it_has_the_lines_of_hair(has_lines: bool) -> None:
    points = landmarks().points_px[:, :2]
    middle = points[list(OVAL)].mean(0)
    chin = hull((768, 768), middle + 0.96 * (points - middle), BEARD) > 0.5
    chin &= (
        points[[61, 291], 1].mean() + 0.1 * landmarks().eye_distance_px < np.mgrid[:768, :768][0]
    )
    lines = (
        np.where((np.mgrid[:768, :768][1] // 4) % 2, 0.6, 1.4) if has_lines else np.ones((768, 768))
    )
    worn = astronaut().copy()
    worn[chin] = np.clip(np.array([70, 60, 60]) * lines[chin, None], 0, 255).astype(np.uint8)
    below = near(place(199), 0.05)

    found = apart(worn)

    is_dark = float(np.median(found.detail[below])) < 0.6
    assert is_dark == has_lines
