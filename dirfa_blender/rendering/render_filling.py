"""A `RenderOrder` filled in this process's Blender; run as a module it is a process that fills one.

The file is a copy that belongs to this process, so its scene may be changed freely: the engine, the range,
and heads that are smoothed for pictures large enough to show the edges of their mesh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..core.errors import FormatError
from ..head import meshes
from . import engines, render, shot, small_picture
from .order_process import Report, run_as_process
from .render_order import FILM, RenderOrder


def fill(order: RenderOrder, report: Report) -> None:
    """Open the file and render what the order says.

    Raises
    ------
    DirfaError
        The file cannot be opened, rendered or written; no output was left then.
    """
    report(stage="open", fraction=0.0)
    try:
        bpy.ops.wm.open_mainfile(filepath=order.file, load_ui=False, use_scripts=order.with_scripts)
    except RuntimeError as error:
        text = str(error).removeprefix("Error: ").strip()
        raise FormatError(f"Blender cannot open its own copy of the file: {text}") from error
    stage = bpy.data.scenes[order.scene]
    if bpy.context.window is not None:
        bpy.context.window.scene = stage
    smooth_heads(stage, settings_of(order))
    report(stage="open", fraction=1.0)
    render_order(stage, order, report)


def render_order(stage: bpy.types.Scene, order: RenderOrder, report: Report) -> None:
    """Render a scene as an order says; the scene keeps the order's range.

    Raises
    ------
    DirfaError
        It cannot be rendered or written.
    """
    stage.frame_start, stage.frame_end = order.frame_start, order.frame_end
    stage.frame_step = 1
    settings = settings_of(order)
    frames = order.frame_count
    report(stage="work", fraction=0.0, detail=f"frame 1 of {frames}")

    def progress(share: float) -> None:
        done = min(frames, round(share / render.FRAMES_SHARE * frames))
        detail = f"frame {done} of {frames}" if share < render.FRAMES_SHARE else "writing the film"
        report(stage="work", fraction=share, detail=detail)

    render.mark_scene(stage)
    if order.kind == FILM:
        render.render_video(
            stage, Path(order.output), settings, progress, with_sound=order.with_sound
        )
    else:
        render.render_pictures(stage, Path(order.output), settings, progress)


def settings_of(order: RenderOrder) -> engines.RenderSettings | None:
    """Engine and size of an order; None where it leaves them to the scene."""
    if not order.engine:
        return None
    return engines.RenderSettings(
        order.engine,  # pyright: ignore[reportArgumentType]
        order.width,
        order.height,
        order.samples or None,
        order.device,  # pyright: ignore[reportArgumentType]
        order.quality,  # pyright: ignore[reportArgumentType]
    )


def smooth_heads(stage: bpy.types.Scene, settings: engines.RenderSettings | None) -> None:
    """Subdivide built heads in a picture large enough to show the edges of the mesh, and in no other."""
    if settings is None:
        return
    is_large = max(settings.width, settings.height) >= small_picture.SMOOTH_PIXELS
    for thing in stage.objects:
        if thing.type == "MESH" and meshes.CHIN_KEY in thing and thing.name != shot.BACKDROP:
            meshes.subdivide(thing, renders=is_large)


def _fill_fields(fields: dict[str, Any], report: Report) -> None:
    fill(RenderOrder(**fields), report)


if __name__ == "__main__":
    run_as_process(_fill_fields)
