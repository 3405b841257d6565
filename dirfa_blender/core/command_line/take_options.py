"""Options of command lines that say how a take is made and directed: one list for all. No bpy."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from .. import control_words
from ..controls import REGIONS
from ..emotions import EMOTIONS
from ..protocol import AnimateSettings
from ..transcripts import SUFFIX, read_text


def add_take_options(parser: argparse.ArgumentParser, *, is_live: bool = False) -> None:
    """Give a parser the options; what is left out stays None, so a base may fill it.

    `is_live` keeps the transcript out of the list: it is refused with the reason.
    """
    group = parser.add_argument_group("the performance")
    group.add_argument("--seed", type=int, help="which take; lips do not depend on it; default 0")
    group.add_argument("--head", type=float, metavar="X", help="strength of head motion, 0..3")
    group.add_argument(
        "--blinks", type=float, metavar="X", help="rate of blinking, 0..3, 1 = human"
    )
    group.add_argument(
        "--breath",
        type=float,
        metavar="X",
        help="how far lips part for breath between phrases, 0..3",
    )
    group.add_argument(
        "--emotion",
        action="append",
        metavar="NAME=X",
        help=f"{', '.join(EMOTIONS)}: intensity 0..1, such as happy=0.6,sad=0.2; over time as "
        "seconds:intensity keys, such as happy=0:0,1.5:0.8; may be repeated",
    )
    group.add_argument(
        "--au",
        action="append",
        metavar="UNIT=CHANGE",
        help="one action unit: AU12=+0.2 adds, AU15=*0 multiplies, AU26=0.1..0.8 limits; AU12L is "
        "the subject's left only; may be repeated",
    )
    group.add_argument(
        "--region",
        action="append",
        metavar="NAME=X",
        help=f"strength 0..3 of {', '.join(REGIONS)}; 0 is off; lips still close on p b m",
    )
    group.add_argument(
        "--articulation",
        action="append",
        metavar="jaw=X,lips=X",
        help="how far the jaw opens and the lips shape, 0..3; below 1 mumbles, above 1 enunciates",
    )
    group.add_argument(
        "--actor",
        metavar="NAME",
        help="whose mouth: an actor learnt by train --footage, or grid, facegood, plain",
    )
    told = "what is said, in English, or a .txt file of it: lips then close exactly where they must"
    group.add_argument("--transcript", metavar="TEXT", help=argparse.SUPPRESS if is_live else told)
    usual = "0.12" if is_live else "as long as it helps"
    group.add_argument(
        "--lookahead",
        type=float,
        metavar="SECONDS",
        help=f"sound that may be heard before the face answers; default: {usual}",
    )


def settings_from(
    options: argparse.Namespace, *, fps: float | None = None, base: AnimateSettings | None = None
) -> AnimateSettings:
    """The settings of parsed options over those of `base`.

    Raises
    ------
    SettingsError
        An option is malformed or out of range.
    FormatError
        The text file of the transcript cannot be read.
    """
    base = base or AnimateSettings()
    return replace(
        base,
        seed=base.seed if options.seed is None else options.seed,
        fps=base.fps if fps is None else fps,
        head=base.head if options.head is None else options.head,
        blinks=base.blinks if options.blinks is None else options.blinks,
        breath=base.breath if options.breath is None else options.breath,
        actor=base.actor if options.actor is None else options.actor,
        transcript=base.transcript if options.transcript is None else _spoken(options.transcript),
        lookahead=base.lookahead if options.lookahead is None else options.lookahead,
        controls=control_words.controls(
            emotion=options.emotion or (),
            au=options.au or (),
            region=options.region or (),
            articulate=options.articulation or (),
            base=base.controls,
        ),
    )


def _spoken(transcript: str) -> str:
    """The text itself, or what stands in the text file it names."""
    return read_text(Path(transcript)) if transcript.lower().endswith(SUFFIX) else transcript
