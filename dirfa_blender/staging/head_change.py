"""Another head in place of one that is in the scene: the objects stay, what they are made of changes.

Lines, casting, parents and modifiers point at objects, and Actions at shape keys and armatures by name.
So a second head is built beside, its mesh, armature and hair move into the first one's objects, the Actions
are handed over, and what is empty then goes. It is done whole or not at all.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import bpy

from ..blender import fcurves
from ..blender.made_blocks import MadeBlocks
from ..blender.pieces import finished
from ..core.likeness.sliders import HeadSliders
from ..head import head_drivers, meshes
from ..head.head_parts import HeadParts
from . import head_form
from .placement import all_or_nothing

# What a head's datablocks are called before they take the name of those they replace.
TEMPORARY = "Another Head"


def replace_head(scene: bpy.types.Scene, face: bpy.types.Object, parts: HeadParts) -> None:
    """Give a head in the scene another form, skin and hair; its sliders are put on again."""
    sliders = head_form.sliders_of(face)
    rig = face.parent
    old_hair = head_form.hair_of(face)
    with all_or_nothing(scene):
        made = finished(meshes.head_steps(parts, TEMPORARY, MadeBlocks()))
        meshes.link(made, scene.collection)
    new_hair = head_form.hair_of(made.face)
    old_mesh, old_armature = face.data, rig.data
    _hand_over(old_mesh.shape_keys, made.face.data.shape_keys)
    _keep_values(old_mesh.shape_keys, made.face.data.shape_keys)
    face.data, rig.data = made.face.data, made.rig.data
    for hair in new_hair:
        _move_under(hair, rig)
    old_data = [hair.data for hair in old_hair]
    bpy.data.batch_remove(old_hair)
    bpy.data.batch_remove([data for data in old_data if not data.users])
    for hair in new_hair:
        hair.name = hair.data.name = hair.name.replace(TEMPORARY, face.name, 1)
    for key in list(made.face.keys()):
        if key.startswith("dirfa_"):
            face[key] = made.face[key]
    face[head_form.SLIDERS_KEY] = "{}"
    head_drivers.drive_creases(face)
    meshes.hide_cap(face)
    name, armature_name = old_mesh.name, old_armature.name
    bpy.data.batch_remove([made.face, made.rig, old_mesh, old_armature])
    face.data.name, rig.data.name = name, armature_name
    for block in (*face.data.materials, *(n.image for n in _textures(face.data))):
        if block is not None and block.name.startswith(TEMPORARY):
            block.name = block.name.replace(TEMPORARY, face.name, 1)
            if isinstance(block, bpy.types.Image):
                block.filepath_raw = f"//{block.name}.png"
    bpy.context.view_layer.update()
    for slider, share in asdict(sliders).items():
        if share:
            head_form.set_slider(face, slider, share)
    assert json.loads(face[head_form.SLIDERS_KEY]) or sliders == HeadSliders()


def _hand_over(old: bpy.types.Key, new: bpy.types.Key) -> None:
    """Actions, NLA tracks and drivers of shape keys go to others of the same names."""
    data = old.animation_data
    if data is None:
        return
    if data.action is not None and data.action_slot is not None:
        fcurves.assign(new, data.action, data.action_slot)
    kept = new.animation_data_create()
    for track in data.nla_tracks:
        copy = kept.nla_tracks.new()
        copy.name, copy.mute = track.name, track.mute
        for strip in track.strips:
            made = copy.strips.new(strip.name, int(strip.frame_start), strip.action)
            made.action_slot = strip.action_slot
            for name in ("frame_end", "influence", "use_animated_influence", "blend_type", "mute"):
                setattr(made, name, getattr(strip, name))


def _keep_values(old: bpy.types.Key, new: bpy.types.Key) -> None:
    for key in new.key_blocks[1:]:
        before = old.key_blocks.get(key.name)
        if before is not None:
            key.value, key.mute = before.value, before.mute


def _move_under(hair: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Let the bone of the same name in another armature carry strands of hair, or all of it bend cards."""
    inverse, kind, bone = hair.matrix_parent_inverse.copy(), hair.parent_type, hair.parent_bone
    hair.parent = rig
    hair.parent_type, hair.parent_bone = kind, bone
    hair.matrix_parent_inverse = inverse
    for modifier in hair.modifiers:
        if modifier.type == "ARMATURE":
            modifier.object = rig


def _textures(mesh: bpy.types.Mesh) -> list[bpy.types.ShaderNodeTexImage]:
    trees = [m.node_tree for m in mesh.materials if m is not None and m.node_tree is not None]
    return [
        n for tree in trees for n in tree.nodes if n.type == "TEX_IMAGE" and n.image is not None
    ]
