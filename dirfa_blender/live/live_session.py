"""Live speech beside the interface: sound to the server in a thread, samples back in order. No bpy.

The picture runs behind the sound by the longest time that any sample has needed so far, from when it was
spoken to when it was here. That is the delay an artist sees, and it is measured, not promised: the server
hears in blocks of 40 ms, looks ahead and finishes, and the way there takes time too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

import numpy as np

from ..client import Client
from ..core.animation import Animation, concatenate
from ..core.errors import DirfaError, JobCancelled, ServerError
from ..core.live_source import Source
from ..core.protocol import AnimateSettings
from .speech_stream import SpeechStream

Phase = Literal["connecting", "listening", "ending", "over"]
MOST_DELAY_SECONDS = 6.0
"""A server further behind cannot follow; what waits is bounded by it."""
MOST_SECONDS = 3600.0
"""Longest performance: all of it is kept, so that it can be recorded."""


class LiveSession:
    """One performance as it is spoken.

    Parameters
    ----------
    connect : finds or starts the server; called in the thread, may take long
    source : what is heard
    clock : seconds, the source's
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        source: Source,
        settings: AnimateSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect, self._source, self._settings = connect, source, settings
        self._clock = clock
        self._lock = threading.Lock()
        self._parts: list[Animation] = []
        self._begun = 0.0
        self._delay = 0.0
        self._shown_seconds = 0.0
        self._is_stopped = False
        self._phase: Phase = "connecting"
        self._error = ""
        self._fault: BaseException | None = None
        # Not a daemon: a daemon thread alive at exit hangs Blender's module for ever.
        self._thread = threading.Thread(target=self._run, name="dirfa-live")

    def start(self) -> None:
        """Begin to hear."""
        self._thread.start()

    @property
    def phase(self) -> Phase:
        """Where it stands; ``over`` when no more samples come."""
        return self._phase

    @property
    def error(self) -> str:
        """The sentence it ended with, if it did not end well."""
        return self._error

    @property
    def delay_seconds(self) -> float:
        """How far the picture is behind the sound, measured; 0 before the first sample."""
        return self._delay

    @property
    def is_stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._is_stopped

    def stop(self) -> None:
        """Hear no more; what was heard is still played."""
        self._is_stopped = True
        self._source.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether the thread has ended, after waiting for it at most so long; a bug in it is raised."""
        self._thread.join(seconds)
        if self._fault is not None:
            raise self._fault
        return not self._thread.is_alive()

    def due(self) -> Animation | None:
        """The one sample to be seen now; None before the first."""
        with self._lock:
            if not self._parts:
                return None
            # A longer delay holds the picture; it never runs backwards.
            now = self._clock() - self._begun - self._delay
            self._shown_seconds = max(self._shown_seconds, now)
            return _at(self._parts, self._shown_seconds)

    @property
    def is_played(self) -> bool:
        """Whether everything that came has been seen and nothing more comes."""
        if self._phase != "over":
            return False
        with self._lock:
            if not self._parts or self._error:
                return True
            last = self._parts[-1]
            return self._shown_seconds >= last.start + last.duration - 1 / last.fps

    def performance(self) -> Animation | None:
        """Everything that came, as one take; None if nothing did."""
        with self._lock:
            return concatenate(self._parts) if self._parts else None

    def _run(self) -> None:
        try:
            self._listen()
        except JobCancelled:
            pass
        except DirfaError as error:
            self._error = str(error)
        except BaseException as fault:
            self._fault = fault
        finally:
            self._source.close()
            self._phase = "over"

    def _listen(self) -> None:
        client = self._connect()
        if self._is_stopped:
            return
        with SpeechStream(client, self._settings, self._source.gain) as stream:
            self._begun = self._source.begin()
            self._phase = "listening"
            heard = 0
            while (pcm := self._source.read()) is not None and not self._is_stopped:
                heard += len(pcm) // 2
                self._take_in(stream.push(pcm))
                if heard > MOST_SECONDS * stream.sample_rate:
                    break
            self._phase = "ending"
            if heard:
                self._take_in(stream.push(b"", last=True), counts=False)

    def _take_in(self, parts: list[Animation], *, counts: bool = True) -> None:
        """Keep new samples; those of the end come early and tell nothing about the delay."""
        for part in parts:
            with self._lock:
                needed = self._clock() - self._begun - part.start
                if counts or not self._parts:
                    self._delay = max(self._delay, needed)
                self._parts.append(part)
            if self._delay > MOST_DELAY_SECONDS:
                raise ServerError(
                    f"The server is {self._delay:.0f} s behind the speech: this computer is too slow, or "
                    "too busy, to animate it live. Stop other work, or generate from a recording."
                )


def _at(parts: list[Animation], seconds: float) -> Animation:
    """The sample nearest to a time, of the parts given."""
    starts = [part.start for part in parts]
    part = parts[max(0, int(np.searchsorted(starts, seconds, side="right")) - 1)]
    index = int(np.clip(np.floor((seconds - part.start) * part.fps + 1e-6), 0, len(part) - 1))
    time_seconds = part.start + index / part.fps
    return part.sliced(time_seconds, time_seconds + 0.5 / part.fps)
