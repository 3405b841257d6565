"""What a character offers by name, and what a profile finds of it: coverage and detection. No bpy.

A channel is looked for by name among custom properties first, since a control that drives keys is what an
animator moves; then among shape keys; then among pose assets. Keys that a driver owns are not the rig's
offer but its inside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..errors import RigError
from .profile import INPUTS, BoneMove, MappingProfile, StandIn
from .recognition import NameIndex, is_second_choice, name_index
from .skeleton import Skeleton, find_part
from .spelling import plain_spelling, words_of

Kind = Literal["property", "shape", "pose", "object"]
KINDS: tuple[Kind, ...] = ("property", "shape", "pose", "object")
# Detection prefers a family whose names are found to this part over one with more names.
LEAST_SHARE = 0.15
# Less of it is meant where it is this part of all the keys that a character has.
LEAST_EXPLAINED = 0.5
MOST_MISSING_NAMED = 6
# A channel opens the mouth that has this much of a relaxed jaw's drop.
LEAST_OPENING = 0.2
# Fewer mouths than this are a help to a jaw, not a way to speak.
LEAST_MOUTHS = 3
# Part of the distance between the eyes within which a bone begins at an eye's middle, not on its lid.
NEAR = 0.12


@dataclass(frozen=True)
class Place:
    """One thing of a character that a channel moves: what kind, whose, and its own name."""

    kind: Kind
    owner: str
    name: str


@dataclass(frozen=True)
class Inventory:
    """Names that a character offers.

    Parameters
    ----------
    names : kind -> owner -> names; owners are keys the scene side understands
    skeleton : its bones
    driven : shape keys that drivers own, left out of `names`
    sides : owner -> names of its shapes that say no side, and the side that they move
    """

    names: Mapping[Kind, Mapping[str, Sequence[str]]]
    skeleton: Skeleton = field(default_factory=Skeleton)
    driven: tuple[str, ...] = ()
    sides: Mapping[str, tuple[tuple[str, str], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, str], ...]]
    )

    @cached_property
    def indices(self) -> tuple[tuple[Kind, str, NameIndex], ...]:
        """What may be meant by the names of each owner of each kind, in the order of `KINDS`."""
        # A shape may be called after the mesh it is of.
        around = frozenset(word for owner in self.of_kind("shape") for word in words_of(owner))
        return tuple(
            (kind, owner, name_index(tuple(names), around, sides.get(owner, ())))
            for kind in KINDS
            for sides in (self.sides if kind == "shape" else {},)
            for owner, names in self.of_kind(kind).items()
            if names
        )

    def of_kind(self, kind: Kind) -> Mapping[str, Sequence[str]]:
        """Owner -> names of one kind."""
        return self.names.get(kind, {})

    @property
    def size(self) -> int:
        """How many names there are."""
        return sum(len(names) for owners in self.names.values() for names in owners.values())


@dataclass(frozen=True)
class Coverage:
    """What a character has of a profile.

    Parameters
    ----------
    places : channel -> everything that carries it by name
    bones : channel -> the bones it moves
    missing : channels that nothing carries and nothing stands in for
    parts : bone part -> the rig's own bone, of head and eyes
    total : how many channels the profile has
    meshes : the channels of each owner of shape keys
    """

    profile: str
    places: Mapping[str, tuple[Place, ...]]
    bones: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    parts: Mapping[str, str]
    total: int
    meshes: tuple[frozenset[str], ...] = ()

    @property
    def found(self) -> dict[str, str]:
        """Channel -> the rig's first own name for it."""
        return {channel: places[0].name for channel, places in self.places.items()}

    @property
    def share(self) -> float:
        """0..1 of the profile's channels that the rig has."""
        return (self.total - len(self.missing)) / max(1, self.total)

    def __str__(self) -> str:
        have = self.total - len(self.missing)
        parts = [f"{have} of {self.total} found" if self.missing else f"all {self.total} found"]
        if self.missing:
            shown = ", ".join(self.missing[:MOST_MISSING_NAMED])
            more = len(self.missing) - MOST_MISSING_NAMED
            parts.append(f"{shown}{f' and {more} more' if more > 0 else ''} missing")
        for channel in self.bones:
            if channel not in self.places and "jaw" in plain_spelling(channel):
                parts.append(f"jaw on bone '{self.bones[channel][0]}'")
                break
        for part, bone in self.parts.items():
            parts.append(f"{part} on bone '{bone}'")
        return "; ".join(parts)


