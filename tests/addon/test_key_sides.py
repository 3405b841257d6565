"""Keys whose names leave the side open: where they move the mesh decides."""

from __future__ import annotations

from math import pi

import bpy
import pytest

from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from tests.addon.stand_ins import armature, take

LEFT, RIGHT, JAW = range(3)
PLACES = ((0.03, -0.1, 0.1), (-0.03, -0.1, 0.1), (0.0, -0.1, 0.0))


def face_of(keys: dict[str, tuple[int, ...]]) -> bpy.types.Object:
    """A face of a left eye, a right eye and a jaw, whose keys let these of the three sink."""
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata(list(PLACES), [], [(0, 1, 2)])
    face = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(face)
    face.shape_key_add(name="Basis")
    for name, moved in keys.items():
        block = face.shape_key_add(name=name, from_mix=False)
        block.value = 0.0
        for vertex in moved:
            block.data[vertex].co.z -= 0.02
    return face


def sunk(face: bpy.types.Object, unit: str) -> set[int]:
    """Which of the three a unit lets sink."""
    apply.apply_animation(take({unit: 1.0}), face, profiles.profile_for(face), name="Take")
    bpy.context.scene.frame_set(2)
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    heights = [vertex.co.z for vertex in evaluated.to_mesh().vertices]
    evaluated.to_mesh_clear()
    return {i for i, rest in enumerate(PLACES) if heights[i] < rest[2] - 0.005}


@pytest.mark.parametrize(
    "names",
    [("blink1", "blink2"), ("Eye_Close_01", "Eye_Close_02"), ("Blink", "Blink.001"),
     ("Blink_A", "Blink_B"), ("wink", "wink 2"), ("まばたき1", "まばたき2")],
)  # fmt: skip
@pytest.mark.parametrize("places", [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_a_number_is_a_side_where_each_key_moves_a_half_of_its_own(
    at_50, names: tuple[str, str], places: tuple[int, int]
) -> None:
    face = face_of({"jaw_open": (JAW,), names[0]: places[:1], names[1]: places[1:]})

    assert sunk(face, "AU45L") == {LEFT}
    assert sunk(face, "AU45R") == {RIGHT}


def test_two_versions_of_one_shape_are_no_sides(at_50) -> None:
    face = face_of({"jaw_open": (JAW,), "blink1": (LEFT, RIGHT), "blink2": (LEFT, RIGHT)})

    assert sunk(face, "AU45L") == {LEFT, RIGHT}


def test_a_version_for_one_eye_beside_one_for_both_is_no_side(at_50) -> None:
    face = face_of({"jaw_open": (JAW,), "blink": (LEFT, RIGHT), "blink2": (LEFT,)})

    assert sunk(face, "AU45L") == {LEFT, RIGHT}


def test_two_winks_of_one_side_that_has_a_twin_are_versions(at_50) -> None:
    face = face_of(
        {"mouth_open": (JAW,), "wink": (LEFT,), "wink_2": (RIGHT,), "wink_right": (RIGHT,)}
    )

    assert not character_of(face).inventory.sides["Face"]


def test_sides_are_those_of_the_character_whichever_way_it_looks(at_50) -> None:
    face = face_of({"jaw_open": (JAW,), "blink1": (LEFT,), "blink2": (RIGHT,)})
    face.rotation_euler.z = pi
    rig = armature({"head": "head", "eye_left": "eye.L", "eye_right": "eye.R"})
    rig.rotation_euler.z = pi
    face.parent = rig
    face.matrix_parent_inverse = rig.matrix_basis.inverted()
    bpy.context.view_layer.update()

    assert sunk(face, "AU45L") == {LEFT}
