"""Sentences of nine languages in synthetic voices, with exact phone times from the synthesiser.

No film exists of most languages, but a closure needs none: p, b and m shut the lips in every one. espeak-ng
tells when each phone begins, in the International Phonetic Alphabet. The sentences are ours and serve to
measure only.
"""

from __future__ import annotations

# Sentences and phones in their own scripts.
# ruff: noqa: RUF001
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.audio import SAMPLE_RATE
from server.training.espeak import espeak

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
        _labelled(*espeak().speak(voice + variant, text, rate=rate, pitch=pitch))
        for text in sentences
        for rate, pitch, variant in SPEECHES
    ]


def _labelled(samples: NDArray[np.float32], phones: list[tuple[float, str]]) -> SpokenSentence:
    labels = np.zeros(len(samples) * 100 // SAMPLE_RATE, np.uint8)
    for second, symbol in phones:
        labels[round(second * 100.0) :] = label_of(symbol)
    return SpokenSentence(samples, labels)


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
