"""What the tongue does, as far as a viewer can see it: its tip lifted, or shown between the teeth.

No film at hand shows tongues, so nothing here is learnt: each phone has the place its tip is known to take,
and the encoder's phone scores say how much of each is spoken.

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

from .alignment import PHONE_INDEX

Array = NDArray[np.float32]

TIP_UP: Mapping[str, float] = {
    "L": 1.0, "N": 0.9, "D": 0.9, "T": 0.9, "CH": 0.75, "JH": 0.75, "S": 0.6, "Z": 0.6, "SH": 0.5,
    "ZH": 0.5, "R": 0.4, "ER": 0.4, "TH": 0.5, "DH": 0.5, "Y": 0.15, "IY": 0.1,
}  # fmt: skip
"""Height of the tip, 1 at the ridge behind the upper teeth; 0 low, as for every phone not named."""
SHOWN: Mapping[str, float] = {"TH": 0.25, "DH": 0.2}
"""How far it comes between the teeth, of the way out of the mouth."""


def tongue_of(phones: Array) -> dict[str, Array]:
    """Units AU19 and TTU, each (T,) 0..1, of (T, P) phone probabilities; a frame depends on no other."""
    return {"AU19": _mean(phones, SHOWN), "TTU": _mean(phones, TIP_UP)}


def _mean(phones: Array, targets: Mapping[str, float]) -> Array:
    # One column after another: a matrix product's last bits would depend on how many frames there are.
    total = np.zeros(len(phones), np.float32)
    for phone, value in targets.items():
        total = total + np.float32(value) * phones[:, PHONE_INDEX[phone]]
    return total
