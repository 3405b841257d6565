"""Which mapping profile a character has: the one chosen or edited for it, else the one its names call for.

A choice is kept on the object as the profile's JSON or its name, so it goes with the file and survives
where the user's own profile files do not exist.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

import bpy

from ..blender.pieces import Steps, finished
from ..core.characters.inventory import Coverage, best, coverage, opens_mouth
from ..core.characters.profile import MappingProfile
from ..core.characters.profile_writer import profile_document
from ..core.errors import DirfaError, ProfileError, RigError
from ..core.mapping import load_profile, parse_text, read_profile, shipped_profiles
from ..head.meshes import HeadObjects
from ..roots import ROOT_PACKAGE
from ..session import state
from . import pictures
from .character import Character, character_of

FALLBACK = "arkit"
# Mouths of which a number shows one.
PICTURES = "mouth_sprites"
# Custom properties of an object: an edited profile as JSON, or the name of a chosen one.
EDITED_KEY = "dirfa_profile"
CHOSEN_KEY = "dirfa_profile_name"
# Of characters whose profile is remembered.
MAX_PROFILES = 64
# Between two profiles that are read early.
READ_SECONDS = 0.05


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
        # What its channels are called is what every look begins with.
        _ = load_profile(name).spellings
        yield False


def read_on() -> float | None:
    """A timer that reads a profile at a time while nobody waits for one; seconds until it runs again."""
    names = shipped_profiles()
    if state().profiles_read >= len(names):
        return None
    _ = load_profile(names[state().profiles_read]).spellings
    state().profiles_read += 1
    return READ_SECONDS


def begin_reading() -> None:
    """Read the profiles early, once there is a window."""
    if not bpy.app.background:
        bpy.app.timers.register(read_on, first_interval=READ_SECONDS, persistent=True)


def end_reading() -> None:
    """Stop what `begin_reading` began."""
    if bpy.app.timers.is_registered(read_on):
        bpy.app.timers.unregister(read_on)


def profile_of(character: Character) -> MappingProfile:
    """The same for a character already looked at."""
    return finished(profile_steps(character))


def profile_steps(character: Character) -> Steps[MappingProfile]:
    """`profile_of` in pieces: looked for again only when the names or the mapping of a character change."""
    known, key = state().profiles, _key_of(character)
    if key not in known:
        keeper = keeper_of(character)
        found = yield from _looked_for(character, keeper.name, *_kept_on(keeper))
        if len(known) >= MAX_PROFILES:
            known.clear()
        known[key] = found
    return known[key]


def known_profile(character: Character) -> MappingProfile | None:
    """The profile of a character if it need not be looked for."""
    return state().profiles.get(_key_of(character))


def detect(character: Character) -> tuple[MappingProfile, Coverage]:
    """The known profile that explains most of a character, and what it finds. Raises RigError."""
    return finished(_detecting_steps(character))


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


def _kept_on(keeper: bpy.types.Object) -> tuple[str, str]:
    """The edited mapping that an object keeps, and the chosen one."""
    return str(keeper.get(EDITED_KEY, "")), str(keeper.get(CHOSEN_KEY, ""))


def _key_of(character: Character) -> Hashable:
    """What a profile is remembered by."""
    return (
        _kept_on(keeper_of(character)),
        _offered(character),
        _is_counted(character),
        _versions(),
    )


def _versions() -> tuple[tuple[str, int], ...]:
    """The user's profile files, and when each was written."""
    folder = user_folder()
    return tuple((n, (folder / f"{n}.json").stat().st_mtime_ns) for n in user_profile_names())


def _looked_for(character: Character, keeper: str, edited: str, name: str) -> Steps[MappingProfile]:
    if edited:
        return parse_text(edited, f"The mapping of '{keeper}'")
    if name:
        return named(name)
    is_counted = _is_counted(character)
    try:
        found, own = yield from _detecting_steps(character)
    except DirfaError:
        # Nothing of a face is known: head pose alone needs no more than the common profile.
        return load_profile(PICTURES if is_counted else FALLBACK)
    if found.stepped is not None:
        return _beside_pictures(character, found)
    if not is_counted or own.bones or opens_mouth(found, own):
        return found
    drawn = load_profile(PICTURES)
    return found.beside_pictures(drawn) if own.places else drawn


def _beside_pictures(character: Character, pictures_alone: MappingProfile) -> MappingProfile:
    """Drawn mouths, with the lids and brows that the character has keys or controls for."""
    others = [
        profile for profile in map(load_profile, shipped_profiles()) if profile.stepped is None
    ]
    found = [(p, coverage(p, character.inventory, only_own_names=True)) for p in others]
    try:
        moving, own = best(found, character.inventory)
    except RigError:
        return pictures_alone
    drawn = coverage(pictures_alone, character.inventory).places.values()
    taken = {place for places in drawn for place in places}
    doubtful = {channel for channel, places in own.places.items() if taken & set(places)}
    if own.places.keys() <= doubtful or own.bones or moving.visemes:
        return pictures_alone
    return moving.beside_pictures(pictures_alone, doubtful)


def is_cut_out(thing: bpy.types.Object) -> bool:
    """Whether an object is, or carries, a mouth of which a number shows one picture."""
    stepped = load_profile(PICTURES).stepped
    if stepped is None or not pictures.may_count(thing, stepped.index):
        return False
    character = character_of(thing)
    has_keys = any(character.inventory.of_kind("shape").values())
    return not has_keys and _is_counted(character)


def _is_counted(character: Character) -> bool:
    """Whether a number shows one of several mouths of a character."""
    stepped = load_profile(PICTURES).stepped
    return stepped is not None and pictures.has_number(character, stepped.index)


def _detecting_steps(character: Character) -> Steps[tuple[MappingProfile, Coverage]]:
    """Every profile looks for its names, one a piece."""
    yield from reading_steps()
    found: list[tuple[MappingProfile, Coverage]] = []
    for _, _, index in character.inventory.indices:
        for _ in index.prepare():
            yield False
        yield False
    for profile in [load_profile(name) for name in shipped_profiles()] + user_profiles():
        found.append((profile, coverage(profile, character.inventory, only_own_names=True)))
        yield False
    return best(found, character.inventory)


def _offered(character: Character) -> Hashable:
    """All names of a character by which a profile is detected."""
    inventory = character.inventory
    return (
        tuple((k, o, tuple(own)) for k, all_ in inventory.names.items() for o, own in all_.items()),
        inventory.driven,
        tuple(inventory.sides.items()),
        tuple(inventory.skeleton.bones),
        inventory.skeleton.followers,
    )
