"""The inside of the neutral mouth: under the skin, teeth in order, jaws a little apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core import head_template
from dirfa_blender.core.anatomy.face_view import mesh_edges, nearest, vertex_normals
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.likeness.morph import Field, landmark_noise, morphed
from dirfa_blender.core.mouth_state import TONGUE_CLEAR, TONGUE_OVER, tongue_out_room


@pytest.fixture(scope="module")
def head() -> Head:
    return head_template.template()


@pytest.mark.parametrize(
    "part", ["teeth_upper", "teeth_lower", "gums_upper", "gums_lower", "tongue", "cavity"]
)
def test_what_is_in_the_mouth_stays_a_millimetre_under_the_skin(head: Head, part: str):
    vertices = head.vertices.astype(np.float64)
    normals = vertex_normals(vertices, head.faces)
    skin = np.flatnonzero(head.part("face", "neck", "nose"))
    inside = vertices[head.part(part)]

    square = (
        (inside**2).sum(1)[:, None] - 2 * inside @ vertices[skin].T + (vertices[skin] ** 2).sum(1)
    )
    nearest = skin[square.argmin(1)]
    depth = -np.einsum("ni,ni->n", inside - vertices[nearest], normals[nearest])

    assert depth.min() > 1e-3


def test_the_upper_front_teeth_bite_over_the_lower_ones(head: Head):
    upper, lower = (head.vertices[head.part(f"teeth_{jaw}")] for jaw in ("upper", "lower"))
    front_upper, front_lower = (teeth[np.abs(teeth[:, 0]) < 4e-3] for teeth in (upper, lower))

    assert front_upper[:, 1].min() < front_lower[:, 1].min() - 1e-3


def test_the_jaws_rest_apart(head: Head):
    upper, lower = (head.vertices[head.part(f"teeth_{jaw}")] for jaw in ("upper", "lower"))
    molars_upper, molars_lower = (teeth[teeth[:, 1] > -0.06] for teeth in (upper, lower))

    assert 5e-4 < molars_upper[:, 2].min() - molars_lower[:, 2].max() < 6e-3


def test_the_tongue_lies_within_the_lower_teeth(head: Head):
    tongue = head.vertices[head.part("tongue")]
    teeth = head.vertices[head.part("teeth_lower")]

    assert np.abs(tongue[:, 0]).max() < np.abs(teeth[:, 0]).max()
    assert tongue[:, 1].min() > teeth[:, 1].min()


def test_the_front_teeth_are_rounder_at_their_outer_corners(head: Head):
    crowns = head.vertices[head.part("teeth_upper")] / 1e-3
    crown = crowns[(crowns[:, 0] > 0.0) & (crowns[:, 0] < 8.4)]
    away = crown[:, 0] / 4.2 - 1.0

    edge, inner, outer = (
        crown[span, 2].min() for span in (np.abs(away) < 0.3, away < -0.75, away > 0.75)
    )

    assert 0.04 < inner - edge < 0.2
    assert 0.25 < outer - edge < 0.8


@pytest.mark.parametrize("jaw", ["upper", "lower"])
def test_biting_edges_lie_on_one_plane_and_the_gum_follows_the_necks(head: Head, jaw: str):
    toward = np.array([1e3, 1e3, -1e3 if jaw == "upper" else 1e3])
    gum = head.vertices[head.part(f"gums_{jaw}")] * toward
    teeth = [tooth * toward for tooth in _teeth(head, jaw)]

    edges = np.array([tooth[:, 2].max() for tooth in teeth])
    necks = np.array([np.unique(tooth[:, 2].round(2))[1] for tooth in teeth])
    beside = [gum[nearest(tooth[:, :2], gum[:, :2]), 2].max() for tooth in teeth]

    assert len(teeth) == 7
    assert np.ptp(edges) < 1.6
    assert np.abs(np.diff(edges)).max() < 0.9, "an upper or a lower row has no steps"
    assert np.ptp(necks) > 0.8
    assert np.abs(beside - necks).max() < 2.5


# Means of young adults and two standard deviations (Vig and Brundo, 1978; Farkas, 1994), millimetres.
def test_the_upper_front_teeth_end_below_the_slit_as_young_adults_show_them(head: Head):
    slit = head.landmarks()[13, 2]

    assert 1.5e-3 < slit - _front(head, "teeth_upper")[:, 2].min() < 4.5e-3
    assert slit - _front(head, "teeth_lower")[:, 2].max() > 2e-3


def test_the_red_of_the_lips_is_as_high_as_in_adults(head: Head):
    upper, inner_upper, inner_lower, lower = head.landmarks()[[0, 13, 14, 17], 2]

    assert 5.5e-3 < upper - inner_upper < 10.5e-3
    assert 6.5e-3 < inner_lower - lower < 13e-3


def test_an_open_mouth_shows_the_back_of_the_tongue_over_the_lower_teeth(head: Head):
    posed = with_shapes(head).posed({"jawOpen": 0.5})
    tongue, teeth = posed[head.part("tongue")], posed[head.part("teeth_lower")]
    edge = teeth[np.abs(teeth[:, 0]) < 4e-3, 2].max()

    assert tongue[np.abs(tongue[:, 0]) < 8e-3, 2].max() > edge + 3e-3


@pytest.mark.parametrize("lower", [0.0, 0.004])
def test_teeth_follow_the_slit_of_a_fitted_mouth_and_not_the_thickness_of_its_lips(
    head: Head, lower: float
):
    rest = head.landmarks().astype(np.float64)
    offsets = np.zeros_like(rest)
    offsets[[13, 14, 82, 312, 87, 317], 2] = -lower
    moved = replace(head, vertices=morphed(head, Field.through(rest, offsets, landmark_noise())))

    shown = [h.landmarks()[13, 2] - _front(h, "teeth_upper")[:, 2].min() for h in (head, moved)]

    assert shown[1] == pytest.approx(shown[0], abs=3e-4)


@pytest.mark.parametrize(("jaw", "farthest"), [(0.16, 0.14), (0.25, 0.22), (0.4, 0.22)])
def test_the_tongues_tip_passes_over_the_lower_teeth_to_between_the_rows(
    head: Head, jaw: float, farthest: float
):
    shaped = with_shapes(head)
    for tip, shown in _way_out(farthest):
        posed = shaped.posed({"jawOpen": jaw, "tongueUp": tip, "tongueOut": shown})
        assert _sunk(shaped, posed, "teeth_lower") < 0.4e-3, (tip, shown)
        assert _sunk(shaped, posed, "teeth_upper") < 1e-3, (tip, shown)
    teeth = posed[head.part("teeth_lower") & (np.abs(head.vertices[:, 0]) < 4e-3)]
    edge = teeth[teeth[:, 2] > teeth[:, 2].max() - 1.5e-3, 1].min()
    assert posed[head.part("tongue"), 1].min() < edge - 2e-3


def _teeth(head: Head, jaw: str) -> list[np.ndarray]:
    """(N, 3) metres of each tooth on the left, from the middle backward."""
    sides = mesh_edges(head.faces)
    number = np.arange(len(head.vertices))
    for _ in range(40):
        np.minimum.at(number, sides[:, 0], number[sides[:, 1]])
        np.minimum.at(number, sides[:, 1], number[sides[:, 0]])
    part = head.part(f"teeth_{jaw}")
    teeth = [head.vertices[part & (number == one)] for one in np.unique(number[part])]
    return sorted(
        (t for t in teeth if t[:, 0].mean() > 0), key=lambda t: t[:, 0].mean() + t[:, 1].mean()
    )


def _way_out(farthest: float) -> list[tuple[float, float]]:
    """TTU and AU19 on the way from rest to th and the farthest that the one allows of the other."""
    tips = np.concatenate(
        [np.linspace(0.0, TONGUE_OVER, 8), np.linspace(TONGUE_CLEAR, TONGUE_OVER, 4)]
    )
    room = tongue_out_room(np.sort(tips).astype(np.float32))
    return [(float(t), min(float(r), farthest)) for t, r in zip(np.sort(tips), room, strict=True)]


def _sunk(head: Head, posed: np.ndarray, part: str) -> float:
    """Metres by which front teeth are deepest inside the tongue."""
    corners = np.where(head.faces[:, 3:] < 0, head.faces[:, [0, 1, 2, 2]], head.faces)
    corners = corners[head.part("tongue")[corners].all(1)]
    normals = vertex_normals(posed.astype(np.float64), head.faces)
    # Points and normals of the tongue's vertices, sides and faces: a millimetre apart.
    ways = [(1, 0, 0, 0), (0.5, 0.5, 0, 0), (0, 0.5, 0.5, 0), (0.25, 0.25, 0.25, 0.25)]
    shares = np.array(ways)
    skin, out = (
        np.einsum("wk,fki->wfi", shares, v[corners]).reshape(-1, 3) for v in (posed, normals)
    )
    teeth = posed[head.part(part) & (np.abs(head.vertices[:, 0]) < 13.5e-3)]
    away = teeth[:, None] - skin
    nearest = (away**2).sum(-1).argmin(1)
    row = np.arange(len(teeth))
    return float(-np.einsum("ni,ni->n", away[row, nearest], out[nearest]).min())


def _front(head: Head, part: str) -> np.ndarray:
    teeth = head.vertices[head.part(part)]
    return teeth[np.abs(teeth[:, 0]) < 4e-3]
