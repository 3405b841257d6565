"""Where the face is in a photo, and its 478 landmarks.

The landmark network looks at a crop of 192 pixels, so accuracy comes from showing it the face
upright, centred and at one size. Nine such views, shifted, turned and scaled a little, are averaged:
that removes the odd wild answer and most of the jitter. Detection tries the near and the far
detector on the whole picture, then overlapping tiles for small faces, then the picture on its side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.errors import PhotoError
from dirfa_blender.core.likeness.landmarks import IRIS_POINTS, FaceLandmarks

from .graphs import Graph, face_detector, face_mesh

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

SEARCH_SIDE = 1024  # pixels; the picture is searched at no more than this
TILE_SIDE = 640  # pixels of the picture shown to the detector when the whole shows no face
VIEW_SIDE = 384  # pixels of a view given to the landmark network
VIEW_SPAN = 2.1  # side of a view in face sizes
SMALLEST_FACE = 60  # pixels from ear side to ear side
UNSTEADY = 0.03  # spread of the views, in eye distances, of no face seen upright
SURE = 0.7  # detector score from which a box without features is a face all the same
NO_FACE = (
    "No face was found in the photo; expected one face seen from the front, at least 60 pixels "
    "wide, not covered. Use another photo or crop this one closer to the face."
)
NO_FEATURES = (
    "A face was found in the photo but its features could not be placed: it is turned to profile, "
    "covered, cut off or blurred. Use a photo seen from the front with the whole face free."
)
# Shift right and down (of the view), turn (degrees) and scale of the averaged views.
VIEWS = (
    (0.0, 0.0, 0.0, 1.0), (0.02, 0.01, 3.0, 1.05), (-0.02, 0.01, -3.0, 0.96), (0.01, -0.02, -5.0, 1.1),
    (-0.01, -0.02, 5.0, 0.92), (0.03, 0.0, 1.5, 0.9), (-0.03, 0.0, -1.5, 1.08), (0.0, 0.03, 4.0, 1.0),
    (0.0, -0.03, -4.0, 0.94),
)  # fmt: skip


@dataclass(frozen=True)
class FaceBox:
    """A square around a detected face: centre and side in pixels, and the detector's score."""

    x: float
    y: float
    side: float
    score: float


@dataclass(frozen=True)
class Detection:
    """The face that was chosen.

    Attributes
    ----------
    landmarks : its 478 points
    faces : how many faces of comparable size the photo shows
    quarter_turns : counter-clockwise quarter turns the photo needed to bring the face upright;
        `landmarks` are in the turned photo
    spread : rms difference of the averaged views, as a fraction of the eye distance
    """

    landmarks: FaceLandmarks
    faces: int
    quarter_turns: int
    spread: float


def detect_face(pixels: Pixels) -> Detection:
    """The largest face in the picture.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB

    Raises
    ------
    PhotoError
        When no face is found, its features cannot be placed, or it is smaller than 60 pixels.

    Notes
    -----
    A face upside down is found too, but its features jump from view to view: then the picture is
    turned over and the steadier answer kept.
    """
    found = _detect_as_it_lies(pixels)
    if found.spread > UNSTEADY:
        try:
            over = _detect_as_it_lies(np.ascontiguousarray(np.rot90(pixels, 2)))
        except PhotoError:
            over = found
        if over.spread < 0.5 * found.spread:
            found = replace(over, quarter_turns=(over.quarter_turns + 2) % 4)
    width = found.landmarks.face_width_px
    if width < SMALLEST_FACE:
        raise PhotoError(
            f"The face in the photo is {width:.0f} pixels wide; at least {SMALLEST_FACE} are needed, "
            "and 400 make a good texture. Use a closer or larger photo."
        )
    return found


def landmarks_near(pixels: Pixels, expected_px: Floats, *, views: int = 5) -> Floats | None:
    """(478, 3) landmarks of the face that lies about where expected, or None when none is seen.

    Parameters
    ----------
    expected_px : (N, 2 or more) pixels, landmarks by number
    views : how many of the averaged views to take
    """
    with face_mesh() as mesh:
        points, _ = _averaged(mesh, pixels, expected_px, VIEWS[:views])
    return points if len(points) == IRIS_POINTS else None


