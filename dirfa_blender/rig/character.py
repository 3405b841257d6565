"""What belongs to one character in the scene, and the names it offers to a mapping profile.

A person chooses any part of a character: the face, the armature, an empty above them. The armature it
hangs on, or the top of its parents, tells the rest; faces, teeth, lashes, brows and tongue are driven
together. Bones are read at rest and in armature space, so what is posed now does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import bpy
import numpy as np
from mathutils import Vector

from ..blender.fcurves import driven_paths
from ..blender.transforms import world_matrix
from ..core.characters.inventory import Inventory, Kind
from ..core.characters.skeleton import Bone, Skeleton
from ..core.errors import RigError
from .key_drivers import Pull, driver_pulls, full_values
from .key_sides import pair_sides
from .pose_assets import offered_poses

# Constraints that turn a bone towards something, and those that give it another's turn.
TRACKING = frozenset({"DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK"})
COPYING = frozenset({"COPY_ROTATION", "COPY_TRANSFORMS"})
# Above this influence what a bone does by itself is hardly seen.
MOST_INFLUENCE = 0.5
# Owner of poses that are found in drivers.
DRIVERS = "drivers"
SHAPED = ("MESH", "CURVE", "SURFACE", "LATTICE", "FONT")
# Parts of one head are no further from its face than this part of its size.
BESIDE = 0.1
# Custom properties that Blender and importers keep for themselves.
INTERNAL_PROPERTIES = frozenset({"cycles", "_RNA_UI", "rigify_ui_template", "dirfa"})


@dataclass(frozen=True)
class Owner:
    """Where a name of the inventory lives: the datablock, and the path before its own name."""

    id_block: bpy.types.ID
    prefix: str = ""


@dataclass(frozen=True)
class Character:
    """A character's parts.

    Parameters
    ----------
    chosen : what the person chose
    rig : armature that carries head and face, or None
    faces : objects with shape keys
    inventory : names they offer
    owners : owner key of the inventory -> where it lives
    driver_pulls : key that controls drive -> the pose of those at which it is full
    full_values : (session uid, path) of custom properties that drive keys -> value at which those are full
    """

    chosen: bpy.types.Object
    rig: bpy.types.Object | None
    faces: tuple[bpy.types.Object, ...]
    inventory: Inventory
    owners: dict[str, Owner]
    driver_pulls: dict[str, Pull] = field(default_factory=dict[str, Pull])
    full_values: dict[tuple[int, str], float] = field(default_factory=dict[tuple[int, str], float])

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.chosen.name


def character_of(chosen: bpy.types.Object) -> Character:
    """The character that an object is part of."""
    rig = _armature_of(chosen)
    members = _members(chosen, rig)
    faces = tuple(o for o in members if has_keys(o))
    names: dict[Kind, dict[str, tuple[str, ...]]] = {"shape": {}, "property": {}, "object": {}}
    owners: dict[str, Owner] = {}
    driven: list[str] = []
    sides: dict[str, tuple[tuple[str, str], ...]] = {}
    skeleton = skeleton_of(rig) if rig is not None else Skeleton()
    seen: set[int] = set()
    for face in faces:
        keys = face.data.shape_keys
        # Copies of a character may share one mesh.
        if keys.session_uid in seen:
            continue
        seen.add(keys.session_uid)
        free, locked = _keys_of(keys)
        driven += locked
        names["shape"][face.name] = free
        told = pair_sides(face, free, partial(_left_of, face, rig, skeleton))
        sides[face.name] = tuple(told.items())
        owners[face.name] = Owner(keys)
    for label, owner, properties in _properties_of(rig, members):
        names["property"][label] = properties
        owners[label] = owner
    names["object"]["objects"] = tuple(o.name for o in members)
    for drawing in (o for o in members if o.type == "GREASEPENCIL"):
        label = f"layers {drawing.name}"
        names["object"][label] = tuple(layer.name for layer in drawing.data.layers)
        owners[label] = Owner(drawing.data)
    driving = driver_pulls(rig, faces)
    names["pose"] = {"poses": offered_poses(rig, faces), DRIVERS: tuple(driving)}
    inventory = Inventory(names, skeleton, tuple(driven), sides)
    return Character(chosen, rig, faces, inventory, owners, driving, full_values(faces))


def _left_of(
    face: bpy.types.Object, rig: bpy.types.Object | None, skeleton: Skeleton
) -> np.ndarray:
    """(3,) towards the subject's left in the space of a face: X, as the rig turns it."""
    left = Vector((1.0, 0.0, 0.0))
    if rig is not None:
        left = world_matrix(rig).to_3x3() @ Vector(skeleton.frame()[:, 0])
    return np.array((world_matrix(face).to_3x3().inverted_safe() @ left).normalized())


def refuse_locked(block: bpy.types.ID, character: str) -> None:
    """Raise RigError where a datablock is linked and may not be changed."""
    if block.is_editable:
        return
    library = block.library.name if block.library is not None else "another file"
    if isinstance(block, bpy.types.Key):
        raise RigError(
            f"The shape keys of '{character}' are linked from {library} and cannot be changed here. Make "
            "a library override of the character, then press Override Shapes in its DIRFA Mapping panel."
        )
    raise RigError(
        f"'{block.name}' is linked from {library} and cannot be changed here. "
        "Make a library override of the character first (Object > Library Override > Make)."
    )


