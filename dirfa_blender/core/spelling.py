"""Spellings of one name: what exporters disagree about, taken away.

A name is a list of words. Case, separators, namespaces, numbering of copies and the place of the side do
not count: ``EyeBlinkLeft``, ``eyeBlink_L``, ``!ex-eyeBlinkLeft``, ``CH:Eye_L_Blink`` and
``A14_Eye_Blink_Left`` are one name. Words that a whole rig puts around its names (``Face_jawOpen_geo``,
``M_F00_000_Fcl_MTH_A``, ``07_jawOpen``) are recognised by `shared_affixes`, because only many names
together can tell them; a number there stands for any number. No bpy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

# A prefix or suffix must be shared by this many recognised names, or it is part of the name.
LEAST_SHARED = 3
MOST_PREFIX_WORDS, MOST_SUFFIX_WORDS = 6, 3
# Stands for any number before or after a name.
NUMBER = "#"
# Shorter names would be found inside anything; a sign of kana or kanji says more than a letter.
SHORTEST_INSIDE = 4

_NAMESPACE = re.compile(r"^.*[:|]")
_PREFIX = re.compile(r"^(!\w+-|[A-Za-z]\d\d_)")
_DOTTED = re.compile(r"^[A-Za-z]\w*\.(?=[^\W\d])")
_COPY = re.compile(r"\.\d{3}$")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_SIDES = {
    "l": "left", "lf": "left", "lft": "left", "left": "left",
    "r": "right", "rt": "right", "rgt": "right", "right": "right",
    "links": "left", "izquierda": "left", "izquierdo": "left", "izq": "left", "gauche": "left",
    "sinistra": "left", "sinistro": "left", "esquerda": "left", "esquerdo": "left",
    "rechts": "right", "derecha": "right", "derecho": "right", "dcha": "right", "droite": "right",
    "droit": "right", "destra": "right", "destro": "right", "direita": "right", "direito": "right",
}  # fmt: skip
# Words that are a side at the end of a name only: elsewhere they mean something else.
_LAST_SIDES = {"der": "right", "sx": "left", "dx": "right", "esq": "left"}
# Accents of Latin letters; those of kana are letters of their own.
_ACCENT = re.compile(r"([A-Za-z])[\u0300-\u036f]+")
Affix = tuple[tuple[str, ...], tuple[str, ...]]


def words_of(name: str) -> list[str]:
    """Words of a shape, property or pose name in lower case; sides in full."""
    return list(_words_of(name))


@lru_cache(maxsize=8192)
def _words_of(name: str) -> tuple[str, ...]:
    name = _folded(name)
    name = _COPY.sub("", _NAMESPACE.sub("", name))
    name = _PREFIX.sub("", name)
    rest = _DOTTED.sub("", name)
    if rest.lower() not in _SIDES:
        name = rest
    return tuple(_split(name))


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


def recognised(names: Iterable[str], wanted: Collection[str]) -> dict[str, str]:
    """The first of `names` for each wanted spelling that one of them means.

    Parameters
    ----------
    wanted : spellings from `plain_spelling`

    Returns
    -------
    wanted spelling -> the rig's own name, exact meanings before those inside a shared prefix or suffix
    """
    found: dict[str, str] = {}
    rest: list[str] = []
    for name in names:
        meaning = joined(words_of(name))
        if meaning in wanted:
            found.setdefault(meaning, name)
        else:
            rest.append(name)
    for affix in shared_affixes(rest, wanted):
        for name in rest:
            meaning = _inside(name).get(affix, "")
            if meaning in wanted:
                found.setdefault(meaning, name)
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
    ]
    return sorted(shared, key=lambda affix: -len(meanings[affix]))


@lru_cache(maxsize=4096)
def _inside(name: str) -> Mapping[Affix, str]:
    """What a name means without some of its first and last words, by those."""
    words = words_of(name)
    outer = [NUMBER if word.isdigit() else word for word in words]
    inside: dict[Affix, str] = {}
    for before in range(min(MOST_PREFIX_WORDS, len(words) - 1) + 1):
        for after in range(min(MOST_SUFFIX_WORDS, len(words) - before - 1) + 1):
            if before + after:
                last = len(words) - after
                affix = tuple(outer[:before]), tuple(outer[last:])
                inside[affix] = joined(words[before:last])
    return inside


def _folded(name: str) -> str:
    """One form of every character, without accents: ``Lächeln`` has no side and is ``Lacheln``."""
    apart = unicodedata.normalize("NFKD", name).replace("ß", "ss")
    return unicodedata.normalize("NFKC", _ACCENT.sub(r"\1", apart)).strip()


def _split(name: str) -> list[str]:
    words: list[str] = [word.lower() for word in _WORD.findall(name)]
    if len(words) == 1:
        # All in one case: only the end of the text can tell the side.
        for side in ("left", "right"):
            if words[0].endswith(side) and words[0] != side:
                return [words[0][: -len(side)], side]
        return words
    sided = [_SIDES.get(word) or word for word in words]
    if len(sided) > 1 and not {"left", "right"} & set(sided):
        sided[-1] = _LAST_SIDES.get(sided[-1], sided[-1])
    return sided
