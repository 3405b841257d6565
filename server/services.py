"""What the routes offer: the tasks behind them, from files that arrived to the bytes that go back.

The model is loaded once; photo analysis is imported by the first job that needs it, because most servers
of a long session never see a photo, or by `prepare` where somebody is about to show one.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dirfa_blender.core.npz_io import animation_bytes, head_bytes
from dirfa_blender.core.project_version import project_version
from dirfa_blender.core.protocol import (
    PROTOCOL_VERSION,
    AnimateSettings,
    PhotoSettings,
    ServerInfo,
)

from .jobs import Job

if TYPE_CHECKING:
    from .live import LiveTake


class Services(Protocol):
    """What a server needs to answer; tests put something small in its place."""

    @property
    def info(self) -> ServerInfo:
        """Who answers and what it can do."""
        ...

    def prepare(self) -> None:
        """Load what the first jobs would wait for."""
        ...

    def animate(self, audio: Path, name: str, settings: AnimateSettings, job: Job) -> bytes:
        """The take of a recording, as ``.npz``."""
        ...

    def fit(self, photos: Sequence[Path], settings: PhotoSettings, job: Job) -> bytes:
        """The head of a person, as ``.npz``; the first photo is the one from the front."""
        ...

    def landmarks(self, photo: Path, job: Job) -> bytes:
        """The face landmarks of a photo: ``.npz`` with `points_px` (N, 3) and `image_size`."""
        ...

    def open_stream(self, settings: AnimateSettings, gain: float) -> LiveTake:
        """A take that grows with the sound it is given."""
        ...


class LocalServices:
    """The real ones, on this machine's processor or GPU.

    Parameters
    ----------
    device : ``auto``, ``cpu`` or ``cuda``
    """

    def __init__(self, device: str = "auto") -> None:
        from .engine import Engine

        self._engine = Engine(device=device)

    @property
    def info(self) -> ServerInfo:
        model = self._engine.model_info
        return ServerInfo(
            protocol=PROTOCOL_VERSION,
            version=project_version(),
            model=model.model_id,
            weights=model.weights,
            au_names=model.au_names,
            fps=model.fps,
            sample_rate=model.sample_rate,
            device=model.device,
            licence=model.licence,
            actors=self._engine.actors,
        )

    def prepare(self) -> None:
        from .audio import SAMPLE_RATE, Speech
        from .photo import portrait

        silence = np.zeros(SAMPLE_RATE, np.float32)
        self._engine.animate(Speech(silence, SAMPLE_RATE, 1.0, ""))
        portrait.prepare(PhotoSettings())

    def animate(self, audio: Path, name: str, settings: AnimateSettings, job: Job) -> bytes:
        from .audio import read_speech

        job.progress(0.01)
        speech = read_speech(
            audio, name=name, progress=lambda share: job.progress(0.01 + 0.09 * share)
        )
        job.warn(*speech.warnings)
        job.progress(0.1)
        take = self._engine.animate(
            speech, settings, lambda share: job.progress(0.1 + 0.88 * share), job.cancelled
        )
        return animation_bytes(take)

    def fit(self, photos: Sequence[Path], settings: PhotoSettings, job: Job) -> bytes:
        from .photo import portrait

        job.progress(0.05)
        found = portrait.head_from_photos(
            [photo.read_bytes() for photo in photos],
            settings,
            lambda share: job.progress(0.05 + 0.85 * share),
        )
        job.warn(*found.warnings)
        job.progress(0.9)
        return head_bytes(found.head)

    def landmarks(self, photo: Path, job: Job) -> bytes:
        from .photo.decode import decode_photo
        from .photo.landmarks import detect_face

        job.progress(0.05)
        found = detect_face(decode_photo(photo.read_bytes()).pixels)
        packed = io.BytesIO()
        size = np.array(found.landmarks.image_size, np.int32)
        np.savez(packed, points_px=found.landmarks.points_px, image_size=size)
        return packed.getvalue()

    def open_stream(self, settings: AnimateSettings, gain: float) -> LiveTake:
        return self._engine.live(settings, gain)
