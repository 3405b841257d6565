"""How open and how deliberately closed a talking mouth is, from its units; articulation and re-closing.

A unit says little about an opening, because several move the lips and the press of the lips takes some of
it back. The figures here are the metres that our head's lips part under the ARKit profile, so that a change
of one unit can be taken back by another to the tenth of a millimetre. Units are (T, A) of all action
units, in their order. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .action_units import AU_INDEX, AU_NAMES
from .easing import smoothstep

Array = npt.NDArray[np.float32]

JAW_GAIN = 0.6
"""Jaw opening of AU26 = 1 where AU27 = 1 opens it by 1; AU8 of the same size seals the lips over it."""
JAW_METRES = 0.024
"""Lip opening of a jaw opened by 1 with nothing to seal it."""
RAISED_METRES = {
    "AU10L": 0.00271,
    "AU10R": 0.00271,
    "AU16L": 0.0029,
    "AU16R": 0.0029,
    "AU25": 0.00339,
}
"""Lip opening of the units that part the lips, at 1; pressed lips take it back."""
OTHER_METRES = {
    "AU22": 0.0111, "AU20L": 0.00087, "AU20R": 0.00087, "AU18": 0.00059,
    "AU9L": 0.00048, "AU9R": 0.00048, "AU17": 0.00038,
}  # fmt: skip
"""Lip opening of the units that part the lips beside what they are for."""
SHAPERS = (
    "AU10", "AU12", "AU14", "AU15", "AU16", "AU17", "AU18", "AU20", "AU22", "AU23", "AU25", "MSL", "MSR",
)  # fmt: skip
"""Units of the lip axis of articulation: all that shape the lips, none that close them."""
JAW_UNITS = ("AU26", "AU27", "AU29", "AU30", "AU8")
"""Units of the jaw axis; AU8 goes with it, so that what was sealed stays sealed."""

TONGUE_CLEAR, TONGUE_OVER = 0.6, 0.7
"""TTU from which, and at which wholly, the tip of our head's tongue passes over the lower teeth."""
TONGUE_PAST = 0.24
"""AU19 that leads no farther than between the teeth with the tip so high."""


@dataclass(frozen=True)
class MouthState:
    """(T,) float32 each.

    Attributes
    ----------
    opening : metres between the lips
    openness : 0..1: 0 with the lips together, 1 from an opening of three millimetres
    closure : 0..1: how surely the lips are closed on purpose, as on p b m, and not merely at rest
    """

    opening: Array
    openness: Array
    closure: Array


def mouth_state(au: Array) -> MouthState:
    """State of the mouth under (T, A) canonical intensities."""
    opening = lip_opening(au)
    openness = smoothstep(opening, 0.0008, 0.0032)
    jaw = jaw_opening(au)
    pressed = (au[:, AU_INDEX["AU24L"]] + au[:, AU_INDEX["AU24R"]]) / 2
    sealed = au[:, AU_INDEX["AU8"]] / np.maximum(jaw, 1e-3)
    meant = np.maximum(
        smoothstep(pressed, 0.08, 0.28),
        smoothstep(sealed, 0.7, 0.95) * smoothstep(jaw, 0.02, 0.05),
    )
    return MouthState(opening, openness, (1 - openness) * meant)


def lip_opening(au: Array) -> Array:
    """(T,) float32 metres between the lips of our head."""
    press = (au[:, AU_INDEX["AU24L"]] + au[:, AU_INDEX["AU24R"]] + au[:, AU_INDEX["AU23"]]) / 2
    parted = _summed(au, RAISED_METRES) * (1 - np.clip(press, 0, 1))
    sealed = np.minimum(au[:, AU_INDEX["AU8"]], jaw_opening(au))
    jaw = np.float32(JAW_METRES) * (jaw_opening(au) - sealed)
    return np.maximum(jaw + parted + _summed(au, OTHER_METRES), 0)


def jaw_opening(au: Array) -> Array:
    """(T,) opening of the jaw, 0..1, sealed lips or not."""
    return np.clip(np.float32(JAW_GAIN) * au[:, AU_INDEX["AU26"]] + au[:, AU_INDEX["AU27"]], 0, 1)


def articulated(au: Array, *, jaw: float, lips: float) -> Array:
    """A copy with the jaw and the shaping of the lips scaled; what closes the lips stays as it is."""
    scale = np.ones(len(AU_NAMES), np.float32)
    for index, name in enumerate(AU_NAMES):
        unit = name if name in ("AU8", "MSL", "MSR") else name.rstrip("LR")
        if unit in JAW_UNITS:
            scale[index] = jaw
        elif unit in SHAPERS or unit in ("AU19", "TTU"):
            scale[index] = lips
    result = au * scale
    return np.clip(result, 0, 1, out=result)


def resealed(au: Array, own: Array, state: MouthState, free: frozenset[str]) -> Array:
    """Closed again where `own` was closed on purpose: what opens the lips beyond it is taken back.

    Parameters
    ----------
    free : units left alone, because somebody set them by hand
    """
    closed = state.closure
    for name in (*RAISED_METRES, *OTHER_METRES):
        index = AU_INDEX[name]
        excess = np.maximum(au[:, index] - own[:, index], 0)
        if name not in ("AU9L", "AU9R", "AU17"):
            au[:, index] -= closed * excess
    if "AU8" not in free:
        index = AU_INDEX["AU8"]
        seal, jaw, before = au[:, index], jaw_opening(au), jaw_opening(own)
        open_before = np.maximum(before - own[:, index], 0)
        au[:, index] = np.maximum(seal, closed * np.maximum(jaw - open_before, 0))
    return au


def tongue_out_room(tip: Array) -> Array:
    """(T,) AU19 that takes the tongue's tip, lifted by this TTU, over the lower teeth and not through."""
    lifted = (tip - np.float32(TONGUE_CLEAR)) / np.float32(TONGUE_OVER - TONGUE_CLEAR)
    return np.float32(TONGUE_PAST) * np.clip(lifted, 0, 1)


def over_teeth(au: Array, own: Array, free: frozenset[str]) -> Array:
    """The tongue's tip that `own` puts out over the lower teeth taken back as far as it is lifted less.

    Parameters
    ----------
    free : units left alone, because somebody set them by hand
    """
    shown, tip = AU_INDEX["AU19"], AU_INDEX["TTU"]
    if not free & {"AU19", "TTU"}:
        room = tongue_out_room(au[:, tip])
        is_lifted = own[:, tip] > TONGUE_CLEAR
        au[:, shown] = np.where(is_lifted, np.minimum(au[:, shown], room), au[:, shown])
    return au


def _summed(au: Array, metres: Mapping[str, float]) -> Array:
    """(T,) sum of units by their metres; column by column, so no bit depends on the length."""
    total = np.zeros(len(au), np.float32)
    for name, length in metres.items():
        total += np.float32(length) * au[:, AU_INDEX[name]]
    return total
