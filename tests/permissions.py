"""Permissions that count for the superuser too, as whom tests run in many containers."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pytest

# Of Linux's capabilities: writing and reading whatever the bits of a file say.
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
VERSION_3 = 0x20080522


@contextmanager
def permissions_count() -> Generator[None]:
    """A stretch in which this thread is refused what the bits of files refuse, or a skipped test."""
    if sys.platform == "win32":
        pytest.skip("a folder of Windows takes no bits")
    if os.geteuid() != 0:
        yield
        return
    if not sys.platform.startswith("linux"):
        pytest.skip("the superuser of this system is refused nothing")
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    # Effective, permitted and inheritable, first of the lower 32 capabilities, then of the upper.
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    less = (ctypes.c_uint32 * 6)(*held)
    less[0] &= ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0
