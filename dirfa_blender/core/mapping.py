"""MappingProfile: how action units and gaze reach the shapes of one family of rigs.

A profile is data (``rigs/<name>.json``, described key by key in ``rigs/README.md``): a gain matrix from
AUs to shapes, then two kinds of corrective that keep faces possible, then limits. Shape-key names live
in profiles only; code never spells one. No bpy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .action_units import AU_NAMES
from .animation import Animation
from .errors import ProfileError

PROFILE_FORMAT = "dirfa.profile"
PROFILE_VERSION = 1
GAZE_INPUTS = ("gaze_up", "gaze_left")
INPUTS: tuple[str, ...] = AU_NAMES + GAZE_INPUTS
RIGS_FOLDER = Path(__file__).resolve().parents[2] / "rigs"

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ShapeTrack:
    """Shape-key weights over time; head pose is passed through from the animation.

    Parameters
    ----------
    fps, start : as `Animation`
    names : K shape names
    weights : (T, K) float32, 0..1
    rotation, translation : (T, 3) float32, as `Animation`
    """

    fps: float
    start: float
    names: tuple[str, ...]
    weights: Array
    rotation: Array
    translation: Array

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) float64 seconds of the samples."""
        return self.start + np.arange(len(self.weights)) / self.fps


@dataclass(frozen=True)
class Coverage:
    """What a rig has of a profile: `found` maps profile shapes to the rig's own names."""

    found: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """0..1 of the profile's shapes that the rig has."""
        return len(self.found) / max(1, len(self.found) + len(self.missing))

    def __str__(self) -> str:
        total = len(self.found) + len(self.missing)
        if not self.missing:
            return f"all {total} shapes found"
        shown = ", ".join(self.missing[:5]) + (", ..." if len(self.missing) > 5 else "")
        return f"{len(self.found)} of {total} shapes found; missing: {shown}"


@dataclass(frozen=True)
class MappingProfile:
    """Gains, correctives and limits of one rig family.

    Parameters
    ----------
    name, title : identifier and what a menu shows
    shapes : K shape names
    gains : (A + 2, K) float32; rows are `INPUTS` (every AU, then gaze up and left in radians)
    at_most : pairs (shape, other): weight(shape) <= weight(other)
    yields_to : pairs (shape, other): weight(shape) is scaled by 1 - weight(other)
    head_bones : bone name -> share of the head rotation it carries; shares add up to 1
    """

    name: str
    title: str
    shapes: tuple[str, ...]
    gains: Array
    at_most: tuple[tuple[str, str], ...]
    yields_to: tuple[tuple[str, str], ...]
    head_bones: Mapping[str, float]

    def apply(self, animation: Animation) -> ShapeTrack:
        """Shape weights of an animation, within 0..1 and with every corrective held."""
        whole = animation.canonical()
        weights = np.concatenate([whole.au, whole.gaze], 1) @ self.gains
        np.clip(weights, 0.0, 1.0, out=weights)
        column = {name: index for index, name in enumerate(self.shapes)}
        for shape, other in self.yields_to:
            weights[:, column[shape]] *= 1.0 - weights[:, column[other]]
        for shape, other in self.at_most:
            limit = weights[:, column[other]]
            weights[:, column[shape]] = np.minimum(weights[:, column[shape]], limit)
        return ShapeTrack(
            fps=animation.fps,
            start=animation.start,
            names=self.shapes,
            weights=weights,
            rotation=animation.rotation,
            translation=animation.translation,
        )

    def coverage(self, rig_names: Iterable[str]) -> Coverage:
        """Which of the rig's own names mean this profile's shapes, in any common spelling."""
        by_meaning: dict[str, str] = {}
        for name in rig_names:
            by_meaning.setdefault(plain_spelling(name), name)
        found = {
            shape: by_meaning[plain_spelling(shape)]
            for shape in self.shapes
            if plain_spelling(shape) in by_meaning
        }
        return Coverage(found, tuple(shape for shape in self.shapes if shape not in found))


