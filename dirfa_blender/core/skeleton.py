"""Bones of a character by part, and the head frame they stand in, from names and rest poses. No bpy.

Importers turn skeletons: an armature's own axes may be Z up or Y up, and bones roll as they like. The
bones themselves tell the truth: pairs named left and right give the subject's left, the chain up to the
head gives up. Everything that turns a bone is reckoned in that frame and brought into the bone's rest
frame, so that a sign cannot depend on a roll.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .spelling import bone_spelling, bone_words, side_of

Array = npt.NDArray[np.float64]

# Bones that rigs keep under the bonnet: never a control to be turned.
INTERNAL = frozenset({"mch", "org", "def", "vis", "ik", "tweak", "socket", "twistshare"})
# A direction within this cosine of an axis is that axis.
AXIS_COSINE = 0.94

# Names of parts where a profile gives none, the commonest first.
PARTS: Mapping[str, tuple[str, ...]] = {
    "head": ("head", "頭", "cc base head", "j bip c head", "bip01 head"),
    "neck": ("neck", "首", "neck 01", "neck lower", "cc base neck twist01", "j bip c neck"),
    "jaw": (
        "jaw_master", "jaw", "cc base jaw root", "lower jaw", "lowerjaw", "j adj c jaw", "mandible",
        "chin", "あご", "下顎",
    ),
    "eye_left": (
        "eye_left", "eye.L", "cc base l eye", "j adj l face eye", "l_eye", "lEye", "左目",
        "eyeball left", "eye fk left",
    ),
    "eye_right": (
        "eye_right", "eye.R", "cc base r eye", "j adj r face eye", "r_eye", "rEye", "右目",
        "eyeball right", "eye fk right",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Bone:
    """A bone at rest in armature space: its parent's name, (3, 3) axes as columns, (3,) head, metres."""

    name: str
    parent: str
    axes: Array
    head: Array


@dataclass(frozen=True)
class Skeleton:
    """Bones by name, parents before children."""

    bones: Mapping[str, Bone] = field(default_factory=dict[str, Bone])

    @cached_property
    def meanings(self) -> dict[str, str]:
        """Spelling -> the first bone of it."""
        result: dict[str, str] = {}
        for name in self.bones:
            result.setdefault(bone_spelling(name), name)
        return result

    @cached_property
    def by_last_word(self) -> dict[str, list[tuple[list[str], str]]]:
        """Last word -> words and names of the bones that end with it, internal ones left out."""
        result: dict[str, list[tuple[list[str], str]]] = {}
        for name in self.bones:
            words = bone_words(name)
            if words and not INTERNAL & set(words):
                result.setdefault(words[-1], []).append((words, name))
        return result

    def above(self, name: str) -> list[str]:
        """Ancestors of a bone, nearest first."""
        result: list[str] = []
        parent = self.bones[name].parent
        while parent:
            result.append(parent)
            parent = self.bones[parent].parent
        return result

    def frame(self) -> Array:
        """Head frame in armature space, (3, 3) with columns left, back and up.

        It is the identity for a character that faces -Y with Z up, as Blender's own.
        """
        left = self._left()
        up = self._up(left)
        if left is None:
            # Nothing tells the sides: Z up faces -Y, Y up faces +Z, both with +X to the left.
            left = np.array([1.0, 0.0, 0.0])
            if abs(up[0]) > 0.5:
                left = np.array([0.0, 1.0, 0.0])
        back = np.cross(up, left)
        return np.stack([left, back, up], 1)

    def distance(self, first: str, second: str) -> float:
        """Metres between the heads of two bones at rest."""
        return float(np.linalg.norm(self.bones[first].head - self.bones[second].head))

    def _left(self) -> Array | None:
        by_name: dict[str, dict[str, Array]] = {}
        for bone in self.bones.values():
            side = side_of(bone.name)
            if side:
                words = bone_spelling(bone.name).removesuffix(side).strip("左右")
                by_name.setdefault(words, {})[side] = bone.head
        apart = [pair["left"] - pair["right"] for pair in by_name.values() if len(pair) == 2]
        if not apart:
            return None
        total = np.sum(apart, 0)
        length = float(np.linalg.norm(total))
        return None if length < 1e-6 else _snapped(total / length)

    def _up(self, left: Array | None) -> Array:
        head = find_part(self, {}, "head")
        up = np.array([0.0, 0.0, 1.0])
        if head:
            above = self.above(head)
            low = self.bones[above[-1]].head if above else self.bones[head].head
            rise = self.bones[head].head - low
            if np.linalg.norm(rise) < 1e-6:
                rise = self.bones[head].axes[:, 1]
            if left is not None:
                rise = rise - left * (rise @ left)
            if np.linalg.norm(rise) > 1e-6:
                # A neck leans forward; the body it stands on does not.
                up = _nearest_axis(rise, left)
        return up


def find_part(skeleton: Skeleton, names: Mapping[str, tuple[str, ...]], part: str) -> str:
    """The rig's own bone for a part or a bone name; empty where it has none.

    An exact meaning wins; else a bone whose last words are the part's, with the fewest words before.
    """
    candidates = (*names.get(part, ()), *PARTS.get(part, () if part in names else (part,)))
    spelled = [(bone_spelling(candidate), bone_words(candidate)) for candidate in candidates]
    for meaning, _ in spelled:
        if meaning in skeleton.meanings:
            return skeleton.meanings[meaning]
    for _, wanted in spelled:
        inside = [
            (len(words), name)
            for words, name in skeleton.by_last_word.get(wanted[-1] if wanted else "", ())
            if len(words) > len(wanted) and words[-len(wanted) :] == wanted
        ]
        # A single word at the end of a long name says little; three words before it are a namespace.
        if inside and min(inside)[0] <= len(wanted) + 3:
            return min(inside)[1]
    return ""


def neck_chain(skeleton: Skeleton, names: Mapping[str, tuple[str, ...]], head: str) -> list[str]:
    """Bones of the neck that carry `head`, lowest first."""
    wanted = {bone_spelling(name) for name in (*names.get("neck", ()), *PARTS["neck"])}
    chain = [
        name
        for name in skeleton.above(head)
        if not INTERNAL & set(bone_words(name))
        and (bone_spelling(name) in wanted or "neck" in bone_words(name) or "首" in name)
    ]
    return chain[::-1]


def _snapped(direction: Array) -> Array:
    axis = int(np.abs(direction).argmax())
    if abs(direction[axis]) < AXIS_COSINE:
        return direction
    return np.eye(3)[axis] * np.sign(direction[axis])


def _nearest_axis(rise: Array, left: Array | None) -> Array:
    """The axis nearest to a direction; perpendicular to `left`, which may lie between axes."""
    unit = rise / np.linalg.norm(rise)
    axes = np.concatenate([np.eye(3), -np.eye(3)])
    if left is not None:
        axes = axes[np.abs(axes @ left) < 1 - AXIS_COSINE]
    if not len(axes):
        return unit
    return axes[int((axes @ unit).argmax())]
