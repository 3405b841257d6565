"""The sound of films and compressed recordings: m4a, mp4, mov, webm, mkv and the like, through PyAV.

A film's sound is laid against its pictures: silence before it where it begins later than they do, its
beginning left out where it begins earlier, so that second 0 is the first picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

FORMATS = (
    "mov", "matroska", "avi", "asf", "mpeg", "mpegts", "flv", "mxf",
    "ogg", "aac", "ac3", "amr", "caf", "wav", "flac", "aiff",
)  # fmt: skip
"""Containers that are opened. Playlists are not among them: a file must not name other files."""


class NoSound(Exception):
    """The file is no such container, or has no sound."""


def may_have_sound(path: Path) -> bool:
    """Whether a film has sound; what cannot be opened may have."""
    try:
        with av.open(str(path), mode="r", options={"format_whitelist": ",".join(FORMATS)}) as film:
            return bool(film.streams.audio)
    except (FFmpegError, OSError, UnicodeError):
        return True


class ContainerSound:
    """The first sound stream of a container, read in blocks like an open `soundfile.SoundFile`.

    Raises
    ------
    NoSound
        It cannot be opened, or there is no sound in it.
    """

    def __init__(self, source: str | BinaryIO) -> None:
        options = {"format_whitelist": ",".join(FORMATS)}
        try:
            self._container = av.open(source, mode="r", options=options)
        except FFmpegError as error:
            raise NoSound("something else") from error
        streams = self._container.streams.audio
        if not streams or not streams[0].rate:
            self._container.close()
            raise NoSound("no sound")
        self._stream = streams[0]
        self.samplerate = int(self._stream.rate)

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def blocks(self, seconds: float) -> Iterator[NDArray[np.float32]]:
        """(n, channels) float32 of about so many seconds each; a file cut short gives what it holds."""
        kept: list[NDArray[np.float32]] = []
        count = 0
        for block in self._decoded():
            kept.append(block)
            count += len(block)
            if count >= seconds * self.samplerate:
                yield np.concatenate(kept)
                kept, count = [], 0
        if kept:
            yield np.concatenate(kept)

    def _decoded(self) -> Iterator[NDArray[np.float32]]:
        """(n, channels) as the decoder gives them, from the first picture on."""
        to_float = av.AudioResampler(format="fltp", rate=self.samplerate)
        left_out: int | None = None
        try:
            for frame in self._container.decode(self._stream):
                for part in to_float.resample(frame):
                    block = np.asarray(part.to_ndarray(), np.float32).T
                    if left_out is None:
                        late = self._samples_late(frame.time)
                        left_out = max(0, -late)
                        if late > 0:
                            yield np.zeros((late, block.shape[1]), np.float32)
                    skipped = min(len(block), left_out)
                    left_out -= skipped
                    yield block[skipped:]
        except FFmpegError:
            return

    def _samples_late(self, begins: float | None) -> int:
        """Samples by which the sound begins after the first picture; 0 where there is none."""
        pictures = [
            stream
            for stream in self._container.streams.video
            if not stream.disposition & Disposition.attached_pic
        ]
        if not pictures or begins is None:
            return 0
        start, unit = pictures[0].start_time, pictures[0].time_base
        first = 0.0 if start is None or unit is None else float(start * unit)
        return round((begins - first) * self.samplerate)
