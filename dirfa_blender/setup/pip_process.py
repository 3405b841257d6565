"""pip as a child process that can be watched and stopped at any moment. No bpy, standard library only."""

from __future__ import annotations

import contextlib
import queue
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Protocol

from ..core.errors import ServerError
from .system import NO_WINDOW

TICK_SECONDS = 0.25
STOP_SECONDS = 3.0
SHOWN_LENGTH = 70
LOG = "setup.log"
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
# Parts of a step: fetching is most of it, unpacking the rest.
FETCH_SHARE = 0.8
LINES_OF_INTEREST = ("Downloading", "Installing", "Building", "Using cached", "Processing")


class Voice(Protocol):
    """Hears what pip is busy with, and the share 0..1 of its work; may raise to stop it."""

    def __call__(self, detail: str, share: float | None = None) -> None: ...


def run(command: list[str], surroundings: dict[str, str], scratch: Path, say: Voice) -> None:
    """Run a pip command; `scratch` is the folder it unpacks in, and what it says is kept beside it.

    Raises
    ------
    ServerError
        pip failed; the sentence carries its last words.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    places = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    # Inherits the set-up's lock: a pip that outlives its starter keeps the next set-up waiting.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, errors="replace", env=surroundings | places, close_fds=False,
        creationflags=NO_WINDOW,
    ) as pip:  # fmt: skip
        assert pip.stdout is not None
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        log = scratch.parent / LOG
        reader = threading.Thread(target=_read, args=(pip.stdout, lines, log), daemon=True)
        reader.start()
        progress = _Progress(scratch)
        try:
            while reader.is_alive() or not lines.empty():
                with contextlib.suppress(queue.Empty):
                    progress.hear(lines.get(timeout=TICK_SECONDS))
                say(progress.detail, progress.share())
        except BaseException:
            _stop(pip)
            raise
    if pip.returncode:
        raise ServerError(_failure(command, progress.words))


def _read(pipe: IO[str], lines: queue.SimpleQueue[str], log: Path) -> None:
    # A killed pip closes its pipe in the middle of a line.
    with contextlib.suppress(ValueError, OSError), log.open("a", encoding="utf-8") as record:
        for line in pipe:
            record.write(line)
            record.flush()
            lines.put(line.strip())


def _stop(pip: subprocess.Popen[str]) -> None:
    pip.terminate()
    try:
        pip.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pip.kill()
        pip.wait()


class _Progress:
    """What pip's lines and its scratch folder say about how far it is."""

    def __init__(self, scratch: Path) -> None:
        self.words: list[str] = []
        self.detail = ""
        self._scratch = scratch
        self._fetched = 0.0
        self._current = 0.0
        self._announced = 0.0
        self._is_unpacking = False
        self._looked = 0.0

    def hear(self, line: str) -> None:
        if line.startswith(LINES_OF_INTEREST):
            self.detail = line if len(line) <= SHOWN_LENGTH else line[: SHOWN_LENGTH - 3] + "..."
        size = re.search(r"\(([\d.]+) (kB|MB|GB)\)", line)
        if line.startswith(("Downloading", "Using cached", "Processing")):
            self._fetched += self._current
            self._current = float(size[1]) * UNITS[size[2]] if size else 0.0
            self._announced += self._current
        if line.startswith("Installing collected packages"):
            self._is_unpacking = True
        if line and not line.startswith("WARNING: Location"):
            self.words.append(line)

    def share(self) -> float | None:
        """Share of the step 0..1; None while nothing is known."""
        if self._is_unpacking:
            return FETCH_SHARE
        if not self._announced:
            return None
        now = time.monotonic()
        if now - self._looked > 4 * TICK_SECONDS:
            self._looked = now
            self._arrived = min(_bytes_in(self._scratch), self._current)
        # Later packages are not announced yet: the share of a step of one large package is exact, that of
        # many small ones creeps towards its end.
        done = self._fetched + self._arrived
        return FETCH_SHARE * done / max(self._announced * 1.05, 120e6 if self._fetched else 1.0)

    _arrived: float = 0.0


def _bytes_in(folder: Path) -> float:
    """Size of the newest file being fetched, bytes."""
    sizes: list[tuple[float, float]] = []
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            state = path.stat()
            if path.is_file():
                sizes.append((state.st_mtime, float(state.st_size)))
    return max(sizes)[1] if sizes else 0.0


def _failure(command: list[str], words: list[str]) -> str:
    names = [word for word in command if "==" in word][:3]
    last = [word for word in words if word.startswith("ERROR")] or words[-3:]
    text = ". ".join(word.removeprefix("ERROR: ").rstrip(".") for word in last) or "it said nothing"
    advice = "Check the network and run the same again; what is finished stays."
    if "--no-index" in command:
        advice = "The offline bundle lacks it: make the bundle again for this computer."
    elif "No space left" in text or "Errno 28" in text:
        advice = "The disk is full: make room and run the same again; what is finished stays."
    elif any("CERTIFICATE_VERIFY_FAILED" in word for word in words):
        advice = (
            "The network answers with a certificate that this Python does not know, as companies' own "
            "do: name the file of it in PIP_CERT and run the same again; what is finished stays."
        )
    elif "roxy" in text:
        advice = "Check the proxy address and run the same again; what is finished stays."
    return f"pip could not install {', '.join(names)}: {text[-500:]}. {advice}"
