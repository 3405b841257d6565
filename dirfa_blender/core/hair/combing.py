"""Which way long hair runs from its roots on: from its parting, over the forehead, behind the ears. No bpy.

What is asked of the head, as which ears are free, is asked once; each step of a walk (`curtain`) asks this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..directions import unit
from ..easing import smoothstep
from ..head import Head
from .groom import cap_grid, curl_of, fringe_of, parting_of, sweep_of, wave_of
from .tresses import behind_ears, beside_face, cut_share, gathered_at, tress_grid

Floats = npt.NDArray[np.float64]

# Metres from the parting over which hair falls off to its side, and its turn back at the forehead.
PARTED_METRES, SWEPT_BACK = 0.007, 0.9
# Of a fringe: how far it runs forward and down beside aside, and by how much more of that if it is swept.
FORWARD, FALLING, SWEPT_ASIDE = 0.5, 0.75, 0.45
AT_SIDE = 0.35  # as `parting_of` has it, of a parting beyond which no fringe falls
TEMPLE_METRES = 0.012  # over the brows, from which hair is combed as over the forehead
# Metres over the ears from which gathered hair runs to where it comes together, over which height it turns
# there.
NAPE_FROM, NAPE_OVER = 0.080, 0.040
# Which way hair runs that is brought behind an ear, how far behind and over the ear's landmark it does.
DRAWN_BACK, BEHIND_METRES, OVER_EAR_METRES = (0.0, 1.0, -0.25), 0.025, 0.035
# Hair ends where it comes so far before the ears and within such a share of the face's half width.
FACE_AHEAD, FACE_SHARE = 0.03, 0.88


@dataclass(frozen=True)
class Combing:
    """How the long hair of a head lies.

    Attributes
    ----------
    cap, sheet : (R, C, 3) metres, the grids on which it lies
    middle, half : (3,) metres, of the cap
    marks : (N, 3) metres, the head's landmarks
    parting : metres across at which it parts
    at_side, sweep, fringe : as `groom.parting_of`, `sweep_of` and `fringe_of` have them
    tucked : whether it is brought behind the left and the right ear
    nape : (3,) metres, where it is gathered; None where it falls free
    cut : as `tresses.cut_share` has it
    wave : 0 straight to 1, of curls and waves the more
    """

    cap: Floats
    sheet: Floats
    middle: Floats
    half: Floats
    marks: Floats
    parting: float
    at_side: float
    sweep: float
    fringe: float
    tucked: tuple[bool, bool]
    nape: Floats | None
    cut: float
    wave: float

    @classmethod
    def of(cls, head: Head) -> Combing | None:
        """Of a head; None where its hair is not long."""
        cap, sheet = cap_grid(head), tress_grid(head)
        if cap is None or sheet is None:
            return None
        low, high = cap.reshape(-1, 3).min(0), cap.reshape(-1, 3).max(0)
        middle, half = (low + high) / 2, (high - low) / 2
        return cls(
            cap,
            sheet,
            middle,
            half,
            head.landmarks().astype(np.float64),
            float(middle[0] + parting_of(head) * half[0]),
            parting_of(head),
            sweep_of(head),
            fringe_of(head),
            behind_ears(head),
            gathered_at(head),
            cut_share(head),
            max(curl_of(head), wave_of(head)),
        )

    @property
    def ear(self) -> float:
        """Metres, the height of the ears' landmarks."""
        return float(self.marks[[234, 454], 2].mean())

    @property
    def ear_depth(self) -> float:
        """Metres, how far back the ears' landmarks lie."""
        return float(self.marks[[234, 454], 1].mean())

    @property
    def brows(self) -> float:
        """Metres, the height of the brows."""
        return float(self.marks[[105, 334], 2].max())

    def is_tucked(self, x: Floats) -> npt.NDArray[np.bool_]:
        """(...,) whether hair at these places across is brought behind the ear of its side."""
        left, right = self.tucked
        return np.where(x > 0.0, left, right)

    def falling(self, aside: Floats) -> Floats:
        """(...,) 0..1, how far hair falls over the forehead that runs aside (...,), -1 to 1, from its
        parting.

        From a parting at the side it falls; what is beyond is combed back.
        """
        beyond = np.clip(np.sign(self.at_side) * aside, 0.0, 1.0)
        return self.fringe * (1.0 - beyond * min(1.0, abs(self.at_side) / AT_SIDE))

    def way(self, place: Floats, normal: Floats, own: Floats) -> Floats:
        """(N, 3) unit directions along the surface in which hair goes on from places (N, 3), each with its
        own parting (N,) metres from where most have it.
        """
        middle, half = self.middle, self.half
        level = np.clip(normal[:, 2], 0.0, 1.0)
        aside = np.tanh((place[:, 0] - self.parting - own) / PARTED_METRES)
        fringe = self.falling(aside)
        swept = 1.2 + fringe * SWEPT_ASIDE * (self.sweep - 0.9)
        # Toward the crown the parting ends and hair falls back.
        behind = smoothstep((place[:, 1] - middle[1]) / half[1] + 0.4)
        ahead = smoothstep((middle[1] - 0.15 * half[1] - place[:, 1]) / (0.6 * half[1]))
        above = smoothstep((place[:, 2] - self.brows) / TEMPLE_METRES)
        back = (SWEPT_BACK - fringe * (SWEPT_BACK + FORWARD)) * ahead * above
        way = np.stack(
            [
                aside
                * (1.0 - 0.8 * behind)
                * np.maximum(0.35 + 0.65 * level, swept * ahead * above),
                0.8 * behind * level + back,
                -1.0 + (0.6 + fringe * (0.4 - FALLING)) * ahead * above,
            ],
            -1,
        )
        before = smoothstep((self.ear_depth + BEHIND_METRES - place[:, 1]) / 0.02)
        high = smoothstep((place[:, 2] - self.ear - OVER_EAR_METRES) / 0.02 + 1.0)
        drawn = (before * (1.0 - ahead * above) * high * self.is_tucked(place[:, 0]))[:, None]
        way = way + drawn * (np.array(DRAWN_BACK) - way)
        if self.nape is not None:
            low = smoothstep((self.ear + NAPE_FROM - place[:, 2]) / NAPE_OVER)
            way = way + ((1.0 - before) * low)[:, None] * (unit(self.nape - place) - way)
        way = way - (way * normal).sum(1, keepdims=True) * normal
        return way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)

    def over_face(self, points: Floats) -> npt.NDArray[np.bool_]:
        """(N, P) whether points lie before the face, below its brows and well within its outline."""
        ahead = points[..., 1] < self.ear_depth - FACE_AHEAD
        beside = FACE_SHARE * beside_face(self.marks, points[..., 2])
        return ahead & (points[..., 2] < self.brows) & (np.abs(points[..., 0]) < beside)
