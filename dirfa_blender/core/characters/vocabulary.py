"""What a name says in plain words of any of a dozen languages, as the one spelling that profiles know.

``sourcil_haut``, ``Augenbraue hoch`` and ``眉上げ`` all say *brow up*. The words are data
(``rigs/vocabulary.json``): each stands for concepts, and a set of concepts for a movement, in whatever
order. A name means something only if **every** word of it is known, so that ``smile_lines``, ``lip_thick``
and ``half_blink`` mean nothing: what is not understood whole is better left alone. A word that nobody
knows may be one with a single slip of the pen, where another word of the name says what it is about, or
where the same word is there for the other side (``snerr_L``, ``snerr_R``). Sounds need a word that
announces them, unless so many stand side by side (``Ah``, ``Ee``, ``F``, ``L``, ``M``) that they announce
each other. No bpy.

References
----------
.. [1] Damerau: A technique for computer detection and correction of spelling errors, 1964: a letter too
   many, one missing, one wrong, or two swapped make four of five slips.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .spelling import is_half_way, readings

VOCABULARY_FILE = Path(__file__).resolve().parents[3] / "rigs" / "vocabulary.json"
SIDES = ("left", "right")
# Letters of a word in which two may be swapped, one be too many or missing, one be another.
SHORTEST_SWAPPED, SHORTEST_LONGER, SHORTEST_OTHER = 4, 5, 6
# With the same word for the other side, one letter of a shorter word may be another.
SHORTEST_OTHER_OF_PAIR = 5
# Bare sounds announce each other where this many vowels and consonants are among them, or the five vowels.
VOWELS = frozenset({"aa", "e", "ee", "ih", "oh", "ou", "uh"})
FIVE_VOWELS = frozenset({"aa", "e", "ih", "oh", "ou"})
LEAST_VOWELS, LEAST_CONSONANTS, LEAST_SOUNDS = 2, 2, 5
# A single word of fewer Latin letters is no row of words: ``upsu``.
SHORTEST_ROW = 6
# Letters that say left in a Romance language where the same name with D says right.
LEFT_LETTERS, RIGHT_LETTER = frozenset({"g", "i", "s", "e"}), "d"
# Where sounds stand, L and R are some.
_LETTERS_OF_SIDES = {"left": "l", "right": "r"}
# Names of a large cast: remembered, a name costs nothing the next time.
REMEMBERED = 32768

Concepts = tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """`rigs/vocabulary.json`, turned around.

    Parameters
    ----------
    words : word -> the concepts it stands for, none where it says nothing
    implied : concept -> the concepts that it makes superfluous
    meanings : concepts -> the movement, in ARKit's words
    one_sided : concepts that mean nothing without a side: a wink closes one eye
    spoken, mouthed : words behind which a sound stands; behind the second only a vowel or several letters
    sounds : sound as people write it -> its class
    slips : word without one letter -> words
    """

    words: Mapping[str, Concepts]
    implied: Mapping[str, Collection[str]]
    meanings: Mapping[frozenset[str], str]
    one_sided: frozenset[str]
    spoken: frozenset[str]
    mouthed: frozenset[str]
    sounds: Mapping[str, str]
    slips: Mapping[str, Sequence[str]]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The shipped vocabulary, read once."""
    document = json.loads(VOCABULARY_FILE.read_text("utf-8"))
    words: dict[str, Concepts] = {side: (side,) for side in SIDES}
    for concepts, written in document["words"].items():
        words.update(dict.fromkeys(written, tuple(concepts.split())))
    implied = {concept: others.split() for concept, others in document["implied"].items()}
    meanings = {
        _without_implied(said.split(), implied): movement
        for movement, sayings in document["meanings"].items()
        for said in sayings
    }
    sounds = {form: sound for sound, forms in document["sounds"].items() for form in forms}
    slips: dict[str, list[str]] = {}
    for word in words:
        for short in _shortened(word):
            slips.setdefault(short, []).append(word)
    spoken, mouthed = frozenset(document["spoken"]), frozenset(document["mouthed"])
    one_sided = frozenset(document["one_sided"])
    return Vocabulary(words, implied, meanings, one_sided, spoken, mouthed, sounds, slips)


