"""2D mouths: which picture shows, as a number, a frame of an image, or the visibility of objects.

All of it is stepped. The number counts the profile's visemes in their order, the first is 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np
import numpy.typing as npt

from ..blender.fcurves import Channel
from ..core.characters.spelling import plain_spelling
from .character import Character

Integers = npt.NDArray[np.int64]


def visibility(shown: npt.NDArray[np.bool_], group: str) -> Iterator[Channel]:
    """Channels that hide an object in viewport and render where it is not shown."""
    for path in ("hide_viewport", "hide_render"):
        yield Channel(path, 0, group, (~shown).astype(np.float32), is_stepped=True)


def numbered(
    character: Character, names: tuple[str, ...], numbers: Integers, group: str
) -> Iterator[tuple[bpy.types.ID, str, Channel]]:
    """Datablock, slot name and channel of everything that takes the number of the picture.

    Parameters
    ----------
    names : what the custom property or image node may be called
    numbers : (T,) pictures, the first is 0
    """
    wanted = {plain_spelling(name) for name in names}
    for owner_key, properties in character.inventory.of_kind("property").items():
        owner = character.owners[owner_key]
        for name in properties:
            if plain_spelling(name) in wanted:
                path = f'{owner.prefix}["{bpy.utils.escape_identifier(name)}"]'
                made = Channel(path, 0, group, numbers, is_stepped=True)
                yield owner.id_block, f"Controls {owner.id_block.name}", made
    for tree, node in _image_nodes(character, wanted):
        path = f'nodes["{bpy.utils.escape_identifier(node.name)}"].image_user.frame_offset'
        yield tree, f"Mouth {tree.name}", Channel(path, 0, group, numbers, is_stepped=True)


def _image_nodes(
    character: Character, wanted: set[str]
) -> Iterator[tuple[bpy.types.NodeTree, bpy.types.Node]]:
    """Image nodes of the character's materials that show a sequence and are named as the mouth."""
    materials: dict[int, bpy.types.Material] = {}
    for name in character.inventory.of_kind("object").get("objects", ()):
        for slot in bpy.data.objects[name].material_slots:
            if slot.material is not None and slot.material.node_tree is not None:
                materials[slot.material.session_uid] = slot.material
    for material in materials.values():
        for node in material.node_tree.nodes:
            if node.type != "TEX_IMAGE" or node.image is None:
                continue
            named = {plain_spelling(text) for text in (node.name, node.label, node.image.name)}
            if node.image.source in ("SEQUENCE", "MOVIE") and named & wanted:
                yield material.node_tree, node
