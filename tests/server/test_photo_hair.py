"""Hair is told from skin; long hair is seen beside a jaw, shorter hair over the ears."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from dirfa_blender.core.hair.groom import cap_grid
from dirfa_blender.core.hair.tresses import Fall
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import OVAL
from server.photo.colours import as_hair_colour, hair_colour, measured_colours
from server.photo.curl import read_curl, read_wave
from server.photo.greying import read_streaks
from server.photo.hair import ANGLES, SIDE_HAIR, Scalp, hair_beside_crown, with_hair
from server.photo.hair_reading import wave_of_fall
from server.photo.hair_share import hair_seen
from server.photo.mask import FaceMasks, face_masks, filled
from server.photo.tresses import read_fall, where_it_falls

from .astronaut import enlarged as astronaut
from .astronaut import landmarks, masks

HAIR = (70, 45, 25)


def test_hair_is_found_above_the_face_and_not_in_it() -> None:
    points, unit = landmarks().points_px, landmarks().eye_distance_px
    x, brow = points[9, 0], points[[105, 334], 1].mean()

    crown = masks().hair[int(brow - 1.1 * unit), int(x - 0.5 * unit) : int(x + 0.5 * unit)]
    face = masks().hair[int(brow) : int(points[152, 1]), int(x - 0.4 * unit) : int(x + 0.4 * unit)]

    assert crown.mean() > 0.9
    assert face.mean() < 0.05
    assert not masks().is_bare


def test_a_crown_painted_like_the_face_is_bare() -> None:
    pixels, points, unit = astronaut().copy(), landmarks().points_px, landmarks().eye_distance_px
    brow = int(points[[105, 334], 1].min() - 0.15 * unit)
    columns, rows = np.round(points[[101, 330, 36, 266, 205, 425], :2]).astype(int).T
    skin = np.median(pixels[rows, columns], axis=0)
    random = np.random.default_rng(1).normal(0, 1, (brow, pixels.shape[1], 1))
    pixels[:brow] = np.clip(skin + random, 0, 255).astype(np.uint8)

    assert hair_seen(pixels, points[:, :2], np.ones(pixels.shape[:2], np.float32))[1]


def with_crown(colour: np.ndarray) -> np.ndarray:
    """The portrait with everything above its brows and beside its eyes, but the middle, in one colour."""
    pixels, points, unit = astronaut().copy(), landmarks().points_px, landmarks().eye_distance_px
    low, brow = int(points[[33, 263], 1].mean()), int(points[[105, 334], 1].min() - 0.15 * unit)
    random = np.random.default_rng(3).normal(0, 1, (*pixels.shape[:2], 1))
    painted = np.clip(colour + random, 0, 255).astype(np.uint8)
    left, right = (int(points[k, 0]) for k in (127, 356))
    pixels[:brow] = painted[:brow]
    pixels[:low, :left] = painted[:low, :left]
    pixels[:low, right:] = painted[:low, right:]
    return pixels


@pytest.mark.parametrize("shade", [0.55, 0.8, 1.1])
def test_white_hair_beside_a_bald_crown_is_told_from_its_skin_in_any_shade(shade: float) -> None:
    skin = np.median(astronaut()[masks().skin > 0.8], axis=0)
    unsure = replace(masks(), hair=np.zeros_like(masks().hair))

    bare = hair_beside_crown(with_crown(shade * skin), landmarks(), unsure)
    white = hair_beside_crown(with_crown(shade * np.full(3, skin.mean())), landmarks(), unsure)

    assert bare < SIDE_HAIR < white


def test_a_forehead_that_takes_most_of_where_hair_is_expected_is_no_hair() -> None:
    pixels, points, unit = astronaut().copy(), landmarks().points_px, landmarks().eye_distance_px
    skin = np.median(pixels[masks().skin > 0.8], axis=0)
    top, brow = int(points[10, 1] - 0.5 * unit), int(points[[105, 334], 1].min() - 0.15 * unit)
    columns = slice(*(int(points[10, 0] + off * unit) for off in (-1.1, 1.1)))
    random = np.random.default_rng(1).normal(0, 1, (brow - top, columns.stop - columns.start, 1))
    pixels[top:brow, columns] = np.clip(skin + random, 0, 255).astype(np.uint8)

    share, is_bare = hair_seen(pixels, points[:, :2], masks().person)

    inside = slice(*(int(points[10, 0] + off * unit) for off in (-0.95, 0.95)))
    below, above = int(0.1 * unit), top - int(0.15 * unit)
    assert not is_bare
    assert share[top + below : top + 2 * below, inside].mean() < 0.5
    assert share[:above, inside][masks().hair[:above, inside] > 0.9].mean() > 0.9


def test_hair_over_the_ears_ends_above_the_chin() -> None:
    fall = read_fall(astronaut(), landmarks(), masks(), 5e-4)

    assert fall is not None
    chin = (landmarks().points_px[152, 1] - landmarks().points_px[[234, 454], 1].mean()) * 5e-4
    assert 0.01 < max(fall.lengths) < chin


def test_hair_that_shows_the_ears_does_not_fall() -> None:
    bare = replace(masks(), hair=np.zeros_like(masks().hair), skin=np.ones_like(masks().skin))

    assert read_fall(astronaut(), landmarks(), bare, 5e-4) is None


@pytest.mark.parametrize("blue", [0.9, 0.3])
def test_hair_is_never_blue(blue: float) -> None:
    pixels = astronaut().copy()
    pixels[masks().hair > 0.5] = (40, 40, int(255 * blue))

    red, _, found = measured_colours(pixels, landmarks(), masks())["hair"]

    assert found < red + 0.06


def test_hair_painted_down_beside_the_jaw_falls_as_far_as_it_is_painted() -> None:
    pixels, points, unit = astronaut().copy(), landmarks().points_px, landmarks().eye_distance_px
    ear, chin = points[[234, 454], 1].mean(), points[152, 1]
    low = int(chin + 0.25 * unit)
    for edge, sign in ((234, -1), (454, 1)):
        x = points[edge, 0] - sign * 0.02 * unit
        corners = sorted((int(x), int(x + sign * 0.8 * unit)))
        pixels[int(ear - 0.4 * unit) : low, corners[0] : corners[1]] = HAIR
    painted = face_masks(pixels, landmarks())
    person = painted.person.copy()
    person[(pixels == HAIR).all(2)] = 1.0

    fall = read_fall(pixels, landmarks(), replace(painted, person=person), 5e-4)

    assert fall is not None
    assert fall.before_ear == (True, True)
    assert np.mean(fall.lengths) == np.clip(
        np.mean(fall.lengths), *((low - ear) * 5e-4 * np.array([0.8, 1.25]))
    )


def test_a_wall_that_takes_yellow_from_skin_took_it_from_the_hair_too() -> None:
    cool, warm = astronaut().copy(), astronaut().copy()
    skin = masks().skin > 0.8
    hair = masks().hair_clear > 0.6
    cool[hair] = warm[hair] = (150, 140, 132)
    cool[skin], warm[skin] = (205, 165, 155), (205, 165, 130)

    plain = measured_colours(warm, landmarks(), masks())["hair"]
    corrected = measured_colours(cool, landmarks(), masks())["hair"]

    assert corrected[0] - corrected[2] > plain[0] - plain[2] + 0.02


@pytest.mark.parametrize(("crown", "length", "gains"), [(150, 160, True), (60, 66, False)])
def test_the_lengths_of_fair_hair_tell_of_its_colour(crown: int, length: int, gains: bool) -> None:
    pixels = astronaut().copy()
    clear = masks().hair_clear > 0.6
    falling = np.zeros(clear.shape, bool)
    falling[500:600, 40:140] = True
    noise = np.random.default_rng(1).integers(-12, 13, (*clear.shape, 1))
    pixels[clear] = np.clip((np.array([crown, crown - 8, crown - 16]) + noise)[clear], 0, 255)
    pixels[falling] = np.clip(
        (np.array([length, length - 30, length - 70]) + noise)[falling], 0, 255
    )

    alone, together = hair_colour(pixels, masks()), hair_colour(pixels, masks(), falling)

    assert alone is not None and together is not None
    assert (together[0] - together[2] > alone[0] - alone[2] + 0.05) == gains


def test_hair_is_never_olive() -> None:
    pixels = astronaut().copy()
    pixels[masks().hair > 0.5] = (120, 118, 70)

    red, green, blue = measured_colours(pixels, landmarks(), masks())["hair"]

    assert red > green + 0.03
    assert green > blue


def test_thin_dark_hair_over_a_red_scalp_is_not_red() -> None:
    pixels = astronaut().copy()
    skin = np.median(pixels[masks().skin > 0.8], axis=0)
    rows, columns = np.nonzero(masks().hair > 0.5)
    share = np.where(np.random.default_rng(4).random((len(rows), 1)) < 0.45, 0.05, 0.85)
    pixels[rows, columns] = (np.array([35, 33, 32]) * (1 - share) + skin * share).astype(np.uint8)

    red, _, blue = measured_colours(pixels, landmarks(), masks())["hair"]

    assert red - blue < 0.5 * (skin[0] - skin[2]) / 255


def test_skin_between_short_dark_hairs_does_not_tint_them() -> None:
    pixels = astronaut().copy()
    skin = np.median(pixels[masks().skin > 0.8], axis=0)
    rows, columns = np.nonzero(masks().hair_clear > 0.5)
    share = np.clip(np.linspace(-0.2, 1.0, len(rows)), 0, 1)[:, None]
    black = np.array([20, 18, 17])
    pixels[rows, columns] = (black * (1 - share) + skin * share).astype(np.uint8)

    found = np.array(measured_colours(pixels, landmarks(), masks())["hair"]) * 255

    assert np.abs(found - black).max() < np.abs(found - skin).max() / 3


def combed(angles: np.ndarray) -> np.ndarray:
    """The portrait with lines drawn over its hair at an angle (768, 768) each."""
    rows, columns = np.mgrid[:768, :768]
    lines = 60 * np.sin(0.9 * (rows * np.cos(angles) + columns * np.sin(angles)))
    drawn = np.clip(110 + lines, 0, 255)[..., None]
    is_hair = (masks().hair_clear > 0.5)[..., None]
    return np.where(is_hair, drawn, astronaut()).astype(np.uint8)


def test_hair_whose_lines_run_one_way_is_straight_and_else_coiled() -> None:
    places = np.random.default_rng(2).uniform(0, np.pi, (64, 64))
    every_way = cv2.resize(places, (768, 768), interpolation=cv2.INTER_NEAREST)

    straight = read_curl(combed(np.zeros((768, 768))), landmarks(), masks())
    coiled = read_curl(combed(every_way), landmarks(), masks())

    assert straight == 0.0
    assert coiled > 0.7


def test_hair_that_is_not_seen_has_no_curl() -> None:
    unseen = replace(masks(), hair_clear=np.zeros_like(masks().hair_clear))

    assert read_curl(astronaut(), landmarks(), unseen) == 0.0


@cache
def with_lock() -> FaceMasks:
    """The portrait's masks with no hair below the eyes but a lock below the left ear, down to the chin."""
    points, unit = landmarks().points_px, landmarks().eye_distance_px
    lock = np.zeros_like(masks().hair)
    x, ear, chin = points[454, 0], int(points[[234, 454], 1].mean()), int(points[152, 1])
    lock[ear:chin, int(x + 0.1 * unit) : int(x + 0.3 * unit)] = 1.0
    person = np.maximum(masks().person, lock)
    return replace(masks(), person=person, hair=lock, skin=1.0 - lock)


