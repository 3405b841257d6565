"""The interface in other languages: a file of texts each in `translations/`, handed over at the start.

A file maps the English text to the other one, whether it is a label, a tooltip or a button: Blender looks
buttons up in a context of their own, and panels and properties of ours in a third, so each entry is given
to all. A sentence that is made while the
program runs has ``{}`` in the file for what differs, in both languages in the same order: it is found again
by what stands around. So errors stay English where they are raised, logged and tested. No bpy is needed.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).with_name("translations")
OWN_CONTEXT = "DIRFA"
"""Where Blender finds no words of its own first: its lines are drawn, and its characters are letters."""
CONTEXTS = ("*", "Operator", OWN_CONTEXT)
Texts = dict[tuple[str, str], str]
GAP = "{}"
SPACES_OF_A_SENTENCE = 3
"""What fills a gap and has so many is a sentence itself, rather than a name."""


def languages() -> dict[str, dict[str, str]]:
    """Texts by language code such as ``de_DE``: English to the other language."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
    }


def for_blender() -> dict[str, Texts]:
    """The same as Blender's translation register takes it."""
    return {
        code: {(context, text): other for text, other in texts.items() for context in CONTEXTS}
        for code, texts in languages().items()
    }


@lru_cache(maxsize=512)
def translated(sentence: str, code: str) -> str:
    """A sentence in a language, by the one of its file that it fits; as it is if there is none."""
    exact = _texts(code).get(sentence)
    if exact is not None:
        return exact
    for pattern, other in _patterns(code):
        found = pattern.fullmatch(sentence)
        if found is not None:
            return other.format(*(_filling(part, code) for part in found.groups()))
    return sentence


def _filling(part: str, code: str) -> str:
    return translated(part, code) if part.count(" ") >= SPACES_OF_A_SENTENCE else part


@lru_cache(maxsize=8)
def _texts(code: str) -> dict[str, str]:
    return languages().get(code, {})


@lru_cache(maxsize=8)
def _patterns(code: str) -> list[tuple[re.Pattern[str], str]]:
    """Sentences with gaps, those with most words of their own first."""
    made = [(text, other) for text, other in _texts(code).items() if GAP in text]
    made.sort(key=lambda pair: -len(pair[0].replace(GAP, "")))
    return [
        (re.compile("(.*?)".join(map(re.escape, text.split(GAP))), re.DOTALL), other)
        for text, other in made
    ]
