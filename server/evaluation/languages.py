"""Sentences of nine languages in synthetic voices, with exact phone times from the synthesiser.

No film exists of most languages, but a closure needs none: p, b and m shut the lips in every one. espeak-ng
tells when each phone begins, in the International Phonetic Alphabet. The sentences are ours and serve to
measure only.
"""

from __future__ import annotations

# Sentences and phones in their own scripts.
# ruff: noqa: RUF001
import ctypes
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from dirfa_blender.core.errors import AudioError
from server.audio import SAMPLE_RATE

SENTENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "English": ("en-us", (
        "The blue boat passed below the old bridge before breakfast.",
        "Maybe my brother will remember to bring some apples and plums.",
        "Five of us have visited the famous museum above the village.",
    )),
    "Mandarin": ("cmn", (
        "爸爸妈妈明天不吃面包。", "朋友们慢慢地爬上那座美丽的山。", "我每天放学以后买一本便宜的报纸。",
    )),
    "German": ("de", (
        "Am Montag bummelten wir mit bunten Blumen über die Brücke.",
        "Meine Mutter möchte im Sommer viele Pflaumen und Birnen backen.",
        "Vor fünf Wochen fuhr Philipp mit dem Fahrrad vom Bahnhof nach Hause.",
    )),
    "Spanish": ("es", (
        "Mi primo compra pan y membrillo por la mañana en el pueblo.",
        "También me importa mucho el campo, porque es muy bonito.",
        "Pepe y Berta fueron a la fiesta con una falda de flores.",
    )),
    "French": ("fr", (
        "Mon père boit peu, mais il mange beaucoup de pommes.",
        "Le bateau blanc passe lentement sous un pont immobile.",
        "Vous avez fait un voyage formidable vers la ville voisine.",
    )),
    "Japanese": ("ja", (
        "ままは ぱんを ばすで はこびます。", "あめの ひは まどべで ほんを よむ。",
        "ぼくの まごは びわと ぶどうが すき。",
    )),
    "Russian": ("ru", (
        "Папа и мама купили большой белый мяч на площади.",
        "Мой брат помнит, как мы пели песни в маленьком парке.",
        "Ваня видел фильм о высокой башне и форме облаков.",
    )),
    "Arabic": ("ar", (
        "مَرْحَبًا بِكُمْ فِي بَيْتِي", "مُحَمَّدٌ يُحِبُّ الْبَحْرَ وَالْمَطَر", "بَابُ الْمَدِينَةِ كَبِيرٌ وَمَفْتُوحٌ",
    )),
    "Hindi": ("hi", (
        "मेरे पापा बाज़ार में आम और मिठाई बेचते हैं।", "बारिश में हम सब बाहर मैदान पर भागे।",
        "भाई ने मुझे पाँच बड़ी पुस्तकें भेजीं।",
    )),
}  # fmt: skip
"""Language -> voice of espeak-ng and sentences."""
SPEECHES = ((150, 40, ""), (170, 60, "+f3"))
"""Words a minute, pitch, variant of the voice."""
CLOSING, BITING = frozenset("pbm"), frozenset("fv")
VOWELS = frozenset("aeiouyɑɒæɐʌəɛɜɪɨʊʉɯɔøœɤɵɚɝᵻ")
CLOSING_LABEL, BITING_LABEL, VOWEL_LABEL, OTHER_LABEL = 1, 2, 3, 4


@dataclass(frozen=True)
class SpokenSentence:
    """(S,) float32 samples at 16 kHz; (T,) uint8 labels every 10 ms, 0 is a pause."""

    samples: NDArray[np.float32]
    labels: NDArray[np.uint8]


def spoken(language: str) -> list[SpokenSentence]:
    """The sentences of a language.

    Raises
    ------
    AudioError
        espeak-ng is not installed or has no such voice.
    """
    voice, sentences = SENTENCES[language]
    return [
        _espeak().speak(voice + variant, text, rate, pitch)
        for text in sentences
        for rate, pitch, variant in SPEECHES
    ]


def label_of(symbol: str) -> int:
    """What the lips must do on a phone in IPA; 0 is a pause."""
    plain = [c for c in unicodedata.normalize("NFD", symbol) if not unicodedata.combining(c)]
    letters = [c for c in plain if c not in "ˈˌːˑ'_|"]
    # In brackets stands the language of the next word.
    if not letters or letters[0] == "(":
        return 0
    first = letters[0]
    if first in CLOSING:
        return CLOSING_LABEL
    if first in BITING:
        return BITING_LABEL
    return VOWEL_LABEL if first in VOWELS else OTHER_LABEL


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of speak_lib.h."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("text", ctypes.c_char * 8),
    )


class _Espeak:
    """The library, one in a process; options and kinds by their numbers in speak_lib.h."""

    _SYNCHRONOUS, _IPA_EVENTS, _PHONEME, _UTF8, _RATE, _PITCH = 2, 3, 7, 1, 1, 3

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise AudioError("The table of languages needs espeak-ng; install it.") from error
        self._hertz = int(
            self._library.espeak_Initialize(self._SYNCHRONOUS, 0, None, self._IPA_EVENTS)
        )
        self._sound: list[bytes] = []
        self._phones: list[tuple[int, str]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))
        # The library keeps the pointer, so the object must live as long.
        self._callback = kind(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, voice: str, text: str, rate: int, pitch: int) -> SpokenSentence:
        self._sound.clear()
        self._phones.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise AudioError(f"espeak-ng has no voice {voice!r}.")
        self._library.espeak_SetParameter(self._RATE, rate, 0)
        self._library.espeak_SetParameter(self._PITCH, pitch, 0)
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 1, 0, self._UTF8, None, None)
        self._library.espeak_Synchronize()
        pcm = np.frombuffer(b"".join(self._sound), np.int16).astype(np.float64) / 32768.0
        common = int(np.gcd(SAMPLE_RATE, self._hertz))
        samples = signal.resample_poly(pcm, SAMPLE_RATE // common, self._hertz // common)
        labels = np.zeros(len(samples) * 100 // SAMPLE_RATE, np.uint8)
        for sample, symbol in self._phones:
            labels[round(sample / self._hertz * 100.0) :] = label_of(symbol)
        return SpokenSentence(np.asarray(samples, np.float32), labels)

    def _take(self, samples: int | None, count: int, events: ctypes.Array[_Event]) -> int:
        if samples and count > 0:
            self._sound.append(ctypes.string_at(samples, 2 * count))
        index = 0
        while events[index].kind != 0:
            event = events[index]
            if event.kind == self._PHONEME:
                self._phones.append((event.sample, event.text.decode("utf-8", "ignore")))
            index += 1
        return 0


@lru_cache(maxsize=1)
def _espeak() -> _Espeak:
    return _Espeak()
