"""`SceneOrder`s filled in this process's Blender; run as a module it is a process that fills some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from .. import register
from ..blender import scene
from ..core.errors import FormatError, RigError, SettingsError
from ..core.formats.exchange import read_take
from ..export import exporting
from ..performing import shared_meshes
from ..rendering import engines, render
from ..rendering.order_process import Report, run_as_process
from ..rig.character import character_of, has_keys
from ..staging import joining
from ..staging.hindrances import hindrances_of
from ..staging.placement import Placement, place
from ..staging.staging import heard_seconds
from .scene_order import SceneOrder


def fill(order: SceneOrder, report: Report, *, shot: Sequence[SceneOrder] = ()) -> None:
    """Open the scene if the order names one, and do what it says.

    Parameters
    ----------
    shot : all orders of the shot, this one the first of them

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
    if order.verb == "apply" and (order.line or len(shot) > 1):
        _join(shot or (order,), stage, report)
        return
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
        thing.name for thing in stage.objects if thing.type == "ARMATURE" or has_keys(thing)
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
            "stays. To join it to the character's other lines, name its line (--line)."
        )
    audio = Path(order.audio) if order.audio else None
    seconds = heard_seconds(take)
    how = Placement(
        name=target.name,
        target=target,
        audio=audio,
        duration=seconds if audio else None,
        frame_start=stage.frame_start if order.frame_start is None else order.frame_start,
        follow_through=order.follow_through,
    )
    place(stage, take, None, how)
    for sentence in hindrances_of(target):
        report(warning=sentence)
    render.mark_scene(stage)
    report(stage="work", fraction=0.5)
    scene.save_blend(Path(order.output))
    report(stage="work", fraction=1.0)


def _join(orders: Sequence[SceneOrder], stage: bpy.types.Scene, report: Report) -> None:
    """Lines beside those that the scene has, each with its take, as the add-on's list joins them."""
    targets: dict[str, bpy.types.Object] = {}
    spoken: list[joining.Spoken] = []
    for order in orders:
        target = character_named(stage, order.character)
        targets[target.name] = target
        audio = Path(order.audio) if order.audio else None
        spoken.append(
            joining.Spoken(
                order.line, target, Path(order.take), audio, order.frame_start, order.follow_through
            )
        )
    for done, share in enumerate(joining.join(stage, spoken, lambda text: report(warning=text))):
        report(stage="work", fraction=0.9 * share, detail=f"line {done} of {len(orders)}")
    for target in targets.values():
        for sentence in hindrances_of(target):
            report(warning=sentence)
    render.mark_scene(stage)
    scene.save_blend(Path(orders[0].output))
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
    output = Path(order.output)
    export = exporting.export_of(stage, character, from_zero=order.from_zero)
    for sentence in exporting.said_of(stage, export, output):
        report(warning=sentence)
    exporting.export_character(stage, export, output)
    report(stage="work", fraction=1.0)


def _set_range(order: SceneOrder, stage: bpy.types.Scene) -> None:
    wanted = order.range()
    if wanted is not None:
        stage.frame_start, stage.frame_end = wanted


def _fill_fields(fields: dict[str, Any], report: Report) -> None:
    orders = [SceneOrder(**own) for own in fields["orders"]]
    # Lines are the add-on's, so what a scene has of them is known to Blender with it only.
    register()
    fill(orders[0], report, shot=orders)


if __name__ == "__main__":
    run_as_process(_fill_fields)
