"""``doctor``: what is installed, what is missing, what to do. No bpy, standard library only.

It needs no environment, so it can say why there is none.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core import announcement
from ..core.project_version import project_version
from . import environment as environments
from . import interpreters, system
from .installation import Source

NEEDED_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and what to do if it is not as it should be."""

    subject: str
    found: str
    is_good: bool = True
    remedy: str = ""


def report(root: Path, *, as_json: bool = False) -> int:
    """Write every finding to stdout; exit code 1 if something needs doing."""
    findings = examine(root)
    if as_json:
        sys.stdout.writelines(json.dumps(asdict(finding)) + "\n" for finding in findings)
    else:
        for finding in findings:
            mark = "ok  " if finding.is_good else "MISS"
            sys.stdout.write(f"{mark}  {finding.subject:<18} {finding.found}\n")
            if finding.remedy:
                sys.stdout.write(f"      {'':<18} {finding.remedy}\n")
    return 0 if all(finding.is_good for finding in findings) else 1


def examine(root: Path) -> list[Finding]:
    """Findings about this machine and the project's environment, in the order of a set-up."""
    home = environments.Environment(environments.default_folder(root), root)
    return [
        _python(),
        *_libraries(),
        Finding("GPU", "NVIDIA" if system.has_nvidia_gpu() else "none (the CPU does everything)"),
        _disk(home.folder),
        found_environment(home),
        *_packages(home, root),
        _second_blender(root),
        _installed_server(root),
        _running_server(),
        _window_tests(),
        Finding("Version", project_version()),
    ]


def examine_server(root: Path) -> list[Finding]:
    """The findings that concern the server an add-on uses."""
    home = environments.of_server(root)
    return [
        _server_python(),
        *_libraries()[:1],
        Finding("GPU", "NVIDIA" if system.has_nvidia_gpu() else "none (the CPU does everything)"),
        _disk(home.folder),
        *_packages(home, root, environments.SERVER),
    ]


def _server_python() -> Finding:
    found = interpreters.available(Source())
    if found is None:
        return Finding("Python", "no 3.11 or 3.12; set-up fetches one", True)
    return Finding("Python", f"{found.version} at {found.path}")


def _python() -> Finding:
    python = system.find_python(environments.SERVER_MINORS)
    if python is None:
        found = f"no Python 3.11 or 3.12; this is {platform.python_version()}"
        return Finding(
            "Python", found, False, "Install Python 3.11 (Debian 12: apt-get install python3)."
        )
    text = f"{python.version} at {python.path}"
    if not python.has_venv:
        line = system.apt_line([f"python3.{python.minor}-venv"])
        return Finding("Python", f"{text}, without venv", False, line)
    if python.minor == 12:
        advice = (
            "Blender's module does not exist for 3.12: install Python 3.11 for talk and fit .blend."
        )
        return Finding("Python", text, True, advice)
    return Finding("Python", text)


def _libraries() -> list[Finding]:
    missing = system.missing_libraries()
    line = system.apt_line([library.package for library in missing]) if missing else ""
    found = ", ".join(library.file for library in missing) or "all that Blender and OpenCV load"
    needed = Finding("System libraries", found, not missing, line)
    if system.is_loadable(system.EGL):
        return [needed, Finding("Engines", "cycles, eevee, workbench")]
    remedy = f"For eevee and workbench: {system.apt_line([system.EGL.package])}"
    return [needed, Finding("Engines", "cycles (no libEGL)", True, remedy)]


def _disk(folder: Path) -> Finding:
    free = system.free_bytes(folder)
    remedy = "" if free > NEEDED_BYTES else "Make room, or set DIRFA_ENVIRONMENT to another disk."
    return Finding("Disk", f"{free / 1e9:.1f} GB free at {folder.parent}", not remedy, remedy)


def found_environment(home: environments.Environment) -> Finding:
    """What of the project's own environment is there."""
    if home.is_ready((environments.BASE,)):
        build = home.installed_torch()
        return Finding("Environment", f"complete in {home.folder}, torch build: {build}")
    if home.is_ready((environments.SERVER,)):
        found = f"complete in {home.folder} for all that shows no head; no Blender"
        return Finding("Environment", found, True, "For talk and render: python3 dirfa.py setup")
    if home.is_made() and not home.has_python():
        found = f"the Python of {home.folder} cannot be run by this user, or is gone"
        return Finding(
            "Environment",
            found,
            False,
            "Name a folder of yours in DIRFA_ENVIRONMENT, or set up anew.",
        )
    found = "of older pins" if home.is_made() else "unfinished" if home.has_python() else "none yet"
    return Finding("Environment", found, False, "Run: python3 dirfa.py setup")


def _packages(
    home: environments.Environment, root: Path, group: str = environments.BASE
) -> list[Finding]:
    """One finding: how many pinned packages are there, and which are not."""
    if not home.has_python():
        return []
    if not home.is_ready((group,)) and home.is_ready((environments.SERVER,)):
        group = environments.SERVER
    minor = int(home.marker().get("minor", 11))
    pins = environments.requirements(root, minor)[group]
    question = (
        "import importlib.metadata as m\n"
        "for d in m.distributions(): print(d.metadata['Name'].lower(), d.version.split('+')[0])"
    )
    answer = subprocess.run(
        [str(home.python), "-I", "-c", question], capture_output=True, text=True, check=False
    )
    found = {tuple(line.split()) for line in answer.stdout.splitlines()}
    wrong = [pin for pin in pins if tuple(pin.lower().split("==")) not in found]
    if wrong:
        text = f"missing or of another version: {', '.join(wrong)}"
        return [Finding("Packages", text, False, "Run: python3 dirfa.py setup")]
    return [Finding("Packages", f"all {len(pins)} pinned packages")]


def _installed_server(root: Path) -> Finding:
    """The environment that the add-on set up for itself."""
    own = environments.Environment(environments.user_folder(), root)
    found = {
        "ready": f"complete in {own.folder}",
        "outdated": "of another version's pins; the add-on offers the update",
        "incomplete": "unfinished; the add-on offers to finish it",
        "absent": "none; the add-on makes one",
    }[own.condition()]
    return Finding("Add-on's server", found)


def _running_server() -> Finding:
    folder = announcement.runtime_folder()
    found = announcement.read(folder / announcement.DEFAULT_NAME)
    return Finding("Running server", f"on port {found.port}" if found else "none")


def _window_tests() -> Finding:
    """Whether ``test --gui`` can make its room."""
    if not system.has_apt() or not system.is_root():
        return Finding("Window tests", "need root on a Debian (python3 dirfa.py test --gui)")
    if shutil.which("debootstrap") is None:
        return Finding("Window tests", "need debootstrap", True, "apt-get install debootstrap")
    return Finding("Window tests", "can run (python3 dirfa.py test --gui)")


def _second_blender(root: Path) -> Finding:
    second = environments.Environment(root / ".venv313", root)
    if second.is_ready(("blender52",)):
        return Finding("Blender 5.2", f"for tests, in {second.folder}")
    return Finding("Blender 5.2", "not set up; only tests use it (python3 dirfa.py test makes it)")
