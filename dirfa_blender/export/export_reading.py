"""A `CheckOrder` filled in this process's Blender: import the file, sample its shapes, say what differs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import FormatError
from ..rendering.order_process import Report, run_as_process
from .export_check import CheckOrder, compared

# Of a weight: exporters sample every frame and store single precision.
TOLERANCE = 0.005
# Frames by which a whole performance may be late or early; every format says when each frame is.
SHIFTS = (1, -1)


def fill(order: CheckOrder, report: Report) -> None:
    """Report what of the file is otherwise than the order says.

    Raises
    ------
    FormatError
        The file cannot be read.
    """
    report(stage="read", fraction=0.0)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = order.fps, order.fps_base
    try:
        _import(Path(order.path))
    except AttributeError as error:
        raise FormatError(
            f"{Path(order.path).name} cannot be read back: this Blender was built without its importer."
        ) from error
    except RuntimeError as error:
        text = str(error).removeprefix("Error: ").strip()
        raise FormatError(f"{Path(order.path).name} cannot be read back: {text}") from error
    report(stage="read", fraction=0.5)
    # Blender's FBX importer takes seconds to frames by `fps` alone, which is late at 23.976.
    pace = order.fps_base if Path(order.path).suffix.lower() == ".fbx" else 1.0
    frames = [pace * frame for frame in order.frames]
    sentences = compared(order, _sampled(frames), TOLERANCE)
    if sentences:
        # What begins below 0 is moved there by some exporters.
        for shift in (*SHIFTS, -order.frames[0]):
            if not compared(order, _sampled([frame + shift for frame in frames]), TOLERANCE):
                way = "late" if shift > 0 else "early"
                sentences = [f"Everything moves too {way}, by frames: {abs(shift)}."]
                break
    for sentence in sentences:
        report(warning=sentence)


def _import(path: Path) -> None:
    import addon_utils

    suffix = path.suffix.lower()
    if suffix in (".glb", ".gltf"):
        addon_utils.enable("io_scene_gltf2")
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif suffix == ".fbx":
        addon_utils.enable("io_scene_fbx")
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    elif suffix == ".blend":
        with bpy.data.libraries.load(str(path)) as (there, here):
            here.objects = there.objects
        for thing in here.objects:
            bpy.context.scene.collection.objects.link(thing)
    else:
        bpy.ops.wm.usd_import(filepath=str(path))


def _sampled(frames: Sequence[float]) -> dict[str, dict[str, list[float]]]:
    scene = bpy.context.scene
    faces = [o for o in scene.objects if o.type == "MESH" and o.data.shape_keys is not None]
    weights: dict[str, dict[str, list[float]]] = {face.name: {} for face in faces}
    for frame in frames:
        scene.frame_set(math.floor(frame), subframe=frame % 1.0)
        graph = bpy.context.evaluated_depsgraph_get()
        for face in faces:
            for key in face.evaluated_get(graph).data.shape_keys.key_blocks[1:]:
                weights[face.name].setdefault(key.name, []).append(key.value)
    return weights


def _fill_fields(fields: dict[str, Any], report: Report) -> None:
    fill(CheckOrder(**{**fields, "frames": tuple(fields["frames"])}), report)


if __name__ == "__main__":
    run_as_process(_fill_fields)
