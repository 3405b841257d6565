"""A portrait becomes a dressed head; a photo that cannot is refused with what was seen."""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image

from dirfa_blender.core.errors import PhotoError
from dirfa_blender.core.likeness.landmarks import EYE_LEFT, EYE_RIGHT, LIPS_OUTER, FaceLandmarks
from dirfa_blender.core.protocol import PhotoSettings
from server.photo import checks
from server.photo.landmarks import Detection, detect_face
from server.photo.portrait import PhotoResult, head_from_photo

from .astronaut import astronaut, detection

SMALL = PhotoSettings(texture_pixels=512)


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@cache
def portrait() -> PhotoResult:
    return head_from_photo(encoded(astronaut()), SMALL)


def on_grey(face: np.ndarray, width: int, height: int, x: int, y: int) -> np.ndarray:
    pixels = np.full((height, width, 3), 120, np.uint8)
    pixels[y : y + face.shape[0], x : x + face.shape[1]] = face
    return pixels


def turned(yaw_degrees: float) -> Detection:
    """The astronaut's detection with its landmarks turned about the vertical."""
    points = detection().landmarks.points_px
    angle = np.radians(yaw_degrees)
    middle = points.mean(0)
    matrix = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    face = FaceLandmarks((points - middle) @ matrix.T + middle, (512, 512))
    return Detection(face, 1, 0, 0.01)


def test_a_portrait_becomes_a_whole_head_in_its_own_skin() -> None:
    head = portrait().head

    assert len(head.shape_names) == 53
    assert head.albedo is not None and head.albedo.shape == (512, 512, 3)
    assert {"skin", "lips", "iris", "hair"} <= set(head.colours)
    assert len(head.source["photo_sha256"]) == 64
    assert head.part("hair").any()


def test_the_relief_of_a_portrait_lies_in_the_face_alone() -> None:
    relief = portrait().head.relief

    assert relief is not None and relief.shape == (256, 256)
    assert np.abs(relief[60:220, 60:196]).max() > 50
    assert not relief[:, :20].any() and not relief[:, -20:].any() and not relief[:10].any()


def test_the_skin_texture_holds_the_persons_colour_and_no_background() -> None:
    head = portrait().head
    assert head.albedo is not None
    rows, columns = np.mgrid[:512, :512]
    cheeks = (abs(rows - 290) < 20) & (abs(abs(columns - 256) - 70) < 15)

    cheek = np.median(head.albedo[cheeks], axis=0) / 255

    np.testing.assert_allclose(cheek, head.colours["skin"], atol=0.1)
    red, green, blue = cheek
    assert red > green > blue


def test_left_and_right_cheek_are_equally_light() -> None:
    head = portrait().head
    assert head.albedo is not None
    light = head.albedo.astype(float).mean(2)

    right, left = light[270:310, 160:200].mean(), light[270:310, 312:352].mean()

    assert right == pytest.approx(left, rel=0.12)


def test_the_same_photo_gives_the_same_head() -> None:
    again = head_from_photo(encoded(astronaut()), SMALL).head

    np.testing.assert_array_equal(again.vertices, portrait().head.vertices)
    np.testing.assert_array_equal(again.albedo, portrait().head.albedo)


def test_the_smile_is_told_and_taken_out() -> None:
    assert any("a smile" in warning for warning in portrait().warnings)
    lips = portrait().head.landmarks()[[13, 14]]
    assert np.linalg.norm(lips[0] - lips[1]) < 0.0015


def test_a_grey_photo_gives_a_head_too() -> None:
    grey = cv2.cvtColor(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)

    head = head_from_photo(encoded(grey), SMALL).head

    assert np.ptp(head.colours["skin"]) < 0.02


def test_an_enlarged_photo_gives_the_same_landmarks_enlarged() -> None:
    double = cv2.resize(astronaut(), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)

    found = detect_face(double).landmarks

    missed = np.linalg.norm((found.points_px / 2 - detection().landmarks.points_px)[:, :2], axis=1)
    assert np.sqrt((missed**2).mean()) < 0.03 * detection().landmarks.eye_distance_px


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_photo_lying_on_its_side_is_set_upright_and_said(quarter_turns: int) -> None:
    pixels = np.ascontiguousarray(np.rot90(astronaut(), quarter_turns))

    found = detect_face(pixels)

    assert abs(np.degrees(found.landmarks.turn()[2])) < 10
    assert found.quarter_turns == 4 - quarter_turns
    upright = np.ascontiguousarray(np.rot90(pixels, found.quarter_turns))
    assert any("turned upright" in said for said in checks.refuse_or_warn(found, upright))


def test_of_two_faces_the_larger_is_used_and_it_is_said() -> None:
    face = astronaut()[0:256, 96:352]
    small = cv2.resize(face, (160, 160), interpolation=cv2.INTER_AREA)
    pixels = on_grey(face, 560, 300, 20, 20)
    pixels[60:220, 340:500] = small

    result = head_from_photo(encoded(pixels), SMALL)

    assert any("2 faces; the largest one was used" in warning for warning in result.warnings)
    assert result.landmarks.points_px[:, 0].max() < 290


def test_a_small_face_in_a_large_picture_is_found() -> None:
    face = cv2.resize(astronaut()[0:256, 96:352], (230, 230), interpolation=cv2.INTER_AREA)

    found = detect_face(on_grey(face, 2400, 1800, 1900, 300))

    assert found.landmarks.points_px[:, 0].min() > 1900


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((400, 400, 3), 127, np.uint8),
        np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8),
        np.repeat(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], 400, 0).repeat(3, 2),
    ],
    ids=["plain", "noise", "ramp"],
)
def test_a_photo_without_a_face_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(PhotoError, match="No face was found in the photo"):
        head_from_photo(encoded(pixels), SMALL)


