"""Numbers that no slider has, from scripts: a sentence at most, and never a key that is no number."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.core.emotions import EMOTIONS
from dirfa_blender.core.layers import LAYERS
from dirfa_blender.performing import acting
from dirfa_blender.performing.line_properties import STRENGTHS, DIRFA_PG_unit
from dirfa_blender.session import state
from tests.addon.stage import speaking_character

JAW = ('key_blocks["jawOpen"].value', 0)
EXTREMES = (math.nan, math.inf, -math.inf, 1e30, -1e30, -1.0, 0.0)


@pytest.fixture
def face(stage) -> bpy.types.Object:
    return speaking_character(stage, 1.0)


def all_keys(stage, face: bpy.types.Object) -> np.ndarray:
    """(N, 2) keys of every curve of the performance and its hand edits."""
    record = acting.record_of(stage, face)
    found = [
        fcurves.read_keys(curve)
        for action in (record.action, record.edits)
        if action is not None
        for slot in action.slots
        for curve in fcurves.slot_curves(action, slot).values()
    ]
    return np.concatenate(found)


def are_sane(keys: np.ndarray) -> bool:
    return bool(np.isfinite(keys).all() and np.abs(keys[:, 1]).max() < 10.0)


@pytest.mark.parametrize("value", EXTREMES)
@pytest.mark.parametrize("name", ["happy", *STRENGTHS])
def test_a_control_at_any_number_writes_sane_keys(stage, face, name: str, value: float) -> None:
    count = len(all_keys(stage, face))

    setattr(stage.dirfa.lines[0].controls, name, value)

    keys = all_keys(stage, face)
    assert len(keys) == count
    assert are_sane(keys)
    is_said = "must be 0..3, got nan" in state().error
    assert is_said == (math.isnan(value) and name in STRENGTHS)


@pytest.mark.parametrize("value", EXTREMES)
def test_a_layer_at_any_strength_writes_sane_keys(stage, face, value: float) -> None:
    acting.record_of(stage, face).layer_lips = value

    assert are_sane(all_keys(stage, face))
    assert bool(state().error) == math.isnan(value)


@pytest.mark.parametrize("value", EXTREMES)
def test_a_line_may_begin_where_blender_has_frames(stage, face, value: float) -> None:
    count = len(all_keys(stage, face))

    stage.dirfa.lines[0].frame_start = value

    keys = all_keys(stage, face)
    assert len(keys) == count
    assert are_sane(keys)
    assert ("must begin at a frame" in state().error) == math.isnan(value)


def test_a_line_sent_to_nowhere_leaves_hand_edits_where_they_are(stage, face) -> None:
    curve = fcurves.curves_of(face.data.shape_keys)[JAW]
    for key in curve.keyframe_points:
        key.co[1] += 0.3
    curve.update()

    stage.dirfa.lines[0].frame_start = math.nan
    stage.dirfa.lines[0].frame_start = 5.0

    assert state().error == ""
    assert all_keys(stage, face)[:, 0].min() == 5.0
    assert are_sane(all_keys(stage, face))


@pytest.mark.parametrize(("gain", "offset"), [(3, 1), (3, -1), (0, -1), (0, 1), (1e30, -1e30)])
def test_every_unit_at_its_limits_with_everything_else_at_its_own(
    stage, face, gain: float, offset: float
) -> None:
    controls = stage.dirfa.lines[0].controls
    record = acting.record_of(stage, face)
    with state().quietly():
        for name in EMOTIONS:
            setattr(controls, name, 1.0)
        for name in STRENGTHS:
            setattr(controls, name, 3.0)
        for layer in LAYERS:
            setattr(record, f"layer_{layer}", 2.0)
        for item in DIRFA_PG_unit.bl_rna.properties["code"].enum_items:
            unit = controls.units.add()
            unit.code, unit.gain, unit.offset = item.identifier, gain, offset

    acting.perform(stage, face)

    assert are_sane(all_keys(stage, face))


@pytest.mark.parametrize("place", [0, 10, -1])
def test_a_key_that_is_no_number_is_no_edit(stage, face, place: int) -> None:
    curve = fcurves.curves_of(face.data.shape_keys)[JAW]
    before = fcurves.read_keys(curve)
    curve.keyframe_points[place].co[1] = math.nan
    curve.update()

    stage.dirfa.lines[0].controls.brows = 0.5

    after = fcurves.read_keys(fcurves.curves_of(face.data.shape_keys)[JAW])
    assert np.allclose(after, before, atol=2e-3)


def test_a_driver_without_a_number_plays_like_none(stage, face) -> None:
    driver = stage.dirfa.lines[0].controls.driver_add("sad").driver
    driver.type, driver.expression = "SCRIPTED", "sqrt(frame - 1e9)"
    before = all_keys(stage, face)

    stage.frame_set(3)
    acting.perform(stage, face)

    assert np.array_equal(all_keys(stage, face), before)


def test_an_emotion_keyed_without_a_number_is_a_sentence(stage, face) -> None:
    controls = stage.dirfa.lines[0].controls
    controls.happy = 0.5
    controls.keyframe_insert("happy", frame=1)
    controls.keyframe_insert("happy", frame=20)
    (curve,) = fcurves.curves_of(stage).values()
    curve.keyframe_points[1].co[1] = math.nan
    curve.update()

    controls.brows = 0.5

    assert "must be finite" in state().error
    assert are_sane(all_keys(stage, face))
