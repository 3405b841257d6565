"""Animation and Head as ``.npz``: plain arrays beside one JSON header, never pickle.

The header is the member ``header.json`` with ``format`` (``dirfa.animation`` or ``dirfa.head``) and
``version``. Older versions are upgraded one explicit step at a time, newer ones are refused by name and
number. Bytes depend on content only (fixed zip dates, sorted keys), so equal takes are equal files; a
file is written beside its target and moved there whole. No bpy.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .animation import Animation
from .errors import FormatError, OutputError
from .head import Head
from .partials import partial_path

ANIMATION_FORMAT = "dirfa.animation"
HEAD_FORMAT = "dirfa.head"
VERSIONS = {ANIMATION_FORMAT: 1, HEAD_FORMAT: 1}
HEADER = "header.json"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
MAX_MEMBER_BYTES = 4 << 30
# How hard zlib tries: a head is 32 MB, and its last tenth costs three times as long as the others.
ANIMATION_LEVEL, HEAD_LEVEL = 6, 1

_ANIMATION_ARRAYS = ("au", "gaze", "rotation", "translation")
_HEAD_ARRAYS = (
    "vertices", "faces", "uvs", "face_materials", "vertex_parts", "shape_deltas",
    "landmark_vertices", "landmark_weights", "bone_heads", "bone_tails", "bone_weights",
)  # fmt: skip
_HEAD_NAMES = ("materials", "part_names", "shape_names", "bone_names")

AnyArray = npt.NDArray[np.generic]


def animation_bytes(animation: Animation) -> bytes:
    """The ``.npz`` file of an animation; equal animations give equal bytes."""
    header = {
        "format": ANIMATION_FORMAT,
        "version": VERSIONS[ANIMATION_FORMAT],
        "fps": animation.fps,
        "start": animation.start,
        "au_names": list(animation.au_names),
        "source": dict(animation.source),
    }
    arrays = {name: getattr(animation, name) for name in _ANIMATION_ARRAYS}
    return _pack(header, arrays, ANIMATION_LEVEL)


def animation_from_bytes(data: bytes, where: str = "the data") -> Animation:
    """The animation in an ``.npz`` file's bytes.

    Raises
    ------
    FormatError
        Not such a file, damaged, or of a newer version; `where` names it in the sentence.
    """
    header, arrays = _unpack(data, ANIMATION_FORMAT, where)
    try:
        return Animation(
            fps=float(header["fps"]),
            start=float(header["start"]),
            au_names=tuple(header["au_names"]),
            source=dict(header["source"]),
            **{name: cast("npt.NDArray[np.float32]", arrays[name]) for name in _ANIMATION_ARRAYS},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{where} is a damaged take: {error!r} is missing or wrong.") from error


def head_bytes(head: Head) -> bytes:
    """The ``.npz`` file of a head; equal heads give equal bytes."""
    header: dict[str, Any] = {name: list(getattr(head, name)) for name in _HEAD_NAMES}
    header |= {
        "format": HEAD_FORMAT,
        "version": VERSIONS[HEAD_FORMAT],
        "colours": {name: list(colour) for name, colour in head.colours.items()},
        "source": dict(head.source),
    }
    arrays: dict[str, AnyArray] = {name: getattr(head, name) for name in _HEAD_ARRAYS}
    if head.albedo is not None:
        arrays["albedo"] = head.albedo
    if head.relief is not None:
        arrays["relief"] = head.relief
    return _pack(header, arrays, HEAD_LEVEL)


def head_from_bytes(data: bytes, where: str = "the data") -> Head:
    """The head in an ``.npz`` file's bytes.

    Raises
    ------
    FormatError
        Not such a file, damaged, or of a newer version; `where` names it in the sentence.
    """
    header, arrays = _unpack(data, HEAD_FORMAT, where)
    try:
        values: dict[str, Any] = {name: arrays[name] for name in _HEAD_ARRAYS}
        values |= {name: tuple(header[name]) for name in _HEAD_NAMES}
        colours = {name: tuple(colour) for name, colour in header["colours"].items()}
        values["albedo"] = arrays.get("albedo")
        values["relief"] = arrays.get("relief")
        return Head(colours=colours, source=dict(header["source"]), **values)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise FormatError(f"{where} is a damaged head: {error!r} is missing or wrong.") from error


def write_animation(path: Path, animation: Animation) -> None:
    """Write a take; the file appears whole or not at all. Raises OutputError."""
    write_whole(path, animation_bytes(animation))


def read_animation(path: Path) -> Animation:
    """Read a take. Raises FormatError."""
    return animation_from_bytes(_read(path), str(path))


def read_head(path: Path) -> Head:
    """Read a head. Raises FormatError."""
    return head_from_bytes(_read(path), str(path))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its target, then move it there, so no reader ever meets half of it.

    A folder that is missing is made.

    Raises
    ------
    OutputError
        The folder cannot be made, is not writable or full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_path(path)
        try:
            partial.write_bytes(data)
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"Cannot write {path}: {reason}. Choose another place for it.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error


def _pack(header: Mapping[str, Any], arrays: Mapping[str, AnyArray], level: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        text = json.dumps(header, sort_keys=True, ensure_ascii=False)
        archive.writestr(_member(HEADER), text.encode(), compresslevel=level)
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), version=(1, 0))
            archive.writestr(_member(f"{name}.npy"), member.getvalue(), compresslevel=level)
    return buffer.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _unpack(data: bytes, wanted: str, where: str) -> tuple[dict[str, Any], dict[str, AnyArray]]:
    arrays: dict[str, AnyArray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header: dict[str, Any] = json.loads(archive.read(HEADER))
            _check_version(header, wanted, where)
            for info in archive.infolist():
                if info.file_size > MAX_MEMBER_BYTES:
                    raise FormatError(f"{where}: {info.filename} is too large to be one of ours.")
                if info.filename.endswith(".npy"):
                    member = io.BytesIO(archive.read(info))
                    array = np.lib.format.read_array(member, allow_pickle=False)
                    arrays[info.filename[:-4]] = array
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError, AttributeError) as error:
        raise FormatError(
            f"{where} is not a whole {wanted} file (.npz with {HEADER}): {error}."
        ) from error
    return header, arrays


def _check_version(header: Mapping[str, Any], wanted: str, where: str) -> None:
    found, version, newest = header.get("format"), header.get("version"), VERSIONS[wanted]
    if found != wanted:
        raise FormatError(f"{where} must hold {wanted}, it holds {found!r}.")
    if not isinstance(version, int) or version < 1:
        raise FormatError(f"{where}: the version of {wanted} must be 1..{newest}, got {version!r}.")
    if version > newest:
        raise FormatError(
            f"{where} is {wanted} version {version}, this program reads up to {newest}: update it."
        )
