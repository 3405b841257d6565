"""The mapping profile's file format: JSON in and out, every fault found at once, with its path.

The format is documented key by key in ``rigs/README.md``. Reading collects problems instead of stopping
at the first, because a person who repairs a file by hand wants to see them all. No bpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .action_units import AU_NAMES, expand_code
from .errors import ProfileError
from .profile import (
    INPUTS,
    BoneMove,
    EyeBones,
    MappingProfile,
    StandIn,
    Stepped,
    among,
    gain_column,
)

PROFILE_FORMAT: Final = "dirfa.profile"
PROFILE_VERSION: Final = 2
KEYS: Final = (
    "format", "version", "name", "title", "based_on", "channels", "visemes", "limits", "yields_to",
    "at_most", "stand_ins", "optional", "names", "ranges", "bone_moves", "bones", "units", "head_bones",
    "eye_bones", "stepped",
)  # fmt: skip
# Keys whose entries are laid over those of the profile a file is based on.
LAYERED: Final = (
    "channels", "visemes", "limits", "yields_to", "at_most", "names", "ranges", "bone_moves", "bones",
    "units",
)  # fmt: skip
MISSING = object()


class Problems:
    """Faults of one file: where, what was expected, what was found."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[str] = []

    def add(self, path: str, sentence: str) -> None:
        """A fault at a JSON path."""
        self.found.append(f"{path} {sentence}" if path else sentence)

    def refuse(self) -> None:
        """Raise ProfileError with every fault, if there is one."""
        if not self.found:
            return
        if len(self.found) == 1:
            raise ProfileError(f"{self.where}: {self.found[0]}.")
        listed = "; ".join(self.found)
        raise ProfileError(f"{self.where} has {len(self.found)} problems: {listed}.")


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
    reader = _Reader(data, problems, prototypes)
    profile = reader.profile()
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
    for key in ("limits", "yields_to", "at_most", "names", "ranges", "bone_moves"):
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