def painted_lock(colour: np.ndarray) -> np.ndarray:
    pixels = astronaut().copy()
    pixels[with_lock().hair > 0.5] = colour
    return pixels


def test_a_lock_beside_one_ear_is_no_hair_that_falls_before_the_ears() -> None:
    own = np.median(astronaut()[masks().hair_clear > 0.6], axis=0).astype(np.uint8)

    fall = read_fall(painted_lock(own), landmarks(), with_lock(), 5e-4)

    chin = (landmarks().points_px[152, 1] - landmarks().points_px[[234, 454], 1].mean()) * 5e-4
    assert fall is not None
    assert fall.before_ear == (False, False)
    assert 0.5 * chin < fall.lengths[0] < 1.1 * chin
    assert fall.lengths[0] == fall.lengths[1]


def test_an_ear_ring_is_no_hair() -> None:
    golden = np.array([210, 170, 60], np.uint8)

    assert read_fall(painted_lock(golden), landmarks(), with_lock(), 5e-4) is None


def test_locks_beside_both_ears_are_long_hair() -> None:
    points, unit = landmarks().points_px, landmarks().eye_distance_px
    both = with_lock().hair.copy()
    ear, chin = int(points[[234, 454], 1].mean()), int(points[152, 1])
    both[ear:chin, int(points[234, 0] - 0.6 * unit) : int(points[234, 0])] = 1.0
    person = np.maximum(with_lock().person, both)
    beside = replace(with_lock(), person=person, hair=both, skin=1.0 - both)

    fall = read_fall(astronaut(), landmarks(), beside, 5e-4)

    assert fall is not None
    assert any(fall.before_ear)


