"""``python -m server.batch.worker``: a process that fills orders, one JSON line in, one JSON line out.

It ends when its input does, so it never outlives the batch that started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from dirfa_blender.core.errors import DirfaError
from server.postponed import short_start

from .making import Made, Order, make
from .store import TakeStore


def main() -> None:
    """Load the model as the first line says, then fill orders to the end."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer

    def answer(made: Made) -> None:
        fields = asdict(made)
        del fields["files"]
        channel.write(json.dumps(fields) + "\n")
        channel.flush()

    with short_start():
        from server.engine import Engine
    setup = json.loads(sys.stdin.readline())
    try:
        engine = Engine(device=setup["device"])
    except DirfaError as error:
        answer(Made(-1, str(error)))
        return
    folder, limit = setup["store"], setup["store_bytes"]
    store = TakeStore(Path(folder), limit) if folder else None
    # Nobody listens any more where the batch was killed while a line was made.
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            answer(make(Order(**json.loads(line)), engine, store))


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)
