"""``convert``: takes, Live Link Face, ARKit, Audio2Face and mouth cues into each other. No bpy."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from ..core.command_line.progress import Display
from ..core.formats.exchange import Reading, encoded_take, read_take
from ..core.formats.interchange import ANGLE_SCALE
from ..core.formats.take_formats import TITLES, format_for
from ..core.npz_io import write_whole
from ..core.partials import remove_stale
from ..core.timing import parse_rate


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``convert``."""
    formats = ", ".join(f"{name} = {title}" for name, title in TITLES.items())
    parser = argparse.ArgumentParser(
        prog="dirfa.py convert", description=f"Turn one format into another: {formats}."
    )
    parser.add_argument("input", type=Path, help="any of these; its content tells which")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="what its name ends in is its format"
    )
    parser.add_argument(
        "--to",
        default="",
        help="one of these, where the name does not tell it: a .csv may be three of them",
    )
    parser.add_argument("--fps", help="samples a second of the output; default: those of the input")
    parser.add_argument("--input-fps", help="rate of an input that states none or a wrong one")
    parser.add_argument(
        "--input-angles",
        choices=tuple(ANGLE_SCALE),
        default="radians",
        help="of head and eyes in a Live Link input",
    )
    parser.add_argument(
        "--angles", choices=tuple(ANGLE_SCALE), default="radians", help="of a Live Link output"
    )
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    found = parser.parse_args(arguments)
    began = time.monotonic()
    remove_stale(found.output.parent)
    form = format_for(found.output.name, found.to)
    rate = parse_rate(found.input_fps).per_second if found.input_fps else None
    take = read_take(found.input, Reading(rate, found.input_angles))
    if found.fps:
        take = take.resampled(parse_rate(found.fps).per_second)
    write_whole(found.output, encoded_take(take, form.kind, form.suffix, angles=found.angles))
    Display(as_json=found.json).done([found.output], time.monotonic() - began)
    return 0
