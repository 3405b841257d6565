"""Bones of a character by part, and the head frame they stand in, from names and rest poses. No bpy.

Importers turn skeletons: an armature's own axes may be Z up or Y up, and bones roll as they like. The
bones themselves tell the truth: pairs named left and right give the subject's left, the chain up to the
head gives up. Everything that turns a bone is reckoned in that frame and brought into the bone's rest
frame, so that a sign cannot depend on a roll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .spelling import bone_spelling, bone_words, joined, side_of

Array = npt.NDArray[np.float64]

# Bones that rigs keep under the bonnet: never a control to be turned.
INTERNAL = frozenset({"mch", "org", "def", "vis", "ik", "tweak", "socket", "twistshare"})
# Words that riggers put around a part's name; controls come first, since the others hang on them.
CONTROL_WORDS = frozenset({"ctrl", "ctl", "control", "controller", "con", "c", "fk"})
OTHER_WORDS = frozenset(
    {"jnt", "joint", "bone", "bn", "bind", "skin", "m", "x", "mid", "def", "master", "0"}
)
# A direction within this cosine of an axis is that axis.
AXIS_COSINE = 0.94

# Names of parts where a profile gives none, the commonest first.
PARTS: Mapping[str, tuple[str, ...]] = {
    "head": (
        "head", "頭", "cc base head", "j bip c head", "bip01 head", "Kopf", "cabeza", "tête", "testa",
        "cabeça", "голова", "head 1", "head 01", "head neck upper", "头", "头部", "头骨", "머리",
        "skull",
    ),
    "neck": (
        "neck", "首", "neck 01", "neck lower", "cc base neck twist01", "j bip c neck", "Hals", "cuello",
        "cou", "collo", "pescoço", "шея", "neck 1", "head neck lower", "脖子", "颈", "颈部", "脖", "목",
    ),
    "jaw": (
        "jaw_master", "jaw", "cc base jaw root", "lower jaw", "lowerjaw", "jawbone", "j adj c jaw",
        "mandible", "chin", "あご", "下顎", "Kiefer", "Unterkiefer", "mandíbula", "mâchoire", "mascella",
        "челюсть", "顎", "下颌", "下颚", "下巴", "턱",
    ),
    "eye_left": (
        "eye_left", "eye.L", "cc base l eye", "j adj l face eye", "l_eye", "lEye", "左目",
        "eyeball left", "eye fk left", "Auge.L", "ojo.L", "oeil.L", "occhio.L", "olho.L",
        "глаз.L", "左眼", "左眼球", "眼球.L", "왼쪽 눈", "왼눈", "눈.L",
    ),
    "eye_right": (
        "eye_right", "eye.R", "cc base r eye", "j adj r face eye", "r_eye", "rEye", "右目",
        "eyeball right", "eye fk right", "Auge.R", "ojo.R", "oeil.R", "occhio.R", "olho.R",
        "глаз.R", "右眼", "右眼球", "眼球.R", "오른쪽 눈", "오른눈", "눈.R",
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
    """Bones by name, parents before children.

    Parameters
    ----------
    followers : bones whose turn another bone decides, by a constraint; turning them does nothing
    """

    bones: Mapping[str, Bone] = field(default_factory=dict[str, Bone])
    followers: frozenset[str] = frozenset()

    @cached_property
    def free(self) -> Skeleton:
        """The same without its followers."""
        return Skeleton({n: b for n, b in self.bones.items() if n not in self.followers})

    @cached_property
    def cores(self) -> dict[str, str]:
        """Spelling without the words that riggers add -> the first bone of it, controls first."""
        ranked: dict[str, list[tuple[int, str]]] = {}
        for name in self.bones:
            words = bone_words(name)
            core = [word for word in words if word not in CONTROL_WORDS | OTHER_WORDS]
            if core and not (INTERNAL - {"def"}) & set(words):
                rank = 0 if CONTROL_WORDS & set(words) else 2 if "def" in words else 1
                ranked.setdefault(joined(core), []).append((rank, name))
        return {core: min(names, key=lambda n: n[0])[1] for core, names in ranked.items()}

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

    @cached_property
    def answers(self) -> dict[tuple[str, ...], str]:
        """Names that were looked for -> the bone: every profile asks for the same few parts."""
        return {}

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
        # A control may stand alone; the bone that follows it stands on the body.
        whole = Skeleton(self.bones)
        head = find_part(whole, {}, "head")
        up = np.array([0.0, 0.0, 1.0])
        if head:
            above = self.above(head) or [find_part(whole, {}, "neck") or head]
            low = self.bones[above[-1]].head
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

    An exact meaning wins; else a bone whose last words are the part's, with the fewest words before; else
    one that has only a rigger's words around it. What a constraint turns is taken where nothing else is.
    """
    if skeleton.followers:
        found = find_part(skeleton.free, names, part)
        if found:
            return found
    if not skeleton.bones:
        return ""
    candidates = (*names.get(part, ()), *PARTS.get(part, () if part in names else (part,)))
    if candidates not in skeleton.answers:
        skeleton.answers[candidates] = _first_of(skeleton, candidates)
    return skeleton.answers[candidates]


def neck_chain(skeleton: Skeleton, names: Mapping[str, tuple[str, ...]], head: str) -> list[str]:
    """Bones of the neck that carry `head`, lowest first."""
    wanted = {bone_spelling(name) for name in (*names.get("neck", ()), *PARTS["neck"])}
    single = {word for word in wanted if word.isalpha()}
    chain = [
        name
        for name in skeleton.above(head)
        if not INTERNAL & set(bone_words(name))
        and (bone_spelling(name) in wanted or single & set(bone_words(name)) or "首" in name)
    ]
    return chain[::-1]


def _first_of(skeleton: Skeleton, candidates: tuple[str, ...]) -> str:
    """The rig's bone for the first of some names that it has in any way; empty where it has none."""
    spelled = [(bone_spelling(candidate), bone_words(candidate)) for candidate in candidates]
    for meaning, _ in spelled:
        if meaning in skeleton.meanings:
            return skeleton.meanings[meaning]
    for _, wanted in spelled:
        inside = [
            (_count(words), name)
            for words, name in skeleton.by_last_word.get(wanted[-1] if wanted else "", ())
            if len(words) > len(wanted) and words[-len(wanted) :] == wanted
        ]
        # A single word at the end of a long name says little; three words before it are a namespace.
        if inside and min(inside)[0] <= _count(wanted) + 3:
            return min(inside)[1]
    return next(
        (skeleton.cores[meaning] for meaning, _ in spelled if meaning in skeleton.cores), ""
    )


def _count(words: Sequence[str]) -> int:
    """How many of some words are words: numbers say no more of ``ValveBiped.Bip01_Head1``."""
    return sum(not word.isdigit() for word in words)


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
