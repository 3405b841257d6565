"""Face landmarks of a video, frame by frame.

The face mesh network runs in its video mode, which reuses the crop of the frame before but does not
smooth: smoothing belongs to the solver, which knows what it smooths. Frame times come from the
container, because footage of phones rarely has a constant rate; `FaceTrack.at_rate` makes it so.

Film is not always what it should be. A second face, a cut, a film that lies on its side or ends early
is noticed here and kept in the track, so that whoever uses it can say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import FormatError, JobCancelled

LANDMARKS = 478
"""468 points of the face mesh, then five of the right iris and five of the left."""
LOOK_SECONDS = 0.5
"""Time between looks for a second face."""
SECOND_FACE_SHARE = 0.4
"""A second face counts from this share of the first one's width."""
THUMBNAIL = (32, 18)
CUT_CHANGES = ((22.0, 1.2), (4.5, 3.0))
"""Mean change of a thumbnail's grey, of 255, from one frame to the next that makes a cut, and by how much
it must exceed the changes around it: a small one shows only where all else is still, and a flash, which
changes twice, is none."""
CUT_AROUND = 4
"""Frames before and after with which a change is compared."""
PROBES = 6
"""Pictures looked at to learn which way up the film is."""
QUARTERS = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


@dataclass(frozen=True)
class FaceTrack:
    """Landmarks of one face over time.

    Attributes
    ----------
    times : (T,) float64, seconds since the first frame, rising
    points : (T, 478, 3) float32, pixels: right, down, away from the camera. NaN where no face was seen
    seen : (T,) bool
    size : width and height of the picture in pixels, upright
    cuts : seconds at which another shot begins
    crowded : seconds at which a second face was seen
    quarters : quarter turns clockwise that set the film upright
    expected_seconds : length that the container promises; more than was decoded where a film is broken
    """

    times: NDArray[np.float64]
    points: NDArray[np.float32]
    seen: NDArray[np.bool_]
    size: tuple[int, int]
    cuts: tuple[float, ...] = ()
    crowded: tuple[float, ...] = ()
    quarters: int = 0
    expected_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Mean frames a second."""
        return (len(self.times) - 1) / float(self.times[-1]) if len(self.times) > 1 else 0.0

    @property
    def has_even_times(self) -> bool:
        """Whether frames come at a constant rate, give or take a fifth of a frame."""
        steps = np.diff(self.times)
        return len(steps) == 0 or bool(np.abs(steps - np.median(steps)).max() < 0.2 / self.rate)

    @property
    def breaks_off(self) -> bool:
        """Whether clearly less could be decoded than the container promises."""
        return self.expected_seconds > self.times[-1] + max(0.5, 0.05 * self.expected_seconds)

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
        return replace(self, times=times, points=points.astype(np.float32), seen=seen)


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
    JobCancelled
        `cancelled` answered True.
    """
    from mediapipe.python.solutions import face_mesh

    quarters = _upright_quarters(video)
    with (
        _opened(video) as capture,
        face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1, refine_landmarks=True) as mesh,
        closing(_Watch(_rate(capture))) as watch,
    ):
        expected = max(1.0, capture.get(cv2.CAP_PROP_FRAME_COUNT))
        for seconds, raw in _frames(capture):
            picture = _turned(raw, quarters)
            watch.look(seconds, picture, _mesh_points(mesh, picture))
            if progress is not None:
                progress(min(1.0, len(watch.times) / expected))
            if cancelled is not None and cancelled():
                raise JobCancelled("The tracking was cancelled.")
        return replace(
            watch.track(video), quarters=quarters, expected_seconds=expected / _rate(capture)
        )


class _Watch:
    """Keeps the landmarks of the pictures it is shown, and looks for what would spoil a take: cuts, and
    a second face.

    Parameters
    ----------
    rate : pictures a second
    """

    def __init__(self, rate: float) -> None:
        from mediapipe.python.solutions import face_detection

        self.times: list[float] = []
        self._rows: list[NDArray[np.float32]] = []
        self._size = (0, 0)
        self._crowded: list[float] = []
        self._every = max(1, round(LOOK_SECONDS * rate))
        self._before: NDArray[np.float32] | None = None
        self._changes: list[float] = []
        self._detector = face_detection.FaceDetection(min_detection_confidence=0.6)

    def look(self, seconds: float, picture: NDArray[np.uint8], points: NDArray[np.float32]) -> None:
        """Takes notice of one picture (H, W, 3) and the landmarks (N, 3) found in it, if numbers."""
        small = cv2.resize(picture, THUMBNAIL, interpolation=cv2.INTER_AREA)
        grey = np.asarray(small, np.float32).mean(axis=2)
        grey = grey - grey.mean()
        before = grey if self._before is None else self._before
        self._changes.append(float(np.abs(grey - before).mean()))
        self._before = grey
        is_due = len(self.times) % self._every == 0 and np.isfinite(points[0, 0])
        if is_due and self._is_crowded(picture, points):
            self._crowded.append(seconds)
        self.times.append(seconds)
        self._rows.append(points)
        self._size = (picture.shape[1], picture.shape[0])

    def track(self, video: Path) -> FaceTrack:
        """What was seen; raises FormatError where that was no picture or no face."""
        if not self._rows:
            raise FormatError(f"Expected at least one picture in the video {video}, found none.")
        points = np.stack(self._rows)
        seen = np.isfinite(points[:, 0, 0])
        if not seen.any():
            raise FormatError(
                f"Expected a face in the video {video}, found none in {len(points)} frames. "
                "Use footage in which one face fills at least a fifth of the picture's height."
            )
        cuts = tuple(self.times[frame] for frame in cut_frames(np.asarray(self._changes)))
        times = np.asarray(self.times, np.float64)
        return FaceTrack(times, points, seen, self._size, cuts, tuple(self._crowded))

    def close(self) -> None:
        """Frees the detector."""
        self._detector.close()

    def _is_crowded(self, picture: NDArray[np.uint8], points: NDArray[np.float32]) -> bool:
        """Whether a second face is about as large as the one these landmarks are of."""
        width = float(np.ptp(points[:, 0])) / picture.shape[1]
        middle = float(points[:, 0].mean()) / picture.shape[1]
        return any(
            abs(centre - middle) > 0.6 * width and wide > SECOND_FACE_SHARE * width
            for centre, wide in _faces(self._detector, picture)
        )


