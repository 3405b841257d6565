"""``talk``: speech and a photo in; a film, its .blend and its take out. No bpy.

The program in front only conducts: the inference server and Blender are processes of their own, and both
leave by themselves when this one is gone. Everything is made in a hidden folder beside the target and
moved into place when it is whole, the film last; what a killed run left is removed by the next.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.characters import follow_through
from ..core.command_line.inputs import require_files
from ..core.command_line.progress import Display, Progress, Stage
from ..core.command_line.take_options import add_take_options, settings_from
from ..core.errors import AudioError, PhotoError, RenderError, SettingsError
from ..core.protocol import AnimateSettings, PhotoSettings
from ..core.timing import FrameRate, parse_rate
from ..rendering.film_process import FilmProcess
from ..rendering.outputs import Staging, follow
from ..rendering.shot_presets import DEFAULT_SHOT, SHOTS
from ..samples import advice, sample_photo, sample_speech
from ..server_process import ServerProcess
from ..setup import system
from .film_order import FilmOrder

ENGINES = ("cycles", "eevee", "workbench")
DEFAULT_SIZE = (384, 480)
# Seconds a frame of the default size takes on one processor core, for the first guess of time left.
SECONDS_PER_FRAME = {"cycles": 2.4, "eevee": 3.0, "workbench": 0.2}
# Cores beyond which a frame is taken to render no faster, and frames guessed until the take is there.
MAX_CORES, GUESSED_FRAMES = 16, 100
HEAD_FILE = "head.npz"


@dataclass(frozen=True)
class TalkOptions:
    """What one film is made of and how."""

    audio: Path
    photo: Path
    output: Path
    engine: str
    rate: FrameRate
    size: tuple[int, int]
    samples: int
    settings: AnimateSettings
    device: str
    shot: str
    follow_through: float


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``talk``."""
    options, as_json = _parsed(arguments)
    display = Display(as_json=as_json)
    seconds = talk(options, display)
    display.done(list(outputs(options.output)), seconds)
    return 0


def talk(options: TalkOptions, display: Display) -> float:
    """Make the film; the seconds it took.

    Raises
    ------
    DirfaError
        Anything that stands in the way, as a sentence; no output has changed then.
    """
    require_files((options.audio, AudioError), (options.photo, PhotoError))
    if options.engine != "cycles" and not system.is_loadable(system.EGL):
        raise RenderError(
            f"Engine {options.engine} needs the library {system.EGL.file}, which this machine lacks. "
            f"Install it ({system.apt_line([system.EGL.package])}) or render with cycles."
        )
    frame_seconds = _seconds_per_frame(options)
    progress = Progress(_stages(frame_seconds), display.show)
    progress.update("start")
    take, blend, film = outputs(options.output)
    with (
        Staging(options.output) as staging,
        FilmProcess(staging.folder) as blender,
        ServerProcess(device=options.device) as client,
    ):
        speech = client.animate(options.audio, options.settings)
        photo = client.fit(options.photo, PhotoSettings())
        take_file, notes = follow(client, speech.id, "animate", progress)
        staging.write(take.name, take_file)
        head_file, seen = follow(client, photo.id, "fit", progress)
        staging.write(HEAD_FILE, head_file)
        for note in (*notes, *advice(seen, options.photo)):
            display.warn(note)
        seconds = staging.take_seconds(take.name)
        progress.expect("render", frame_seconds * options.rate.frame_count(seconds))
        blender.fill(_film_order(options, staging, seconds), progress)
        staging.publish((take, blend, film))
    return progress.finish()


def outputs(output: Path) -> tuple[Path, Path, Path]:
    """Take, scene and film of one talk: the same name with three suffixes."""
    return output.with_suffix(".npz"), output.with_suffix(".blend"), output.with_suffix(".mp4")


def size(text: str) -> tuple[int, int]:
    """Width and height in ``640x800``."""
    match = re.fullmatch(r"(\d{2,5})[xX*](\d{2,5})", text.strip())
    if match is None:
        raise SettingsError(f"The size must be WIDTHxHEIGHT such as 640x800, got {text!r}.")
    width, height = int(match[1]), int(match[2])
    if not (16 <= width <= 8192 and 16 <= height <= 8192):
        raise SettingsError(f"Width and height must be 16..8192 pixels, got {text}.")
    return width, height


