"""A Python environment of pinned packages: what should be in it, and what is. No bpy, stdlib only.

The pins are `pyproject.toml`'s and stand nowhere else. A marker file written last says which lists are
installed, by hash: no marker, or another hash, and the missing part has to be installed. Making,
checking and removing are `installation`'s, `verification`'s and `removal`'s.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

BASE = "base"
# What the server itself imports: the base without the Blender module, which an add-on has already.
SERVER = "server"
SERVER_MINORS = (11, 12)
# Python minor version -> the extra that brings a Blender built for it; there is none for 3.12.
BLENDER_EXTRAS = {11: "blender", 13: "blender52"}
MARKER = "dirfa.json"
LOCK = "dirfa.lock"

Condition = Literal["absent", "incomplete", "outdated", "ready"]


@dataclass(frozen=True)
class Environment:
    """A virtual environment in `folder` for the project in `root`.

    `groups` are installed together: ``server`` is the project's dependencies, ``base`` those and the
    Blender that fits the interpreter, any other name an extra of `pyproject.toml`.
    """

    folder: Path
    root: Path

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        if sys.platform == "win32":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def has_python(self) -> bool:
        """Whether the interpreter is there, for this user: another's may lie in a home that is closed."""
        try:
            return self.python.exists()
        except PermissionError:
            return False

    def is_ready(self, groups: tuple[str, ...], *, needs_cuda: bool = False) -> bool:
        """Whether every group is installed with today's pins; reads two small files."""
        marker = self.marker()
        if not marker or not self.has_python():
            return False
        if needs_cuda and marker.get("torch") == "cpu":
            return False
        wanted = requirements(self.root, int(marker.get("minor", 0)))
        found: dict[str, str] = marker.get("groups", {})
        return all(has_group(found, group, wanted) for group in groups)

    def with_former(self, groups: tuple[str, ...]) -> tuple[str, ...]:
        """`groups` and those of an earlier set-up: an update brings all that was there, once."""
        marker = self.marker()
        known = requirements(self.root, int(marker.get("minor", 0)))
        found = {*groups, *(name for name in marker.get("groups", ()) if name in known)}
        return tuple(sorted(found - {SERVER} if BASE in found else found))

    def condition(self, groups: tuple[str, ...] = (SERVER,)) -> Condition:
        """Where the environment stands: nothing, a set-up that broke off, older pins, or all of it."""
        if self.is_ready(groups):
            return "ready"
        if self.is_made() and self.has_python():
            return "outdated"
        # A lock alone is a set-up that was refused before it wrote anything.
        with contextlib.suppress(OSError):
            if any(entry.name != LOCK for entry in self.folder.iterdir()):
                return "incomplete"
        return "absent"

    def is_made(self) -> bool:
        """Whether a set-up was ever finished here, with whatever pins."""
        return bool(self.marker())

    def installed_torch(self) -> str | None:
        """``cpu`` or ``default``: which build of torch was chosen; None where there is none."""
        return self.marker().get("torch")

    def marker(self) -> dict[str, Any]:
        """What a finished set-up left behind; empty before."""
        try:
            found = json.loads((self.folder / MARKER).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_marker(self, marker: dict[str, Any]) -> None:
        """Put a marker in place, whole."""
        draft = self.folder / (MARKER + ".partial")
        draft.write_text(json.dumps(marker), "utf-8")
        draft.replace(self.folder / MARKER)

    def forget_marker(self) -> None:
        """From now on the environment counts as incomplete."""
        (self.folder / MARKER).unlink(missing_ok=True)

    def site_packages(self) -> list[Path]:
        """Where its packages lie; empty before it is made."""
        return sorted(self.folder.glob("[Ll]ib*/**/site-packages"))


def requirements(root: Path, minor: int) -> dict[str, list[str]]:
    """Pinned requirements of every group for Python 3.`minor`."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    blender = extras.get(BLENDER_EXTRAS.get(minor, ""), [])
    dependencies: list[str] = project["dependencies"]
    return {BASE: [*dependencies, *blender], SERVER: dependencies, **extras}


def constraints(root: Path) -> list[str]:
    """Versions of packages that are only asked for by others; no part of what makes an environment old."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    found: list[str] = project.get("tool", {}).get("dirfa", {}).get("constraints", [])
    return found


def pins_hash(entries: list[str]) -> str:
    """A short name of a list of requirements, whatever its order."""
    return hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()[:16]


def has_group(found: dict[str, str], group: str, wanted: dict[str, list[str]]) -> bool:
    """Whether the hashes `found` cover a group with the pins `wanted`; the base contains the server."""
    if group not in wanted:
        return False
    if group == SERVER and found.get(BASE) == pins_hash(wanted[BASE]):
        return True
    return found.get(group) == pins_hash(wanted[group])


def default_folder(root: Path) -> Path:
    """Where the project's environment lies: DIRFA_ENVIRONMENT, else ``.venv`` in the checkout."""
    chosen = os.environ.get("DIRFA_ENVIRONMENT")
    return Path(chosen).expanduser() if chosen else root / ".venv"


def user_folder() -> Path:
    """Where the environment of an installed add-on lies: among this user's data, outlasting updates."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "dirfa" / "environment"


def data_folder() -> Path:
    """The user's folder of everything this add-on installs."""
    return user_folder().parent


def of_server(root: Path) -> Environment:
    """The environment in use or to be made: the checkout's if it has one, else the user's."""
    own = Environment(default_folder(root), root)
    if own.has_python() or (root / ".git").exists() or "DIRFA_ENVIRONMENT" in os.environ:
        return own
    return Environment(user_folder(), root)
