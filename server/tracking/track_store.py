"""Landmarks of films, kept on disk so that a film is watched once.

A track is filed under its film's bytes, whatever the film is called. Deleting the folder is always safe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from server.array_files import write_arrays

from .landmarks import FaceTrack, track_landmarks

TRACK_VERSION = 2
"""To be raised whenever the same film gives another track."""


def kept_track(
    film: Path, cache: Path, progress: Callable[[float], None] | None = None
) -> FaceTrack:
    """The landmarks of a film, from the folder `cache` or watched now; errors as of `track_landmarks`."""
    with film.open("rb") as stream:
        name = hashlib.file_digest(stream, "sha256").hexdigest()[:24]
    path = cache / "landmarks" / f"{name}-{TRACK_VERSION}.npz"
    if not path.exists():
        _write(path, track_landmarks(film, progress=progress))
    return _read(path)


def _write(path: Path, track: FaceTrack) -> None:
    about = {
        "size": track.size,
        "cuts": track.cuts,
        "crowded": track.crowded,
        "quarters": track.quarters,
        "expected_seconds": track.expected_seconds,
    }
    write_arrays(
        path,
        times=track.times,
        points=track.points,
        seen=track.seen,
        about=np.array(json.dumps(about)),
    )


def _read(path: Path) -> FaceTrack:
    with np.load(path, allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        width, height = about["size"]
        return FaceTrack(
            stored["times"],
            stored["points"],
            stored["seen"],
            (int(width), int(height)),
            cuts=tuple(about["cuts"]),
            crowded=tuple(about["crowded"]),
            quarters=int(about["quarters"]),
            expected_seconds=float(about["expected_seconds"]),
        )
