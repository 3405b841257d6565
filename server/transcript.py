"""What a transcript adds: phone times that are known instead of heard.

The mouth still moves as the network heard it; what the text decides is which lips must close, come under
the teeth or stay apart, and when. English only, for that is what the aligner speaks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import SettingsError

from .features import FRAME_RATE
from .phones import LABEL_RATE, PhoneAligner

TRUST = 0.9
"""Share of the text in the phone scores; the rest stays with what was heard."""
LEAST_AGREEMENT = 0.3
"""Probability, heard, of the phones of the text over that of the likeliest ones: below, it is another text.
Of 91 texts of held-out talkers, half of them children, none is; of as many wrong ones an eighth passes."""
Array = NDArray[np.float32]


def told_phones(heard: Array, samples: Array, text: str) -> Array:
    """Phone scores of a recording whose text is known.

    Parameters
    ----------
    heard : (T, P) probabilities at 50 frames a second, columns as in `phones.PHONES`
    samples : (S,) float32 at 16 kHz

    Raises
    ------
    SettingsError
        A word nobody knows, a text that is not what is said, or no aligner installed.
    """
    try:
        aligner = PhoneAligner({})
    except ImportError as error:
        raise SettingsError(
            "A transcript needs the package pocketsphinx, which this server lacks. Update the server, or "
            "leave the transcript out."
        ) from error
    unknown = aligner.unknown_words(text)
    if unknown:
        named = ", ".join(repr(word) for word in unknown[:8])
        raise SettingsError(
            f"The transcript has words that are in no English dictionary: {named}. Write numbers in words "
            "and names as phones in braces, such as {K AE TH L IY N}; for other languages leave the "
            "transcript out."
        )
    labels = aligner.align(samples, text)
    if labels is None:
        raise SettingsError(
            "The transcript could not be found in the recording. It must be what is said, word by word, "
            "from beginning to end."
        )
    told = _at_frames(labels, len(heard))
    agreement = _agreement(heard, told)
    if agreement < LEAST_AGREEMENT:
        raise SettingsError(
            f"The transcript does not fit the recording: only {agreement:.0%} of what is heard agrees "
            f"with it, {LEAST_AGREEMENT:.0%} are expected. Check that it belongs to this line."
        )
    phones = heard * np.float32(1.0 - TRUST)
    phones[np.arange(len(told)), told] += np.float32(TRUST)
    return phones


def _at_frames(labels: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """(T,) phone of each frame; the sound after the last label is silent."""
    places = np.arange(count) * LABEL_RATE // int(FRAME_RATE)
    padded = np.concatenate([labels, np.zeros(1, np.uint8)])
    return padded[np.minimum(places, len(labels))].astype(np.int64)


def _agreement(heard: Array, told: NDArray[np.int64]) -> float:
    """Mean probability of the told phones where somebody speaks, over that of the likeliest phones: an
    unclear voice makes both small."""
    spoken = told != 0
    if not spoken.any():
        return 0.0
    return float(heard[spoken, told[spoken]].mean() / heard[spoken].max(axis=1).mean())
