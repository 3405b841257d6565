"""Cards of hair as a mesh that the armature bends, for windows and exports; renders show strands.

A mesh of its own and not part of the face: a window can hide it, a game can give it a level of detail, and
no shape key has to carry its vertices. Its normals are those of the hair as a whole, or each card would be
seen as one.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..blender.made_blocks import MadeBlocks
from ..blender.pieces import Steps
from ..core.head_cards import Cards
from .head_parts import ROOT_BONE, shared_weights

# Property by which a mesh of cards is known.
CARDS_KEY = "dirfa_cards"


def card_steps(
    cut: Cards,
    bone_names: tuple[str, ...],
    material: bpy.types.Material,
    rig: bpy.types.Object,
    name: str,
    made: MadeBlocks,
) -> Steps[bpy.types.Object]:
    """Cards under `rig`, in no scene yet."""
    mesh = made.add(bpy.data.meshes.new(name))
    _fill(mesh, cut)
    yield False
    mesh.update(calc_edges=True)
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", np.ascontiguousarray(cut.uvs[cut.faces]).ravel())
    yield False
    mesh.normals_split_custom_set_from_vertices(cut.normals)
    mesh.materials.append(material)
    yield False
    hair = made.add(bpy.data.objects.new(name, mesh))
    rest = np.clip(1.0 - cut.bone_weights.sum(0), 0.0, 1.0)
    for bone, weights in ((ROOT_BONE, rest), *zip(bone_names, cut.bone_weights, strict=True)):
        group = hair.vertex_groups.new(name=bone)
        for value, indices in shared_weights(weights):
            group.add(indices, value, "REPLACE")
    yield False
    hair.parent = rig
    modifier = hair.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    hair.hide_select = hair.hide_render = True
    hair[CARDS_KEY] = True
    return hair


def _fill(mesh: bpy.types.Mesh, cut: Cards) -> None:
    mesh.vertices.add(len(cut.points))
    mesh.vertices.foreach_set("co", cut.points.ravel())
    mesh.loops.add(cut.faces.size)
    mesh.loops.foreach_set("vertex_index", cut.faces.ravel())
    mesh.polygons.add(len(cut.faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, cut.faces.size, 4, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(cut.faces), bool))
