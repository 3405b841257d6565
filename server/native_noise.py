"""Standard error kept to a command's own words, although the native code of networks writes there too."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def native_noise_off() -> Generator[None]:
    """Meanwhile `sys.stderr` leads where it did and descriptor 2 leads nowhere.

    Native code writes to the descriptor whatever Python's logging says, and a film makes hundreds of
    lines. A stream on the old descriptor, taken from `sys.stderr` before, is silent too.
    """
    former = sys.stderr
    try:
        former.flush()
        kept = os.dup(2)
    except (AttributeError, OSError):  # there is no standard error, as under a windowed Python
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    own = os.fdopen(os.dup(kept), "w", buffering=1, encoding=former.encoding, errors="replace")
    try:
        os.dup2(nowhere, 2)
        sys.stderr = own
        yield
    finally:
        own.flush()
        sys.stderr = former
        os.dup2(kept, 2)
        own.close()
        os.close(kept)
        os.close(nowhere)
