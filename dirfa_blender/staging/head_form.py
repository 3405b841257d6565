"""The form of a head that is in the scene: sliders for what a photo cannot know, moved while one looks.

A head in the scene is its mesh; what the sliders need besides (a few landmarks, which vertices are ears)
was written down when it was built. Sliders add up, so one that moves displaces every shape key and the
hair by its own field, in milliseconds; Actions, sculpting and shape keys of one's own stay. Shapes are
anatomy of the neutral form: after large changes `shapes_of` makes them anew from what the head looks like.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from ..core.errors import RigError
from ..core.head import Head
from ..core.head_anew import head_of_mesh, with_shapes_anew
from ..core.head_shapes import HEAD_SHAPES
from ..core.likeness.ageing import SINKING, sunk
from ..core.likeness.sliders import (
    CHIN,
    SOURCE_KEY,
    Anchors,
    HeadSliders,
    anchors_of,
    plain_vertices,
    slider_fields,
)
from ..core.motion.correctives import correctives
from ..head.hair_cards import CARDS_KEY
from ..head.meshes import ANCHORS_KEY, CHIN_KEY, EARS, keep_anchors
from ..performing import acting
from ..session import state

Floats = npt.NDArray[np.float64]

SLIDERS_KEY = f"dirfa_{SOURCE_KEY}"
# Attribute that keeps where the points of a head and its hair were before any slider.
PLAIN = "dirfa_plain"


def head_of(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """The face of the built head that an object belongs to: itself, or a child of its armature."""
    if thing is None:
        return None
    root = thing.parent if thing.parent is not None else thing
    return next((o for o in (thing, root, *root.children) if _is_built(o)), None)


def current_head(context: bpy.types.Context) -> bpy.types.Object | None:
    """The built head that is meant: of the active object, of the chosen line, or of the panel."""
    line = acting.current_line(context.scene)
    spoken = line.character if line is not None else None
    for thing in (context.active_object, spoken, context.scene.dirfa.target):
        face = head_of(thing)
        if face is not None and context.scene in face.users_scene:
            return face
    return None


def sliders_of(face: bpy.types.Object) -> HeadSliders:
    """The sliders a head in the scene has."""
    return HeadSliders(**json.loads(str(face.get(SLIDERS_KEY, "{}"))))


def set_slider(face: bpy.types.Object, name: str, value: float) -> None:
    """Move one slider of a head in the scene; its keys, hair and Actions go along.

    Raises
    ------
    RigError
        The mesh is linked, being edited, or no longer the one that was built.
    """
    had = sliders_of(face)
    wanted = replace(had, **{name: value})
    if wanted == had:
        return
    _refuse_unable(face)
    change = np.float32(value - getattr(had, name))
    step = (change * _fields(face)[name]).astype(np.float32).ravel()
    mesh = face.data
    # One buffer for all keys: fresh memory for each would cost more than the sums.
    buffer = np.empty_like(step)
    for places in (*(key.points for key in mesh.shape_keys.key_blocks), mesh.vertices):
        places.foreach_get("co", buffer)
        buffer += step
        places.foreach_set("co", buffer)
    mesh.update()
    for hair in hair_of(face):
        places = hair.data.attributes["position"].data
        grown = (change * _hair_fields(face, hair)[name]).astype(np.float32)
        places.foreach_set("vector", (_read(places, "vector") + grown).ravel())
        hair.data.update_tag()
    kept = {key: share for key, share in asdict(wanted).items() if share}
    face[SLIDERS_KEY] = json.dumps(kept, sort_keys=True)
    face[CHIN_KEY] = _chin(face, wanted).tolist()


@dataclass(frozen=True)
class Form:
    """How a head in the scene looks at rest.

    ``vertices`` is (V, 3), metres, ``faces`` (F, 4) with -1 last in a triangle, ``is_moved`` (V,) whether
    any of the shapes moves a vertex; ``bones`` has both ends of each bone by its name.
    """

    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]
    is_moved: npt.NDArray[np.bool_]
    bones: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]


def form_of(face: bpy.types.Object) -> Form:
    """The form of a head in the scene.

    Raises
    ------
    RigError
        As `set_slider`.
    """
    _refuse_unable(face)
    rig = face.find_armature() or face.parent
    bones = rig.data.bones if rig is not None and rig.type == "ARMATURE" else ()
    ends = {bone.name: (tuple(bone.head_local), tuple(bone.tail_local)) for bone in bones}
    rest = _read(face.data.shape_keys.key_blocks[0].points, "co")
    return Form(rest, _faces_of(face.data), _is_moved(face.data), ends)


def shapes_of(form: Form) -> Head:
    """The shapes of a form, made anew; takes seconds, and no Blender is touched: for a worker thread.

    Raises
    ------
    RigError
        It is not of this version's heads.
    """
    return with_shapes_anew(_as_head(form))


def give_shapes(face: bpy.types.Object, made: Head, names: tuple[str, ...]) -> None:
    """Put some of the shapes of a head and what corrects them into keys of their names; others stay."""
    keys = face.data.shape_keys.key_blocks
    rest = _read(keys[0].points, "co")
    shapes = {name: made.shape_deltas[made.shape_names.index(name)] for name in names}
    shapes |= {c.name: c.deltas for c in correctives(made) if c.factors[1] in names}
    for name, deltas in shapes.items():
        key = keys.get(name)
        if key is not None:
            key.points.foreach_set("co", (rest + deltas).astype(np.float32).ravel())
    face.data.update()


def _is_built(thing: bpy.types.Object) -> bool:
    return thing.type == "MESH" and CHIN_KEY in thing and thing.data.shape_keys is not None


def _refuse_unable(face: bpy.types.Object) -> None:
    if face.library is not None or face.data.library is not None:
        raise RigError(f"'{face.name}' is linked from another file: change its form there.")
    if face.mode == "EDIT":
        raise RigError(f"'{face.name}' is in Edit Mode. Leave it, then move the sliders.")
    if ANCHORS_KEY not in face or EARS not in face.data.attributes:
        raise RigError(f"'{face.name}' was not built here: its form can be sculpted only.")


def _fields(face: bpy.types.Object) -> dict[str, Floats]:
    """Displacement of each slider on the vertices of a head; kept, because the plain form is fixed."""
    mesh = face.data
    known = state().forms.get(mesh.session_uid)
    if known is None:
        _keep_plain(face)
        ears = np.empty(len(mesh.vertices), bool)
        mesh.attributes[EARS].data.foreach_get("value", ears)
        plain = _read(mesh.attributes[PLAIN].data, "vector")
        known = slider_fields(_anchors(face), plain, ears, _sinks(face, plain))
        state().forms[mesh.session_uid] = known
    return known


def _sinks(face: bpy.types.Object, plain: npt.NDArray[np.float32]) -> Floats:
    """(V, 3) metres, how the plain form (V, 3) of a face sinks with the years, its beard with it."""
    try:
        head = head_of_mesh(plain, _faces_of(face.data), _is_moved(face.data))
    except RigError:
        return np.zeros(plain.shape)
    return sunk(plain, head.landmarks(), head.part(*SINKING))


def _hair_fields(face: bpy.types.Object, hair: bpy.types.Object) -> dict[str, Floats]:
    known = state().forms.get(hair.data.session_uid)
    if known is None:
        plain = hair.data.attributes.get(PLAIN)
        if plain is None:
            places = _read(hair.data.attributes["position"].data, "vector")
            plain = hair.data.attributes.new(PLAIN, "FLOAT_VECTOR", "POINT")
            plain.data.foreach_set("vector", places.ravel())
        known = slider_fields(_anchors(face), _read(plain.data, "vector"))
        state().forms[hair.data.session_uid] = known
    return known


def _keep_plain(face: bpy.types.Object) -> None:
    """Write down what a head was before any slider, and which of it is ears."""
    mesh = face.data
    if PLAIN in mesh.attributes:
        return
    had = sliders_of(face)
    vertices, anchors = _read(mesh.vertices, "co"), _anchors(face)
    if had != HeadSliders():
        head = _as_head(form_of(face))
        plain = replace(head, vertices=plain_vertices(head, had).astype(np.float32))
        vertices, anchors = plain.vertices, anchors_of(plain)
        keep_anchors(face, anchors)
    kept = mesh.attributes.new(PLAIN, "FLOAT_VECTOR", "POINT")
    kept.data.foreach_set("vector", np.ascontiguousarray(vertices).ravel())


def _anchors(face: bpy.types.Object) -> Anchors:
    numbers = np.array(face[ANCHORS_KEY], np.float64)
    return Anchors(numbers[:-1].reshape(-1, 3), float(numbers[-1]))


def _chin(face: bpy.types.Object, sliders: HeadSliders) -> Floats:
    """(3,) metres, where the sliders have put the chin."""
    anchors = _anchors(face)
    chin = anchors[CHIN].copy()
    for name, field in slider_fields(anchors, chin[None]).items():
        chin += getattr(sliders, name) * field[0]
    return chin


def _as_head(form: Form) -> Head:
    """The head without shapes that has this form."""
    plain = head_of_mesh(form.vertices, form.faces, form.is_moved)
    heads, tails = np.array(plain.bone_heads), np.array(plain.bone_tails)
    for index, name in enumerate(plain.bone_names):
        if name in form.bones:
            heads[index], tails[index] = form.bones[name]
    return replace(plain, bone_heads=heads, bone_tails=tails)


def _is_moved(mesh: bpy.types.Mesh) -> npt.NDArray[np.bool_]:
    """(V,) whether any of our shapes moves a vertex."""
    keys = mesh.shape_keys.key_blocks
    rest = _read(keys[0].points, "co")
    ours = [keys[name].points for name in HEAD_SHAPES if name in keys]
    return np.any([(_read(points, "co") != rest).any(1) for points in ours], axis=0)


def _faces_of(mesh: bpy.types.Mesh) -> npt.NDArray[np.int32]:
    """(F, 4) the vertices of each face, -1 last in a triangle; of one with more corners the first four."""
    first, sizes = (np.empty(len(mesh.polygons), np.int32) for _ in range(2))
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.polygons.foreach_get("loop_start", first)
    mesh.polygons.foreach_get("loop_total", sizes)
    mesh.loops.foreach_get("vertex_index", corners)
    corner = np.arange(4)
    at = np.minimum(first[:, None] + corner, max(len(corners) - 1, 0))
    return np.where(corner < sizes[:, None], corners[at], -1).astype(np.int32)


def hair_of(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The strands of hair on a head, and the cards that stand for them."""
    siblings = face.parent.children if face.parent is not None else ()
    return [thing for thing in siblings if thing.type == "CURVES" or CARDS_KEY in thing]


def _read(collection: bpy.types.bpy_prop_collection, name: str) -> npt.NDArray[np.float32]:
    flat = np.empty(3 * len(collection), np.float32)
    collection.foreach_get(name, flat)
    return flat.reshape(-1, 3)