def _detect_as_it_lies(pixels: Pixels) -> Detection:
    quarter_turns, boxes = _search(pixels)
    if not boxes:
        raise PhotoError(NO_FACE)
    pixels = np.ascontiguousarray(np.rot90(pixels, quarter_turns))
    boxes = sorted(boxes, key=lambda box: box.side, reverse=True)
    faces = sum(box.side > 0.3 * boxes[0].side for box in boxes)
    with face_mesh() as mesh:
        for box in boxes:
            first = _first_look(mesh, pixels, box)
            if first is not None:
                break
        else:
            sure = max(box.score for box in boxes) > SURE
            raise PhotoError(NO_FEATURES if sure else NO_FACE)
        # The detectors also find faces that lie on their side.
        more = round(_level_degrees(first) / 90) % 4
        if more:
            first = _quarter_turned(first, pixels, more)
            pixels = np.ascontiguousarray(np.rot90(pixels, more))
            quarter_turns = (quarter_turns + more) % 4
        points, spread = _averaged(mesh, pixels, first)
    landmarks = FaceLandmarks(points, (pixels.shape[1], pixels.shape[0]))
    return Detection(landmarks, faces, quarter_turns, spread)


def _search(pixels: Pixels) -> tuple[int, list[FaceBox]]:
    """Quarter turns and face boxes (in the turned picture) of the first search that finds any."""
    scale = min(1.0, SEARCH_SIDE / max(pixels.shape[:2]))
    shrunk = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.asarray(shrunk, np.uint8)
    with face_detector(long_range=False) as near, face_detector(long_range=True) as far:
        for quarter_turns in (0, 1, 3, 2):
            turned = np.ascontiguousarray(np.rot90(small, quarter_turns), np.uint8)
            boxes = _boxes(near, turned) + _boxes(far, turned)
            if boxes:
                break
        else:
            quarter_turns, boxes = 0, _tiled(near, far, small)
    return quarter_turns, [
        FaceBox(b.x / scale, b.y / scale, b.side / scale, b.score) for b in _distinct(boxes)
    ]


def _boxes(detector: Graph, pixels: Pixels) -> list[FaceBox]:
    """Face boxes of one detector on one picture."""
    height, width = pixels.shape[:2]
    found: list[FaceBox] = []
    for detection in detector.process(pixels).detections or []:
        box = detection.location_data.relative_bounding_box
        side = max(box.width * width, box.height * height)
        x, y = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
        if side > 8 and 0 <= x <= width and 0 <= y <= height:
            found.append(FaceBox(x, y, side, float(detection.score[0])))
    return found


