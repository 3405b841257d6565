"""Faces that share their mesh with another character, and a mesh of their own for them.

Shape keys belong to a mesh, not to its object: what one character says, every object of that mesh says
along, and of two performances the last one written plays on both. A crowd of linked duplicates may be
meant so, which is why nothing is parted until an artist asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import bpy

from ..blender import fcurves, nla
from ..blender.labels import draw_text
from ..core.errors import DirfaError, RigError
from ..rig.character import Character, character_of, refuse_locked
from ..session import state
from . import acting, apply, edits, posed_values


def twins(character: Character) -> dict[bpy.types.Object, list[bpy.types.Object]]:
    """Faces of a character, and the objects in scenes that have the same mesh and are no part of it."""
    found: dict[bpy.types.Object, list[bpy.types.Object]] = {}
    for face in character.faces:
        if face.data.users < 2:
            continue
        others = [
            other
            for other in bpy.data.objects
            if other.data == face.data and other not in character.faces and other.users_scene
        ]
        if others:
            found[face] = others
    return found


def refuse_performed(character: Character) -> None:
    """Raise RigError where a mesh of a character plays what another one says: it would be replaced."""
    for face, others in twins(character).items():
        # The shape keys are one for all: whose performance they play, its slot alone tells.
        slots = [slot for _, slot in _played(face.data.shape_keys) if slot is not None]
        speakers = {edits.unlayered(slot.name_display) for slot in slots}
        for other in others:
            if apply.face_slot(other.name) in speakers:
                raise RigError(
                    f"'{face.name}' has one mesh with '{other.name}', whose performance would be "
                    "replaced. Open the scene and press Give Own Mesh in the DIRFA Mapping panel of "
                    f"'{character.name}', or apply each of them to a scene of its own."
                )


def performance_of(character: Character) -> str:
    """Name of the Action of ours that a face of a character plays; empty where none does."""
    for face in character.faces:
        for action, slot in _played(face.data.shape_keys):
            is_its = slot is not None and edits.unlayered(slot.name_display) == apply.face_slot(
                face.name
            )
            if action is not None and is_its and fcurves.is_ours(action):
                return action.name
    return ""


def refuse_beside(character: Character, speakers: Iterable[Character]) -> None:
    """Raise RigError where one of several that are to speak has a mesh of a character."""
    others = {face: other for other in speakers for face in other.faces}
    for face, sharing in twins(character).items():
        for thing in sharing:
            if thing in others:
                raise RigError(
                    f"'{face.name}' has one mesh with '{thing.name}', which speaks as well: one "
                    f"performance would replace the other. Run dirfa.part_meshes with '{character.name}' "
                    "active first, or give each a scene of its own."
                )


def draw_offer(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """The button that parts a character from another one, where the last Generate found that they share."""
    speakers = (line.character for line in scene.dirfa.lines)
    if any(one is not None and one.session_uid == state().sharing for one in speakers):
        column = layout.box().column(align=True)
        draw_text(column, "Another character has the same mesh and moves along", "INFO")
        column.operator("dirfa.part_meshes", icon="DUPLICATE").uid = state().sharing


def part(scene: bpy.types.Scene, chosen: bpy.types.Object) -> list[str]:
    """Give a character meshes of its own where another one has them too; both play their own lines again.

    Returns
    -------
    Sentences about performances that could not be written again

    Raises
    ------
    RigError
        It shares no mesh, or may not be changed; the scene is as before.
    """
    character = character_of(chosen)
    shared = twins(character)
    if not shared:
        raise RigError(
            f"'{character.name}' shares no mesh with shape keys, so none has to be parted."
        )
    for face in shared:
        refuse_locked(face, character.name)
        _refuse_busy(face)
    performers = list(_performers(scene, {face.data for face in shared}))
    own = set(character.faces)
    mine, others = set[bpy.types.Action](), set[bpy.types.Action]()
    for _, record, faces in performers:
        (mine if own & faces else others).update({record.action, record.edits} - {None})
    made: dict[bpy.types.ID, bpy.types.ID] = {}
    for face in shared:
        mesh = face.data
        if mesh not in made:
            made[mesh] = mesh.copy()
        face.data = made[mesh]
    for before, after in made.items():
        _forget(before.shape_keys, mine)
        _forget(after.shape_keys, others)
    return list(_performed([(where, record.target) for where, record, _ in performers]))


def _performers(
    scene: bpy.types.Scene, meshes: set[bpy.types.ID]
) -> Iterator[tuple[bpy.types.Scene, bpy.types.PropertyGroup, set[bpy.types.Object]]]:
    """Records of characters with a face of these meshes, and their faces; those of `scene` come last."""
    for where in sorted(bpy.data.scenes, key=lambda other: other == scene):
        for record in where.dirfa.characters:
            if (
                record.target is None
                or record.action is None
                or where not in record.target.users_scene
            ):
                continue
            faces = set(character_of(record.target).faces)
            if any(face.data in meshes for face in faces):
                yield where, record, faces


def _performed(speakers: list[tuple[bpy.types.Scene, bpy.types.Object]]) -> Iterator[str]:
    for where, target in speakers:
        try:
            acting.perform(where, target)
        except DirfaError as error:
            yield str(error)


def _refuse_busy(face: bpy.types.Object) -> None:
    """Refuse a face that is being edited: its mesh is not whole until it is left."""
    if face.mode == "EDIT":
        raise RigError(
            f"'{face.name}' is in Edit Mode. Leave it first: press Tab in the 3D viewport."
        )
    nla.refuse_tweaked(face.data.shape_keys)


def _forget(keys: bpy.types.Key, actions: set[bpy.types.Action]) -> None:
    """Take performances off shape keys; what they moved goes back to rest."""
    data = keys.animation_data
    if data is None:
        return
    moved = {
        place
        for action, slot in _played(keys)
        if action in actions and slot is not None
        for place in fcurves.slot_curves(action, slot)
    }
    if data.action in actions:
        data.action = None
    nla.take_down(keys, tuple(actions))
    for path, index in moved:
        posed_values.rest(keys, path, index)


def _played(
    keys: bpy.types.Key,
) -> list[tuple[bpy.types.Action | None, bpy.types.ActionSlot | None]]:
    """Actions of shape keys and their slots, those of NLA strips too."""
    data = keys.animation_data
    if data is None:
        return []
    strips = [strip for track in data.nla_tracks for strip in track.strips]
    return [(one.action, one.action_slot) for one in (data, *strips)]