def test_a_face_under_sixty_pixels_is_refused_with_its_size() -> None:
    face = cv2.resize(astronaut()[0:256, 96:352], (100, 100), interpolation=cv2.INTER_AREA)

    with pytest.raises(PhotoError, match=r"is \d\d pixels wide; at least 60 are needed"):
        head_from_photo(encoded(on_grey(face, 300, 300, 90, 90)), SMALL)


@pytest.mark.parametrize(("yaw", "side"), [(60.0, "left"), (-60.0, "right")])
def test_a_profile_is_refused_with_its_angle_and_side(yaw: float, side: str) -> None:
    with pytest.raises(PhotoError, match=rf"profile.*5\d|6\d degrees to the subject's {side}"):
        checks.refuse_or_warn(turned(yaw), astronaut())


def test_a_half_turned_face_is_used_with_a_warning_that_says_the_angle() -> None:
    said = checks.refuse_or_warn(turned(28.0), astronaut())

    assert any("turned about 2" in warning and "subject's left" in warning for warning in said)


def test_a_face_seen_from_above_is_refused_with_its_angle() -> None:
    points = detection().landmarks.points_px
    angle = np.radians(-50.0)
    middle = points.mean(0)
    nod = np.array(
        [[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]]
    )
    face = FaceLandmarks((points - middle) @ nod.T + middle, (512, 512))

    with pytest.raises(PhotoError, match=r"tilted (back|down) about [45]\d degrees"):
        checks.refuse_or_warn(Detection(face, 1, 0, 0.01), astronaut())


def test_a_face_cut_off_by_the_edge_is_refused_or_said() -> None:
    points = detection().landmarks.points_px
    left, right = points[:, 0].min(), points[:, 0].max()
    half = FaceLandmarks(points - ((left + right) / 2, 0, 0), (512, 512))
    little = FaceLandmarks(points - (left + 0.05 * (right - left), 0, 0), (512, 512))

    with pytest.raises(PhotoError, match=r"cut off: .* of its outline lies outside"):
        checks.refuse_or_warn(Detection(half, 1, 0, 0.01), astronaut())
    said = checks.refuse_or_warn(Detection(little, 1, 0, 0.01), astronaut())
    assert any("cut off by the edge" in warning for warning in said)


def test_a_blurred_face_is_said_and_an_uncertain_one_refused() -> None:
    found = detection()
    blurred = cv2.GaussianBlur(astronaut(), (0, 0), 5)

    said = checks.refuse_or_warn(found, blurred)

    assert any("blurred" in warning for warning in said)
    with pytest.raises(PhotoError, match="too unclear"):
        checks.refuse_or_warn(Detection(found.landmarks, 1, 0, 0.2), astronaut())


@pytest.mark.parametrize("colour", [(130, 170, 210), (235, 235, 238), (25, 25, 28)])
def test_a_mask_over_nose_and_mouth_is_said(colour: tuple[int, int, int]) -> None:
    points = detection().landmarks.points_px[:, :2]
    ring = [6, 117, 123, 172, 152, 397, 352, 346]
    masked = astronaut().copy()
    cv2.fillPoly(masked, [np.round(points[ring]).astype(np.int32)], colour, cv2.LINE_AA)

    said = checks.refuse_or_warn(detection(), masked)

    assert any("cover the nose and mouth" in warning for warning in said)
    assert not any("cover" in s for s in checks.refuse_or_warn(detection(), astronaut()))


def under_skin(*rings: tuple[int, ...]) -> np.ndarray:
    """The portrait with shaded, grainy skin pasted over some features."""
    points = detection().landmarks.points_px[:, :2]
    skin = astronaut()[tuple(np.round(points[50][::-1]).astype(int))].astype(float)
    shade = np.linspace(0.85, 1.1, 512)[None, :, None]
    pasted = skin * shade + np.random.default_rng(0).normal(0, 3, (512, 512, 3))
    over = np.zeros((512, 512), np.float32)
    for ring in rings:
        middle, radius = points[list(ring)].mean(0), int(0.8 * np.ptp(points[list(ring), 0]))
        cv2.circle(over, np.round(middle).astype(int).tolist(), radius, 1.0, -1)
    over = cv2.GaussianBlur(over, (0, 0), 1.5)[..., None]
    return np.clip(astronaut() * (1 - over) + over * pasted, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("ring", "name"), [(LIPS_OUTER, "mouth"), (EYE_RIGHT, "right eye"), (EYE_LEFT, "left eye")]
)
def test_skin_over_one_feature_is_said_and_over_two_refused(
    ring: tuple[int, ...], name: str
) -> None:
    other = EYE_LEFT if ring != EYE_LEFT else LIPS_OUTER

    said = checks.refuse_or_warn(detection(), under_skin(ring))

    assert any(f"The {name} cannot be seen" in warning for warning in said)
    with pytest.raises(PhotoError, match="cannot be seen: something of the colour of skin"):
        checks.refuse_or_warn(detection(), under_skin(ring, other))


def test_a_hundred_megapixel_portrait_gives_a_head() -> None:
    face = cv2.resize(astronaut(), (10000, 10000), interpolation=cv2.INTER_LINEAR)

    result = head_from_photo(encoded(face, "JPEG"), SMALL)

    assert max(result.landmarks.image_size) <= 4096
    assert not any("skin will look soft" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"no photo at all", "not a picture"),
        (encoded(astronaut(), "JPEG")[:9000], "damaged or incomplete"),
    ],
)
def test_bytes_that_are_no_photo_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(PhotoError, match=said):
        head_from_photo(data, SMALL)