@pytest.mark.parametrize("is_bob", [True, False])
def test_dark_hair_ends_where_a_neck_in_a_dark_collar_is_seen_and_long_hair_hides_it(
    is_bob: bool,
) -> None:
    points, unit = landmarks().points_px, landmarks().eye_distance_px
    rows, columns = np.mgrid[:768, :768]
    off = np.abs(columns - points[[9, 152, 1], 0].mean()) / unit
    end = points[[58, 288], 1].mean() + 0.3 * unit
    width = np.where((rows < end) | (not is_bob), 1.8, 1.2)
    width = np.where(rows > points[152, 1] + 0.5 * unit, 2.6, width)
    person = (off < width).astype(np.float32)
    face = filled((768, 768), points[:, :2], OVAL) > 0.5
    seen = replace(
        masks(), person=person, hair=person * ~face, skin=np.where(face, np.float32(1.0), 0.0)
    )
    black = np.full((768, 768, 3), 20, np.uint8)

    fall = read_fall(black, landmarks(), seen, 5e-4)

    assert fall is not None
    below = fall.lengths[0] / 5e-4 - (end - points[[234, 454], 1].mean())
    assert (abs(below) < 0.15 * unit) == is_bob


def beside_the_jaw() -> tuple[np.ndarray, int]:
    """(768, 768) bool, a strip beside the left jaw from the ear down, and the row at which it ends."""
    points, unit = landmarks().points_px, landmarks().eye_distance_px
    strip = np.zeros((768, 768), bool)
    x, ear, low = int(points[454, 0]), int(points[454, 1]), int(points[152, 1] + 0.4 * unit)
    strip[ear:low, x : x + int(0.6 * unit)] = True
    return strip, low


