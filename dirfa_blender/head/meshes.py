"""Head -> armature, mesh, shape keys, materials and packed texture, written in bulk and in pieces.

All of it is made without being in a scene, so that it can take as long as it needs while a window draws;
`link` lets it appear at once. A third bone, the root, takes the weight that neck and head leave over:
Blender's armature modifier scales the weights of a vertex to a sum of 1, so a vertex that should stay still
needs a bone that does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from ..blender.made_blocks import MadeBlocks
from ..blender.origin import keep_origin
from ..blender.pieces import Steps, finished
from ..core.hair.groom import under_strands
from ..core.head import Head
from ..core.likeness.sliders import Anchors, anchors_of, ears_of
from . import groom, hair_cards, head_drivers, materials
from .head_parts import NECK_BONE, ROOT_BONE, HeadParts, head_parts
from .mesh_filling import bending_steps, lay_uvs, surface_steps
from .shader_plan import CREASE_ATTRIBUTE, EYE_ATTRIBUTE, REST_ATTRIBUTE, SKIN_ATTRIBUTE, arrange

# Index of the lowest point of the chin in the 468-point face mesh.
CHIN_LANDMARK = 152
# Property in which a face keeps that point, metres in its own space; only built heads have it.
CHIN_KEY = "dirfa_chin"
# What its form can be changed by later: see `likeness.sliders.Anchors`.
ANCHORS_KEY = "dirfa_anchors"
EARS = "dirfa_ears"
# Vertices and modifier of what windows and exports show of hair under its cards, and renders do not.
CAP_GROUP = "Cap under strands"
# Euler order in which a bone along the neck turns by yaw last, as the head frame is defined.
BONE_ROTATION_MODE = "ZXY"


@dataclass(frozen=True)
class HeadObjects:
    """A head: the armature and the mesh parented to it."""

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
    made = MadeBlocks()
    try:
        built = finished(head_steps(head_parts(head), name, made))
    except BaseException:
        made.withdraw()
        raise
    link(built, collection or bpy.context.scene.collection)
    return built


def head_steps(parts: HeadParts, name: str, made: MadeBlocks) -> Steps[HeadObjects]:
    """Make the objects of a head, in no scene yet; everything made is in `made`."""
    head = parts.head
    slots = yield from _material_steps(parts, name, made)
    mesh = made.add(bpy.data.meshes.new(name))
    yield from surface_steps(mesh, head.vertices, head.faces)
    yield False
    mesh.polygons.foreach_set("material_index", head.face_materials)
    lay_uvs(mesh, head.uvs[head.faces >= 0])
    yield False
    yield from _attribute_steps(mesh, parts)
    for material in slots:
        mesh.materials.append(material)
    face = made.add(bpy.data.objects.new(name, mesh))
    yield from _shape_steps(face, parts)
    rig = _build_rig(head, f"{name} Rig", made)
    yield False
    yield from bending_steps(face, rig, parts.weights)
    # F12 is pressed from as near as it takes.
    subdivide(face)
    yield from _hair_steps(parts, slots, face, name, made)
    _keep_form(face, head)
    keep_origin(face, head.source)
    return HeadObjects(rig, face)


def keep_anchors(face: bpy.types.Object, anchors: Anchors) -> None:
    """Write down on a face what its sliders start from."""
    face[ANCHORS_KEY] = [*anchors.marks.ravel().tolist(), anchors.shoulder_z]


def link(built: HeadObjects, collection: bpy.types.Collection) -> None:
    """Let a head appear in a collection."""
    for thing in (built.face, built.rig, *built.rig.children_recursive):
        if thing.name not in collection.objects:
            collection.objects.link(thing)


def place(built: HeadObjects, x_metres: float) -> None:
    """Move a head that is in no scene along X; its parts know where they are without an evaluation."""
    whole = Matrix.Translation((x_metres, 0.0, 0.0))
    built.rig.matrix_world = whole
    built.face.matrix_world = whole


def subdivide(face: bpy.types.Object, *, renders: bool = True) -> None:
    """Smooth the surface by subdivision in renders, if wanted; windows, which have to keep up, show the
    mesh."""
    modifier = face.modifiers.get("Subdivision") or face.modifiers.new("Subdivision", "SUBSURF")
    modifier.levels, modifier.render_levels = 0, int(renders)
    modifier.uv_smooth = "PRESERVE_BOUNDARIES"


def hide_cap(face: bpy.types.Object) -> None:
    """Let renders show strands without the edge of the cap under them, which is a helmet's.

    By a group of vertices of its mesh, if that has it, and not a mesh of its own: all that reads a head
    finds its hair.
    """
    if CAP_GROUP not in face.vertex_groups or CAP_GROUP in face.modifiers:
        return
    modifier = face.modifiers.new(CAP_GROUP, "MASK")
    modifier.vertex_group, modifier.invert_vertex_group = CAP_GROUP, True
    modifier.show_viewport = False


def _material_steps(
    parts: HeadParts, name: str, made: MadeBlocks
) -> Steps[list[bpy.types.Material]]:
    """The head's materials in the order of its slots, with their pictures."""
    albedo = relief = atlas = None
    if parts.albedo_png is not None:
        albedo = made.add(_packed(parts.albedo_png, f"{name} albedo"))
        yield False
    if parts.relief_png is not None:
        relief = made.add(_packed(parts.relief_png, f"{name} folds"))
        # Heights are no colours, and steps of half precision would be seen in their slopes.
        relief.colorspace_settings.name, relief.use_half_precision = "Non-Color", False
        yield False
    if parts.atlas_png is not None:
        atlas = made.add(_packed(parts.atlas_png, f"{name} hair", alpha=True))
        yield False
    colours = dict(parts.head.colours)
    slots: list[bpy.types.Material] = []
    for slot in parts.head.materials:
        picture = atlas if slot == "hair" else albedo
        slots.append(made.add(materials.build(slot, f"{name} {slot}", colours, picture, relief)))
        yield False
        arrange(slots[-1].node_tree)
        yield False
    return slots