def _seconds_per_frame(options: TalkOptions) -> float:
    """A guess of what a frame takes to render on this computer."""
    width, height = options.size
    share = width * height / (DEFAULT_SIZE[0] * DEFAULT_SIZE[1])
    return SECONDS_PER_FRAME[options.engine] * share / min(os.cpu_count() or 1, MAX_CORES)


def _stages(frame_seconds: float) -> tuple[Stage, ...]:
    """What is done one after another, with the seconds each is guessed to take."""
    return (
        Stage("start", "starting the inference server", 4.0),
        Stage("animate", "animating the speech", 3.0),
        Stage("fit", "fitting a head to the photo", 6.0),
        Stage("build", "building the scene", 4.0),
        Stage("render", "rendering", frame_seconds * GUESSED_FRAMES),
    )


def _film_order(options: TalkOptions, staging: Staging, seconds: float) -> FilmOrder:
    """What Blender is asked for: head and take from the staging folder, scene and film into it."""
    take, blend, film = outputs(options.output)
    width, height = options.size
    return FilmOrder(
        head=str(staging.path(HEAD_FILE)),
        take=str(staging.path(take.name)),
        audio=str(options.audio.resolve()),
        audio_seconds=seconds,
        blend=str(staging.path(blend.name)),
        video=str(staging.path(film.name)),
        fps=options.rate.fps,
        fps_base=options.rate.fps_base,
        engine=options.engine,
        width=width,
        height=height,
        samples=options.samples,
        device={"cuda": "gpu"}.get(options.device, options.device),
        shot=options.shot,
        photo=str(options.photo.resolve()),
        follow_through=options.follow_through,
    )


def _parsed(arguments: Sequence[str]) -> tuple[TalkOptions, bool]:
    parser = argparse.ArgumentParser(
        prog="dirfa.py talk",
        description="Turn speech and a photo into a film of a talking head. With neither, a sample "
        "is used. Writes the film, its .blend and its take (.npz) under one name.",
    )
    parser.add_argument("--audio", type=Path, help="speech: wav, flac, ogg, mp3, m4a, or a film")
    parser.add_argument("--photo", type=Path, help="portrait from the front: jpg, png or webp")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("talk.mp4"), metavar="FILM.mp4",
        help="default: talk.mp4; talk.blend and talk.npz are written beside it",
    )  # fmt: skip
    parser.add_argument("--engine", choices=ENGINES, default="cycles", help="default: cycles")
    parser.add_argument(
        "--fps", default="25", help="frames a second, default 25; 23.976 and 29.97 are exact"
    )
    parser.add_argument(
        "--size", help="WIDTHxHEIGHT in pixels, default {}x{}".format(*DEFAULT_SIZE)
    )
    parser.add_argument(
        "--samples", type=int, default=0, help="light paths a pixel; default: by the engine"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--shot",
        choices=tuple(SHOTS),
        default=DEFAULT_SHOT,
        help="light, framing and background: "
        + "; ".join(f"'{name}': {shot.about}" for name, shot in SHOTS.items()),
    )
    parser.add_argument(
        "--follow-through",
        type=float,
        default=follow_through.NATURAL,
        metavar="X",
        help="how late and little neck and shoulders follow the head, 0..2; 0 is off",
    )
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    add_take_options(parser)
    found = parser.parse_args(arguments)
    output: Path = found.output / "talk.mp4" if found.output.is_dir() else found.output
    if output.suffix.lower() != ".mp4":
        raise SettingsError(f"A film is written as .mp4, got {output.name!r}. Change the suffix.")
    if found.samples < 0:
        raise SettingsError(f"The samples must be 1 or more, got {found.samples}.")
    options = TalkOptions(
        audio=found.audio or sample_speech(),
        photo=found.photo or sample_photo(),
        output=output,
        engine=found.engine,
        rate=parse_rate(found.fps),
        size=size(found.size) if found.size else DEFAULT_SIZE,
        samples=found.samples,
        settings=settings_from(found),
        device=found.device,
        shot=found.shot,
        follow_through=follow_through.checked(found.follow_through),
    )
    return options, found.json
