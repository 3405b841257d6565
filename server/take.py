"""``animate``: speech to takes in this process, no server needed; writes what the suffix says."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.command_line.inputs import require_files, require_place
from dirfa_blender.core.command_line.progress import Display, Progress, Stage
from dirfa_blender.core.command_line.take_options import add_take_options, settings_from
from dirfa_blender.core.errors import AudioError, SettingsError
from dirfa_blender.core.formats.take_formats import TakeFormat, described, format_for
from dirfa_blender.core.npz_io import animation_bytes, read_animation, write_whole
from dirfa_blender.core.partials import remove_stale
from dirfa_blender.core.protocol import AnimateSettings, from_json
from dirfa_blender.core.retake import Retake, retake_of, retaken
from dirfa_blender.core.timing import parse_rate

from .postponed import short_start

MOST_TAKES = 1000
DECODING_SECONDS, ANIMATING_SECONDS = 0.03, 0.5
"""A megabyte of a recording of 16-bit samples, on two cores; the real speed replaces them soon."""


@dataclass(frozen=True)
class Order:
    """What ``animate`` is to make.

    Attributes
    ----------
    outputs : a file a take; seeds count up from that of `settings`
    form : in which they are written
    kept, retake : take of which parts are kept, and which; None makes whole takes
    """

    audio: Path
    outputs: tuple[Path, ...]
    form: TakeFormat
    settings: AnimateSettings
    kept: Animation | None
    retake: Retake | None
    device: str


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``animate``."""
    options = _parser().parse_args(arguments)
    order = _ordered(options)
    require_files((order.audio, AudioError))
    require_place(order.outputs[0])
    remove_stale(order.outputs[0].parent)
    display = Display(as_json=options.json)
    progress = Progress(stages_of(order.audio, len(order.outputs)), display.show)
    progress.update("load")
    with short_start():
        from .audio import read_speech
        from .engine import Engine
    engine = Engine(device=order.device)
    progress.update("decode")
    speech = read_speech(order.audio)
    for sentence in speech.warnings:
        display.warn(sentence)
    for number, output in enumerate(order.outputs):

        def show(share: float, number: int = number) -> None:
            detail = f"take {number + 1} of {len(order.outputs)}" if len(order.outputs) > 1 else ""
            progress.update("animate", (number + share) / len(order.outputs), detail)

        show(0.0)
        settings = replace(order.settings, seed=order.settings.seed + number)
        take = engine.animate(speech, settings, show, lambda: False)
        if order.kept is not None and order.retake is not None:
            take = retaken(order.kept, take, order.retake)
        write_whole(output, _encoded(take, order.form))
    display.done(list(order.outputs), progress.finish())
    return 0


def stages_of(audio: Path, takes: int) -> tuple[Stage, ...]:
    """What so many takes of a recording ask for, with a first guess of the time by its size."""
    megabytes = audio.stat().st_size / 1e6
    return (
        Stage("load", "loading the model", 1.0),
        Stage("decode", "reading the recording", 0.1 + megabytes * DECODING_SECONDS),
        Stage("animate", "animating", takes * max(1.0, megabytes * ANIMATING_SECONDS)),
    )


def numbered(output: Path, form: TakeFormat, count: int) -> tuple[Path, ...]:
    """Files of several takes: ``name-1.npz`` and on; one take keeps the name."""
    if count == 1:
        return (output,)
    return tuple(output.with_name(form.numbered(output.name, n)) for n in range(1, count + 1))


def _encoded(take: Animation, form: TakeFormat) -> bytes:
    if form.kind == "take":
        return animation_bytes(take)
    # The other formats and their tables take as long to load as seconds of speech to animate.
    from dirfa_blender.core.formats.exchange import encoded_take

    return encoded_take(take, form.kind, form.suffix)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirfa.py animate", description="Turn speech into a take, without a window."
    )
    parser.add_argument("audio", type=Path, help="wav, flac, ogg, mp3, m4a, or a film")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help=f"default: the recording's name with .npz, here; what it ends in is its format: {described()}",
    )
    parser.add_argument("--to", default="", help="format the name does not tell, such as a2f")
    parser.add_argument(
        "--fps", help="samples a second, such as 25 or 29.97; default: the model's own"
    )
    add_take_options(parser)
    parser.add_argument(
        "--takes",
        type=int,
        default=1,
        metavar="N",
        help="N takes with seeds counting up: name-1.npz, name-2.npz, ...",
    )
    group = parser.add_argument_group("another take of a part")
    group.add_argument(
        "--from",
        dest="kept",
        type=Path,
        metavar="TAKE.npz",
        help="keep this take of the same recording, its settings too, but for what is made anew; "
        "the seed counts up from its own",
    )
    group.add_argument(
        "--reroll",
        action="append",
        metavar="REGION",
        help="make these regions anew, such as brows or gaze,head; everything else keeps its bytes",
    )
    group.add_argument(
        "--lock",
        action="append",
        metavar="PART",
        help="make everything anew but these: units (AU12), regions (head) or seconds (1.5-2.5)",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    return parser


def _ordered(options: argparse.Namespace) -> Order:
    """What the options ask for, everything checked that needs neither sound nor model."""
    output: Path = options.output or Path(options.audio.stem + ".npz")
    form = format_for(output.name, options.to)
    if not 1 <= options.takes <= MOST_TAKES:
        raise SettingsError(f"The number of takes must be 1..{MOST_TAKES}, got {options.takes}.")
    outputs = numbered(output, form, options.takes)
    rate = parse_rate(options.fps).per_second if options.fps else None
    wants_part = bool(options.reroll or options.lock)
    if wants_part != (options.kept is not None):
        raise SettingsError(
            "A part of a take is made anew with --from TAKE.npz and --reroll or --lock together, "
            f"got only {'--reroll or --lock' if wants_part else '--from'}."
        )
    if options.kept is None:
        settings = settings_from(options, fps=rate)
        return Order(options.audio, outputs, form, settings, None, None, options.device)
    retake = retake_of(options.reroll or (), options.lock or ())
    kept = read_animation(options.kept)
    if rate is not None and abs(rate - kept.fps) > 1e-6 * rate:
        raise SettingsError(
            f"--fps must be that of the kept take, {kept.fps:g}, or be left out; got {rate:g}."
        )
    base = from_json(AnimateSettings, kept.source.get("settings", "{}"))
    base = replace(base, seed=base.seed + 1)
    settings = settings_from(options, fps=rate, base=base)
    return Order(options.audio, outputs, form, settings, kept, retake, options.device)
