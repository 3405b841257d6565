"""Who may import whom, tried in a process where the forbidden packages do not exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ADD_ON = ROOT / "dirfa_blender"
CORE = ADD_ON / "core"
NO_BPY = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in ADD_ON.rglob("*.py")
    if "No bpy" in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
)
FLOORS = (
    ("core",), ("setup", "blender"), ("head",), ("rig", "rendering"), ("performing",),
    ("staging", "export"), ("live", "settings", "commands"), ("operators",), ("panels",),
)  # fmt: skip
"""Rooms of the add-on: each imports from those below it, and those beside it know nothing of it."""
ROOMS = (
    "dirfa_blender",
    *(f"dirfa_blender/{room}" for rooms in FLOORS for room in rooms if room != "operators"),
    "server", "server/evaluation", "server/model", "server/photo", "server/tracking", "server/training",
)  # fmt: skip
CORE_ROOMS: dict[str, set[str]] = {
    "anatomy": set(), "motion": {"anatomy"}, "likeness": {"anatomy", "motion"}, "hair": {"anatomy"},
    "characters": set(), "formats": {"characters"}, "command_line": set(),
}  # fmt: skip
"""Rooms of the core, and which others each may know; the modules beside them are for all."""
ORDER = {
    "errors": 0,
    "timing": 1, "rotation": 1, "action_units": 1,
    "animation": 2, "head": 2,
}  # fmt: skip

IMPORT_WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(name + " is not for this room")
sys.meta_path.insert(0, Absent())
import importlib
for module in {modules!r}:
    importlib.import_module(module)
"""


def import_without(modules: list[str], blocked: set[str]) -> None:
    code = IMPORT_WITHOUT.format(modules=modules, blocked=blocked)
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


THIRD_PARTY = {"torch", "scipy", "cv2", "mediapipe", "soundfile", "av", "fastapi", "uvicorn", "PIL"}


def test_core_needs_numpy_only() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted(CORE.rglob("*.py"))
        if path.name != "__init__.py"
    ]

    import_without(modules, {"bpy", "mathutils", "server"} | THIRD_PARTY)


def test_modules_that_say_so_need_no_bpy() -> None:
    assert {f"dirfa_blender.{name}" for name in ("client", "background", "server_process")} < set(
        NO_BPY
    )

    import_without(NO_BPY, {"bpy", "mathutils", "server"} | THIRD_PARTY)


def test_rooms_of_the_add_on_import_downwards_only() -> None:
    floor = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
    assert set(floor) == {path.name for path in ADD_ON.iterdir() if (path / "__init__.py").exists()}

    for room, height in floor.items():
        for path in (ADD_ON / room).rglob("*.py"):
            dots = len(path.relative_to(ADD_ON).parts)
            outside = re.compile(rf"^ *from \.{{{dots}}}(\w+)", re.MULTILINE)
            for other in outside.findall(path.read_text("utf-8")):
                below = other == room or floor.get(other, -1) < height
                assert below, f"{path.relative_to(ROOT)} knows {other}"


def test_rooms_of_the_core_know_few_others() -> None:
    assert set(CORE_ROOMS) == {path.parent.name for path in CORE.glob("*/__init__.py")}

    for room, others in CORE_ROOMS.items():
        for path in (CORE / room).glob("*.py"):
            text = path.read_text("utf-8")
            known = set(re.findall(r"^ *from \.\.(\w+)", text, re.MULTILINE))
            too_much = known & (set(CORE_ROOMS) - others)
            assert not too_much, f"{path.relative_to(ROOT)} knows {too_much}"


def test_the_add_on_package_imports_without_bpy() -> None:
    import_without(["dirfa_blender"], {"bpy", "mathutils", "server"} | THIRD_PARTY)


def test_the_model_needs_torch_only() -> None:
    names = sorted(path.stem for path in (ROOT / "server" / "model").glob("*.py"))
    modules = [f"server.model.{name}" for name in names if name != "__init__"]

    import_without(modules, {"bpy", "dirfa_blender"} | (THIRD_PARTY - {"torch"}))


def test_the_server_never_imports_bpy_or_the_add_on() -> None:
    for path in (ROOT / "server").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "import bpy" not in text, path
        for line in text.splitlines():
            if "dirfa_blender" in line and "import" in line:
                assert "dirfa_blender.core" in line, f"{path.relative_to(ROOT)}: {line}"


def test_tracking_training_and_evaluation_import_one_way_only() -> None:
    later = {"tracking": ("training", "evaluation"), "training": ("evaluation",)}

    for room, others in later.items():
        for path in (ROOT / "server" / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for other in others:
                assert f"server.{other}" not in text, f"{path.relative_to(ROOT)} knows {other}"


@pytest.mark.parametrize("room", ROOMS)
def test_the_map_of_a_room_names_what_is_there(room: str) -> None:
    folder = ROOT / room
    there = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir()}
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""

    named = set(re.findall(r"(?<!`)`(\w+)`(?!`)", docstring))
    assert named <= there, f"{room}: {named - there}"
    assert len(named) > 2


@pytest.mark.parametrize("name", ORDER)
def test_core_modules_import_downwards_only(name: str) -> None:
    text = (ROOT / "dirfa_blender" / "core" / f"{name}.py").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("from .")]

    for line in lines:
        imported = line.split()[1].lstrip(".")
        assert ORDER.get(imported, 99) < ORDER[name], f"{name}: {line}"


def sources() -> dict[str, str]:
    """Every module's text, by its path."""
    files = [
        path
        for folder in ("dirfa_blender", "server", "tests")
        for path in (ROOT / folder).rglob("*.py")
    ]
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8") for path in [*files, ROOT / "dirfa.py"]
    }


def test_no_module_is_longer_than_500_lines() -> None:
    lengths = {path: len(text.splitlines()) for path, text in sources().items()}

    assert len(lengths) > 400
    assert not {path: lines for path, lines in lengths.items() if lines > 500}


def test_a_function_fits_a_screen_of_60_lines() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, text in sources().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert len(lengths) > 4000
    assert not {function: lines for function, lines in lengths.items() if lines > 60}
