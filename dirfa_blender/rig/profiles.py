"""Which mapping profile a character has: the one chosen or edited for it, else the one its names call for.

A choice is kept on the object as the profile's JSON or its name, so it goes with the file and survives
where the user's own profile files do not exist.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import bpy

from ..blender.pieces import Steps
from ..core.errors import DirfaError, ProfileError
from ..core.inventory import Coverage, coverage, detected
from ..core.mapping import load_profile, parse_text, read_profile, shipped_profiles
from ..core.profile import MappingProfile
from ..core.profile_writer import profile_document
from ..head.meshes import HeadObjects
from ..roots import ROOT_PACKAGE
from .character import Character, character_of

FALLBACK = "arkit"
# Custom properties of an object: an edited profile as JSON, or the name of a chosen one.
EDITED_KEY = "dirfa_profile"
CHOSEN_KEY = "dirfa_profile_name"


def profile_for(target: HeadObjects | bpy.types.Object) -> MappingProfile:
    """The profile of a character: edited on it, chosen for it, or detected by its names.

    Raises
    ------
    ProfileError
        What is kept on the object is no profile any more; the sentence lists every problem.
    """
    chosen = target.face if isinstance(target, HeadObjects) else target
    character = character_of(chosen)
    return profile_of(character)


def reading_steps() -> Steps[None]:
    """Read every shipped profile once, one a piece, so that the first look at a character need not."""
    for name in shipped_profiles():
        load_profile(name)
        yield False


def profile_of(character: Character) -> MappingProfile:
    """The same for a character already looked at."""
    keeper = keeper_of(character)
    text = keeper.get(EDITED_KEY)
    if text:
        return parse_text(str(text), f"The mapping of '{keeper.name}'")
    name = keeper.get(CHOSEN_KEY)
    if name:
        return named(str(name))
    try:
        return detect(character)[0]
    except DirfaError:
        # Nothing of a face is known: head pose alone needs no more than the common profile.
        return load_profile(FALLBACK)


def detect(character: Character) -> tuple[MappingProfile, Coverage]:
    """The known profile that explains most of a character, and what it finds. Raises RigError."""
    return detected(
        [load_profile(name) for name in shipped_profiles()] + user_profiles(), character.inventory
    )


def covered(character: Character, profile: MappingProfile) -> Coverage:
    """What of a profile a character has."""
    return coverage(profile, character.inventory)


def named(name: str) -> MappingProfile:
    """A shipped profile, or one that the user saved. Raises ProfileError."""
    if name in shipped_profiles():
        return load_profile(name)
    return read_profile(user_folder() / f"{name}.json")


def renamed(profile: MappingProfile, name: str, title: str) -> MappingProfile:
    """The same profile under another name and title."""
    return replace(profile, name=name, title=title)


def keep(character: Character, profile: MappingProfile) -> None:
    """Keep an edited profile on the character."""
    keeper_of(character)[EDITED_KEY] = json.dumps(profile_document(profile), ensure_ascii=False)


def choose(character: Character, name: str) -> None:
    """Use a profile by name, or the detected one where it is empty; edits are dropped."""
    keeper = keeper_of(character)
    for key in (EDITED_KEY, CHOSEN_KEY):
        if key in keeper:
            del keeper[key]
    if name:
        keeper[CHOSEN_KEY] = name


def keeper_of(character: Character) -> bpy.types.Object:
    """The object that keeps a character's mapping: one for all its parts."""
    if character.rig is not None:
        return character.rig
    return character.faces[0] if character.faces else character.chosen


def user_folder() -> Path:
    """Folder of the user's own profiles; not made here."""
    if ROOT_PACKAGE.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path="profiles"))
    # In a checkout there is no extension: beside Blender's own configuration.
    return Path(bpy.utils.user_resource("CONFIG", path="dirfa")) / "profiles"


def user_profile_names() -> list[str]:
    """Names of the user's profile files, sorted."""
    folder = user_folder()
    return sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []


def user_profiles() -> list[MappingProfile]:
    """The user's own profiles that can be read; a broken one is refused when it is chosen."""
    found: list[MappingProfile] = []
    for name in user_profile_names():
        try:
            found.append(read_profile(user_folder() / f"{name}.json"))
        except ProfileError:
            continue
    return found
