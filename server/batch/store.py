"""Takes made before, kept by what they were made from: recording, weights, settings, program version.

Whole ``.npz`` files in one folder of the user's, the longest unused removed first once they outgrow
their limit. Several processes may share it: files appear whole, and one that vanishes is a miss.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from dirfa_blender.core.errors import FormatError, OutputError
from dirfa_blender.core.npz_io import animation_from_bytes, write_whole
from dirfa_blender.core.partials import remove_stale
from dirfa_blender.core.protocol import AnimateSettings, to_json

DEFAULT_BYTES = 2_000_000_000
ROOM = 0.9
"""Share of the limit that is kept when files have to go, so that not every take sweeps."""


def take_key(
    audio_sha256: str,
    weights_sha256: str,
    settings: AnimateSettings,
    version: str,
    actor_sha256: str = "",
) -> str:
    """Hash of everything a take depends on; of the actor's file where the settings name one."""
    parts = [audio_sha256, weights_sha256, to_json(settings), version]
    if actor_sha256:
        parts.append(actor_sha256)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class TakeStore:
    """A folder of takes by key.

    Parameters
    ----------
    max_bytes : size the folder may have
    """

    folder: Path
    max_bytes: int = DEFAULT_BYTES

    def get(self, key: str) -> bytes | None:
        """The take of a key as ``.npz``; None where there is none, or a damaged one."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            animation_from_bytes(data, path.name)
        except OSError:
            return None
        except FormatError:
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of use decides what goes first
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep a take; a full disk means it is not kept, which is no error."""
        path = self._path(key)
        with contextlib.suppress(OSError, OutputError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)

    def sweep(self) -> None:
        """Remove the longest unused takes beyond the limit, and what killed programs left."""
        for folder in self.folder.glob("??"):
            remove_stale(folder)
        kept: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("??/*.npz"):
            with contextlib.suppress(OSError):
                found = path.stat()
                kept.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in kept)
        if total <= self.max_bytes:
            return
        for _, size, path in sorted(kept):
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
            if total <= self.max_bytes * ROOM:
                return

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"


def default_folder() -> Path:
    """Where a user's takes are kept."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "dirfa" / "takes"
