"""What each emotion does to a face: units it adds, units of the take it takes away, how the head is held.

Prototypes follow FACS investigators' tables [1]_, with three changes that talking asks for. Jaw drop (AU26)
of surprise and fear is left out, because the jaw belongs to speech. Lips are pressed (AU23, AU24) only
where speech leaves them closed. And every emotion damps its opposite in the take, so that a smile asked for
over a frowning performance is a smile and not a grimace. Feigned and felt smiles lean a little to the left
side of the face [2]_, and contempt is the one expression that is one-sided by definition. No bpy.

References
----------
.. [1] Ekman, Friesen, Hager: FACS Investigator's Guide, 2002, table 10-1; Lucey et al.: CK+, 2010.
.. [2] Borod, Haywood, Koff: Neuropsychological aspects of facial asymmetry during emotional expression,
   Neuropsychology Review 7, 1997.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .action_units import AU_INDEX, AU_NAMES, expand_code

Floats = npt.NDArray[np.float32]

EMOTIONS: tuple[str, ...] = (
    "neutral",
    "happy",
    "sad",
    "angry",
    "afraid",
    "disgusted",
    "surprised",
    "contemptuous",
)


@dataclass(frozen=True)
class Emotion:
    """An emotion at full intensity.

    Attributes
    ----------
    adds : unit code -> intensity it brings; a code without a side is both sides
    damps : unit code -> share of the take's own intensity that it removes
    posture_degrees : (pitch, yaw, roll) by which the head is held differently
    look_degrees : (up, left) by which the eyes aim differently, head motion apart
    """

    adds: Mapping[str, float] = field(default_factory=dict[str, float])
    damps: Mapping[str, float] = field(default_factory=dict[str, float])
    posture_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0)
    look_degrees: tuple[float, float] = (0.0, 0.0)


TABLE: Mapping[str, Emotion] = {
    "neutral": Emotion(
        damps={
            "AU1": 0.85, "AU2": 0.85, "AU4": 0.9, "AU5": 0.85, "AU6": 0.9, "AU7": 0.7, "AU9": 0.9,
            "AU12": 0.85, "AU14": 0.85, "AU15": 0.9, "AU17": 0.6,
        },
    ),
    "happy": Emotion(
        adds={"AU6": 0.85, "AU7": 0.36, "AU12L": 0.92, "AU12R": 0.88, "AU10": 0.1, "AU25": 0.35},
        damps={"AU15": 1.0, "AU4": 0.9, "AU17": 0.6, "AU9": 0.7, "AU14": 0.5},
        posture_degrees=(1.0, 0.0, 1.5),
    ),
    "sad": Emotion(
        adds={
            "AU1": 0.9, "AU4": 0.38, "AU15L": 0.62, "AU15R": 0.58, "AU17": 0.35, "AU45": 0.16,
            "AU7": 0.08,
        },
        damps={"AU12": 0.9, "AU2": 0.7, "AU5": 0.9, "AU6": 0.5},
        posture_degrees=(-5.0, 0.0, 1.5),
        look_degrees=(-3.0, 0.0),
    ),
    "angry": Emotion(
        adds={
            "AU4": 0.95, "AU5": 0.5, "AU7": 0.6, "AU9": 0.22, "AU10": 0.12, "AU15": 0.2,
            "AU17": 0.25, "AU23": 0.5, "AU24": 0.2,
        },
        damps={"AU12": 0.9, "AU1": 0.9, "AU2": 0.8, "AU6": 0.4},
        posture_degrees=(-3.0, 0.0, 0.0),
    ),
    "afraid": Emotion(
        adds={
            "AU1": 0.85, "AU2": 0.45, "AU4": 0.5, "AU5": 0.85, "AU20L": 0.5, "AU20R": 0.5, "AU25": 0.25,
        },
        damps={"AU12": 0.85, "AU6": 0.7, "AU7": 0.5},
        posture_degrees=(1.5, 0.0, 0.0),
    ),
    "disgusted": Emotion(
        adds={
            "AU9": 0.85, "AU10": 0.3, "AU4": 0.4, "AU6": 0.3, "AU7": 0.5, "AU15": 0.3, "AU17": 0.45,
        },
        damps={"AU12": 0.9, "AU1": 0.8, "AU2": 0.8, "AU5": 0.9},
        posture_degrees=(1.5, 3.0, 0.0),
    ),
    "surprised": Emotion(
        adds={"AU1": 0.9, "AU2": 0.95, "AU5": 0.75, "AU25": 0.3},
        damps={"AU4": 1.0, "AU7": 0.8, "AU12": 0.3, "AU6": 0.6},
        posture_degrees=(1.5, 0.0, 0.0),
    ),
    "contemptuous": Emotion(
        adds={
            "AU14L": 0.85, "AU12L": 0.42, "AU14R": 0.12, "AU10L": 0.15, "AU6L": 0.2, "AU7": 0.18,
            "AU45": 0.16, "AU2R": 0.3, "AU17": 0.2,
        },
        damps={"AU1": 0.6, "AU12R": 0.8, "AU5": 0.9},
        posture_degrees=(3.0, 0.0, -2.5),
        look_degrees=(-1.5, 0.0),
    ),
}  # fmt: skip


def _as_row(units: Mapping[str, float]) -> Floats:
    row = np.zeros(len(AU_NAMES), np.float32)
    for code, value in units.items():
        for name in expand_code(code):
            row[AU_INDEX[name]] = value
    row.flags.writeable = False
    return row


def added_units(name: str) -> Floats:
    """(A,) float32 intensities that an emotion brings at full strength, canonical order."""
    return _as_row(TABLE[name].adds)


def damped_units(name: str) -> Floats:
    """(A,) float32 shares of the take's own intensities that it removes at full strength."""
    return _as_row(TABLE[name].damps)
