"""Strands of hair as one curves object on the head bone, over the mesh cap that exporters can read.

Bone parenting rather than deformation: no expression moves the scalp, so hair turns as a whole and
Cycles keeps its tree of strands from frame to frame.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from .core.head import Head
from .core.head_groom import Strands, strands
from .materials import build_strands

HEAD_BONE = "head"


def add_hair(
    head: Head, rig: bpy.types.Object, name: str, collection: bpy.types.Collection
) -> bpy.types.Object | None:
    """The strands of a head, carried by its head bone; None for a head without hair."""
    grown = strands(head) if HEAD_BONE in head.bone_names else None
    if grown is None:
        return None
    curves = build_curves(grown, f"{name} Hair")
    curves.materials.append(build_strands(f"{name} strands", dict(head.colours)))
    hair = bpy.data.objects.new(f"{name} Hair", curves)
    collection.objects.link(hair)
    bone = rig.data.bones[HEAD_BONE]
    hair.parent, hair.parent_type, hair.parent_bone = rig, "BONE", HEAD_BONE
    # A child of a bone sits at its tail.
    tail = bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))
    hair.matrix_parent_inverse = tail.inverted()
    hair.hide_select = True
    return hair


def build_curves(grown: Strands, name: str) -> bpy.types.HairCurves:
    """Curves data of these strands."""
    count, points = grown.points.shape[:2]
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([points] * count)
    curves.points.foreach_set("position", np.ascontiguousarray(grown.points).ravel())
    curves.points.foreach_set("radius", np.tile(grown.radii, count))
    return curves
