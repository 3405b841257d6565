"""How like its photo a fitted head looks, judged by the eyes that looked at the photo.

The head is drawn neutral in the photo's own view and the landmark network looks at the drawing. It
answers for a whole face: outline, shade and closed lips move its points a little off the places of the
mesh they stand for. So what counts is not where the mesh has its landmarks but where the network
sees them, less the photo's expression; the fit is moved by the difference once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.face_landmarks import MESH_POINTS, FaceLandmarks
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import Solution, View, neutral_landmarks_px

from .landmarks import landmarks_near
from .picture import picture

Floats = npt.NDArray[np.float64]

FACE_PX = 240.0  # width of the face in the drawing
GAIN = 0.7  # share of a miss that is made good at a time
FARTHEST = (
    0.04  # eye distances; what misses by more is hair, a fold or another reason than the form
)
MARGIN = 0.55  # of the drawing round the face, in face widths


@dataclass(frozen=True)
class Likeness:
    """Where a head's landmarks are seen against where the photo, without its expression, has them.

    Attributes
    ----------
    missed_px : (N, 2) float64, pixels of the photo: wanted less seen
    eye_distance_px : what they are measured by
    """

    missed_px: Floats
    eye_distance_px: float

    @property
    def rms(self) -> float:
        """Root mean square over the landmarks, in eye distances."""
        return float(np.sqrt((self.missed_px**2).sum(1).mean()) / self.eye_distance_px)

    @property
    def worst(self) -> float:
        """Greatest miss, in eye distances."""
        return float(np.linalg.norm(self.missed_px, axis=1).max() / self.eye_distance_px)


def believed_px(missed_px: Floats, eye_distance_px: float) -> Floats:
    """(N, 2) pixels by which to move landmarks for these misses, none farther than is believed."""
    length = np.linalg.norm(missed_px, axis=1, keepdims=True) / eye_distance_px
    return missed_px * (GAIN * np.minimum(1.0, FARTHEST / np.maximum(length, 1e-9)))


def likeness(
    head: Head,
    view: View,
    solution: Solution,
    landmarks: FaceLandmarks,
    *,
    expression: Mapping[str, float] | None = None,
    views: int = 5,
) -> Likeness | None:
    """What the network sees in a drawing of the head, or None where it sees no face.

    Parameters
    ----------
    view, solution, landmarks : how the head stands in its photo, from which, and the photo's points
    expression : put on the head, to be compared with the photo as it is; None compares the neutral
        head with the photo's landmarks less the expression
    views : how many views of the drawing are averaged
    """
    photographed = landmarks.points_px[:MESH_POINTS, :2]
    wanted = neutral_landmarks_px(solution) if expression is None else photographed
    low = wanted.min(0) - MARGIN * landmarks.face_width_px
    high = wanted.max(0) + MARGIN * landmarks.face_width_px
    scale = FACE_PX / landmarks.face_width_px
    size = tuple(np.ceil((high - low) * scale).astype(int).tolist())
    origin = (view.origin - (low[0], 0.0, -low[1])) * scale
    moved = replace(view, scale=view.scale * scale, origin=origin)
    drawn = picture(head, moved, size, expression)
    seen = landmarks_near(drawn, (wanted - low) * scale, views=views)
    if seen is None:
        return None
    missed = wanted - (seen[:MESH_POINTS, :2] / scale + low)
    return Likeness(missed, landmarks.eye_distance_px)
