"""A report about the server for somebody who helps: what is there, what was said, nothing private. No bpy.

Folders of the user, names, tokens and addresses of other computers are replaced before the text leaves
this module.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
import sys
from pathlib import Path

from .core.protocol import PROTOCOL_VERSION
from .server_process import ServerProcess
from .setup import doctor
from .setup.environment import SERVER, of_server
from .setup.setup_lock import is_held

SHOWN_LINES = 40
ENVIRONMENT_LOG = "setup.log"


def setup_log(root: Path) -> Path:
    """What pip said during the last set-up."""
    return of_server(root).folder / ENVIRONMENT_LOG


def newest_log(root: Path, server: ServerProcess) -> Path | None:
    """The log that was written to last: the server's, that of one that failed, or the set-up's."""
    places = [path for path in (server.log, server.kept_log, setup_log(root)) if path.is_file()]
    return max(places, key=lambda path: path.stat().st_mtime, default=None)


def report(root: Path, server: ServerProcess, facts: dict[str, str]) -> str:
    """The report; `facts` are the caller's own lines. Blocks, for a worker thread."""
    home = of_server(root)
    marker = home.marker()
    lines = ["DIRFA diagnostics"]
    rows = facts | {
        "protocol": str(PROTOCOL_VERSION),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores",
        "interpreter": sys.version.split()[0],
        "environment": home.condition((SERVER,)),
        "its Python": str(marker.get("python", "none")),
        "its torch": str(marker.get("torch", "none")),
        "set-up at work": str(is_held(home.folder / "dirfa.lock")),
        "server": server.state,
    }
    lines += [f"{name:<16} {value}" for name, value in rows.items()]
    for finding in doctor.examine_server(root):
        lines.append(
            f"{'ok' if finding.is_good else 'MISSING':<16} {finding.subject}: {finding.found}"
        )
    for path in (setup_log(root), server.kept_log, server.log):
        if path.is_file():
            lines += ["", f"end of {path.name}:"]
            lines += path.read_text("utf-8", "replace").splitlines()[-SHOWN_LINES:]
    return redact("\n".join(lines))


def redact(text: str) -> str:
    """The text without the user's folders and name, tokens, and hosts but this one."""
    places = {str(Path.home()), str(Path.home().resolve())} - {"/", "."}
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, "~").replace(place.replace("\\", "/"), "~")
    text = re.sub(r"(?<![\w~.])(/(?:home|Users|media|mnt|Volumes)/)[^/\s'\"]+", r"\1<user>", text)
    text = re.sub(r"([A-Za-z]:[\\/]Users[\\/])[^\\/\s'\"]+", r"\1<user>", text)
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    if len(user) > 2 and user not in ("root", "user", "admin"):
        text = re.sub(rf"\b{re.escape(user)}\b", "<user>", text)
    text = re.sub(r"(?i)(token|bearer|password)([\"'\s:=]+)[\w\-.~+/]{6,}", r"\1\2<hidden>", text)
    text = re.sub(r"(https?://)[^/\s@]+@", r"\1<hidden>@", text)
    return re.sub(r"(https?://)(?!127\.0\.0\.1|localhost|\[::1\])[^/\s:,)]+", r"\1<host>", text)
