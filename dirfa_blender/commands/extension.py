"""The extension zip: stage what belongs in it, build and validate it with Blender's own tool. No bpy.

The zip is whole: add-on, core, server with its weights, rigs and the list of pinned versions, so one
download gives an artist everything. What goes in is named here; whatever else lies about in a checkout
cannot slip in. Blender's builder is a plain Python script inside the bpy wheel and runs without Blender.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..core.errors import DirfaError, OutputError, RenderError
from ..roots import ROOT

FILES = (
    "__init__.py",
    "blender_manifest.toml",
    "pyproject.toml",
    "LICENSE",
    "README.md",
    "dirfa.py",
)
FOLDERS = ("dirfa_blender", "server", "rigs", "samples", "docs/manual")
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*.part", "tests", "*-left-out")
BUILDER = "*/scripts/addons_core/bl_pkg/cli/blender_ext.py"


def build_extension(folder: Path) -> Path:
    """Build and validate the extension; the path of the new zip in `folder`.

    Raises
    ------
    RenderError
        Blender's builder is not installed, or it refuses the extension; the sentence carries its words.
    OutputError
        The folder cannot be written.
    """
    builder = find_builder()
    folder = Path(folder)
    with tempfile.TemporaryDirectory(prefix="dirfa-extension-") as scratch:
        staged = Path(scratch) / "dirfa"
        stage(staged)
        _run(builder, "validate", str(staged))
        _run(builder, "build", "--source-dir", str(staged), "--output-dir", scratch)
        built = next(Path(scratch).glob("*.zip"))
        _run(builder, "validate", str(built))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            partial = folder / f".{built.name}.part"
            shutil.copyfile(built, partial)
            return partial.replace(folder / built.name)
        except OSError as error:
            raise OutputError(
                f"Cannot write {built.name} in {folder}: {error.strerror or error}. "
                "Choose a folder you may write to, or free some space."
            ) from error


def main(arguments: list[str]) -> int:
    """Exit code of ``dirfa.py extension``."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py extension", description="Build and validate the Blender extension."
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("dist"), help="folder for the zip; default: dist"
    )
    parser.add_argument("--json", action="store_true", help="print the result as a JSON line")
    options = parser.parse_args(arguments)
    try:
        built = build_extension(options.output)
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    size = built.stat().st_size
    if options.json:
        sys.stdout.write(json.dumps({"file": str(built), "bytes": size}) + "\n")
    else:
        sys.stdout.write(
            f"{built} ({size / 1e6:.1f} MB, valid). Install it in Blender: Edit > Preferences > "
            "Get Extensions > Install from Disk.\n"
        )
    return 0


def stage(folder: Path) -> None:
    """Copy everything that belongs in the zip into a new folder."""
    folder.mkdir(parents=True)
    for name in FILES:
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, folder / name)
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)


def find_builder() -> Path:
    """Blender's extension tool inside the installed bpy wheel.

    Raises
    ------
    RenderError
        bpy is not installed for this Python.
    """
    found = importlib.util.find_spec("bpy")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        scripts = sorted(Path(place).glob(BUILDER))
        if scripts:
            return scripts[-1]
    raise RenderError(
        f"Building the extension needs Blender's module bpy, which {sys.executable} lacks. "
        "Run it as `python3 dirfa.py extension`, which sets it up."
    )


def _run(builder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, str(builder), *arguments], capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    # The tool reports some faults as FATAL_ERROR lines and still ends with 0.
    if done.returncode or "FATAL_ERROR" in said:
        reason = re.sub(r"\s+", " ", said).strip()
        raise RenderError(f"Blender's extension tool refused to {arguments[0]}: {reason}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