@lru_cache(maxsize=REMEMBERED)
def said(
    name: str, empty: frozenset[str], side: str = "", *, among_sounds: bool = False
) -> tuple[str, ...]:
    """Spellings of the movement or sound that all words of a name say together.

    Parameters
    ----------
    empty : words that say nothing
    side : of a name whose last word is a letter for it
    among_sounds : whether the other names announce it as a sound
    """
    found: list[str] = []
    for words in _ways(name, side):
        found += _sound(words, empty, is_announced=among_sounds)
        concepts = [_concepts(word) for word in words]
        found += _movement(words, concepts, empty)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=REMEMBERED)
def meant(
    name: str, empty: frozenset[str], side: str = "", *, is_paired: bool = False
) -> tuple[str, ...]:
    """Spellings of what the words of a name say if one of them has a slip of the pen.

    Parameters
    ----------
    is_paired : whether the same name is there for the other side
    """
    found: list[str] = []
    for words in _ways(name, side):
        unknown = [place for place, word in enumerate(words) if _unknown(word, empty)]
        if len(unknown) != 1:
            continue
        place = unknown[0]
        others = [_concepts(word) for word in words[:place] + words[place + 1 :]]
        if not is_paired and not any(set(known or ()) - set(SIDES) for known in others):
            continue
        right = {vocabulary().words[word] for word in _corrections(words[place], is_paired)}
        if len(right) == 1:
            concepts = [_concepts(word) for word in words]
            concepts[place] = right.pop()
            found += _movement(words, concepts, empty)
    return tuple(dict.fromkeys(found))


def is_unheard_of(word: str) -> bool:
    """Whether a word says nothing in any language here, and is no sound's announcement or number."""
    known = vocabulary()
    return _concepts(word) is None and word not in known.spoken | known.mouthed and word.isalpha()


def sides_of(names: Sequence[str]) -> dict[str, str]:
    """Sides of names that end in a Romance letter for it: of those of which both sides are there."""
    stems: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        *stem, last = readings(name)[-1] or ("",)
        if stem and (last in LEFT_LETTERS or last == RIGHT_LETTER):
            stems.setdefault(tuple(stem), {})[last] = name
    found: dict[str, str] = {}
    for letters in stems.values():
        if len(letters) == 2 and RIGHT_LETTER in letters:
            for letter, name in letters.items():
                found[name] = "right" if letter == RIGHT_LETTER else "left"
    return found


def are_sounds(names: Sequence[str], empty: frozenset[str]) -> bool:
    """Whether so many of some names are bare sounds that each of them is one."""
    found = {
        vocabulary().sounds[form] for name in names if (form := _bare_form(name, empty)) is not None
    }
    vowels = found & VOWELS
    consonants = found - VOWELS - {"sil"}
    return vowels >= FIVE_VOWELS or (
        len(vowels) >= LEAST_VOWELS
        and len(consonants) >= LEAST_CONSONANTS
        and len(vowels) + len(consonants) >= LEAST_SOUNDS
    )


def pairs_of(names: Sequence[str]) -> frozenset[str]:
    """Names of which both sides are there."""
    stems: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        words = readings(name)[-1]
        sides = [word for word in words if word in SIDES]
        if len(sides) == 1:
            stem = tuple("" if word in SIDES else word for word in words)
            stems.setdefault(stem, {})[sides[0]] = name
    return frozenset(
        name for sides in stems.values() if len(sides) == len(SIDES) for name in sides.values()
    )


def _bare_form(name: str, empty: frozenset[str]) -> str | None:
    """The letters of a name that is a sound as it stands, or behind a word for the mouth."""
    known = vocabulary()
    for words in readings(name):
        rest = [word for word in words if word not in empty and not word.isdigit()]
        form = "".join(word for word in rest if word not in known.mouthed)
        if len(form) < len("".join(rest)) and form in SIDES:
            continue
        form = _LETTERS_OF_SIDES.get(form, form)
        if form in known.sounds:
            return form
    return None


