"""An actor learnt from film: the server's Python does it in a process of its own, a thread follows. No bpy.

Whatever ends this program ends the process too, since it leaves when its standard input closes. The
actor's file appears whole at the end or not at all; what was tracked is kept, so a second try is quicker.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .background import Reporter
from .core.errors import JobCancelled, ServerError, SettingsError
from .core.file_names import safe_name
from .roots import ROOT
from .server_process import server_python
from .setup.environment import data_folder

NAME = re.compile(r"[\w][\w .-]{0,60}")
TITLE = "Learning the performer"


@dataclass(frozen=True)
class Footage:
    """Film of an actor, a file or a folder, and what the actor is to be called.

    Raises
    ------
    SettingsError
        No film there, or a name that cannot be a file's.
    """

    film: Path
    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name != safe_name(self.name.strip(" .")):
            raise SettingsError(
                f"A performer's name is of letters, digits, spaces, dots and dashes, got {self.name!r}."
            )
        if not self.film.exists():
            raise SettingsError(
                f"There is no film or folder {self.film.name} in {self.film.parent}."
            )


@dataclass(frozen=True)
class Learnt:
    """What came of it: a sentence on the actor, and sentences on film that was left out or put right."""

    message: str
    remarks: tuple[str, ...]


def learn(footage: Footage, report: Reporter, command: Sequence[str] = ()) -> Learnt:
    """Learns an actor, so that the server knows the name from then on. Blocks; minutes.

    Parameters
    ----------
    command : how to run the server's Python; found by itself if empty

    Raises
    ------
    JobCancelled
        The work should stop.
    ServerError
        The server is not set up here, or the film cannot be learnt from; the sentence says why.
    """
    root = ROOT
    report(0.0, TITLE)
    with _started(root, footage, command or _command(root)) as process:
        assert process.stdout is not None
        remarks: list[str] = []
        error = ""
        try:
            for line in process.stdout:
                event = _event(line)
                if event.get("event") == "progress":
                    text = f"{TITLE}: {event['detail']}" if event["detail"] else TITLE
                    report(float(event["progress"]), text, float(event["eta_seconds"]))
                elif event.get("event") == "warning":
                    remarks.append(str(event["message"]))
                elif event.get("event") == "error":
                    error = str(event["message"])
                elif event.get("event") == "done":
                    return Learnt(str(event["message"]), tuple(remarks))
                elif report.cancelled():
                    raise JobCancelled("Learning was cancelled; no performer was changed.")
        finally:
            process.kill()
    raise ServerError(error or "Learning ended without a word; there may be too little memory.")


def _command(root: Path) -> list[str]:
    python = server_python(root)
    if python is None:
        raise ServerError(
            "The inference server is not set up on this computer. Set it up in the DIRFA tab under "
            "Server, or learn where it runs: python3 dirfa.py train --footage FOLDER --actor NAME."
        )
    return [str(python), "-P", "-m", "server"]


def _started(root: Path, footage: Footage, command: Sequence[str]) -> subprocess.Popen[bytes]:
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    words = ["train", "--footage", str(footage.film), "--actor", footage.name]
    words += ["--cache", str(data_folder() / "footage"), "--json", "--until-stdin-closes"]
    try:
        return subprocess.Popen(
            [*command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)),
            start_new_session=sys.platform != "win32",
            creationflags=0x08004000 if sys.platform == "win32" else 0,
        )
    except OSError as error:
        raise ServerError(f"The server's Python cannot be started: {error}.") from error


def _event(line: bytes) -> dict[str, Any]:
    """A line of progress; empty where it is something else."""
    with contextlib.suppress(ValueError):
        found: Any = json.loads(line)
        if isinstance(found, dict):
            return found  # pyright: ignore[reportUnknownVariableType]
    return {}
