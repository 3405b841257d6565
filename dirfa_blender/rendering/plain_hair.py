"""Hair as Workbench can draw it: the cards and the cap that windows show, in place of strands.

It draws a strand as a line one pixel wide and never finer, without shadows, so that the scalp is seen in
speckles between lines. Which of the two a render shows stands on the objects themselves, for a render from
Blender's own menu to follow; what an artist has set otherwise stays as it is.
"""

from __future__ import annotations

import bpy

from ..head.hair_cards import CARDS_KEY
from ..head.meshes import CAP_GROUP


def show_hair_for(scene: bpy.types.Scene, *, plainly: bool) -> None:
    """Let renders of a scene show the cards of its heads plainly, or their strands where those show now."""
    for face in scene.objects:
        mask = face.modifiers.get(CAP_GROUP)
        if mask is None or face.parent is None or face.library is not None:
            continue
        strands = [thing for thing in face.parent.children if thing.type == "CURVES"]
        cards = [thing for thing in face.parent.children if CARDS_KEY in thing]
        # Only what stands wholly as for the other engines: all else somebody has chosen.
        if not strands or not cards or not all(_is_shown(thing, plainly) for thing in strands):
            continue
        if not all(_is_shown(thing, not plainly) for thing in cards):
            continue
        for thing in strands:
            thing.hide_render = plainly
        for thing in cards:
            thing.hide_render = not plainly
        mask.show_render = not plainly


def _is_shown(thing: bpy.types.Object, wanted: bool) -> bool:
    return thing.hide_render is not wanted
