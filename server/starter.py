"""A process that must not outlive who started it: it ends when its standard input does."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable


def leave_with_starter(clean: Callable[[], None] = lambda: None) -> None:
    """From now on end this process, after `clean`, when standard input closes.

    Whoever started it is gone then, by whatever end; a job that computes cannot hold it back.
    """

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        clean()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
