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
from ..core.hair.cards import Cards
from .head_parts import ROOT_BONE, shared_weights
from .mesh_filling import bending_steps, lay_uvs, surface_steps

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
    yield from surface_steps(mesh, cut.points, cut.faces)
    lay_uvs(mesh, cut.uvs[cut.faces])
    yield False
    mesh.normals_split_custom_set_from_vertices(cut.normals)
    mesh.materials.append(material)
    yield False
    hair = made.add(bpy.data.objects.new(name, mesh))
    rest = np.clip(1.0 - cut.bone_weights.sum(0), 0.0, 1.0)
    rows = ((ROOT_BONE, rest), *zip(bone_names, cut.bone_weights, strict=True))
    yield from bending_steps(hair, rig, {bone: shared_weights(row) for bone, row in rows})
    hair.hide_select = hair.hide_render = True
    hair[CARDS_KEY] = True
    return hair
