"""Where objects are in the world, also those that Blender has not worked out.

Blender computes world matrices of what a view layer shows. In a file just opened, an object of an excluded
or hidden collection has the identity, whatever its own transform and its parents say.
"""

from __future__ import annotations

import bpy
from mathutils import Matrix


def world_matrix(thing: bpy.types.Object) -> Matrix:
    """The object's space in the world: as Blender has it, or by its parents where it has none.

    Constraints are left out of what it has not got: their solution is only in the evaluated scene.
    """
    known = thing.matrix_world
    if not _is_identity(known):
        return known
    own = thing.matrix_basis
    parent = thing.parent
    if parent is None:
        return own
    above = world_matrix(parent)
    bones = parent.data.bones if parent.type == "ARMATURE" else {}
    if thing.parent_type == "BONE" and thing.parent_bone in bones:
        bone = bones[thing.parent_bone]
        # A child of a bone hangs on its tail.
        above = above @ bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))
    return above @ thing.matrix_parent_inverse @ own


def _is_identity(matrix: Matrix) -> bool:
    return matrix == Matrix.Identity(4)
