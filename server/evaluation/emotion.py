"""Is the emotion asked for the one that is seen? A classifier that learns from textbook faces reads takes.

It is trained on prototypes of the FACS literature [1]_ [2]_ drawn at random intensity over emotion-free
talk, never on directed takes, so the controls do not mark their own work. It sees one second at a time.

References
----------
.. [1] Lucey et al.: The extended Cohn-Kanade dataset, CVPR workshops 2010, table 1.
.. [2] Ekman, Friesen, Hager: FACS Investigator's Guide, 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.action_units import AU_INDEX, AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.emotions import EMOTIONS
from server.postprocess import sided

Floats = NDArray[np.float64]

PROTOTYPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "neutral": ((),),
    "happy": (("AU6", "AU12"), ("AU12",), ("AU6", "AU7", "AU12")),
    "sad": (("AU1", "AU4", "AU15"), ("AU1", "AU4", "AU15", "AU17"), ("AU1", "AU15")),
    "angry": (("AU4", "AU5", "AU7", "AU23"), ("AU4", "AU7", "AU24"), ("AU4", "AU5", "AU7")),
    "afraid": (
        ("AU1", "AU2", "AU4", "AU5", "AU20"), ("AU1", "AU2", "AU4", "AU5"), ("AU1", "AU4", "AU5", "AU20"),
    ),
    "disgusted": (("AU9", "AU17"), ("AU9", "AU10"), ("AU9", "AU15"), ("AU4", "AU7", "AU9", "AU10")),
    "surprised": (("AU1", "AU2", "AU5"), ("AU1", "AU2", "AU26"), ("AU1", "AU2", "AU5", "AU26")),
    "contemptuous": (("AU14L",), ("AU14R",), ("AU12L", "AU14L"), ("AU12R", "AU14R")),
}  # fmt: skip
WINDOW_SECONDS = 1.0
STEPS, RATE, DECAY = 600, 0.5, 1e-3


@dataclass(frozen=True)
class EmotionReader:
    """Softmax regression on standardised means of units over a second."""

    mean: Floats
    scale: Floats
    weights: Floats

    def read(self, windows: Floats) -> list[str]:
        """The emotion of each row of (N, A + 2) features."""
        scores = _with_one((windows - self.mean) / self.scale) @ self.weights
        return [EMOTIONS[index] for index in scores.argmax(axis=1)]


def windows_of(take: Animation) -> Floats:
    """(N, A + 2) means of the units over each second, and the one-sidedness of dimple and smile."""
    au = take.canonical().au.astype(np.float64)
    size = max(1, round(WINDOW_SECONDS * take.fps))
    count = max(1, len(au) // size)
    return _features(np.stack([au[i * size : (i + 1) * size].mean(axis=0) for i in range(count)]))


def trained_reader(talk: Floats, rng: np.random.Generator, examples: int = 200) -> EmotionReader:
    """A reader that has seen prototypes over emotion-free talk.

    Parameters
    ----------
    talk : (N, A + 2) windows of talk without emotion
    examples : examples of each emotion
    """
    rows, labels = [], []
    plain = talk[:, : len(AU_NAMES)]
    for label, name in enumerate(EMOTIONS):
        for _ in range(examples):
            base = plain[rng.integers(len(plain))].copy()
            prototype = PROTOTYPES[name][rng.integers(len(PROTOTYPES[name]))]
            level = rng.uniform(0.4, 0.9)
            for unit in prototype:
                value = level * rng.uniform(0.7, 1.2)
                for code in (unit,) if unit in AU_INDEX else sided(unit):
                    index = AU_INDEX[code]
                    base[index] = 1.0 - (1.0 - base[index]) * (1.0 - min(1.0, value))
            rows.append(base)
            labels.append(label)
    features, wanted = _features(np.stack(rows)), np.array(labels)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 0.02
    inputs = _with_one((features - mean) / scale)
    weights = np.zeros((inputs.shape[1], len(EMOTIONS)))
    truth = np.eye(len(EMOTIONS))[wanted]
    for _ in range(STEPS):
        scores = inputs @ weights
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        weights -= RATE * (inputs.T @ (chances - truth) / len(inputs) + DECAY * weights)
    return EmotionReader(mean, scale, weights)


def _features(au: Floats) -> Floats:
    lean = [
        np.abs(au[:, AU_INDEX[unit + "L"]] - au[:, AU_INDEX[unit + "R"]])
        for unit in ("AU12", "AU14")
    ]
    return np.concatenate([au, np.stack(lean, axis=1)], axis=1)


def _with_one(rows: Floats) -> Floats:
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
