"""Spellings of one name: what exporters disagree about, taken away.

A name is a list of words. Case, separators, namespaces, numbering of copies and the place of the side do
not count: ``EyeBlinkLeft``, ``eyeBlink_L``, ``!ex-eyeBlinkLeft``, ``CH:Eye_L_Blink`` and
``A14_Eye_Blink_Left`` are one name. Words that a whole rig puts around its names (``Face_jawOpen_geo``,
``M_F00_000_Fcl_MTH_A``, ``07_jawOpen``) are `recognition`'s to find, because only many names together can
tell them. No bpy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# Names of a large cast: remembered, a name costs nothing the next time.
REMEMBERED = 32768

# What ends with a side alone is no namespace: ``mouthSmile|Left``.
_NAMESPACE = re.compile(r"^.*[:|](?!(?:left|right|[lr])(?:\.\d{3})?$)", re.IGNORECASE)
# What begins with a side may be none either: ``mouthSmile|Left_geo``, but ``Hero|Left_Blink``.
_BARRED = re.compile(r"[:|](?=(?:left|right|[lr])(?![a-z]))", re.IGNORECASE)
_PREFIX = re.compile(r"^(!\w+-|[A-Za-z]\d\d_)")
_DOTTED = re.compile(r"^[A-Za-z]\w*\.(?=[^\W\d])")
_COPY = re.compile(r"\.\d{3}$")
# May tell the two sides apart: ``blink1``, ``blink.001``, ``blink_A``.
_MARK = re.compile(r"(?:\.\d{3}|[ _.-]*\d{1,2}|[ _.-][ABab])$")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_SIDES = {
    "l": "left", "lf": "left", "lft": "left", "lt": "left", "left": "left",
    "r": "right", "rt": "right", "rgt": "right", "right": "right",
    "links": "left", "izquierda": "left", "izquierdo": "left", "izq": "left", "gauche": "left",
    "sinistra": "left", "sinistro": "left", "esquerda": "left", "esquerdo": "left",
    "rechts": "right", "derecha": "right", "derecho": "right", "dcha": "right", "droite": "right",
    "droit": "right", "destra": "right", "destro": "right", "direita": "right", "direito": "right",
    "linke": "left", "linker": "left", "linkes": "left", "rechte": "right", "rechter": "right",
    "rechtes": "right", "lewy": "left", "lewa": "left", "lewe": "left", "prawy": "right", "prawa": "right",
    "prawe": "right", "venstre": "left", "hojre": "right", "hoyre": "right", "vanster": "left",
    "hoger": "right", "kiri": "left", "kanan": "right", "sol": "left", "sag": "right",
    # Slips of the pen.
    "lef": "left", "letf": "left", "righ": "right", "rigth": "right", "rihgt": "right",
}  # fmt: skip
# Words that are a side at the end of a name only: elsewhere they mean something else.
_LAST_SIDES = {
    "der": "right", "sx": "left", "dx": "right", "esq": "left", "л": "left", "п": "right",
    "лев": "left", "прав": "right",
}  # fmt: skip
# What riggers shorten, in full, and two words for one thing.
_IN_FULL = {
    "lwr": "lower", "lw": "lower", "upr": "upper", "uppr": "upper", "dn": "down", "dwn": "down",
    "fwd": "forward", "frwd": "forward", "inr": "inner", "innr": "inner", "otr": "outer", "outr": "outer",
    "mth": "mouth", "chk": "cheek", "sqnt": "squint", "crnr": "corner",
    "brw": "brow", "brows": "brow", "eyebrow": "brow", "eyebrows": "brow",
}  # fmt: skip
# How Maya writes a sign that FBX names may not have: ``smileFBXASC046L`` is ``smile.L``.
_FBX_SIGN = re.compile(r"FBXASC(\d{3})")
# What Maya adds where two names clash: ``jawOpen_ncl1_1``.
_CLASH = re.compile(r"_ncl\d+_\d+")
# Accents of Latin letters; those of kana are letters of their own.
_ACCENT = re.compile(r"([A-Za-z])[\u0300-\u036f]+")
# One letter that is written as two elsewhere.
_LIGATURES = str.maketrans({"ß": "ss", "œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae"})
# A letter for the side at an end of a word that goes on in its own case.
_GLUED_LAST = re.compile(r"(?P<stem>.*(?:[a-z]{3}(?=[lr]$)|[A-Z]{3}(?=[LR]$)))(?P<side>[lrLR])$")
_GLUED_FIRST = re.compile(r"(?P<side>[lrLR])(?P<stem>(?:[a-z]{3}|(?<=[LR])[A-Z]{3}).*)$")
# Pairs that a face has of such names before they are believed.
LEAST_GLUED = 3
# Katakana are written for hiragana, and in half width: ``ﾆﾔﾘ`` is ``にやり``.
_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def words_of(name: str) -> list[str]:
    """Words of a shape, property or pose name in lower case; sides in full."""
    return list(_words_of(name))


def _words_of(name: str) -> tuple[str, ...]:
    return readings(name)[-1]


@lru_cache(maxsize=REMEMBERED)
def readings(name: str) -> tuple[tuple[str, ...], ...]:
    """Words of a name with what is before its first point (``Jaw.Open``), and without (``bs.jawOpen``).

    Before both comes what is before a bar or colon, where a side follows that may be the name's own.
    """
    whole = _folded(name)
    name = _COPY.sub("", _NAMESPACE.sub("", whole))
    name = _PREFIX.sub("", name)
    found = [tuple(_split(name))]
    if _BARRED.search(whole):
        found.insert(0, tuple(_split(_PREFIX.sub("", _COPY.sub("", whole)))))
    rest = _DOTTED.sub("", name)
    if rest != name and rest.lower() not in _SIDES:
        # What is left out may hold the side: ``facs_Left.Mouth.Smile``.
        before = _split(name[: len(name) - len(rest)])
        found.append((*(word for word in before if word in ("left", "right")), *_split(rest)))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=REMEMBERED)
def _bone_words(name: str) -> tuple[str, ...]:
    return tuple(_split(_NAMESPACE.sub("", _folded(name))))


def bone_words(name: str) -> list[str]:
    """Words of a bone name: numbers count here, since ``neck.001`` is another bone than ``neck``."""
    return list(_bone_words(name))


def joined(words: Sequence[str]) -> str:
    """One text of words; a single side goes last wherever it stood."""
    sides = [word for word in words if word in ("left", "right")]
    if len(sides) == 1 and len(words) > 1:
        return "".join(word for word in words if word != sides[0]) + sides[0]
    return "".join(words)


@lru_cache(maxsize=REMEMBERED)
def plain_spelling(name: str) -> str:
    """Spelling in which all writers of a shape's name agree."""
    return joined(_words_of(name))


