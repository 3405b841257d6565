"""Input files that must be there, looked at before anything slow begins. No bpy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import DirfaError


def require_files(*wanted: tuple[Path, type[DirfaError]]) -> None:
    """Return if every path is a file; all that are not are named at once, so one run finds them all.

    Parameters
    ----------
    wanted : path, and the error of its kind; the first that is missing decides which is raised
    """
    missing = [(path, kind) for path, kind in wanted if not path.is_file()]
    if not missing:
        return
    raise missing[0][1](
        f"Expected a file at {_spoken([path for path, _ in missing])}. "
        f"Check the path{'s' if len(missing) > 1 else ''}."
    )


def _spoken(paths: Sequence[Path]) -> str:
    return " and at ".join(
        f"{path}, found {'a folder' if path.is_dir() else 'nothing'}" for path in paths
    )