def _tiled(near: Graph, far: Graph, pixels: Pixels) -> list[FaceBox]:
    """Boxes of small faces, from overlapping quarters and ninths of the picture, enlarged."""
    height, width = pixels.shape[:2]
    for pieces in (2, 3):
        span = min(1.0, 1.4 / pieces)
        found: list[FaceBox] = []
        for top in np.linspace(0, height * (1 - span), pieces):
            for left in np.linspace(0, width * (1 - span), pieces):
                y, x = int(top), int(left)
                tile = pixels[y : y + int(height * span), x : x + int(width * span)]
                if min(tile.shape[:2]) < 16:
                    continue
                zoom = TILE_SIDE / max(tile.shape[:2])
                grown = cv2.resize(tile, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
                tile = np.asarray(grown, np.uint8)
                found += [
                    FaceBox(b.x / zoom + x, b.y / zoom + y, b.side / zoom, b.score)
                    for b in _boxes(near, tile) + _boxes(far, tile)
                ]
        if found:
            return found
    return []


def _distinct(boxes: list[FaceBox]) -> list[FaceBox]:
    """One box a face: the best scored of those that lie over each other."""
    kept: list[FaceBox] = []
    for box in sorted(boxes, key=lambda b: b.score, reverse=True):
        if all(max(abs(box.x - k.x), abs(box.y - k.y)) > 0.5 * max(box.side, k.side) for k in kept):
            kept.append(box)
    return kept


def _first_look(mesh: Graph, pixels: Pixels, box: FaceBox) -> Floats | None:
    """Landmarks from a few croppings round the box, or None when none of them shows a face."""
    for span in (2.0, 1.5, 2.8):
        for lift in (0.0, 0.15):
            view = _view(box.x, box.y - lift * box.side, span * box.side, 0.0)
            points = _landmarks_in_view(mesh, pixels, view)
            if points is not None:
                return points
    return None


def _averaged(
    mesh: Graph, pixels: Pixels, first: Floats, views: Sequence[tuple[float, ...]] = VIEWS
) -> tuple[Floats, float]:
    """Mean landmarks of the views and their rms spread in eye distances."""
    width, height = np.ptp(first[:, 0]), np.ptp(first[:, 1])
    middle = (first.min(0) + first.max(0))[:2] / 2
    eyes = first[[263, 362]].mean(0) - first[[33, 133]].mean(0)
    level = _level_degrees(first)
    side = VIEW_SPAN * float(max(width, height))
    passes: list[Floats] = []
    for right, down, turn, scale in views:
        view = _view(middle[0] + right * side, middle[1] + down * side, side / scale, level + turn)
        points = _landmarks_in_view(mesh, pixels, view)
        if points is not None:
            passes.append(points)
    if len(passes) < 3 and (not passes or first.shape == passes[0].shape):
        passes.append(first)
    stack = np.stack(passes)
    distance = np.sqrt(((stack - np.median(stack, 0)) ** 2).sum(2).mean(1))
    kept = stack[distance <= 3.0 * max(float(np.median(distance)), 1e-9)]
    mean = kept.mean(0)
    spread = np.sqrt(((kept - mean)[:, :, :2] ** 2).sum(2).mean())
    return mean, float(spread / max(float(np.linalg.norm(eyes)), 1e-9))


def _level_degrees(points: Floats) -> float:
    """Angle of the line from the right to the left eye, clockwise from level."""
    eyes = points[[263, 362]].mean(0) - points[[33, 133]].mean(0)
    return float(np.degrees(np.arctan2(eyes[1], eyes[0])))


def _quarter_turned(points: Floats, pixels: Pixels, turns: int) -> Floats:
    """Points where counter-clockwise quarter turns of the picture take them."""
    height, width = pixels.shape[:2]
    x, y, z = points.T
    places = {1: (y, width - x), 2: (width - x, height - y), 3: (height - y, x)}[turns]
    return np.stack([*places, z], -1)


def _view(x: float, y: float, side: float, turn_degrees: float) -> Floats:
    """(2, 3) map from picture pixels to a view of `VIEW_SIDE` pixels centred on (x, y)."""
    matrix = np.array(cv2.getRotationMatrix2D((x, y), turn_degrees, VIEW_SIDE / side), np.float64)
    matrix[:, 2] += VIEW_SIDE / 2 - np.array([x, y])
    return matrix


def _landmarks_in_view(mesh: Graph, pixels: Pixels, view: Floats) -> Floats | None:
    """(478, 3) landmarks in picture pixels, or None where the view shows no face."""
    scale = float(np.hypot(view[0, 0], view[0, 1]))
    smooth = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    picture = cv2.warpAffine(
        pixels, view, (VIEW_SIDE, VIEW_SIDE), flags=smooth, borderMode=cv2.BORDER_REPLICATE
    )
    faces = mesh.process(np.asarray(picture, np.uint8)).multi_face_landmarks
    if not faces:
        return None
    points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark], np.float64) * VIEW_SIDE
    if len(points) != IRIS_POINTS or not np.isfinite(points).all():
        return None
    back = cv2.invertAffineTransform(view)
    return np.c_[points[:, :2] @ back[:, :2].T + back[:, 2], points[:, 2] / scale]
