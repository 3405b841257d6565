"""What the Render panel's choices come to: frames, settings, where the film goes, and the exact rate.

A path is never refused for being relative in a file that was not saved: there it begins at the folder in
which this system keeps films. A film whose name was not chosen never overwrites another one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import bpy

from ..blender.scene import frame_rate, set_frame_rate, usable_rate
from ..core.errors import DirfaError, RenderError
from ..core.file_names import safe_name
from ..core.timing import FrameRate, parse_rate
from ..performing import acting, takes
from ..rendering.engines import RenderSettings
from ..rendering.render_order import FILM, RenderOrder
from ..session import state

RATES = ("23.976", "24", "25", "29.97", "30", "48", "50", "59.94", "60")
SIZES = {"portrait": (864, 1080), "square": (1080, 1080), "wide": (1920, 1080)}
# Of the final picture's edges in a preview: a fifth of its pixels.
PREVIEW_SHARE = 0.45
# Seconds of a frame of 384 x 480 on one processor core, for the first guess of the time left.
FRAME_SECONDS = {"cycles": 2.4, "eevee": 3.0, "workbench": 0.2, "": 5.0}
GUESSED_PIXELS = 384 * 480
FINAL_FACTOR = 8.0
UNTITLED = "talk"
# Rates closer than this are one: properties keep them in single precision.
SAME_RATE = 1e-4


def order_of(scene: bpy.types.Scene) -> RenderOrder:
    """The render that the panel asks for; its file and output are set by whoever fills it.

    Raises
    ------
    RenderError
        The chosen line has no take, so it has no frames.
    SettingsError
        A value is out of range.
    """
    chosen = scene.dirfa
    first, last = frames_of(scene)
    settings = settings_of(scene)
    common = RenderOrder(
        "",
        scene.name,
        "",
        kind=chosen.film_kind,
        frame_start=first,
        frame_end=last,
        with_sound=chosen.film_sound,
        with_scripts=not bpy.app.autoexec_fail,
    )
    if settings is None:
        return common
    return replace(
        common,
        engine=settings.engine,
        quality=settings.quality,
        width=settings.width,
        height=settings.height,
        samples=settings.samples or 0,
        device=settings.device,
    )


def settings_of(scene: bpy.types.Scene) -> RenderSettings | None:
    """Engine, size and quality; None where the scene's own are chosen."""
    chosen = scene.dirfa
    if chosen.engine == "scene":
        return None
    width, height = _full_size(scene)
    share = PREVIEW_SHARE if chosen.quality == "preview" else 1.0
    return RenderSettings(
        chosen.engine,
        max(16, round(width * share)),
        max(16, round(height * share)),
        chosen.samples or None,
        quality=chosen.quality,
    )


def frames_of(scene: bpy.types.Scene) -> tuple[int, int]:
    """First and last frame that are rendered.

    Raises
    ------
    RenderError
        What was chosen has no take.
    """
    which = scene.dirfa.film_range
    if which == "scene":
        return scene.frame_start, scene.frame_end
    line = acting.current_line(scene) if which == "line" else None
    wanted = [line] if line is not None else ([] if which == "line" else list(scene.dirfa.lines))
    span = _span_of(scene, wanted)
    if span is None:
        what = "The chosen line has" if which == "line" else "The lines have"
        raise RenderError(f"{what} no take to render. Generate one, or render the scene's range.")
    return span


def frames_outside(scene: bpy.types.Scene) -> list[str]:
    """What the frame range of a scene leaves out of its lines, as sentences; none where it holds them."""
    span = _span_of(scene, scene.dirfa.lines)
    if span is None:
        return []
    parts: list[str] = []
    if span[0] < scene.frame_start:
        parts.append(f"Lines begin at frame {span[0]}, the scene at {scene.frame_start}")
    if span[1] > scene.frame_end:
        parts.append(f"Lines go on to frame {span[1]}, the scene ends at {scene.frame_end}")
    return parts


def hold_lines(scene: bpy.types.Scene) -> None:
    """Let the frame range of a scene begin earlier and end later, as its lines need."""
    span = _span_of(scene, scene.dirfa.lines)
    if span is not None:
        scene.frame_start = min(scene.frame_start, span[0])
        scene.frame_end = max(scene.frame_end, span[1])


def _span_of(
    scene: bpy.types.Scene, lines: Iterable[bpy.types.PropertyGroup]
) -> tuple[int, int] | None:
    """First and last frame that lines play; None where none of them has a take."""
    rate = usable_rate(scene)
    if rate is None:
        return None
    spans = [
        (line.frame_start, line.frame_start + rate.frame_count(chosen.seconds) - 1)
        for line in lines
        if line.use and (chosen := takes.chosen_take(line)) is not None
    ]
    if not spans:
        return None
    return round(min(first for first, _ in spans)), round(max(last for _, last in spans))


