"""Planned curves as values of now: what a test shows without a key, what was there before, and rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy

from ..blender.nla import rest_value
from .apply import Slot


def read_values(slots: Sequence[Slot]) -> dict[str, float]:
    """Values of every channel's property as they are, by datablock, path and index."""
    found: dict[str, float] = {}
    for slot in slots:
        for channel in slot.channels:
            holder, name = _holder(slot.id_block, channel.path)
            value = holder[name] if channel.path.endswith("]") else getattr(holder, name)
            if hasattr(value, "__len__"):
                value = value[channel.index]
            found[key_of(slot, channel.path, channel.index)] = float(value)
    return found


def write_values(slots: Sequence[Slot], values: Mapping[str, float] | None = None) -> None:
    """Set every channel's property to its first sample, or to remembered values."""
    for slot in slots:
        for channel in slot.channels:
            value = float(channel.values[0])
            if values is not None:
                value = values.get(key_of(slot, channel.path, channel.index), value)
            _set(slot.id_block, channel.path, channel.index, value)
        slot.id_block.update_tag()


def rest(block: bpy.types.ID, path: str, index: int) -> None:
    """Put a property that nothing animates any more back to rest, if it is a continuous number.

    Which picture is shown, or which object hidden, has no rest and stays.
    """
    try:
        holder, name = _holder(block, path)
        value = holder[name] if path.endswith("]") else getattr(holder, name)
    except (ValueError, KeyError, AttributeError):
        return  # the shape key or bone is gone as well
    if hasattr(value, "__len__"):
        value = value[index]
    if not isinstance(value, float):
        return
    at_rest = rest_value(path, index)
    if path.endswith("]"):
        at_rest = holder.id_properties_ui(name).as_dict().get("default", at_rest)
    _set(block, path, index, at_rest)
    # What lies below in the NLA shows at once.
    block.update_tag(refresh={"TIME"})


def _set(block: bpy.types.ID, path: str, index: int, value: float) -> None:
    holder, name = _holder(block, path)
    if path.endswith("]"):
        holder[name] = type(holder[name])(value)
        return
    current = getattr(holder, name)
    if hasattr(current, "__len__"):
        current[index] = value
    else:
        setattr(holder, name, type(current)(value))


def _holder(block: bpy.types.ID, path: str) -> tuple[bpy.types.bpy_struct, str]:
    """What has the property at the end of a path, and the property's name."""
    if path.endswith('"]'):
        prefix, _, name = path.rpartition('["')
        name = bpy.utils.unescape_identifier(name[:-2])
    else:
        prefix, _, name = path.rpartition(".")
    return (block.path_resolve(prefix) if prefix else block), name


def key_of(slot: Slot, path: str, index: int) -> str:
    """By what a property's value is remembered."""
    return f"{slot.id_block.session_uid} {path} {index}"
