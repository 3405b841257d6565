"""Takes inside the file: each is a whole take file in a property, beside what made it.

A take of a minute is about half a megabyte. The bytes are the ones the server made, before any slider, so
that directing starts from the same samples every time and needs no server.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import bpy

from ..core.animation import Animation
from ..core.npz_io import animation_bytes, animation_from_bytes
from ..session import state

# Unpacked takes kept at hand, so that switching between them is instant.
MAX_UNPACKED = 256


@dataclass(frozen=True)
class TakeNote:
    """What made a take: shown beside it, and enough to ask for it again."""

    seed: int = 0
    blinks: float = 1.0
    breath: float = 1.0
    text: str = ""


def add_take(
    line: bpy.types.PropertyGroup,
    animation: Animation,
    note: TakeNote,
    name: str = "",
    data: bytes | None = None,
) -> bpy.types.PropertyGroup:
    """A take stored at the end of a line's takes and chosen to play; `data` is its file, if known."""
    data = animation_bytes(animation) if data is None else data
    take = line.takes.add()
    take.name = name or free_name(line, "Take")
    take.seed = note.seed
    take.blinks = note.blinks
    take.breath = note.breath
    take.note = note.text
    take.seconds = animation.duration
    take.data = data
    take.digest = hashlib.sha256(data).hexdigest()[:32]
    _remember(take.digest, animation)
    line.take_index = len(line.takes) - 1
    return take


def read_take(take: bpy.types.PropertyGroup) -> Animation:
    """The animation of a stored take.

    Raises
    ------
    FormatError
        The file was written by a newer version, or is damaged.
    """
    known = state().unpacked.get(take.digest)
    if known is None:
        known = animation_from_bytes(take.data, f"Take {take.name}")
        _remember(take.digest, known)
    return known


def chosen_take(line: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup | None:
    """The take of a line that plays, if it has any."""
    if not len(line.takes):
        return None
    return line.takes[min(line.take_index, len(line.takes) - 1)]


def duplicate_take(line: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup:
    """A copy of the chosen take, chosen to play."""
    source = chosen_take(line)
    assert source is not None
    kept = {
        name: getattr(source, name)
        for name in ("seed", "blinks", "breath", "note", "seconds", "data", "digest")
    }
    name = free_name(line, source.name)
    copy = line.takes.add()
    copy.name = name
    for key, value in kept.items():
        setattr(copy, key, value)
    line.take_index = len(line.takes) - 1
    return copy


def free_seed(line: bpy.types.PropertyGroup, wanted: int = 0) -> int:
    """The least seed from `wanted` on that no take of the line has."""
    used = {take.seed for take in line.takes}
    return next(seed for seed in range(wanted, wanted + len(used) + 1) if seed not in used)


def free_name(line: bpy.types.PropertyGroup, stem: str) -> str:
    """`stem` with the first number that no take of the line has."""
    stem = stem.rstrip("0123456789 ")
    used = {take.name for take in line.takes}
    return next(
        name for name in (f"{stem} {n}" for n in range(1, len(used) + 2)) if name not in used
    )


def _remember(digest: str, animation: Animation) -> None:
    unpacked = state().unpacked
    while len(unpacked) >= MAX_UNPACKED:
        unpacked.pop(next(iter(unpacked)))
    unpacked[digest] = animation
