"""``bundle``: fetch everything the server needs for a computer that has no network. No bpy.

pip downloads the wheels. For another platform than this one it has to be told what markers such as
``sys_platform == "win32"`` mean there, which its options do not cover: a line before its start does.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ..core.errors import DirfaError, OutputError, ServerError
from ..roots import ROOT
from . import bundle as bundles
from . import interpreters, pip_process, system
from .bundle import Bundle
from .environment import SERVER, constraints, pins_hash, requirements
from .installation import Source

MINOR = 11
LINUX_TAGS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64",
              "manylinux2014_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64",
              "linux_x86_64")  # fmt: skip
MAC_TAGS = tuple(
    f"macosx_{major}_0_{kind}" for major in (14, 13, 12, 11) for kind in ("arm64", "universal2")
)
TAGS = {"linux": LINUX_TAGS, "windows": ("win_amd64",), "macos": MAC_TAGS}
MARKERS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix",
              "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt",
                "platform_machine": "AMD64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix",
              "platform_machine": "arm64"},
}  # fmt: skip
SCRATCH, OWN_PIP = "scratch", "pip"
PIP_ELSEWHERE = """
import json, sys
import pip._vendor.packaging.markers as markers
here = markers.default_environment
there = json.loads(sys.argv.pop(1))
markers.default_environment = lambda: {**here(), **there}
from pip._internal.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def make(folder: Path, platform: str, source: Source, say: pip_process.Voice) -> Bundle:
    """Fill a folder with the server's packages for a platform; what is there already is kept.

    Raises
    ------
    OutputError
        The folder cannot be written.
    ServerError
        No Python with pip is here, or a package could not be fetched.
    """
    python = _python_with_pip(folder)
    entries = requirements(ROOT, MINOR)[SERVER]
    # Named outright: a download has no use for packages of other versions.
    extra = constraints(ROOT)
    torch = "default"
    try:
        (folder / bundles.WHEELS).mkdir(parents=True, exist_ok=True)
        (folder / bundles.DESCRIPTION).unlink(missing_ok=True)
        if source.device != "cuda" and platform == "linux":
            labelled = [
                f"{entry}+cpu" if entry.startswith("torch==") else entry for entry in entries
            ]
            try:
                _download(python, folder, platform, [*labelled, *extra], source, say)
                torch = "cpu"
            except ServerError:
                say("no index offers the CPU build of torch by name: fetching the default one")
        if torch == "default":
            _download(python, folder, platform, [*entries, *extra], source, say)
        if not interpreters.fetch(folder / bundles.PYTHONS, MINOR, platform, source, say):
            shutil.rmtree(folder / bundles.PYTHONS, ignore_errors=True)
            say("no interpreter could be fetched: the other computer needs Python 3.11 of its own")
        made = Bundle(folder, platform, MINOR, pins_hash(entries), torch, {})
        made = replace(made, files=bundles.hashes(folder))
        bundles.write(made)
    except OSError as error:
        raise OutputError(
            f"The bundle cannot be written to {folder}: {error.strerror or error}."
        ) from error
    finally:
        for name in (SCRATCH, OWN_PIP):
            shutil.rmtree(folder / name, ignore_errors=True)
    return made


def _download(
    python: Path,
    folder: Path,
    platform: str,
    entries: list[str],
    source: Source,
    say: pip_process.Voice,
) -> None:
    place: list[str] = []
    for tag in TAGS[platform]:
        place += ["--platform", tag]
    command = [
        str(python), "-I", "-c", PIP_ELSEWHERE, json.dumps(MARKERS[platform]),
        "download", "--no-input", "--progress-bar", "off", "--disable-pip-version-check",
        *("--only-binary", ":all:", "--python-version", f"3.{MINOR}", "--implementation", "cp"), *place,
        *(["--proxy", source.proxy] if source.proxy else []),
        *("-d", str(folder / bundles.WHEELS)), *entries,
    ]  # fmt: skip
    pip_process.run(command, source.surroundings(), folder / SCRATCH, say)


def _python_with_pip(folder: Path) -> Path:
    """An interpreter whose pip may be used: this one's, or that of a new environment in the folder."""
    here = Path(sys.executable)
    asked = subprocess.run(
        [str(here), "-I", "-m", "pip", "--version"], capture_output=True, check=False
    )
    if asked.returncode == 0:
        return here
    python = system.find_python((11, 12, 13))
    if python is None or not python.has_venv:
        raise ServerError("Making a bundle needs a Python with pip or venv, and none is here.")
    # Not in the scratch, which every download empties.
    home = folder / OWN_PIP
    subprocess.run([str(python.path), "-m", "venv", str(home)], check=True, capture_output=True)
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def main(arguments: list[str]) -> int:
    """Exit code of ``dirfa.py bundle``."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py bundle",
        description="Fetch what the server needs, for a computer without network.",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("dirfa-bundle"), help="folder to fill"
    )
    parser.add_argument("--platform", choices=sorted(TAGS), default=bundles.this_platform())
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu",
                        help="build of torch on Linux: cpu (200 MB) or cuda (3 GB)")  # fmt: skip
    parser.add_argument("--proxy", default="", help="such as http://proxy:3128")
    parser.add_argument("--json", action="store_true", help="print the result as a JSON line")
    options = parser.parse_args(arguments)
    last = [""]

    def say(detail: str, share: float | None = None) -> None:  # noqa: ARG001
        if detail and detail != last[0] and not options.json:
            sys.stderr.write(f"  {detail}\n")
        last[0] = detail

    try:
        made = make(
            options.output.resolve(), options.platform, Source(options.device, options.proxy), say
        )
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    size = sum((made.folder / name).stat().st_size for name in made.files)
    has_python = any(name.startswith(bundles.PYTHONS) for name in made.files)
    if options.json:
        sys.stdout.write(
            json.dumps({"folder": str(options.output), "bytes": size, "python": has_python}) + "\n"
        )
    else:
        sys.stdout.write(
            f"{options.output}: {len(made.files)} files, {size / 1e6:.0f} MB for {made.platform}, "
            f"{'with' if has_python else 'without'} an interpreter. Copy the folder to the other computer "
            "and choose it in the add-on's preferences.\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
