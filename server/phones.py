"""Phone times of transcribed English, from pocketsphinx: words first, then phones, every 10 ms.

pocketsphinx carries its acoustic model and dictionary in the wheel, so nothing is fetched. A word it does
not know is looked up in the lexicon given, or spoken as the text says in braces, ``{K AE TH L IY N}``;
a sentence with a word nobody knows is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

PHONES: tuple[str, ...] = (
    "SIL", "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G",
    "HH", "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH",
    "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
PHONE_INDEX = {phone: index for index, phone in enumerate(PHONES)}
LABEL_RATE = 100
"""Labels a second."""
_TOKEN = re.compile(r"\{[^}]*\}|[^\W_]+(?:'[^\W_]+)*", re.UNICODE)


def numbers_of(phones: str) -> tuple[int, ...]:
    """The numbers of phones named one after another, such as ``"P B M"``."""
    return tuple(PHONE_INDEX[phone] for phone in phones.split())


class PhoneAligner:
    """Aligns known text to sound; one instance serves many utterances."""

    def __init__(self, lexicon: Mapping[str, str]) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=16000, bestpath=False, loglevel="FATAL", lm=None)
        self._lexicon = lexicon

    def unknown_words(self, text: str) -> list[str]:
        """Words of a text that nobody knows how to speak, each once."""
        return list(dict.fromkeys(word for word in _TOKEN.findall(text) if not self._knows(word)))

    def align(self, samples: NDArray[np.float32], text: str) -> NDArray[np.uint8] | None:
        """(T,) phone numbers every 10 ms, or None where text and sound do not fit."""
        words = _TOKEN.findall(text)
        if not words or not all(self._knows(word) for word in words):
            return None
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        try:
            self._decoder.set_align_text(" ".join(_entry(word) for word in words))
            self._decode(pcm)
            if self._decoder.hyp() is None:
                return None
            self._decoder.set_alignment()
            self._decode(pcm)
        except RuntimeError:  # pocketsphinx's word for a search that found no way through
            return None
        labels = np.zeros(len(samples) // (16000 // LABEL_RATE), np.uint8)
        for word in self._decoder.get_alignment():
            for phone in word:
                index = PHONE_INDEX.get(phone.name, 0)
                labels[phone.start : phone.start + phone.duration] = index
        return labels

    def _decode(self, pcm: bytes) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()

    def _knows(self, word: str) -> bool:
        entry = _entry(word)
        if self._decoder.lookup_word(entry) is not None:
            return True
        if word.startswith("{"):
            phones = word[1:-1].upper().split()
            if not phones or not set(phones) <= PHONE_INDEX.keys() - {"SIL"}:
                return False
            self._decoder.add_word(entry, " ".join(phones), True)
            return True
        if entry not in self._lexicon:
            return False
        self._decoder.add_word(entry, self._lexicon[entry], True)
        return True


def _entry(word: str) -> str:
    """A word as it stands in a dictionary; spoken phones make a word of their own."""
    return "-".join(word[1:-1].lower().split()) + "-" if word.startswith("{") else word.lower()
