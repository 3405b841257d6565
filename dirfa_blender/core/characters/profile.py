"""MappingProfile: how action units, gaze and head pose reach one family of rigs.

A profile has channels. A channel's weight is a sum of gains times inputs, or its part in a mixture of
visemes; correctives and limits keep faces possible. What a channel moves is told apart from its weight: by
name a shape key, a custom property or a pose asset, and bones by turns and moves in the head frame. Names
of a rig live in profiles only; code never spells one. No bpy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..action_units import AU_NAMES
from ..animation import Animation
from .spelling import plain_spelling, side_of
from .visemes import stepped, touching, viseme_weights

GAZE_INPUTS = ("gaze_up", "gaze_left")
HEAD_INPUTS = ("head_pitch", "head_yaw", "head_roll")
INPUTS: tuple[str, ...] = AU_NAMES + GAZE_INPUTS + HEAD_INPUTS

Array = npt.NDArray[np.float32]
Vector = tuple[float, float, float]
EyeChoice = Literal["auto", "bones", "shapes", "both"]


@dataclass(frozen=True)
class ShapeTrack:
    """Channel weights over time; head pose is passed through from the animation.

    Parameters
    ----------
    fps, start : as `Animation`
    names : K channel names
    weights : (T, K) float32, within the channels' limits
    rotation, translation : (T, 3) float32, as `Animation`
    """

    fps: float
    start: float
    names: tuple[str, ...]
    weights: Array
    rotation: Array
    translation: Array

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) float64 seconds of the samples."""
        return self.start + np.arange(len(self.weights)) / self.fps


@dataclass(frozen=True)
class BoneMove:
    """What a channel at weight 1 does to a bone, in the head frame at rest.

    Parameters
    ----------
    bone : a part named in the profile's `bones`, or a bone's own name
    turn : degrees: pitch (+ lifts the front), yaw (+ to the subject's left), roll (+ tilts left)
    move : left, up, forward, in metres or in `unit`
    unit : name in the profile's `units` whose length on the rig is one; empty for metres
    when : ``missing`` acts only where the rig has no name for the channel
    near : part or bone at which the bone must begin for the move to act; empty for anywhere
    """

    bone: str
    turn: Vector = (0.0, 0.0, 0.0)
    move: Vector = (0.0, 0.0, 0.0)
    unit: str = ""
    when: Literal["always", "missing"] = "always"
    near: str = ""


@dataclass(frozen=True)
class StandIn:
    """What replaces channels that a rig does not have.

    Parameters
    ----------
    missing : acts where none of these is found
    channels : channel -> {input: gain}; all must be found for it to act
    adjust : channel -> {input: gain} added to channels that are there
    """

    missing: tuple[str, ...]
    channels: Mapping[str, Mapping[str, float]]
    adjust: Mapping[str, Mapping[str, float]]

    def acts_on(self, have: Set[str]) -> bool:
        """Whether something with these channels needs it and can have it."""
        return have.isdisjoint(self.missing) and have >= set(self.channels)

    def half_of(self, have: Set[str]) -> Set[str]:
        """The one side that something has where it also has the one channel for both.

        Moved alone it would wink at every blink; what is for both sides is better then.
        """
        found = have & set(self.missing)
        is_for_both = len(self.missing) == 2 and len(self.channels) == 1 and not self.adjust
        is_half = len(found) == 1 and {side_of(name) for name in self.missing} == {"left", "right"}
        return found if is_for_both and is_half and have >= set(self.channels) else set()


@dataclass(frozen=True)
class EyeBones:
    """Bones that look: parts or names of each side, and limits in degrees.

    ``use`` is ``auto`` where bones look unless shapes already move the eyeballs they carry.
    """

    left: str
    right: str
    up: float = 35.0
    down: float = 35.0
    inward: float = 40.0
    outward: float = 45.0
    use: EyeChoice = "auto"

    def limited(self, gaze: Array, side: str) -> npt.NDArray[np.float64]:
        """The (T, 2) gaze, radians up and to the subject's left, that one eye follows."""
        left, right = self.outward, self.inward
        if side == "right":
            left, right = right, left
        low, high = np.radians([[-self.down, -right], [self.up, left]])
        return np.clip(gaze.astype(np.float64), low, high)


