"""Motion of MikuMikuDance: face morphs, neck, head and eyes as a ``.vmd`` file, out and in. No bpy.

The format counts frames of a thirtieth of a second and knows names in Shift-JIS alone; which, says the
profile ``mmd``. Morphs go straight from key to key, so they get as few keys as stay within `MORPH_ERROR`.
Space is left-handed, Y up, and a model looks along -Z with its left at +X: a point (x, y, z) of Blender's
lies at (x, z, y). Under that reflection the axis of a turn changes its sign once more, so the quaternion
(w, x, y, z) becomes (-x, -z, -y, w) in the file's order. Turns start at rest, where bones have no axes of
their own.

References
----------
.. [1] Kaitai Struct formats: ``mmd_vmd``, the layout of Vocaloid Motion Data 0002.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..animation import Animation
from ..characters import pose
from ..characters.profile import MappingProfile, ShapeTrack
from ..errors import FormatError
from ..key_reduction import reduced
from ..mapping import load_profile
from .avatar_pose import bone_turns, gaze_of, head_rotation, paired, parted
from .recovery import recovered

Array = npt.NDArray[np.float64]

FPS = 30.0
MAGIC = b"Vocaloid Motion Data 0002"
MODEL_NAME = b"DIRFA"
ENCODING = "cp932"
"""Shift-JIS as Windows has it."""
PROFILE = "mmd"
MORPH_ERROR = 0.005
TURN_ERROR = 0.0005
"""Of a component of a quaternion: a twentieth of a degree."""
MOST_FRAMES = 6 * 3600 * 30
"""Longest file that is read: six hours."""
LISTS_AFTER = 4
"""Camera, light, self shadow, and what is shown: none of them here."""

BONE_KEY = np.dtype(
    [("name", "S15"), ("frame", "<u4"), ("place", "<f4", 3), ("turn", "<f4", 4), ("ease", "u1", 64)]
)
MORPH_KEY = np.dtype([("name", "S15"), ("frame", "<u4"), ("weight", "<f4")])
STRAIGHT = np.repeat(np.array([20, 107], np.uint8), 8)
"""Handles of three coordinates and the turn, on the line between two keys."""


def vmd_bytes(take: Animation) -> bytes:
    """The take as a motion file; what lies before its time 0 is left out."""
    profile = load_profile(PROFILE)
    first = max(0, int(np.ceil(take.start * FPS - 1e-6)))
    end = int(np.ceil((take.start + take.duration) * FPS - 1e-6))
    frames = np.arange(first, max(end, first + 1))
    take = take.sampled(frames / FPS, FPS)
    track = paired(profile.apply(take), profile)
    morphs = [
        (_encoded(profile.names_of(name)[0]), round(frame), value)
        for name, keys in zip(track.names, reduced(frames, track.weights, MORPH_ERROR), strict=True)
        for frame, value in zip(keys.frames.tolist(), keys.values.tolist(), strict=True)
    ]
    turns = [_bone_keys(frames, *item) for item in _named_turns(take, profile).items()]
    bones = np.concatenate(turns) if turns else np.zeros(0, BONE_KEY)
    return b"".join(
        [
            MAGIC.ljust(30, b"\0"),
            MODEL_NAME.ljust(20, b"\0"),
            _counted(bones),
            _counted(np.array(morphs, MORPH_KEY)),
            bytes(4 * LISTS_AFTER),
        ]
    )


def is_vmd(data: bytes) -> bool:
    """Whether bytes are a motion file."""
    return data.startswith(b"Vocaloid Motion Data")


def take_of_vmd(
    data: bytes, name: str = "The motion", *, source: Mapping[str, str] | None = None
) -> Animation:
    """The face, head and gaze of a motion file; between two keys turns go straight, whatever their curve.

    Raises
    ------
    FormatError
        The file is damaged, older than version 2, too long, or has no morph that is known.
    """
    bones, morphs = _key_lists(data, name)
    last = max((int(keys["frame"].max()) for keys in (bones, morphs) if len(keys)), default=0)
    if last > MOST_FRAMES:
        raise FormatError(f"{name} must last at most six hours, its last frame is {last}.")
    frames = np.arange(last + 1)
    profile = load_profile(PROFILE)
    channels = {own: name for name in profile.every_channel for own in profile.names_of(name)}
    weights: dict[str, Array] = {}
    for own, keys in _by_name(morphs).items():
        if (channel := channels.get(own)) is not None:
            values = np.interp(frames, keys["frame"], keys["weight"])
            weights[channel] = np.maximum(weights.get(channel, 0.0), values)
    if not weights:
        known = ", ".join(list(channels)[:4])
        raise FormatError(f"{name} must have face morphs such as {known}, it has none of them.")
    moved = _by_name(bones)

    def turn(part: str) -> Array:
        own = next((own for own in profile.bones[part] if own in moved), "")
        still = np.tile([1.0, 0.0, 0.0, 0.0], (len(frames), 1))
        return _turns_at(frames, moved[own]) if own else still

    head = pose.product(turn("neck"), turn("head"))
    looks = [gaze_of(pose.product(turn("eyes"), turn(eye))) for eye in ("eye_left", "eye_right")]
    track = ShapeTrack(
        FPS,
        0.0,
        tuple(weights),
        np.stack(list(weights.values()), 1).astype(np.float32),
        head_rotation(head).astype(np.float32),
        np.zeros((len(frames), 3), np.float32),
    )
    return recovered(parted(track, profile), profile, gaze=np.mean(looks, axis=0), source=source)


def _encoded(name: str) -> bytes:
    return name.encode(ENCODING)[:15]


def _counted(keys: npt.NDArray[np.void]) -> bytes:
    return len(keys).to_bytes(4, "little") + keys.tobytes()


def _named_turns(take: Animation, profile: MappingProfile) -> dict[str, Array]:
    """Bone -> (T, 4) turns x, y, z, w in the file's space."""
    signs = np.array([-1.0, -1.0, -1.0, 1.0])
    return {
        profile.bones[part][0]: turns[:, [1, 3, 2, 0]] * signs
        for part, turns in bone_turns(take, profile).items()
    }


