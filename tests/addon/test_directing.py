"""Takes and sliders: stored in the file, switched at once, directed without a server."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.core.layers import LAYERS
from dirfa_blender.performing import acting, apply, takes
from dirfa_blender.rig.character import character_of
from dirfa_blender.session import state
from dirfa_blender.settings import key_watch
from tests.addon.stage import character, line_with_take, take_of
from tests.addon.test_scene import write_tone


def values(face: bpy.types.Object, shape: str) -> np.ndarray:
    curves = fcurves.curves_of(face.data.shape_keys)
    return fcurves.read_keys(curves[f'key_blocks["{shape}"].value', 0])[:, 1]


def snapshot(face: bpy.types.Object) -> dict[str, np.ndarray]:
    return {
        path: fcurves.read_keys(curve)
        for (path, _), curve in fcurves.curves_of(face.data.shape_keys).items()
    }


def test_a_slider_changes_its_region_and_no_other(stage) -> None:
    face = character()
    line = line_with_take(face)
    acting.perform(stage, face)
    before = snapshot(face)

    line.controls.brows = 0.0

    after = snapshot(face)
    changed = {path for path in before if not np.array_equal(before[path], after[path])}
    assert changed
    assert all("brow" in path for path in changed), changed


def test_a_slider_looks_at_its_character_once(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character of 500 bones and 1200 drivers takes a third of a slider's time to look at."""
    face = character()
    line = line_with_take(face)
    acting.perform(stage, face)
    looks: list[str] = []
    monkeypatch.setattr(
        acting, "character_of", lambda thing: looks.append(thing.name) or character_of(thing)
    )
    monkeypatch.setattr(apply, "character_of", acting.character_of)

    line.controls.brows = 0.4

    assert looks == [face.name]


def test_a_keyframed_emotion_rises_where_its_keys_say(stage) -> None:
    face = character()
    line = line_with_take(face, take_of(0, 4.0))
    flat = values_after_perform(stage, face, "mouthSmileLeft")
    for frame, level in ((1, 0.0), (60, 0.0), (90, 1.0)):
        line.controls.happy = level
        line.controls.keyframe_insert("happy", frame=frame)
    line.controls.happy = 0.0

    smiling = values_after_perform(stage, face, "mouthSmileLeft")

    assert np.allclose(smiling[:40], flat[:40], atol=1e-4)
    assert smiling[-5:].mean() > flat[-5:].mean() + 0.1


def values_after_perform(stage, face: bpy.types.Object, shape: str) -> np.ndarray:
    acting.perform(stage, face)
    return values(face, shape)


def test_a_unit_is_set_by_gain_and_offset(stage) -> None:
    face = character()
    line = line_with_take(face)
    acting.perform(stage, face)
    before = values(face, "jawOpen")

    unit = line.controls.units.add()
    unit.code = "AU26"
    unit.gain = 0.5

    assert values(face, "jawOpen").max() < before.max()


def test_switching_takes_switches_the_performance_and_back(stage) -> None:
    face = character()
    line = line_with_take(face, take_of(0))
    with state().quietly():
        takes.add_take(line, take_of(5), takes.TakeNote(seed=5))
    line.take_index = 0
    acting.perform(stage, face)
    first = snapshot(face)

    line.take_index = 1
    second = snapshot(face)
    line.take_index = 0

    assert any(not np.array_equal(first[path], second[path]) for path in first)
    third = snapshot(face)
    assert all(np.array_equal(first[path], third[path]) for path in first)


def test_a_take_survives_the_file_and_can_be_directed_without_a_server(
    stage, tmp_path: Path
) -> None:
    face = character()
    line = line_with_take(face)
    line.controls.happy = 0.4
    acting.perform(stage, face)
    before = snapshot(face)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    state().unpacked.clear()
    state().directed.clear()
    face = bpy.data.objects["Hero"]
    line = bpy.context.scene.dirfa.lines[0]
    line.controls.happy = 0.8
    line.controls.happy = 0.4

    after = snapshot(face)
    assert all(np.allclose(before[path], after[path], atol=1e-6) for path in before)


def test_another_take_has_another_seed_and_stands_beside_the_first(
    stage, server, tmp_path: Path
) -> None:
    face = character()
    stage.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    stage.dirfa.actor, stage.dirfa.target = "object", face
    bpy.ops.dirfa.generate()

    bpy.ops.dirfa.another_take()

    line = stage.dirfa.lines[0]
    assert [take.seed for take in line.takes] == [0, 1]
    assert line.take_index == 1


