"""Spellings of one name: what exporters disagree about, taken away.

A name is a list of words. Case, separators, namespaces, numbering of copies and the place of the side do
not count: ``EyeBlinkLeft``, ``eyeBlink_L``, ``!ex-eyeBlinkLeft``, ``CH:Eye_L_Blink`` and
``A14_Eye_Blink_Left`` are one name. Words that a whole rig puts around its names (``Face_jawOpen_geo``,
``M_F00_000_Fcl_MTH_A``, ``07_jawOpen``) are recognised by `shared_affixes`, because only many names
together can tell them; a number there stands for any number. Words that mean nothing by themselves
(``bs_jawOpen``, ``Teeth_jawOpen_01``) need no company, and words in another order (``Open_Jaw``) come last.
No bpy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import permutations

# A prefix or suffix must be shared by this many recognised names, or it is part of the name.
LEAST_SHARED = 3
MOST_PREFIX_WORDS, MOST_SUFFIX_WORDS = 6, 3
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
    "tearline", "ctrl"
})  # fmt: skip
# Of these, what also marks a shape that is not meant where there is another: a corrective, an earlier one.
SECOND_CHOICES = frozenset({"fix", "fixed", "old", "copy", "tmp", "test"})
# A name that only such words surround is at least this long: ``shp_open`` may be a door.
SHORTEST_ALONE = 5
# Words that are tried in every order.
MOST_SHUFFLED = 4

# What ends with a side alone is no namespace: ``mouthSmile|Left``.
_NAMESPACE = re.compile(r"^.*[:|](?!(?:left|right|[lr])(?:\.\d{3})?$)", re.IGNORECASE)
_PREFIX = re.compile(r"^(!\w+-|[A-Za-z]\d\d_)")
_DOTTED = re.compile(r"^[A-Za-z]\w*\.(?=[^\W\d])")
_COPY = re.compile(r"\.\d{3}$")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_SIDES = {
    "l": "left", "lf": "left", "lft": "left", "lt": "left", "left": "left",
    "r": "right", "rt": "right", "rgt": "right", "right": "right",
    "links": "left", "izquierda": "left", "izquierdo": "left", "izq": "left", "gauche": "left",
    "sinistra": "left", "sinistro": "left", "esquerda": "left", "esquerdo": "left",
    "rechts": "right", "derecha": "right", "derecho": "right", "dcha": "right", "droite": "right",
    "droit": "right", "destra": "right", "destro": "right", "direita": "right", "direito": "right",
}  # fmt: skip
# Words that are a side at the end of a name only: elsewhere they mean something else.
_LAST_SIDES = {
    "der": "right", "sx": "left", "dx": "right", "esq": "left", "л": "left", "п": "right",
    "лев": "left", "прав": "right",
}  # fmt: skip
# Accents of Latin letters; those of kana are letters of their own.
_ACCENT = re.compile(r"([A-Za-z])[\u0300-\u036f]+")
# Katakana are written for hiragana, and in half width: ``ﾆﾔﾘ`` is ``にやり``.
_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
Affix = tuple[tuple[str, ...], tuple[str, ...]]


def words_of(name: str) -> list[str]:
    """Words of a shape, property or pose name in lower case; sides in full."""
    return list(_words_of(name))


def _words_of(name: str) -> tuple[str, ...]:
    return _readings(name)[-1]


@lru_cache(maxsize=8192)
def _readings(name: str) -> tuple[tuple[str, ...], ...]:
    """Words of a name with what is before its first point (``Jaw.Open``), and without (``bs.jawOpen``)."""
    name = _folded(name)
    name = _COPY.sub("", _NAMESPACE.sub("", name))
    name = _PREFIX.sub("", name)
    found = [tuple(_split(name))]
    rest = _DOTTED.sub("", name)
    if rest != name and rest.lower() not in _SIDES:
        # What is left out may hold the side: ``facs_Left.Mouth.Smile``.
        before = _split(name[: len(name) - len(rest)])
        found.append((*(word for word in before if word in ("left", "right")), *_split(rest)))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8192)
def _bone_words(name: str) -> tuple[str, ...]:
    return tuple(_split(_NAMESPACE.sub("", _folded(name))))


def bone_words(name: str) -> list[str]:
    """Words of a bone name: numbers count here, since ``neck.001`` is another bone than ``neck``."""
    return list(_bone_words(name))


def joined(words: list[str]) -> str:
    """One text of words; a single side goes last wherever it stood."""
    sides = [word for word in words if word in ("left", "right")]
    if len(sides) == 1 and len(words) > 1:
        return "".join(word for word in words if word != sides[0]) + sides[0]
    return "".join(words)


@lru_cache(maxsize=8192)
def plain_spelling(name: str) -> str:
    """Spelling in which all writers of a shape's name agree."""
    return joined(words_of(name))


def bone_spelling(name: str) -> str:
    """Spelling in which all writers of a bone's name agree."""
    return joined(bone_words(name))


def side_of(name: str) -> str:
    """``left`` or ``right`` where a name has exactly one side, else nothing."""
    name = unicodedata.normalize("NFKC", name)
    sides = [word for word in bone_words(name) if word in ("left", "right")]
    sides += [{"左": "left", "右": "right"}[c] for c in name if c in "左右"]
    return sides[0] if len(sides) == 1 else ""


