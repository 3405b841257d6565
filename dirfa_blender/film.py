"""What ``talk`` and ``fit`` do inside Blender, as a process of its own: build, apply, save, render.

A process, because Blender's module can end one without an exception (a missing graphics library, a driver,
memory) and cannot be interrupted inside a frame: the program in front stays alive to say why, and ends
this one at once when it is told to stop. The order comes as one JSON line on stdin, reports go out as
JSON lines on stdout; when stdin closes, the one who ordered is gone and this process leaves.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core.errors import DirfaError, OutputError
from .core.follow_through import NATURAL
from .core.timing import FrameRate
from .shot_presets import DEFAULT_SHOT

if TYPE_CHECKING:
    from .core.head import Head

FRAME_START = 1
HEAD_NAME = "Head"
SMOOTH_PIXELS = 720
# Property that `meshes.build_head` leaves on a head.
CHIN = "dirfa_chin"
BACKDROP = "Backdrop"


@dataclass(frozen=True)
class FilmOrder:
    """What to make; an empty path means: not that one.

    Parameters
    ----------
    head, take : ``.npz`` files; without a take the head is built alone, at rest
    audio : recording that belongs to the take
    audio_seconds : its exact length; 0 takes the length Blender finds
    blend, video, export : files to write; the export's suffix says its format (see `exports`)
    fps, fps_base : the scene's rate
    engine, width, height, samples, device : as `render.RenderSettings`; 0 samples is the default
    shot : name of a preset; photo : picture that some presets show behind the head
    follow_through : how strongly neck and shoulders follow the head, 0..2
    """

    head: str
    take: str = ""
    audio: str = ""
    audio_seconds: float = 0.0
    blend: str = ""
    video: str = ""
    export: str = ""
    fps: int = 25
    fps_base: float = 1.0
    engine: str = "cycles"
    width: int = 0
    height: int = 0
    samples: int = 0
    device: str = "auto"
    shot: str = DEFAULT_SHOT
    photo: str = ""
    follow_through: float = NATURAL

    def to_line(self) -> bytes:
        """The order as its process reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"


Report = Callable[..., None]


def main(fill: Callable[[dict[str, Any], Report], None] | None = None) -> int:
    """Read the order, fill it, say how it went; the exit code.

    `fill` is what to do with an order; a `FilmOrder` is filled by default.
    """
    fill = fill or (lambda fields, report: fill_order(FilmOrder(**fields), report))
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # Blender writes to stdout whatever one asks of it

    def report(**fields: Any) -> None:
        channel.write(json.dumps(fields) + "\n")
        channel.flush()

    import bpy  # noqa: F401 - loaded while the order is still being prepared elsewhere

    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 1
    threading.Thread(target=_leave_with_stdin, daemon=True).start()
    try:
        fill(json.loads(line), report)
    except DirfaError as error:
        report(error=str(error))
        return 1
    except OSError as error:
        report(error=str(OutputError(f"A file could not be read or written: {error}.")))
        return 1
    except MemoryError:
        report(error="Blender ran out of memory. A smaller --size may fit.")
        return 1
    except Exception:
        traceback.print_exc()
        raise
    report(done=True)
    return 0


def fill_order(order: FilmOrder, report: Report) -> None:
    """Make everything an order asks for, in this process's Blender.

    Raises
    ------
    DirfaError
        Something cannot be read, built, rendered or written.
    """
    import bpy

    from . import meshes, scene, shot
    from .core import npz_io

    report(stage="build", fraction=0.0)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    stage = bpy.context.scene
    scene.set_frame_rate(stage, FrameRate(order.fps, order.fps_base))
    head = npz_io.read_head(Path(order.head))
    if order.take:
        _perform(order, head, stage)
    else:
        actor = meshes.build_head(head, HEAD_NAME)
        if order.blend:
            photo = Path(order.photo) if order.photo else None
            shot.build_shot(stage, actor, preset=order.shot, photo=photo)
    report(stage="build", fraction=0.6)
    if order.blend or order.video:
        _prepare_render(order, stage)
    if order.blend:
        scene.save_blend(Path(order.blend))
    if order.export:
        _export(Path(order.export), stage, animated=bool(order.take))
    report(stage="build", fraction=1.0)
    if order.video:
        _render(order, stage, report)


def _perform(order: FilmOrder, head: Head, stage: Any) -> None:
    """The performance in the scene, the way the add-on's button puts it there."""
    from .core.npz_io import read_animation
    from .placement import Placement, place

    take = read_animation(Path(order.take))
    how = Placement(
        HEAD_NAME,
        audio=Path(order.audio) if order.audio else None,
        duration=order.audio_seconds or take.duration,
        frame_start=FRAME_START,
        preset=order.shot,
        photo=Path(order.photo) if order.photo else None,
        follow_through=order.follow_through,
    )
    place(stage, take, head, how)


def _render_settings(order: FilmOrder) -> Any:
    from .render import RenderSettings

    defaults = RenderSettings()
    return RenderSettings(
        engine=order.engine,  # pyright: ignore[reportArgumentType]
        width=order.width or defaults.width,
        height=order.height or defaults.height,
        samples=order.samples or None,
        device=order.device,  # pyright: ignore[reportArgumentType]
    )


def _prepare_render(order: FilmOrder, stage: Any) -> None:
    """Render settings go into the .blend too, so that F12 there gives such a picture, and the mark.

    In a picture large enough to show the edges of the mesh, built heads are rendered subdivided.
    """
    from . import meshes, render

    settings = _render_settings(order)
    render.configure(stage, settings)
    render.mark_scene(stage)
    if max(settings.width, settings.height) >= SMOOTH_PIXELS:
        for thing in stage.objects:
            if thing.type == "MESH" and CHIN in thing:
                meshes.add_subdivision(thing)


def _render(order: FilmOrder, stage: Any, report: Report) -> None:
    from . import render, small_picture

    settings = _render_settings(order)
    if settings.engine == "cycles" and max(settings.width, settings.height) < SMOOTH_PIXELS:
        small_picture.simplify(stage)
    frames = stage.frame_end - stage.frame_start + 1
    report(stage="render", fraction=0.0, detail=f"frame 1 of {frames}")

    def progress(share: float) -> None:
        done = min(frames, round(share / 0.98 * frames))
        detail = f"frame {done} of {frames}" if share < 0.98 else "joining frames and sound"
        report(stage="render", fraction=share, detail=detail)

    render.render_video(stage, Path(order.video), settings, progress)


def _export(path: Path, stage: Any, *, animated: bool) -> None:
    from . import exports

    people = [o for o in stage.objects if o.type in ("MESH", "ARMATURE") and o.name != BACKDROP]
    exports.export_objects(path, people, animated=animated)


def _leave_with_stdin() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(1)


def run_as_process(fill: Callable[[dict[str, Any], Report], None] | None = None) -> None:
    """`main` as the whole of a process; never comes back."""
    try:
        code = main(fill)
    except BaseException:
        code = 3
    # Not sys.exit: Blender's module can wait for ever for what is still alive at exit.
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run_as_process()
