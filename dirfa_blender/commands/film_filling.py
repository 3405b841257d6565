"""A `FilmOrder` filled in this process's Blender: build, perform, save, export, render."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..blender import scene
from ..core import npz_io
from ..core.head import Head
from ..core.timing import FrameRate
from ..export import exports
from ..head import meshes
from ..rendering import engines, render, shot, small_picture
from ..rendering.engines import RenderSettings
from ..rendering.order_process import Report, run_as_process
from ..staging.placement import Placement, place
from .film_order import FilmOrder

FRAME_START = 1
HEAD_NAME = "Head"


def fill(order: FilmOrder, report: Report) -> None:
    """Make everything an order asks for, in this process's Blender.

    Raises
    ------
    DirfaError
        Something cannot be read, built, rendered or written.
    """
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


def _perform(order: FilmOrder, head: Head, stage: bpy.types.Scene) -> None:
    """The performance in the scene, the way the add-on's button puts it there."""
    take = npz_io.read_animation(Path(order.take))
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


def _render_settings(order: FilmOrder) -> RenderSettings:
    defaults = RenderSettings()
    return RenderSettings(
        engine=order.engine,  # pyright: ignore[reportArgumentType]
        width=order.width or defaults.width,
        height=order.height or defaults.height,
        samples=order.samples or None,
        device=order.device,  # pyright: ignore[reportArgumentType]
    )


def _prepare_render(order: FilmOrder, stage: bpy.types.Scene) -> None:
    """Render settings go into the .blend too, so that F12 there gives such a picture, and the mark."""
    engines.configure(stage, _render_settings(order))
    render.mark_scene(stage)


def _render(order: FilmOrder, stage: bpy.types.Scene, report: Report) -> None:
    settings = _render_settings(order)
    if (
        settings.engine == "cycles"
        and max(settings.width, settings.height) < small_picture.SMOOTH_PIXELS
    ):
        small_picture.simplify(stage)
    frames = stage.frame_end - stage.frame_start + 1
    report(stage="render", fraction=0.0, detail=f"frame 1 of {frames}")

    def progress(share: float) -> None:
        done = min(frames, round(share / 0.98 * frames))
        detail = f"frame {done} of {frames}" if share < 0.98 else "joining frames and sound"
        report(stage="render", fraction=share, detail=detail)

    render.render_video(stage, Path(order.video), settings, progress)


def _export(path: Path, stage: bpy.types.Scene, *, animated: bool) -> None:
    people = [
        o for o in stage.objects if o.type in ("MESH", "ARMATURE") and o.name != shot.BACKDROP
    ]
    exports.export_objects(path, people, animated=animated)


def _fill_fields(fields: dict[str, Any], report: Report) -> None:
    fill(FilmOrder(**fields), report)


if __name__ == "__main__":
    run_as_process(_fill_fields)
