"""Datablocks made piece by piece, known by number so that they can be taken back even after an undo."""

from __future__ import annotations

from typing import TypeVar

import bpy

Block = TypeVar("Block", bound=bpy.types.ID)

# Collection of `bpy.data` by the kind of datablock that is made here.
COLLECTIONS = {
    "OBJECT": "objects",
    "MESH": "meshes",
    "CURVES": "hair_curves",
    "ARMATURE": "armatures",
    "ACTION": "actions",
    "MATERIAL": "materials",
    "IMAGE": "images",
}


class MadeBlocks:
    """What was made so far and belongs to no scene yet."""

    def __init__(self) -> None:
        self._numbers: dict[str, set[int]] = {}

    def add(self, block: Block) -> Block:
        """Remember a datablock; the same one."""
        self._numbers.setdefault(COLLECTIONS[block.id_type], set()).add(block.session_uid)
        return block

    def withdraw(self) -> None:
        """Remove what is still there of it."""
        found = [
            block
            for kind, numbers in self._numbers.items()
            for block in getattr(bpy.data, kind)
            if block.session_uid in numbers
        ]
        bpy.data.batch_remove(found)
        self._numbers.clear()
