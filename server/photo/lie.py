"""Where a photo shows hair to part and how far it is swept aside: the lie that fits the lines in it best.

A line in hair has a direction but no sense: which way strands run along it the photo does not say. So the
ways in which hair is known to lie (`head_groom.lie`) are laid over the head and drawn into the photo, and
the one that agrees best with the lines seen there is taken, unless the usual one is as good. First it is
decided where hair parts, by all that is swept little, then how far it is swept.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.face_landmarks import FaceLandmarks
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_groom import PARTING, SWEEP, cap_grid, lie
from dirfa_blender.core.head_view import View

from .curl import line_tensor
from .mask import FaceMasks, grown

Floats = npt.NDArray[np.float64]

PARTINGS = PARTING + 0.1 * np.arange(-11, 3)
SWEEPS = (0.3, 0.9, 2.0)
# By how much a usual parting, as far from it as this, and a little sweep are believed before another.
USUAL, USUAL_WIDTH, SWEPT_LITTLE = 0.04, 0.25, 0.05
MARGIN = 0.06  # eye distances at the edge of the hair, whose outline is no line in it
FACING = (0.12, 0.40)  # cosine to the camera from which, and at which fully, lines are believed
TOP = (0.52, 0.77)  # share of the cap's height from which, and above which, the parting rules
LEAST_SEEN = 0.0008  # square metres of hair, below which nothing is said


def read_lie(
    pixels: npt.NDArray[np.uint8],
    landmarks: FaceLandmarks,
    masks: FaceMasks,
    head: Head,
    view: View,
    to_picture: Floats,
) -> tuple[float, float]:
    """Parting and sweep of the hair (`head_groom.lie`); the usual ones where it is not seen.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    head : with its cap grown to the outline; view : the camera that saw it
    to_picture : (2, 3) map from pixels of the view's photo to this picture
    """
    cap = cap_grid(head)
    if cap is None:
        return PARTING, SWEEP
    unit = landmarks.eye_distance_px
    inside = grown((masks.hair_clear > 0.5).astype(np.float32), -MARGIN * unit)
    xx, yy, xy = line_tensor(pixels, unit, inside)
    places = view.to_photo(cap)[..., :2] @ to_picture[:, :2].T + to_picture[:, 2]
    x, y = (np.ascontiguousarray(places[..., k], np.float32) for k in range(2))
    xx, yy, xy, seen = (cv2.remap(v, x, y, cv2.INTER_LINEAR) for v in (xx, yy, xy, inside))
    # Lines run across the steepest change: twice their angle, as long as edges agree on it.
    along = np.stack([yy - xx, -2.0 * xy], -1) / np.maximum(xx + yy, 1e-6)[..., None]
    outward, area = _outward(cap)
    facing = -(outward @ view.rotation.T)[..., 1]
    high = cap[..., 2] - cap[..., 2].min()
    weight = area * seen * _rise(facing, FACING) * _rise(high / max(high.max(), 1e-9), TOP)
    if weight.sum() < LEAST_SEEN:
        return PARTING, SWEEP

    def agreement(parting: float, sweep: float) -> float:
        way = lie(cap, parting, sweep)
        way = (way - (way * outward).sum(-1, keepdims=True) * outward) @ view.rotation.T
        right, down = way[..., 0], -way[..., 2]
        twice = np.stack([right**2 - down**2, 2.0 * right * down], -1)
        length = np.maximum((way**2).sum(-1), 1e-9)
        return float((weight * (twice * along).sum(-1) / length).sum() / weight.sum())

    usual = USUAL * np.exp(-(((PARTINGS - PARTING) / USUAL_WIDTH) ** 2))
    parted = [agreement(parting, SWEEPS[0]) for parting in PARTINGS]
    parting = float(PARTINGS[int(np.argmax(parted + usual))])
    swept = [agreement(parting, sweep) for sweep in SWEEPS]
    swept[0] += SWEPT_LITTLE
    return parting, SWEEPS[int(np.argmax(swept))]


def _outward(cap: Floats) -> tuple[Floats, Floats]:
    """(R, C, 3) unit normals of a cap away from the head, and (R, C) square metres round each point."""
    down, across = np.gradient(cap, axis=0), (np.roll(cap, -1, 1) - np.roll(cap, 1, 1)) / 2
    normal = np.cross(across, down)
    area = np.linalg.norm(normal, axis=-1)
    return normal / np.maximum(area, 1e-12)[..., None], area


def _rise(values: Floats, between: tuple[float, float]) -> Floats:
    """0 at and below the first of two values, 1 at and above the second."""
    return np.clip((values - between[0]) / (between[1] - between[0]), 0.0, 1.0)
