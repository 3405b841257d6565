"""A server whose work is small and slow on demand: what routes, jobs and processes are tested with.

``python -m tests.server.quick_server serve ...`` takes the real server's arguments. A recording that
begins with ``slow`` takes half a minute unless cancelled, ``bad`` is refused, ``bug`` is a fault.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dirfa_blender.core.animation import Animation, concatenate
from dirfa_blender.core.errors import AudioError
from dirfa_blender.core.protocol import (
    PROTOCOL_VERSION,
    AnimateSettings,
    PhotoSettings,
    ServerInfo,
)
from server import __main__ as command
from server.jobs import Job

SLOW_SECONDS = 30.0


class QuickTake:
    """A live take whose jaw opens as far as the sound is loud, `DELAY_FRAMES` after it; the end fades."""

    DELAY_FRAMES = 5
    delay_seconds = DELAY_FRAMES / 50

    def __init__(self, gain: float) -> None:
        self._gain = gain
        self._heard = np.zeros(0, np.float32)
        self._given = 0

    def push(self, samples: np.ndarray) -> Animation:
        self._heard = np.concatenate([self._heard, samples])
        return self._until(len(self._heard) // 320 - self.DELAY_FRAMES)

    def finish(self) -> Animation:
        rest = self._until(len(self._heard) // 320)
        still = wave(np.zeros(self.DELAY_FRAMES), self._given)
        return concatenate([rest, still]) if len(rest) else still

    def _until(self, last: int) -> Animation:
        last = max(last, self._given)
        frames = self._heard[self._given * 320 : last * 320].reshape(-1, 320)
        first, self._given = self._given, last
        return wave(np.abs(frames).mean(1) * self._gain, first)


def wave(jaw: np.ndarray, first_frame: int) -> Animation:
    """An animation of the jaw alone, (T,), from a frame on."""
    still = np.zeros((len(jaw), 3), np.float32)
    return Animation(
        fps=50.0, start=first_frame / 50, au_names=("AU26",), au=np.clip(jaw, 0, 1)[:, None],
        gaze=still[:, :2], rotation=still, translation=still,
    )  # fmt: skip


class QuickServices:
    """Answers with what it was sent."""

    info = ServerInfo(
        protocol=PROTOCOL_VERSION,
        version="0.0.0",
        model="quick",
        weights="none",
        au_names=("AU26",),
        fps=50.0,
        sample_rate=16000,
        device="cpu",
        licence="GPL-3.0-or-later",
    )

    def prepare(self) -> None:
        """Nothing to load."""

    def animate(self, audio: Path, name: str, settings: AnimateSettings, job: Job) -> bytes:
        data = audio.read_bytes()
        if data.startswith(b"bad"):
            raise AudioError(f"Expected speech, found {name}.")
        if data.startswith(b"bug"):
            raise ZeroDivisionError("a fault of the program")
        deadline = time.monotonic() + (SLOW_SECONDS if data.startswith(b"slow") else 0.0)
        while time.monotonic() < deadline:
            job.progress(1 - (deadline - time.monotonic()) / SLOW_SECONDS)
            time.sleep(0.01)
        job.warn("This is a test.")
        return f"{settings.seed}:".encode() + data

    def open_stream(self, settings: AnimateSettings, gain: float) -> QuickTake:
        if settings.actor:
            raise AudioError(f"This small server knows no actor {settings.actor}.")
        return QuickTake(gain)

    def fit(self, photos: Sequence[Path], settings: PhotoSettings, job: Job) -> bytes:
        job.progress(0.5)
        return f"{settings.texture_pixels}:".encode() + b"+".join(p.read_bytes() for p in photos)

    def landmarks(self, photo: Path, job: Job) -> bytes:
        job.progress(0.5)
        return photo.read_bytes()


if __name__ == "__main__":
    command.leave(command.main(sys.argv[1:], make_services=lambda _device: QuickServices()))