def extent(thing: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest world coordinates of an object's bounds, (3,) each, metres."""
    world = world_matrix(thing)
    corners = np.array([world @ Vector(corner) for corner in thing.bound_box])
    return corners.min(0), corners.max(0)


def linked_shapes(character: Character) -> list[bpy.types.Object]:
    """Overridden or local faces whose mesh, and so its shape keys, is still linked."""
    return [
        face
        for face in character.faces
        if face.library is None and not face.data.shape_keys.is_editable
    ]


def override_shapes(character: Character) -> int:
    """Library overrides of the meshes of `linked_shapes`; how many were made.

    Blender's override of a character leaves its meshes linked, and with them the shape keys.
    """
    made = 0
    for mesh in {face.data for face in linked_shapes(character)}:
        made += mesh.override_create(remap_local_usages=True) is not None
    return made


def _armature_of(chosen: bpy.types.Object) -> bpy.types.Object | None:
    if chosen.type == "ARMATURE":
        return chosen
    found = chosen.find_armature()
    if found is not None:
        return found
    parent = chosen.parent
    while parent is not None:
        if parent.type == "ARMATURE":
            return parent
        parent = parent.parent
    rigs = [o for o in chosen.children_recursive if o.type == "ARMATURE"]
    if not rigs:
        # A face beside its armature below one empty, as importers leave them.
        top = _top(chosen)
        rigs = [o for o in top.children_recursive if o.type == "ARMATURE"] if top != chosen else []
    # Several armatures below one parent are several characters: none of them is meant.
    return rigs[0] if len(rigs) == 1 else None


def _members(chosen: bpy.types.Object, rig: bpy.types.Object | None) -> list[bpy.types.Object]:
    if rig is not None:
        below = set(rig.children_recursive)
        below |= {o for o in bpy.data.objects if o.type in SHAPED and o.find_armature() == rig}
        below |= {chosen}
        # What another armature carries belongs to another character.
        members = [o for o in below if o.type not in SHAPED or o.find_armature() in (None, rig)]
    else:
        top = _top(chosen)
        alone = any(o.type == "ARMATURE" for o in top.children_recursive)
        members = [chosen, *chosen.children_recursive] if alone else [top, *top.children_recursive]
        members = _near(chosen, members)
    return sorted(members, key=lambda o: (o.library is not None, o.name))


def _near(chosen: bpy.types.Object, members: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """Of a face without an armature, what lies about it: one empty may hold the heads of two people."""
    if not has_keys(chosen):
        return members
    low, high = extent(chosen)
    reach = BESIDE * float(np.linalg.norm(high - low))

    def is_near(other: bpy.types.Object) -> bool:
        least, most = extent(other)
        return bool((least <= high + reach).all() and (most >= low - reach).all())

    return [other for other in members if not has_keys(other) or is_near(other)]


def has_keys(thing: bpy.types.Object) -> bool:
    """Whether an object has shape keys."""
    return thing.type in SHAPED and thing.data.shape_keys is not None


def is_backward(block: bpy.types.ShapeKey) -> bool:
    """Whether the range of a key lies below its rest, so that it is full at -1."""
    return block.slider_max <= 0.0 > block.slider_min


def _top(thing: bpy.types.Object) -> bpy.types.Object:
    while thing.parent is not None:
        thing = thing.parent
    return thing


def _keys_of(keys: bpy.types.Key) -> tuple[tuple[str, ...], list[str]]:
    """Names of relative keys free to be animated, and of those that a driver owns."""
    owned = driven_paths(keys)
    free: list[str] = []
    locked: list[str] = []
    for block in keys.key_blocks:
        if block == keys.reference_key:
            continue
        path = f'key_blocks["{bpy.utils.escape_identifier(block.name)}"].value'
        (locked if path in owned else free).append(block.name)
    return tuple(free), locked


def _properties_of(
    rig: bpy.types.Object | None, members: list[bpy.types.Object]
) -> Iterator[tuple[str, Owner, tuple[str, ...]]]:
    """Custom properties with numbers: of the rig, its data and bones, then of the other parts."""
    things = ([rig] if rig is not None else []) + [m for m in members if m != rig]
    for thing in things:
        found = _numbers(thing)
        if found:
            yield f"object {thing.name}", Owner(thing), found
        found = _numbers(thing.data) if thing.data is not None else ()
        if found:
            yield f"data {thing.name}", Owner(thing.data), found
    for bone in rig.pose.bones if rig is not None else ():
        found = _numbers(bone)
        if found:
            prefix = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"]'
            yield f"bone {bone.name}", Owner(rig, prefix), found


def _numbers(block: bpy.types.ID | bpy.types.PoseBone) -> tuple[str, ...]:
    owned = driven_paths(block) if isinstance(block, bpy.types.ID) else set()
    names = list(block.keys())
    return tuple(
        name
        for name in names
        if name not in INTERNAL_PROPERTIES
        and isinstance(block[name], (int, float))
        and f'["{bpy.utils.escape_identifier(name)}"]' not in owned
    )


def skeleton_of(rig: bpy.types.Object) -> Skeleton:
    """The bones of an armature at rest, in its own space."""
    # All in one call, as a slider asks again at every step; Blender stores matrices by columns.
    columns = np.empty(16 * len(rig.data.bones), np.float32)
    rig.data.bones.foreach_get("matrix_local", columns)
    rests = columns.reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)
    bones: dict[str, Bone] = {}
    for bone, rest in zip(rig.data.bones, rests, strict=True):
        parent = bone.parent.name if bone.parent is not None else ""
        bones[bone.name] = Bone(bone.name, parent, rest[:3, :3], rest[:3, 3])
    followers = (bone.name for bone in rig.pose.bones if is_turned_by_another(bone))
    return Skeleton(bones, frozenset(followers))


def is_turned_by_another(bone: bpy.types.PoseBone) -> bool:
    """Whether a constraint decides a bone's turn, so that its own rotation is not seen."""
    return any(
        not c.mute
        and c.influence > MOST_INFLUENCE
        and (c.type in TRACKING or (c.type in COPYING and c.mix_mode == "REPLACE"))
        for c in bone.constraints
    )
