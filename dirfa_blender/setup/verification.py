"""Is an environment what was installed? Every file against the hash in its package's record. No bpy.

Run as a program by the environment's own interpreter (``python verification.py``), so that a broken one
says so itself and Blender's main thread never waits for the disk; `verify` starts it and listens. Files
first, then whether the large packages load: that finds a missing system library.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LOADED = ("numpy", "torch", "cv2", "mediapipe", "soundfile", "av", "fastapi", "uvicorn")
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Verdict:
    """What a check found: files seen, packages with missing or changed files, and imports that failed."""

    files: int
    damaged: tuple[str, ...]
    unloadable: dict[str, str]

    @property
    def is_good(self) -> bool:
        return not self.damaged and not self.unloadable


def verify(python: Path, progress: Callable[[float, str], None]) -> Verdict:
    """Check an environment by its own interpreter; whatever `progress` raises ends the check."""
    command = [str(python), "-I", str(Path(__file__).resolve())]
    verdict = Verdict(0, (), {"python": "the interpreter does not run"})
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            # CREATE_NO_WINDOW, as `system` has it: this file also runs alone.
            creationflags=0x08000000 if sys.platform == "win32" else 0,
        )
    except OSError:
        return verdict
    with process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said = json.loads(line)
                if "damaged" in said:
                    verdict = Verdict(
                        said["files"], tuple(said["damaged"]), dict(said["unloadable"])
                    )
                else:
                    progress(float(said["share"]), str(said["package"]))
        except BaseException:
            process.kill()
            raise
    return verdict


def make_torn(site_packages: list[Path], names: tuple[str, ...]) -> None:
    """Mark damaged packages so that the next set-up installs them again."""
    for site in site_packages:
        for record in site.glob("*.dist-info"):
            if record.name.partition("-")[0] in names:
                shutil.rmtree(record, ignore_errors=True)


def _main() -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    records = sorted(site.glob("*.dist-info"))
    files, damaged = 0, []
    for number, folder in enumerate(records):
        name = folder.name.partition("-")[0]
        _say({"share": 0.9 * number / max(1, len(records)), "package": name})
        count, is_whole = _check(site, folder)
        files += count
        if not is_whole:
            damaged.append(name)
    unloadable: dict[str, str] = {}
    if not damaged:
        for number, name in enumerate(LOADED):
            _say({"share": 0.9 + 0.1 * number / len(LOADED), "package": name})
            try:
                importlib.import_module(name)
            except Exception as error:
                unloadable[name] = (
                    str(error).strip().splitlines()[0][:200] if str(error) else repr(error)
                )
    _say({"files": files, "damaged": damaged, "unloadable": unloadable})


def _check(site: Path, folder: Path) -> tuple[int, bool]:
    """Files of a package, and whether each is there with the hash its record gives."""
    count = 0
    try:
        with (folder / "RECORD").open(newline="", encoding="utf-8") as handle:
            for row in csv.reader(handle):
                if len(row) < 3 or not row[1].startswith("sha256="):
                    continue
                if row[0].endswith(".pyc"):
                    # Some wheels bring compiled files; Python writes those anew as it likes.
                    continue
                count += 1
                if _digest(site / row[0]) != row[1].removeprefix("sha256="):
                    return count, False
    except OSError:
        return count, False
    return count, True


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            digest.update(block)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
