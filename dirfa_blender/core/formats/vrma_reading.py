"""VRM animations in: the expressions, head and gaze of a ``.vrma`` file as a take. No bpy.

Bodies of such files move as well, and their skeletons may rest in any pose. So the head's turn is taken
from that of what carries the neck, each relative to its own rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..animation import Animation
from ..characters import pose
from ..characters.profile import ShapeTrack
from ..characters.spelling import plain_spelling
from ..errors import FormatError
from ..mapping import load_profile
from .avatar_pose import gaze_of, head_rotation, parted
from .recovery import recovered
from .vrma import ARRAY_OF, DATA_CHUNK, EXTENSION, FLOAT, JSON_CHUNK, Avatar

Array = npt.NDArray[np.float64]

MOST_SECONDS = 6 * 3600.0
FPS_RANGE = (10.0, 240.0)
"""Samples a second that a file may be read at; its own keys may be fewer or more."""
FEW = 5
"""With so many of ARKit's shapes it is they that move the face."""


def avatar_of(data: bytes) -> Avatar | None:
    """What moves the face in a file: ARKit's shapes, or an avatar's own; None for no VRM animation."""
    try:
        about = _chunks(data)[0]["extensions"][EXTENSION]
        is_arkit = _are_arkit(about.get("expressions", {}).get("custom", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return "arkit" if is_arkit else "vrm"


def take_of_vrma(
    data: bytes, name: str = "The animation", *, source: Mapping[str, str] | None = None
) -> Animation:
    """The take of a VRM animation's first animation.

    Raises
    ------
    FormatError
        The file is damaged, no VRM animation, too long, or moves no expression that is known.
    """
    try:
        file = _File(*_chunks(data))
        about = file.document["extensions"][EXTENSION]
        nodes = {
            expression: entry["node"]
            for kind in ("preset", "custom")
            for expression, entry in about.get("expressions", {}).get(kind, {}).items()
        }
        curves = {own: file.curve(node, "translation") for own, node in nodes.items()}
        bones = {
            bone: entry["node"]
            for bone, entry in about.get("humanoid", {}).get("humanBones", {}).items()
        }
        times = file.times()
        weights = {
            own: np.interp(times, curve[0], curve[1][:, 0])
            for own, curve in curves.items()
            if curve is not None
        }
        head = _head_turns(file, bones, times)
        look = about.get("lookAt", {}).get("node")
        turned = None if look is None else file.curve(look, "rotation")
        gaze = gaze_of(_in_blender(_at(times, turned))) if turned is not None else None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise FormatError(f"{name} is no VRM animation: {error!r}.") from error
    profile = load_profile("arkit" if _are_arkit(weights) else "vrm")
    if not weights:
        raise FormatError(f"{name} must move expressions, it moves none.")
    track = ShapeTrack(
        file.fps,
        float(times[0]),
        tuple(weights),
        np.stack(list(weights.values()), 1).astype(np.float32),
        head_rotation(head).astype(np.float32),
        np.zeros((len(times), 3), np.float32),
    )
    return recovered(parted(track, profile), profile, gaze=gaze, source=source)


@dataclass
class _File:
    """A binary glTF file and the curves of its first animation."""

    document: dict[str, Any]
    data: bytes
    fps: float = 30.0
    _curves: dict[tuple[int, str], tuple[Array, Array]] = field(
        default_factory=dict[tuple[int, str], tuple[Array, Array]]
    )

    def __post_init__(self) -> None:
        animation = self.document["animations"][0]
        for channel in animation["channels"]:
            target, sampler = channel["target"], animation["samplers"][channel["sampler"]]
            keys, values = self._rows(sampler["input"])[:, 0], self._rows(sampler["output"])
            if sampler.get("interpolation") == "CUBICSPLINE":
                values = values[1::3]
            if len(keys) != len(values) or not len(keys) or (np.diff(keys) <= 0).any():
                raise ValueError("times of keys must rise")
            self._curves[target.get("node", -1), target["path"]] = keys, values

    def curve(self, node: int, path: str) -> tuple[Array, Array] | None:
        """Times and values of what moves a node, if anything does."""
        return self._curves.get((node, path))

    def times(self) -> Array:
        """Even times over the whole animation, at the rate of its densest keys."""
        every = [keys for keys, _ in self._curves.values()]
        first, last = min(k[0] for k in every), max(k[-1] for k in every)
        if not last - first < MOST_SECONDS:
            raise ValueError(f"an animation lasts at most {MOST_SECONDS / 3600:.0f} hours")
        rates = [(len(keys) - 1) / (keys[-1] - keys[0]) for keys in every if len(keys) > 1]
        self.fps = float(np.clip(max(rates), *FPS_RANGE)) if rates else self.fps
        return first + np.arange(round((last - first) * self.fps) + 1) / self.fps

    def rest(self, node: int) -> Array:
        """(1, 4) turn of a node at rest in its parent, x, y, z, w."""
        return np.array([self.document["nodes"][node].get("rotation", [0.0, 0.0, 0.0, 1.0])])

    def parent(self, node: int) -> int | None:
        """What carries a node."""
        for index, other in enumerate(self.document["nodes"]):
            if node in other.get("children", ()):
                return index
        return None

    def _rows(self, index: int) -> Array:
        accessor = self.document["accessors"][index]
        width = {kind: size for size, kind in ARRAY_OF.items()}[accessor["type"]]
        view = self.document["bufferViews"][accessor["bufferView"]]
        if accessor["componentType"] != FLOAT or view.get("byteStride", 4 * width) != 4 * width:
            raise ValueError("keys must be plain floating-point numbers")
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        rows = np.frombuffer(self.data, "<f4", accessor["count"] * width, start)
        if not np.isfinite(rows).all():
            raise ValueError("a key is no number")
        return rows.reshape(-1, width).astype(np.float64)


def _are_arkit(names: Iterable[str]) -> bool:
    known = {plain_spelling(own) for own in load_profile("arkit").shapes}
    return len({plain_spelling(own) for own in names} & known) >= FEW


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The document and the numbers of a binary glTF file."""
    if data[:4] != b"glTF" or data[4:8] != b"\2\0\0\0":
        raise ValueError("it must be binary glTF 2")
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        size, kind = int.from_bytes(data[place : place + 4], "little"), data[place + 4 : place + 8]
        found.setdefault(kind, data[place + 8 : place + 8 + size])
        place += 8 + size
    return json.loads(found[JSON_CHUNK]), found.get(DATA_CHUNK, b"")


def _head_turns(file: _File, bones: Mapping[str, int], times: Array) -> Array:
    """(T, 4) turns of the head on what carries the neck, w, x, y, z in Blender's space."""
    if "head" not in bones:
        return np.tile([1.0, 0.0, 0.0, 0.0], (len(times), 1))
    carrier = file.parent(bones.get("neck", bones["head"]))
    head = _from_rest(file, bones["head"], times)
    below = _from_rest(file, carrier, times)
    return pose.product(pose.inverse(below), head)


def _from_rest(file: _File, node: int | None, times: Array) -> Array:
    """(T, 4) turns of a node in the world relative to its rest there, w, x, y, z in Blender's space."""
    still = np.array([[1.0, 0.0, 0.0, 0.0]])
    turned, rest = np.repeat(still, len(times), 0), still
    for _ in range(len(file.document["nodes"])):
        if node is None:
            break
        curve, own = file.curve(node, "rotation"), file.rest(node)
        moved = _at(times, curve) if curve is not None else np.repeat(own, len(times), 0)
        turned = pose.product(_in_blender(moved), turned)
        rest = pose.product(_in_blender(own), rest)
        node = file.parent(node)
    return pose.product(turned, pose.inverse(np.repeat(rest, len(times), 0)))


def _at(times: Array, curve: tuple[Array, Array]) -> Array:
    """(T, 4) turns x, y, z, w at some times, straight between keys."""
    keys, values = curve[0], curve[1].copy()
    flips = np.cumsum((values[1:] * values[:-1]).sum(1) < 0) % 2
    values[1:] *= np.where(flips, -1.0, 1.0)[:, None]
    found = np.stack([np.interp(times, keys, column) for column in values.T], 1)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def _in_blender(turns: Array) -> Array:
    """Turns (T, 4) x, y, z, w of glTF's space as w, x, y, z of Blender's."""
    x, y, z, w = turns.T
    return np.stack([w, x, -z, y], 1)