def _ways(name: str, side: str) -> Iterator[tuple[str, ...]]:
    for words in readings(name):
        if words and not is_half_way(words[-1]):
            yield (*words[:-1], side) if side else words


def _unknown(word: str, empty: frozenset[str]) -> bool:
    return _concepts(word) is None and word not in empty and not word.isdigit()


def _movement(
    words: Sequence[str], concepts: Sequence[Concepts | None], empty: frozenset[str]
) -> Iterator[str]:
    """The movement that concepts say together; a word without any must say nothing."""
    said: list[str] = []
    for word, known in zip(words, concepts, strict=True):
        if known is None and word not in empty and not word.isdigit():
            return
        said += known or ()
    sides = [concept for concept in said if concept in SIDES]
    if not sides and not vocabulary().one_sided.isdisjoint(said):
        return
    movement = vocabulary().meanings.get(
        _without_implied(
            (concept for concept in said if concept not in SIDES), vocabulary().implied
        )
    )
    if movement and len(sides) <= 1:
        yield movement.lower() + "".join(sides)


def _sound(
    words: Sequence[str], empty: frozenset[str], *, is_announced: bool = False
) -> Iterator[str]:
    """The class of a sound that stands behind words that announce one, or among others."""
    known = vocabulary()
    rest = [word for word in words if word not in empty and not word.isdigit()]
    announced = is_announced or any(word in known.spoken for word in rest)
    mouthed = [word for word in rest if word in known.mouthed]
    form = "".join(word for word in rest if word not in known.spoken | known.mouthed)
    if announced and not (is_announced and mouthed):
        form = _LETTERS_OF_SIDES.get(form, form)
    sound = known.sounds.get(form, "")
    # A sign of kana or hangul is a syllable by itself, and a letter is not.
    if not sound:
        return
    may_be = announced or not form.isascii() or (mouthed and (form[0] in "aeiou" or len(form) > 2))
    if may_be:
        yield "phoneme" + sound


@lru_cache(maxsize=REMEMBERED)
def _concepts(word: str) -> Concepts | None:
    """What a word, or a row of words written as one, stands for; None where that is unknown."""
    known = vocabulary().words
    if word in known:
        return known[word]
    if word.isascii() and len(word) < SHORTEST_ROW:
        return None
    # The row of fewest words that fills the whole.
    rows: list[Concepts | None] = [(), *([None] * len(word))]
    count = [0] + [len(word) + 1] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            before, part = rows[start], known.get(word[start:end])
            if before is not None and part is not None and count[start] + 1 < count[end]:
                rows[end], count[end] = (*before, *part), count[start] + 1
    return rows[-1]


def _without_implied(
    concepts: Iterator[str] | Sequence[str], implied: Mapping[str, Collection[str]]
) -> frozenset[str]:
    found = frozenset(concepts)
    return found - {other for concept in found for other in implied.get(concept, ())}


def _shortened(word: str) -> set[str]:
    """A word, and the word without each of its letters."""
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


def _corrections(word: str, is_paired: bool) -> set[str]:
    """Known words of which a word is one slip away; the first letter is nobody's slip."""
    shortest = SHORTEST_OTHER_OF_PAIR if is_paired else SHORTEST_OTHER
    near = {other for short in _shortened(word) for other in vocabulary().slips.get(short, ())}
    return {other for other in near if other[:1] == word[:1] and _is_slip(word, other, shortest)}


def _is_slip(word: str, other: str, shortest_other: int) -> bool:
    if not min(len(word), len(other)) >= SHORTEST_SWAPPED:
        return False
    if abs(len(word) - len(other)) == 1:
        longer, shorter = (word, other) if len(word) > len(other) else (other, word)
        return len(longer) >= SHORTEST_LONGER and shorter in _shortened(longer)
    if len(word) != len(other):
        return False
    differ = [place for place, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(differ) == 1:
        return len(word) >= shortest_other
    return (
        len(differ) == 2
        and differ[1] == differ[0] + 1
        and word[differ[0]] == other[differ[1]]
        and word[differ[1]] == other[differ[0]]
    )
