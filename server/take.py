"""``animate``: speech to a take in this process, no server needed; writes what the suffix says."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import SettingsError
from dirfa_blender.core.interchange import arkit_json, live_link_csv
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.npz_io import animation_bytes, write_whole
from dirfa_blender.core.progress import Display, Progress, Stage
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.core.timing import parse_rate

SUFFIXES = (".npz", ".csv", ".json")


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``animate``."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py animate", description="Turn speech into a take, without a window."
    )
    parser.add_argument("audio", type=Path, help="wav, flac, ogg or mp3")
    parser.add_argument(
        "-o", "--output", type=Path, help=".npz take, .csv Live Link Face, .json ARKit frames"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="which take; the lips do not depend on it"
    )
    parser.add_argument(
        "--fps", help="samples a second, such as 25 or 29.97; default: the model's own"
    )
    parser.add_argument("--head", type=float, default=1.0, help="strength of head motion, 0..3")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    options = parser.parse_args(arguments)
    output: Path = options.output or Path(options.audio.stem + ".npz")
    if output.suffix.lower() not in SUFFIXES:
        raise SettingsError(
            f"A take is written as {', '.join(SUFFIXES)}, got {output.name!r}. Change the suffix."
        )
    rate = parse_rate(options.fps) if options.fps else None
    settings = AnimateSettings(
        seed=options.seed, fps=rate.per_second if rate else None, head=options.head
    )

    display = Display(as_json=options.json)
    stages = (
        Stage("load", "loading the model", 2.0),
        Stage("decode", "reading the recording", 0.5),
        Stage("animate", "animating", 2.0),
    )
    progress = Progress(stages, display.show)
    progress.update("decode")
    from .audio import read_speech

    speech = read_speech(options.audio)
    for sentence in speech.warnings:
        display.warn(sentence)
    progress.update("load")
    from .engine import Engine

    engine = Engine(device=options.device)
    progress.update("animate")
    take = engine.animate(
        speech, settings, lambda share: progress.update("animate", share), lambda: False
    )
    write_whole(output, encoded(take, output.suffix.lower()))
    display.done([output], progress.finish())
    return 0


def encoded(take: Animation, suffix: str) -> bytes:
    """The take in the format of a suffix."""
    if suffix == ".npz":
        return animation_bytes(take)
    track = load_profile("arkit").apply(take)
    write = live_link_csv if suffix == ".csv" else arkit_json
    return write(take, track).encode()
