"""What the network sees beside the mesh is alike on both sides, and no fit takes it for the person."""

from __future__ import annotations

import numpy as np

from dirfa_blender.core import head_fit
from dirfa_blender.core.face_landmarks import LIPS_OUTER, OVAL, FaceLandmarks
from dirfa_blender.core.head_fit import FitSettings
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.head_surface import mean_face
from dirfa_blender.core.head_view import View
from dirfa_blender.core.seen_face import seen_beside, seen_motion

FLIPPED = np.array([-1.0, 1.0, 1.0])


def test_both_sides_of_a_face_are_seen_alike() -> None:
    mirror = mean_face()[1]

    for seen in (seen_beside(), seen_motion("jawOpen")):
        np.testing.assert_allclose(seen[mirror] * FLIPPED, seen, atol=1.1e-5)


def test_a_right_smile_is_seen_as_the_left_one_in_a_mirror() -> None:
    left, right = (seen_motion(f"mouthSmile{side}") for side in ("Left", "Right"))

    np.testing.assert_array_equal(right, left[mean_face()[1]] * FLIPPED)
    assert np.abs(left).max() > 0.0005


def test_a_shape_that_was_not_measured_moves_as_the_mesh_does() -> None:
    assert not seen_motion("browInnerUp").any()


def test_what_a_smile_does_to_the_networks_view_stays_out_of_the_head() -> None:
    template = shaped_template()
    smile = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "jawOpen": 0.2}
    resting = template.landmarks().astype(np.float64) + seen_beside()
    moved = template.landmarks(template.posed(smile)) - template.landmarks()
    more = sum(weight * seen_motion(name) for name, weight in smile.items())

    def jaw(points: np.ndarray) -> np.ndarray:
        view = View(np.eye(3), 3000.0, np.array([900.0, 0.0, -700.0]))
        photo = FaceLandmarks(view.to_photo(points), (1800, 1500))
        solution = head_fit.solve([photo], FitSettings())
        return head_fit.bare_fit(solution, FitSettings()).head.landmarks()[[58, 172, 288, 397]]

    known = np.abs(jaw(resting + moved + more) - jaw(resting)).max()
    taken_for_the_person = np.abs(jaw(resting + moved + 3 * more) - jaw(resting)).max()

    assert known < 0.001
    assert known < taken_for_the_person


def test_an_expression_taken_off_by_the_mesh_leaves_what_is_seen_more_and_half_on_the_lips() -> (
    None
):
    template = shaped_template()
    posed = template.landmarks(template.posed({"jawOpen": 0.4, "mouthSmileLeft": 0.6}))
    points = posed.astype(np.float64) + seen_beside()
    view = View(np.eye(3), 3000.0, np.array([900.0, 0.0, -700.0]))
    solution = head_fit.solve([FaceLandmarks(view.to_photo(points), (1800, 1500))], FitSettings())
    names = list(head_fit.EXPRESSIONS)

    seen, moved = (head_fit.neutral_landmarks_px(solution, by_mesh=b) for b in (False, True))

    found = zip(names, solution.expressions[0], strict=True)
    more = sum(weight * seen_motion(name) for name, weight in found)
    turned = more @ solution.views[0].rotation.T * solution.views[0].scale
    outline, lips = list(OVAL), list(LIPS_OUTER)
    shown = turned[:, [0, 2]] * (1.0, -1.0)
    np.testing.assert_allclose((moved - seen)[outline], shown[outline], atol=1e-6)
    assert np.abs(shown[outline]).max() > 0.5
    np.testing.assert_allclose((moved - seen)[lips], 0.5 * shown[lips], atol=1e-6)
