"""Eyes that are objects look where the take looks: left is left, up is up, about their own middle."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from dirfa_blender.blender import fcurves
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.head import meshes
from dirfa_blender.performing import apply
from dirfa_blender.rig import eye_objects
from dirfa_blender.rig.character import character_of
from dirfa_blender.staging.hindrances import hindrances_of
from tests.addon.ball_head import ball_head, wavy_animation

FORWARD = Vector((0.0, -1.0, 0.0))


def gazing(up: float, left: float):
    base = wavy_animation(0.2)
    gaze = np.tile(np.array([[up, left]], np.float32), (len(base), 1))
    still = np.zeros_like(base.rotation)
    return replace(base, gaze=gaze, rotation=still, translation=still)


def eyeball(name: str, place: tuple[float, float, float], *, origin: str = "middle"):
    mesh = bpy.data.meshes.new(name)
    at = Vector(place) if origin == "world" else Vector()
    steps = np.linspace(0, 2 * np.pi, 9)[:-1]
    points = [
        at + 0.012 * Vector((np.cos(a) * np.sin(b), np.sin(a) * np.sin(b), np.cos(b)))
        for a in steps
        for b in np.linspace(0, np.pi, 7)
    ]
    mesh.from_pydata([tuple(p) for p in points], [], [])
    thing = bpy.data.objects.new(name, mesh)
    if origin == "middle":
        thing.location = place
    bpy.context.scene.collection.objects.link(thing)
    return thing


@pytest.fixture
def face(scene):
    scene.render.fps = 25
    made = meshes.build_head(ball_head(rings=8, segments=8, textured=False), "Ball")
    return made.face


def looked(face, up: float, left: float) -> None:
    apply.apply_animation(gazing(up, left), face, load_profile("arkit"), name="Take")
    bpy.context.scene.frame_set(3)


def aim(thing: bpy.types.Object, before: Matrix) -> Vector:
    """Where what looked forward looks now."""
    return (thing.matrix_world @ before.inverted()).to_3x3() @ FORWARD


@pytest.mark.parametrize("origin", ["middle", "world"])
@pytest.mark.parametrize(
    "names", [("Eye_L", "Eye_R"), ("Eye", "Eye.001"), ("eyeball left", "RightEye")]
)
def test_eyes_look_to_the_side_and_up(face, names: tuple[str, str], origin: str) -> None:
    left = eyeball(names[0], (0.032, -0.07, 0.12), origin=origin)
    right = eyeball(names[1], (-0.032, -0.07, 0.12), origin=origin)
    bpy.context.view_layer.update()
    rest = [thing.matrix_world.copy() for thing in (left, right)]
    middles = [Vector((0.032, -0.07, 0.12)), Vector((-0.032, -0.07, 0.12))]

    looked(face, 0.2, 0.3)

    for thing, before, middle in zip((left, right), rest, middles, strict=True):
        turned = aim(thing, before)
        assert turned.x == pytest.approx(np.sin(0.3) * np.cos(0.2), abs=0.06), thing.name
        assert turned.z == pytest.approx(np.sin(0.2), abs=0.06), thing.name
        assert turned.x > 0.2 and turned.z > 0.1
        stays = thing.matrix_world @ before.inverted() @ middle
        assert (stays - middle).length < 1e-3, "an eye left its socket"


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX"])
def test_a_turned_eye_under_a_turned_parent_looks_the_same_way(face, mode: str) -> None:
    holder = bpy.data.objects.new("Holder", None)
    bpy.context.scene.collection.objects.link(holder)
    holder.parent = face
    holder.rotation_euler = (0.4, -0.7, 1.1)
    eye = eyeball("Eye.L", (0.032, -0.07, 0.12))
    eye.rotation_mode = mode
    bpy.context.view_layer.update()
    place = eye.matrix_world.copy()
    eye.parent = holder
    eye.matrix_world = place @ Matrix.Rotation(0.9, 4, "X")
    bpy.context.view_layer.update()
    before = eye.matrix_world.copy()

    looked(face, 0.0, 0.3)

    turned = aim(eye, before)
    assert turned.x == pytest.approx(np.sin(0.3), abs=0.03)
    assert abs(turned.z) < 0.03


def test_what_lies_around_an_eye_or_is_turned_already_stays(face) -> None:
    for name in ("Eyelash_L", "Eye_Socket_L", "EyeOcclusion_R", "Tearline_Eye_L"):
        eyeball(name, (0.032, -0.07, 0.12))
    shaped = eyeball("Eye_L", (0.032, -0.07, 0.12))
    shaped.shape_key_add(name="Basis")
    pair = eyeball("Eyes", (0.0, -0.07, 0.12))
    pair.scale.x = 4.0
    unable = eyeball("Eye_L", (0.032, -0.07, 0.12))
    unable.rotation_mode = "AXIS_ANGLE"
    far = eyeball("Eye_R", (3.0, 0.0, 0.0))
    bpy.context.view_layer.update()

    assert eye_objects.eye_objects(character_of(face), None) == []
    looked(face, 0.2, 0.3)
    assert not fcurves.curves_of(far)


def test_a_performance_written_again_looks_where_it_did(face) -> None:
    eye = eyeball("Eye_L", (0.032, -0.07, 0.12), origin="world")
    bpy.context.view_layer.update()

    looked(face, 0.1, 0.3)
    first = eye.matrix_world.copy()
    looked(face, 0.1, 0.3)

    assert np.allclose(first, eye.matrix_world, atol=1e-6)


def test_a_pair_of_eyes_in_one_mesh_is_said_with_what_lets_it_look(face) -> None:
    pair = eyeball("Eyes", (0.032, -0.07, 0.12), origin="world")
    other = eyeball("Other", (-0.032, -0.07, 0.12), origin="world")
    corners = [tuple(v.co) for thing in (pair, other) for v in thing.data.vertices]
    pair.data = bpy.data.meshes.new("Eyes")
    pair.data.from_pydata(corners, [], [])
    bpy.data.objects.remove(other)
    pair.parent = face
    bpy.context.view_layer.update()

    (told,) = hindrances_of(face)

    assert (
        told.startswith("'Eyes' is both eyes in one mesh") and "separate it by loose parts" in told
    )


def test_what_separating_a_pair_leaves_looks(face) -> None:
    left = eyeball("Eyes", (0.032, -0.07, 0.12), origin="world")
    right = eyeball("Eyes.001", (-0.032, -0.07, 0.12), origin="world")
    for thing in (left, right):
        thing.parent = face
    bpy.context.view_layer.update()
    rest = [thing.matrix_world.copy() for thing in (left, right)]

    looked(face, 0.0, 0.3)

    assert not hindrances_of(face)
    assert all(aim(eye, was).x > 0.1 for eye, was in zip((left, right), rest, strict=True))


def test_an_eye_that_no_delta_turns_is_said(face) -> None:
    for name, x in (("Eye_L", 0.032), ("Eye_R", -0.032)):
        eye = eyeball(name, (x, -0.07, 0.12))
        eye.parent, eye.rotation_mode = face, "AXIS_ANGLE"
    bpy.context.view_layer.update()

    told = hindrances_of(face)

    assert len(told) == 2 and all("choose another rotation mode" in said for said in told)
