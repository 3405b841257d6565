"""After another frame rate: lines and their sound go back to the seconds at which they were.

Blender leaves strips at their frames when the rate changes, so what followed in one second follows in
another. Performances keep to their sound either way; only whoever edits knows which of both is meant.
"""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text
from ..blender.scene import frame_rate, move_strip, span_of, usable_rate
from . import cues, directing, strips


def is_due(scene: bpy.types.Scene) -> bool:
    """Whether the last change of the rate moved anything in seconds."""
    before = scene.dirfa.rate_before
    return (
        before > 0
        and usable_rate(scene) is not None
        and any(line.frame_start != _kept(scene, line.frame_start) for line in scene.dirfa.lines)
    )


def draw_offer(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """The button that takes lines back to their seconds, where they have left them."""
    if is_due(scene):
        column = layout.box().column(align=True)
        draw_text(column, "Lines begin at the frames they had before the rate changed", "INFO")
        column.operator("dirfa.keep_seconds", icon="TIME")


def keep_seconds(scene: bpy.types.Scene) -> int:
    """Move sound strips and lines to the frames of the seconds they had; how many lines moved."""
    starts = {line.uid: _kept(scene, line.frame_start) for line in scene.dirfa.lines}
    present = strips.sound_strips(scene)
    # From the end where they go apart, so that none meets another on its way.
    is_faster = frame_rate(scene).per_second > scene.dirfa.rate_before
    for strip in reversed(present) if is_faster else present:
        first = span_of(strip)[0]
        move_strip(strip, round(_kept(scene, first)) - first)
    heard = strips.of_lines(scene)
    for line in scene.dirfa.lines:
        if line.kind == "STRIP":
            starts[line.uid] = cues.start_of(scene, line, heard)
    for target in directing.move(scene, starts):
        directing.rewrite(scene, target)
    scene.dirfa.rate_before = 0.0
    return len(starts)


def _kept(scene: bpy.types.Scene, frame: float) -> float:
    """Frame of now for a frame of before, counted from the scene's first; in it the clock begins."""
    ratio = frame_rate(scene).per_second / scene.dirfa.rate_before
    return scene.frame_start + (frame - scene.frame_start) * ratio
