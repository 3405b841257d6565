#!/usr/bin/env python3
"""The one command: ``python3 dirfa.py <command>``. Needs nothing but a Python.

Sets the project's environment up on first use, then hands over to it. Standard library only, and readable
by Pythons too old for the project, which look for a newer one and start it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dirfa_blender.setup.environment import Environment
    from dirfa_blender.setup.setup_report import Reporter

ROOT = Path(__file__).resolve().parent
# command -> (the package that runs it, what it does); "" is answered here.
COMMANDS = {
    "talk": (
        "dirfa_blender",
        "speech and a photo -> a film of a talking head, its .blend and its take",
    ),
    "animate": ("server", "speech -> take (.npz), .csv, .json, .vmd or .vrma"),
    "batch": ("server", "a folder or manifest of lines -> takes; goes on where it stopped"),
    "stream": ("server", "live speech -> an avatar, over the VMC protocol"),
    "convert": (
        "dirfa_blender",
        "takes, Live Link Face, ARKit, Audio2Face, mouth cues: into each other",
    ),
    "apply": ("dirfa_blender", "a take onto a character of a .blend, saved as another"),
    "render": ("dirfa_blender", "a .blend -> film, marked as synthetic"),
    "export": ("dirfa_blender", "a character of a .blend with its animation -> glTF, FBX or USD"),
    "fit": ("dirfa_blender", "photos of a person -> head: .npz, .blend, .glb, .fbx or .usdc"),
    "serve": ("server", "run the inference server until interrupted"),
    "train": ("server", "adapt the mapping network to an actor from film, or train it anew"),
    "evaluate": ("server", "measure the mapping network"),
    "evaluate-head": ("server", "measure how like their photos heads look"),
    "measure-shapes": ("server", "measure how the photo fit's landmark network sees shapes move"),
    "track": ("server", "video of a face -> take"),
    "extension": ("", "build and validate the Blender extension"),
    "bundle": ("", "fetch what the server needs, for a computer without network"),
    "test": (
        "",
        "run every test that needs no GPU and no window, or --gui (the rest goes to pytest)",
    ),
    "bench": ("", "measure this machine and write docs/benchmarks.md"),
    "setup": (
        "",
        "set the environment up, which the others do by themselves; --bundle needs no network",
    ),
    "doctor": ("", "what is installed, what is missing, what to do"),
}
# Those that can list their options on numpy alone.
LISTABLE = ("talk", "animate", "fit", "serve", "convert", "apply", "render", "export")
USAGE_ERROR = 2
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - met by the Python a person happens to have
        return _restart_with_newer_python(arguments)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0 if arguments else USAGE_ERROR
    command, rest = arguments[0], arguments[1:]
    if command not in COMMANDS:
        known = ", ".join(COMMANDS)
        sys.stderr.write(f"There is no command {command!r}; the commands are {known}.\n")
        return USAGE_ERROR
    sys.path.insert(0, str(ROOT))
    from dirfa_blender.core.errors import DirfaError

    try:
        return _run(command, rest)
    except DirfaError as error:
        _say_error(str(error), "--json" in rest)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command goes on where it stopped.\n")
        return INTERRUPTED


def _run(command: str, rest: list[str]) -> int:
    """Exit code of a command; set-up happens here, the work elsewhere."""
    if command in ("doctor", "setup"):
        _check_own_options(command, rest)
    if command == "doctor":
        from dirfa_blender.setup import doctor

        return doctor.report(ROOT, as_json="--json" in rest)
    if command == "bundle":
        from dirfa_blender.setup import bundling

        return bundling.main(rest)
    from dirfa_blender.setup import environment

    wants_help = "-h" in rest or "--help" in rest
    home = environment.Environment(environment.default_folder(ROOT), ROOT)
    groups = _groups(command, rest)
    if not home.is_ready(groups, needs_cuda=_option(rest, "--device") == "cuda"):
        if wants_help:
            return _help_before_set_up(command, rest)
        _set_up(home, groups, rest)
    if command == "setup":
        sys.stderr.write(f"The environment in {home.folder} is ready.\n")
        return 0
    if command == "test":
        _set_up_second_blender(rest)
        if "--gui" in rest:
            return _hand_over(home.python, "-m", "tests.gui", *_without(rest, "--gui"), folder=ROOT)
        return _hand_over(home.python, "-m", "pytest", *_without(rest, "--json"), folder=ROOT)
    if command == "extension":
        return _hand_over(home.python, "-m", "dirfa_blender.commands.extension", *rest)
    if command == "bench":
        return _hand_over(home.python, "-m", "tests.bench", *rest)
    return _hand_over(home.python, "-m", COMMANDS[command][0], command, *rest)


def _check_own_options(command: str, rest: list[str]) -> None:
    """Leave with help or wrong usage before anything is done: a misspelt --bundle must not download."""
    parser = argparse.ArgumentParser(prog=f"dirfa.py {command}", description=COMMANDS[command][1])
    if command == "setup":
        parser.add_argument(
            "--bundle", metavar="FOLDER", help="made by the command bundle; no network"
        )
        parser.add_argument(
            "--device",
            choices=("auto", "cpu", "cuda"),
            help="build of torch; default: what is there",
        )
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout")
    parser.parse_args(rest)


def _help_before_set_up(command: str, rest: list[str]) -> int:
    """The options of a command where this Python can list them, else what it does."""
    package, summary = COMMANDS[command]
    if command in LISTABLE and importlib.util.find_spec("numpy") is not None:
        return _hand_over(Path(sys.executable), "-m", package, command, *rest)
    sys.stdout.write(
        f"usage: python3 dirfa.py {command} [options]\n\n{summary}\n\n"
        "The options can be listed once everything is set up: python3 dirfa.py setup\n"
    )
    return 0


def _groups(command: str, rest: list[str]) -> tuple[str, ...]:
    """What of the environment a command needs."""
    if command == "test":
        return ("base", "test")
    # What the server's package runs needs no Blender: nodes of a farm, computers without a network.
    found = "server" if COMMANDS[command][0] == "server" else "base"
    if command == "setup" and _option(rest, "--bundle"):
        found = "server"
    if command in ("train", "evaluate") and any(word.startswith("--data") for word in rest):
        return (found, "train")
    return (found,)


def _set_up(home: Environment, groups: tuple[str, ...], rest: list[str]) -> None:
    """Make or finish the environment, showing every step."""
    from dirfa_blender.core.errors import ServerError
    from dirfa_blender.setup import environment, installation, setup_report, system

    show = setup_report.Reporter("--json" in rest)
    folder = _option(rest, "--bundle")
    if folder:
        _set_up_from_bundle(home, groups, Path(folder), show)
        return
    python = system.find_python(environment.SERVER_MINORS)
    if python is None:
        raise ServerError(
            f"DIRFA needs Python 3.11 or 3.12; this is {sys.version.split()[0]} and no other was found. "
            "Install one (Debian 12: apt-get install python3 python3-venv) and run the same command again."
        )
    show.begin(home.folder)
    python = setup_report.provide_system_packages(python, show)
    began = time.monotonic()
    source = installation.Source(_option(rest, "--device") or "auto")
    installation.install(home, home.with_former(groups), python, show, source=source)
    show.end(time.monotonic() - began)


def _set_up_from_bundle(
    home: Environment, groups: tuple[str, ...], folder: Path, show: Reporter
) -> None:
    """The server's part of the environment, with no network."""
    from dirfa_blender.setup import bundle, installation, interpreters

    began = time.monotonic()
    show.begin(home.folder)
    found = bundle.read(folder)
    found.check(
        ROOT, lambda share: show(installation.Step(0, 0, "checking the bundle", share=share))
    )
    source = installation.Source(bundle=found)
    python = interpreters.provide(source, lambda _detail, _share=None: None)
    installation.install(home, groups, python, show, source=source)
    show.end(time.monotonic() - began)


