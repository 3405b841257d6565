"""``python -m server microphone``: raw sound of a microphone on standard output, until nobody reads it.

16-bit mono at 16 kHz, through PortAudio. Blender's Python has no sound input of its own, so the add-on
starts this where the system brings no recorder.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

SAMPLE_RATE = 16000
BLOCK_SECONDS = 0.02


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 nobody reads any more, 1 there is no sound to be had, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="microphone", description="Raw 16-bit mono sound at 16 kHz on standard output."
    )
    parser.add_argument("--device", help="name of the microphone, or a part of it; the system's")
    chosen = parser.parse_args(arguments)
    try:
        for block in heard(chosen.device):
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is left in the buffer goes nowhere: flushing it at the end would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        sys.stderr.write(f"No sound comes from the microphone: {error}\n")
        return 1
    return 0


def heard(device: str | None) -> Iterator[bytes]:
    """Blocks of sound as they are recorded, without end.

    Raises
    ------
    OSError
        PortAudio is not installed, or there is no such microphone, or it may not be heard.
    """
    import sounddevice

    try:
        stream, rate = _opened(sounddevice, device)
        with stream:
            resample = resampler(rate)
            while True:
                block, _ = stream.read(round(BLOCK_SECONDS * rate))
                yield resample(bytes(block))
    except (sounddevice.PortAudioError, ValueError) as error:
        raise OSError(f"{error}.") from error


def _opened(sounddevice: Any, device: str | None) -> tuple[Any, int]:
    """An input stream and its rate: ours, or the device's own where it knows no other."""
    kind = {"device": device, "channels": 1, "dtype": "int16", "latency": "low"}
    try:
        return sounddevice.RawInputStream(samplerate=SAMPLE_RATE, **kind), SAMPLE_RATE
    except sounddevice.PortAudioError:
        rate = round(sounddevice.query_devices(device, "input")["default_samplerate"])
        return sounddevice.RawInputStream(samplerate=rate, **kind), rate


def resampler(rate: int) -> Callable[[bytes], bytes]:
    """What turns 16-bit sound at a rate into the same at 16 kHz, block by block."""
    if rate == SAMPLE_RATE:
        return lambda block: block
    import av

    to_ours = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)

    def resample(block: bytes) -> bytes:
        samples = np.frombuffer(block, np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        return b"".join(part.to_ndarray().tobytes() for part in to_ours.resample(frame))

    return resample
