"""Who makes the lines: this process, or worker processes of this machine; `scale` adds other machines.

Every crew takes orders as they are wanted and gives answers as they come, so a batch of any length keeps
only a few lines in memory. A worker that dies takes its line with it, not the batch.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dirfa_blender.core.errors import ServerError

from .making import Made, Order
from .store import TakeStore

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 2.0


@dataclass(frozen=True)
class CrewSettings:
    """What every member is told.

    Parameters
    ----------
    device : as `Engine` takes it
    store : takes made before; None makes everything anew
    """

    device: str = "auto"
    store: TakeStore | None = None


class Crew(Protocol):
    """Makers of lines; a context manager that sends them home."""

    def run(self, orders: Iterator[Order]) -> Iterator[Made]:
        """Answers in the order in which lines are done; orders are taken one ahead of each member."""
        ...

    def __enter__(self) -> Crew: ...

    def __exit__(self, *_: object) -> None: ...


class OwnCrew:
    """Makes lines in this process, one after the other."""

    def __init__(self, settings: CrewSettings) -> None:
        self._settings = settings

    def run(self, orders: Iterator[Order]) -> Iterator[Made]:
        engine = None
        for order in orders:
            from server.engine import Engine

            from .making import make

            engine = engine or Engine(device=self._settings.device)
            yield make(order, engine, self._settings.store)

    def __enter__(self) -> OwnCrew:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class ProcessCrew:
    """Worker processes, each with its own model; they end with this one.

    Parameters
    ----------
    count : processes
    """

    def __init__(self, settings: CrewSettings, count: int) -> None:
        self._settings = settings
        self._count = count
        self._answers: queue.SimpleQueue[tuple[_Worker, Made | None]] = queue.SimpleQueue()
        self._workers: list[_Worker] = []

    def run(self, orders: Iterator[Order]) -> Iterator[Made]:
        idle: list[_Worker] = []
        busy: dict[_Worker, Order] = {}
        while True:
            while len(busy) < self._count:
                order = next(orders, None)
                if order is None:
                    break
                worker = idle.pop() if idle else self._hired()
                busy[worker] = order
                worker.give(order)
            if not busy:
                return
            worker, made = self._answers.get()
            order = busy.pop(worker, None)
            if made is None:
                self._workers.remove(worker)
                worker.dismiss(at_once=True)
                if order is None:
                    idle.remove(worker)
                else:
                    text = f"Its worker process ended unexpectedly ({worker.ending()})."
                    yield Made(order.number, text)
            elif made.number < 0:
                raise ServerError(made.error)
            else:
                idle.append(worker)
                yield made

    def __enter__(self) -> ProcessCrew:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for worker in self._workers:
            worker.dismiss(at_once=kind is not None)
        self._workers.clear()

    def _hired(self) -> _Worker:
        worker = _Worker(self._settings, self._answers)
        self._workers.append(worker)
        return worker


class _Worker:
    """One process and the thread that listens to it."""

    def __init__(
        self,
        settings: CrewSettings,
        answers: queue.SimpleQueue[tuple[_Worker, Made | None]],
    ) -> None:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "server.batch.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)),
            # Out of the terminal's group: Ctrl-C is for the program in front.
            start_new_session=sys.platform != "win32",
            creationflags=0x08000200 if sys.platform == "win32" else 0,
        )
        self._answers = answers
        store = settings.store
        setup = {
            "device": settings.device,
            "store": str(store.folder) if store else "",
            "store_bytes": store.max_bytes if store else 0,
        }
        self._say(json.dumps(setup))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def give(self, order: Order) -> None:
        self._say(json.dumps(order.to_fields()))

    def ending(self) -> str:
        """How the process ended, for a message."""
        code = self._process.wait()
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def dismiss(self, *, at_once: bool) -> None:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(0 if at_once else STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._thread.join()
        process.stdout.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        # The listener meets the end of a process that cannot be spoken to, and says so.
        with contextlib.suppress(OSError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            fields = json.loads(line)
            fields["warnings"] = tuple(fields["warnings"])
            self._answers.put((self, Made(**fields)))
        self._answers.put((self, None))
