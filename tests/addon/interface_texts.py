"""Every text an artist reads in the add-on: labels, tooltips, choices, and what panels write themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import bpy

from dirfa_blender import addon, server_watch

PACKAGE = Path(addon.__file__).parent
WITHOUT_A_WINDOW = (
    "blender_command", "bundling", "extension", "film_process", "fit", "render_order",
    "scene_command", "scene_filling", "scene_order", "setup_report", "shot_presets", "talk",
)  # fmt: skip
"""What only commands of a terminal run, or say to other programs."""
READERS = (
    "a2f_json", "cues", "exchange", "interchange", "live_source", "npz_io", "profile_writer", "recovery",
    "viseme_exchange", "viseme_track", "vmd", "vrma",
)  # fmt: skip
"""Of the core, what reads and writes an artist's files."""
WRITERS = ("label", "operator", "operator_menu_enum", "prop", "progress", "menu", "panel")


def classes() -> list[type]:
    return list(addon.CLASSES)


def properties(cls: type) -> list[bpy.types.Property]:
    """Properties a class declares itself."""
    declared = getattr(cls, "__annotations__", {})
    found = cls.bl_rna.properties
    if issubclass(cls, bpy.types.Operator):
        # Blender keeps an operator's own properties with the operator, not with its class.
        room, name = cls.bl_idname.split(".")
        found = getattr(getattr(bpy.ops, room), name).get_rna_type().properties
    # An operator's own "name" is hidden behind the one that every Blender struct has.
    return [
        p for p in found if p.identifier in declared and (p.identifier != "name" or p.description)
    ]


def declared_texts() -> dict[str, str]:
    """Texts of classes and properties, by where they stand."""
    texts: dict[str, str] = {}
    for cls in classes():
        for name in ("bl_label", "bl_description"):
            texts[f"{cls.__name__}.{name}"] = getattr(cls, name, "") or ""
        for prop in properties(cls):
            place = f"{cls.__name__}.{prop.identifier}"
            texts[f"{place} name"], texts[f"{place} description"] = prop.name, prop.description
            for item in prop.enum_items if prop.type == "ENUM" else ():
                texts[f"{place} {item.identifier} name"] = item.name
                texts[f"{place} {item.identifier} description"] = item.description
    return {place: text for place, text in texts.items() if text}


def drawn_texts() -> dict[str, str]:
    """Literals that panels draw, and the looks of the server's states."""
    texts: dict[str, str] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.endswith("_reason"):
                for part in ast.walk(ast.Module([n for n in node.body if not _is_text(n)], [])):
                    for reason in _said_by(part):
                        _add(texts, path, reason)
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "poll_message_set" and node.args:
                _add(texts, path, node.args[0])
            if node.func.attr in WRITERS:
                for keyword in node.keywords:
                    if keyword.arg == "text":
                        _add(texts, path, keyword.value)
    for state, look in server_watch.RETRIES.items():
        texts[f"{state} retry"] = look.label
    texts["ended"] = server_watch.ENDED
    for name, look in server_watch.LOOKS.items():
        texts |= {f"{name} {i}": t for i, t in enumerate((look.title, look.sentence, look.label))}
    return {place: text for place, text in texts.items() if any(c.isalpha() for c in text)}


def said_texts() -> dict[str, str]:
    """Sentences that are made while the add-on runs in a window, with ``{}`` for what differs."""
    texts: dict[str, str] = {}
    core = PACKAGE / "core"
    rooms = [
        p for p in PACKAGE.rglob("*.py") if p.stem not in WITHOUT_A_WINDOW and core not in p.parents
    ]
    rooms += [p for p in core.rglob("*.py") if p.stem in READERS]
    # What the server says of a photo or a recording is shown as it comes.
    rooms += [PACKAGE.parent / "server" / "photo" / f"{name}.py" for name in ("decode", "checks")]
    rooms += [PACKAGE.parent / "server" / "audio.py"]
    for path in rooms:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            said: ast.expr | None = None
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                said = node.exc.args[0]
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "spoken",
                "Unreachable",
            ):
                said = node.args[0]
            sentence = _with_gaps(said)
            if " " in sentence:
                texts[f"{path.name}:{node.lineno}"] = sentence
    return texts


def _with_gaps(node: ast.expr | None) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        return "".join(map(str, parts))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _said_by(node: ast.AST) -> list[ast.expr]:
    """What a statement of a function that gives a reason returns or keeps as one."""
    value = getattr(node, "value", None) if isinstance(node, ast.Return | ast.Assign) else None
    parts = [value] if value is not None else []
    found: list[ast.expr] = []
    while parts:
        part = parts.pop()
        if isinstance(part, ast.IfExp):
            parts += [part.body, part.orelse]
        elif isinstance(part, ast.BoolOp):
            parts += part.values
        else:
            found.append(part)
    return found


def _add(texts: dict[str, str], path: Path, node: ast.expr) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        texts[f"{path.name}:{node.lineno}"] = node.value