def cut_frames(changes: NDArray[np.float64]) -> list[int]:
    """Frames that begin another shot.

    Parameters
    ----------
    changes : (T,) how much each picture differs from the one before, in grey levels
    """
    around = np.pad(changes, CUT_AROUND)
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * CUT_AROUND + 1).copy()
    windows[:, CUT_AROUND] = 0.0
    others = windows.max(axis=1)
    is_cut = np.any([(changes > least) & (changes > by * others) for least, by in CUT_CHANGES], 0)
    return [int(frame) for frame in np.flatnonzero(is_cut)]


def _faces(detector: Any, picture: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Centre and width of each face, shares of the picture's width."""
    found: Any = detector.process(picture).detections or ()
    boxes = [one.location_data.relative_bounding_box for one in found]
    return [(box.xmin + 0.5 * box.width, box.width) for box in boxes]


def _upright_quarters(video: Path) -> int:
    """Quarter turns clockwise after which faces stand upright, 0 where that is not clear."""
    from mediapipe.python.solutions import face_detection

    votes = np.zeros(len(QUARTERS))
    with (
        _opened(video) as capture,
        face_detection.FaceDetection(min_detection_confidence=0.5) as detector,
    ):
        count = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        for probe in range(PROBES):
            capture.set(cv2.CAP_PROP_POS_FRAMES, probe * count // PROBES)
            good, picture = capture.read()
            if not good:
                break
            upright = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
            for turn in range(len(QUARTERS)):
                votes[turn] += _uprightness(detector, _turned(upright, turn))
            if votes[0] > 1.5 and votes[0] >= votes.max():
                break
    return int(np.argmax(votes)) if votes.max() > votes[0] + 0.5 else 0


def _uprightness(detector: Any, picture: NDArray[np.uint8]) -> float:
    """Score of the surest face whose mouth lies under its eyes; 0 without one."""
    found: Any = detector.process(picture).detections or ()
    best = 0.0
    for one in found:
        eyes, other, _, mouth = one.location_data.relative_keypoints[:4]
        down = mouth.y - 0.5 * (eyes.y + other.y)
        across = abs(mouth.x - 0.5 * (eyes.x + other.x)) * picture.shape[1] / picture.shape[0]
        if down > across:
            best = max(best, float(one.score[0]))
    return best


def _turned(picture: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    code = QUARTERS[quarters]
    return picture if code is None else np.asarray(cv2.rotate(picture, code), np.uint8)


@contextmanager
def _opened(video: Path) -> Generator[cv2.VideoCapture]:
    # What is wrong with a film is said in a sentence; the decoder's own log says it in hundreds.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    capture = cv2.VideoCapture(str(video))
    try:
        if not capture.isOpened():
            raise FormatError(
                f"Expected a video that can be decoded, found something else in {video}."
            )
        yield capture
    finally:
        capture.release()


def _rate(capture: cv2.VideoCapture) -> float:
    """Pictures a second that the container promises; 25 where it says nothing."""
    return capture.get(cv2.CAP_PROP_FPS) or 25.0


def _frames(capture: cv2.VideoCapture) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Time stamps and RGB pictures; a container without time stamps falls back to its rate."""
    rate = _rate(capture)
    index, first, last = 0, 0.0, -1.0
    while True:
        good, picture = capture.read()
        if not good:
            return
        # After reading it is the time of the picture read.
        stamp = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if index == 0:
            first = stamp
        seconds = stamp - first
        if index > 0 and seconds <= last + 1e-6:
            seconds = last + 1.0 / rate
        last = seconds
        index += 1
        yield seconds, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _mesh_points(mesh: Any, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(478, 3) landmarks of a picture as in `FaceTrack`; NaN where it shows no face."""
    found: Any = mesh.process(picture).multi_face_landmarks
    if not found:
        return np.full((LANDMARKS, 3), np.nan, np.float32)
    height, width = picture.shape[:2]
    points = np.asarray([(p.x, p.y, p.z) for p in found[0].landmark], np.float32)
    return points * np.array([width, height, width], np.float32)
