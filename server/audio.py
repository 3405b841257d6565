"""Speech recordings of any common format as 16 kHz mono samples.

A file is decoded and resampled block by block, so an hour of 192 kHz six-channel sound needs no more
memory than its 16 kHz result. Channels are averaged, unless they cancel. Samples that are not numbers
become silence: one broken sample must not lose a recording. Silence itself is no error (a face may well be
silent), but `Speech.warnings` says so.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dirfa_blender.core.command_line.inputs import require_files
from dirfa_blender.core.errors import AudioError
from dirfa_blender.core.file_names import is_unicode
from dirfa_blender.core.speech_level import SILENT_ENERGY, mixed_down

Array = NDArray[np.float32]

SAMPLE_RATE = 16000
"""Samples a second of everything behind this module."""
SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 4 * 3600.0
LOWEST_RATE, HIGHEST_RATE = 4000, 768000
SILENCE_LEVEL = SILENT_ENERGY**0.5
"""Peak below which a recording counts as silent: nothing makes it louder, and the face rests."""
LARGEST_SAMPLE = 65536.0
"""Of floating-point files, which programs also write in 16-bit units."""
UNTOLD_BYTES = 0x7FFFF000
"""Size in a wav header from which on it stands for an unknown one."""
BLOCK_SECONDS = 10.0
FILTER_ZEROS = 24
"""Zero crossings of the resampling kernel on each side; 80 dB stop band with its Kaiser window."""
KAISER_BETA = 8.0
MOST_PHASES = 2000
"""Places between two input samples for which there is a filter; 11.025 kHz needs 640."""
ROW_OUTPUTS = 32
"""Output samples made together at least."""


@dataclass(frozen=True)
class Speech:
    """One recording.

    Attributes
    ----------
    samples : (S,) float32 at `sample_rate`, mono, nominally within -1..1
    duration : seconds of the original, exact: its frames over its rate
    sha256 : hash of the file's bytes
    warnings : sentences a user should see although the recording works
    """

    samples: NDArray[np.float32]
    sample_rate: int
    duration: float
    sha256: str
    warnings: tuple[str, ...] = ()


def read_speech(
    source: Path | bytes,
    *,
    name: str | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Speech:
    """The recording in a file, or in the bytes of one.

    Parameters
    ----------
    name : what messages call it; the path if there is one
    progress : is told the share that is read, 0..1, at every block; what it raises ends the reading

    Raises
    ------
    AudioError
        There is no such file, it is no sound in a known format, or it is too short or too long.
    """
    label = name or (str(source) if isinstance(source, Path) else "the recording sent")
    if isinstance(source, Path):
        require_files((source, AudioError))
    if not (len(source) if isinstance(source, bytes) else source.stat().st_size):
        raise AudioError(
            f"Expected sound in {label}, found an empty file. Export or copy it again."
        )
    stream = _opened(source)
    told_seconds = 0.0
    try:
        with soundfile.SoundFile(stream) as sound:
            rate = int(sound.samplerate)
            told_seconds = sound.frames / rate * _told_share(source)
            mono = _Mono(_blocks(sound), rate, label, sound.frames, progress)
            samples = _resampled(mono, rate)
    except (soundfile.LibsndfileError, RuntimeError):
        rate, mono, samples = _read_container(source, label, progress)
    except OSError as error:
        raise AudioError(
            f"Expected a readable sound file, got {error.strerror} at {label}."
        ) from error
    duration = mono.frames / rate
    if duration < SHORTEST_SECONDS:
        raise AudioError(
            f"Expected at least {SHORTEST_SECONDS:g} s of sound, found {duration:.3f} s in {label}."
        )
    warnings = mono.warnings()
    if told_seconds > duration + SHORTEST_SECONDS:
        there = f"{duration:.2f} s of its {told_seconds:.2f} s are there"
        warnings = (*warnings, f"{label} is damaged or cut short: {there}.")
    return Speech(samples, SAMPLE_RATE, duration, _sha256(source), warnings)


def _opened(source: Path | bytes) -> str | io.BytesIO:
    """A recording for the libraries, which encode names strictly: one that is no UTF-8 is read here."""
    if isinstance(source, Path) and is_unicode(str(source)):
        return str(source)
    return io.BytesIO(source if isinstance(source, bytes) else source.read_bytes())


def _told_share(source: Path | bytes) -> float:
    """The size that a wav file's header tells of, over the size there is; 1 where none is told.

    libsndfile takes half a file for a short one. Programs that cannot know the size in time write one
    that no wav file has, or 0.
    """
    if isinstance(source, bytes):
        head, there = source[:8], len(source)
    else:
        there = source.stat().st_size
        with source.open("rb") as stream:
            head = stream.read(8)
    told = int.from_bytes(head[4:8], "little") + 8
    is_told = head[:4] == b"RIFF" and told < UNTOLD_BYTES
    return max(1.0, told / there) if is_told else 1.0


def _blocks(sound: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """(n, channels) until the file ends, which a damaged one does before its header says."""
    size = max(1, int(BLOCK_SECONDS * sound.samplerate))
    while len(block := sound.read(size, dtype="float32", always_2d=True)):
        yield np.asarray(block, np.float32)


def _read_container(
    source: Path | bytes, label: str, progress: Callable[[float], None]
) -> tuple[int, _Mono, NDArray[np.float32]]:
    """Rate, blocks met and samples of a film or of a recording that libsndfile does not read."""
    from .container import ContainerSound, NoSound

    try:
        with closing(ContainerSound(_opened(source))) as sound:
            blocks = sound.blocks(BLOCK_SECONDS)
            mono = _Mono(blocks, sound.samplerate, label, 0, progress)
            return sound.samplerate, mono, _resampled(mono, sound.samplerate)
    except NoSound as error:
        raise AudioError(
            "Expected sound as wav, flac, ogg, opus, mp3, aiff or m4a, or a film with sound, found "
            f"{error} in {label}. Convert it to wav."
        ) from error


class _Mono:
    """The blocks of a recording, mixed down and made finite; counts what it met.

    `expected` is how many frames there are said to be, 0 where nobody knows, for `progress`. Raises
    AudioError at a rate that no recording has.
    """

    def __init__(
        self,
        blocks: Iterable[NDArray[np.float32]],
        rate: int,
        label: str,
        expected: int,
        progress: Callable[[float], None],
    ) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AudioError(
                f"Expected {LOWEST_RATE} to {HIGHEST_RATE} samples a second, "
                f"found {rate} in {label}. Convert it to a usual rate, such as 48000."
            )
        self._blocks = blocks
        self._limit = LONGEST_SECONDS * rate
        self._label = label
        self._expected = expected
        self._progress = progress
        self.frames = 0
        self.peak = 0.0
        self.broken = 0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            finite = np.isfinite(block)
            if not finite.all():
                self.broken += int((~finite.all(axis=1)).sum())
                block = np.where(finite, block, np.float32(0.0))
            mixed = mixed_down(block)
            np.clip(mixed, -LARGEST_SAMPLE, LARGEST_SAMPLE, out=mixed)
            self.frames += len(mixed)
            self.peak = max(self.peak, float(np.abs(mixed).max()))
            if self.frames > self._limit:
                raise AudioError(
                    f"Expected at most {LONGEST_SECONDS / 3600:g} hours of sound, found more in "
                    f"{self._label}. Cut it into parts."
                )
            self._progress(min(1.0, self.frames / self._expected) if self._expected else 0.0)
            yield mixed

    def warnings(self) -> tuple[str, ...]:
        found: list[str] = []
        if self.peak < SILENCE_LEVEL:
            found.append(f"No speech is heard in {self._label}: the face rests.")
        if self.broken:
            found.append(f"{self.broken} broken samples in {self._label} were taken as silence.")
        return tuple(found)


def _resampled(blocks: _Mono, rate: int) -> NDArray[np.float32]:
    """All blocks at 16 kHz."""
    resampler = Resampler(rate)
    return np.concatenate([*(resampler.push(block) for block in blocks), resampler.finish()])


class Resampler:
    """Sound at 16 kHz from any rate, block by block: a polyphase filter over windows that overlap.

    Parameters
    ----------
    rate : samples a second of what is pushed
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bank = None if rate == SAMPLE_RATE else _FilterBank(rate)
        self._pending = np.zeros(0 if self._bank is None else self._bank.reach, np.float32)
        self._heard = 0
        self._given = 0

    @property
    def delay_seconds(self) -> float:
        """Longest time from a sample to its sound at 16 kHz."""
        return 0.0 if self._bank is None else (self._bank.reach + self._bank.step) / self._rate

    def push(self, samples: Array) -> Array:
        """(S,) float32 at the own rate to what is complete of it, (S,) float32 at 16 kHz."""
        self._heard += len(samples)
        if self._bank is None:
            return samples
        self._pending = np.concatenate([self._pending, samples])
        return self._taken((len(self._pending) - 2 * self._bank.reach) // self._bank.step)

    def finish(self) -> Array:
        """The rest, up to the last sample pushed."""
        if self._bank is None:
            return self._pending
        rows = max(0, -(-(len(self._pending) - self._bank.reach) // self._bank.step))
        missing = rows * self._bank.step + 2 * self._bank.reach - len(self._pending)
        self._pending = np.concatenate([self._pending, np.zeros(missing, np.float32)])
        before = self._given
        expected = -(-self._heard * SAMPLE_RATE // self._rate)
        return self._taken(rows)[: expected - before]

    def _taken(self, rows: int) -> Array:
        if self._bank is None or rows <= 0:
            return np.zeros(0, np.float32)
        made = self._bank.filtered(self._pending, rows)
        self._pending = self._pending[rows * self._bank.step :]
        self._given += len(made)
        return made


class _FilterBank:
    """A low-pass filter at the rate that both rates divide, as one matrix product for many outputs.

    A rate that shares no divisor with 16 kHz is taken as the nearest that does, which is wrong by less
    than 10 ms in hours. A row of the product makes all outputs of `step` input samples from those and
    `reach` more on each side, `ROW_OUTPUTS` at least: a product of a few columns is slow.
    """

    def __init__(self, rate: int) -> None:
        import torch

        ratio = Fraction(rate, SAMPLE_RATE).limit_denominator(MOST_PHASES)
        up, down = ratio.denominator, ratio.numerator
        rows = -(-ROW_OUTPUTS // up)
        half = FILTER_ZEROS * max(up, down) / up
        self.step = rows * down
        self.reach = math.ceil(half) + 1
        # Input sample `reach` of a row is at the time of its first output.
        inputs = np.arange(self.step + 2 * self.reach)[:, None] - self.reach
        apart = inputs - np.arange(rows * up) * (down / up)
        inside = np.abs(apart) <= half
        near = apart[inside]
        taps = np.zeros(apart.shape)
        taps[inside] = np.sinc(near * (0.94 * min(1.0, up / down)))
        taps[inside] *= np.i0(KAISER_BETA * np.sqrt(1.0 - (near / half) ** 2))
        self._taps = torch.from_numpy((taps / taps.sum(axis=0)).astype(np.float32))

    def filtered(self, samples: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
        """(rows * outputs a row,) of samples (S,); the first belongs to sample `reach`."""
        length = self.step + 2 * self.reach
        used = self._taps.new_tensor(samples[: (rows - 1) * self.step + length])
        return (used.unfold(0, length, self.step) @ self._taps).reshape(-1).numpy()


def _sha256(source: Path | bytes) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
