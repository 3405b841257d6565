"""A server whose work is small and slow on demand: what routes, jobs and processes are tested with.

``python -m tests.server.quick_server serve ...`` takes the real server's arguments. A recording that
begins with ``slow`` takes half a minute unless cancelled, ``bad`` is refused, ``bug`` is a fault.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

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

    def open_stream(self, settings: AnimateSettings, gain: float) -> NoReturn:  # noqa: ARG002
        raise AudioError("This small server hears nothing.")

    def fit(self, photos: Sequence[Path], settings: PhotoSettings, job: Job) -> bytes:
        job.progress(0.5)
        return f"{settings.texture_pixels}:".encode() + b"+".join(p.read_bytes() for p in photos)

    def landmarks(self, photo: Path, job: Job) -> bytes:
        job.progress(0.5)
        return photo.read_bytes()


if __name__ == "__main__":
    command.leave(command.main(sys.argv[1:], make_services=lambda _device: QuickServices()))
