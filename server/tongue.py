"""What the tongue does, as far as a viewer can see it: its tip lifted, or shown between the teeth.

No film at hand shows tongues, so nothing here is learnt: each phone has the place its tip is known to take,
and the encoder's phone scores say how much of each is spoken. For th the tip is first lifted over the lower
teeth, then put out, and taken back in that order: the way between rest and th leads round those teeth, and
units that grew together would go through them.

References
----------
.. [1] Ladefoged, Johnson: A Course in Phonetics, 2014, chapters 1 and 7: places of articulation.
.. [2] Stone: A three-dimensional model of tongue movement, JASA 1990: the tip rises for t, d, n, l, is near
   for s, z, sh, and low for vowels and k, g.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.mouth_state import TONGUE_OVER, tongue_out_room

from .frames import moved, smoothed
from .phones import PHONE_INDEX

Array = NDArray[np.float32]

TONGUE = ("AU19", "TTU")
"""Units made here: the tongue between the teeth, its tip lifted."""
TIP_UP: Mapping[str, float] = {
    "L": 1.0, "N": 0.9, "D": 0.9, "T": 0.9, "CH": 0.75, "JH": 0.75, "S": 0.6, "Z": 0.6, "SH": 0.5,
    "ZH": 0.5, "R": 0.4, "ER": 0.4, "Y": 0.15, "IY": 0.1,
}  # fmt: skip
"""Height of the tip, 1 at the ridge behind the upper teeth; 0 low, as for every phone not named."""
SHOWN: Mapping[str, float] = {"TH": 0.14, "DH": 0.12}
"""How far it comes between the teeth, of the way out of the mouth."""
SURE = 0.5
"""Probability of a phone that shows the tongue from which it is wholly shown."""
AHEAD = (1.0, 0.5)
"""How far the tip is lifted one and two frames before it is put out, and after it was taken back."""
PARTED_JAW, WIDEST = (0.05, 0.16), 1.6
"""Opening of the jaw from which the tip passes between the teeth, and at which it does as far as `SHOWN`;
how much farther it comes at most where the jaw, which takes it back and down, opens wider."""


def tongue_of(phones: Array, jaw: Array, strength: float = 1.0) -> dict[str, Array]:
    """Units AU19 and TTU, each (T,) 0..1, of phone probabilities and the opening of the jaw.

    Parameters
    ----------
    phones : (T, P); a frame depends on none but the two before it and the two after
    jaw : (T,) 0..1, as the shape ``jawOpen`` has it
    strength : share 0..1 of how far the tip is lifted
    """
    sure = np.minimum(_mean(phones, dict.fromkeys(SHOWN, 1.0)) / np.float32(SURE), np.float32(1.0))
    near = sure
    for frames, share in enumerate(AHEAD, start=1):
        beside = np.maximum(moved(sure, frames), moved(sure, -frames))
        near = np.maximum(near, np.float32(share) * beside)
    tip = np.maximum(smoothed(_mean(phones, TIP_UP)), np.float32(TONGUE_OVER) * near)
    tip = np.float32(strength) * np.minimum(tip, np.float32(1.0))
    low, high = PARTED_JAW
    parted = np.clip((jaw - np.float32(low)) / np.float32(high - low), 0.0, WIDEST)
    most = np.float32(max(SHOWN.values()))
    shown = np.minimum(_mean(phones, SHOWN) / np.float32(SURE), most)
    shown = np.maximum(smoothed(shown), shown)
    return {"AU19": np.minimum(shown * parted, tongue_out_room(tip)), "TTU": tip}


def _mean(phones: Array, targets: Mapping[str, float]) -> Array:
    # One column after another: a matrix product's last bits would depend on how many frames there are.
    total = np.zeros(len(phones), np.float32)
    for phone, value in targets.items():
        total = total + np.float32(value) * phones[:, PHONE_INDEX[phone]]
    return total
