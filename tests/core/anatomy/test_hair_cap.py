"""Hair and shirt of the neutral head: over the skin, still, and closed where they show."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core import head_shapes, head_template
from dirfa_blender.core.anatomy.cloth import CLOTH_BOX, collar
from dirfa_blender.core.anatomy.hair_cap import HAIR_BOX
from dirfa_blender.core.head import Head


@pytest.fixture(scope="module")
def head() -> Head:
    return head_shapes.with_shapes(head_template.template())


def faces_of(head: Head, material: str) -> np.ndarray:
    return head.face_materials == head.materials.index(material)


def normals_up(head: Head, material: str) -> np.ndarray:
    """(F,) cosine between the faces' normals and the way out of the middle of the part's height."""
    p = head.vertices.astype(np.float64)[head.faces[faces_of(head, material), :3]]
    across = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    outward = p.mean(1) - np.array([0.0, 0.02, 0.0])
    outward[:, 2] = np.maximum(outward[:, 2], 0.0)
    lengths = np.linalg.norm(across, axis=1) * np.linalg.norm(outward, axis=1)
    return (across * outward).sum(1) / np.maximum(lengths, 1e-15)


@pytest.mark.parametrize("part", ["hair", "cloth"])
def test_no_expression_moves_hair_or_shirt(head: Head, part: str):
    assert np.abs(head.shape_deltas[:, head.part(part)]).max() == 0


@pytest.mark.parametrize(("part", "box"), [("hair", HAIR_BOX), ("cloth", CLOTH_BOX)])
def test_the_layout_stays_inside_its_own_island(head: Head, part: str, box: tuple[float, ...]):
    used = head.faces[faces_of(head, part)] >= 0
    places = head.uvs[faces_of(head, part)][used]

    assert (places >= np.array(box[:2]) - 1e-6).all()
    assert (places <= np.array(box[2:]) + 1e-6).all()


def test_the_crown_is_laid_out_away_from_the_hairline(head: Head):
    hair = head.part("hair")
    crown = hair & (head.vertices[:, 2] > head.vertices[hair, 2].max() - 0.001)
    touched = crown[np.maximum(head.faces, 0)] & (head.faces >= 0)

    assert head.uvs[touched][:, 1].min() > (HAIR_BOX[1] + HAIR_BOX[3]) / 2


def test_the_shirt_faces_outward(head: Head):
    assert (normals_up(head, "cloth") > 0).mean() > 0.9


def test_the_shirt_leaves_the_throat_free_and_covers_the_shoulders(head: Head):
    cloth = head.vertices[head.part("cloth")]
    chin = head.landmarks()[152]

    assert cloth[:, 2].max() < chin[2] - 0.01
    assert np.ptp(cloth[:, 0]) >= np.ptp(head.vertices[head.part("bust"), 0])


def test_the_collar_is_lowest_in_front():
    front, side, back = collar(np.array([0.0, np.pi / 2, np.pi]))

    assert front < side < back


def test_the_hem_of_the_shirt_stays_when_the_head_turns(head: Head):
    cloth = head.part("cloth") & (head.vertices[:, 2] < -0.24)

    assert head.bone_weights[:, cloth].max() < 1e-6
