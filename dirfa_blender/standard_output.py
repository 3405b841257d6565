"""Standard output kept to a command's own words, although Blender and exporters write there too. No bpy."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def hushed(*, is_wanted: bool) -> Generator[None]:
    """Meanwhile nothing reaches standard output.

    What is kept off comes from C, so the descriptor itself is turned away; not in a window, where other
    threads may have something to say.
    """
    if not is_wanted:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
