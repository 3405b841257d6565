"""An offline bundle: a folder with everything a computer without network needs for the server.

``python3 dirfa.py bundle -o folder`` fills it on a computer that has one; the add-on installs from it. The
description is written last and carries the hash of every file, so a bundle that was cut off or damaged on
its way is refused by name before anything is installed. No bpy, standard library only.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import FormatError
from .environment import SERVER, pins_hash, requirements

FORMAT = "dirfa-bundle"
VERSION = 1
DESCRIPTION = "bundle.json"
WHEELS = "wheels"
PYTHONS = "python"
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Bundle:
    """What a folder offers: pinned wheels, and an interpreter if one could be fetched.

    `platform` is ``linux``, ``windows`` or ``macos``; `torch` the build, ``cpu`` or ``default``; `files`
    maps paths inside the folder to their SHA-256.
    """

    folder: Path
    platform: str
    minor: int
    pins: str
    torch: str
    files: dict[str, str]

    @property
    def wheels(self) -> Path:
        return self.folder / WHEELS

    @property
    def pythons(self) -> Path:
        return self.folder / PYTHONS

    def check(self, root: Path, progress: Callable[[float], None]) -> None:
        """Make sure that the bundle is whole, of this version and for this computer.

        Raises
        ------
        FormatError
            It is not; the sentence says in which respect.
        """
        if self.platform != this_platform():
            raise FormatError(
                f"The offline bundle in {self.folder} is for {self.platform}, this is {this_platform()}. "
                f"Make it with: python3 dirfa.py bundle --platform {this_platform()}"
            )
        if self.pins != pins_hash(requirements(root, self.minor)[SERVER]):
            raise FormatError(
                f"The offline bundle in {self.folder} belongs to another version of DIRFA. Make it again "
                "with the version that is installed here."
            )
        for number, (name, expected) in enumerate(sorted(self.files.items())):
            progress(number / len(self.files))
            path = self.folder / name
            if not path.is_file():
                raise FormatError(
                    f"The offline bundle in {self.folder} lacks {name}. Copy it again."
                )
            if file_hash(path) != expected:
                raise FormatError(
                    f"{name} in the offline bundle is damaged. Copy the bundle again."
                )


def read(folder: Path) -> Bundle:
    """The bundle in a folder, by its description.

    Raises
    ------
    FormatError
        There is none, or a newer program wrote it.
    """
    path = folder / DESCRIPTION
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if found["format"] != FORMAT:
            raise KeyError("format")
        if found["version"] > VERSION:
            raise FormatError(
                f"{path} is of version {found['version']}, this program reads {VERSION}. Update DIRFA."
            )
        return Bundle(
            folder=folder,
            platform=str(found["platform"]),
            minor=int(found["minor"]),
            pins=str(found["pins"]),
            torch=str(found["torch"]),
            files={str(name): str(value) for name, value in found["files"].items()},
        )
    except FileNotFoundError as error:
        raise FormatError(
            f"{folder} is not a finished offline bundle: it has no {DESCRIPTION}. Make one where there is "
            "a network: python3 dirfa.py bundle -o FOLDER"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path} is not the description of an offline bundle.") from error


def write(bundle: Bundle) -> None:
    """Put the description in place: from now on the bundle counts as finished."""
    text = json.dumps(
        {
            "format": FORMAT, "version": VERSION, "platform": bundle.platform, "minor": bundle.minor,
            "pins": bundle.pins, "torch": bundle.torch, "files": bundle.files,
        },
        indent=1,
    )  # fmt: skip
    draft = bundle.folder / (DESCRIPTION + ".partial")
    draft.write_text(text, "utf-8")
    draft.replace(bundle.folder / DESCRIPTION)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every wheel and interpreter in a folder, by their paths inside it."""
    found: dict[str, str] = {}
    for part in (WHEELS, PYTHONS):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(folder).as_posix()] = file_hash(path)
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def this_platform() -> str:
    """``linux``, ``windows`` or ``macos``."""
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
