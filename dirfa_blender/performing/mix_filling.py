"""A `MixOrder` filled in this process's Blender: one strip, as the sequencer plays it, in a .wav."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy

from ..blender.scene import frame_rate
from ..core.errors import AudioError
from ..rendering.order_process import Report, run_as_process
from .mixing import MixOrder
from .speech import length_of

# Finer than any ear, and what the server takes as it is.
RATE = 48000
# A mix is whole if it is no shorter than this, and given up if it has not grown for so long.
SAME_SECONDS, PATIENCE_SECONDS, POLL_SECONDS = 0.05, 30.0, 0.05


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
    rate = frame_rate(scene).per_second
    _wait_until_written(Path(order.output), (order.frame_end + 1 - order.frame_start) / rate)
    report(stage="mix", fraction=1.0)


def _wait_until_written(path: Path, seconds: float) -> None:
    """Wait for so much sound in a file: Blender 5.2 goes on mixing when its operator has returned.

    Raises
    ------
    AudioError
        Nothing comes any more.
    """
    size, grew = -1, time.monotonic()
    while (length_of(path) or 0.0) < seconds - SAME_SECONDS:
        now = path.stat().st_size if path.exists() else 0
        if now != size:
            size, grew = now, time.monotonic()
        elif time.monotonic() - grew > PATIENCE_SECONDS:
            raise AudioError(f"Blender stopped mixing at {length_of(path) or 0.0:.1f} s.")
        time.sleep(POLL_SECONDS)


def _filled(fields: dict[str, Any], report: Report) -> None:
    fill(MixOrder(**fields), report)


if __name__ == "__main__":
    run_as_process(_filled)
