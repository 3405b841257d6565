"""Which names of a rig are meant by which spellings: what only many names together can tell.

Exact meanings come first. Words that a whole rig puts around its names (``Face_jawOpen_geo``,
``07_jawOpen``) are found by how many wanted names they surround; a number there stands for any number.
Words that mean nothing by themselves (``bs_jawOpen``, ``Teeth_jawOpen_01``) need no company, and words in
another order (``Open_Jaw``) come late; last what words of other languages say (`vocabulary`).

A character with thousands of names is asked by every profile: what a name may mean is worked out once, in
a `NameIndex` by meaning, and a profile only looks up what it wants. No bpy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations

from .spelling import (
    is_half_way,
    joined,
    readings,
    with_side,
    with_sides_apart,
    without_mark,
)
from .vocabulary import are_sounds, is_unheard_of, meant, pairs_of, said, sides_of

# A prefix or suffix must be shared by this many recognised names, or it is part of the name.
LEAST_SHARED = 3
MOST_PREFIX_WORDS, MOST_SUFFIX_WORDS = 6, 4
# Stands for any number before or after a name.
NUMBER = "#"
# Shorter names would be found inside anything; a sign of kana or kanji says more than a letter.
SHORTEST_INSIDE = 4
# Words that say nothing of a movement: what programs write, parts of a head that follow the face, versions.
AROUND = frozenset({
    "ar", "kit", "arkit", "ark", "face", "facial", "faces", "head", "bs", "bshp", "blend", "shape",
    "blendshape", "blendshapes", "shapes", "shp", "sk", "key", "keys", "target", "targets", "tgt",
    "morph", "morphs", "exp", "expr", "expression", "expressions", "facs", "mesh", "msh", "geo",
    "grp", "obj", "geometry", "body", "skin", "base", "new", "old", "copy", "of", "final", "fix",
    "fixed", "v", "ver", "version", "tmp", "test", "char", "character", "model", "teeth", "tooth",
    "tongue", "gum", "gums", "lash", "lashes", "eyelash", "eyelashes", "hair", "beard", "tear",
    "tearline", "ctrl", "au", "%",
})  # fmt: skip
# Of these, what also marks a shape that is not meant where there is another: a corrective, an earlier one.
# `HALF_WAY` stands for the number of an in-between: ``jawOpen_50``.
HALF_WAY = "%"
SECOND_CHOICES = frozenset({"fix", "fixed", "old", "copy", "tmp", "test", HALF_WAY})
# Words that announce a sound: behind them a single letter is a name, ``Vis_E``.
SPOKEN = frozenset({
    "vis", "viseme", "visemes", "visime", "phoneme", "phonemes", "phon", "pho", "lipsync", "sync", "mouth",
    "lip", "lips", "speech", "talk", "sound",
})  # fmt: skip
# A name that only such words surround is at least this long: ``shp_open`` may be a door.
SHORTEST_ALONE = 5
# An unknown word is a character's own where it begins or ends this part of at least so many names.
SHARE_ALIKE, LEAST_ALIKE = 0.8, 6
# Words that are tried in every order.
MOST_SHUFFLED = 4
NAMES_A_PIECE = 64
# Names that the meshes of one character share are taken apart once.
REMEMBERED = 4096

Affix = tuple[tuple[str, ...], tuple[str, ...]]
"""Words before and after a name."""
Choices = dict[str, list[tuple[int, int]]]
"""Meaning -> the names that may mean it: their place in the list, and how many better meanings each has."""


@dataclass(frozen=True)
class NameIndex:
    """Names of one owner by what they may mean.

    Parameters
    ----------
    around : words that mean nothing in these names besides `AROUND`, such as those of the mesh's own name
    sides : names that do not say their side, and the side
    """

    names: tuple[str, ...]
    around: frozenset[str] = frozenset()
    sides: tuple[tuple[str, str], ...] = ()

    @cached_property
    def read(self) -> tuple[str, ...]:
        """The names as they are to be read, each in its place."""
        told = dict(self.sides)
        named = [with_side(name, told[name]) if name in told else name for name in self.names]
        return with_sides_apart(named)

    @cached_property
    def exact(self) -> Choices:
        """By all of their words."""
        return _choices([joined(words) for words in readings(name)] for name in self.read)

    @cached_property
    def inside(self) -> dict[str, list[tuple[int, int, Affix]]]:
        """By some of their words: the name's place, the order of the cut, and the words around."""
        found: dict[str, list[tuple[int, int, Affix]]] = {}
        for place, name in enumerate(self.read):
            for order, (affix, meaning) in enumerate(_inside(name).items()):
                found.setdefault(meaning, []).append((place, order, affix))
        return found

    @cached_property
    def alone(self) -> tuple[Choices, Choices, Choices]:
        """Inside words that mean nothing, the same with second choices, and in another order."""
        empty = self.sure | SECOND_CHOICES
        return (
            _choices(_alone(name, self.sure) for name in self.read),
            _choices(_alone(name, empty) for name in self.read),
            _choices(_shuffled(name) for name in self.read),
        )

    @cached_property
    def sure(self) -> frozenset[str]:
        """Words that mean nothing, without those of second choices."""
        return (AROUND | self.around | self._of_all) - SECOND_CHOICES

    @cached_property
    def _of_all(self) -> frozenset[str]:
        """Words that nobody knows at the beginning or end of nearly all names: a character's own."""
        found: set[str] = set()
        if len(self.read) >= LEAST_ALIKE:
            for end in (0, -1):
                words = Counter(own[end] for name in self.read if (own := readings(name)[-1]))
                found |= {
                    word
                    for word, count in words.items()
                    if count >= SHARE_ALIKE * len(self.read) and is_unheard_of(word)
                }
        return frozenset(found)

    @cached_property
    def worded(self) -> tuple[Choices, Choices]:
        """By what their words say in some language, and with one slip of the pen."""
        return (
            _choices(self._said(name) for name in self.read),
            _choices(self._meant(name) for name in self.read),
        )

    @cached_property
    def _company(self) -> tuple[Mapping[str, str], frozenset[str], bool]:
        """Sides that single letters say, names with a twin of the other side, whether sounds abound."""
        return sides_of(self.read), pairs_of(self.read), are_sounds(self.read, self.sure)

    def _said(self, name: str) -> tuple[str, ...]:
        sides, _, among_sounds = self._company
        return said(name, self.sure, sides.get(name, ""), among_sounds=among_sounds)

    def _meant(self, name: str) -> tuple[str, ...]:
        sides, pairs, _ = self._company
        return meant(name, self.sure, sides.get(name, ""), is_paired=name in pairs)

    def prepare(self) -> Iterator[None]:
        """Work out all meanings now, some names at a time, so that the first question need not."""
        empty = self.sure | SECOND_CHOICES
        for begin in range(0, len(self.read), NAMES_A_PIECE):
            for name in self.read[begin : begin + NAMES_A_PIECE]:
                # What these answer is remembered by name.
                _inside(name)
                _alone(name, self.sure)
                _alone(name, empty)
                _shuffled(name)
                self._said(name)
                self._meant(name)
            if len(self.names) > NAMES_A_PIECE:
                yield
        _ = self.exact, self.inside
        if len(self.names) > NAMES_A_PIECE:
            yield
        _ = self.alone, self.worded

    def recognised(self, wanted: Collection[str]) -> dict[str, str]:
        """The first name for each wanted spelling that one of them means.

        Parameters
        ----------
        wanted : spellings from `plain_spelling`

        Returns
        -------
        wanted spelling -> the rig's own name: exact meanings first, then those inside a shared prefix or
        suffix, inside words that mean nothing, of the same words in another order, and of
        words that say it in another language or with one slip of the pen
        """
        versions = self._known_apart(wanted)
        if versions:
            told = tuple(pair for pair in self.sides if pair[0] not in versions)
            return name_index(self.names, self.around, told).recognised(wanted)
        found: dict[str, str] = {}
        exact = _best(self.exact, wanted)
        for place, meaning in exact.items():
            found.setdefault(meaning, self.names[place])
        if len(exact) == len(self.names):
            return found
        for meanings in self._surrounded(wanted, exact):
            for place, meaning in sorted(meanings.items()):
                found.setdefault(meaning, self.names[place])
        taken = set(found.values()) | {self.names[place] for place in exact}
        for choices in self.alone + self.worded:
            for place, meaning in _best(choices, wanted).items():
                if self.names[place] not in taken:
                    found.setdefault(meaning, self.names[place])
                    taken.add(self.names[place])
        return found

    def _known_apart(self, wanted: Collection[str]) -> frozenset[str]:
        """Names with a side that are wanted as they are, with their number, as is the other of the pair."""
        pairs: dict[str, list[str]] = {}
        for name, _ in self.sides:
            if any(joined(words) in wanted for words in readings(name)):
                pairs.setdefault(without_mark(name).casefold(), []).append(name)
        return frozenset(name for pair in pairs.values() if len(pair) > 1 for name in pair)

    def _surrounded(
        self, wanted: Collection[str], without: Collection[int]
    ) -> list[dict[int, str]]:
        """For words that at least `LEAST_SHARED` wanted names have around them: name -> its meaning."""
        least = max(LEAST_SHARED, min(len(wanted), 8) // 2)
        meanings: dict[Affix, dict[int, str]] = {}
        first: dict[Affix, tuple[int, int]] = {}
        for meaning in _common(self.inside, wanted):
            for place, order, affix in self.inside[meaning]:
                if place not in without:
                    meanings.setdefault(affix, {})[place] = meaning
                    first[affix] = min(first.get(affix, (place, order)), (place, order))
        shared: list[tuple[int, tuple[int, int], Affix]] = []
        for affix, places in meanings.items():
            found = set(places.values())
            if (
                len(found) >= least
                and (_is_telling(found) or not SPOKEN.isdisjoint(affix[0] + affix[1]))
                and _is_no_side(affix, found)
            ):
                shared.append((-len(found), first[affix], affix))
        return [meanings[affix] for _, _, affix in sorted(shared)]


@lru_cache(maxsize=256)
def name_index(
    names: tuple[str, ...],
    around: frozenset[str] = frozenset(),
    sides: tuple[tuple[str, str], ...] = (),
) -> NameIndex:
    """The index of these names, made once."""
    return NameIndex(names, around, sides)


def recognised(
    names: Iterable[str], wanted: Collection[str], around: Collection[str] = ()
) -> dict[str, str]:
    """`NameIndex.recognised` of names that nobody has asked about yet."""
    return name_index(tuple(names), frozenset(around)).recognised(wanted)


@lru_cache(maxsize=REMEMBERED)
def is_second_choice(name: str) -> bool:
    """Whether a name is a corrective's, an earlier version's or an in-between's."""
    words = readings(name)[-1]
    return not SECOND_CHOICES.isdisjoint(words) or (bool(words) and is_half_way(words[-1]))


def _choices(meanings: Iterable[Sequence[str]]) -> Choices:
    found: Choices = {}
    for place, own in enumerate(meanings):
        for rank, meaning in enumerate(own):
            if meaning:
                found.setdefault(meaning, []).append((place, rank))
    return found


def _best(choices: Choices, wanted: Collection[str]) -> dict[int, str]:
    """Place of a name -> the first of its meanings that is wanted, in the order of the names."""
    best: dict[int, tuple[int, str]] = {}
    for meaning in _common(choices, wanted):
        for place, rank in choices[meaning]:
            if place not in best or rank < best[place][0]:
                best[place] = rank, meaning
    return {place: best[place][1] for place in sorted(best)}


def _common(offered: Mapping[str, object], wanted: Collection[str]) -> Iterator[str]:
    """Meanings that are in both, at the price of the smaller."""
    few, many = (offered, wanted) if len(offered) < len(wanted) else (wanted, offered)
    return (meaning for meaning in few if meaning in many)


def _is_telling(names: Collection[str]) -> bool:
    """Whether one of some names is long enough not to be found inside anything."""
    return any(len(name) >= SHORTEST_INSIDE or not name.isascii() for name in names)


def _is_no_side(affix: Affix, found: Collection[str]) -> bool:
    """Whether a side among the words around is not that of the names: those have both of their own."""
    sides = ("left", "right")
    if not any(word in sides for words in affix for word in words):
        return True
    return all(any(name.endswith(side) for name in found) for side in sides)


@lru_cache(maxsize=REMEMBERED)
def _inside(name: str) -> Mapping[Affix, str]:
    """What a name means without some of its first and last words, by those."""
    inside: dict[Affix, str] = {}
    for words in readings(name):
        for affix, meaning in _cut(words, MOST_PREFIX_WORDS, MOST_SUFFIX_WORDS):
            inside.setdefault(affix, meaning)
    return inside


def _cut(words: tuple[str, ...], prefix: int, suffix: int) -> Iterator[tuple[Affix, str]]:
    """At most so many of the first and last words, and what the others mean."""
    outer = tuple([NUMBER if word.isdigit() else word for word in words])
    has_side = "left" in words or "right" in words
    for before in range(min(prefix, len(words) - 1) + 1):
        for after in range(min(suffix, len(words) - before - 1) + 1):
            if before + after:
                last = len(words) - after
                kept = words[before:last]
                meaning = joined(kept) if has_side else "".join(kept)
                if meaning:
                    yield (outer[:before], outer[last:]), meaning


@lru_cache(maxsize=REMEMBERED)
def _alone(name: str, around: frozenset[str]) -> tuple[str, ...]:
    """What a name means inside words that mean nothing, with as few of them taken away as can be."""
    found: list[tuple[int, str]] = []
    for words in readings(name):
        prefix = _empty_words(words, around, MOST_PREFIX_WORDS)
        behind = words[::-1]
        if behind and is_half_way(behind[0]) and HALF_WAY not in around:
            behind = ()
        suffix = _empty_words(behind, around, MOST_SUFFIX_WORDS)
        if prefix or suffix:
            found += [
                (len(before) + len(after), meaning)
                for (before, after), meaning in _cut(words, prefix, suffix)
                if len(meaning) >= SHORTEST_ALONE
            ]
    return tuple(meaning for _, meaning in sorted(found))


def _empty_words(words: tuple[str, ...], around: frozenset[str], most: int) -> int:
    """How many of the first words mean nothing."""
    count = 0
    for word in words[:most]:
        is_letter = len(word) == 1 and word.isascii()
        if not (word in around or word.isdigit() or is_letter):
            break
        count += 1
    return count


@lru_cache(maxsize=REMEMBERED)
def _shuffled(name: str) -> tuple[str, ...]:
    """What the words of a name mean in any order; its one side is told wherever it stands."""
    found: list[str] = []
    for words in readings(name)[-2:]:
        sides = [word for word in words if word in ("left", "right")]
        others = [word for word in words if word not in ("left", "right")]
        if len(sides) <= 1 and 2 <= len(others) <= MOST_SHUFFLED:
            found += ["".join([*order, *sides]) for order in permutations(others)]
    return tuple(found)