def frame_seconds(order: RenderOrder) -> float:
    """Guess of the seconds a frame of an order takes, until the first ones are done."""
    pixels = order.width * order.height or 4 * GUESSED_PIXELS
    factor = FINAL_FACTOR if order.quality == "final" else 1.0
    return FRAME_SECONDS[order.engine] * factor * pixels / GUESSED_PIXELS


def film_path(scene: bpy.types.Scene) -> Path:
    """Where the output goes: a .mp4, or a folder of pictures."""
    chosen = scene.dirfa
    suffix = ".mp4" if chosen.film_kind == FILM else ""
    text = chosen.output.strip()
    if text:
        path = _absolute(text)
        if text.endswith(("/", "\\")) or path.is_dir():
            path = path / _own_name(scene)
        return path.with_suffix(suffix) if suffix or path.suffix == ".mp4" else path
    folder = Path(bpy.data.filepath).parent if bpy.data.is_saved else films_folder()
    return _unused(folder / f"{_own_name(scene)}{suffix}")


def films_folder() -> Path:
    """Where this system keeps films, else the home folder."""
    home = Path.home()
    names = ("Movies",) if sys.platform == "darwin" else ("Videos", "Movies")
    return next((home / name for name in names if (home / name).is_dir()), home)


def rate_name(scene: bpy.types.Scene) -> str:
    """Which of `RATES` a scene has; empty for another one."""
    now = usable_rate(scene)
    return next((name for name in RATES if parse_rate(name) == now), "")


def set_rate(scene: bpy.types.Scene, rate: FrameRate) -> None:
    """Give a scene an exact rate; its performances follow, and its range where it was theirs."""
    before = usable_rate(scene) or rate
    set_frame_rate(scene, rate)
    follow_rate(scene, before)


def follow_rate(scene: bpy.types.Scene, before: FrameRate) -> None:
    """Let performances follow a rate that a scene has now, and its range where it was theirs."""
    rate = frame_rate(scene)
    was_theirs = scene.frame_end == _last_frame(scene, before)
    # The rate at which lines were at the seconds that were meant, through any number of changes.
    meant = scene.dirfa.rate_before or before.per_second
    scene.dirfa.rate_before = 0.0 if abs(meant - rate.per_second) < SAME_RATE else meant
    for record in scene.dirfa.characters:
        if record.action is None or record.target is None:
            continue
        try:
            with state().quietly():
                acting.retime(scene, record)
        except DirfaError as error:
            state().error = str(error)
    end = _last_frame(scene, rate)
    if was_theirs and end is not None:
        scene.frame_end = end


def _last_frame(scene: bpy.types.Scene, rate: FrameRate) -> int | None:
    ends: list[int] = []
    for line in scene.dirfa.lines:
        take = takes.chosen_take(line)
        if take is not None and line.use:
            ends.append(round(line.frame_start) + rate.frame_count(_heard(take)) - 1)
    return max(ends) if ends else None


def _heard(take: bpy.types.PropertyGroup) -> float:
    """Length of a take's recording, seconds, which fits the frame range when it is placed."""
    animation = takes.read_take(take)
    end = animation.start + animation.duration
    return float(animation.source.get("audio_seconds", end))


def _full_size(scene: bpy.types.Scene) -> tuple[int, int]:
    if scene.dirfa.size == "scene":
        share = scene.render.resolution_percentage / 100
        render = scene.render
        return round(render.resolution_x * share), round(render.resolution_y * share)
    return SIZES[scene.dirfa.size]


def _own_name(scene: bpy.types.Scene) -> str:
    """A name for a film that was given none: the file's, the line's, or a plain one."""
    if bpy.data.is_saved:
        return Path(bpy.data.filepath).stem
    line = acting.current_line(scene)
    name = re.sub(r"[^\w.-]+", "_", line.name).strip("_.") if line is not None else ""
    return safe_name(name) if name else UNTITLED


def _absolute(text: str) -> Path:
    if text.startswith("//") and not bpy.data.is_saved:
        return films_folder() / text[2:]
    return Path(bpy.path.abspath(text)).expanduser()


def _unused(path: Path) -> Path:
    """The path itself, or with the first number behind it that is free."""
    numbered = (path.with_name(f"{path.stem}_{n:03d}{path.suffix}") for n in range(2, 1000))
    if not path.exists():
        return path
    return next((other for other in numbered if not other.exists()), path)
