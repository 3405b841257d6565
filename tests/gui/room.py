"""A room with a real Blender and a screen: a Debian unstable in a folder of the user's cache.

Debian 12 carries no Blender new enough and a wheel opens no window, so the tests bring their own: the
archive that this machine's apt uses, unpacked by debootstrap, entered by chroot. Blender runs there on a
virtual screen with software GL. The project, the server's environment and its interpreter are mounted
read-only under the paths they have outside, so the add-on inside starts the real server.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

SUITE = "sid"
PACKAGES = (
    "blender", "xvfb", "xauth", "x11-utils", "imagemagick", "xdotool", "ca-certificates",
    "libgl1-mesa-dri", "libegl1", "libegl-mesa0", "libgl1", "libglx-mesa0", "libglib2.0-0t64",
    "libsm6", "libice6", "python3-numpy", "python3-requests", "python3-zstandard", "python3-cattr",
)  # fmt: skip
APT_CONF = 'APT::Install-Recommends "false";\nAcquire::Check-Valid-Until "false";\n'
COMPLETE = ".dirfa-complete"
SPACE_BYTES = 3_000_000_000


class RoomError(Exception):
    """The room cannot be made here; the sentence says why and what to do."""


def default_folder() -> Path:
    """Where the room lies: among the user's caches."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "dirfa" / "gui" / SUITE


@dataclass
class Room:
    """The folder of the system, and what is mounted in it while `entered`."""

    folder: Path = field(default_factory=default_folder)
    _mounted: list[Path] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether a preparation has reached its end."""
        return (self.folder / COMPLETE).exists()

    def prepare(self, say: Callable[[str], None]) -> None:
        """Make the system, or finish one whose making broke off.

        Raises
        ------
        RoomError
            This machine cannot: no root, no debootstrap, no space, or the archive does not answer.
        """
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            raise RoomError(
                "The window tests make a Debian with Blender and enter it: they need root on Linux."
            )
        if self.is_complete:
            return
        if shutil.which("debootstrap") is None:
            raise RoomError("debootstrap is missing. Run: apt-get install debootstrap")
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < SPACE_BYTES:
            raise RoomError(f"{self.folder} needs {SPACE_BYTES / 1e9:.0f} GB of free space.")
        if not (self.folder / "etc" / "debian_version").exists():
            say(f"making a Debian {SUITE} in {self.folder} (about a minute)")
            _run(["debootstrap", "--variant=minbase", SUITE, str(self.folder), archive()])
        conf = self.folder / "etc" / "apt" / "apt.conf.d" / "99dirfa"
        conf.write_text(APT_CONF, "utf-8")
        say("installing Blender and a virtual screen (about a minute)")
        shutil.copyfile("/etc/resolv.conf", self.folder / "etc" / "resolv.conf")
        _run(self.command("apt-get", "update", "-qq"))
        _run(
            self.command(
                "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", *PACKAGES
            )
        )
        (self.folder / COMPLETE).touch()

    def command(self, *words: str) -> list[str]:
        """How to run something inside."""
        inside = ["env", "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8", "HOME=/root"]
        return ["chroot", str(self.folder), *inside, *words]

    @contextlib.contextmanager
    def entered(self, *, visible: list[Path], shared: Path) -> Generator[None]:
        """Mount the system's own places, `visible` folders read-only, and `shared` for both sides."""
        try:
            self._mount("proc", self.folder / "proc", "-t", "proc")
            self._mount("/dev", self.folder / "dev", "--bind")
            for place in visible:
                self._mount(str(place), self._inside(place), "--bind", "-o", "ro")
            self._mount(str(shared), self._inside(shared), "--bind")
            yield
        finally:
            self.leave()

    def leave(self) -> None:
        """Unmount everything, last first."""
        while self._mounted:
            place = self._mounted.pop()
            subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)

    def _inside(self, place: Path) -> Path:
        return self.folder / place.relative_to(place.anchor)

    def _mount(self, what: str, place: Path, *options: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        _run(["mount", *options, what, str(place)])
        self._mounted.append(place)


def archive() -> str:
    """Address of the Debian archive that this machine's apt uses.

    Raises
    ------
    RoomError
        apt names none.
    """
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    for source in (path for path in sources if path.is_file()):
        for address in re.findall(r"https?://\S+", source.read_text("utf-8", "replace")):
            if re.search(r"/debian/?$", address):
                return address
    raise RoomError("No Debian archive stands in this machine's apt sources.")


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise RoomError(f"{command[0]} failed: {' '.join(words[-3:])}")