class _Reader:
    """One document being read: values come out checked, faults go to `problems`."""

    def __init__(
        self,
        data: Mapping[str, Any],
        problems: Problems,
        prototypes: Mapping[str, Mapping[str, float]],
    ) -> None:
        self.data = data
        self.problems = problems
        self.prototypes = prototypes

    def profile(self) -> MappingProfile:
        linear = {
            name: self.gains(value, f"channels.{name}")
            for name, value in self.entries(self.data, "channels").items()
        }
        visemes = {
            name: self.prototype(value, f"visemes.{name}")
            for name, value in self.entries(self.data, "visemes").items()
        }
        for name in sorted(set(linear) & set(visemes)):
            self.problems.add(f"visemes.{name}", "is also among the channels; it must be in one")
        names = (*linear, *(name for name in visemes if name not in linear))
        gains = np.zeros((len(INPUTS), len(names)), np.float32)
        for column, name in enumerate(names):
            if name in linear:
                gains[:, column] = gain_column(linear[name])
        gains.flags.writeable = False
        stand_ins = self.stand_ins(set(names))
        known = {*names, *(name for one in stand_ins for name in one.channels)}
        units = {
            name: self.two_names(value, f"units.{name}")
            for name, value in self.entries(self.data, "units").items()
        }
        at_most, yields_to = self.pairs("at_most", known), self.pairs("yields_to", known)
        return MappingProfile(
            name=self.text("name"),
            title=self.text("title"),
            shapes=names,
            gains=gains,
            at_most=among(at_most, names),
            yields_to=among(yields_to, names),
            spare_at_most=tuple(pair for pair in at_most if not set(pair) <= set(names)),
            spare_yields_to=tuple(pair for pair in yields_to if not set(pair) <= set(names)),
            head_bones=self.head_bones(),
            limits=self.spans("limits", known),
            visemes=visemes,
            stand_ins=stand_ins,
            optional=self.optional(known),
            names=self.name_lists("names", known),
            ranges=self.spans("ranges", known, ordered=False),
            bone_moves=self.bone_moves(known, units),
            bones=self.name_lists("bones", None),
            units=units,
            eyes=self.eyes(),
            stepped=self.stepped(bool(visemes)),
        )

    def text(self, key: str) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str):
            self.problems.add(key, f"must be text, got {value!r}")
            return ""
        return value

    def entries(self, data: Mapping[str, Any], key: str, path: str = "") -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            self.problems.add(path or key, f"must be an object, got {value!r}")
            return {}
        return dict(value)

    def number(self, value: Any, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            self.problems.add(path, f"must be a number, got {value!r}")
            return 0.0
        return float(value)

    def only(self, data: Mapping[str, Any], path: str, keys: tuple[str, ...]) -> None:
        for key in sorted(set(data) - set(keys)):
            self.problems.add(path, f"has an unknown key {key!r}; known are {', '.join(keys)}")

    def gains(self, value: Any, path: str) -> dict[str, float]:
        if not isinstance(value, dict):
            self.problems.add(path, f"must be an object of input and gain, got {value!r}")
            return {}
        result: dict[str, float] = {}
        for source, gain in value.items():
            codes = input_codes(source)
            if not codes:
                self.problems.add(path, f"has an unknown action unit or input {source!r}")
            number = self.number(gain, f"{path}.{source}")
            result.update(dict.fromkeys(codes, number))
        return result

    def prototype(self, value: Any, path: str) -> npt.NDArray[np.float64]:
        row = np.zeros(len(AU_NAMES))
        if isinstance(value, str):
            if value not in self.prototypes:
                known = ", ".join(self.prototypes)
                self.problems.add(path, f"is no known viseme: {value!r}; known are {known}")
                return row
            value = dict(self.prototypes[value])
        for code, level in self.gains(value, path).items():
            if code in AU_NAMES:
                row[AU_NAMES.index(code)] = level
            else:
                self.problems.add(path, f"must be made of action units, got {code!r}")
        row.flags.writeable = False
        return row

    def pairs(self, key: str, known: set[str]) -> tuple[tuple[str, str], ...]:
        result: list[tuple[str, str]] = []
        for channel, other in self.entries(self.data, key).items():
            if self.channel(channel, key, known) & self.channel(other, f"{key}.{channel}", known):
                result.append((channel, other))
        return tuple(result)

    def channel(self, name: Any, path: str, known: set[str]) -> bool:
        if name not in known:
            self.problems.add(path, f"names {name!r}, which is not among the channels")
            return False
        return True

    def spans(
        self, key: str, known: set[str], *, ordered: bool = True
    ) -> dict[str, tuple[float, float]]:
        result: dict[str, tuple[float, float]] = {}
        for name, value in self.entries(self.data, key).items():
            self.channel(name, key, known)
            path = f"{key}.{name}"
            if not isinstance(value, list) or len(value) != 2:
                self.problems.add(path, f"must be a list of two numbers, got {value!r}")
                continue
            low, high = (self.number(v, f"{path}[{i}]") for i, v in enumerate(value))
            if ordered and low > high:
                self.problems.add(path, f"must rise, got {low:g} and {high:g}")
            result[name] = (low, high)
        return result

    def names_in(self, value: Any, path: str) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(_is_name(v) for v in listed):
            self.problems.add(path, f"must be a name or a list of names, got {value!r}")
            return ("",)
        return tuple(listed)

    def two_names(self, value: Any, path: str) -> tuple[str, str]:
        names = self.names_in(value, path)
        if len(names) != 2:
            self.problems.add(path, f"must be two bone names, got {value!r}")
            return "", ""
        return names[0], names[1]

    def name_lists(self, key: str, known: set[str] | None) -> dict[str, tuple[str, ...]]:
        result: dict[str, tuple[str, ...]] = {}
        for name, value in self.entries(self.data, key).items():
            if known is not None:
                self.channel(name, key, known)
            result[name] = self.names_in(value, f"{key}.{name}")
        return result

    def optional(self, known: set[str]) -> tuple[str, ...]:
        if "optional" not in self.data:
            return ()
        listed = self.names_in(self.data["optional"], "optional")
        return tuple(name for name in listed if self.channel(name, "optional", known))

    def stand_ins(self, known: set[str]) -> tuple[StandIn, ...]:
        value = self.data.get("stand_ins", [])
        if not isinstance(value, list):
            self.problems.add("stand_ins", f"must be a list, got {value!r}")
            return ()
        result: list[StandIn] = []
        for index, entry in enumerate(value):
            path = f"stand_ins[{index}]"
            if not isinstance(entry, dict):
                self.problems.add(path, f"must be an object, got {entry!r}")
                continue
            self.only(entry, path, ("for", "channels", "adjust"))
            missing = self.names_in(entry.get("for"), f"{path}.for")
            # A profile that took a channel away has no use for what stands in for it.
            missing = tuple(name for name in missing if name in known)
            if not missing:
                continue
            parts = {
                key: {
                    name: self.gains(gains, f"{path}.{key}.{name}")
                    for name, gains in self.entries(entry, key, f"{path}.{key}").items()
                }
                for key in ("channels", "adjust")
            }
            result.append(StandIn(missing, parts["channels"], parts["adjust"]))
        return tuple(result)

    def bone_moves(
        self, known: set[str], units: Mapping[str, object]
    ) -> dict[str, tuple[BoneMove, ...]]:
        result: dict[str, tuple[BoneMove, ...]] = {}
        for channel, value in self.entries(self.data, "bone_moves").items():
            self.channel(channel, "bone_moves", known)
            listed = [value] if isinstance(value, dict) else value
            if not isinstance(listed, list):
                self.problems.add(
                    f"bone_moves.{channel}", f"must be an object or a list of them, got {value!r}"
                )
                continue
            result[channel] = tuple(
                self.bone_move(entry, f"bone_moves.{channel}[{index}]", units)
                for index, entry in enumerate(listed)
            )
        return result

    def bone_move(self, entry: Any, path: str, units: Mapping[str, object]) -> BoneMove:
        if not isinstance(entry, dict):
            self.problems.add(path, f"must be an object, got {entry!r}")
            return BoneMove("")
        self.only(entry, path, ("bone", "turn", "move", "unit", "when", "near"))
        bone, unit, when = entry.get("bone"), entry.get("unit", ""), entry.get("when", "always")
        if not _is_name(bone):
            self.problems.add(f"{path}.bone", f"must be the name of a bone, got {bone!r}")
        if unit and unit not in units:
            self.problems.add(f"{path}.unit", f"names {unit!r}, which is not among the units")
        if when not in ("always", "missing"):
            self.problems.add(f"{path}.when", f"must be 'always' or 'missing', got {when!r}")
        if "turn" not in entry and "move" not in entry:
            self.problems.add(path, "must have a turn or a move")
        turn, move = (self.vector(entry.get(key), f"{path}.{key}") for key in ("turn", "move"))
        near = entry.get("near", "")
        if near and not _is_name(near):
            self.problems.add(f"{path}.near", f"must be the name of a bone, got {near!r}")
        return BoneMove(str(bone), turn, move, str(unit), when, str(near))

    def vector(self, value: Any, path: str) -> tuple[float, float, float]:
        if value is None:
            return 0.0, 0.0, 0.0
        if not isinstance(value, list) or len(value) != 3:
            self.problems.add(path, f"must be a list of three numbers, got {value!r}")
            return 0.0, 0.0, 0.0
        x, y, z = (self.number(v, f"{path}[{i}]") for i, v in enumerate(value))
        return x, y, z

    def head_bones(self) -> dict[str, float]:
        bones = {
            bone: self.number(share, f"head_bones.{bone}")
            for bone, share in self.entries(self.data, "head_bones").items()
        }
        if bones and abs(sum(bones.values()) - 1.0) > 1e-6:
            self.problems.add("head_bones", f"must add up to 1, got {sum(bones.values()):g}")
        return bones

    def eyes(self) -> EyeBones | None:
        value = self.data.get("eye_bones")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.problems.add("eye_bones", f"must be an object, got {value!r}")
            return None
        angles = ("up", "down", "inward", "outward")
        self.only(value, "eye_bones", ("left", "right", *angles, "use"))
        for side in ("left", "right"):
            if not _is_name(value.get(side)):
                self.problems.add(f"eye_bones.{side}", "must be the name of a bone")
        use = value.get("use", "auto")
        if use not in ("auto", "bones", "shapes", "both"):
            self.problems.add("eye_bones.use", f"must be auto, bones, shapes or both, got {use!r}")
        limits = {
            key: self.number(value[key], f"eye_bones.{key}") for key in angles if key in value
        }
        return EyeBones(str(value.get("left")), str(value.get("right")), **limits, use=use)

    def stepped(self, has_visemes: bool) -> Stepped | None:
        value = self.data.get("stepped")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.problems.add("stepped", f"must be an object, got {value!r}")
            return None
        self.only(value, "stepped", ("hold_seconds", "index"))
        hold = self.number(value.get("hold_seconds"), "stepped.hold_seconds")
        if hold < 0:
            self.problems.add("stepped.hold_seconds", f"must not be negative, got {hold:g}")
        if not has_visemes:
            self.problems.add("stepped", "needs visemes to step through")
        index = self.names_in(value["index"], "stepped.index") if "index" in value else ()
        return Stepped(hold, index)


def input_codes(text: object) -> tuple[str, ...]:
    """Inputs meant by a key of a file: ``AU12L``, ``gaze_up``, or ``AU12`` for both sides."""
    if not isinstance(text, str):
        return ()
    if text in INPUTS:
        return (text,)
    try:
        return expand_code(text)
    except KeyError:
        return ()


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)
