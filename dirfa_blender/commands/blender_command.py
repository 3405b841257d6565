"""``blender -b scene.blend --command dirfa <verb> ...``: the headless commands on the open scene.

Blender has opened the file already and ends after the command, so this works in its own process.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from ..core.command_line.exit_codes import USAGE_ERROR, exit_code
from ..core.command_line.progress import Display, Progress, Stage
from ..core.errors import SettingsError
from . import scene_command, scene_filling
from .scene_order import VERBS, order_from

NAME = "dirfa"


def run(arguments: Sequence[str]) -> int:
    """Exit code of a command: 0 done, 1 failed, 2 wrong usage."""
    verb = arguments[0] if arguments else ""
    display = Display(as_json="--json" in arguments)
    if verb not in VERBS:
        display.error(f"usage: blender -b SCENE.blend --command {NAME} {{{','.join(VERBS)}}} ...")
        return 0 if verb in ("-h", "--help") else USAGE_ERROR
    return exit_code(lambda: _run(verb, arguments[1:], display), display, "Interrupted.")


def _run(verb: str, arguments: Sequence[str], display: Display) -> int:
    found = scene_command.parser_of(verb).parse_args(arguments)
    if found.manifest is not None:
        raise SettingsError("A manifest opens its scenes itself: use python -m dirfa_blender.")
    if not found.scene and not bpy.data.filepath:
        raise SettingsError("Open a scene: blender -b SCENE.blend --command dirfa ...")
    order = order_from(scene_command.values_of(verb, found))
    stages = (
        Stage("open", "opening", 0.1),
        Stage("work", f"{verb}ing", scene_command.SECONDS[verb]),
    )
    progress = Progress(stages, display.show)
    began = time.monotonic()

    def report(**fields: Any) -> None:
        if "warning" in fields:
            display.warn(fields["warning"])
        else:
            progress.update(fields["stage"], fields["fraction"], fields.get("detail", ""))

    scene_filling.fill(order, report)
    display.done([Path(order.output)], time.monotonic() - began)
    return 0
