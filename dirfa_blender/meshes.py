"""Head -> armature, mesh, shape keys, materials and packed texture, written in bulk.

A third bone, the root, takes the weight that neck and head leave over: Blender's armature modifier scales
the weights of a vertex to a sum of 1, so a vertex that should stay still needs a bone that does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np

from . import groom, materials
from .core.head import Head
from .core.head_sliders import Anchors, anchors_of, ears_of
from .head_zones import eye_discs, skin_zones
from .shader_plan import EYE_ATTRIBUTE, REST_ATTRIBUTE, SKIN_ATTRIBUTE

ROOT_BONE = "root"
# Index of the lowest point of the chin in the 468-point face mesh.
CHIN_LANDMARK = 152
# Property in which a face keeps that point, metres in its own space; only built heads have it.
CHIN_KEY = "dirfa_chin"
# What its form can be changed by later: see `head_sliders.Anchors`.
ANCHORS_KEY = "dirfa_anchors"
EARS = "dirfa_ears"
# Euler order in which a bone along the neck turns by yaw last, as the head frame is defined.
BONE_ROTATION_MODE = "ZXY"


@dataclass(frozen=True)
class HeadObjects:
    """A head in the scene: the armature and the mesh parented to it."""

    rig: bpy.types.Object
    face: bpy.types.Object


def build_head(
    head: Head, name: str, collection: bpy.types.Collection | None = None
) -> HeadObjects:
    """Objects of a head, linked to `collection` (default: the scene's own).

    Raises
    ------
    ValueError
        The head has no bone or no face: not a head at all.
    """
    if not len(head.bone_names) or not len(head.faces):
        raise ValueError("A head needs at least one bone and one face.")
    collection = collection or bpy.context.scene.collection
    mesh = _build_mesh(head, name)
    face = bpy.data.objects.new(name, mesh)
    collection.objects.link(face)
    _add_shape_keys(face, head)
    rig = _build_rig(head, f"{name} Rig", collection)
    _add_weights(face, head)
    face.parent = rig
    groom.add_hair(head, rig, name, collection)
    modifier = face.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    if len(head.landmark_vertices) > CHIN_LANDMARK:
        face[CHIN_KEY] = head.landmarks()[CHIN_LANDMARK].tolist()
        keep_anchors(face, anchors_of(head))
        ears = mesh.attributes.new(EARS, "BOOLEAN", "POINT")
        ears.data.foreach_set("value", ears_of(head))
    for key, value in head.source.items():
        face[f"dirfa_{key}"[:63]] = value
    return HeadObjects(rig, face)


def keep_anchors(face: bpy.types.Object, anchors: Anchors) -> None:
    """Write down on a face what its sliders start from."""
    face[ANCHORS_KEY] = [*anchors.marks.ravel().tolist(), anchors.shoulder_z]


def add_subdivision(face: bpy.types.Object, *, levels: int = 1, viewport: bool = False) -> None:
    """Smooth the surface by subdivision in renders, and in the viewport if asked."""
    modifier = face.modifiers.get("Subdivision") or face.modifiers.new("Subdivision", "SUBSURF")
    modifier.levels = levels if viewport else 0
    modifier.render_levels = levels
    modifier.uv_smooth = "PRESERVE_BOUNDARIES"


def _build_mesh(head: Head, name: str) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    used = head.faces >= 0
    sizes = used.sum(1)
    corners = head.faces[used]
    mesh.vertices.add(len(head.vertices))
    mesh.vertices.foreach_set("co", head.vertices.ravel())
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(sizes))
    mesh.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(sizes)[:-1]]))
    mesh.polygons.foreach_set("material_index", head.face_materials)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(sizes), bool))
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", np.ascontiguousarray(head.uvs[used]).ravel())
    mesh.update(calc_edges=True)
    for attribute_name, values in (
        (EYE_ATTRIBUTE, eye_discs(head)),
        (SKIN_ATTRIBUTE, skin_zones(head)),
        (REST_ATTRIBUTE, head.vertices * 1000.0),
    ):
        attribute = mesh.attributes.new(attribute_name, "FLOAT_VECTOR", "POINT")
        attribute.data.foreach_set("vector", values.astype(np.float32).ravel())
    albedo = _pack_albedo(head, name)
    for slot in head.materials:
        mesh.materials.append(materials.build(slot, f"{name} {slot}", dict(head.colours), albedo))
    return mesh


def _pack_albedo(head: Head, name: str) -> bpy.types.Image | None:
    if head.albedo is None:
        return None
    height, width = head.albedo.shape[:2]
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = head.albedo[::-1] / np.float32(255)
    image = bpy.data.images.new(f"{name} albedo", width, height, alpha=False)
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    image.pack()
    return image


def _add_shape_keys(face: bpy.types.Object, head: Head) -> None:
    face.shape_key_add(name="Basis", from_mix=False)
    for name, deltas in zip(head.shape_names, head.shape_deltas, strict=True):
        key = face.shape_key_add(name=name, from_mix=False)
        key.points.foreach_set("co", (head.vertices + deltas).ravel())
        key.slider_min, key.slider_max = 0.0, 1.0
        key.value = 0.0


def _build_rig(head: Head, name: str, collection: bpy.types.Collection) -> bpy.types.Object:
    armature = bpy.data.armatures.new(name)
    armature.display_type = "STICK"
    rig = bpy.data.objects.new(name, armature)
    collection.objects.link(rig)
    with _editing(rig):
        parent = armature.edit_bones.new(ROOT_BONE)
        parent.tail = head.bone_heads[0]
        # Straight below the first bone, half its length: it carries the shoulders.
        drop = 0.5 * float(np.linalg.norm(head.bone_tails[0] - head.bone_heads[0]))
        parent.head = parent.tail - type(parent.tail)((0.0, 0.0, drop))
        rest = zip(head.bone_names, head.bone_heads, head.bone_tails, strict=True)
        for bone_name, start, end in rest:
            bone = armature.edit_bones.new(bone_name)
            bone.head, bone.tail = start, end
            bone.parent = parent
            bone.use_connect = False
            parent = bone
    for bone in rig.pose.bones:
        bone.rotation_mode = BONE_ROTATION_MODE
    return rig


@contextmanager
def _editing(rig: bpy.types.Object) -> Iterator[None]:
    """Edit mode on an armature: the only place where bones can be made. Puts back what was active."""
    context = bpy.context
    layer = context.view_layer
    active, mode = layer.objects.active, context.mode
    chosen = [o for o in layer.objects if o.select_get()]
    outside = rig.name not in layer.objects
    if outside:
        context.scene.collection.objects.link(rig)
    if active is not None and mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        if outside:
            context.scene.collection.objects.unlink(rig)
        for item in layer.objects:
            item.select_set(item in chosen)
        layer.objects.active = active


def _add_weights(face: bpy.types.Object, head: Head) -> None:
    rest = np.clip(1.0 - head.bone_weights.sum(0), 0.0, 1.0)
    rows = [(ROOT_BONE, rest), *zip(head.bone_names, head.bone_weights, strict=True)]
    for name, weights in rows:
        group = face.vertex_groups.new(name=name)
        # Vertices of one weight go in together: most are wholly still or wholly the head's.
        rounded = np.round(weights, 3)
        order = np.argsort(rounded, kind="stable")
        values, starts = np.unique(rounded[order], return_index=True)
        for value, indices in zip(values, np.split(order, starts[1:]), strict=True):
            if value > 0:
                group.add(indices.tolist(), float(value), "REPLACE")
