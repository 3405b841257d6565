"""Takes in other programs' formats: Live Link Face CSV and ARKit JSON, in and out.

Both carry ARKit weights, so the way out is a profile's `ShapeTrack`; the way in gives a `ShapeTrack`
back, because AUs do not survive the way through ARKit (AU23 and AU25 have no shape). Live Link files
differ in column order between writers: they are read by header, never by position. Head angles are not
settled between writers either: ours are radians unless another unit is asked for. No bpy.

References
----------
.. [1] Epic Games: Recording Facial Animation from an iOS Device, Live Link Face CSV.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..animation import Animation
from ..characters.profile import ShapeTrack
from ..characters.spelling import plain_spelling
from ..errors import FormatError

AngleUnit = Literal["radians", "degrees", "unit"]
# One radian in each unit; "unit" maps -180..180 degrees to -1..1.
ANGLE_SCALE: dict[AngleUnit, float] = {
    "radians": 1.0,
    "degrees": 180.0 / math.pi,
    "unit": 1.0 / math.pi,
}
JSON_FORMAT = "dirfa.arkit"
JSON_VERSION = 1

# Column order of the app's own files: right before left for jaw and mouth.
LIVE_LINK_SHAPES: tuple[str, ...] = (
    *(f"Eye{motion}{side}" for side in ("Left", "Right")
      for motion in ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")),
    "JawForward", "JawRight", "JawLeft", "JawOpen",
    "MouthClose", "MouthFunnel", "MouthPucker", "MouthRight", "MouthLeft",
    *(f"Mouth{motion}{side}" for motion in ("Smile", "Frown", "Dimple", "Stretch")
      for side in ("Left", "Right")),
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper",
    *(f"Mouth{motion}{side}" for motion in ("Press", "LowerDown", "UpperUp")
      for side in ("Left", "Right")),
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight",
    "TongueOut",
)  # fmt: skip
LIVE_LINK_ANGLES: tuple[str, ...] = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip


@dataclass(frozen=True)
class LiveLinkTake:
    """A Live Link file's content: the weights and head pose, and the eyes' angles.

    Parameters
    ----------
    track : ShapeTrack with ARKit names as written in the file's header
    gaze : (T, 2) float32, radians: up, subject's left, mean of both eyes
    """

    track: ShapeTrack
    gaze: npt.NDArray[np.float32]


def live_link_csv(animation: Animation, track: ShapeTrack, *, angles: AngleUnit = "radians") -> str:
    """Live Link Face CSV of a take: timecode, 52 weights and nine angles a row.

    Parameters
    ----------
    animation : supplies gaze and head pose
    track : the same take through an ARKit profile; shapes it lacks are 0
    angles : unit of the nine angle columns; yaw + to the subject's left, pitch + up, roll + left
    """
    column = {plain_spelling(name): index for index, name in enumerate(track.names)}
    weights = np.zeros((len(track.weights), len(LIVE_LINK_SHAPES)), np.float32)
    for target, name in enumerate(LIVE_LINK_SHAPES):
        if (index := column.get(plain_spelling(name))) is not None:
            weights[:, target] = track.weights[:, index]
    eye = np.stack([animation.gaze[:, 1], animation.gaze[:, 0], 0 * animation.gaze[:, 0]], 1)
    pose = np.concatenate([animation.rotation[:, [1, 0, 2]], eye, eye], 1) * ANGLE_SCALE[angles]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["Timecode", "BlendShapeCount", *LIVE_LINK_SHAPES, *LIVE_LINK_ANGLES])
    count = str(len(LIVE_LINK_SHAPES) + len(LIVE_LINK_ANGLES))
    # Adding nothing makes -0 plain.
    rows = (np.concatenate([weights, pose], 1) + 0.0).tolist()
    for index, values in enumerate(rows):
        code = _timecode(animation.start + index / animation.fps, animation.fps)
        writer.writerow([code, count, *(f"{value:.8g}" for value in values)])
    return buffer.getvalue()


def read_live_link_csv(
    text: str, *, fps: float | None = None, angles: AngleUnit = "radians", where: str = "The CSV"
) -> LiveLinkTake:
    """The take in a Live Link Face CSV, columns found by their header.

    Parameters
    ----------
    fps : rate of the rows; None reads it from the timecodes, which count whole frames at it
    angles : unit of the file's angle columns

    Raises
    ------
    FormatError
        No header, no row, a row of another length, or a value that is no number.
    """
    rows = [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if row]
    if not rows or plain_spelling(rows[0][0]) != "timecode":
        raise FormatError(
            f"{where} must begin with a Live Link header: Timecode,BlendShapeCount,..."
        )
    header, body = rows[0], rows[1:]
    if not body:
        raise FormatError(f"{where} has a header and no frame.")
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            raise FormatError(
                f"{where}, line {number}: expected {len(header)} values, got {len(row)}."
            )
    try:
        values = np.array([[float(cell or 0) for cell in row[2:]] for row in body], np.float32)
    except ValueError as error:
        raise FormatError(f"{where}: a value is no number: {error}.") from error
    rate = fps if fps is not None else _rate_of([row[0] for row in body], where)
    place = {plain_spelling(name): index for index, name in enumerate(header[2:])}
    angle_names = {plain_spelling(name) for name in LIVE_LINK_ANGLES}
    shapes = [name for name in header[2:] if plain_spelling(name) not in angle_names]

    def angle(name: str) -> npt.NDArray[np.float32]:
        index = place.get(plain_spelling(name))
        zero = np.zeros(len(values), np.float32)
        return zero if index is None else values[:, index] / np.float32(ANGLE_SCALE[angles])

    pose = np.stack([angle("HeadPitch"), angle("HeadYaw"), angle("HeadRoll")], 1)
    up = (angle("LeftEyePitch") + angle("RightEyePitch")) / 2
    left = (angle("LeftEyeYaw") + angle("RightEyeYaw")) / 2
    track = ShapeTrack(
        fps=rate,
        start=0.0,
        names=tuple(shapes),
        weights=values[:, [place[plain_spelling(name)] for name in shapes]],
        rotation=pose,
        translation=np.zeros((len(values), 3), np.float32),
    )
    return LiveLinkTake(track, np.stack([up, left], 1))


def arkit_json(animation: Animation, track: ShapeTrack) -> str:
    """ARKit frames as JSON: names once, then a row of weights and the head pose a frame."""
    frames = [
        {"time": time, "weights": weights, "rotation": rotation, "translation": translation}
        for time, weights, rotation, translation in zip(
            track.times.tolist(),
            np.round(track.weights, 6).astype(float).tolist(),
            np.round(track.rotation, 6).astype(float).tolist(),
            np.round(track.translation, 6).astype(float).tolist(),
            strict=True,
        )
    ]
    document = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "fps": track.fps,
        "names": list(track.names),
        "units": {"rotation": "radians: pitch, yaw, roll", "translation": "metres"},
        "source": dict(animation.source),
        "frames": frames,
    }
    return json.dumps(document, separators=(",", ":"))


def read_arkit_json(text: str, where: str = "The JSON") -> ShapeTrack:
    """The track in ARKit JSON written by `arkit_json`. Raises FormatError."""
    try:
        document: dict[str, Any] = json.loads(text)
        if document["format"] != JSON_FORMAT or document["version"] != JSON_VERSION:
            raise FormatError(f"{where} must be {JSON_FORMAT} version {JSON_VERSION}.")
        frames = document["frames"]
        return ShapeTrack(
            fps=float(document["fps"]),
            start=float(frames[0]["time"]),
            names=tuple(document["names"]),
            weights=np.array([frame["weights"] for frame in frames], np.float32),
            rotation=np.array([frame["rotation"] for frame in frames], np.float32),
            translation=np.array([frame["translation"] for frame in frames], np.float32),
        )
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise FormatError(f"{where} is not {JSON_FORMAT}: {error!r}.") from error


def _timecode(seconds: float, fps: float) -> str:
    """``HH:MM:SS:FF.fff`` with frames counted at the rounded rate, as the app writes it."""
    nominal = max(1, round(fps))
    whole = math.floor(seconds + 1e-9)
    frame = min(max(0.0, (seconds - whole) * nominal), nominal - 0.001)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frame:06.3f}"


def _rate_of(codes: list[str], where: str) -> float:
    """Rate at which the timecodes count: the number of frames in their fullest second."""
    try:
        parts = [code.replace(";", ":").split(":") for code in codes]
        seconds = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s, _ in parts]
        frames = [float(Fraction(f)) for *_, f in parts]
    except ValueError as error:
        raise FormatError(f"{where}: timecodes must be HH:MM:SS:FF, got {codes[0]!r}.") from error
    if len(codes) < 2:
        return 60.0
    steps = np.diff(frames)[np.diff(seconds) == 0]
    step = float(np.median(steps)) if len(steps) else 1.0
    turns = [f for f, jump in zip(frames, np.diff(seconds), strict=False) if jump]
    nominal = max(turns) + step if turns else max(frames) + step
    common = min((24, 25, 30, 48, 50, 60, 120), key=lambda rate: abs(rate - nominal))
    return (common if abs(common - nominal) < 2 or not turns else nominal) / max(step, 1e-3)
