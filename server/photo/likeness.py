"""How like its photo a fitted head looks, judged by the eyes that looked at the photo.

The head is drawn neutral in the photo's own view and the landmark network looks at the drawing. It
answers for a whole face: outline, shade and closed lips move its points a little off the places of the
mesh they stand for. So what counts is not where the mesh has its landmarks but where the network
sees them, less the photo's expression; the fit is moved by the difference once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import (
    Fit,
    FitSettings,
    Solution,
    View,
    bare_fit,
    corrected,
    neutral_landmarks_px,
    reposed,
)
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import MESH_POINTS, OVAL, FaceLandmarks

from .landmarks import landmarks_near
from .picture import picture

Floats = npt.NDArray[np.float64]

FACE_PX = 240.0  # width of the face in the drawing
# Eye distances; what misses by more is hair, a fold or another reason than the form.
FARTHEST = 0.06
LOOKS = 3  # how often the fit is corrected by looking at the result
BETWEEN = 0.4  # way from what the neutral head is missed by to what the smiling one is
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


def corrected_by_looking(
    dressed: Head,
    fit: Fit,
    solution: Solution,
    seen_in: Sequence[FaceLandmarks],
    settings: FitSettings,
    progress: Callable[[float], None] = lambda _share: None,
) -> tuple[Solution, Fit]:
    """The solution and fit moved until the head is seen as its photos are.

    Parameters
    ----------
    dressed : the fit's head in its skin and hair
    seen_in : the landmarks of every photo, the first of which gave the skin
    progress : called with 0..1 before each look

    Notes
    -----
    The network moves its points with an expression otherwise than a mesh does, and how much of the
    difference the person's face had nobody knows. So the first look compares both the neutral head with the
    photo less the expression and the head with its expression with the photo as it is; all aim between.
    Along the face's outline nothing is seen, so only what is missed across it counts there: made good along
    it, the jaw's angle went another 2.5 mm down at each look, and was seen where it had been.
    """
    between = np.zeros((MESH_POINTS, 2))
    for number in range(LOOKS):
        progress(number / LOOKS)
        misses: list[Floats] = []
        for photo, landmarks in enumerate(seen_in):
            wanted = neutral_landmarks_px(solution, photo)
            view = fit.view if photo == 0 else fit.seen(solution.views[photo])
            seen = likeness(dressed, view, wanted, landmarks)
            if seen is None:
                return solution, fit
            if photo == number == 0:
                posed = _moved_along(dressed, fit.head.vertices, fit.posed_vertices)
                photographed = landmarks.points_px[:MESH_POINTS, :2]
                smiling = likeness(posed, view, photographed, landmarks)
                if smiling is not None:
                    between = BETWEEN * (smiling.missed_px - seen.missed_px)
            missed = seen.missed_px + between if photo == 0 else seen.missed_px
            missed = across_outline(missed, wanted)
            solution, missed = reposed(solution, missed, photo)
            misses.append(believed_px(missed, seen.eye_distance_px))
        solution = corrected(solution, misses, settings)
        before, fit = fit.head, bare_fit(solution, settings)
        dressed = _moved_along(dressed, before.vertices, fit.head.vertices)
    return solution, fit


def _moved_along(dressed: Head, before: npt.ArrayLike, after: npt.ArrayLike) -> Head:
    """A dressed head whose face moves as its bare vertices do; hair, which is hardly seen to, stays."""
    worn = dressed.part("hair", "hair_long")
    bare = ~template().part("hair")
    vertices = dressed.vertices.copy()
    vertices[~worn] += (np.asarray(after) - np.asarray(before))[bare].astype(np.float32)
    return replace(dressed, vertices=vertices)


def believed_px(missed_px: Floats, eye_distance_px: float) -> Floats:
    """(N, 2) pixels by which to move landmarks for these misses, none farther than is believed."""
    length = np.linalg.norm(missed_px, axis=1, keepdims=True) / eye_distance_px
    return missed_px * np.minimum(1.0, FARTHEST / np.maximum(length, 1e-9))


def across_outline(missed_px: Floats, wanted_px: Floats) -> Floats:
    """(N, 2) misses with those of the face's outline (N, 2) freed of what lies along it."""
    ring = list(OVAL)
    points = wanted_px[ring]
    along = np.roll(points, -1, 0) - np.roll(points, 1, 0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    missed = missed_px.copy()
    missed[ring] -= (missed[ring] * along).sum(1, keepdims=True) * along
    return missed


def likeness(
    head: Head,
    view: View,
    wanted_px: Floats,
    landmarks: FaceLandmarks,
    *,
    expression: Mapping[str, float] | None = None,
    views: int = 5,
) -> Likeness | None:
    """What the network sees in a drawing of the head, or None where it sees no face.

    Parameters
    ----------
    view, landmarks : how the head stands in its photo, and the photo's points
    wanted_px : (N, 2) pixels of the photo, where landmarks should be seen
    expression : put on the head
    views : how many views of the drawing are averaged
    """
    low = wanted_px.min(0) - MARGIN * landmarks.face_width_px
    high = wanted_px.max(0) + MARGIN * landmarks.face_width_px
    scale = FACE_PX / landmarks.face_width_px
    size = tuple(np.ceil((high - low) * scale).astype(int).tolist())
    origin = (view.origin - (low[0], 0.0, -low[1])) * scale
    moved = replace(view, scale=view.scale * scale, origin=origin)
    drawn = picture(head, moved, size, expression)
    seen = landmarks_near(drawn, (wanted_px - low) * scale, views=views)
    if seen is None:
        return None
    missed = wanted_px - (seen[:MESH_POINTS, :2] / scale + low)
    return Likeness(missed, landmarks.eye_distance_px)
