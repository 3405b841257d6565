"""``python -m server <command>``: the server, a take without a server, and the model's own life."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dirfa_blender.core.command_line.exit_codes import USAGE_ERROR, exit_code
from dirfa_blender.core.command_line.progress import Display

from .native_noise import native_noise_off

if TYPE_CHECKING:
    from .services import Services

# Commands that live with what they do: module with a ``main(arguments) -> exit code``.
ELSEWHERE = {
    "train": "server.training.train",
    "evaluate": "server.evaluation.report",
    "evaluate-head": "server.evaluation.heads",
    "measure-shapes": "server.evaluation.seen_shapes",
    "track": "server.tracking.track",
    "microphone": "server.microphone",
}


def main(
    arguments: Sequence[str], *, make_services: Callable[[str], Services] | None = None
) -> int:
    """Exit code of a command: 0 done, 1 failed, 2 wrong usage.

    `make_services` puts something else than the model behind the routes.
    """
    # Numpy's products: what is worth sharing has threads of its own already, and how they are shared would
    # show in the last bits. To be said before numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "serve": lambda words: _serve(words, make_services),
        "animate": _animate,
        "batch": _batch,
        "stream": _stream,
    }
    name = arguments[0] if arguments else ""
    if name in ELSEWHERE:
        watches_film = name == "track" or any(word.startswith("--footage") for word in arguments)
        with native_noise_off() if watches_film else contextlib.nullcontext():
            return int(importlib.import_module(ELSEWHERE[name]).main(list(arguments[1:])))
    if name not in commands:
        known = ", ".join([*commands, *ELSEWHERE])
        sys.stderr.write(f"usage: python -m server {{{known}}} ...\n")
        return 0 if name in ("-h", "--help") else USAGE_ERROR
    if name != "serve":
        # A polite kill, which is how farms cancel, ends like Ctrl-C: workers leave, and it is said.
        for ending in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, ending):
                signal.signal(getattr(signal, ending), signal.default_int_handler)
    display = Display(as_json="--json" in arguments)
    rest = "; the same command goes on where it stopped" if name == "batch" else ""
    return exit_code(lambda: commands[name](arguments[1:]), display, f"Interrupted{rest}.")


def _serve(arguments: Sequence[str], make_services: Callable[[str], Services] | None) -> int:
    from dirfa_blender.core import announcement

    parser = argparse.ArgumentParser(
        prog="dirfa.py serve", description="Run the inference server until interrupted."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="interface; default: this computer only"
    )
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--announcement", type=Path, help="file that tells programs the address")
    parser.add_argument(
        "--eager", action="store_true", help="prepare at once for what the first jobs need"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="leave with the starter")
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout")
    options = parser.parse_args(arguments)

    from .config import ServerConfig
    from .postponed import short_start
    from .services import LocalServices
    from .serving import serve

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    config = ServerConfig(
        announcement=options.announcement
        or announcement.runtime_folder() / announcement.DEFAULT_NAME,
        host=options.host,
        port=options.port,
        device=options.device,
        is_eager=options.eager,
        until_stdin_closes=options.until_stdin_closes,
    )
    display = Display(as_json=options.json)

    def ready(url: str) -> None:
        display.ready(url, config.announcement)

    def local_services(device: str) -> LocalServices:
        with short_start():
            return LocalServices(device)

    serve(config, make_services=make_services or local_services, ready=ready)
    return 0


def _animate(arguments: Sequence[str]) -> int:
    from .postponed import short_start

    with short_start():
        from . import take

    return take.main(arguments)


def _batch(arguments: Sequence[str]) -> int:
    from .batch import command

    return command.main(arguments)


def _stream(arguments: Sequence[str]) -> int:
    from . import avatar

    return avatar.main(arguments)


def leave(code: int) -> None:
    """End without waiting for threads of torch or a job that still computes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
