"""What is not whole yet: its name beside its target, and how what a killed program left of it goes. No bpy.

Whatever is made becomes whole under a hidden name in the folder of its target, where moving it is one step
that cannot be seen half done. The name tells computer and process, so a later run knows what belongs to
nobody any more; of another computer that shares the folder it cannot know, and lets it lie for two days.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .announcement import is_running

PATTERN = re.compile(r"\..*\.partial-([0-9a-f]{6})-(\d+)-\d+(\D.*)?")
"""Computer, process and suffix; Blender puts a sign behind what it is writing."""
STEM_BYTES = 60
"""Of the target's name that are told: the whole of a long one would be too long with what is added."""
FOREIGN_SECONDS = 2 * 24 * 3600.0


def partial_path(target: Path, suffix: str | None = None) -> Path:
    """A hidden place beside a target that nothing else has, to make it in and move it from.

    Parameters
    ----------
    suffix : of the name, by which programs know formats; None is that of the target
    """
    stem = os.fsencode(target.stem)[:STEM_BYTES].decode("utf-8", "ignore")
    ending = target.suffix if suffix is None else suffix
    number = secrets.randbelow(10**9)
    return target.with_name(f".{stem}.partial-{_computer()}-{os.getpid()}-{number}{ending}")


@contextmanager
def folder_beside(target: Path) -> Generator[Path]:
    """A hidden folder beside a target that goes with its block, whatever happens in it.

    Raises
    ------
    OSError
        It cannot be made.
    """
    folder = partial_path(target, "")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale(folder: Path) -> None:
    """Remove from a folder what programs that were killed had in the making."""
    try:
        found = [(entry, PATTERN.fullmatch(entry.name)) for entry in folder.iterdir()]
    except OSError:
        return
    for path, match in found:
        if match is None or not _is_stale(path, match[1], int(match[2])):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _is_stale(path: Path, computer: str, process: int) -> bool:
    if computer == _computer():
        return not is_running(process)
    try:
        return time.time() - path.stat().st_mtime > FOREIGN_SECONDS
    except OSError:
        return False


def _computer() -> str:
    """A word for this computer that says nothing about it."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]
