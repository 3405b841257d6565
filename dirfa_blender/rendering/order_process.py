"""An order filled by a process of its own: this side of `film_process`, for whatever such a process does.

A process, because Blender's module can end one without an exception (a missing graphics library, a driver,
memory) and cannot be interrupted inside a frame: the program in front stays alive to say why, and ends
this one at once when it is told to stop. The order comes as one JSON line on stdin, reports go out as
JSON lines on stdout; when stdin closes, the one who ordered is gone and this process leaves.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from ..core.errors import DirfaError, OutputError

Report = Callable[..., None]
Fill = Callable[[dict[str, Any], Report], None]


def run_as_process(fill: Fill) -> None:
    """Read the order, fill it, say how it went, and end the process; never comes back.

    Parameters
    ----------
    fill : given the fields of the order and where to report, it does what is ordered
    """
    try:
        code = _exit_code(fill)
    except BaseException:
        code = 3
    # Not sys.exit: Blender's module can wait for ever for what is still alive at exit.
    sys.stderr.flush()
    os._exit(code)


def _exit_code(fill: Fill) -> int:
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # Blender writes to stdout whatever one asks of it

    def report(**fields: Any) -> None:
        channel.write(json.dumps(fields) + "\n")
        channel.flush()

    import bpy  # noqa: F401 - loaded while the order is still being prepared elsewhere

    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 1
    threading.Thread(target=_leave_with_stdin, daemon=True).start()
    try:
        fill(json.loads(line), report)
    except DirfaError as error:
        report(error=str(error))
        return 1
    except OSError as error:
        report(error=str(OutputError(f"A file could not be read or written: {error}.")))
        return 1
    except MemoryError:
        report(error="Blender ran out of memory. A smaller --size may fit.")
        return 1
    except Exception:
        traceback.print_exc()
        raise
    report(done=True)
    return 0


def _leave_with_stdin() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(1)