def coverage(
    profile: MappingProfile, inventory: Inventory, *, only_own_names: bool = False
) -> Coverage:
    """What of a profile a character has.

    Parameters
    ----------
    only_own_names : count every name that the profile knows and none besides, so that families can be
        compared: meshes in another family's spelling are left out, spare keys are in
    """
    places, meshes = _places(profile, inventory, only_own_names=only_own_names)
    bones: dict[str, tuple[str, ...]] = {}
    for channel, moves in profile.bone_moves.items():
        wanted = [m for m in moves if m.when == "always" or channel not in places]
        found = [
            find_part(inventory.skeleton, profile.bones, move.bone)
            for move in wanted
            if unit_length(move, inventory.skeleton, profile) is not None
        ]
        if any(found):
            bones[channel] = tuple(dict.fromkeys(name for name in found if name))
    present = {*places, *bones}
    fitted = profile.fitted(present)
    stood_in = {
        name
        for one in profile.stand_ins
        if set(one.channels) <= present and (one.channels or one.adjust)
        for name in one.missing
        if set(one.channels) & set(fitted.shapes)
    }
    rest = {name for name, row in profile.visemes.items() if not row.any()}
    rest |= set(profile.optional) - present
    missing = tuple(name for name in profile.shapes if name not in present | stood_in | rest)
    parts: dict[str, str] = {}
    if profile.head_bones:
        head = find_part(inventory.skeleton, profile.bones, list(profile.head_bones)[-1])
        if head:
            parts["head"] = head
    if profile.eyes is not None and profile.eyes.use != "shapes":
        eye = find_part(inventory.skeleton, profile.bones, profile.eyes.left)
        if eye:
            parts["eyes"] = eye
    total = len(set(profile.shapes) - rest)
    return Coverage(profile.name, places, bones, missing, parts, total, meshes)


def unit_length(move: BoneMove, skeleton: Skeleton, profile: MappingProfile) -> float | None:
    """Length of a move's unit on a skeleton, 1 where it is metres; None where the move cannot act."""
    if move.near and not _begins_near(move, skeleton, profile):
        return None
    if not move.unit:
        return 1.0
    ends = [find_part(skeleton, profile.bones, name) for name in profile.units[move.unit]]
    return skeleton.distance(ends[0], ends[1]) if all(ends) else None


def _begins_near(move: BoneMove, skeleton: Skeleton, profile: MappingProfile) -> bool:
    """Whether a bone begins where the part does that it must turn about: a lid in the eye's middle."""
    names = (move.bone, move.near, "eye_left", "eye_right")
    bone, part, left, right = (find_part(skeleton, profile.bones, name) for name in names)
    if not (bone and part and left and right):
        return False
    return skeleton.distance(bone, part) < NEAR * skeleton.distance(left, right)


def best(
    found: Sequence[tuple[MappingProfile, Coverage]], inventory: Inventory
) -> tuple[MappingProfile, Coverage]:
    """The profile that explains most of a character's names, and its coverage.

    Profiles are ranked by how many channels they find, then by share: a rig that has 52 shapes and five
    vowels is driven by the 52. A few shapes of a large profile count as much as they are of all that the
    character has. One that can open the mouth comes before any that cannot: a face that has vowels and no
    jaw speaks by its vowels, however many brows it has.

    Parameters
    ----------
    found : every profile with its coverage of this inventory

    Raises
    ------
    RigError
        No profile finds anything; the sentence says what there is.
    """

    def rank(entry: tuple[MappingProfile, Coverage]) -> tuple[int, float, int]:
        profile, own = entry
        by_bone = len(set(own.bones) - set(own.places))
        explained = _explained(own, inventory)
        is_meant = own.share >= LEAST_SHARE or explained >= LEAST_EXPLAINED
        if profile.stepped is not None:
            # One picture cannot switch.
            is_meant &= len(own.places) >= LEAST_MOUTHS
        carried = (len(own.places) + 0.5 * by_bone) * is_meant
        # Among equals the family that spells its names and bones as the rig does.
        literal = sum(
            place.name == profile.names_of(channel)[0]
            for channel, places in own.places.items()
            for place in places[:1]
        )
        literal += sum(bone in sum(profile.bones.values(), ()) for bone in own.parts.values())
        return (
            _opens(profile, own) if carried > 0 else 0,
            carried * max(own.share, explained, 0.3),
            literal,
        )

    most = max(found, key=rank)
    if not most[1].places and not most[1].bones:
        raise RigError(describe_absence(inventory))
    return most


def _opens(profile: MappingProfile, found: Coverage) -> int:
    """Whether what was found opens the mouth: 2 for a jaw or several mouths, 1 for two.

    One of many mouths may be a name that happens to sound like it: ``mouthLeft`` for an L.
    """
    fitted = profile.fitted({*found.places, *found.bones})
    jaw = INPUTS.index("AU26")
    if (fitted.gains[jaw] >= LEAST_OPENING).any():
        return 2
    if not any(row[jaw] >= LEAST_OPENING for row in fitted.visemes.values()):
        return 0
    if len(profile.visemes) >= LEAST_MOUTHS and len(fitted.visemes) == 1:
        return 0
    return 2 if len(fitted.visemes) >= LEAST_MOUTHS else 1


def opens_mouth(profile: MappingProfile, found: Coverage) -> bool:
    """Whether a character can speak by what was found of a profile."""
    return _opens(profile, found) > 0


def _explained(found: Coverage, inventory: Inventory) -> float:
    """Part of the shape keys that a coverage moves, 0..1, of the meshes where it moves any."""
    places = [place for places in found.places.values() for place in places]
    moved = {(place.owner, place.name) for place in places if place.kind == "shape"}
    shapes = inventory.of_kind("shape")
    keys = {name for owner in {owner for owner, _ in moved} for name in shapes[owner]}
    return len({name for _, name in moved}) / max(1, len(keys))


