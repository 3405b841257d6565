"""Why a performance would not be seen although its curves are there: what a character hides by itself.

None of it is an error, and nothing of it is changed: it is said, since curves that move nothing are the
hardest fault to find.
"""

from __future__ import annotations

import bpy

from ..blender import fcurves
from ..core.characters.inventory import Coverage, named
from ..core.characters.profile import MappingProfile
from ..core.characters.skeleton import neck_chain
from ..core.layers import TITLES
from ..performing.shared_meshes import twins
from ..rig.bone_curves import plan_bones
from ..rig.carriers import carrier_of
from ..rig.character import Character, character_of, is_backward, is_turned_by_another
from ..rig.eye_objects import still_eyes
from ..rig.profiles import covered, profile_of
from ..rig.visibility import unseen_reason

# A shape whose range ends before this is cut off in plain speech.
LEAST_RANGE = 0.5


def hindrances_of(target: bpy.types.Object) -> tuple[str, ...]:
    """Sentences about what keeps a character's face from moving as its curves say."""
    character = character_of(target)
    profile = profile_of(character)
    return hindrances(character, profile, covered(character, profile))


def report_of(character: Character, profile: MappingProfile, found: Coverage) -> str:
    """What a character has of a profile, and what hides it."""
    told = str(found)
    if profile.stepped is not None and not found.places.keys() & profile.visemes.keys():
        told = f"a number shows one of {len(profile.visemes)} mouths"
        if found.places:
            told += f"; beside it {', '.join(found.places)}"
    turns: list[str] = []
    if character.faces and "head" not in found.parts:
        carrier = carrier_of(character.rig, profile) if character.rig is not None else None
        turns = [
            f"head on bone '{carrier.head}' of '{carrier.rig.name}'"
            if carrier is not None
            else "no bone turns the head"
        ]
    return "; ".join([told, *turns, *hindrances(character, profile, found)])


def hindrances(character: Character, profile: MappingProfile, found: Coverage) -> tuple[str, ...]:
    """The same for a character whose coverage is known."""
    sentences: list[str] = []
    shared = twins(character)
    speaking = {face: _used_keys(face, found) for face in character.faces}
    sentences += _of_sight(speaking)
    for face, used in speaking.items():
        if used:
            sentences += _of_face(face, used)
            if face in shared:
                sentences.append(
                    f"'{face.name}' has one mesh with '{shared[face][0].name}', which moves along: press "
                    "Give Own Mesh to part them"
                )
    plan = None
    if character.rig is not None:
        sentences += _of_rig(character.rig, character, profile, found)
        plan = plan_bones(
            character.rig, character.inventory.skeleton, profile, found, character.faces
        )
    sentences += still_eyes(character, plan)
    scenes = _spoken_in(character)
    if len(scenes) > 1:
        sentences.append(
            f"'{character.name}' speaks in several scenes, {', '.join(scenes)}: it plays what was written "
            "last"
        )
    owned = named(profile, character.inventory.driven).places
    # What drives a key may be moved itself.
    left = [places for channel, places in owned.items() if channel not in found.places]
    driven = list(dict.fromkeys(place.name for places in left for place in places))
    if driven:
        sentences.append(f"{_are(driven, character.name)} moved by drivers and left alone")
    return tuple(sentences)


def _used_keys(face: bpy.types.Object, found: Coverage) -> list[str]:
    """Names of a face's shape keys that a performance moves."""
    places = (place for places in found.places.values() for place in places)
    used = (place.name for place in places if place.kind == "shape" and place.owner == face.name)
    return list(dict.fromkeys(used))


def _of_sight(speaking: dict[bpy.types.Object, list[str]]) -> list[str]:
    """Of the face with the most to show, where it is seen nowhere and no other has half as much."""
    counts = {
        face: len(used) or len(face.data.shape_keys.key_blocks) / 1000
        for face, used in speaking.items()
    }
    most = max(counts.values(), default=0)
    unseen: list[str] = []
    for face in sorted(counts, key=lambda face: -counts[face]):
        reasons = [unseen_reason(face, scene) for scene in face.users_scene]
        if counts[face] < most / 2:
            break
        if not all(reasons):
            return []
        unseen += reasons[:1]
    return unseen[:1]


