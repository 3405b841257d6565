"""A head read back from a mesh that was built of one, and shapes made anew for the form that it has now.

A mesh tells where its vertices are and how faces join them, and no more. Heads of photos are the template,
or the template without its cap where they are bald, and after that what a photo added: long hair, which no
expression moves, and the hairs of a beard, which go with the skin they grow on. No bpy.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .errors import RigError
from .hair.beard import PART as BEARD
from .hair.beard import with_beard_carried
from .head import Head, without_vertices
from .head_shapes import with_shapes
from .head_template import template

ADDED = "hair_added"  # what is there beside the template and does not move by its shapes


def head_of_mesh(
    vertices: npt.NDArray[np.float32],
    faces: npt.NDArray[np.int32],
    is_moved: npt.NDArray[np.bool_],
) -> Head:
    """The head without shapes that has these vertices and faces; texture coordinates of the template alone.

    Parameters
    ----------
    vertices : (V, 3) metres; faces : (F, 4), as `Head.faces`
    is_moved : (V,) whether any of the shapes of the mesh moves a vertex

    Raises
    ------
    RigError
        It begins with neither the template nor the template without its cap.
    """
    plain = next((head for head in _known() if _begins_with(head, vertices, faces)), None)
    if plain is None:
        least = min(len(head.vertices) for head in _known())
        raise RigError(
            f"The head must have the {least} vertices and more that heads of this version have, in their "
            f"order; it has {len(vertices)}: its shapes cannot be made anew."
        )
    names = (*plain.part_names, BEARD, ADDED)
    more = len(vertices) - len(plain.vertices)
    more_faces = len(faces) - len(plain.faces)
    parts = np.where(is_moved[len(plain.vertices) :], names.index(BEARD), names.index(ADDED))
    bones = len(plain.bone_names)
    return replace(
        plain,
        vertices=vertices,
        faces=faces,
        uvs=np.concatenate([plain.uvs, np.zeros((more_faces, 4, 2), np.float32)]),
        face_materials=np.concatenate(
            [plain.face_materials, np.full(more_faces, plain.materials.index("hair"), np.int32)]
        ),
        part_names=names,
        vertex_parts=np.concatenate([plain.vertex_parts, parts.astype(np.int32)]),
        shape_deltas=np.zeros((0, len(vertices), 3), np.float32),
        bone_weights=np.concatenate([plain.bone_weights, np.zeros((bones, more), np.float32)], 1),
    )


def with_shapes_anew(head: Head) -> Head:
    """The head with all shapes made for its form, its beard carried along by them; takes seconds."""
    return with_beard_carried(with_shapes(head))


@lru_cache(maxsize=1)
def _known() -> tuple[Head, Head]:
    """The template, and what bald heads have of it."""
    plain = template()
    return plain, without_vertices(plain, plain.part("hair"))


def _begins_with(
    head: Head, vertices: npt.NDArray[np.float32], faces: npt.NDArray[np.int32]
) -> bool:
    """Whether a mesh has the vertices and faces of a head, and after them others of its own."""
    count = len(head.faces)
    if len(vertices) < len(head.vertices) or not np.array_equal(faces[:count], head.faces):
        return False
    return not len(faces) or bool((faces[count:, 0] >= len(head.vertices)).all())