def _bone_keys(frames: npt.NDArray[np.int64], bone: str, turns: Array) -> npt.NDArray[np.void]:
    # All four components of a turn have their keys at the same frames.
    kept = {round(f) for keys in reduced(frames, turns, TURN_ERROR) for f in keys.frames.tolist()}
    rows = np.array(sorted(kept)) - frames[0]
    made = np.zeros(len(rows), BONE_KEY)
    made["name"], made["frame"], made["turn"] = _encoded(bone), frames[rows], turns[rows]
    # Four rows, each one byte further on than the one above; bytes 2 and 3 leave physics alone.
    rounds = [np.pad(STRAIGHT[shift:], (0, shift)) for shift in range(4)]
    made["ease"] = np.concatenate(rounds)
    made["ease"][:, 2:4] = 0
    return made


def _key_lists(data: bytes, name: str) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """Keys of bones and of morphs, as they are in the file."""
    if not data.startswith(MAGIC):
        raise FormatError(f"{name} must be a motion file of version 2 ({MAGIC.decode()}).")
    found: list[npt.NDArray[np.void]] = []
    place = 50
    for kind in (BONE_KEY, MORPH_KEY):
        count = int.from_bytes(data[place : place + 4], "little")
        end = place + 4 + count * kind.itemsize
        if end > len(data):
            raise FormatError(f"{name} is damaged: it ends within its {count} keys.")
        keys = np.frombuffer(data, kind, count, place + 4)
        if not all(np.isfinite(keys[field]).all() for field in (kind.names or ())[1:]):
            raise FormatError(f"{name} is damaged: a key is no number.")
        found.append(keys)
        place = end
    return found[0], found[1]


def _by_name(keys: npt.NDArray[np.void]) -> dict[str, npt.NDArray[np.void]]:
    """Name -> its keys in the order of time."""
    plain = np.array([own.split(b"\0")[0] for own in keys["name"].tolist()])
    return {
        own.decode(ENCODING, "ignore"): np.sort(keys[plain == own], order="frame")
        for own in np.unique(plain).tolist()
    }


def _turns_at(frames: npt.NDArray[np.int64], keys: npt.NDArray[np.void]) -> Array:
    """(T, 4) turns w, x, y, z of Blender's space, straight between keys."""
    x, y, z, w = keys["turn"].astype(np.float64).T
    turns = np.stack([w, -x, -z, -y], 1)
    flips = np.cumsum((turns[1:] * turns[:-1]).sum(1) < 0) % 2
    turns[1:] *= np.where(flips, -1.0, 1.0)[:, None]
    found = np.stack([np.interp(frames, keys["frame"], column) for column in turns.T], 1)
    sizes = np.linalg.norm(found, axis=1, keepdims=True)
    rest = np.array([1.0, 0.0, 0.0, 0.0])
    return np.where(sizes > 1e-6, found / np.maximum(sizes, 1e-6), rest)
