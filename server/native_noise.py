"""Standard error kept to a command's own words, although the native code of networks writes there too."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from dirfa_blender.core.descriptors import turned_away


@contextmanager
def native_noise_off() -> Generator[None]:
    """Meanwhile `sys.stderr` leads where it did and descriptor 2 leads nowhere.

    Native code writes to the descriptor whatever Python's logging says, and a film makes hundreds of
    lines. A stream on the old descriptor, taken from `sys.stderr` before, is silent too.
    """
    former = sys.stderr
    if former is None:
        yield
        return
    former.flush()
    with turned_away(2) as kept:
        if kept is None:
            yield
            return
        own = os.fdopen(os.dup(kept), "w", buffering=1, encoding=former.encoding, errors="replace")
        try:
            sys.stderr = own
            yield
        finally:
            sys.stderr = former
            own.close()
