"""Files that a command reads and writes, looked at before anything slow begins. No bpy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import DirfaError, OutputError
from ..partials import partial_path


def require_files(*wanted: tuple[Path, type[DirfaError]]) -> None:
    """Return if every path is a file that may be read; all that are not are named at once.

    Parameters
    ----------
    wanted : path, and the error of its kind; the first that is missing decides which is raised
    """
    found = [(path, _found_instead(path), kind) for path, kind in wanted]
    missing = [(path, instead, kind) for path, instead, kind in found if instead]
    if not missing:
        return
    named = [(path, instead) for path, instead, _ in missing]
    raise missing[0][2](
        f"Expected a file at {_spoken(named)}. Check the path{'s' if len(missing) > 1 else ''}."
    )


def require_place(output: Path) -> None:
    """Return if a file could be written there; folders that are missing will be made.

    Raises
    ------
    OutputError
        The folder, or the nearest that exists, takes no file: known now, not after the work.
    """
    folder = next(parent for parent in output.absolute().parents if os.path.lexists(parent))
    partial = partial_path(folder / output.name)
    try:
        partial.touch()
        partial.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"Cannot write {output}: {reason}. Choose another place for it."
        ) from error


def _found_instead(path: Path) -> str:
    """What is there in place of a file that may be read; nothing where it is one."""
    try:
        if path.is_file():
            with path.open("rb"):
                return ""
        return "a folder" if path.is_dir() else "nothing"
    except OSError as error:
        return f"one that cannot be read ({error.strerror or error})"


def _spoken(found: Sequence[tuple[Path, str]]) -> str:
    return " and at ".join(f"{path}, found {instead}" for path, instead in found)