@lru_cache(maxsize=REMEMBERED)
def bone_spelling(name: str) -> str:
    """Spelling in which all writers of a bone's name agree."""
    return joined(_bone_words(name))


def is_half_way(word: str) -> bool:
    """Whether a last word says how far a shape goes, such as the 50 of an in-between ``jawOpen_50``."""
    return word.isdigit() and len(word) > 1 and word[0] != "0" and int(word) % 5 == 0


def with_sides_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with a letter in full that says the side and has no word of its own: ``eyeblinkl``.

    One name cannot tell: ``mouthdimpler`` may be a dimpler. But a letter is a side where `LEAST_GLUED`
    names have a twin with the other one, at the same end.
    """
    bare = {name: _COPY.sub("", name) for name in names}
    present = {_beginning_small(text) for text in bare.values()}
    told = dict(zip(names, names, strict=True))
    for glued, at_end in ((_GLUED_LAST, True), (_GLUED_FIRST, False)):
        found: dict[str, str] = {}
        for name, text in bare.items():
            match = glued.match(text)
            if match is None:
                continue
            letter, stem = match["side"].lower(), match["stem"]
            twin = stem + _twin(match["side"]) if at_end else _twin(match["side"]) + stem
            if _beginning_small(twin) in present:
                found[name] = f"{stem}_{letter}" if at_end else f"{letter}_{stem}"
        if len(found) >= 2 * LEAST_GLUED:
            told.update(found)
    return tuple(told[name] for name in names)


def _twin(letter: str) -> str:
    return {"l": "r", "r": "l", "L": "R", "R": "L"}[letter]


def _beginning_small(text: str) -> str:
    return text[:1].lower() + text[1:]


def without_mark(name: str) -> str:
    """A name without the number or letter at its end that may tell it from another: ``blink1``."""
    return _MARK.sub("", name)


def with_side(name: str, side: str) -> str:
    """A name with a side in place of such a mark."""
    return f"{without_mark(name)}_{side}"


def side_of(name: str) -> str:
    """``left`` or ``right`` where a name has exactly one side, else nothing."""
    name = unicodedata.normalize("NFKC", name)
    sides = [word for word in bone_words(name) if word in ("left", "right")]
    sides += [{"左": "left", "右": "right"}[c] for c in name if c in "左右"]
    return sides[0] if len(sides) == 1 else ""


def _folded(name: str) -> str:
    """One form of every character, without accents: ``Lächeln`` has no side and is ``Lacheln``."""
    name = _CLASH.sub("", _FBX_SIGN.sub(lambda sign: chr(int(sign[1])), name))
    apart = unicodedata.normalize("NFKD", name).translate(_LIGATURES)
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
    sided = [_SIDES.get(word) or _IN_FULL.get(word, word) for word in words]
    if len(sided) > 1 and not {"left", "right"} & set(sided):
        sided[-1] = _LAST_SIDES.get(sided[-1], sided[-1])
    return sided
