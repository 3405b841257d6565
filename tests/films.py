"""Films made for tests, with PyAV: pictures at any times, sound that may come late."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from server.audio import SAMPLE_RATE, read_speech

Picture = NDArray[np.uint8]
TICKS = 12800
"""A second of a film's clock."""


def write_film(
    path: Path,
    pictures: Sequence[Picture],
    times: Sequence[float],
    sound: NDArray[np.float32] | None = None,
    *,
    late: float = 0.0,
    options: dict[str, str] | None = None,
) -> Path:
    """A film of RGB pictures shown from these seconds on, with 16 kHz sound that begins so late.

    Parameters
    ----------
    options : of the container, such as ``{"movflags": "+faststart"}``
    """
    with av.open(str(path), "w", options=options or {}) as container:
        rate = round((len(times) - 1) / (times[-1] - times[0])) if len(times) > 1 else 25
        video = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, TICKS)
        audio = (
            None if sound is None else container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        )
        for picture, seconds in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = round(seconds * TICKS), Fraction(1, TICKS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            _encode(container, audio, sound, round(late * SAMPLE_RATE))
    return path


def write_sound(path: Path, sound: NDArray[np.float32]) -> Path:
    """16 kHz sound as AAC, in the container of the name."""
    with av.open(str(path), "w") as container:
        _encode(container, container.add_stream("aac", rate=SAMPLE_RATE, layout="mono"), sound, 0)
    return path


def _encode(container: Any, stream: Any, sound: NDArray[np.float32], first: int) -> None:
    for begin in range(0, len(sound), 1024):
        part = np.ascontiguousarray(sound[None, begin : begin + 1024])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        frame.pts = first + begin
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def pictures_of(
    film: Path, begin: float, seconds: float, fps: float, size: int = 0
) -> list[Picture]:
    """RGB pictures of a film every ``1 / fps`` seconds, square if a size in pixels is given."""
    wanted = begin + np.arange(round(seconds * fps)) / fps
    found: list[Picture] = []
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            while len(found) < len(wanted) and frame.time >= wanted[len(found)] - 1e-6:
                picture = frame.to_ndarray(format="rgb24")
                found.append(cv2.resize(picture, (size, size)) if size else picture)
    return found


def sound_of(film: Path, begin: float, seconds: float) -> NDArray[np.float32]:
    """(S,) samples of a film at 16 kHz."""
    first = round(begin * SAMPLE_RATE)
    return read_speech(film).samples[first : first + round(seconds * SAMPLE_RATE)]
