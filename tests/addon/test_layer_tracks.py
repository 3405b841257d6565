"""Layers as NLA tracks play at the frames where one Action plays them, wherever a line begins."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np
import pytest

from dirfa_blender.performing import acting, layering
from tests.addon.stage import character, line_with_take, take_of

SECONDS = 2.0


def begun_at(stage: bpy.types.Scene, start: float) -> bpy.types.Object:
    """A character that performs a line from a frame on."""
    face = character()
    line_with_take(face, take_of(0, SECONDS), start)
    acting.perform(stage, face)
    return face


def strips_of(face: bpy.types.Object) -> Iterator[bpy.types.NlaStrip]:
    for block in (face.data.shape_keys, face.parent):
        for track in block.animation_data.nla_tracks:
            yield from track.strips


def evaluated(stage: bpy.types.Scene, face: bpy.types.Object, start: float) -> np.ndarray:
    """Weights and the head's turn on frames about and inside of a line."""
    rows = []
    for frame in np.round(start + np.arange(-6, 60, 3)):
        stage.frame_set(int(frame))
        depsgraph = bpy.context.evaluated_depsgraph_get()
        keys = face.data.shape_keys.evaluated_get(depsgraph).key_blocks
        bone = face.parent.evaluated_get(depsgraph).pose.bones["head"]
        rows.append([*(key.value for key in keys), *bone.matrix.to_quaternion()])
    return np.array(rows)


@pytest.mark.parametrize("start", [-200.0, -10.0, 1.0, 20.0, 33.5, 5000.0])
def test_tracks_play_when_the_line_is_spoken(stage, start: float) -> None:
    face = begun_at(stage, start)
    before = evaluated(stage, face, start)

    layering.push_down(stage, acting.record_of(stage, face))

    assert np.allclose(evaluated(stage, face, start), before, atol=3e-3)


@pytest.mark.parametrize("later", [25.0, -25.0, 900.0])
def test_tracks_follow_a_line_that_is_moved(stage, later: float) -> None:
    face = begun_at(stage, 40.0)
    layering.push_down(stage, acting.record_of(stage, face))
    before = evaluated(stage, face, 40.0)

    stage.dirfa.lines[0].frame_start = 40.0 + later

    assert np.allclose(evaluated(stage, face, 40.0 + later), before, atol=3e-3)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_tracks_that_an_artist_moved_and_stretched_stay_so(stage, scale: float) -> None:
    face = begun_at(stage, 40.0)
    layering.push_down(stage, acting.record_of(stage, face))
    for strip in strips_of(face):
        strip.scale = scale
        strip.frame_start += 12.0
        strip.repeat = 2.0
    before = [(s.frame_start, s.frame_end) for s in strips_of(face)]

    stage.dirfa.lines[0].frame_start = 50.0
    stage.dirfa.lines[0].frame_start = 60.0

    after = [(s.frame_start, s.frame_end) for s in strips_of(face)]
    assert np.allclose(np.array(after) - np.array(before), 20.0, atol=1e-3)


def test_tracks_that_were_laid_out_late_by_a_version_before_come_in_time(stage) -> None:
    face = begun_at(stage, 40.0)
    before = evaluated(stage, face, 40.0)
    layering.push_down(stage, acting.record_of(stage, face))
    for strip in strips_of(face):
        first, end = strip.frame_start, strip.frame_end
        strip.action_frame_start = 1.0
        strip.frame_start_raw, strip.frame_end_raw = first, end
    assert not np.allclose(evaluated(stage, face, 40.0), before, atol=0.1)

    acting.perform(stage, face)

    assert np.allclose(evaluated(stage, face, 40.0), before, atol=3e-3)
