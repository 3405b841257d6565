"""Where a running server can be found: a small file that only its user can read.

It lies in a folder of the user's own, carries the address and the token of this one start, and is stale
as soon as its process is gone: readers ask for the process, never trust the file alone. No bpy.
"""

from __future__ import annotations

import ctypes
import json
import os
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import OutputError

DEFAULT_NAME = "server.json"


@dataclass(frozen=True)
class Announcement:
    """Address and token of one running server."""

    pid: int
    host: str
    port: int
    token: str
    protocol: int


def runtime_folder() -> Path:
    """The user's own folder for such files, made on demand, closed to everybody else.

    Raises
    ------
    OutputError
        The folder cannot be made, or somebody else's lies in its place.
    """
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "dirfa"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches" / "dirfa"
    else:
        own = os.environ.get("XDG_RUNTIME_DIR", "")
        usable = bool(own) and Path(own).is_dir() and os.access(own, os.W_OK)
        base = (
            Path(own) / "dirfa" if usable else Path(tempfile.gettempdir()) / f"dirfa-{os.getuid()}"
        )
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = base.lstat()
    except OSError as error:
        raise OutputError(
            f"The folder {base} for running servers cannot be made: {error}."
        ) from error
    if sys.platform != "win32" and (
        not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077
    ):
        raise OutputError(
            f"The folder {base} for running servers must be a folder that only you can open, and is "
            "not. Remove it and try again."
        )
    return base


def write(path: Path, announcement: Announcement) -> None:
    """Put an announcement in place, whole and readable by its user only.

    Raises
    ------
    OutputError
        It cannot be written there: nobody would find the server.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(asdict(announcement), handle)
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"The server's address cannot be written to {path}: {error.strerror or error}. Name another "
            "file with --announcement."
        ) from error


def read(path: Path) -> Announcement | None:
    """The announcement of a server whose process lives; None for no file, a torn or a stale one."""
    try:
        found = json.loads(path.read_text("utf-8"))
        announcement = Announcement(
            pid=int(found["pid"]),
            host=str(found["host"]),
            port=int(found["port"]),
            token=str(found["token"]),
            protocol=int(found["protocol"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return announcement if is_running(announcement.pid) else None


def is_running(pid: int) -> bool:
    """Whether a process with this number exists."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        # os.kill would end the process on Windows, whatever the signal.
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259  # STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
