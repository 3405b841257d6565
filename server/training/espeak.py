"""espeak-ng as a library: speech in about a hundred languages, with the times of its phones."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from dirfa_blender.core.errors import AudioError
from server.audio import SAMPLE_RATE


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of espeak-ng's speak_lib.h; the last field is a union of 8 bytes."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("text", ctypes.c_char * 8),
    ]


def _library() -> tuple[ctypes.CDLL, bytes | None]:
    """The library and the folder of its voices: the package's, else the system's and None."""
    try:
        import espeakng_loader
    except ImportError:
        name, data = "libespeak-ng.so.1", None
    else:
        name, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path().encode()
    try:
        return ctypes.CDLL(name), data
    except OSError as error:
        raise AudioError(
            "Synthetic speech needs espeak-ng: install the system's, or the packages that "
            "`python3 dirfa.py train --data` installs."
        ) from error


class Espeak:
    """The synthesiser's library, one in a process: it keeps its state to itself."""

    _PHONEME = 7
    _SYNCHRONOUS = 2
    _PHONEME_EVENTS_IN_IPA = 3
    _UTF8 = 1
    _RATE, _PITCH, _RANGE = 1, 3, 4

    def __init__(self) -> None:
        self._library, data = _library()
        self._hertz = self._library.espeak_Initialize(
            self._SYNCHRONOUS, 0, data, self._PHONEME_EVENTS_IN_IPA
        )
        self._sound: list[bytes] = []
        self._phones: list[tuple[int, str]] = []
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
        )
        self._callback = kind(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self, voice: str, text: str, *, rate: int, pitch: int, intonation: int = 50
    ) -> tuple[NDArray[np.float32], list[tuple[float, str]]]:
        """(S,) float32 samples at 16 kHz, and the second at which each phone begins, in IPA.

        Parameters
        ----------
        rate : words a minute
        pitch, intonation : 0..100 of the voice's range

        Raises
        ------
        AudioError
            espeak-ng has no such voice.
        """
        self._sound.clear()
        self._phones.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise AudioError(f"espeak-ng has no voice {voice!r}.")
        for parameter, value in (
            (self._RATE, rate),
            (self._PITCH, pitch),
            (self._RANGE, intonation),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        said = text.encode()
        self._library.espeak_Synth(said, len(said) + 1, 0, 1, 0, self._UTF8, None, None)
        self._library.espeak_Synchronize()
        pcm = np.frombuffer(b"".join(self._sound), np.int16).astype(np.float32) / 32768.0
        common = gcd(SAMPLE_RATE, self._hertz)
        changed = signal.resample_poly(pcm, SAMPLE_RATE // common, self._hertz // common)
        samples = np.asarray(changed, np.float32)
        return samples, [(at / self._hertz, symbol) for at, symbol in self._phones]

    def _take(self, samples: object, count: int, events: object) -> int:
        if count > 0:
            self._sound.append(ctypes.string_at(samples, 2 * count))  # pyright: ignore[reportArgumentType]
        index = 0
        while events[index].kind != 0:  # pyright: ignore[reportIndexIssue]
            event = events[index]  # pyright: ignore[reportIndexIssue]
            if event.kind == self._PHONEME:
                self._phones.append((event.sample, event.text.decode("utf-8", "ignore")))
            index += 1
        return 0


@lru_cache(maxsize=1)
def espeak() -> Espeak:
    """The library, loaded once.

    Raises
    ------
    AudioError
        espeak-ng is not installed.
    """
    return Espeak()
