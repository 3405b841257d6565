"""The interface in other languages: a file of texts each in `translations/`, handed over at the start.

A file maps the English text to the other one, whether it is a label, a tooltip or a button: Blender looks
buttons up in a context of their own, so each entry is given to both. No bpy is needed to read them.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).with_name("translations")
CONTEXTS = ("*", "Operator")
Texts = dict[tuple[str, str], str]


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
