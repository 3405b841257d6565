"""One set-up at a time in an environment, whichever program began it. No bpy, standard library only.

The lock is the system's own on an open file, so it falls with its process however that ends; the number
in the file only says whose it is. Two Blenders that are asked to set up the same server take turns.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO

WAIT_SECONDS = 0.3


def is_held(lock: Path) -> bool:
    """Whether another process is at work in the environment; never waits."""
    try:
        with lock.open("r+b") as handle:
            return not _take(handle)
    except OSError:
        return False


@contextlib.contextmanager
def held(lock: Path, waiting: Callable[[], None]) -> Generator[None]:
    """Hold the lock; while another process has it, `waiting` is called and may raise.

    Yields
    ------
    None, with the handle inheritable: a pip that outlives a killed set-up keeps the next one waiting.
    """
    with lock.open("a+b") as handle:
        os.set_inheritable(handle.fileno(), True)
        while not _take(handle):
            waiting()
            time.sleep(WAIT_SECONDS)
        yield


def _take(handle: IO[bytes]) -> bool:
    if sys.platform == "win32":
        import msvcrt

        handle.seek(0)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