def test_hair_that_falls_in_waves_is_told_from_hair_that_falls_straight() -> None:
    strip, _ = beside_the_jaw()
    rows, columns = np.mgrid[:768, :768]
    unit = landmarks().eye_distance_px

    def falling(swing: float) -> float:
        place = columns + swing * unit * np.sin(2 * np.pi * rows / (0.5 * unit))
        light = 110 + 60 * np.sin(2 * np.pi * place / (0.08 * unit))
        drawn = np.repeat(light[..., None], 3, axis=2).astype(np.uint8)
        return read_wave(drawn, landmarks(), strip)

    assert falling(0.0) == 0.0
    assert falling(0.1) > 0.5


def test_hair_that_hangs_straight_to_curled_ends_is_wavy() -> None:
    strip, low = beside_the_jaw()
    rows, columns = np.mgrid[:768, :768]
    unit = landmarks().eye_distance_px
    ends = rows > landmarks().points_px[1, 1]

    def falling(curled: np.ndarray) -> float:
        turn = 0.12 * unit * np.sin(2 * np.pi * rows / (0.5 * unit)) * curled
        light = 110 + 60 * np.sin(2 * np.pi * (columns + turn) / (0.08 * unit))
        higher = strip | np.roll(strip, -(low - int(landmarks().points_px[454, 1])), axis=0)
        return read_wave(np.repeat(light[..., None], 3, 2).astype(np.uint8), landmarks(), higher)

    assert falling(np.zeros(rows.shape)) == 0.0
    assert falling(ends.astype(float)) > 0.6


