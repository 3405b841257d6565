"""A piece of a recording, ready to be sent: a whole file as it is, a part as a WAV of its own. No bpy.

A part is cut before it is analysed, so that a strip trimmed to one sentence costs one sentence. Blender's
own sound library reads every format that its sequencer plays; it is imported when it is needed, because
it comes with Blender only.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import AudioError
from ..core.recordings import FILMS
from ..core.speech_level import mixed_down
from .mixing import Mix

# Formats that do not say how long they are seem endless.
MOST_SECONDS = 86400.0


@dataclass(frozen=True)
class Speech:
    """What is to be spoken.

    Parameters
    ----------
    path : recording on disk
    start_seconds : where the speech begins in it
    duration_seconds : how long it is; None to the recording's end
    mix : what plays the recording at other speeds, if anything does; seconds are those of the mix then
    """

    path: Path
    start_seconds: float = 0.0
    duration_seconds: float | None = None
    mix: Mix | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the file can be sent as it is."""
        # Films say when their sound begins, but Blender plays it at once: it is cut as Blender reads it.
        is_film = self.path.suffix.lower() in FILMS
        is_cut = self.start_seconds != 0.0 or self.duration_seconds is not None
        return not (is_cut or is_film or self.mix)

    def as_file(self, folder: Path, is_cancelled: Callable[[], bool] = lambda: False) -> Path:
        """A file that holds this speech and nothing else; written to `folder` unless it is there.

        Parameters
        ----------
        is_cancelled : asked where it takes seconds

        Raises
        ------
        AudioError
            The recording is missing or empty there, or cannot be read.
        JobCancelled
            It was cancelled meanwhile.
        """
        if not self.path.is_file():
            raise AudioError(
                f"There is no recording {self.path.name} in {self.path.parent}. "
                "Put it back or choose it again."
            )
        if self.is_whole:
            return self.path
        heard = self
        if self.mix is not None:
            mixed = self.mix.written(self.path, folder, is_cancelled)
            heard = Speech(mixed, self.start_seconds, self.duration_seconds)
        samples, rate = read_samples(heard)
        path = folder / f"{self.path.stem[:60]}.wav"
        try:
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(samples.tobytes())
        except OSError as error:
            raise AudioError(
                f"Cannot cut {self.path.name} in {folder}: {error.strerror or error}."
            ) from error
        return path


def length_of(path: Path) -> float | None:
    """Seconds of a recording; None where it cannot be told."""
    try:
        import aud

        sound = aud.Sound(str(path))
        seconds = sound.length / sound.specs[0]
    except ImportError:
        return None
    except aud.error:
        return None
    return seconds if 0 < seconds < MOST_SECONDS else None


def read_samples(speech: Speech) -> tuple[np.ndarray, int]:
    """Mono 16-bit samples of a part, (S,) int16, and their rate. Raises AudioError."""
    try:
        import aud
    except ImportError as error:
        raise AudioError(
            "This Blender was built without its sound library, so a part of a recording cannot be "
            "cut. Choose a recording that holds this line only."
        ) from error
    try:
        sound = aud.Sound(str(speech.path))
        rate = int(sound.specs[0])
        end = speech.start_seconds + (speech.duration_seconds or 1e9)
        samples = sound.limit(speech.start_seconds, end).data()
    except aud.error as error:
        raise AudioError(
            f"Expected sound in {speech.path.name}, found none that Blender can read. Choose another "
            "recording, or convert it to wav."
        ) from error
    if len(samples) < 2:
        raise AudioError(
            f"{speech.path.name} has no sound from {speech.start_seconds:.2f} s on; trim the strip "
            "so that it holds speech."
        )
    # As the server takes whole recordings: samples that are no numbers are silence.
    known = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    heard = mixed_down(known) if known.ndim == 2 else known
    # Floating-point files may be louder than whole numbers can be; the server brings them to one level.
    heard = heard / max(1.0, float(np.abs(heard).max()))
    return np.round(heard * 32767).astype("<i2"), rate
