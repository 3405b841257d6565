"""The mapping profile's file format: versions, what a file is based on, and what all of it says.

The format is documented key by key in ``rigs/README.md``; `profile_reader` reads the keys, and
`json_values` collects every fault with its path. No bpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import ProfileError
from .json_values import Problems
from .profile import MappingProfile
from .profile_reader import ProfileReader

PROFILE_FORMAT: Final = "dirfa.profile"
PROFILE_VERSION: Final = 2
KEYS: Final = (
    "format", "version", "name", "title", "based_on", "channels", "visemes", "limits", "yields_to",
    "at_most", "stand_ins", "optional", "names", "along", "ranges", "bone_moves", "bones", "units",
    "head_bones", "eye_bones", "stepped",
)  # fmt: skip
# Keys whose entries are laid over those of the profile a file is based on.
LAYERED: Final = (
    "channels", "visemes", "limits", "yields_to", "at_most", "names", "along", "ranges", "bone_moves",
    "bones", "units",
)  # fmt: skip


def parse_profile(
    found: Any,
    where: str,
    base: Callable[[str], Mapping[str, Any]],
    prototypes: Mapping[str, Mapping[str, float]],
) -> MappingProfile:
    """The profile that a JSON document says.

    Parameters
    ----------
    base : gives the document of a shipped profile by name
    prototypes : viseme name -> {unit: level}, what ``visemes`` may refer to

    Raises
    ------
    ProfileError
        Anything is wrong; the sentence lists every problem with its path.
    """
    problems = Problems(where)
    data = whole_document(found, problems, base)
    if not data:
        problems.refuse()
    profile = ProfileReader(data, problems, prototypes).profile()
    problems.refuse()
    return profile


def whole_document(
    found: Any, problems: Problems, base: Callable[[str], Mapping[str, Any]]
) -> dict[str, Any]:
    """A document with what it is based on filled in and older versions upgraded."""
    if not isinstance(found, dict) or found.get("format") != PROFILE_FORMAT:
        problems.add("", f"the file must be an object with format {PROFILE_FORMAT!r}")
        return {}
    data: dict[str, Any] = dict(found)
    if data.get("version") == 1:
        # Version 1 had one kind of channel and called it shapes.
        data["channels"] = data.pop("shapes", {})
        data["version"] = PROFILE_VERSION
    if data.get("version") != PROFILE_VERSION:
        problems.add(
            "version",
            f"must be {PROFILE_VERSION}, got {data.get('version')!r}: "
            "a newer one needs a newer program",
        )
        return {}
    for key in sorted(set(data) - set(KEYS)):
        problems.add("", f"unknown key {key!r}; known are {', '.join(KEYS)}")
    name = data.pop("based_on", None)
    if name is None:
        return data
    if not isinstance(name, str):
        problems.add("based_on", f"must be the name of a shipped profile, got {name!r}")
        return data
    try:
        below = whole_document(base(name), problems, base)
    except ProfileError as error:
        problems.add("based_on", f"cannot be used: {error}")
        return data
    return laid_over(below, data)


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of `above` over those of `below`; null takes an entry away, with its correctives."""
    result = {**below, **above}
    for key in LAYERED:
        lower, upper = below.get(key, {}), above.get(key, {})
        if isinstance(lower, dict) and isinstance(upper, dict):
            merged: dict[str, Any] = {**lower, **upper}
            result[key] = {name: value for name, value in merged.items() if value is not None}
    known = _channels_of(result)
    for key in ("limits", "yields_to", "at_most", "names", "along", "ranges", "bone_moves"):
        own, entries = above.get(key), result.get(key)
        if isinstance(entries, dict):
            kept = own if isinstance(own, dict) else {}
            result[key] = {
                name: value
                for name, value in entries.items()
                # What a file says itself stays, so that its faults are found.
                if name in kept or {name, value if isinstance(value, str) else name} <= known
            }
    inherited = result.get("optional")
    if "optional" not in above and isinstance(inherited, list):
        result["optional"] = [name for name in inherited if name in known]
        if not result["optional"]:
            del result["optional"]
    return result


def _channels_of(data: Mapping[str, Any]) -> set[str]:
    """Channels of a document, with those of stand-ins that still replace one."""
    known: set[str] = set()
    for key in ("channels", "visemes"):
        entries = data.get(key)
        known |= set(entries) if isinstance(entries, dict) else set()
    entries = data.get("stand_ins")
    extra: set[str] = set()
    for entry in entries if isinstance(entries, list) else []:
        replaced = entry.get("for") if isinstance(entry, dict) else None
        channels = entry.get("channels") if isinstance(entry, dict) else None
        if isinstance(replaced, list) and isinstance(channels, dict) and set(replaced) & known:
            extra |= set(channels)
    return known | extra