def describe_absence(inventory: Inventory) -> str:
    """What a character without a face lacks, what it has, and what can be done with it."""
    shapes = [name for names in inventory.of_kind("shape").values() for name in names]
    if shapes:
        lacks = f"none of its {len(shapes)} shape keys ({', '.join(shapes[:4])}, ...) is known"
    elif inventory.driven:
        lacks = f"its {len(inventory.driven)} shape keys are driven by controls with unknown names"
    else:
        lacks = "it has no shape keys for a face"
    bones = inventory.skeleton
    offers: list[str] = []
    for part, what in (("head", "head pose"), ("jaw", "jaw"), ("eye_left", "gaze")):
        bone = find_part(bones, {}, part)
        if bone:
            offers.append(f"{what} on bone '{bone}'")
    can = (
        f"What can be driven: {', '.join(offers)}."
        if offers
        else (
            "Nothing else can be driven either." if bones.bones else "It can nod as a whole object."
        )
    )
    return f"{lacks[0].upper()}{lacks[1:]}. {can} Map its names in the object's DIRFA panel."


def _places(
    profile: MappingProfile, inventory: Inventory, *, only_own_names: bool
) -> tuple[dict[str, tuple[Place, ...]], tuple[frozenset[str], ...]]:
    """Channel -> where it is (the first kind that has it, every owner that does); the meshes' channels."""
    of_kinds: dict[Kind, dict[str, list[Place]]] = {kind: {} for kind in KINDS}
    unread: list[tuple[str, NameIndex]] = []
    owned: dict[tuple[Kind, str], set[str]] = {}
    for kind, owner, index in inventory.indices:
        if kind == "object" and profile.stepped is None:
            continue
        best = _meant_by(index, profile.spellings)
        if kind == "shape" and not best:
            unread.append((owner, index))
        for channel, own in best.items():
            of_kinds[kind].setdefault(channel, []).append(Place(kind, owner, own))
        owned[kind, owner] = set(best)
        for channel, own in _moving_along(index, profile, set(best.values())):
            of_kinds[kind].setdefault(channel, []).append(Place(kind, owner, own))
            owned[kind, owner].add(channel)
    if any(of_kinds.values()) and not only_own_names:
        for owner, index in unread:
            # Lashes of another maker than the face: they know its movements by their common names.
            for channel, own in _meant_by(index, profile.common_spellings).items():
                of_kinds["shape"].setdefault(channel, []).append(Place("shape", owner, own))
                owned["shape", owner].add(channel)
    result: dict[str, tuple[Place, ...]] = {}
    for of_kind in of_kinds.values():
        for channel, places in of_kind.items():
            result.setdefault(channel, tuple(places))
    for half in {name for one in profile.stand_ins for name in one.half_of(result.keys())}:
        del result[half]
        for channels in owned.values():
            channels.discard(half)
    used = result if only_own_names else _used(profile, result, owned)
    meshes = tuple(
        frozenset(channels) for (kind, _), channels in owned.items() if kind == "shape" and channels
    )
    return {name: used[name] for name in profile.every_channel if name in used}, meshes


def _meant_by(index: NameIndex, wanted: Mapping[str, Sequence[tuple[str, int]]]) -> dict[str, str]:
    """Channel -> the name of an owner that means it best."""
    best: dict[str, tuple[tuple[bool, int], str]] = {}
    for meaning, own in index.recognised(wanted.keys()).items():
        for channel, place in wanted[meaning]:
            order = is_second_choice(own), place
            if channel not in best or order < best[channel][0]:
                best[channel] = order, own
    return {channel: own for channel, (_, own) in best.items()}


def _moving_along(
    index: NameIndex, profile: MappingProfile, taken: Set[str]
) -> Iterator[tuple[str, str]]:
    """Channels, and the names of an owner that move with them."""
    if not profile.along:
        return
    for meaning, own in index.recognised(profile.spellings_along.keys()).items():
        for channel in profile.spellings_along[meaning] if own not in taken else ():
            yield channel, own


def _used(
    profile: MappingProfile,
    places: Mapping[str, tuple[Place, ...]],
    owned: Mapping[tuple[Kind, str], Set[str]],
) -> dict[str, tuple[Place, ...]]:
    """Places without those of a stand-in whose owner has what it stands in for."""
    spare: dict[str, list[StandIn]] = {}
    for stand_in in profile.stand_ins:
        for channel in set(stand_in.channels) - set(profile.shapes):
            spare.setdefault(channel, []).append(stand_in)
    used: dict[str, tuple[Place, ...]] = {}
    for channel, found in places.items():
        if channel in spare:
            kept = tuple(
                place
                for place in found
                if any(owned[place.kind, place.owner].isdisjoint(s.missing) for s in spare[channel])
            )
        else:
            kept = found
        if kept:
            used[channel] = kept
    return used


def named(profile: MappingProfile, names: Collection[str]) -> Coverage:
    """Coverage of a plain list of shape names, as a file of curves has."""
    return coverage(profile, Inventory({"shape": {"": tuple(names)}}))
