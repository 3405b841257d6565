"""Facts about a head's shapes, looked at from outside: from the front, by landmarks, part by part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core.anatomy.face_view import swapped, vertex_normals
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import ARKIT_NAMES, HEAD_SHAPES, with_shapes
from dirfa_blender.core.head_template import template

Array = npt.NDArray[np.float64]

MM = 1e-3
PIXEL = 0.2  # millimetres
SEAL_TOLERANCE = 1.0  # millimetres of anything but lips seen between closed lips
LID_TOLERANCE = 0.5  # millimetres of eyeball seen between closed lids
CORNER = 0.12  # share of the mouth at either corner, where the linings of the lips mingle
CROSS_TOLERANCE = 0.6  # millimetres of lower lip seen above the upper lip's edge
EYE_TOLERANCE = 0.05  # millimetres a lid may dip into the eye beyond its place at rest
TURNED_DEGREES = 120.0  # a skin face turned further than this from rest counts as inverted

SPEECH = (
    {"jawOpen": 0.6, "mouthStretchLeft": 1.0, "mouthStretchRight": 1.0},
    {"jawOpen": 0.4, "mouthPucker": 1.0},
    {"jawOpen": 0.4, "mouthFunnel": 0.8},
    {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "jawOpen": 0.4, "mouthClose": 0.4},
    {"mouthPressLeft": 1.0, "mouthPressRight": 1.0, "mouthRollUpper": 0.6, "mouthRollLower": 0.6},
    {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    {"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0},
    {"jawOpen": 0.1, "mouthRollLower": 0.7, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3},
)
# Shape, landmark, axis (0 subject's left, 1 backward, 2 up) and the least motion in millimetres.
MOTIONS = (
    ("eyeBlinkLeft", 386, 2, -4.0),
    ("eyeBlinkLeft", 374, 2, 0.8),
    ("eyeSquintLeft", 374, 2, 1.0),
    ("eyeWideLeft", 386, 2, 1.0),
    ("eyeLookDownLeft", 386, 2, -1.5),
    ("eyeLookUpLeft", 386, 2, 0.5),
    ("jawOpen", 14, 2, -18.0),
    ("jawOpen", 152, 2, -10.0),
    ("jawOpen", 152, 1, 5.0),
    ("jawForward", 17, 1, -3.0),
    ("jawLeft", 152, 0, 3.0),
    ("mouthClose", 14, 2, 8.0),
    ("mouthFunnel", 13, 1, -3.0),
    ("mouthFunnel", 13, 2, 2.0),
    ("mouthFunnel", 14, 2, -2.0),
    ("mouthPucker", 291, 0, -6.0),
    ("mouthPucker", 14, 1, -4.0),
    ("mouthLeft", 13, 0, 4.0),
    ("mouthLeft", 14, 0, 4.0),
    ("mouthSmileLeft", 291, 0, 3.0),
    ("mouthSmileLeft", 291, 1, 2.0),
    ("mouthSmileLeft", 291, 2, 4.0),
    ("mouthSmileLeft", 280, 2, 2.0),
    ("mouthFrownLeft", 291, 2, -3.0),
    ("mouthDimpleLeft", 291, 0, 2.0),
    ("mouthDimpleLeft", 287, 1, 3.0),
    ("mouthStretchLeft", 291, 0, 4.0),
    ("mouthStretchLeft", 291, 2, -1.0),
    ("mouthRollLower", 14, 1, 1.0),
    ("mouthRollUpper", 13, 1, 1.0),
    ("mouthShrugLower", 200, 2, 2.0),
    ("mouthShrugLower", 17, 2, 1.0),
    ("mouthShrugUpper", 0, 2, 1.0),
    ("mouthPressLeft", 405, 2, 0.3),
    ("mouthLowerDownLeft", 402, 2, -3.0),
    ("mouthUpperUpLeft", 311, 2, 3.0),
    ("browDownLeft", 285, 2, -3.0),
    ("browDownLeft", 285, 0, -1.0),
    ("browInnerUp", 336, 2, 3.0),
    ("browOuterUpLeft", 300, 2, 3.0),
    ("cheekPuff", 427, 0, 3.0),
    ("cheekSquintLeft", 347, 2, 2.0),
    ("cheekSquintLeft", 374, 2, 0.8),
    ("noseSneerLeft", 358, 2, 2.0),
    ("tongueOut", 14, 2, -1.0),
)


@pytest.fixture(scope="module")
def head() -> Head:
    return with_shapes(template())


def test_the_head_has_the_52_shapes_and_a_raised_tongue_and_each_moves_something(head: Head):
    reach = np.linalg.norm(head.shape_deltas, axis=2).max(1)

    assert head.shape_names == (*ARKIT_NAMES, "tongueUp")
    assert len(set(ARKIT_NAMES)) == 52
    assert {
        n: r for n, r in zip(HEAD_SHAPES, reach, strict=True) if not 1.0 * MM < r < 50.0 * MM
    } == {}


def test_left_and_right_are_exact_mirrors(head: Head):
    mirror = mirror_of(head)
    assert len(np.unique(mirror)) == len(mirror)

    for name in HEAD_SHAPES:
        here, there = delta(head, name), delta(head, swapped(name))
        off = np.abs(here - there[mirror] * [-1, 1, 1]).max()
        assert off < 1e-3 * MM, f"{name} and {swapped(name)} differ by {off / MM:.4f} mm"


def test_two_sided_shapes_add_up_to_no_sideways_motion_of_the_midline(head: Head):
    middle = np.abs(head.vertices[:, 0]) < 1e-6

    for name in HEAD_SHAPES:
        if swapped(name) == name:
            assert np.abs(delta(head, name)[middle, 0]).max() < 1e-3 * MM, name


@pytest.mark.parametrize(("name", "landmark", "axis", "least"), MOTIONS)
def test_a_landmark_moves_the_way_the_muscle_pulls(
    head: Head, name: str, landmark: int, axis: int, least: float
):
    moved = (head.landmarks(head.posed({name: 1.0})) - head.landmarks())[landmark, axis] / MM

    assert moved * np.sign(least) > abs(least), f"{name}: landmark {landmark} moved {moved:.2f} mm"


def test_one_sided_shapes_leave_the_far_side_of_the_face_still(head: Head):
    far = head.part("face", "lips_*", "lid_*") & (head.vertices[:, 0] < -30.0 * MM)

    for name in HEAD_SHAPES:
        if name.endswith("Left") and not name.startswith(("jaw", "mouthLeft")):
            assert np.abs(delta(head, name)[far]).max() < 0.6 * MM, name


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_mouth_close_seals_the_lips_at_any_jaw_opening(head: Head, weight: float):
    seen = View(head, head.posed({"jawOpen": weight, "mouthClose": weight}), "mouth")

    assert seen.tallest("teeth", "gums", "tongue", "cavity") <= SEAL_TOLERANCE


def test_closed_lips_touch_along_the_whole_slit_under_an_open_jaw(head: Head):
    for weight in (0.25, 0.5, 0.75, 1.0):
        moved = head.posed({"jawOpen": weight, "mouthClose": weight}).astype(float)
        gap = lip_distances(head, moved) - lip_distances(head, head.vertices.astype(float))
        assert gap.max() < SEAL_TOLERANCE * MM, (
            f"at {weight} the lips part by {gap.max() / MM:.2f} mm"
        )


def test_f_lays_the_lower_lip_on_the_edge_of_the_upper_teeth(head: Head):
    bitten = {"jawOpen": 0.11, "mouthClose": 0.04, "mouthRollLower": 0.45}
    bitten |= {f"mouthUpperUp{side}": 0.15 for side in ("Left", "Right")}
    seen = View(head, head.posed(bitten), "mouth")

    assert seen.tallest("teeth_upper", share=0.3) > 1.0
    assert seen.tallest("cavity", "tongue", "teeth_lower", share=0.3) <= 0.4


def test_the_jaw_opens_the_mouth_as_wide_as_a_jaw_does(head: Head):
    points = head.landmarks(head.posed({"jawOpen": 1.0}))

    assert 22.0 * MM < points[13, 2] - points[14, 2] < 40.0 * MM


@pytest.mark.parametrize("name", [n for n in HEAD_SHAPES if n != "mouthClose"])
def test_lips_do_not_cross_in_a_single_shape(head: Head, name: str):
    assert View(head, head.posed({name: 1.0}), "mouth").crossed() <= CROSS_TOLERANCE


@pytest.mark.parametrize("weights", SPEECH, ids=lambda w: "+".join(w))
def test_lips_do_not_cross_in_speech(head: Head, weights: dict[str, float]):
    assert View(head, head.posed(weights), "mouth").crossed() <= CROSS_TOLERANCE


def test_a_laugh_narrows_the_eyes_by_a_quarter_to_a_half(head: Head):
    laugh = {"mouthSmile": 0.9, "cheekSquint": 0.7, "eyeSquint": 0.5}
    both = {f"{name}{side}": share for name, share in laugh.items() for side in ("Left", "Right")}
    seen = [View(head, head.posed(weights), "eye_left").tallest("eye") for weights in ({}, both)]

    assert 0.5 < seen[1] / seen[0] < 0.75


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_blink_hides_the_eye(head: Head, side: str):
    neutral = View(head, head.vertices, f"eye_{side}")
    closed = View(head, head.posed({f"eyeBlink{side.title()}": 1.0}), f"eye_{side}")

    assert neutral.tallest("eye", "cornea") > 6.0
    assert closed.tallest("eye", "cornea") <= LID_TOLERANCE


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in HEAD_SHAPES
        if name.startswith(("eye", "brow", "cheek", "noseS", "mouthSmile")) and "Right" not in name
    ],
)
def test_no_lid_enters_the_eyeball_at_any_weight(head: Head, name: str):
    lids = head.part("lid_upper_left", "lid_lower_left")
    if name == "eyeBlinkLeft":  # its rim and lining lie behind the skin that is seen
        arms = head.vertices - head.vertices[head.part("eye_left")].mean(0)
        lids &= (arms * vertex_normals(head.vertices, head.faces)).sum(1) > 0.0
    rest = np.minimum(room(head, head.vertices, lids), 0.0)

    for weight in (0.25, 0.5, 0.75, 1.0):
        left = room(head, head.posed({name: weight}), lids) - rest
        assert left.min() > -EYE_TOLERANCE * MM, f"{name} {weight}: {left.min() / MM:.2f} mm inside"


def test_eyeballs_turn_as_rigid_bodies(head: Head):
    for name, degrees in (
        ("eyeLookOutLeft", 30.0),
        ("eyeLookInLeft", 30.0),
        ("eyeLookUpLeft", 25.0),
    ):
        ball = head.part("eye_left", "cornea_left")
        angle = rigid_angle(head.vertices[ball], head.posed({name: 1.0})[ball])
        assert angle == pytest.approx(degrees, abs=0.5), name


def test_upper_teeth_belong_to_the_skull(head: Head):
    teeth = head.part("teeth_upper", "gums_upper")

    assert np.abs(head.shape_deltas[:, teeth]).max() == 0.0


def test_lower_teeth_belong_to_the_jaw(head: Head):
    teeth = head.part("teeth_lower", "gums_lower")
    moved = {n for n in HEAD_SHAPES if np.abs(delta(head, n)[teeth]).max() > 0.0}

    assert moved == {"jawOpen", "jawForward", "jawLeft", "jawRight"}
    assert rigid_angle(head.vertices[teeth], head.posed({"jawOpen": 1.0})[teeth]) > 12.0


def test_the_tongues_tip_rises_behind_the_upper_teeth_while_its_root_and_the_lips_stay(head: Head):
    tongue, teeth = head.part("tongue"), head.vertices[head.part("teeth_upper")]
    front = teeth[np.abs(teeth[:, 0]) < 8.0 * MM]
    moved = head.posed({"jawOpen": 0.2, "tongueUp": 1.0})[tongue]
    tip = moved[moved[:, 1].argmin()]

    assert front[:, 2].min() < tip[2] < front[:, 2].max() + 4.0 * MM
    assert tip[1] > front[:, 1].min() + 3.0 * MM
    assert np.abs(delta(head, "tongueUp")[~tongue & ~head.part("cavity")]).max() == 0.0
    root = head.vertices[:, 1] > head.vertices[tongue, 1].max() - 10.0 * MM
    assert np.abs(delta(head, "tongueUp")[tongue & root]).max() < 0.1 * MM


def test_lashes_stay_on_their_lids(head: Head):
    lids, lashes = head.part("lid_upper_left"), head.part("lashes_upper_left")
    gap = np.linalg.norm(head.vertices[lashes][:, None] - head.vertices[lids], axis=-1)
    roots = gap.min(1) < 0.3 * MM
    pairs = gap[roots].argmin(1)

    moved = head.posed({"eyeBlinkLeft": 1.0})
    after = np.linalg.norm(moved[lashes][roots] - moved[lids][pairs], axis=1)

    assert roots.sum() > 20
    assert after.max() < 1.5 * MM


def test_shoulders_neck_base_and_crown_stay_still(head: Head):
    chin = head.landmarks()[152, 2]
    still = head.part("bust") | (head.part("neck") & (head.vertices[:, 2] < chin - 80.0 * MM))
    still |= head.vertices[:, 2] > head.landmarks()[10, 2] + 45.0 * MM

    assert np.abs(head.shape_deltas[:, still]).max() == 0.0


def test_no_skin_face_turns_over(head: Head):
    skin = np.isin(np.arange(len(head.vertices)), np.flatnonzero(head.part("face", "neck", "nose")))
    faces = head.faces[(skin[head.faces] | (head.faces < 0)).all(1)]
    rest = face_normals(head.vertices, faces)

    for name in HEAD_SHAPES:
        turned = (face_normals(head.posed({name: 1.0}), faces) * rest).sum(1)
        worst = np.degrees(np.arccos(np.clip(turned.min(), -1.0, 1.0)))
        assert worst < TURNED_DEGREES, f"{name} turns a face by {worst:.0f} degrees"


def test_shapes_suit_another_face(head: Head):
    x, y, z = template().vertices.T
    bent = np.stack([x * (1.07 + 0.4 * z) + 0.004 * np.tanh(x / 0.03), y * 0.96, z * 1.05], -1)
    other = with_shapes(replace(template(), vertices=bent.astype(np.float32)))

    assert np.isfinite(other.shape_deltas).all()
    seen = View(other, other.posed({"jawOpen": 1.0, "mouthClose": 1.0}), "mouth")
    assert seen.tallest("teeth", "gums", "tongue", "cavity") <= SEAL_TOLERANCE
    assert (
        View(other, other.posed({"eyeBlinkLeft": 1.0}), "eye_left").tallest("eye") <= LID_TOLERANCE
    )


def test_shapes_of_a_larger_head_are_larger_in_proportion(head: Head):
    big = with_shapes(replace(template(), vertices=template().vertices * np.float32(1.2)))

    assert np.allclose(big.shape_deltas, head.shape_deltas * 1.2, atol=0.02 * MM)


class View:
    """What is seen from straight ahead round the mouth or an eye: a part index per pixel."""

    def __init__(self, head: Head, vertices: npt.NDArray[np.float32], place: str) -> None:
        points = head.landmarks(vertices)
        around = {"mouth": (61, 291, 13, 14), "eye_left": (263, 362), "eye_right": (33, 133)}[place]
        low = points[list(around)].min(0) - 6.0 * MM
        high = points[list(around)].max(0) + 6.0 * MM
        shape = np.ceil((high - low)[[2, 0]] / (PIXEL * MM)).astype(int)
        self.head, self.picture = head, np.full(shape, -1)
        corners_x = (points[[78, 308], 0] - low[0]) / MM
        corners_x += np.array([CORNER, -CORNER]) * np.ptp(corners_x)
        self.inner = corners_x / PIXEL
        triangles = np.concatenate(
            [head.faces[:, :3], head.faces[head.faces[:, 3] >= 0][:, [0, 2, 3]]]
        )
        corners = vertices[triangles].astype(float)
        hidden = head.part("lashes*", "hair")[triangles[:, 0]]
        near = ((corners.max(1) > low) & (corners.min(1) < high))[:, [0, 2]].all(1) & ~hidden
        corners, parts = corners[near], part_of(head, triangles[near])
        spots, labels = sampled(corners, parts)
        row, column = ((spots - low) / (PIXEL * MM)).astype(int)[:, [2, 0]].T
        kept = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
        kept &= (spots > low)[:, [0, 2]].all(1)
        order = np.argsort(-spots[kept, 1], kind="stable")
        self.picture[row[kept][order], column[kept][order]] = labels[kept][order]

    def tallest(self, *prefixes: str, share: float = 1.0) -> float:
        """Millimetres of the tallest upright stretch of these parts in the middle share."""
        seen = self._mask(*prefixes).sum(0)
        aside = round(len(seen) * (1.0 - share) / 2)
        return float(seen[aside : len(seen) - aside].max() * PIXEL)

    def crossed(self) -> float:
        """Millimetres by which lower lip is seen above upper lip in a column between the corners."""
        upper, lower = self._mask("lips_upper"), self._mask("lips_lower")
        rows = np.arange(len(upper))[:, None]
        bottom = np.where(upper, rows, len(upper)).min(0)
        top = np.where(lower, rows, -1).max(0)
        columns = np.arange(upper.shape[1])
        both = (columns > self.inner[0]) & (columns < self.inner[1]) & upper.any(0) & lower.any(0)
        return float((top - bottom)[both].max(initial=0) * PIXEL)

    def _mask(self, *prefixes: str) -> npt.NDArray[np.bool_]:
        wanted = [i for i, n in enumerate(self.head.part_names) if n.startswith(prefixes)]
        return np.isin(self.picture, wanted)


def sampled(corners: Array, parts: npt.NDArray[np.int32]) -> tuple[Array, npt.NDArray[np.int32]]:
    """Points (S, 3) on the triangles (F, 3, 3), denser than the pixels, and their parts."""
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    spots, labels = [], []
    for steps in (6, 12, 24, 48):
        fits = np.ceil(longest / (0.7 * PIXEL * MM))
        chosen = (fits <= steps) & (fits > steps // 2 * (steps > 6)) | (steps == 48) & (fits > 48)
        i, j = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1))
        share = np.stack([i, j, steps - i - j], -1)[i + j <= steps] / steps
        spots.append(np.einsum("sc,fcx->fsx", share, corners[chosen]).reshape(-1, 3))
        labels.append(np.repeat(parts[chosen], len(share)))
    return np.concatenate(spots), np.concatenate(labels)


def part_of(head: Head, triangles: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The part most corners of each triangle belong to."""
    a, b, c = head.vertex_parts[triangles].T
    return np.where(b == c, b, a)


