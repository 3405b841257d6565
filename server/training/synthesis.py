"""Synthetic talkers with exact phone times, from the free synthesisers espeak-ng and flite.

A synthesiser knows when it says what, so its labels are exact and cover any language; and synthetic voices
are what many users will bring. Phones of all languages are named by the English set of `server.phones`: what
matters is what the lips do, so each sound takes the English phone whose lips look most like it (French
"u" is UW, Spanish "b" between vowels is V).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import AudioError
from server.audio import SAMPLE_RATE, read_speech
from server.phones import LABEL_RATE, PHONE_INDEX

from .espeak import espeak
from .sentences import WORDS, sentence

VARIANTS = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "Alex", "Alicia",
    "Andrea", "Andy", "Denis", "Diogo", "Gene", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Michael",
    "Mike", "adam", "anika", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "ed",
    "edward", "grandma", "grandpa", "john", "klatt", "klatt2", "klatt4", "linda", "max", "miguel",
    "norbert", "pablo", "paul", "quincy", "rob", "sandro", "steph", "travis", "victor", "whisper",
)  # fmt: skip
HELD_OUT_VARIANTS = ("m4", "f4", "linda", "benjamin", "klatt2", "Mario")
"""Voices that no training step hears; they measure."""
FLITE_VOICES = ("kal16", "awb", "rms", "slt")

# IPA symbols that espeak-ng uses, without length and diacritics, to the phone with such lips.
_IPA: dict[str, str] = {
    "p": "P", "b": "B", "m": "M", "ɱ": "F", "f": "F", "v": "V", "ʋ": "V", "β": "V", "ɸ": "F",
    "pf": "F", "w": "W", "ʍ": "W", "ɥ": "W", "t": "T", "d": "D", "ʈ": "T", "ɖ": "D", "n": "N",
    "ɳ": "N", "ɲ": "N", "s": "S", "z": "Z", "ts": "S", "dz": "Z", "θ": "TH", "ð": "DH", "ʃ": "SH",
    "ʒ": "ZH", "ʂ": "SH", "ʐ": "ZH", "ɕ": "SH", "ʑ": "ZH", "tʃ": "CH", "dʒ": "JH", "tɕ": "CH",
    "dʑ": "JH", "ʈʂ": "CH", "ɖʐ": "JH", "tʂ": "CH", "ç": "HH", "k": "K", "ɡ": "G", "g": "G",
    "ɢ": "G", "q": "K", "c": "K", "ɟ": "G", "ŋ": "NG", "ɴ": "NG", "x": "HH", "χ": "HH", "ɣ": "G",
    "h": "HH", "ɦ": "HH", "ħ": "HH", "ʕ": "HH", "ʔ": "HH", "ʁ": "HH", "ʀ": "HH", "l": "L", "ɫ": "L",
    "ɭ": "L", "ʎ": "L", "r": "D", "ɾ": "D", "ɽ": "D", "ɹ": "R", "ɻ": "R", "j": "Y", "ʝ": "Y",
    "i": "IY", "ɪ": "IH", "ɨ": "IH", "ᵻ": "IH", "y": "UW", "ʏ": "UH", "u": "UW", "ʉ": "UW", "ʊ": "UH",
    "ɯ": "IH", "ɯᵝ": "UH", "e": "EY", "ɛ": "EH", "ø": "OW", "œ": "OW", "ɞ": "ER", "ə": "AH",
    "ɘ": "AH", "ɵ": "OW", "ɤ": "AH", "ɜ": "ER", "ɚ": "ER", "ɝ": "ER", "ɐ": "AH", "ʌ": "AH",
    "o": "OW", "ɔ": "AO", "a": "AA", "æ": "AE", "ɑ": "AA", "ɒ": "AO", "eɪ": "EY", "aɪ": "AY",
    "aʊ": "AW", "ɔɪ": "OY", "ɔø": "OY", "əʊ": "OW", "oʊ": "OW", "eə": "EH", "iə": "IY", "ʊə": "UH",
    "uo": "AO", "ia": "AA", "iɛ": "EH", "ai": "AY", "ei": "EY", "au": "AW", "ou": "OW", "ua": "AA",
    "œy": "OW", "ɛi": "EY", "ʌu": "AW",
}  # fmt: skip
_FLITE = {"pau": "SIL", "ax": "AH", "axr": "ER", "ix": "IH", "hv": "HH", "el": "L", "en": "N"}


@dataclass(frozen=True)
class SyntheticSpeech:
    """Sound of a synthetic talker with exact labels.

    Attributes
    ----------
    talker : language and voice
    samples : (S,) float32 at 16 kHz
    labels : (T,) uint8 phone numbers every 10 ms
    """

    talker: str
    samples: NDArray[np.float32]
    labels: NDArray[np.uint8]


def speak(language: str, seed: int, *, held_out: bool) -> SyntheticSpeech:
    """A random sentence in a language of `sentences.WORDS`, by a random voice.

    Raises
    ------
    AudioError
        espeak-ng is not installed, or has no such voice.
    """
    rng = np.random.default_rng([seed, sorted(WORDS).index(language), int(held_out)])
    text = sentence(language, rng)
    if language == "en-us" and not held_out and rng.random() < 0.35 and shutil.which("flite"):
        return _flite(text, rng)
    pool = HELD_OUT_VARIANTS if held_out else [v for v in VARIANTS if v not in HELD_OUT_VARIANTS]
    variant = pool[int(rng.integers(len(pool)))]
    accents = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-029")
    voice = accents[int(rng.integers(len(accents)))] if language == "en-us" else language
    name = f"{voice}+{variant}"
    samples, phones = espeak().speak(
        name,
        text,
        rate=int(rng.integers(125, 205)),
        pitch=int(rng.integers(15, 85)),
        intonation=int(rng.integers(20, 90)),
    )
    events = [(second, phone_of(symbol)) for second, symbol in phones]
    return SyntheticSpeech(name, samples, _labels(events, len(samples)))


def phone_of(symbol: str) -> int | None:
    """The phone number of an IPA symbol; 0 for a pause, None for what only marks the sound before."""
    if not symbol or symbol.startswith("("):
        return 0
    base = unicodedata.normalize("NFD", symbol)
    plain = "".join(c for c in base if not unicodedata.combining(c) and c not in "ˈˌːˑʰʲˠˤ̩ʷ~")
    if symbol in ("ʲ", "ː", "ʰ") or not plain:
        return None
    for length in (len(plain), 2, 1):
        found = _IPA.get(plain[:length])
        if found is not None:
            return PHONE_INDEX[found]
    return PHONE_INDEX["AH"]


def _flite(text: str, rng: np.random.Generator) -> SyntheticSpeech:
    talker = FLITE_VOICES[int(rng.integers(len(FLITE_VOICES)))]
    stretch, mean = rng.uniform(0.85, 1.2), rng.uniform(85, 220)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = ["flite", "-voice", talker, "--setf", f"duration_stretch={stretch:.2f}"]
        command += [
            "--setf",
            f"int_f0_target_mean={mean:.0f}",
            "-psdur",
            "-t",
            text,
            "-o",
            str(path),
        ]
        try:
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        except subprocess.CalledProcessError as error:
            raise AudioError(f"flite could not speak {text!r}.") from error
        samples = read_speech(path).samples
    events: list[tuple[float, int | None]] = []
    begin = 0.0
    for entry in said.split():
        name, _, end = entry.partition(":")
        events.append((begin, PHONE_INDEX[_FLITE.get(name, name.upper())]))
        begin = float(end)
    return SyntheticSpeech(talker, samples, _labels(events, len(samples)))


def _labels(events: list[tuple[float, int | None]], count: int) -> NDArray[np.uint8]:
    """(T,) phone numbers every 10 ms of phones given by their beginnings."""
    labels = np.zeros(count * LABEL_RATE // SAMPLE_RATE, np.uint8)
    for begin, phone in events:
        if phone is not None:
            labels[round(begin * LABEL_RATE) :] = phone
    return labels
