"""A mapping profile's document, key by key, to a `MappingProfile`; ``rigs/README.md`` says what each means.

`profile_format` makes the document whole before. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..action_units import AU_NAMES, expand_code
from .json_values import CheckedValues, Problems, is_name
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


class ProfileReader(CheckedValues):
    """One document being read: `profile` is what it says, faults go to `problems`.

    Parameters
    ----------
    data : the whole document, of the version of now and with nothing it is based on left out
    prototypes : viseme name -> {unit: level}, what ``visemes`` may refer to
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        problems: Problems,
        prototypes: Mapping[str, Mapping[str, float]],
    ) -> None:
        super().__init__(problems)
        self.data = data
        self.prototypes = prototypes

    def profile(self) -> MappingProfile:
        """What the document says; worth nothing where `problems` has found some."""
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
            along=self.name_lists("along", known),
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
        if not is_name(bone):
            self.problems.add(f"{path}.bone", f"must be the name of a bone, got {bone!r}")
        if unit and unit not in units:
            self.problems.add(f"{path}.unit", f"names {unit!r}, which is not among the units")
        if when not in ("always", "missing"):
            self.problems.add(f"{path}.when", f"must be 'always' or 'missing', got {when!r}")
        if "turn" not in entry and "move" not in entry:
            self.problems.add(path, "must have a turn or a move")
        turn, move = (self.vector(entry.get(key), f"{path}.{key}") for key in ("turn", "move"))
        near = entry.get("near", "")
        if near and not is_name(near):
            self.problems.add(f"{path}.near", f"must be the name of a bone, got {near!r}")
        return BoneMove(str(bone), turn, move, str(unit), when, str(near))

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
            if not is_name(value.get(side)):
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
