"""A curve that an artist deletes or mutes stays so; what they key themselves is theirs."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.performing import acting, edits
from dirfa_blender.performing.takes import TakeNote
from dirfa_blender.staging import staging
from tests.addon.stage import speaking_character, take_of

JAW = ('key_blocks["jawOpen"].value', 0)
BROW = ('key_blocks["browInnerUp"].value', 0)


@pytest.fixture
def face(stage) -> bpy.types.Object:
    return speaking_character(stage, 2.0)


def curves(stage, face: bpy.types.Object) -> dict[tuple[str, int], bpy.types.FCurve]:
    """Curves of the face in the performance, whether layers are tracks or not."""
    action = acting.record_of(stage, face).action
    keys = face.data.shape_keys
    return {
        place: curve
        for slot in action.slots
        if slot.target_id_type == keys.id_type and not slot.identifier.endswith("Rest")
        for place, curve in fcurves.slot_curves(action, slot).items()
    }


def delete_jaw(stage, face: bpy.types.Object) -> None:
    action = acting.record_of(stage, face).action
    for slot in action.slots:
        curve = fcurves.slot_curves(action, slot).get(JAW)
        if curve is not None:
            fcurves.channelbag(action, slot).fcurves.remove(curve)


def slide(stage) -> None:
    for brows in (0.5, 0.7):
        stage.dirfa.lines[0].controls.brows = brows


def generate_again(stage, seed: int) -> None:
    uid = stage.dirfa.lines[0].uid
    staging.finished(
        staging.stage_queue(
            stage, {uid: take_of(seed, 2.0)}, {uid: TakeNote(seed=seed)}, staging.Retake(), {}
        )
    )


def test_a_deleted_curve_stays_away_when_sliders_move(stage, face) -> None:
    before = fcurves.read_keys(curves(stage, face)[BROW])
    delete_jaw(stage, face)

    slide(stage)

    assert JAW not in curves(stage, face)
    assert not np.allclose(fcurves.read_keys(curves(stage, face)[BROW]), before)
    assert acting.record_of(stage, face).edits is None


def test_a_deleted_curve_stays_away_with_fewer_keys_and_in_another_frame_rate(stage, face) -> None:
    delete_jaw(stage, face)
    acting.record_of(stage, face).keys = "REDUCED"
    stage.render.fps = 30

    assert bpy.ops.dirfa.retime() == {"FINISHED"}

    assert JAW not in curves(stage, face)


def test_a_deleted_curve_stays_away_on_tracks_and_back(stage, face) -> None:
    delete_jaw(stage, face)

    bpy.ops.dirfa.push_down()
    on_tracks = JAW in curves(stage, face)
    bpy.ops.dirfa.pull_up()

    assert not on_tracks
    assert JAW not in curves(stage, face)
    assert BROW in curves(stage, face)


def test_a_deleted_group_of_curves_stays_away(stage, face) -> None:
    action = acting.record_of(stage, face).action
    bag = fcurves.channelbag(action, face.data.shape_keys.animation_data.action_slot)
    paths = [curve.data_path for curve in bag.fcurves if curve.group.name == "Blinks"]
    for curve in [curve for curve in bag.fcurves if curve.group.name == "Blinks"]:
        bag.fcurves.remove(curve)

    slide(stage)

    assert paths
    assert not {(path, 0) for path in paths} & set(curves(stage, face))


def test_a_deleted_curve_stays_away_in_a_file_that_is_opened_again(stage, face, tmp_path) -> None:
    delete_jaw(stage, face)
    slide(stage)
    name = face.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.context.scene.dirfa.lines[0].controls.brows = 0.9

    assert JAW not in curves(bpy.context.scene, bpy.data.objects[name])


def test_a_new_take_brings_a_deleted_curve_back(stage, face) -> None:
    delete_jaw(stage, face)
    slide(stage)

    generate_again(stage, 1)

    assert len(curves(stage, face)[JAW].keyframe_points) == 48


def test_dropping_hand_edits_brings_a_deleted_curve_back(stage, face) -> None:
    before = fcurves.read_keys(curves(stage, face)[JAW])
    delete_jaw(stage, face)
    slide(stage)

    assert edits.is_thinned(acting.record_of(stage, face).action)
    bpy.ops.dirfa.clear_edits()

    assert np.allclose(fcurves.read_keys(curves(stage, face)[JAW]), before)
    assert not edits.is_thinned(acting.record_of(stage, face).action)


def test_own_keys_in_place_of_a_deleted_curve_are_never_changed(stage, face) -> None:
    delete_jaw(stage, face)
    slide(stage)
    block = face.data.shape_keys.key_blocks["jawOpen"]
    block.value = 0.3
    block.keyframe_insert("value", frame=7)

    slide(stage)
    generate_again(stage, 1)
    acting.record_of(stage, face).keys = "REDUCED"

    assert fcurves.read_keys(curves(stage, face)[JAW]).tolist() == [[7.0, np.float32(0.3)]]


def test_what_an_artist_keys_in_the_performance_is_kept(stage, face) -> None:
    rig = face.find_armature()
    rig.location.x = 2.0
    rig.keyframe_insert("location", frame=5)
    action = acting.record_of(stage, face).action

    slide(stage)
    generate_again(stage, 1)
    bpy.ops.dirfa.push_down()
    bpy.ops.dirfa.pull_up()

    assert rig.animation_data.action == action
    own = fcurves.curves_of(rig)["location", 0]
    assert fcurves.read_keys(own).tolist() == [[5.0, 2.0]]


def test_a_shape_key_renamed_and_back_is_played_again(stage, face) -> None:
    block = face.data.shape_keys.key_blocks["jawOpen"]
    block.name = "JawOpen"
    slide(stage)
    block.name = "jawOpen"
    slide(stage)
    before = fcurves.read_keys(curves(stage, face)[JAW])

    stage.dirfa.lines[0].controls.jaw = 0.5

    assert not np.allclose(fcurves.read_keys(curves(stage, face)[JAW]), before)


def test_a_muted_curve_stays_muted_in_a_new_take_and_on_tracks(stage, face) -> None:
    curves(stage, face)[JAW].mute = True

    slide(stage)
    generate_again(stage, 1)
    bpy.ops.dirfa.push_down()
    on_tracks = curves(stage, face)[JAW].mute
    bpy.ops.dirfa.pull_up()

    assert on_tracks
    assert curves(stage, face)[JAW].mute
    assert not curves(stage, face)[BROW].mute


def test_what_an_artist_keys_besides_plays_on_with_layers_as_tracks_and_back(stage, face) -> None:
    rig = face.find_armature()
    chest = rig.pose.bones["neck"]
    for frame, scale in ((1, 1.0), (100, 2.0)):
        chest.scale.x = scale
        chest.keyframe_insert("scale", index=0, frame=frame)
    stage.dirfa.line_index = 0

    def shown() -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        for frame in (1, 20, 60, 100):
            stage.frame_set(frame)
            jaw = face.data.shape_keys.key_blocks["jawOpen"].value
            found.append((chest.scale.x, jaw))
        return found

    before = shown()
    bpy.ops.dirfa.push_down()
    layered = shown()
    slide(stage)
    slid = [own for own, _ in shown()]
    bpy.ops.dirfa.bake()
    baked = [own for own, _ in shown()]
    bpy.ops.dirfa.pull_up()

    assert np.allclose(layered, before, atol=1e-3)
    assert np.allclose(slid, [own for own, _ in before], atol=1e-3)
    assert np.allclose(baked, slid, atol=1e-3)
    assert np.allclose(shown(), before, atol=1e-3)
