"""A stage for the tests of lines and takes: characters, recordings, and a server that answers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import Unreachable
from dirfa_blender.core.npz_io import animation_bytes
from dirfa_blender.core.protocol import AnimateSettings, JobStatus
from dirfa_blender.head import meshes
from dirfa_blender.performing import acting, lines, takes
from dirfa_blender.session import state
from tests.addon.ball_head import ball_head, wavy_animation


@dataclass
class QueueServer:
    """Answers with a take that depends on the seed; what it was sent is kept.

    ``meanwhile`` is called at each job with its number: the accident that happens while the server works.
    """

    meanwhile: Callable[[int], None] = lambda _number: None
    seconds: list[float] = field(default_factory=list)
    settings: list[AnimateSettings] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    gone_at: int = 10**9

    def animate(self, audio: Path, settings: AnimateSettings) -> JobStatus:
        if len(self.settings) >= self.gone_at:
            raise Unreachable("The inference server does not answer.")
        import wave

        with wave.open(str(audio), "rb") as recording:
            self.seconds.append(recording.getnframes() / recording.getframerate())
        self.settings.append(settings)
        return JobStatus(str(len(self.settings)), "queued")

    def events(self, job_id: str) -> Iterator[JobStatus]:
        yield JobStatus(job_id, "running", 0.5)
        self.meanwhile(int(job_id))
        yield JobStatus(job_id, "running", 0.9)
        yield JobStatus(job_id, "done", 1.0)

    def result(self, job_id: str) -> bytes:
        index = int(job_id) - 1
        return animation_bytes(take_of(self.settings[index].seed, max(0.2, self.seconds[index])))

    def cancel(self, job_id: str) -> JobStatus:
        self.cancelled.append(job_id)
        return JobStatus(job_id, "cancelled")


def take_of(seed: int, seconds: float = 1.0) -> Animation:
    """A take whose brows, lids, gaze and head depend on the seed, and whose lips do not."""
    base = wavy_animation(seconds)
    au = base.au.copy()
    for column, name in enumerate(base.au_names):
        if name.startswith(("AU1L", "AU1R", "AU2", "AU4", "AU5", "AU7")):
            au[:, column] = np.clip(au[:, column] * (0.5 + 0.1 * seed), 0, 1)
    turned = base.rotation * np.float32(1 + 0.1 * seed)
    return replace(base, au=au, rotation=turned).with_source(seed=str(seed))


def character(name: str = "Hero") -> bpy.types.Object:
    """A head with shapes and a neck; its face, which is what a line is given to."""
    return meshes.build_head(ball_head(rings=6, segments=8, textured=False), name).face


def speaking_character(scene: bpy.types.Scene, seconds: float) -> bpy.types.Object:
    """A character that performs a line of so many seconds."""
    face = character()
    line_with_take(face, take_of(0, seconds))
    acting.perform(scene, face)
    return face


def line_with_take(
    target: bpy.types.Object, animation: Animation | None = None, start: float = 1.0
) -> bpy.types.PropertyGroup:
    """A line of a character that has a take, not written yet."""
    scene = bpy.context.scene
    line = lines.new_line(scene, "Line", "FILE")
    lines.set_start(line, start)
    lines.set_character(line, target)
    with state().quietly():
        takes.add_take(line, animation or take_of(0), takes.TakeNote())
    return line
