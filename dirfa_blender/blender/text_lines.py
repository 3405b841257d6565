"""Text in lines that fit a panel: Blender's labels do not wrap by themselves. No bpy."""

from __future__ import annotations


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, broken between words; longer words are cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while len(word) > width:
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:width])
            word = word[width:]
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line] if line else lines
