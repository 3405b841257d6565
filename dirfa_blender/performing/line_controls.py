"""A line's sliders as the core's controls, keyframes included.

Emotions are animated on the scene's own Action, by paths that hold the line's place in the list; `renumber`
carries them along when lines are removed or sorted.
"""

from __future__ import annotations

import re

import bpy
import numpy as np

from ..blender import fcurves
from ..core.controls import Controls, UnitControl
from ..core.curves import Curve
from ..core.emotions import EMOTIONS
from ..core.timing import FrameRate

CURVE_STEP_SECONDS = 0.1
STRENGTHS = ("jaw", "lips", "head", "gaze")
REGION_STRENGTHS = ("cheeks", "brows", "lids")


def controls_of(scene: bpy.types.Scene, index: int, seconds: float, rate: FrameRate) -> Controls:
    """A line's controls; an emotion with keyframes becomes a curve over the line's own seconds."""
    line = scene.dirfa.lines[index]
    group = line.controls
    keyed = _keyed_emotions(scene, index)
    emotions: list[tuple[str, Curve]] = []
    for name in EMOTIONS:
        curve = keyed.get(name)
        if curve is not None:
            times = np.arange(0.0, seconds + CURVE_STEP_SECONDS, CURVE_STEP_SECONDS)
            frames = line.frame_start + times * rate.per_second
            values = np.clip(fcurves.sampled(curve, frames), 0.0, 1.0)
            if values.any():
                emotions.append((name, Curve(tuple(times.tolist()), tuple(values.tolist()))))
        elif getattr(group, name) > 0:
            emotions.append((name, Curve.constant(getattr(group, name))))
    return Controls(
        emotions=tuple(emotions),
        units={unit.code: UnitControl(unit.gain, unit.offset) for unit in group.units},
        regions={name: getattr(group, name) for name in REGION_STRENGTHS},
        **{name: getattr(group, name) for name in STRENGTHS},
    )


def keyed_paths(scene: bpy.types.Scene) -> set[str]:
    """Property paths of this add-on that have keyframes in a scene."""
    return {path for path, _ in fcurves.curves_of(scene) if path.startswith("dirfa.")}


def renumber(scene: bpy.types.Scene, moves: dict[int, int | None]) -> None:
    """Keyframes follow their lines: line i is now line ``moves[i]``, or gone where that is None."""
    data = scene.animation_data
    if data is None or data.action is None or data.action_slot is None:
        return
    for strip in (strip for layer in data.action.layers for strip in layer.strips):
        bag = strip.channelbag(data.action_slot)
        for curve in list(bag.fcurves) if bag is not None else ():
            found = re.match(r"dirfa\.lines\[(\d+)\](.*)", curve.data_path)
            if found is None or int(found[1]) not in moves:
                continue
            index = moves[int(found[1])]
            if index is None:
                bag.fcurves.remove(curve)
            else:
                curve.data_path = f"dirfa.lines[{index}]{found[2]}"


def _keyed_emotions(scene: bpy.types.Scene, index: int) -> dict[str, bpy.types.FCurve]:
    start = f"dirfa.lines[{index}].controls."
    return {
        path.removeprefix(start): curve
        for (path, _), curve in fcurves.curves_of(scene).items()
        if path.startswith(start)
    }
