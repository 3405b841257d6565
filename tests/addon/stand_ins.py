"""Stand-in characters: the names, bones and rotation modes of rigs that nobody may ship.

A face is a grid of 1 mm looking along -Y, with a vertex for each place of a face; a key moves the
vertices of its own region only, so that where the mesh moved tells which key did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy
import numpy as np
from mathutils import Matrix, Vector

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.profile import GAZE_INPUTS, HEAD_INPUTS
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles

# Bones of a head in metres, Z up, facing -Y: name of the part -> (head, tail, parent).
JOINTS = {
    "spine": ((0, 0, 1.2), (0, 0, 1.45), ""),
    "neck": ((0, 0.01, 1.45), (0, 0, 1.55), "spine"),
    "head": ((0, 0, 1.55), (0, 0, 1.8), "neck"),
    "jaw": ((0, -0.02, 1.6), (0, -0.1, 1.56), "head"),
    "eye_left": ((0.032, -0.07, 1.68), (0.032, -0.09, 1.68), "head"),
    "eye_right": ((-0.032, -0.07, 1.68), (-0.032, -0.09, 1.68), "head"),
}


def take(
    levels: dict[str, float], *, rotation: Sequence[float] = (0, 0, 0), count: int = 2
) -> Animation:
    """A take at 50 a second whose first sample is rest and whose others hold `levels`."""
    au = np.zeros((count, len(AU_NAMES)))
    gaze = np.zeros((count, 2))
    turned = np.zeros((count, 3))
    turned[1:] = rotation
    for name, level in levels.items():
        if name in GAZE_INPUTS:
            gaze[1:, GAZE_INPUTS.index(name)] = level
        elif name in HEAD_INPUTS:
            turned[1:, HEAD_INPUTS.index(name)] = level
        else:
            au[1:, AU_NAMES.index(name)] = level
    return Animation(50, 0, AU_NAMES, au, gaze, turned, np.zeros((count, 3)))


def face_with_keys(names: Iterable[str], name: str = "Face") -> bpy.types.Object:
    """A mesh in which key i moves vertex i up by 1, and nothing else does."""
    keys = list(names)
    mesh = bpy.data.meshes.new(name)
    points = [(0.01 * i, 0, 0) for i in range(max(3, len(keys)))]
    mesh.from_pydata(points, [], [(0, 1, 2)])
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    thing.shape_key_add(name="Basis")
    for index, key in enumerate(keys):
        # Blender 5 makes new keys from the mix, at full weight.
        block = thing.shape_key_add(name=key, from_mix=False)
        block.value = 0.0
        block.slider_min = -1.0
        block.data[index].co.z = 1.0
    return thing


def moved_keys(face: bpy.types.Object) -> dict[str, float]:
    """How far each key has moved its vertex in the evaluated mesh, where it has."""
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    height = np.empty(len(mesh.vertices) * 3)
    mesh.vertices.foreach_get("co", height)
    evaluated.to_mesh_clear()
    names = [block.name for block in face.data.shape_keys.key_blocks][1:]
    values = dict(zip(names, height.reshape(-1, 3)[:, 2].tolist(), strict=False))
    return {name: value for name, value in values.items() if abs(value) > 1e-4}


def shown(face: bpy.types.Object, levels: dict[str, float]) -> dict[str, float]:
    """`moved_keys` of a face whose units stand at these levels."""
    apply.apply_animation(take(levels), face, profiles.profile_for(face), name="Take")
    bpy.context.scene.frame_set(2)
    return moved_keys(face)


def armature(
    names: dict[str, str],
    *,
    roll: float = 0.0,
    frame: Matrix | None = None,
    mode: str = "QUATERNION",
    name: str = "Rig",
) -> bpy.types.Object:
    """An armature with bones of `JOINTS` under other names, rolled, turned and in a rotation mode."""
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    turn = frame or Matrix.Identity(3)
    for part, own in names.items():
        head, tail, _ = JOINTS[part]
        bone = data.edit_bones.new(own)
        bone.head, bone.tail = turn @ Vector(head), turn @ Vector(tail)
        bone.roll = roll
    for part, own in names.items():
        parent = JOINTS[part][2]
        while parent and parent not in names:
            parent = JOINTS[parent][2]
        if parent:
            data.edit_bones[own].parent = data.edit_bones[names[parent]]
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    return rig


def rigged_face(bones: dict[str, str]) -> bpy.types.Object:
    """A face with ARKit's keys, carried by an armature of such bones."""
    rig = armature(bones)
    face = face_with_keys(ARKIT_NAMES)
    face.parent = rig
    face.modifiers.new("Rig", "ARMATURE").object = rig
    return face


def bone_turn(rig: bpy.types.Object, name: str) -> np.ndarray:
    """(3, 3) turn of a bone from its rest, in armature space, as evaluated."""
    evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bone = evaluated.pose.bones[name]
    return np.array((bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3())
