"""A `SceneOrder` filled in this process's Blender; run as a module it is a process that fills one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..blender import scene
from ..core.errors import FormatError, RigError, SettingsError
from ..core.formats.exchange import read_take
from ..export import exporting
from ..performing import shared_meshes
from ..rendering import engines, render
from ..rendering.order_process import Report, run_as_process
from ..rig.character import character_of
from ..staging.hindrances import hindrances_of
from ..staging.placement import Placement, place
from .scene_order import SceneOrder


def fill(order: SceneOrder, report: Report) -> None:
    """Open the scene if the order names one, and do what it says.

    Raises
    ------
    DirfaError
        Something cannot be read, applied, rendered or written; nothing was written then.
    """
    report(stage="open", fraction=0.0)
    if order.scene:
        _open(Path(order.scene))
    stage = _scene_of(order)
    rate = order.rate()
    if rate is not None:
        scene.set_frame_rate(stage, rate)
    report(stage="open", fraction=1.0)
    work = {"apply": _apply, "render": _render, "export": _export}[order.verb]
    work(order, stage, report)


def character_named(stage: bpy.types.Scene, name: str) -> bpy.types.Object:
    """The object of a scene with this name.

    Raises
    ------
    RigError
        There is none; the sentence names what could be meant.
    """
    for thing in stage.objects:
        if thing.name == name:
            return thing
    able = sorted(
        thing.name
        for thing in stage.objects
        if thing.type == "ARMATURE" or (thing.type == "MESH" and thing.data.shape_keys)
    )
    offered = ", ".join(able[:8]) or "none that could act"
    elsewhere = [other.name for other in bpy.data.scenes if name in other.objects]
    hint = f" Scene '{elsewhere[0]}' has it: name that with --in-scene." if elsewhere else ""
    raise RigError(f"Scene '{stage.name}' has no object {name!r}; it has {offered}.{hint}")


def _scene_of(order: SceneOrder) -> bpy.types.Scene:
    """The scene that an order means, shown as it would be in a window."""
    if not order.in_scene:
        return bpy.context.scene
    stage = bpy.data.scenes.get(order.in_scene)
    if stage is None:
        there = ", ".join(sorted(scene.name for scene in bpy.data.scenes)[:8])
        raise SettingsError(f"There is no scene {order.in_scene!r} in the file; it has {there}.")
    if bpy.context.window is not None:
        bpy.context.window.scene = stage
    return stage


def _open(path: Path) -> None:
    if not path.is_file():
        raise FormatError(f"Expected a .blend at {path}, found nothing. Check the path.")
    try:
        # Scripts in a file from elsewhere stay off: a farm opens what it is handed.
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        text = str(error).removeprefix("Error: ").strip()
        raise FormatError(f"Blender cannot open {path.name}: {text}") from error


def _apply(order: SceneOrder, stage: bpy.types.Scene, report: Report) -> None:
    report(stage="work", fraction=0.0)
    take = read_take(Path(order.take))
    target = character_named(stage, order.character)
    character = character_of(target)
    shared_meshes.refuse_performed(character)
    replaced = shared_meshes.performance_of(character)
    if replaced:
        report(
            warning=f"'{target.name}' has a performance, '{replaced}', which this take replaces; its sound "
            "stays. Several lines of a character are joined by the list of the add-on, see "
            "docs/manual/farm.md."
        )
    audio = Path(order.audio) if order.audio else None
    seconds = float(take.source.get("audio_seconds", take.start + take.duration))
    how = Placement(
        name=target.name,
        target=target,
        audio=audio,
        duration=seconds if audio else None,
        frame_start=order.frame_start,
        follow_through=order.follow_through,
    )
    place(stage, take, None, how)
    for sentence in hindrances_of(target):
        report(warning=sentence)
    render.mark_scene(stage)
    report(stage="work", fraction=0.5)
    scene.save_blend(Path(order.output))
    report(stage="work", fraction=1.0)


def _render(order: SceneOrder, stage: bpy.types.Scene, report: Report) -> None:
    _set_range(order, stage)
    frames = stage.frame_end - stage.frame_start + 1
    report(stage="work", fraction=0.0, detail=f"frame 1 of {frames}")

    def progress(share: float) -> None:
        done = min(frames, round(share / 0.98 * frames))
        report(stage="work", fraction=share, detail=f"frame {done} of {frames}")

    render.mark_scene(stage)
    render.render_video(stage, Path(order.output), _settings(order, stage), progress)


def _settings(order: SceneOrder, stage: bpy.types.Scene) -> engines.RenderSettings | None:
    """Settings the order asks for; None where it leaves everything to the scene."""
    if not (order.engine or order.size or order.samples):
        return None
    by_type = {"CYCLES": "cycles", "BLENDER_WORKBENCH": "workbench"}
    width, height = order.pixels() or (stage.render.resolution_x, stage.render.resolution_y)
    return engines.RenderSettings(
        order.engine or by_type.get(stage.render.engine, "eevee"),  # pyright: ignore[reportArgumentType]
        width,
        height,
        order.samples or None,
        order.device,  # pyright: ignore[reportArgumentType]
    )


def _export(order: SceneOrder, stage: bpy.types.Scene, report: Report) -> None:
    _set_range(order, stage)
    report(stage="work", fraction=0.0)
    character = character_named(stage, order.character) if order.character else None
    export = exporting.export_of(stage, character)
    for sentence in exporting.lost_in_export(export):
        report(warning=sentence)
    exporting.export_character(stage, export, Path(order.output))
    report(stage="work", fraction=1.0)


def _set_range(order: SceneOrder, stage: bpy.types.Scene) -> None:
    wanted = order.range()
    if wanted is not None:
        stage.frame_start, stage.frame_end = wanted


def _fill_fields(fields: dict[str, Any], report: Report) -> None:
    fill(SceneOrder(**fields), report)


if __name__ == "__main__":
    run_as_process(_fill_fields)