def delta(head: Head, name: str) -> npt.NDArray[np.float32]:
    return head.shape_deltas[HEAD_SHAPES.index(name)]


def mirror_of(head: Head) -> npt.NDArray[np.int64]:
    """(V,) for each vertex the one in its mirrored place in the mirrored part."""
    parts = [head.part_names.index(swapped(n)) for n in head.part_names]
    place = np.round(head.vertices / (1e-3 * MM)).astype(np.int64) + 0
    keys = np.c_[head.vertex_parts, place]
    mirrored = np.c_[np.array(parts)[head.vertex_parts], place * [-1, 1, 1]]
    order, other = np.lexsort(keys.T), np.lexsort(mirrored.T)
    result = np.empty(len(place), np.int64)
    result[other] = order
    return result


def lip_distances(head: Head, vertices: Array) -> Array:
    """Distances between the lip vertices that touch in the neutral head."""
    upper, lower = (np.flatnonzero(head.part(f"lips_{n}")) for n in ("upper", "lower"))
    rest = np.linalg.norm(head.vertices[upper][:, None] - head.vertices[lower], axis=-1)
    touching = rest.min(1) < 0.5 * MM
    pairs = rest.argmin(1)[touching]
    return np.linalg.norm(vertices[upper[touching]] - vertices[lower[pairs]], axis=1)


