"""Sound as it happens: a recording played at its own pace, or a microphone. No bpy.

A source is read for whatever has been heard since the last reading, so that a slow reader catches up
instead of falling behind. The microphone is heard through a program that writes raw sound: one of the
system's on Linux, else the server's, since Blender's Python has no sound input of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .errors import AudioError
from .speech_level import speech_gain

SAMPLE_RATE = 16000
CHUNK_SECONDS = 0.04
"""Sound read at a time: what the server answers at once."""
MAX_READ_BYTES = 1 << 16
LAST_WORDS_SECONDS = 1.0
MOST_RECORDING_SECONDS = 300.0
"""Longest recording that is played live: it is held in memory, and a longer one is better generated."""
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""On Windows: the recorder opens no console."""
Pcm = npt.NDArray[np.int16]


class Source(Protocol):
    """Where live sound comes from."""

    gain: float
    """Factor that brings the voice to the network's level."""

    def begin(self) -> float:
        """Start; the clock's time of the first sample, seconds of `time.monotonic`."""
        ...

    def read(self) -> bytes | None:
        """16-bit mono sound at 16 kHz since the last reading, waiting for some; None at the end."""
        ...

    def stop(self) -> None:
        """End it, from any thread; a reading that waits returns."""
        ...

    def close(self) -> None:
        """Give back what it holds, in the thread that reads."""
        ...


class RecordingSource:
    """A recording, played at its own pace.

    Parameters
    ----------
    samples : (S,) int16 mono
    rate : samples a second
    longest_seconds : what is longer is refused
    clock : seconds; the real one unless a test has its own
    wait : waits that many seconds and says whether it was stopped meanwhile

    Raises
    ------
    AudioError
        It is too long to be played live, or empty.
    """

    def __init__(
        self,
        samples: Pcm,
        rate: int,
        *,
        longest_seconds: float = MOST_RECORDING_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        seconds = len(samples) / rate
        if not 0 < seconds <= longest_seconds:
            raise AudioError(
                f"A recording played live must be at most {longest_seconds:.0f} s long and not "
                f"empty, this one is {seconds:.1f} s. Generate a take from it instead."
            )
        self.samples = resampled(samples, rate)
        self.gain = speech_gain(self.samples.astype(np.float32) / 32768)
        self._clock = clock
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._given = 0
        self._begun = 0.0

    def begin(self) -> float:
        self._begun = self._clock()
        return self._begun

    def read(self) -> bytes | None:
        if self._stopped.is_set() or self._given >= len(self.samples):
            return None
        wanted = min(self._given + int(CHUNK_SECONDS * SAMPLE_RATE), len(self.samples))
        missing = self._begun + wanted / SAMPLE_RATE - self._clock()
        if missing > 0 and self._wait(missing):
            return None
        heard = int((self._clock() - self._begun) * SAMPLE_RATE)
        last = min(max(heard, wanted), len(self.samples))
        part = self.samples[self._given : last]
        self._given = last
        return part.astype("<i2").tobytes()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._stopped.set()


class MicrophoneSource:
    """The system's default microphone, through a recorder that writes raw sound to its output.

    Parameters
    ----------
    command : recorder and its arguments, as of `recorder_command`
    folder : where it runs; the project's for the server's own recorder
    """

    def __init__(
        self, command: Sequence[str], *, gain: float = 1.0, folder: Path | None = None
    ) -> None:
        self.gain = gain
        self._folder = folder
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._is_stopped = False
        self._has_heard = False

    def begin(self) -> float:
        """As `Source.begin`. Raises AudioError where the recorder cannot be started."""
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, cwd=self._folder, creationflags=NO_WINDOW,
            )  # fmt: skip
        except OSError as error:
            raise AudioError(
                f"The recorder {self._command[0]} cannot be started: {error.strerror or error}."
            ) from error
        # Counted from the first sound that arrives: what a recorder needs to open the device is no delay.
        first = self._readable()
        self._rest = first
        return time.monotonic() - len(first) / 2 / SAMPLE_RATE

    def read(self) -> bytes | None:
        size = int(CHUNK_SECONDS * SAMPLE_RATE) * 2
        data, self._rest = self._rest, b""
        while len(data) < size:
            more = self._readable()
            if not more:
                break
            data += more
        whole = len(data) - len(data) % 2
        data, self._rest = data[:whole], data[whole:]
        if data:
            self._has_heard = True
            return data
        if not self._has_heard and not self._is_stopped:
            raise AudioError(
                f"No sound comes from the microphone ({Path(self._command[0]).name} ended). Check that "
                "one is connected and that Blender may use it."
            )
        return None

    def stop(self) -> None:
        self._is_stopped = True
        process = self._process
        if process is None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LAST_WORDS_SECONDS)
            return
        process.kill()
        process.wait()

    def close(self) -> None:
        self.stop()
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()

    def _readable(self) -> bytes:
        process = self._process
        if process is None or process.stdout is None:
            return b""
        return os.read(process.stdout.fileno(), MAX_READ_BYTES)


def recorder_command(
    server_python: Path | None = None,
    which: Callable[[str], str | None] = shutil.which,
    system: str = sys.platform,
) -> list[str]:
    """The command that writes the microphone's sound to its output.

    Parameters
    ----------
    server_python : interpreter of the server's environment, which brings a recorder of its own

    Raises
    ------
    AudioError
        There is no recorder.
    """
    rate = str(SAMPLE_RATE)
    known = {
        "parec": ["--raw", "--format=s16le", f"--rate={rate}", "--channels=1",
                  "--latency-msec=20"],
        "pw-record": ["--format=s16", f"--rate={rate}", "--channels=1", "-"],
        "arecord": ["-q", "-t", "raw", "-f", "S16_LE", "-r", rate, "-c", "1"],
    }  # fmt: skip
    for name, options in known.items() if system.startswith("linux") else ():
        found = which(name)
        if found:
            return [found, *options]
    if server_python is not None:
        return [str(server_python), "-m", "server", "microphone"]
    wanted = "parec or arecord, or set the server up" if system.startswith("linux") else ""
    raise AudioError(
        "The microphone is heard through the inference server's Python, which is not set up on this "
        f"computer. {f'Install {wanted}' if wanted else 'Set it up in the DIRFA tab under Server'}, "
        "or choose a recording."
    )


def wav_samples(path: Path) -> tuple[Pcm, int]:
    """Mono samples of a wav file and their rate.

    Raises
    ------
    AudioError
        It cannot be read, or its samples are not 16 bits wide.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise AudioError(f"Cannot read the recording {path.name}: {error}.") from error
    if width != 2:
        raise AudioError(f"{path.name} must have 16-bit samples, it has {8 * width}-bit ones.")
    samples = np.frombuffer(data, "<i2").reshape(-1, channels)
    return np.rint(samples.mean(1)).astype(np.int16), rate


def resampled(samples: Pcm, rate: int) -> Pcm:
    """The same sound at 16 kHz, (S,) int16: its spectrum cut off, or continued with nothing."""
    if rate == SAMPLE_RATE or not len(samples):
        return samples
    count = max(1, round(len(samples) * SAMPLE_RATE / rate))
    spectrum = np.fft.rfft(samples.astype(np.float64))
    kept = np.zeros(count // 2 + 1, np.complex128)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    values = np.fft.irfft(kept, count) * (count / len(samples))
    return np.rint(np.clip(values, -32768, 32767)).astype(np.int16)
