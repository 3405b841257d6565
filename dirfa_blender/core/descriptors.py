"""File descriptors turned away for a while, for native code that writes past Python. No bpy."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def turned_away(descriptor: int) -> Generator[int | None]:
    """Meanwhile what is written to a descriptor goes nowhere.

    Yields a descriptor of where it went before, which is closed at the end; None where it is not open, as
    under a windowed Python.
    """
    try:
        kept = os.dup(descriptor)
    except OSError:
        yield None
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield kept
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nowhere)
