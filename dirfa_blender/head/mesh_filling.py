"""Faces, texture coordinates and bone weights written into a new mesh, in bulk and in pieces.

Blender's own `Mesh.from_pydata` takes lists and one piece; a head of ten thousand faces that enters a scene
while a window draws has to come from arrays, a step at a time.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np
import numpy.typing as npt

from ..blender.pieces import Steps
from .head_parts import Weights


def surface_steps(
    mesh: bpy.types.Mesh, vertices: npt.NDArray[np.float32], faces: npt.NDArray[np.integer]
) -> Steps[None]:
    """Vertices, smooth faces and their edges.

    Parameters
    ----------
    vertices : (V, 3) metres
    faces : (F, 4) vertex numbers, a triangle with -1 for its last
    """
    used = faces >= 0
    sizes = used.sum(1)
    corners = faces[used]
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.ravel())
    yield False
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    yield False
    mesh.polygons.add(len(sizes))
    yield False
    mesh.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(sizes)[:-1]]))
    yield False
    mesh.polygons.foreach_set("use_smooth", np.ones(len(sizes), bool))
    yield False
    mesh.update(calc_edges=True)


def lay_uvs(mesh: bpy.types.Mesh, uvs: npt.NDArray[np.float32]) -> None:
    """Give every corner of every face its place (L, 2) in a picture."""
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", np.ascontiguousarray(uvs).ravel())


def bending_steps(
    thing: bpy.types.Object, rig: bpy.types.Object, weights: Mapping[str, Weights]
) -> Steps[None]:
    """Let the bones of an armature bend a mesh under it, by these weights."""
    for bone, groups in weights.items():
        group = thing.vertex_groups.new(name=bone)
        for value, indices in groups:
            group.add(indices, value, "REPLACE")
        yield False
    thing.parent = rig
    modifier = thing.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
