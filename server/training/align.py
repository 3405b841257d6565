"""Phone times of transcribed English, from pocketsphinx: words first, then phones, every 10 ms.

pocketsphinx carries its acoustic model and dictionary in the wheel, so nothing is fetched; it is
needed for training only. A word it does not know is looked up in the lexicon given; a sentence with
a word nobody knows is refused, never guessed.
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


class PhoneAligner:
    """Aligns known text to sound; one instance serves many utterances."""

    def __init__(self, lexicon: Mapping[str, str]) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=16000, bestpath=False, loglevel="FATAL", lm=None)
        self._lexicon = lexicon

    def align(self, samples: NDArray[np.float32], text: str) -> NDArray[np.uint8] | None:
        """(T,) phone numbers every 10 ms, or None where text and sound do not fit."""
        words = re.findall(r"[a-z']+", text.lower())
        if not words or not all(self._knows(word) for word in words):
            return None
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        try:
            self._decoder.set_align_text(" ".join(words))
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
        if self._decoder.lookup_word(word) is not None:
            return True
        if word not in self._lexicon:
            return False
        self._decoder.add_word(word, self._lexicon[word], True)
        return True