def _set_up_second_blender(rest: list[str]) -> None:
    """The environment of the newest Blender, where a Python for it exists; its tests skip otherwise."""
    from dirfa_blender.setup import environment, installation, setup_report, system

    second = environment.Environment(ROOT / ".venv313", ROOT)
    if second.is_ready(("blender52",)):
        return
    python = system.find_python((13,))
    if python is None or not python.has_venv:
        sys.stderr.write("No Python 3.13 here: the tests on Blender 5.2 are skipped.\n")
        return
    show = setup_report.Reporter("--json" in rest)
    show.begin(second.folder)
    installation.install(second, ("blender52",), python, show)


def _hand_over(python: Path, *arguments: str, folder: Path | None = None) -> int:
    """Become the environment's Python; the checkout is importable, the working folder stays."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    surroundings = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
    command = [str(python), "-P", *arguments]
    if folder is not None:
        os.chdir(folder)
    if sys.platform != "win32":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], command, surroundings)
    # Windows has no exec that keeps the console: wait, and leave Ctrl-C to the child.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command, env=surroundings)


def _restart_with_newer_python(arguments: list[str]) -> int:
    version = "{}.{}.{}".format(*sys.version_info[:3])
    for name in ("python3.11", "python3.12"):
        for folder in os.get_exec_path():
            path = os.path.join(folder, name)  # noqa: PTH118
            if not os.access(path, os.X_OK):
                continue
            check = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))"
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            if subprocess.call([path, "-c", check], **quiet) == 0:
                sys.exit(subprocess.call([path, str(ROOT / "dirfa.py"), *arguments]))
    text = "DIRFA needs Python 3.11 or 3.12; this is {} and neither is on PATH. Install one and try again."
    sys.stderr.write(text.format(version) + "\n")
    return 1


def _option(rest: list[str], name: str) -> str:
    """The value of an option; empty where it is not given."""
    for place, word in enumerate(rest):
        if word == name and place + 1 < len(rest):
            return rest[place + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _without(words: list[str], unwanted: str) -> list[str]:
    return [word for word in words if word != unwanted]


def _say_error(text: str, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"event": "error", "message": text}) + "\n")
    sys.stderr.write(text + "\n")


def _help() -> str:
    lines = [f"  {name:<13} {summary}" for name, (_, summary) in COMMANDS.items()]
    text = (
        "usage: python3 dirfa.py <command> [options]\n\n{}\n\n"
        "python3 dirfa.py <command> --help shows its options. --json prints progress as JSON lines.\n"
        "The first use sets up .venv with pinned packages; later calls start at once.\n"
    )
    return text.format("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
