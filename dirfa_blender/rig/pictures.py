"""2D mouths: which picture shows, as a number, a frame of an image or a drawing, or what is visible.

All of it is stepped. The number counts the profile's visemes in their order; the first is 0, or the least
that a property takes. Drawings of a Grease Pencil object are shown by a Time Offset modifier with a fixed
frame, and are counted in the order of their frames.
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


def has_number(character: Character, names: tuple[str, ...]) -> bool:
    """Whether a number says which mouth of a character is shown."""
    return next(numbered(character, names, np.zeros(1, np.int64), ""), None) is not None


def may_count(thing: bpy.types.Object, names: tuple[str, ...]) -> bool:
    """Whether an object itself has what may show a mouth by number: a property, or a time offset."""
    if thing.type == "GREASEPENCIL":
        return any(modifier.type == "GREASE_PENCIL_TIME" for modifier in thing.modifiers)
    wanted = {plain_spelling(name) for name in names}
    return any(plain_spelling(key) in wanted for key in thing.keys())  # noqa: SIM118


def layer_visibility(layer: str, shown: npt.NDArray[np.bool_], group: str) -> Channel:
    """The channel that hides a layer of a Grease Pencil where it is not shown."""
    path = f'layers["{bpy.utils.escape_identifier(layer)}"].hide'
    return Channel(path, 0, group, (~shown).astype(np.float32), is_stepped=True)


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
                holder = (
                    owner.id_block.path_resolve(owner.prefix) if owner.prefix else owner.id_block
                )
                values = numbers + _least(holder, name)
                made = Channel(path, 0, group, values, is_stepped=True)
                yield owner.id_block, f"Controls {owner.id_block.name}", made
    for tree, node in _image_nodes(character, wanted):
        path = f'nodes["{bpy.utils.escape_identifier(node.name)}"].image_user.frame_offset'
        yield tree, f"Mouth {tree.name}", Channel(path, 0, group, numbers, is_stepped=True)
    for thing, modifier, frames in _drawings(character, wanted):
        path = f'modifiers["{bpy.utils.escape_identifier(modifier.name)}"].offset'
        values = frames[np.minimum(numbers, len(frames) - 1)]
        yield thing, f"Mouth {thing.name}", Channel(path, 0, group, values, is_stepped=True)


def _least(holder: bpy.types.ID | bpy.types.PoseBone, name: str) -> int:
    """The number of the first picture of a custom property: its least value, where it may not be 0."""
    least = holder.id_properties_ui(name).as_dict().get("min", 0)
    return max(0, int(least))


def _drawings(
    character: Character, wanted: set[str]
) -> Iterator[tuple[bpy.types.Object, bpy.types.Modifier, Integers]]:
    """Modifiers that show a fixed frame of a Grease Pencil mouth, and the frames that have drawings."""
    for name in character.inventory.of_kind("object").get("objects", ()):
        thing = bpy.data.objects[name]
        if thing.type != "GREASEPENCIL":
            continue
        drawn = sorted({f.frame_number for layer in thing.data.layers for f in layer.frames})
        for modifier in thing.modifiers:
            is_fixed = modifier.type == "GREASE_PENCIL_TIME" and modifier.mode == "FIX"
            named = {plain_spelling(text) for text in (modifier.name, thing.name, thing.data.name)}
            if is_fixed and drawn and named & wanted:
                yield thing, modifier, np.array(drawn, np.int64)


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
