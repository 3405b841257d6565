"""What a person gets: pins, licence, version, sizes, and the two commands."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MANIFEST = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))


def tracked_files() -> list[Path]:
    try:
        run = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in run.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_dependency_is_pinned_exactly() -> None:
    groups = [PROJECT["project"]["dependencies"]]
    groups += PROJECT["project"]["optional-dependencies"].values()

    for requirement in (requirement for group in groups for requirement in group):
        assert re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", requirement), requirement


def test_the_version_stands_in_the_manifest_only() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])


def test_the_manifest_keeps_the_platforms_rules() -> None:
    texts = [MANIFEST["tagline"], *MANIFEST["permissions"].values()]

    assert all(len(text) <= 64 and text[-1] not in ".!" for text in texts), texts
    assert "wheels" not in MANIFEST
    assert MANIFEST["blender_version_min"] == "4.5.0"
    assert MANIFEST["license"] == ["SPDX:GPL-3.0-or-later"]


def test_the_readme_shows_both_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "python3 dirfa.py talk" in readme
    assert "python3 dirfa.py test" in readme


def test_the_pictures_of_the_readme_and_docs_exist() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"!?\[[^\]]*\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_nothing_is_larger_than_it_may_be() -> None:
    sizes = {path: path.stat().st_size for path in tracked_files()}

    assert sum(sizes.values()) < 150 << 20
    weights = sum(size for path, size in sizes.items() if path.suffix == ".safetensors")
    assert weights < 30 << 20


def test_no_tracked_text_holds_a_machines_path() -> None:
    pattern = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w")

    for path in tracked_files():
        if path.suffix in (".py", ".md", ".toml", ".json", ".csv", ".txt"):
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)}: {found and found.group()}"