def test_less_is_believed_of_waves_that_are_seen_beside_hair_behind_both_ears() -> None:
    strip, low = beside_the_jaw()
    rows, columns = np.mgrid[:768, :768]
    unit = landmarks().eye_distance_px
    place = columns + 0.06 * unit * np.sin(2 * np.pi * rows / (0.5 * unit))
    light = 110 + 60 * np.sin(2 * np.pi * place / (0.08 * unit))
    drawn = np.repeat(light[..., None], 3, axis=2).astype(np.uint8)
    seen = replace(masks(), person=np.ones_like(masks().person), skin=1.0 - strip)
    length = (low - landmarks().points_px[[234, 454], 1].mean()) * 5e-4

    before, behind = (
        wave_of_fall(
            drawn, landmarks(), seen, Fall((length,) * 2, (is_before,) * 2, (0.1,) * 3), 5e-4
        )
        for is_before in (True, False)
    )

    assert before > 0.3
    assert behind == pytest.approx(0.6 * before)


def test_hair_falls_as_far_as_it_is_long_and_beside_the_face_alone() -> None:
    strip, low = beside_the_jaw()
    points = landmarks().points_px
    seen = replace(masks(), person=np.ones_like(masks().person), skin=1.0 - strip)
    length = (low - points[[234, 454], 1].mean()) * 5e-4
    short = Fall((0.5 * length, 0.5 * length), (True, True), (0.1, 0.1, 0.1))
    long = Fall((length, length), (True, True), (0.1, 0.1, 0.1))

    half, whole = (where_it_falls(landmarks(), seen, fall, 5e-4) for fall in (short, long))

    below = slice(int(points[454, 1]), low)
    assert whole[below][strip[below]].mean() > 0.6
    assert half.sum() < 0.8 * whole.sum()
    face = whole[: int(points[58, 1]), int(points[58, 0]) : int(points[288, 0])]
    assert not face.any()


def test_short_hair_that_stands_off_the_crown_lies_close_at_the_nape() -> None:
    head = template()
    even = np.ones(len(ANGLES))
    flat, full = (
        with_hair(head, Scalp(False, False, growth, even)) for growth in (even, 1.4 * even)
    )

    off = np.linalg.norm(full.vertices - flat.vertices, axis=1)

    crown = head.part("hair") & (head.vertices[:, 2] > 0.99 * head.vertices[:, 2].max())
    lowest = head.vertices[head.part("hair"), 2].min()
    nape = head.part("hair") & (head.vertices[:, 2] < lowest + 0.02)
    assert off[crown].mean() > 0.02
    assert off[nape].max() < 0.25 * off[crown].mean()


