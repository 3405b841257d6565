"""Open streams of live speech, whatever carries them: who speaks, in what sound, how many at once.

Sound is 16-bit and mono at a rate that a frame divides; it is brought to 16 kHz as it comes. A session that
nobody feeds is forgotten.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation, concatenate
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.protocol import AnimateSettings, from_fields

from .audio import SAMPLE_RATE, Resampler
from .features import FRAME_RATE
from .jobs import QueueFull
from .live import LiveTake

MAX_SESSIONS = 8
IDLE_SECONDS = 60.0
MAX_CHUNK_SECONDS = 10.0
MESSAGE_BYTES = 1 << 20
"""Longest message or request of a stream: ten seconds of sound at 48 kHz."""
LOWEST_GAIN, HIGHEST_GAIN = 0.001, 1000.0
LOWEST_RATE, HIGHEST_RATE = 8000, 48000
FIELDS = ("settings", "gain", "sample_rate")
Opener = Callable[[AnimateSettings, float], LiveTake]


class Session:
    """One talker: sound goes in, samples of their take come out.

    Attributes
    ----------
    used : when it was last fed, by the clock of `Sessions`
    """

    def __init__(self, take: LiveTake, rate: int, clock: Callable[[], float]) -> None:
        self.id = secrets.token_hex(8)
        self.sample_rate = rate
        self._take = take
        self._resampler = Resampler(rate)
        self._clock = clock
        self._lock = threading.Lock()
        self.used = clock()

    @property
    def delay_seconds(self) -> float:
        """Longest time from a sound to the sample that it completes."""
        return self._take.delay_seconds + self._resampler.delay_seconds

    def push(self, pcm: bytes, *, last: bool = False) -> Animation | None:
        """The samples that this sound completes, if any; after the last there is a fade to rest.

        Raises
        ------
        FormatError
            It is no 16-bit sound, or too much at a time.
        """
        samples = self._samples(pcm)
        with self._lock:
            self.used = self._clock()
            heard = self._resampler.push(samples)
            if last:
                heard = np.concatenate([heard, self._resampler.finish()])
            parts = [self._take.push(heard)] if len(heard) else []
            if last:
                parts.append(self._take.finish())
        parts = [part for part in parts if len(part)]
        return concatenate(parts) if parts else None

    def _samples(self, pcm: bytes) -> NDArray[np.float32]:
        if len(pcm) % 2:
            raise FormatError(f"Sound must come as 16-bit samples, got {len(pcm)} bytes.")
        if len(pcm) > MAX_CHUNK_SECONDS * self.sample_rate * 2:
            raise FormatError(f"A chunk must be at most {MAX_CHUNK_SECONDS:g} s, send it in parts.")
        return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


class Sessions:
    """All that are open.

    Parameters
    ----------
    open_take : settings and gain -> a take that grows
    """

    def __init__(self, open_take: Opener, clock: Callable[[], float] = time.monotonic) -> None:
        self._open_take = open_take
        self._clock = clock
        self._open: dict[str, Session] = {}
        self._guard = threading.Lock()

    def open(self, wanted: Mapping[str, Any]) -> Session:
        """A new one.

        Parameters
        ----------
        wanted : `FIELDS`, each of which may be left out

        Raises
        ------
        FormatError
            A field is unknown or outside what it may be.
        QueueFull
            There are as many as the server keeps.
        """
        settings, gain, rate = _checked(wanted)
        with self._guard:
            now = self._clock()
            for name in [n for n, s in self._open.items() if now - s.used > IDLE_SECONDS]:
                del self._open[name]
            if len(self._open) >= MAX_SESSIONS:
                raise QueueFull(f"{MAX_SESSIONS} streams are open already; close one first.")
            session = Session(self._open_take(settings, gain), rate, self._clock)
            self._open[session.id] = session
        return session

    def get(self, session_id: str) -> Session | None:
        """An open one."""
        return self._open.get(session_id)

    def close(self, session_id: str) -> None:
        """Forget one, if it is open."""
        self._open.pop(session_id, None)


def opening_fields(text: bytes | str) -> dict[str, Any]:
    """The object that a stream is opened with; nothing at all is an empty one. Raises FormatError."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise FormatError("A stream is opened with a JSON object.") from error
    if not isinstance(found, dict):
        raise FormatError("A stream is opened with a JSON object.")
    return found


def _checked(wanted: Mapping[str, Any]) -> tuple[AnimateSettings, float, int]:
    if unknown := set(wanted) - set(FIELDS):
        raise FormatError(
            f"A stream is opened with an object of {', '.join(FIELDS)} (and layout and token over a "
            f"WebSocket), got {', '.join(sorted(unknown))}."
        )
    gain = _number(wanted, "gain", 1.0, LOWEST_GAIN, HIGHEST_GAIN)
    rate = _number(wanted, "sample_rate", SAMPLE_RATE, LOWEST_RATE, HIGHEST_RATE)
    if rate % FRAME_RATE:
        raise FormatError(f"The sample_rate must be a multiple of {FRAME_RATE}, got {rate:g}.")
    fields = wanted.get("settings", {})
    if not isinstance(fields, dict):
        raise FormatError("The settings must be a JSON object.")
    settings = from_fields(AnimateSettings, dict(fields))
    if settings.fps is not None:
        raise FormatError("A stream has the model's own rate; leave fps out.")
    if settings.transcript:
        raise FormatError("A stream is heard as it is spoken; leave the transcript out.")
    return settings, gain, int(rate)


def _number(
    wanted: Mapping[str, Any], name: str, usual: float, lowest: float, highest: float
) -> float:
    value = wanted.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FormatError(f"The {name} must be a number, got {value!r}.")
    if not lowest <= value <= highest:
        raise FormatError(f"The {name} must be {lowest:g}..{highest:g}, got {value:g}.")
    return float(value)