def recognised(
    names: Iterable[str], wanted: Collection[str], around: Collection[str] = ()
) -> dict[str, str]:
    """The first of `names` for each wanted spelling that one of them means.

    Parameters
    ----------
    wanted : spellings from `plain_spelling`
    around : words that mean nothing in these names besides `AROUND`, such as those of the mesh's own name

    Returns
    -------
    wanted spelling -> the rig's own name: exact meanings first, then those inside a shared prefix or
    suffix, inside words that mean nothing, and of the same words in another order
    """
    found: dict[str, str] = {}
    rest: list[str] = []
    for name in names:
        meaning = next((m for m in map(_joined, _readings(name)) if m in wanted), "")
        if meaning:
            found.setdefault(meaning, name)
        else:
            rest.append(name)
    for affix in shared_affixes(rest, wanted):
        for name in rest:
            meaning = _inside(name).get(affix, "")
            if meaning in wanted:
                found.setdefault(meaning, name)
    taken = set(found.values())
    alone = [name for name in rest if name not in taken]
    empty = AROUND.union(around)
    sure = empty - SECOND_CHOICES
    for meanings in (lambda n: _alone(n, sure), lambda n: _alone(n, empty), _shuffled):
        for name in alone:
            meaning = next((m for m in meanings(name) if m in wanted), "")
            if meaning and name not in taken:
                found.setdefault(meaning, name)
                taken.add(name)
    return found


def shared_affixes(names: Iterable[str], wanted: Collection[str]) -> list[Affix]:
    """Words before and after wanted names that at least `LEAST_SHARED` of them share, most first."""
    least = max(LEAST_SHARED, min(len(wanted), 8) // 2)
    meanings: dict[Affix, set[str]] = {}
    for name in names:
        for affix, meaning in _inside(name).items():
            if meaning in wanted:
                meanings.setdefault(affix, set()).add(meaning)
    shared = [
        affix
        for affix, found in meanings.items()
        if len(found) >= least
        and any(len(name) >= SHORTEST_INSIDE or not name.isascii() for name in found)
        and _is_no_side(affix, found)
    ]
    return sorted(shared, key=lambda affix: -len(meanings[affix]))


def _is_no_side(affix: Affix, found: Collection[str]) -> bool:
    """Whether a side among the words around is not that of the names: those have both of their own."""
    sides = ("left", "right")
    if not any(word in sides for words in affix for word in words):
        return True
    return all(any(name.endswith(side) for name in found) for side in sides)


@lru_cache(maxsize=4096)
def _inside(name: str) -> Mapping[Affix, str]:
    """What a name means without some of its first and last words, by those."""
    inside: dict[Affix, str] = {}
    for words in _readings(name):
        for affix, meaning in _cut(words):
            inside.setdefault(affix, meaning)
    return inside


def _cut(words: tuple[str, ...]) -> Iterator[tuple[Affix, str]]:
    """Some of the first and last words, and what the others mean."""
    outer = [NUMBER if word.isdigit() else word for word in words]
    for before in range(min(MOST_PREFIX_WORDS, len(words) - 1) + 1):
        for after in range(min(MOST_SUFFIX_WORDS, len(words) - before - 1) + 1):
            if before + after:
                last = len(words) - after
                yield (tuple(outer[:before]), tuple(outer[last:])), _joined(words[before:last])


@lru_cache(maxsize=4096)
def _alone(name: str, around: frozenset[str]) -> tuple[str, ...]:
    """What a name means inside words that mean nothing, with as few of them taken away as can be."""
    found = [
        (len(affix[0]) + len(affix[1]), meaning)
        for words in _readings(name)
        for affix, meaning in _cut(words)
        if len(meaning) >= SHORTEST_ALONE
        and all(
            word in around or word == NUMBER or (len(word) == 1 and word.isascii())
            for words in affix
            for word in words
        )
    ]
    return tuple(meaning for _, meaning in sorted(found))


@lru_cache(maxsize=4096)
def _shuffled(name: str) -> tuple[str, ...]:
    """What the words of a name mean in any order; its one side is told wherever it stands."""
    words = _readings(name)[0]
    sides = [word for word in words if word in ("left", "right")]
    others = [word for word in words if word not in ("left", "right")]
    if len(sides) > 1 or not 2 <= len(others) <= MOST_SHUFFLED:
        return ()
    return tuple("".join([*order, *sides]) for order in permutations(others))


def _joined(words: Sequence[str]) -> str:
    return joined(list(words))


def _folded(name: str) -> str:
    """One form of every character, without accents: ``Lächeln`` has no side and is ``Lacheln``."""
    apart = unicodedata.normalize("NFKD", name).replace("ß", "ss")
    return unicodedata.normalize("NFKC", _ACCENT.sub(r"\1", apart)).translate(_HIRAGANA).strip()


def _split(name: str) -> list[str]:
    words: list[str] = [word.lower() for word in _WORD.findall(name)]
    if len(words) == 1:
        # All in one case: only the ends of the text can tell the side.
        for side in ("left", "right"):
            if words[0].endswith(side) and words[0] != side:
                return [words[0][: -len(side)], side]
            if words[0].startswith(side) and words[0] != side:
                return [side, words[0][len(side) :]]
        return words
    sided = [_SIDES.get(word) or word for word in words]
    if len(sided) > 1 and not {"left", "right"} & set(sided):
        sided[-1] = _LAST_SIDES.get(sided[-1], sided[-1])
    return sided
