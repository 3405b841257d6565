"""``python -m dirfa_blender <command>``: what makes films and heads without a window."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial

from .commands.scene_order import VERBS
from .core.command_line.exit_codes import USAGE_ERROR, exit_code
from .core.command_line.progress import Display


def main(arguments: Sequence[str]) -> int:
    """Exit code of a command: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    from .commands import convert, fit, scene_command, talk

    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "talk": talk.main,
        "fit": fit.main,
        "convert": convert.main,
        **{verb: partial(scene_command.main, verb) for verb in VERBS},
    }
    name = arguments[0] if arguments else ""
    if name not in commands:
        sys.stderr.write(f"usage: python -m dirfa_blender {{{', '.join(commands)}}} ...\n")
        return 0 if name in ("-h", "--help") else USAGE_ERROR
    # A closed terminal and a polite kill end like Ctrl-C: processes and files are cleared away.
    for ending in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), signal.default_int_handler)
    display = Display(as_json="--json" in arguments)
    goes_on = "--manifest" in arguments
    rest = "the same command goes on where it stopped" if goes_on else "nothing was written"
    return exit_code(lambda: commands[name](arguments[1:]), display, f"Interrupted; {rest}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
