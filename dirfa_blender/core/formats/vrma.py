"""VRM animations: expressions, neck, head and gaze of a take as a ``.vrma`` file. No bpy.

The file is binary glTF whose extension says which node is which bone, expression or look. A weight is the
X of a node's place. An avatar of VRM 1.0 has few expressions of its own, which `vrm` moves; one made for
Perfect Sync has ARKit's 52 besides, which `arkit` moves. Not both: a mouth would open twice. Looks are the
gaze's own node, so shapes that gaze drives stay out, as the format demands. Bones that every avatar has are
all there, at rest in the T-pose, because readers build a skeleton of them; only neck and head move.

An avatar faces +Z with Y up and its left at +X: a point (x, y, z) of Blender's lies at (x, z, -y), a turn
(w, x, y, z) is (x, z, -y, w).

References
----------
.. [1] VRM Consortium: VRMC_vrm_animation 1.0 (2024).
.. [2] Khronos Group: glTF 2.0 (2021), animations and binary files.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..animation import Animation
from ..characters.profile import GAZE_INPUTS, INPUTS, MappingProfile
from ..errors import FormatError
from ..mapping import load_profile
from .avatar_pose import bone_turns, look_turns, paired

Avatar = Literal["vrm", "arkit"]
Vector = tuple[float, float, float]

EXTENSION = "VRMC_vrm_animation"
REST: dict[str, tuple[str, Vector]] = {
    "hips": ("", (0.0, 1.0, 0.0)),
    "spine": ("hips", (0.0, 0.1, 0.0)),
    "chest": ("spine", (0.0, 0.12, 0.0)),
    "neck": ("chest", (0.0, 0.24, 0.0)),
    "head": ("neck", (0.0, 0.09, 0.01)),
    "leftUpperArm": ("chest", (0.16, 0.19, 0.0)),
    "leftLowerArm": ("leftUpperArm", (0.26, 0.0, 0.0)),
    "leftHand": ("leftLowerArm", (0.25, 0.0, 0.0)),
    "rightUpperArm": ("chest", (-0.16, 0.19, 0.0)),
    "rightLowerArm": ("rightUpperArm", (-0.26, 0.0, 0.0)),
    "rightHand": ("rightLowerArm", (-0.25, 0.0, 0.0)),
    "leftUpperLeg": ("hips", (0.09, -0.06, 0.0)),
    "leftLowerLeg": ("leftUpperLeg", (0.0, -0.42, 0.0)),
    "leftFoot": ("leftLowerLeg", (0.0, -0.44, 0.0)),
    "rightUpperLeg": ("hips", (-0.09, -0.06, 0.0)),
    "rightLowerLeg": ("rightUpperLeg", (0.0, -0.42, 0.0)),
    "rightFoot": ("rightLowerLeg", (0.0, -0.44, 0.0)),
}
"""Bone -> its parent and its place there, metres, of somebody 1.7 m tall in the T-pose."""
EYES_FROM_HEAD = (0.0, 0.06, 0.0)
FLOAT, ARRAY_OF = 5126, {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
JSON_CHUNK, DATA_CHUNK = b"JSON", b"BIN\0"


def vrma_bytes(take: Animation, avatar: Avatar = "vrm") -> bytes:
    """The take as a VRM animation; what lies before its time 0 is left out.

    Raises
    ------
    FormatError
        Nothing of it is left.
    """
    take = take.sliced(0.0, np.inf)
    if not len(take):
        raise FormatError("A VRM animation needs a moment at least: the take is empty.")
    profile = load_profile(avatar)
    track = profile.apply(take)
    if avatar == "vrm":
        track = paired(track, profile)
    parts = bone_turns(take, profile)
    file = _File(take.times)
    bones = {name: file.node(name, place, parent) for name, (parent, place) in REST.items()}
    for part in ("neck", "head"):
        if part in parts:
            file.move(bones[part], "rotation", _in_gltf(parts[part]))
    expressions: dict[str, dict[str, int]] = {}
    for index, name in enumerate(track.names):
        if _is_driven_by_gaze(profile, name):
            continue
        weights = np.zeros((len(take), 3), np.float32)
        weights[:, 0] = np.clip(track.weights[:, index], 0.0, 1.0)
        sampler = file.sampler(weights)
        # Avatars spell ARKit's shapes with a small or a capital letter, and readers tell these apart.
        for spelt in (name,) if avatar == "vrm" else (name, name[0].upper() + name[1:]):
            node = file.node(spelt, (0.0, 0.0, 0.0))
            file.channel(node, "translation", sampler)
            expressions[spelt] = {"node": node}
    look = file.node("lookAt", (0.0, 0.0, 0.0))
    file.move(look, "rotation", _in_gltf(look_turns(take, profile)))
    return file.encoded(
        {
            "specVersion": "1.0",
            "humanoid": {"humanBones": {name: {"node": node} for name, node in bones.items()}},
            "expressions": {"preset" if avatar == "vrm" else "custom": expressions},
            "lookAt": {"node": look, "offsetFromHeadBone": list(EYES_FROM_HEAD)},
        }
    )


class _File:
    """A glTF file of nodes and one animation, as it grows.

    Parameters
    ----------
    times : (T,) float64 seconds of every key
    """

    def __init__(self, times: npt.NDArray[np.float64]) -> None:
        self._nodes: list[dict[str, Any]] = []
        self._top: list[int] = []
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, int]] = []
        self._data = bytearray()
        seconds = times.astype(np.float32)
        self._times = self._accessor(seconds[:, None])
        self._accessors[self._times] |= {"min": [float(seconds[0])], "max": [float(seconds[-1])]}

    def node(self, name: str, place: Vector, parent: str = "") -> int:
        """Index of a new node."""
        index = len(self._nodes)
        self._nodes.append({"name": name, "translation": list(place)})
        if parent:
            above = next(node for node in self._nodes if node["name"] == parent)
            above.setdefault("children", []).append(index)
        else:
            self._top.append(index)
        return index

    def move(self, node: int, path: str, values: npt.NDArray[np.float32]) -> None:
        """Let a node's ``translation`` (T, 3) or ``rotation`` (T, 4) go from key to key."""
        self.channel(node, path, self.sampler(values))

    def sampler(self, values: npt.NDArray[np.float32]) -> int:
        """Index of a new sampler of (T, 3) or (T, 4) values."""
        output = self._accessor(values)
        self._samplers.append({"input": self._times, "output": output, "interpolation": "LINEAR"})
        return len(self._samplers) - 1

    def channel(self, node: int, path: str, sampler: int) -> None:
        """Let a sampler move a node."""
        self._channels.append({"sampler": sampler, "target": {"node": node, "path": path}})

    def encoded(self, about: dict[str, Any]) -> bytes:
        """The file, with what its extension says."""
        document = {
            "asset": {"version": "2.0", "generator": "DIRFA"},
            "extensionsUsed": [EXTENSION],
            "extensions": {EXTENSION: about},
            "scene": 0,
            "scenes": [{"nodes": self._top}],
            "nodes": self._nodes,
            "animations": [
                {"name": "Speech", "samplers": self._samplers, "channels": self._channels}
            ],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = json.dumps(document, separators=(",", ":")).encode()
        chunks = _chunk(JSON_CHUNK, text, b" ") + _chunk(DATA_CHUNK, bytes(self._data), b"\0")
        return b"glTF" + _word(2) + _word(12 + len(chunks)) + chunks

    def _accessor(self, values: npt.NDArray[np.float32]) -> int:
        rows = np.ascontiguousarray(values, np.float32)
        self._views.append({"buffer": 0, "byteOffset": len(self._data), "byteLength": rows.nbytes})
        self._data += rows.tobytes()
        self._accessors.append(
            {
                "bufferView": len(self._views) - 1,
                "componentType": FLOAT,
                "count": len(rows),
                "type": ARRAY_OF[rows.shape[1]],
            }
        )
        return len(self._accessors) - 1


def _is_driven_by_gaze(profile: MappingProfile, name: str) -> bool:
    looks = profile.gains[[INPUTS.index(gaze) for gaze in GAZE_INPUTS]]
    return name in profile.shapes and bool(looks[:, profile.shapes.index(name)].any())


def _in_gltf(turns: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Turns (T, 4) w, x, y, z of Blender's space as x, y, z, w of glTF's."""
    w, x, y, z = turns.T
    return np.stack([x, z, -y, w], 1).astype(np.float32)


def _chunk(kind: bytes, content: bytes, filler: bytes) -> bytes:
    padded = content + filler * (-len(content) % 4)
    return _word(len(padded)) + kind + padded


def _word(number: int) -> bytes:
    return number.to_bytes(4, "little")
