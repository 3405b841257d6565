"""Face landmarks of a video, frame by frame.

The face mesh network runs in its video mode, which reuses the crop of the frame before but does not
smooth: smoothing belongs to the solver, which knows what it smooths. Frame times come from the
container, because footage of phones rarely has a constant rate; `FaceTrack.at_rate` makes it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import FormatError

LANDMARKS = 478
"""468 points of the face mesh, then five of the right iris and five of the left."""


@dataclass(frozen=True)
class FaceTrack:
    """Landmarks of one face over time.

    Attributes
    ----------
    times : (T,) float64, seconds since the first frame, rising
    points : (T, 478, 3) float32, pixels: right, down, away from the camera. NaN where no face was seen
    seen : (T,) bool
    size : width and height of the picture in pixels
    """

    times: NDArray[np.float64]
    points: NDArray[np.float32]
    seen: NDArray[np.bool_]
    size: tuple[int, int]

    def at_rate(self, fps: float) -> FaceTrack:
        """The same track sampled every `1 / fps` seconds, linear between frames."""
        count = max(1, int(np.floor(self.times[-1] * fps + 1e-6)) + 1)
        times = np.arange(count) / fps
        right = np.clip(np.searchsorted(self.times, times, side="right"), 1, len(self.times) - 1)
        left = right - 1
        share = (times - self.times[left]) / np.maximum(self.times[right] - self.times[left], 1e-9)
        share = np.clip(share, 0.0, 1.0)[:, None, None]
        # A sample that falls on a frame needs no neighbour, so a missing one does not spoil it.
        on_left, on_right = share[:, 0, 0] < 1e-6, share[:, 0, 0] > 1.0 - 1e-6
        points = self.points[left] * (1.0 - share) + self.points[right] * share
        points[on_left], points[on_right] = self.points[left[on_left]], self.points[right[on_right]]
        seen = (self.seen[left] | on_right) & (self.seen[right] | on_left)
        points[~seen] = np.nan
        return FaceTrack(times, points.astype(np.float32), seen, self.size)


def track_landmarks(
    video: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FaceTrack:
    """The landmarks of the most prominent face of `video`.

    Raises
    ------
    FormatError
        The file is not a video that can be decoded, or shows no face in any frame.
    """
    from mediapipe.python.solutions import face_mesh

    capture = cv2.VideoCapture(str(video))
    if not capture.isOpened():
        raise FormatError(f"Expected a video that can be decoded, found something else in {video}.")
    size = (
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )
    expected = max(1.0, capture.get(cv2.CAP_PROP_FRAME_COUNT))
    scale = np.array([size[0], size[1], size[0]], np.float32)
    times: list[float] = []
    rows: list[NDArray[np.float32]] = []
    try:
        with face_mesh.FaceMesh(
            static_image_mode=False, max_num_faces=1, refine_landmarks=True
        ) as mesh:
            for seconds, picture in _frames(capture):
                found: Any = getattr(mesh.process(picture), "multi_face_landmarks")  # noqa: B009
                rows.append(_as_array(found[0]) * scale if found else _missing())
                times.append(seconds)
                if progress is not None:
                    progress(min(1.0, len(rows) / expected))
                if cancelled is not None and cancelled():
                    break
    finally:
        capture.release()
    if not rows:
        raise FormatError(f"Expected at least one picture in the video {video}, found none.")
    points = np.stack(rows)
    seen = np.isfinite(points[:, 0, 0])
    if not seen.any():
        raise FormatError(
            f"Expected a face in the video {video}, found none in {len(rows)} frames. "
            "Use footage in which one face fills at least a fifth of the picture's height."
        )
    return FaceTrack(np.asarray(times, np.float64), points, seen, size)


def _frames(capture: cv2.VideoCapture) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Time stamps and RGB pictures; a container without time stamps falls back to its rate."""
    rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
    index, first, last = 0, 0.0, -1.0
    while True:
        stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        good, picture = capture.read()
        if not good:
            return
        if index == 0:
            first = stamp
        seconds = stamp - first
        if index > 0 and seconds <= last:
            seconds = last + 1.0 / rate
        last = seconds
        index += 1
        yield seconds, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _as_array(face: Any) -> NDArray[np.float32]:
    points = [(p.x, p.y, p.z) for p in face.landmark]
    return np.asarray(points, np.float32)


def _missing() -> NDArray[np.float32]:
    return np.full((LANDMARKS, 3), np.nan, np.float32)
