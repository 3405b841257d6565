"""Standard output kept to a command's own words, although Blender and exporters write there too. No bpy."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from ..core.descriptors import turned_away


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
    with turned_away(1):
        yield
