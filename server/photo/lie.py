"""Where a photo shows hair to part and how far it is swept aside: the lie that fits the lines in it best.

A line in hair has a direction but no sense: which way strands run along it the photo does not say. So the
ways in which hair is known to lie (`hair.groom.lie`) are laid over the head and drawn into the photo, and
the one that agrees best with the lines seen there is taken, unless the usual one is as good. First it is
decided where hair parts, by all that is swept little, then how far it is swept. A fringe is swept, or its
lines would say nothing of a side.

What the lines turn to and fro over a finger's breadth is waves, unless the lie itself turns there, as at a
parting: so it is measured both in the photo and against the lie, and the lesser counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.hair.groom import PARTING, SWEEP, cap_grid, lie
from dirfa_blender.core.head import Head
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View

from .curl import line_tensor
from .mask import FaceMasks, grown

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

PARTINGS = PARTING + 0.1 * np.arange(-11, 3)
SWEEPS = (0.3, 0.9, 2.0)
# By how much a usual parting, as far from it as this, and a little sweep are believed before another.
USUAL, USUAL_WIDTH, SWEPT_LITTLE = 0.03, 0.25, 0.05
LEAST_AGREED = 0.1  # with the lines, under which no parting is believed but the usual one
MARGIN = 0.06  # eye distances at the edge of the hair, whose outline is no line in it
FACING = (0.12, 0.40)  # cosine to the camera from which, and at which fully, lines are believed
TOP = (0.535, 0.78)  # share of the cap's height from which, and above which, the parting rules
LEAST_SEEN = 0.0008  # square metres of hair, below which nothing is said
# Points of the cap over which waves turn, and what is left of the directions' agreement in straight hair
# and in open curls.
TURNING, AGREED = 1.8, (0.87, 0.74)


@dataclass(frozen=True)
class Lie:
    """How hair lies: parting and sweep as `hair.groom.lie` has them, wave 0 straight to 1 in open curls."""

    parting: float = PARTING
    sweep: float = SWEEP
    wave: float = 0.0


def read_lie(
    pixels: npt.NDArray[np.uint8],
    landmarks: FaceLandmarks,
    masks: FaceMasks,
    head: Head,
    view: View,
    to_picture: Floats,
    fringe: float = 0.0,
) -> Lie:
    """How the hair lies that is seen over the forehead; the usual way where none is.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    head : with its cap grown to the outline; view : the camera that saw it
    to_picture : (2, 3) map from pixels of the view's photo to this picture
    fringe : 0..1, how far hair falls over the forehead
    """
    cap = cap_grid(head)
    if cap is None:
        return Lie()
    unit = landmarks.eye_distance_px
    inside = grown((masks.hair_clear > 0.5).astype(np.float32), -MARGIN * unit)
    xx, yy, xy = line_tensor(pixels, unit, inside)
    places = view.to_photo(cap)[..., :2] @ to_picture[:, :2].T + to_picture[:, 2]
    x, y = (np.ascontiguousarray(places[..., k], np.float32) for k in range(2))
    xx, yy, xy, seen = (cv2.remap(v, x, y, cv2.INTER_LINEAR) for v in (xx, yy, xy, inside))
    # Lines run across the steepest change: twice their angle, as long as edges agree on it.
    lines = np.asarray((yy - xx) - 2j * xy, np.complex128) / np.maximum(xx + yy, 1e-6)
    outward, area = _outward(cap)
    shown = area * seen * _rise(-(outward @ view.rotation.T)[..., 1], FACING)
    found = _CapLines(cap, outward, view.rotation, lines, shown)
    return found.best(fringe) if found.weight.sum() >= LEAST_SEEN else Lie()


@dataclass(frozen=True)
class _CapLines:
    """The lines of hair that a photo shows on the points of a cap.

    Attributes
    ----------
    cap, outward : (R, C, 3) metres and unit normals
    rotation : (3, 3), of the view that saw it
    lines : (R, C) unit complex numbers of twice the angle, shorter where edges disagree
    shown : (R, C) square metres of hair seen there
    """

    cap: Floats
    outward: Floats
    rotation: Floats
    lines: Complex
    shown: Floats

    @cached_property
    def weight(self) -> Floats:
        """(R, C) what each point has to say of where hair parts."""
        high = self.cap[..., 2] - self.cap[..., 2].min()
        return self.shown * _rise(high / max(high.max(), 1e-9), TOP)

    def best(self, fringe: float) -> Lie:
        """The lie that fits best."""
        usual = USUAL * np.exp(-(((PARTINGS - PARTING) / USUAL_WIDTH) ** 2))
        first = SWEEPS[-1] if fringe > 0.5 else SWEEPS[0]
        parted = [self._agreement(parting, first, fringe) for parting in PARTINGS]
        best = int(np.argmax(parted + usual))
        parting = float(PARTINGS[best]) if parted[best] > LEAST_AGREED else PARTING
        swept = [self._agreement(parting, sweep, fringe) for sweep in SWEEPS]
        swept[0] += SWEPT_LITTLE
        sweep = SWEEPS[int(np.argmax(swept))]
        left_over = self._turned_back(parting, sweep, fringe)
        alike = max(_alike(part * self.shown) for part in (self.lines, left_over))
        wave = (AGREED[0] - alike) / -np.diff(AGREED)[0]
        return Lie(parting, sweep, float(np.clip(wave, 0.0, 1.0)))

    def _agreement(self, parting: float, sweep: float, fringe: float) -> float:
        turned = self._turned_back(parting, sweep, fringe)
        return float((self.weight * turned.real).sum() / self.weight.sum())

    def _turned_back(self, parting: float, sweep: float, fringe: float) -> Complex:
        """(R, C) the lines less the direction that hair of such a lie has there."""
        way = lie(self.cap, parting, sweep, fringe)
        way = (way - (way * self.outward).sum(-1, keepdims=True) * self.outward) @ self.rotation.T
        length = np.maximum(np.linalg.norm(way, axis=-1), 1e-9)
        # Foreshortened, a direction is worth less.
        return self.lines * np.conj(((way[..., 0] - 1j * way[..., 2]) / length) ** 2)


def _alike(lines: Complex) -> float:
    """0..1, how far lines (R, C) agree with those round them on a cap."""
    ring = np.roll(lines, lines.shape[1] // 2, axis=1)  # what is seen in one piece
    along, across, all_of_it = (
        cv2.GaussianBlur(v, (0, 0), TURNING)
        for v in (ring.real.copy(), ring.imag.copy(), np.abs(ring))
    )
    return float(np.hypot(along, across).sum() / max(float(all_of_it.sum()), 1e-12))


def _outward(cap: Floats) -> tuple[Floats, Floats]:
    """(R, C, 3) unit normals of a cap away from the head, and (R, C) square metres round each point."""
    down, across = np.gradient(cap, axis=0), (np.roll(cap, -1, 1) - np.roll(cap, 1, 1)) / 2
    normal = np.cross(across, down)
    area = np.linalg.norm(normal, axis=-1)
    return normal / np.maximum(area, 1e-12)[..., None], area


def _rise(values: Floats, between: tuple[float, float]) -> Floats:
    """0 at and below the first of two values, 1 at and above the second."""
    return np.clip((values - between[0]) / (between[1] - between[0]), 0.0, 1.0)