def _attribute_steps(mesh: bpy.types.Mesh, parts: HeadParts) -> Steps[None]:
    """What shaders read of each vertex."""
    for name, values in (
        (EYE_ATTRIBUTE, parts.eye_discs),
        (SKIN_ATTRIBUTE, parts.skin_zones),
        (CREASE_ATTRIBUTE, parts.creases),
        (REST_ATTRIBUTE, parts.rest_mm),
    ):
        attribute = mesh.attributes.new(name, "FLOAT_VECTOR", "POINT")
        attribute.data.foreach_set("vector", values.ravel())
        yield False


def _shape_steps(face: bpy.types.Object, parts: HeadParts) -> Steps[None]:
    """Shape keys, the correctives after the head's own, and what drives these."""
    head = parts.head
    face.shape_key_add(name="Basis", from_mix=False)
    for shape, points in zip(head.shape_names, parts.shape_points, strict=True):
        _add_shape_key(face, shape, points)
        yield False
    for corrective in parts.correctives:
        _add_shape_key(face, corrective.name, head.vertices + corrective.deltas)
        yield False
    head_drivers.drive_correctives(face, parts.correctives)
    head_drivers.drive_creases(face)
    yield False


def _hair_steps(
    parts: HeadParts,
    slots: list[bpy.types.Material],
    face: bpy.types.Object,
    name: str,
    made: MadeBlocks,
) -> Steps[None]:
    """Strands on the skull and below it, and the cards that windows show of them, as far as there are."""
    head, colours, rig = parts.head, dict(parts.head.colours), face.parent
    hangs = parts.long_hair is not None
    if parts.hair is not None:
        yield from groom.hair_steps(parts.hair, colours, rig, f"{name} Hair", made, hangs=hangs)
    if parts.long_hair is not None:
        long_name = f"{name} Long Hair"
        yield from groom.hair_steps(
            parts.long_hair, colours, rig, long_name, made, NECK_BONE, hangs=True
        )
    if parts.hair is not None:
        group = face.vertex_groups.new(name=CAP_GROUP)
        group.add(np.flatnonzero(under_strands(head)).tolist(), 1.0, "REPLACE")
        hide_cap(face)
        yield False
    if parts.cards is not None:
        hair = slots[head.materials.index("hair")]
        yield from hair_cards.card_steps(
            parts.cards, head.bone_names, hair, rig, f"{name} Hair Cards", made
        )


def _keep_form(face: bpy.types.Object, head: Head) -> None:
    """Write down on a face what its form is measured and changed by, if it has the landmarks for that."""
    if len(head.landmark_vertices) <= CHIN_LANDMARK:
        return
    face[CHIN_KEY] = head.landmarks()[CHIN_LANDMARK].tolist()
    keep_anchors(face, anchors_of(head))
    ears = face.data.attributes.new(EARS, "BOOLEAN", "POINT")
    ears.data.foreach_set("value", ears_of(head))


def _packed(png: bytes, name: str, *, alpha: bool = False) -> bpy.types.Image:
    """An image that is this file, unread until somebody looks: reading it takes as long as drawing."""
    image = bpy.data.images.new(name, 1, 1, alpha=alpha)
    image.pack(data=png, data_len=len(png))
    image.source = "FILE"
    # What an FBX file tells pictures apart by.
    image.filepath_raw = f"//{image.name}.png"
    return image


def _add_shape_key(face: bpy.types.Object, name: str, points: np.ndarray) -> None:
    key = face.shape_key_add(name=name, from_mix=False)
    key.points.foreach_set("co", points.ravel())
    key.slider_min, key.slider_max = 0.0, 1.0
    key.value = 0.0


def _build_rig(head: Head, name: str, made: MadeBlocks) -> bpy.types.Object:
    armature = made.add(bpy.data.armatures.new(name))
    armature.display_type = "STICK"
    rig = made.add(bpy.data.objects.new(name, armature))
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
    """Edit mode on an armature: the only place where bones can be made. Puts back what was active.

    The armature is in the scene meanwhile, and left it again when this ends.
    """
    context = bpy.context
    layer = context.view_layer
    active = layer.objects.active
    mode = active.mode if active is not None else "OBJECT"
    context.scene.collection.objects.link(rig)
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        context.scene.collection.objects.unlink(rig)
        # What is selected was not touched. To set it here in a loop crashes Blender now and then: the list
        # of objects is made anew under the loop, because something left it.
        layer.objects.active = active
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)