def test_making_only_the_head_anew_keeps_the_face(stage, server, tmp_path: Path) -> None:
    face = character()
    stage.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    stage.dirfa.actor, stage.dirfa.target = "object", face
    bpy.ops.dirfa.generate()

    bpy.ops.dirfa.another_take(region="head")

    first, second = map(takes.read_take, stage.dirfa.lines[0].takes)
    assert np.array_equal(first.au, second.au)
    assert not np.array_equal(first.rotation, second.rotation)


def test_locked_units_and_a_locked_stretch_survive_another_take(
    stage, server, tmp_path: Path
) -> None:
    face = character()
    stage.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    stage.dirfa.actor, stage.dirfa.target = "object", face
    bpy.ops.dirfa.generate()
    line = stage.dirfa.lines[0]
    unit = line.controls.units.add()
    unit.code, unit.is_locked = "AU2", True
    line.use_lock_range, line.lock_start, line.lock_end = True, 0.3, 0.7

    bpy.ops.dirfa.another_take()

    first, second = map(takes.read_take, stage.dirfa.lines[0].takes)
    assert np.array_equal(first.channel("AU2L"), second.channel("AU2L"))
    assert np.array_equal(first.rotation[25], second.rotation[25])
    assert not np.array_equal(first.rotation[5], second.rotation[5])


def test_the_same_take_is_not_stored_twice(stage, server, tmp_path: Path) -> None:
    stage.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    stage.dirfa.actor, stage.dirfa.target = "object", character()

    bpy.ops.dirfa.generate()
    bpy.ops.dirfa.generate()

    assert len(stage.dirfa.lines) == 1
    assert len(stage.dirfa.lines[0].takes) == 1


def test_a_second_recording_of_a_character_comes_after_the_first(
    stage, server, tmp_path: Path
) -> None:
    stage.dirfa.actor, stage.dirfa.target = "object", character()
    for name in ("one", "two"):
        stage.dirfa.audio = str(write_tone(tmp_path / f"{name}.wav", 1.0))
        bpy.ops.dirfa.generate()

    assert [line.frame_start for line in stage.dirfa.lines] == [1.0, 25.0]
    assert stage.frame_end == 48


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_can_be_muted_by_itself(stage, layer: str) -> None:
    face = character()
    line_with_take(face)
    acting.perform(stage, face)
    record = acting.record_of(stage, face)

    setattr(record, f"mute_{layer}", True)

    muted = {
        curve.group.name
        for block in (face.data.shape_keys, face.find_armature())
        for curve in fcurves.curves_of(block).values()
        if np.ptp(fcurves.read_keys(curve)[:, 1]) == 0
    }
    assert layer.replace("_", " ").title() in muted


def test_keys_can_be_few_and_come_back(stage) -> None:
    face = character()
    line_with_take(face, take_of(0, 4.0))
    acting.perform(stage, face)
    record = acting.record_of(stage, face)
    many = sum(len(points) for points in snapshot(face).values())
    every = values(face, "jawOpen")

    record.keys = "REDUCED"

    few = sum(len(points) for points in snapshot(face).values())
    curve = fcurves.curves_of(face.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    played = fcurves.sampled(curve, 1.0 + np.arange(len(every)))
    assert many / few > 4
    assert np.abs(played - every).max() <= 0.0101
    record.keys = "EVERY"
    assert np.array_equal(values(face, "jawOpen"), every)


def test_a_deleted_take_leaves_the_one_before(stage) -> None:
    face = character()
    line = line_with_take(face, take_of(0))
    with state().quietly():
        takes.add_take(line, take_of(5), takes.TakeNote(seed=5))
    acting.perform(stage, face)

    bpy.ops.dirfa.duplicate_take()
    bpy.ops.dirfa.delete_take()
    bpy.ops.dirfa.delete_take()

    assert [take.seed for take in stage.dirfa.lines[0].takes] == [0]


def test_copied_sliders_direct_every_line_of_the_character(stage) -> None:
    face = character()
    line_with_take(face)
    line_with_take(face, start=100.0)
    stage.dirfa.lines[1].controls.happy = 0.7

    bpy.ops.dirfa.copy_sliders()

    assert stage.dirfa.lines[0].controls.happy == pytest.approx(0.7)


def test_moved_keyframes_of_an_emotion_are_followed(stage) -> None:
    face = character()
    line = line_with_take(face, take_of(0, 2.0))
    acting.perform(stage, face)
    before = values(face, "mouthSmileLeft")
    line.controls.keyframe_insert("happy", frame=1)
    fcurves.curves_of(stage)["dirfa.lines[0].controls.happy", 0].keyframe_points[0].co[1] = 0.8

    key_watch.rewrite_keyed()

    assert values(face, "mouthSmileLeft").mean() > before.mean() + 0.05