@dataclass(frozen=True)
class Stepped:
    """Viseme channels switch instead of blending: one is 1 and the others 0.

    Parameters
    ----------
    hold_seconds : least time a picture stays
    index : names of a custom property or image node that takes the number of the picture
    """

    hold_seconds: float
    index: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappingProfile:
    """Channels, correctives and targets of one rig family; documented in ``rigs/README.md``.

    Parameters
    ----------
    name, title : identifier and what a menu shows
    shapes : K channel names
    gains : (A + 5, K) float32; rows are `INPUTS` (every AU, then gaze up and left, then the head's pitch,
        yaw and roll, in radians)
    at_most : pairs (channel, other): weight(channel) <= weight(other)
    yields_to : pairs (channel, other): weight(channel) is scaled by 1 - weight(other)
    head_bones : part or bone name -> share of the head rotation it carries; shares add up to 1
    limits : channel -> least and greatest weight, where it is not 0 and 1
    visemes : channel -> (A,) intensities of its prototype; these channels have no gains
    stand_ins : in the order in which they are tried
    spare_at_most, spare_yields_to : pairs with channels of stand-ins, held where those act
    optional : channels nobody misses where a rig does not have them
    names : channel -> names it has on rigs, first found first taken; its own name where absent
    along : channel -> names of what moves with it, every one that is found
    ranges : channel -> value written at weight 0 and at weight 1, where it is not 0 and 1
    bone_moves : channel -> what it does to bones
    bones : part -> names of the bone on rigs, first found first taken
    units : name -> two bones whose distance at rest is one
    """

    name: str
    title: str
    shapes: tuple[str, ...]
    gains: Array
    at_most: tuple[tuple[str, str], ...] = ()
    yields_to: tuple[tuple[str, str], ...] = ()
    head_bones: Mapping[str, float] = field(default_factory=dict[str, float])
    limits: Mapping[str, tuple[float, float]] = field(
        default_factory=dict[str, tuple[float, float]]
    )
    visemes: Mapping[str, npt.NDArray[np.float64]] = field(
        default_factory=dict[str, npt.NDArray[np.float64]]
    )
    stand_ins: tuple[StandIn, ...] = ()
    spare_at_most: tuple[tuple[str, str], ...] = ()
    spare_yields_to: tuple[tuple[str, str], ...] = ()
    optional: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    along: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    ranges: Mapping[str, tuple[float, float]] = field(
        default_factory=dict[str, tuple[float, float]]
    )
    bone_moves: Mapping[str, tuple[BoneMove, ...]] = field(
        default_factory=dict[str, tuple[BoneMove, ...]]
    )
    bones: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    eyes: EyeBones | None = None
    stepped: Stepped | None = None

    @cached_property
    def every_channel(self) -> tuple[str, ...]:
        """Channels and those of stand-ins, each once."""
        extra = (name for stand_in in self.stand_ins for name in stand_in.channels)
        return tuple(dict.fromkeys([*self.shapes, *extra]))

    @cached_property
    def spellings(self) -> Mapping[str, list[tuple[str, int]]]:
        """Spelling -> the channels that have such a name on rigs, and the place of it among their names."""
        found: dict[str, list[tuple[str, int]]] = {}
        for channel in self.every_channel:
            for order, name in enumerate(self.names_of(channel)):
                found.setdefault(plain_spelling(name), []).append((channel, order))
        return found

    @cached_property
    def spellings_along(self) -> Mapping[str, list[str]]:
        """Spelling -> the channels with which what is called so moves."""
        found: dict[str, list[str]] = {}
        for channel, names in self.along.items():
            for name in names:
                found.setdefault(plain_spelling(name), []).append(channel)
        return found

    @cached_property
    def common_spellings(self) -> Mapping[str, list[tuple[str, int]]]:
        """Spelling -> the channel called so, where rigs of this family spell it in their own way.

        Channels with values of their own are left out: another maker's key runs from 0 to 1.
        """
        own = (name for name in self.every_channel if name in self.names)
        return {
            plain_spelling(name): [(name, 0)]
            for name in own
            if name not in self.ranges and name not in self.limits
        }

    def follows_head(self, channel: str) -> bool:
        """Whether a channel turns with the head."""
        rows = self.gains[[INPUTS.index(name) for name in HEAD_INPUTS]]
        return channel in self.shapes and bool(rows[:, self.shapes.index(channel)].any())

    def names_of(self, channel: str) -> tuple[str, ...]:
        """Names that a channel has on rigs."""
        return self.names.get(channel, (channel,))

    def apply(self, animation: Animation) -> ShapeTrack:
        """Channel weights of an animation, within limits and with every corrective held."""
        whole = animation.canonical()
        weights = np.concatenate([whole.au, whole.gaze, whole.rotation], 1) @ self.gains
        column = {name: index for index, name in enumerate(self.shapes)}
        if self.visemes:
            prototypes = np.array(list(self.visemes.values()))
            mixed = viseme_weights(whole.au, prototypes)
            if self.stepped is not None and len(mixed):
                hold = self.stepped.hold_seconds
                shown = stepped(mixed, animation.fps, hold, touching(prototypes))
                mixed = np.eye(len(prototypes))[shown]
            weights[:, [column[name] for name in self.visemes]] += mixed.astype(np.float32)
        low, high = self._bounds()
        np.clip(weights, low, high, out=weights)
        for channel, other in self.yields_to:
            weights[:, column[channel]] *= 1.0 - np.clip(weights[:, column[other]], 0.0, 1.0)
        for channel, other in self.at_most:
            limit = weights[:, column[other]]
            weights[:, column[channel]] = np.minimum(weights[:, column[channel]], limit)
        return ShapeTrack(
            fps=animation.fps,
            start=animation.start,
            names=self.shapes,
            weights=weights,
            rotation=animation.rotation,
            translation=animation.translation,
        )

    def fitted(
        self, present: Collection[str], parts: Collection[Collection[str]] = ()
    ) -> MappingProfile:
        """The profile of a rig that has only the channels `present`, with stand-ins for the others.

        A channel that must stay below one the rig lacks is left out: lips sealed over a jaw that does
        not open would cross.

        Parameters
        ----------
        parts : the channels of each of its meshes; one that spells in another way than the face (brows
            with one key for up) gets the stand-ins that it needs, and the face keeps its own channels
        """
        have = set(present)
        kept = [name for name in self.shapes if name in have]
        columns = [self.gains[:, self.shapes.index(name)].copy() for name in kept]
        for stand_in in self.stand_ins:
            acts = stand_in.acts_on(have)
            if not acts and not any(
                stand_in.channels and stand_in.acts_on(part) for part in map(set, parts)
            ):
                continue
            for name, gains in stand_in.channels.items():
                if name not in kept:
                    kept.append(name)
                    columns.append(gain_column(gains))
            if not acts:
                continue
            for name, gains in stand_in.adjust.items():
                if name in kept:
                    columns[kept.index(name)] += gain_column(gains)
        at_most = (*self.at_most, *self.spare_at_most)
        lost = {a for a, b in at_most if a in kept and b not in kept}
        chosen = [index for index, name in enumerate(kept) if name not in lost]
        names = tuple(kept[index] for index in chosen)
        gains = np.zeros((len(INPUTS), len(names)), np.float32)
        for place, index in enumerate(chosen):
            gains[:, place] = columns[index]
        return replace(
            self,
            shapes=names,
            gains=gains,
            at_most=among(at_most, names),
            yields_to=among((*self.yields_to, *self.spare_yields_to), names),
            visemes={name: row for name, row in self.visemes.items() if name in names},
            stand_ins=(),
            spare_at_most=(),
            spare_yields_to=(),
        )

    def beside_pictures(
        self, pictures: MappingProfile, without: Collection[str] = ()
    ) -> MappingProfile:
        """This profile with another's drawn mouths, and by its name: lids and brows move, mouths switch.

        Parameters
        ----------
        without : channels that what is drawn would be taken for
        """
        left_out = {*self.visemes, *pictures.shapes, *without}
        own = [name for name in self.shapes if name not in left_out]
        kept = self.gains[:, [self.shapes.index(name) for name in own]]
        still = np.zeros((len(INPUTS), len(pictures.shapes)), np.float32)
        return replace(
            self,
            name=pictures.name,
            title=pictures.title,
            shapes=(*own, *pictures.shapes),
            gains=np.concatenate([kept, still], 1),
            visemes=pictures.visemes,
            names={**self.names, **pictures.names},
            at_most=among(self.at_most, tuple(own)),
            yields_to=among(self.yields_to, tuple(own)),
            stepped=pictures.stepped,
        )

    def _bounds(self) -> tuple[Array, Array]:
        bounds = [self.limits.get(name, (0.0, 1.0)) for name in self.shapes]
        pairs = np.array(bounds, np.float32).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]


def gain_column(gains: Mapping[str, float]) -> Array:
    """(A + 5,) float32 of {input: gain}."""
    column = np.zeros(len(INPUTS), np.float32)
    for name, gain in gains.items():
        column[INPUTS.index(name)] = gain
    return column


def among(
    pairs: tuple[tuple[str, str], ...], names: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Pairs of which both are in `names`."""
    return tuple(pair for pair in pairs if set(pair) <= set(names))
