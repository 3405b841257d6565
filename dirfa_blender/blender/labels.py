"""Text that fits its panel however narrow it is pulled: Blender's labels do not wrap by themselves."""

from __future__ import annotations

import bpy

from ..translation import translated
from .text_lines import wrapped

# Of a region at a scale of 1: what frame, icon and margins take, and what an average letter does, pixels.
AROUND_PX, LETTER_PX = 72.0, 6.0
# A region without a width is one that nobody looks at; a line longer than the second is hard to read.
NARROW_CHARACTERS = 29
UNSEEN_CHARACTERS, MOST_CHARACTERS, LEAST_CHARACTERS = 34, 90, 12


def draw_text(
    layout: bpy.types.UILayout, text: str, icon: str = "BLANK1", *, most_lines: int | None = None
) -> None:
    """Text in the artist's language, in lines of the panel's width, the first one with an icon."""
    column = layout.column(align=True)
    lines = wrapped(spoken(text), room(bpy.context))
    for index, line in enumerate(lines[:most_lines]):
        column.label(text=line, icon=icon if index == 0 else "BLANK1")


def spoken(sentence: str) -> str:
    """A sentence in the artist's language, also one that was made while the program ran."""
    if not bpy.context.preferences.view.use_translate_interface:
        return sentence
    return translated(sentence, bpy.app.translations.locale)


def room(context: bpy.types.Context) -> int:
    """Characters that a line of text has in the region that is drawn."""
    region = context.region
    if region is None or region.width <= 1:
        return UNSEEN_CHARACTERS
    width = region.width / context.preferences.system.ui_scale
    return max(LEAST_CHARACTERS, min(MOST_CHARACTERS, int((width - AROUND_PX) / LETTER_PX)))


def is_narrow(context: bpy.types.Context) -> bool:
    """Whether names beside their fields would be cut in the region that is drawn."""
    return room(context) < NARROW_CHARACTERS
