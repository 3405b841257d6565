"""The map in each package's docstring: it names every module there is, and none that there is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [
    p.parent
    for part in ("dirfa_blender/core", "server")
    for p in ROOT.glob(f"{part}/**/__init__.py")
]


def named(package: Path) -> set[str]:
    """Words in backticks: `module`, or ``prefix_`` for all modules of a family."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    return set(re.findall(r"`(\w+)`", text))


def modules(package: Path) -> set[str]:
    files = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return files | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_map_names_every_module(package: Path) -> None:
    words = named(package)
    families = tuple(word for word in words if word.endswith("_"))

    left_out = {name for name in modules(package) - words if not name.startswith(families)}

    assert not left_out


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_map_names_no_module_that_is_gone(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    single = set(re.findall(r"(?<!`)`(\w+)`(?!`)", text))

    assert single <= modules(package)
