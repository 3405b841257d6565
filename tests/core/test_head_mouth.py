"""The inside of the neutral mouth: under the skin, teeth in order, jaws a little apart."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core import head_template
from dirfa_blender.core.head import Head
from dirfa_blender.core.shape_anatomy import vertex_normals


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
