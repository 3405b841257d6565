"""Hand edits survive what comes next, and nothing of the artist's is ever changed."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.performing import acting, edits, layering
from dirfa_blender.session import state
from tests.addon.stage import character, line_with_take, speaking_character, take_of

JAW = ('key_blocks["jawOpen"].value', 0)


@pytest.fixture
def face(stage) -> bpy.types.Object:
    return speaking_character(stage, 4.0)


def jaw(face: bpy.types.Object) -> bpy.types.FCurve:
    return fcurves.curves_of(face.data.shape_keys)[JAW]


def played(face: bpy.types.Object) -> np.ndarray:
    return fcurves.sampled(jaw(face), 1.0 + np.arange(96))


def raise_jaw(face: bpy.types.Object) -> None:
    for key in jaw(face).keyframe_points[40:50]:
        key.co[1] -= 0.2
    jaw(face).update()


def test_an_edit_stays_when_a_slider_moves(stage, face) -> None:
    before = played(face)
    raise_jaw(face)

    stage.dirfa.lines[0].controls.brows = 0.5

    change = played(face) - before
    assert np.allclose(change[41:49], -0.2, atol=2e-3)
    assert np.allclose(change[:38], 0.0, atol=2e-3)


def test_an_edit_is_taken_up_once(stage, face) -> None:
    before = played(face)
    raise_jaw(face)

    for strength in (0.5, 0.6, 0.7):
        stage.dirfa.lines[0].controls.brows = strength

    assert np.allclose((played(face) - before)[41:49], -0.2, atol=2e-3)


def test_an_edit_lies_over_another_strength_of_the_same_channel(stage, face) -> None:
    raise_jaw(face)
    stage.dirfa.lines[0].controls.jaw = 0.6
    with_edit = played(face)

    bpy.ops.dirfa.clear_edits()

    assert np.allclose((with_edit - played(face))[41:49], -0.2, atol=2e-3)


def test_an_edit_survives_reduction_and_back(stage, face) -> None:
    raise_jaw(face)
    edited = played(face)
    record = acting.record_of(stage, face)

    record.keys = "REDUCED"
    record.keys = "EVERY"

    assert np.allclose(played(face), edited, atol=2e-3)


def test_an_edit_of_reduced_keys_is_found_too(stage, face) -> None:
    record = acting.record_of(stage, face)
    record.keys = "REDUCED"
    before = played(face)
    for key in jaw(face).keyframe_points:
        # As the graph editor moves a key: with its handles.
        key.co_ui[1] += 0.1
    jaw(face).update()

    record.keys = "EVERY"

    assert np.allclose(played(face) - before, 0.1, atol=0.03)


def test_an_edit_moves_with_its_line(stage, face) -> None:
    before = played(face)
    raise_jaw(face)

    stage.dirfa.lines[0].frame_start = 11.0

    later = fcurves.sampled(jaw(face), 11.0 + np.arange(96))
    assert np.allclose((later - before)[41:49], -0.2, atol=2e-3)


def test_an_edit_keeps_its_seconds_when_the_frame_rate_changes(stage, face) -> None:
    raise_jaw(face)
    edited = played(face)
    stage.render.fps = 48

    assert bpy.ops.dirfa.retime() == {"FINISHED"}

    fine = fcurves.sampled(jaw(face), 1.0 + 2.0 * np.arange(96))
    assert np.abs(fine - edited)[42:48].max() < 0.03
    assert fcurves.read_keys(jaw(face))[-1, 0] == pytest.approx(192, abs=1)


def test_dropping_the_edits_brings_the_performance_back(stage, face) -> None:
    before = played(face)
    raise_jaw(face)

    bpy.ops.dirfa.clear_edits()

    assert np.allclose(played(face), before)


def test_mute_and_modifiers_of_a_curve_stay(stage, face) -> None:
    jaw(face).mute = True
    jaw(face).modifiers.new("NOISE")

    stage.dirfa.lines[0].controls.jaw = 0.5

    assert jaw(face).mute
    assert len(jaw(face).modifiers) == 1
    assert acting.record_of(stage, face).edits is None


def test_an_action_of_the_artist_plays_on_below_and_is_unchanged(stage) -> None:
    face = character()
    rig = face.find_armature()
    rig.keyframe_insert("location", frame=1)
    rig.location.x = 2.0
    rig.keyframe_insert("location", frame=25)
    theirs = rig.animation_data.action
    keys = [fcurves.read_keys(c).tolist() for c in fcurves.curves_of(rig).values()]
    slot = rig.animation_data.action_slot
    line_with_take(face, take_of(0, 2.0))

    acting.perform(stage, face)

    stage.frame_set(13)
    bpy.context.view_layer.update()
    assert rig.location.x == pytest.approx(1.0, abs=0.05)
    assert rig.animation_data.action != theirs
    assert [
        fcurves.read_keys(c).tolist() for c in fcurves.slot_curves(theirs, slot).values()
    ] == keys
    assert not fcurves.is_ours(theirs)


def evaluated(stage, face: bpy.types.Object, frames: list[int]) -> np.ndarray:
    rig = face.find_armature()
    rows = []
    for frame in frames:
        stage.frame_set(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        keys = face.data.shape_keys.evaluated_get(depsgraph).key_blocks
        bone = rig.evaluated_get(depsgraph).pose.bones["head"]
        rows.append([*(key.value for key in keys), *bone.matrix.to_quaternion()])
    return np.array(rows)


FRAMES = [1, 13, 43, 46, 80, 96]


def test_layers_as_tracks_play_what_one_action_played(stage, face) -> None:
    raise_jaw(face)
    before = evaluated(stage, face, FRAMES)

    assert bpy.ops.dirfa.push_down() == {"FINISHED"}

    names = [track.name for track in face.data.shape_keys.animation_data.nla_tracks]
    assert set(names) == {
        "Rest", "Lips", "Upper Face", "Blinks", "Gaze", "Hand Edits",
    }  # fmt: skip
    assert np.allclose(evaluated(stage, face, FRAMES), before, atol=3e-3)


def test_sliders_go_on_working_while_layers_are_tracks(stage, face) -> None:
    bpy.ops.dirfa.push_down()
    before = evaluated(stage, face, FRAMES)

    stage.dirfa.lines[0].controls.brows = 0.0

    after = evaluated(stage, face, FRAMES)
    assert not np.allclose(after, before)


def test_a_muted_track_comes_back_as_a_muted_layer(stage, face) -> None:
    bpy.ops.dirfa.push_down()
    tracks = face.data.shape_keys.animation_data.nla_tracks
    tracks["Lips"].mute = True
    before = evaluated(stage, face, FRAMES)

    assert bpy.ops.dirfa.pull_up() == {"FINISHED"}

    record = acting.record_of(stage, face)
    assert record.mute_lips
    assert not len(tracks)
    assert np.allclose(evaluated(stage, face, FRAMES), before, atol=3e-3)


def test_baking_gives_what_blender_plays(stage, face) -> None:
    raise_jaw(face)
    bpy.ops.dirfa.push_down()
    strip = face.data.shape_keys.animation_data.nla_tracks["Upper Face"].strips[0]
    strip.fcurves[0].keyframe_points[0].co[1] = 0.5
    strip.fcurves[0].update()
    before = evaluated(stage, face, FRAMES)

    action = layering.bake(stage, acting.record_of(stage, face))

    assert face.data.shape_keys.animation_data.action == action
    assert np.allclose(evaluated(stage, face, FRAMES), before, atol=2e-3)


def test_an_asset_is_a_copy_that_sliders_leave_alone(stage, face) -> None:
    assert bpy.ops.dirfa.mark_asset() == {"FINISHED"}

    (asset,) = [action for action in bpy.data.actions if action.asset_data is not None]
    assert asset != acting.record_of(stage, face).action
    assert edits.INDEX_KEY not in asset
    assert "Hero" in asset.asset_data.tags


def test_renamed_shape_keys_are_a_sentence_and_nothing_changes(stage, face) -> None:
    before = played(face)
    for number, key in enumerate(face.data.shape_keys.key_blocks[1:]):
        key.name = f"Renamed {number}"

    stage.dirfa.lines[0].controls.jaw = 0.5

    assert "has nothing that profile" in state().error
    curves = list(fcurves.curves_of(face.data.shape_keys).values())
    assert any(
        np.allclose(fcurves.read_keys(c)[:96, 1], before[: len(c.keyframe_points)]) for c in curves
    )


@pytest.mark.parametrize("title", ["Rest", "Upper Face", "Lips"])
def test_a_track_that_was_deleted_hides_nothing_when_another_take_plays(
    stage, face, title: str
) -> None:
    raise_jaw(face)
    bpy.ops.dirfa.push_down()
    stage.dirfa.lines[0].controls.brows = 0.5
    before = evaluated(stage, face, FRAMES)
    tracks = face.data.shape_keys.animation_data.nla_tracks
    names = [track.name for track in tracks]
    tracks.remove(tracks[title])

    stage.dirfa.lines[0].controls.brows = 0.6
    stage.dirfa.lines[0].controls.brows = 0.5

    assert np.allclose(evaluated(stage, face, FRAMES), before, atol=3e-3)
    left = [name for name in names if name != "Rest"] if title == "Rest" else names
    assert [track.name for track in tracks] == left