def room(head: Head, vertices: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> Array:
    """Metres from each masked vertex in to the eye's surface along the line to the ball's centre."""
    ball = head.part("eye_left", "cornea_left")
    eye = vertices[ball].astype(float)
    back = head.vertices[ball][head.part("eye_left")[ball]].astype(float)
    centre = (back.min(0) + back.max(0)) / 2
    centre[1] = back[:, 1].max() - np.ptp(back[:, 0]) / 2
    arms = vertices[mask].astype(float) - centre
    length = np.linalg.norm(arms, axis=1)
    toward = arms / length[:, None]
    triangles = np.concatenate([head.faces[:, :3], head.faces[head.faces[:, 3] >= 0][:, [0, 2, 3]]])
    triangles = triangles[ball[triangles].all(1)]
    number = np.cumsum(ball) - 1
    a, b, c = (eye[number[triangles[:, k]]] - centre for k in range(3))
    volume = np.einsum("fi,fi->f", a, np.cross(b, c))
    flat = np.abs(volume) < 1e-16
    a, b, c, volume = a[~flat], b[~flat], c[~flat], volume[~flat]
    u, v, w = (toward @ np.cross(p, q).T / volume for p, q in ((b, c), (c, a), (a, b)))
    hit = (u >= -1e-6) & (v >= -1e-6) & (w >= -1e-6)
    distance = np.where(hit, 1.0 / np.where(hit, u + v + w, 1.0), 0.0)
    return length - distance.max(1)


def rigid_angle(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
    """Degrees by which points turned; fails unless they kept their distances."""
    a, b = (p.astype(float) - p.astype(float).mean(0) for p in (before, after))
    u, _, vt = np.linalg.svd(a.T @ b)
    turned = a @ u @ vt
    assert np.abs(turned - b).max() < 0.01 * MM
    return float(np.degrees(np.arccos(np.clip((np.trace(u @ vt) - 1) / 2, -1.0, 1.0))))


def face_normals(vertices: npt.NDArray[np.float32], faces: npt.NDArray[np.int32]) -> Array:
    last = np.where(faces[:, 3] < 0, faces[:, 2], faces[:, 3])
    a, b, c, d = (vertices[index].astype(float) for index in (*faces[:, :3].T, last))
    normals = np.where((faces[:, 3] < 0)[:, None], np.cross(b - a, c - a), np.cross(c - a, d - b))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
