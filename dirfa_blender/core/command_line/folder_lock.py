"""One program at a time in an output folder. No bpy.

The lock belongs to the open file, so the system frees it however the program ends; the text in it only
says who holds it. A network drive that cannot lock lets everybody in: files still appear whole, so the
worst that happens there is work done twice.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
from pathlib import Path
from types import TracebackType

from ..errors import OutputError
from .ledger import state_folder

HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FolderLock:
    """Holds a lock file while its block runs.

    Parameters
    ----------
    folder : the outputs; made if needed
    name : lock file inside ``.dirfa`` of the folder
    """

    def __init__(self, folder: Path, name: str = "lock") -> None:
        self._folder = folder
        self._path = state_folder(folder) / name
        self._handle = -1

    def __enter__(self) -> FolderLock:
        """Take the lock.

        Raises
        ------
        OutputError
            Another program holds it, or the folder cannot be written to.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise OutputError(
                f"The folder {self._folder} cannot be written to: {error.strerror or error}. "
                "Choose another output folder."
            ) from error
        try:
            _lock(self._handle)
        except OSError as error:
            holder = self._holder()
            os.close(self._handle)
            self._handle = -1
            if error.errno not in HELD:
                return self
            raise OutputError(
                f"The folder {self._folder} is in use by {holder}. Wait for it to end, or choose "
                "another output folder."
            ) from error
        # The first byte is what is locked, and Windows lets nobody read it: the text follows it.
        text = json.dumps({"process": os.getpid(), "computer": socket.gethostname()})
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.write(self._handle, b"\n" + text.encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1

    def _holder(self) -> str:
        try:
            os.lseek(self._handle, 1, os.SEEK_SET)
            found = json.loads(os.read(self._handle, 4096))
            return f"process {found['process']} on {found['computer']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another program"


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
