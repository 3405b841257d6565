"""Mapping profiles as files: the JSON document of a profile, and writing it whole or not at all. No bpy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..action_units import AU_NAMES
from ..errors import OutputError
from ..partials import partial_path, remove_stale
from .profile import INPUTS, BoneMove, MappingProfile
from .profile_format import PROFILE_FORMAT, PROFILE_VERSION


def write_profile(profile: MappingProfile, path: Path) -> None:
    """Write a profile to a file, replacing one that is there only when the new one is complete.

    Raises
    ------
    OutputError
        The file cannot be written; one that was there is as before.
    """
    text = json.dumps(profile_document(profile), indent=2, ensure_ascii=False)
    part = partial_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path.parent)
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"Profile {path.name} cannot be written in {path.parent}: {error.strerror or error}."
        ) from error


def profile_document(profile: MappingProfile) -> dict[str, Any]:
    """The JSON document of a profile, complete in itself; `parse_profile` gives the same one back."""
    linear = [name for name in profile.shapes if name not in profile.visemes]
    document: dict[str, Any] = {
        "format": PROFILE_FORMAT,
        "version": PROFILE_VERSION,
        "name": profile.name,
        "title": profile.title,
        "channels": {
            name: _named(profile.gains[:, profile.shapes.index(name)], INPUTS) for name in linear
        },
        "visemes": {name: _named(row, AU_NAMES) for name, row in profile.visemes.items()},
        "limits": {name: list(span) for name, span in profile.limits.items()},
        "yields_to": dict((*profile.yields_to, *profile.spare_yields_to)),
        "at_most": dict((*profile.at_most, *profile.spare_at_most)),
        "stand_ins": [
            {
                "for": list(one.missing),
                "channels": {name: dict(gains) for name, gains in one.channels.items()},
                "adjust": {name: dict(gains) for name, gains in one.adjust.items()},
            }
            for one in profile.stand_ins
        ],
        "optional": list(profile.optional),
        "names": {name: list(names) for name, names in profile.names.items()},
        "along": {name: list(names) for name, names in profile.along.items()},
        "ranges": {name: list(span) for name, span in profile.ranges.items()},
        "bone_moves": {
            name: [_move_document(move) for move in moves]
            for name, moves in profile.bone_moves.items()
        },
        "bones": {part: list(names) for part, names in profile.bones.items()},
        "units": {name: list(pair) for name, pair in profile.units.items()},
        "head_bones": dict(profile.head_bones),
    }
    if profile.eyes is not None:
        document["eye_bones"] = dict(vars(profile.eyes))
    if profile.stepped is not None:
        stepped: dict[str, Any] = {"hold_seconds": profile.stepped.hold_seconds}
        if profile.stepped.index:
            stepped["index"] = list(profile.stepped.index)
        document["stepped"] = stepped
    return {key: value for key, value in document.items() if value not in ({}, [])}


def _move_document(move: BoneMove) -> dict[str, Any]:
    entry: dict[str, Any] = {"bone": move.bone}
    if any(move.turn) or not any(move.move):
        entry["turn"] = list(move.turn)
    if any(move.move):
        entry["move"] = list(move.move)
    if move.unit:
        entry["unit"] = move.unit
    if move.when != "always":
        entry["when"] = move.when
    if move.near:
        entry["near"] = move.near
    return entry


def _named(
    row: npt.NDArray[np.float32] | npt.NDArray[np.float64], names: tuple[str, ...]
) -> dict[str, float]:
    # Six digits hold what a person typed; float32 noise behind them does not belong in a file.
    return {name: float(f"{value:.6g}") for name, value in zip(names, row, strict=True) if value}
