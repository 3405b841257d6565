"""Frames of weights as the Audio2Face programs write and read them: names, and a matrix by frame.

The format carries no head pose and no times but the rate. No bpy.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..characters.profile import ShapeTrack
from ..errors import FormatError

DEFAULT_RATE = 60.0
"""Frames a second of files that state none."""


def a2f_json(track: ShapeTrack) -> str:
    """A track as Audio2Face JSON, of no recording in particular."""
    document = {
        "exportFps": track.fps,
        "trackPath": "",
        "numPoses": len(track.names),
        "numFrames": len(track.weights),
        "facsNames": list(track.names),
        "weightMat": np.round(track.weights, 6).astype(float).tolist(),
    }
    return json.dumps(document, separators=(",", ":"))


def read_a2f_json(text: str, *, fps: float | None = None, where: str = "The JSON") -> ShapeTrack:
    """The track in Audio2Face JSON, head at rest.

    Parameters
    ----------
    fps : rate of files that state none; None is 60

    Raises
    ------
    FormatError
        Not such a file, or its matrix does not fit its names.
    """
    try:
        document: dict[str, Any] = json.loads(text)
        names = tuple(str(name) for name in document["facsNames"])
        weights = np.array(document["weightMat"], np.float32)
        rate = float(document.get("exportFps") or fps or DEFAULT_RATE)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"{where} is not Audio2Face JSON: {error!r} is missing or wrong."
        ) from error
    if weights.ndim != 2 or weights.shape[1] != len(names) or not len(weights):
        raise FormatError(
            f"{where}: weightMat must have {len(names)} numbers a frame, got {weights.shape}."
        )
    if not (np.isfinite(weights).all() and 0 < rate <= 1000):
        raise FormatError(f"{where}: weights and exportFps must be finite numbers, rate {rate:g}.")
    still = np.zeros((len(weights), 3), np.float32)
    return ShapeTrack(rate, 0.0, names, weights, still, still.copy())
