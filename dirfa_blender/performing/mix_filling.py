"""A `MixOrder` filled in this process's Blender: one strip, as the sequencer plays it, in a .wav."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.errors import AudioError
from ..rendering.order_process import Report, run_as_process
from .mixing import MixOrder

# Finer than any ear, and what the server takes as it is.
RATE = 48000


def fill(order: MixOrder, report: Report) -> None:
    """Mix the strip down. Raises AudioError."""
    with bpy.data.libraries.load(order.file) as (_, wanted):
        wanted.scenes = [order.scene]
    scene = wanted.scenes[0]
    for strip in scene.sequence_editor.strips_all:
        if strip.name == order.strip:
            strip.sound = bpy.data.sounds.load(order.sound)
    scene.frame_start, scene.frame_end = order.frame_start, order.frame_end
    try:
        with bpy.context.temp_override(scene=scene):
            # Floating point: what is stretched may become louder than whole numbers can be.
            bpy.ops.sound.mixdown(
                filepath=order.output, container="WAV", codec="PCM", format="F32",
                mixrate=RATE, channels="STEREO",
            )  # fmt: skip
    except RuntimeError as error:
        raise AudioError(str(error).removeprefix("Error: ").strip()) from error
    report(stage="mix", fraction=1.0)


def _filled(fields: dict[str, Any], report: Report) -> None:
    fill(MixOrder(**fields), report)


if __name__ == "__main__":
    run_as_process(_filled)
