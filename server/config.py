"""What a server can be told at its start, and the limits it keeps."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dirfa_blender.core.errors import SettingsError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServerConfig:
    """Settings of one server process.

    Parameters
    ----------
    host : interface to listen on; anything but loopback must be asked for by name
    port : 0 lets the system choose a free one
    token : what every request must carry; a fresh random one by default
    announcement : file that tells the user's own programs address and token
    device : ``auto``, ``cpu`` or ``cuda``
    is_eager : prepare for the first jobs as soon as requests are answered
    until_stdin_closes : leave when the process that started this one is gone, by whatever end
    max_waiting : jobs that may wait behind the running one
    max_kept : finished jobs whose results stay on disk
    max_upload_bytes : size of one request: an hour of 24-bit stereo at 96 kHz fits

    Raises
    ------
    SettingsError
        A value is outside its range.
    """

    announcement: Path
    host: str = LOOPBACK
    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    device: str = "auto"
    is_eager: bool = False
    until_stdin_closes: bool = False
    max_waiting: int = 8
    max_kept: int = 16
    max_upload_bytes: int = 2_200_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"The port must be 0..65535, got {self.port}.")
        if not self.token:
            raise SettingsError("The token must not be empty: it is what keeps others out.")


def actors_folder() -> Path:
    """Where a user's actors are kept, `training.actor` writes them and `Engine` finds them."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "dirfa" / "actors"


def actor_file(name: str, folder: Path | None = None) -> Path:
    """An actor's weights, whether or not they are there."""
    return (folder or actors_folder()) / f"{name}.safetensors"
