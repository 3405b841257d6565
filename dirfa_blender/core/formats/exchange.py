"""Any of the formats in, a take out; a take in, any of the formats out. No bpy.

What a file is says its content, not its name: three formats end in ``.json``. What a format does not
carry is at rest (Audio2Face JSON and cues have no head pose).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..animation import Animation
from ..errors import FormatError
from ..mapping import load_profile
from ..npz_io import animation_bytes, animation_from_bytes
from .a2f_json import a2f_json, read_a2f_json
from .cues import cue_json, cue_tsv, cue_xml, cues_of_take, read_cues, take_of_cues
from .interchange import (
    JSON_FORMAT,
    AngleUnit,
    arkit_json,
    live_link_csv,
    read_arkit_json,
    read_live_link_csv,
)
from .recovery import recovered
from .take_formats import TITLES, Kind, format_for
from .viseme_exchange import take_of_visemes, viseme_set, viseme_track
from .viseme_track import TIME_COLUMN, read_viseme_csv, viseme_csv
from .vmd import is_vmd, take_of_vmd, vmd_bytes
from .vrma import vrma_bytes
from .vrma_reading import avatar_of, take_of_vrma

MAX_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Reading:
    """How a file is to be understood where it does not say so itself.

    Parameters
    ----------
    fps : its rate; None takes the file's own
    angles : unit of head and eye angles in Live Link files
    """

    fps: float | None = None
    angles: AngleUnit = "radians"


def read_take(path: Path, reading: Reading | None = None) -> Animation:
    """The take in a file of any of the formats.

    Raises
    ------
    FormatError
        Not readable, or none of the formats.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(
                f"{path} is too large to be a take: {path.stat().st_size / 1e9:.1f} GB."
            )
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    return take_from_bytes(data, path.name, reading or Reading())


def take_from_bytes(data: bytes, name: str, reading: Reading) -> Animation:
    """The take in a file's content; `name` stands in messages. Raises FormatError."""
    kind = kind_of(data, name)
    if kind == "take":
        return animation_from_bytes(data, name)
    source = {"imported": name, "format": kind, "file": hashlib.sha256(data).hexdigest()}
    if kind == "vmd":
        return take_of_vmd(data, name, source=source)
    if kind in ("vrma", "vrma_arkit"):
        return take_of_vrma(data, name, source=source)
    text = data.decode("utf-8-sig")
    profile = load_profile("arkit")
    if kind == "cues":
        return take_of_cues(read_cues(text, name), source=source)
    if kind in ("meta_visemes", "microsoft_visemes"):
        return take_of_visemes(read_viseme_csv(text, name), source=source)
    if kind == "live_link":
        found = read_live_link_csv(text, fps=reading.fps, angles=reading.angles, where=name)
        gaze = found.gaze if found.gaze.any() else None
        return recovered(found.track, profile, gaze=gaze, source=source)
    if kind == "arkit":
        return recovered(read_arkit_json(text, name), profile, source=source)
    return recovered(read_a2f_json(text, fps=reading.fps, where=name), profile, source=source)


def kind_of(data: bytes, name: str = "The file") -> Kind:
    """What a file's content is.

    Raises
    ------
    FormatError
        None of the formats.
    """
    if data[:4] == b"PK\x03\x04":
        return "take"
    if is_vmd(data):
        return "vmd"
    if (avatar := avatar_of(data)) is not None:
        return "vrma_arkit" if avatar == "arkit" else "vrma"
    try:
        text = data.decode("utf-8-sig").lstrip()
    except UnicodeDecodeError as error:
        raise _unknown(name) from error
    if text[:9].lower().startswith("timecode,"):
        return "live_link"
    if text.startswith(f"{TIME_COLUMN},"):
        names = text.split("\n", 1)[0].strip().split(",")[1:]
        return viseme_set(names)
    if text.startswith("{"):
        keys = _keys(text, name)
        if keys.get("format") == JSON_FORMAT:
            return "arkit"
        if "weightMat" in keys:
            return "a2f"
        if "mouthCues" in keys:
            return "cues"
        raise _unknown(name)
    first, _, rest = text.partition("\t")
    if text.startswith("<") or (first.replace(".", "", 1).isdigit() and rest):
        return "cues"
    raise _unknown(name)


def encoded_take(
    take: Animation, kind: Kind, suffix: str, *, angles: AngleUnit = "radians"
) -> bytes:
    """A take in a format.

    Parameters
    ----------
    suffix : of the file, where a format has several
    """
    if kind == "take":
        return animation_bytes(take)
    if kind == "cues":
        cues = cues_of_take(take)
        if suffix == ".tsv":
            return cue_tsv(cues).encode()
        return (cue_xml if suffix == ".xml" else cue_json)(cues).encode()
    if kind == "meta_visemes" or kind == "microsoft_visemes":
        return viseme_csv(viseme_track(take, kind)).encode()
    if kind == "vmd":
        return vmd_bytes(take)
    if kind == "vrma" or kind == "vrma_arkit":
        return vrma_bytes(take, "vrm" if kind == "vrma" else "arkit")
    track = load_profile("arkit").apply(take)
    if kind == "live_link":
        return live_link_csv(take, track, angles=angles).encode()
    if kind == "arkit":
        return arkit_json(take, track).encode()
    return a2f_json(track).encode()


def encoded_for(take: Animation, name: str) -> bytes:
    """A take in the format that a file's name ends in. Raises SettingsError."""
    found = format_for(name)
    return encoded_take(take, found.kind, found.suffix)


def _keys(text: str, name: str) -> dict[str, object]:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"{name} must be JSON: {error}.") from error


def _unknown(name: str) -> FormatError:
    return FormatError(f"{name} is none of the formats read here: {', '.join(TITLES.values())}.")
