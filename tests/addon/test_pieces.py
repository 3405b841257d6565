"""A result enters the scene in pieces: short ones, all or nothing whatever comes between two of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.blender.pieces import Entering
from dirfa_blender.core.errors import RigError
from dirfa_blender.core.npz_io import animation_bytes
from dirfa_blender.head.head_parts import head_parts
from dirfa_blender.performing import acting, directing, lines, refining, takes
from dirfa_blender.performing.speech import Speech
from dirfa_blender.performing.takes import TakeNote
from dirfa_blender.session import state
from dirfa_blender.staging import staging
from tests.addon.ball_head import ball_head
from tests.addon.stage import character, line_with_take, take_of
from tests.addon.test_operators import snapshot
from tests.addon.test_scene import write_tone
from tests.bench.directing import spoken


@pytest.fixture
def stage(scene):
    dirfa_blender.register()
    yield bpy.context.scene
    dirfa_blender.unregister()


@pytest.fixture
def draft(tmp_path: Path) -> staging.Draft:
    recording = write_tone(tmp_path / "line.wav", 1.0)
    return staging.Draft("Head", "FILE", Speech(recording), path=str(recording))


# Steps before the scene changes: materials, shapes, weights, rig, profiles, performance.
CLOSED_STEPS = 192
PARTS = head_parts(ball_head(rings=8, segments=8))


def entering(scene_name: str, draft: staging.Draft) -> Entering:
    """A new head on its way in, looked up as an operator does."""

    def begin():
        where = bpy.data.scenes[scene_name]
        take = take_of(0)
        data = animation_bytes(take)
        return staging.draft_steps(where, draft, take, PARTS, TakeNote(), data)

    return Entering(begin)


def test_a_head_appears_in_one_step_with_everything_it_needs(stage, draft) -> None:
    way = entering(stage.name, draft)
    seen: list[tuple[int, int]] = []

    while not way.advance(0.0):
        seen.append((len(stage.objects), len(stage.dirfa.lines)))

    assert set(seen[:-1]) <= {(0, 0), (len(stage.objects), 1)}
    assert CLOSED_STEPS <= len(seen) - 1 <= CLOSED_STEPS + 8
    face = stage.dirfa.lines[0].character
    assert len(fcurves.curves_of(face.data.shape_keys)) == 53


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_withdrawn_at_any_step_nothing_is_left(stage, draft, share: float) -> None:
    before = snapshot()
    way = entering(stage.name, draft)
    for _ in range(1 + int(share * CLOSED_STEPS)):
        way.advance(0.0)
    assert not way.is_open

    way.withdraw()

    assert snapshot() == before
    assert not len(bpy.data.images)
    assert not len(stage.dirfa.lines)


@pytest.mark.parametrize("steps", [3, 40, CLOSED_STEPS])
def test_undo_between_two_steps_starts_the_entering_anew(stage, draft, steps: int) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.data.objects.new("Something", None)
    bpy.ops.ed.undo_push(message="something")
    name = stage.name
    way = state().entering = entering(name, draft)
    for _ in range(steps):
        way.advance(0.0)

    bpy.ops.ed.undo()
    way.advance()
    state().entering = None

    where = bpy.data.scenes[name]
    assert len(where.dirfa.lines) == 1
    assert len(bpy.data.meshes) == 2  # The face and the backdrop.
    assert len(bpy.data.actions) == 1


def test_a_mesh_purged_between_two_steps_is_made_again(stage, draft) -> None:
    way = entering(stage.name, draft)
    while not len(bpy.data.meshes):
        way.advance(0.0)
    way.advance(0.0)

    bpy.data.meshes.remove(bpy.data.meshes[0])
    way.advance()

    assert len(stage.dirfa.lines) == 1
    assert stage.dirfa.lines[0].character.data.shape_keys is not None


def test_a_character_deleted_while_curves_are_written_is_a_sentence(stage, draft) -> None:
    face = character()
    uid = face.session_uid

    def begin():
        found = next((o for o in bpy.data.objects if o.session_uid == uid), None)
        if found is None:
            raise RigError("The character was deleted while the server worked.")
        own = replace(draft, target=found)
        return staging.draft_steps(bpy.context.scene, own, spoken(60.0), None, TakeNote())

    way = Entering(begin)
    while not way.is_open:
        way.advance(0.0)
    for _ in range(3):
        way.advance(0.0)
    mesh = face.data
    bpy.data.objects.remove(face)
    bpy.data.meshes.remove(mesh)

    with pytest.raises(RigError, match="was deleted"):
        way.advance()

    assert not len(stage.dirfa.lines)
    assert not (stage.sequence_editor and len(stage.sequence_editor.strips))


def test_saving_while_curves_are_written_saves_all_of_them(stage, tmp_path: Path) -> None:
    face = character()
    line = line_with_take(face, spoken(60.0))
    acting.perform(stage, face)
    note, uid = TakeNote(seed=1), line.uid
    new = {uid: spoken(60.0).sampled(np.arange(1500) / 25.0, 25.0)}
    way = state().entering = Entering(
        lambda: staging.stage_queue(bpy.context.scene, new, {uid: note}, staging.Retake(), {})
    )
    while len(stage.dirfa.lines[0].takes) != 2:
        way.advance(0.0)
    way.advance(0.0)
    path = str(tmp_path / "meanwhile.blend")

    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)

    assert way.is_done
    state().entering = None
    last = stage.dirfa.characters[0].action
    frames = {
        len(curve.keyframe_points) for curve in fcurves.curves_of(face.data.shape_keys).values()
    }
    assert len(frames) == 1
    assert last is not None


def test_a_slider_moved_meanwhile_is_written_afterwards(stage) -> None:
    face = character()
    line = line_with_take(face)
    acting.perform(stage, face)
    keys = face.data.shape_keys
    before = fcurves.read_keys(fcurves.curves_of(keys)['key_blocks["jawOpen"].value', 0])
    state().entering = Entering(lambda: None)

    line.controls.jaw = 0.3
    untouched = fcurves.read_keys(fcurves.curves_of(keys)['key_blocks["jawOpen"].value', 0])
    state().entering = None
    directing.write_postponed(stage)

    np.testing.assert_array_equal(untouched, before)
    after = fcurves.read_keys(fcurves.curves_of(keys)['key_blocks["jawOpen"].value', 0])
    assert after[:, 1].max() < before[:, 1].max()


def test_a_take_without_a_file_is_pressed_beside_the_window(stage, draft, monkeypatch) -> None:
    threads: list[threading.Thread] = []

    def pressed(animation) -> bytes:
        threads.append(threading.current_thread())
        return animation_bytes(animation)

    monkeypatch.setattr(staging, "animation_bytes", pressed)
    take = take_of(4)

    staging.stage_draft(stage, replace(draft, target=character()), take, None, TakeNote())

    assert threads and threading.main_thread() not in threads
    assert takes.chosen_take(stage.dirfa.lines[0]).data == animation_bytes(take)


def test_a_take_file_made_in_the_thread_is_the_one_that_is_stored(stage) -> None:
    face = character()
    line = line_with_take(face)
    animation = take_of(3)

    takes.add_take(line, animation, TakeNote(seed=3), data=animation_bytes(animation))

    assert takes.read_take(line.takes[1]) is animation
    state().unpacked.clear()
    np.testing.assert_array_equal(takes.read_take(line.takes[1]).au, animation.au)


def seconds_of(steps: Generator[object, None, object]) -> list[float]:
    """Processor time of each step: a busy machine does not count."""
    spent: list[float] = []
    while True:
        began = time.thread_time()
        try:
            next(steps)
        except StopIteration:
            return spent
        spent.append(time.thread_time() - began)


def test_no_piece_of_a_minute_takes_as_long_as_a_picture(stage, draft) -> None:
    character("Other")
    spent = seconds_of(staging.draft_steps(stage, draft, spoken(60.0), PARTS, TakeNote()))

    assert sorted(spent)[-2] < 0.05, sorted(spent)[-5:]


def test_a_take_from_a_file_enters_in_pieces_shorter_than_a_picture(stage) -> None:
    face = character()
    spent = seconds_of(staging.take_steps(stage, face, spoken(60.0), "file"))

    assert len(spent) > 50
    assert sorted(spent)[-2] < 0.05, sorted(spent)[-5:]
    assert stage.frame_end == stage.frame_start + 60 * 24 - 1
    assert len(fcurves.curves_of(face.data.shape_keys)) == 53


def test_a_take_from_a_file_withdrawn_early_leaves_nothing(stage) -> None:
    face = character()
    before = snapshot()
    way = Entering(lambda: staging.take_steps(stage, face, take_of(0), "file"))
    for _ in range(12):
        way.advance(0.0)

    way.withdraw()

    assert snapshot() == before
    assert not len(stage.dirfa.lines)


def rough_stage(stage) -> bpy.types.Object:
    face = character()
    line_with_take(face, spoken(10.0))
    acting.perform(stage, face)
    stage.dirfa.characters[0].keys = "REDUCED"
    return face


def worst(stage, face: bpy.types.Object) -> float:
    """Largest distance of the curves from the performance they stand for."""
    plan = acting.planned(stage, face)
    found = 0.0
    for slot in plan.slots:
        curves = fcurves.curves_of(slot.id_block)
        for channel in slot.channels:
            if "shape" in channel.path or "key_blocks" in channel.path:
                own = fcurves.sampled(curves[channel.path, channel.index], plan.frames)
                found = max(found, float(np.abs(own - channel.values).max()))
    return found


def test_a_moving_slider_keeps_the_places_of_keys_and_refining_finds_them_anew(stage) -> None:
    face = rough_stage(stage)
    record = stage.dirfa.characters[0]
    with state().quietly():
        stage.dirfa.lines[0].controls.happy = 0.7
    places = {
        path: fcurves.read_keys(curve)[:, 0].tolist()
        for path, curve in fcurves.curves_of(face.data.shape_keys).items()
    }

    acting.perform(stage, face, is_rough=True)
    rough = {
        path: fcurves.read_keys(curve)[:, 0].tolist()
        for path, curve in fcurves.curves_of(face.data.shape_keys).items()
    }
    waited = record.is_rough
    refining.finish(stage)

    moved = [path for path in places if len(places[path]) > 1]
    assert [rough[path] for path in moved] == [places[path] for path in moved]
    assert waited
    assert not record.is_rough
    assert worst(stage, face) <= record.max_error * 1.01
    assert record.edits is None


def test_a_slider_that_moves_again_leaves_no_trace_of_half_a_refinement(stage) -> None:
    face = rough_stage(stage)
    record = stage.dirfa.characters[0]
    with state().quietly():
        stage.dirfa.lines[0].controls.happy = 0.7
    acting.perform(stage, face, is_rough=True)
    way = Entering(lambda: refining.steps(bpy.context.scene))
    while not way.is_open:
        way.advance(0.0)
    state().refining = way

    stage.dirfa.lines[0].controls.happy = 0.2

    assert state().refining is None
    assert record.edits is None
    assert worst(stage, face) <= record.max_error * 1.01


@pytest.mark.parametrize("keys", ["EVERY", "REDUCED"])
def test_a_slider_on_an_hour_writes_nothing_until_it_rests(stage, monkeypatch, keys: str) -> None:
    face = character()
    line = line_with_take(face)
    acting.perform(stage, face)
    record = stage.dirfa.characters[0]
    record.keys = keys
    windowed = SimpleNamespace(app=SimpleNamespace(background=False))
    monkeypatch.setattr(directing, "bpy", windowed)
    place = ('key_blocks["jawOpen"].value', 0)
    before = fcurves.read_keys(fcurves.curves_of(face.data.shape_keys)[place])

    monkeypatch.setattr(directing, "MAX_LIVE_SECONDS", 0.5)
    line.controls.jaw = 0.5
    meanwhile = fcurves.read_keys(fcurves.curves_of(face.data.shape_keys)[place])
    waited = record.is_rough
    refining.finish(stage)

    after = fcurves.read_keys(fcurves.curves_of(face.data.shape_keys)[place])
    assert waited
    assert not record.is_rough
    assert np.array_equal(meanwhile, before)
    assert after[:, 1].max() < 0.7 * before[:, 1].max()
    assert record.edits is None


def test_a_file_is_saved_with_its_keys_where_they_belong(stage, tmp_path: Path) -> None:
    face = rough_stage(stage)
    with state().quietly():
        stage.dirfa.lines[0].controls.happy = 0.7
    acting.perform(stage, face, is_rough=True)

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"), copy=True)

    assert not stage.dirfa.characters[0].is_rough
    assert worst(stage, face) <= stage.dirfa.characters[0].max_error * 1.01


def test_lines_keep_their_numbers_when_an_entering_is_withdrawn(stage, draft) -> None:
    line_with_take(character())
    way = entering(stage.name, draft)
    for _ in range(50):
        way.advance(0.0)

    way.withdraw()

    assert [line.uid for line in stage.dirfa.lines] == [stage.dirfa.lines[0].uid]
    assert lines.line_of(stage, stage.dirfa.lines[0].uid) is not None