def test_grey_hair_does_not_turn_blue_where_its_photo_is_balanced_for_an_orange_lamp() -> None:
    red, green, blue = as_hair_colour((0.47, 0.47, 0.50))

    assert red > green > blue
    assert as_hair_colour((0.45, 0.30, 0.18)) == pytest.approx((0.45, 0.30, 0.18), abs=0.01)


def test_skin_that_is_seen_between_light_hairs_does_not_colour_them() -> None:
    grey, skin = (160, 152, 140), (222, 170, 140)
    pixels, clear = astronaut().copy(), masks().hair_clear > 0.6
    pixels[masks().skin > 0.8] = skin
    pixels[clear] = grey
    alone = hair_colour(pixels, masks())
    seen = clear & (np.random.default_rng(3).random(clear.shape) < 0.45)
    pixels[seen] = (0.25 * np.array(grey) + 0.75 * np.array(skin)).astype(np.uint8)

    together = hair_colour(pixels, masks())

    assert alone is not None and together is not None
    assert together[0] - together[1] == pytest.approx(alone[0] - alone[1], abs=0.015)


def test_light_hair_is_not_pink_and_dark_hair_may_be_auburn() -> None:
    red, green, blue = as_hair_colour((0.64, 0.54, 0.50))
    auburn = (0.29, 0.17, 0.13)

    assert red - green < 0.6 * (0.64 - 0.54) + 0.02
    assert green - blue > 0.02
    assert as_hair_colour(auburn) == pytest.approx(auburn, abs=0.01)


@pytest.mark.parametrize(
    ("below", "is_told"), [((96, 58, 44), True), ((60, 60, 70), False), ((170, 40, 90), False)]
)
def test_auburn_ends_of_dark_hair_have_their_own_colour_and_clothes_there_give_none(
    below: tuple[int, int, int], is_told: bool
) -> None:
    shown = masks()
    points = landmarks().points_px
    rows, columns = np.mgrid[: len(shown.person), : shown.person.shape[1]]
    beside = np.abs(columns - points[152, 0]) > 0.6 * landmarks().eye_distance_px
    beside &= (shown.person > 0.9) & (rows > points[33, 1])
    pixels = astronaut().copy()
    pixels[shown.hair_clear > 0.5] = (52, 45, 42)
    pixels[beside] = (20, 17, 16)
    pixels[beside & (rows >= points[152, 1])] = below

    streaks = read_streaks(pixels, landmarks(), shown, beside)

    assert (streaks is not None) == is_told
    assert streaks is None or streaks[0] > 1.3 * streaks[1]


def test_lengths_as_light_as_the_crown_are_streaked_and_shaded_ones_are_not() -> None:
    shown = masks()
    beside = np.zeros(shown.person.shape, bool)
    points = landmarks().points_px
    rows = np.arange(len(beside))[:, None]
    beside |= (shown.person > 0.9) & (rows > points[33, 1]) & (rows < points[152, 1])

    def read(lengths: tuple[int, int, int]) -> tuple[float, ...] | None:
        pixels = astronaut().copy()
        pixels[shown.hair_clear > 0.5] = (70, 60, 55)
        pixels[beside] = lengths
        return read_streaks(pixels, landmarks(), shown, beside)

    assert read((40, 34, 31)) is None
    streaks = read((120, 96, 72))
    assert streaks is not None
    assert streaks[0] > 0.4


def test_hair_with_volume_stands_up_and_aside_and_is_no_visor_over_the_forehead() -> None:
    even = np.ones(len(ANGLES))
    full, flat = (
        cap_grid(with_hair(template(), Scalp(False, False, growth, even)))
        for growth in (1.5 * even, even)
    )
    assert full is not None and flat is not None

    moved = full - flat

    assert moved[..., 2].max() > 0.03
    assert -moved[..., 1].min() < 0.008
    # Combed back, it rises from its line over the forehead slowly.
    assert np.linalg.norm(moved[:2, [0]], axis=-1).max() < 0.002
