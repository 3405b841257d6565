"""The server as a process: it binds, announces itself, serves, and leaves nothing behind.

The port is bound before anything slow happens, so a taken one is a sentence at once. The announcement is
written when requests are answered, never earlier. A server that belongs to another program holds the
other end of its standard input: when that program is gone, by whatever end, the pipe closes and the
server leaves.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from dirfa_blender.core import announcement
from dirfa_blender.core.errors import ServerError
from dirfa_blender.core.protocol import PROTOCOL_VERSION

from .app import create_app
from .config import ServerConfig
from .jobs import JobQueue
from .services import Services
from .sessions import MESSAGE_BYTES
from .starter import leave_with_starter

log = logging.getLogger(__name__)

FOLDER_PREFIX = "dirfa-server-"
PONG_SECONDS = 300.0
"""A client's answer to a ping waits behind all the sound that it sent ahead, which may be minutes of it."""
LEAVE_SECONDS = 1.0
"""Seconds that open answers get to end once the server is told to leave."""


def serve(
    config: ServerConfig,
    *,
    make_services: Callable[[str], Services],
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until interrupted, told to leave, or alone.

    Parameters
    ----------
    make_services : device -> what answers
    ready : called with the address as soon as requests are answered

    Raises
    ------
    ServerError
        The address cannot be listened on.
    """
    listener = _bound(config)
    remove_stale_folders(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
    if config.until_stdin_closes:
        leave_with_starter(lambda: _clean(folder, config))
    queue: JobQueue | None = None
    try:
        services = make_services(config.device)
        queue = JobQueue(folder, max_waiting=config.max_waiting, max_kept=config.max_kept)
        app = create_app(config, services, queue, folder)
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=int(LEAVE_SECONDS),
                ws="websockets-sansio",
                ws_max_size=MESSAGE_BYTES,
                ws_ping_timeout=PONG_SECONDS,
                ws_per_message_deflate=False,
            )
        )
        port = int(listener.getsockname()[1])

        def answering() -> None:
            _announce(config, port, ready)
            if config.is_eager:
                threading.Thread(target=_prepare, args=(services,), daemon=True).start()

        server.when_started = answering
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        if queue is not None:
            queue.close()
        listener.close()
        _clean(folder, config)


class _Server(uvicorn.Server):
    """Tells when it answers, and ignores a second Ctrl-C while it leaves."""

    when_started: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.should_exit = True


def _bound(config: ServerConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"Port {config.port} on {config.host} is taken by another program. Choose another with "
                "--port, or leave it out to get a free one."
            ) from error
        raise ServerError(
            f"The server cannot listen on {config.host}, port {config.port}: {error.strerror}."
        ) from error
    return listener


def _announce(config: ServerConfig, port: int, ready: Callable[[str], None]) -> None:
    announcement.write(
        config.announcement,
        announcement.Announcement(os.getpid(), config.host, port, config.token, PROTOCOL_VERSION),
    )
    host = f"[{config.host}]" if ":" in config.host else config.host
    ready(f"http://{host}:{port}")


def _prepare(services: Services) -> None:
    """Whatever fails here fails again in the job that needs it, and is said there."""
    try:
        services.prepare()
    except Exception:
        log.exception("Preparing")


def _clean(folder: Path, config: ServerConfig) -> None:
    found = announcement.read(config.announcement)
    if found is not None and found.pid == os.getpid():
        config.announcement.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def remove_stale_folders(place: Path) -> None:
    """Remove what killed servers of this user left: folders named after processes that are gone."""
    for folder in place.glob(f"{FOLDER_PREFIX}*"):
        number = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            old = time.time() - folder.stat().st_mtime > 1
            if number.isdigit() and old and not announcement.is_running(int(number)):
                shutil.rmtree(folder, ignore_errors=True)
