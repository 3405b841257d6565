"""Runs inside the tested Blender: answers questions about its state and watches for pauses.

Code comes over a socket, is executed in the main thread from a timer, and what it leaves in ``result`` goes
back as JSON. The same timer notes how long the main thread was away since the last tick, by the clock and
by the processor time this thread used: on a busy machine only the second is Blender's own doing.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
import traceback

import bpy

TICK_SECONDS = 0.004


class Agent:
    """The listening end."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen(1)
        self._socket.setblocking(False)
        self._space: dict[str, object] = {"bpy": bpy, "agent": self}
        self._last = (time.perf_counter(), time.thread_time())
        self.gaps: list[tuple[float, float]] = []

    def tick(self) -> float:
        """One turn of the timer."""
        now = (time.perf_counter(), time.thread_time())
        self.gaps.append((now[0] - self._last[0], now[1] - self._last[1]))
        with contextlib.suppress(BlockingIOError):
            connection, _ = self._socket.accept()
            with connection:
                self._answer(connection)
        self._last = (time.perf_counter(), time.thread_time())
        return TICK_SECONDS

    def _answer(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        with connection.makefile("rwb") as file:
            code = json.loads(file.readline())
            self._space["result"] = None
            try:
                exec(code, self._space)
                answer = {"result": self._space["result"]}
            except Exception:
                answer = {"error": traceback.format_exc()}
            with contextlib.suppress(OSError):
                file.write(json.dumps(answer, default=str).encode() + b"\n")


_agent = Agent(os.environ["DIRFA_AGENT"])
bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(_agent.tick, persistent=True)
