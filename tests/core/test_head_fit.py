"""The fit gives back a face it is shown, level and neutral, and leaves what a photo cannot know."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dirfa_blender.core import head_fit, rotation
from dirfa_blender.core.errors import PhotoError, SettingsError
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import Fit, FitSettings, bare_fit, shaped_fit, solve
from dirfa_blender.core.head_shapes import HEAD_SHAPES, with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import OVAL, FaceLandmarks
from dirfa_blender.core.likeness.sliders import HeadSliders, parsed_sliders, slid, sliders_of
from dirfa_blender.core.likeness.view import View

EYE_DISTANCE_PX = 200.0
LEVEL = (0.0, 0.0, 0.0)


@cache
def shaped() -> Head:
    return with_shapes(template())


def photographed(
    points: np.ndarray, turn_degrees: tuple[float, float, float] = LEVEL
) -> FaceLandmarks:
    """Landmarks (468, 3) in metres as a camera far away would see them, turned in the head frame."""
    turned = rotation.to_matrix(np.radians(turn_degrees))
    view = View(turned, EYE_DISTANCE_PX / 0.063, np.array([900.0, 0.0, -700.0]))
    return FaceLandmarks(view.to_photo(points), (1800, 1500))


def template_points(expression: dict[str, float] | None = None) -> np.ndarray:
    head = shaped()
    return head.landmarks(head.posed(expression or {})).astype(np.float64)


def fitted_to(landmarks: FaceLandmarks, settings: FitSettings | None = None) -> Fit:
    """What is fitted to one photo, with its shapes."""
    settings = settings or FitSettings()
    return shaped_fit(bare_fit(solve([landmarks], settings), settings))


@cache
def fitted(turn_degrees: tuple[float, float, float] = LEVEL) -> Fit:
    return fitted_to(photographed(template_points(), turn_degrees))


def test_the_template_shown_to_the_fit_comes_back() -> None:
    scale = 0.063 / (2 * shaped().vertices[shaped().part("eye_left"), 0].mean())

    head = fitted().head

    missed = np.linalg.norm(head.vertices - template().vertices * scale, axis=1)
    assert missed.max() < 0.0015, f"worst vertex {missed.max() * 1000:.2f} mm away"


@pytest.mark.parametrize("turn", [(0.0, 12.0, 0.0), (-10.0, 0.0, 0.0), (4.0, -9.0, 20.0)])
def test_the_turn_of_the_head_is_read_and_removed(turn: tuple[float, float, float]) -> None:
    fit = fitted(turn)

    np.testing.assert_allclose(np.degrees(rotation.from_matrix(fit.view.rotation)), turn, atol=0.5)
    np.testing.assert_allclose(fit.head.vertices, fitted().head.vertices, atol=0.0005)


def test_the_turn_is_read_without_a_template_too() -> None:
    for turn in [(0.0, 15.0, 0.0), (0.0, -15.0, 0.0), (0.0, 0.0, 25.0), (0.0, 0.0, -25.0)]:
        seen = np.degrees(photographed(template_points(), turn).turn())

        np.testing.assert_allclose(seen[1:], turn[1:], atol=1.5, err_msg=str(turn))
    up, down = (photographed(template_points(), (p, 0.0, 0.0)).turn()[0] for p in (10.0, -10.0))
    assert np.degrees(up - down) == pytest.approx(20, abs=1)


def test_an_expression_is_taken_out_of_the_head() -> None:
    smile = {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "jawOpen": 0.25}
    shown = photographed(template_points(smile))

    fit = fitted_to(shown)

    assert fit.expression["mouthSmileLeft"] > 0.4
    assert fit.expression["jawOpen"] > 0.15
    gap = np.linalg.norm(np.subtract(*fit.head.landmarks()[[13, 14]]))
    assert gap < 0.0015
    width = np.ptp(fit.head.landmarks()[[61, 291], 0])
    assert width == pytest.approx(np.ptp(fitted().head.landmarks()[[61, 291], 0]), rel=0.06)


def test_the_photographed_vertices_lie_on_the_photos_landmarks() -> None:
    random = np.random.default_rng(4)
    points = template_points({"mouthSmileLeft": 0.5})
    points[:, [0, 2]] *= 1 + 0.05 * random.standard_normal(2)
    shown = photographed(points, (3.0, 8.0, -5.0))

    fit = fitted_to(shown)

    at_landmarks = fit.head.landmarks(fit.photo_vertices_px.astype(np.float32))
    inner = np.setdiff1d(np.arange(468), head_fit.OVAL)
    missed = np.linalg.norm((at_landmarks - shown.points_px)[inner, :2], axis=1) / EYE_DISTANCE_PX
    assert np.sqrt((missed**2).mean()) < 0.005
    assert missed.max() < 0.03


def test_a_wider_face_gives_a_wider_head() -> None:
    wide = template_points() * (1.08, 1.0, 1.0)

    head = fitted_to(photographed(wide), FitSettings(interpupillary_distance_metres=0.068)).head

    def shape(of: Head) -> float:
        points = of.landmarks()
        return float(np.ptp(points[[234, 454], 0]) / (points[10, 2] - points[152, 2]))

    assert shape(head) / shape(template()) == pytest.approx(1.08, abs=0.03)


def test_asymmetry_is_damped_by_the_setting() -> None:
    points = template_points()
    points[points[:, 0] > 0.01, 2] += 0.004

    def unevenness(share: float) -> float:
        fit = fitted_to(photographed(points), FitSettings(asymmetry=share))
        eyes = fit.head.landmarks()[[33, 263], 2]
        return float(abs(eyes[1] - eyes[0]))

    assert unevenness(0.0) < 1e-4
    assert unevenness(0.4) < unevenness(1.0)


def test_pupils_are_as_far_apart_as_asked() -> None:
    for distance in (0.058, 0.068):
        fit = fitted_to(
            photographed(template_points()), FitSettings(interpupillary_distance_metres=distance)
        )
        left, right = (
            fit.head.vertices[fit.head.part(f"eye_{s}"), 0].mean() for s in ("left", "right")
        )

        assert left - right == pytest.approx(distance, abs=1e-4)


def test_a_fitted_head_has_the_templates_mesh_and_all_shapes() -> None:
    head = fitted().head

    np.testing.assert_array_equal(head.faces, template().faces)
    np.testing.assert_array_equal(head.uvs, template().uvs)
    assert head.shape_names == HEAD_SHAPES
    assert head.bone_names == template().bone_names


def test_eyeballs_stay_spheres_and_lids_stay_outside_them() -> None:
    points = template_points() * (1.05, 1.0, 0.95)
    points[[159, 386], 2] += 0.002

    head = fitted_to(photographed(points)).head

    for side in ("left", "right"):
        globe = head.vertices[head.part(f"eye_{side}")].astype(np.float64)
        size = np.ptp(globe, axis=0)
        assert size[0] == pytest.approx(size[2], rel=0.02)
        centre = (globe.min(0) + globe.max(0)) / 2
        centre[1] = globe[:, 1].min() + size[0] / 2
        lids = head.vertices[head.part(f"lid_upper_{side}", f"lid_lower_{side}")]
        assert np.linalg.norm(lids - centre, axis=1).min() > 0.97 * size[0] / 2


def test_view_maps_to_the_photo_and_back() -> None:
    random = np.random.default_rng(2)
    view = View(rotation.to_matrix((0.2, -0.3, 0.1)), 1500.0, np.array([300.0, 10.0, -200.0]))
    points = random.standard_normal((20, 3))

    np.testing.assert_allclose(view.to_head(view.to_photo(points)), points, atol=1e-12)


@pytest.mark.parametrize(
    ("slider", "measure", "grows"),
    [
        ("head_depth", lambda h: h.vertices[:, 1].max(), True),
        ("nose_length", lambda h: h.landmarks()[4, 1], False),
        ("ear_size", lambda h: np.ptp(h.vertices[h.part("ear_left"), 2]), True),
        ("neck_width", lambda h: h.vertices[h.part("neck"), 0].max(), True),
        ("jaw_depth", lambda h: h.landmarks()[152, 1], False),
        ("age", lambda h: h.landmarks()[379, 2], False),
    ],
)
def test_each_slider_moves_its_own_measure(slider: str, measure, grows: bool) -> None:
    head = template()

    larger = slid(head, HeadSliders(**{slider: 0.2}))
    smaller = slid(head, HeadSliders(**{slider: -0.2}))

    assert (measure(larger) > measure(head)) == grows
    assert (measure(smaller) < measure(head)) == grows


def test_sliders_at_zero_change_nothing() -> None:
    assert slid(template(), HeadSliders()) is template()


def test_settings_outside_their_range_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"depth must lie in 0\.0\.\.1\.0, got 1\.5"):
        FitSettings(depth=1.5)
    with pytest.raises(SettingsError, match="interpupillary_distance_metres"):
        FitSettings(interpupillary_distance_metres=6.3)
    with pytest.raises(SettingsError, match=r"ear_size must lie in -0\.5\.\.0\.6, got 3"):
        HeadSliders(ear_size=3.0)


@pytest.mark.parametrize("points", [np.zeros((68, 3)), np.full((468, 3), np.nan)])
def test_landmarks_of_another_kind_are_refused(points: np.ndarray) -> None:
    with pytest.raises(PhotoError, match="468 or 478 finite points"):
        FaceLandmarks(points, (100, 100))


def with_a_long_nose() -> np.ndarray:
    """Template points whose nose stands out 6 mm farther, fading over 3 cm."""
    points = template_points()
    far = np.linalg.norm(points - points[4], axis=1)
    points[:, 1] -= 0.006 * np.exp(-((far / 0.018) ** 2))
    return points


def nose_length(fit: Fit) -> float:
    """How far the tip stands before the cheeks, in eye distances."""
    points = fit.head.landmarks()
    return float((points[[205, 425], 1].mean() - points[4, 1]) / np.ptp(points[[33, 263], 0]))


def test_photos_from_the_sides_settle_the_depth_that_one_cannot_show() -> None:
    points, settings = with_a_long_nose(), FitSettings()
    turns = [(0.0, 0.0, 0.0), (0.0, 30.0, 0.0), (0.0, -30.0, 0.0)]
    views = [photographed(points, turn) for turn in turns]
    truth = (points[[205, 425], 1].mean() - points[4, 1]) / np.ptp(points[[33, 263], 0])

    alone = nose_length(bare_fit(solve(views[:1], settings), settings))
    together = nose_length(bare_fit(solve(views, settings), settings))

    assert abs(together - truth) < 0.5 * abs(alone - truth)


def test_a_turned_photo_is_read_by_what_is_seen_across_it_not_by_the_networks_depth() -> None:
    points = template_points()
    side, less = (photographed(points, (0.0, yaw, 0.0)) for yaw in (30.0, 20.0))
    seen = np.c_[side.points_px[:, :2], less.points_px[:, 2]]
    photos = [photographed(points), FaceLandmarks(seen, side.image_size)]

    view = solve(photos, FitSettings()).views[1]

    yaw = np.degrees(rotation.from_matrix(view.rotation))[1]
    assert yaw == pytest.approx(30.0, abs=1.5)


def test_a_correction_moves_the_features_by_what_was_missed() -> None:
    settings = FitSettings()
    solution = solve([photographed(template_points())], settings)
    missed = np.zeros((468, 2))
    missed[:, 1] = np.where(solution.photos_px[0][:, 1] > solution.photos_px[0][4, 1], 6.0, 0.0)
    before = bare_fit(solution, settings)

    after = bare_fit(head_fit.corrected(solution, [missed], settings), settings)

    lips = [0, 17, 37, 267]
    moved = after.view.to_photo(after.head.landmarks()) - before.view.to_photo(
        before.head.landmarks()
    )
    assert moved[lips, 1].mean() == pytest.approx(6.0, abs=1.0)
    assert np.abs(moved[[10, 151, 9]]).max() < 2.0


def test_a_look_turns_the_head_by_what_is_missed_inside_the_face_not_on_its_outline() -> None:
    solution = solve([photographed(template_points())], FitSettings())
    view = solution.views[0]
    turn = rotation.to_matrix(np.radians((0.0, 2.0, 0.0)))
    asked = (template_points() @ (turn - np.eye(3)).T @ view.rotation.T) * view.scale
    missed = asked[:, [0, 2]] * (1.0, -1.0)
    inside, outline = missed.copy(), missed.copy()
    inside[list(OVAL)] = 0.0
    outline[np.setdiff1d(np.arange(len(missed)), OVAL)] = 0.0

    turned, still = (head_fit.reposed(solution, part)[0].views[0] for part in (inside, outline))

    yaw = np.degrees(rotation.from_matrix(turned.rotation @ view.rotation.T))[1]
    assert yaw == pytest.approx(2.0, abs=0.5)
    np.testing.assert_allclose(still.rotation, view.rotation, atol=1e-9)


def test_sliders_are_read_from_words_remembered_and_taken_back() -> None:
    head = template()

    longer = slid(head, parsed_sliders(["nose-length=0.3", "head_depth=-0.1"]))
    again = slid(longer, HeadSliders())

    assert sliders_of(longer) == HeadSliders(nose_length=0.3, head_depth=-0.1)
    assert sliders_of(again) == HeadSliders()
    assert np.linalg.norm(again.vertices - head.vertices, axis=1).max() < 0.001


@pytest.mark.parametrize(
    ("words", "said"),
    [("nose=0.1", "no head slider 'nose'"), ("ear_size=big", "ear_size must be a number")],
)
def test_sliders_that_are_none_are_refused_by_name(words: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parsed_sliders([words])