def _spoken_in(character: Character) -> list[str]:
    """Scenes in which a character has a performance; all of them share what it animates."""
    parts = {character.chosen, *character.faces, character.rig}
    return [
        scene.name
        for scene in bpy.data.scenes
        for record in getattr(getattr(scene, "dirfa", None), "characters", ())
        if record.target in parts and record.action is not None
    ]


def _of_face(face: bpy.types.Object, used: list[str]) -> list[str]:
    keys = face.data.shape_keys
    if not keys.use_relative:
        return [
            f"The shape keys of '{face.name}' are absolute, so their values move nothing: switch on "
            "Relative below their list"
        ]
    sentences = _of_tracks(keys, face.name)
    if face.show_only_shape_key:
        sentences.append(
            f"'{face.name}' is pinned to one shape key: switch Solo Active Key off below their list"
        )
    muted = [name for name in used if keys.key_blocks[name].mute]
    if muted:
        sentences.append(f"{_are(muted, face.name)} muted: tick their boxes to see motion")
    raised = [name for name in used if keys.key_blocks[name].slider_min > 0.0]
    if raised:
        least = keys.key_blocks[raised[0]].slider_min
        sentences.append(
            f"{_are(raised, face.name)} never at rest, at least {least:.2f}: set Range Min to 0"
        )
    short = [name for name in used if _reach(keys.key_blocks[name]) < LEAST_RANGE]
    if short:
        first, begins = keys.key_blocks[short[0]], _are(short, face.name)
        sentences.append(
            f"{begins} cut off early, at {first.slider_min:.2f}: lower Range Min"
            if is_backward(first)
            else f"{begins} cut off early, at {first.slider_max:.2f}: raise Range Max"
        )
    return sentences


def _reach(block: bpy.types.ShapeKey) -> float:
    """How far a key goes in its range."""
    return -block.slider_min if is_backward(block) else block.slider_max


def _of_rig(
    rig: bpy.types.Object, character: Character, profile: MappingProfile, found: Coverage
) -> list[str]:
    sentences: list[str] = []
    if rig.data.pose_position == "REST":
        sentences.append(
            f"'{rig.name}' is in Rest Position, so no bone moves: switch to Pose Position in its Data tab"
        )
    sentences += _of_tracks(rig, rig.name)
    head = found.parts.get("head")
    if head is not None and is_turned_by_another(rig.pose.bones[head]):
        sentences.append(
            f"Bone '{head}' of '{rig.name}' is turned by a constraint, so turns of the head are not seen: "
            "lower the constraint's influence"
        )
    driven = fcurves.driven_paths(rig)
    used = [name for bones in found.bones.values() for name in bones]
    necks = neck_chain(character.inventory.skeleton, profile.bones, head) if head else []
    for name in dict.fromkeys([*necks, *found.parts.values(), *used]):
        path = f'pose.bones["{bpy.utils.escape_identifier(name)}"].'
        if any(owned.startswith((f"{path}rotation", f"{path}location")) for owned in driven):
            sentences.append(f"Bone '{name}' of '{rig.name}' is moved by drivers and left alone")
    return sentences


def _of_tracks(block: bpy.types.ID, owner: str) -> list[str]:
    """Of a track of the artist's that plays alone; one of the layers may well be heard alone."""
    data = block.animation_data
    alone = [track.name for track in data.nla_tracks if track.is_solo] if data is not None else []
    if not alone or alone[0] in TITLES.values():
        return []
    return [
        f"Track '{alone[0]}' of '{owner}' is solo in the NLA editor, so nothing else plays: switch its "
        "star off"
    ]


def _are(keys: list[str], owner: str) -> str:
    """How a sentence about some shape keys begins."""
    if len(keys) == 1:
        return f"Shape key {keys[0]} of '{owner}' is"
    return f"{len(keys)} shape keys of '{owner}', first {keys[0]}, are"