_PREFIX = re.compile(r"^(!ex-|[a-z]\w*\.(?=\w{3})|A\d\d_)", re.IGNORECASE)
_SIDE = re.compile(r"[_.\- ]([lr])$", re.IGNORECASE)


def plain_spelling(name: str) -> str:
    """Spelling in which all writers agree: no prefix, side in full, lower case, letters only.

    ``EyeBlinkLeft``, ``eyeBlink_L``, ``!ex-eyeBlinkLeft`` and ``A14_Eye_Blink_Left`` are one name.
    """
    name = _PREFIX.sub("", name.strip())
    side = _SIDE.search(name)
    if side:
        name = name[: side.start()] + ("left" if side[1].lower() == "l" else "right")
    return re.sub(r"[^0-9a-z]", "", name.lower())


@lru_cache(maxsize=32)
def load_profile(name_or_path: str | Path = "arkit") -> MappingProfile:
    """The profile in a file, or the shipped one of that name.

    Raises
    ------
    ProfileError
        Missing, no JSON, or a key is wrong; the sentence names file and key.
    """
    path = Path(name_or_path)
    if path.suffix != ".json":
        path = RIGS_FOLDER / f"{name_or_path}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(
            f"Cannot read profile {path.name}: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise ProfileError(f"Profile {path.name} must be JSON: {error}.") from error
    return _parse(found, f"Profile {path.name}")


def _parse(found: Any, where: str) -> MappingProfile:
    if not isinstance(found, dict) or found.get("format") != PROFILE_FORMAT:  # pyright: ignore[reportUnknownMemberType]
        raise ProfileError(f"{where} must be an object with format {PROFILE_FORMAT!r}.")
    data: dict[str, Any] = found  # pyright: ignore[reportUnknownVariableType]
    known = {"format", "version", "name", "title", "shapes", "at_most", "yields_to", "head_bones"}
    unknown = sorted(set(data) - known)
    if unknown:
        raise ProfileError(f"{where}: unknown key {unknown[0]!r}; known are {sorted(known)}.")
    if data.get("version") != PROFILE_VERSION:
        raise ProfileError(
            f"{where}: version must be {PROFILE_VERSION}, got {data.get('version')!r}: "
            "a newer one needs a newer program."
        )
    shapes = _entries(data, "shapes", where)
    gains = np.zeros((len(INPUTS), len(shapes)), np.float32)
    row = {name: index for index, name in enumerate(INPUTS)}
    for column, shape in enumerate(shapes):
        for source, gain in _entries(shapes, shape, f"{where}: shapes").items():
            if source not in row:
                raise ProfileError(f"{where}: shapes.{shape}: unknown action unit {source!r}.")
            gains[row[source], column] = _number(gain, f"{where}: shapes.{shape}.{source}")
    gains.flags.writeable = False
    bones = {
        bone: _number(share, f"{where}: head_bones.{bone}")
        for bone, share in _entries(data, "head_bones", where).items()
    }
    if bones and abs(sum(bones.values()) - 1.0) > 1e-6:
        raise ProfileError(f"{where}: head_bones must add up to 1, got {sum(bones.values()):g}.")
    return MappingProfile(
        name=str(data.get("name", "")),
        title=str(data.get("title", "")),
        shapes=tuple(shapes),
        gains=gains,
        at_most=_pairs(data, "at_most", shapes, where),
        yields_to=_pairs(data, "yields_to", shapes, where),
        head_bones=bones,
    )


def _entries(data: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ProfileError(f"{where}: {key} must be an object, got {value!r}.")
    return value  # pyright: ignore[reportUnknownVariableType]


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise ProfileError(f"{where} must be a number, got {value!r}.")
    return float(value)


def _pairs(
    data: Mapping[str, Any], key: str, shapes: Mapping[str, Any], where: str
) -> tuple[tuple[str, str], ...]:
    pairs = tuple((shape, str(other)) for shape, other in _entries(data, key, where).items())
    for name in (name for pair in pairs for name in pair):
        if name not in shapes:
            raise ProfileError(f"{where}: {key} names {name!r}, which is not among the shapes.")
    return pairs
