"""Taking the server's environment away, whole. No bpy, standard library only."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from ..core.errors import JobCancelled, OutputError
from . import interpreters
from .environment import LOCK, Environment, data_folder, user_folder
from .setup_lock import is_held


def remove(environment: Environment, progress: Callable[[float, str], None]) -> None:
    """Remove the environment this add-on made, its interpreter and its tools.

    It is moved aside first, so that what is cut off in the middle is never taken for an environment.

    Raises
    ------
    OutputError
        The environment is not the add-on's own, a set-up is at work in it, or the system refuses.
    """
    if environment.folder != user_folder():
        raise OutputError(
            f"The environment in {environment.folder} belongs to a checkout or was chosen in "
            "DIRFA_ENVIRONMENT, not made by the add-on. Delete the folder by hand to remove it."
        )
    if is_held(environment.folder / LOCK):
        raise OutputError(
            "A set-up of this environment is running. Cancel it, then remove the server."
        )
    places = [environment.folder, interpreters.private_folder(), interpreters.tool_folder()]
    try:
        for place in (place for place in places if place.exists()):
            place.rename(data_folder() / f"removed-{secrets.token_hex(4)}")
    except OSError as error:
        raise OutputError(
            f"{environment.folder} cannot be removed ({error.strerror}): a program still uses it."
        ) from error
    sweep(progress)


def sweep(progress: Callable[[float, str], None] = lambda _share, _text: None) -> None:
    """Delete what was moved aside, also by an earlier removal that was cut off."""
    leftovers = sorted(data_folder().glob("removed-*"))
    for number, place in enumerate(leftovers):
        entries = sorted(place.rglob("*"), key=lambda path: -len(path.parts))
        _delete(
            entries,
            place,
            lambda share, n=number: progress((n + share) / len(leftovers), "Removing"),
        )


def _delete(entries: list[Path], place: Path, progress: Callable[[float], None]) -> None:
    for count, path in enumerate(entries):
        if count % 500 == 0:
            try:
                progress(count / len(entries))
            except JobCancelled:
                return  # The rest goes with the next sweep: the environment is gone already.
        if path.is_file() or path.is_symlink():
            path.unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)
