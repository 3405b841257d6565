"""How long an artist waits for a slider, a take, a whole scene: ``python -m tests.bench.directing``.

Processor seconds, so that a busy machine gives the figures of a quiet one. Runs in Blender's module.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import bpy
import numpy as np

import dirfa_blender
from dirfa_blender.blender import scene
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.timing import FrameRate
from dirfa_blender.performing import acting, lines, takes
from dirfa_blender.session import state
from dirfa_blender.staging import staging
from tests.addon.ball_head import wavy_animation
from tests.addon.stage import character, line_with_take

REPEATS = 7


def spoken(seconds: float) -> Animation:
    """A take as lively as speech: smooth random motion of every unit, 50 samples a second."""
    random = np.random.default_rng(0)
    still = wavy_animation(seconds)
    kernel = np.hanning(13) / np.hanning(13).sum()

    def motion(width: int, size: float) -> np.ndarray:
        noise = random.normal(size=(len(still), width))
        return size * np.stack([np.convolve(c, kernel, "same") for c in noise.T], 1)

    return replace(
        still,
        au=np.clip(motion(still.au.shape[1], 0.5), 0, 1),
        gaze=motion(2, 0.1),
        rotation=motion(3, 0.1),
        translation=motion(3, 0.002),
    )


def median(work: Callable[[int], None]) -> float:
    """Milliseconds of processor time, the middle one of several runs."""
    spent: list[float] = []
    for number in range(REPEATS):
        began = time.process_time()
        work(number)
        spent.append(time.process_time() - began)
    return 1000 * sorted(spent)[REPEATS // 2]


def sliders(fps: int) -> dict[str, float]:
    """Milliseconds a slider takes on 60 s of animation."""
    stage = bpy.context.scene
    scene.set_frame_rate(stage, FrameRate(fps))
    face = character()
    line = line_with_take(face, spoken(60.0))
    with state().quietly():
        takes.add_take(line, replace(spoken(60.0), start=0.02), takes.TakeNote(seed=1))
    acting.perform(stage, face)
    record = acting.record_of(stage, face)

    def slide(name: str) -> Callable[[int], None]:
        return lambda number: setattr(line.controls, name, 0.2 + 0.1 * number)

    found = {
        f"{name}, {fps} fps": median(slide(name)) for name in ("brows", "happy", "jaw", "head")
    }
    found[f"another take, {fps} fps"] = median(lambda n: setattr(line, "take_index", n % 2))
    record.keys = "REDUCED"

    def drag(name: str) -> Callable[[int], None]:
        """As a window does it while the slider moves; `refining` follows when it rests."""

        def moved(number: int) -> None:
            with state().quietly():
                setattr(line.controls, name, 0.2 + 0.1 * number)
            acting.perform(stage, face, is_rough=True)

        return moved

    found |= {f"{n}, {fps} fps, reduced": median(drag(n)) for n in ("brows", "happy")}
    return found


def whole_scene() -> tuple[float, float]:
    """Seconds in all, and of the longest piece, for 100 lines of 4 s on 10 characters."""
    stage = bpy.context.scene
    faces = [character(f"Actor {index}") for index in range(10)]
    take = spoken(4.0)
    arrived: dict[int, Animation] = {}
    for index in range(100):
        line = lines.new_line(stage, f"line {index}", "FILE")
        lines.set_start(line, 1 + 100 * (index // 10))
        lines.set_character(line, faces[index % 10])
        arrived[line.uid] = take
    notes = dict.fromkeys(arrived, takes.TakeNote())
    pieces: list[float] = []
    began = last = time.process_time()
    for _ in staging.stage_queue(stage, arrived, notes, staging.Retake(), {}):
        now = time.process_time()
        pieces.append(now - last)
        last = now
    return time.process_time() - began, max(pieces)


def main() -> None:
    """Measure and print."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    dirfa_blender.register()
    for fps in (24, 60):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        for name, milliseconds in sliders(fps).items():
            sys.stdout.write(f"slider {name}: {milliseconds:.0f} ms\n")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    total, longest = whole_scene()
    sys.stdout.write(f"100 lines of 4 s on 10 characters: {total:.2f} s, a piece {longest:.2f} s\n")
    dirfa_blender.unregister()


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # Blender's module can wait for ever for what is still alive at exit.
    os._exit(0)
