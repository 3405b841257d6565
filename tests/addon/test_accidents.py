"""What happens while a job runs: deleted, renamed, undone, closed. The scene is never half changed."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.performing import takes
from dirfa_blender.session import state
from tests.addon.stage import character, line_with_take
from tests.addon.test_operators import refused, snapshot
from tests.addon.test_scene import write_tone


@pytest.fixture
def stage(scene, tmp_path: Path):
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    scene.dirfa.actor, scene.dirfa.target = "object", character()
    yield scene
    dirfa_blender.unregister()


def test_a_character_that_is_deleted_meanwhile_is_a_sentence(stage, server) -> None:
    face = stage.dirfa.target

    server.meanwhile = lambda _number: bpy.data.objects.remove(face)

    assert "was deleted" in refused(bpy.ops.dirfa.generate)
    assert not len(stage.dirfa.lines)
    assert not len(bpy.data.actions)


def test_a_character_that_leaves_the_scene_meanwhile_is_a_sentence(stage, server) -> None:
    face = stage.dirfa.target
    server.meanwhile = lambda _number: stage.collection.objects.unlink(face)
    before = snapshot()

    assert "is not in scene" in refused(bpy.ops.dirfa.generate)

    assert snapshot() == before
    assert not len(stage.dirfa.lines)


def test_a_character_that_is_renamed_meanwhile_still_speaks(stage, server) -> None:
    face = stage.dirfa.target

    def rename(_number: int) -> None:
        face.name = "Heroine"
        face.data.shape_keys.name = "Other keys"

    server.meanwhile = rename

    assert bpy.ops.dirfa.generate() == {"FINISHED"}
    assert len(fcurves.curves_of(face.data.shape_keys)) == 53


def test_the_take_goes_to_the_scene_it_was_asked_in(stage, server) -> None:
    other = bpy.data.scenes.new("Other")

    def switch(_number: int) -> None:
        bpy.context.window_manager.windows[0].scene = other

    server.meanwhile = switch

    bpy.ops.dirfa.generate()

    assert len(stage.dirfa.lines) == 1
    assert not len(other.dirfa.lines)


def test_a_scene_that_is_deleted_meanwhile_is_a_sentence(stage, server) -> None:
    other = bpy.data.scenes.new("Other")

    def delete(_number: int) -> None:
        bpy.context.window_manager.windows[0].scene = other
        bpy.data.scenes.remove(stage)

    server.meanwhile = delete

    assert "scene was deleted" in refused(bpy.ops.dirfa.generate)


def test_a_line_that_is_removed_meanwhile_does_not_come_back(stage, server) -> None:
    line = line_with_take(stage.dirfa.target)
    line.path = stage.dirfa.audio
    server.meanwhile = lambda _number: stage.dirfa.lines.clear()

    bpy.ops.dirfa.another_take()

    assert not len(stage.dirfa.lines)
    assert not state().is_busy


def test_a_file_saved_meanwhile_holds_the_scene_before_the_take(
    stage, server, tmp_path: Path
) -> None:
    path = str(tmp_path / "meanwhile.blend")
    server.meanwhile = lambda _number: bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)

    bpy.ops.dirfa.generate()

    assert len(stage.dirfa.lines) == 1
    bpy.ops.wm.open_mainfile(filepath=path)
    assert not len(bpy.context.scene.dirfa.lines)


def test_disabling_the_add_on_meanwhile_cancels_the_job(stage, server) -> None:
    asked: list[bool] = []

    def disable(_number: int) -> None:
        asked.append(True)
        state().cancel()

    server.meanwhile = disable

    assert bpy.ops.dirfa.generate() == {"CANCELLED"}
    assert asked
    assert not len(stage.dirfa.lines)


def test_shape_keys_renamed_meanwhile_keep_the_take_out_and_say_why(stage, server) -> None:
    face = stage.dirfa.target

    def rename(_number: int) -> None:
        for index, key in enumerate(face.data.shape_keys.key_blocks[1:]):
            key.name = f"Renamed {index}"

    server.meanwhile = rename

    assert "has nothing that profile" in refused(bpy.ops.dirfa.generate)
    assert not len(stage.dirfa.lines)
    assert not len(bpy.data.actions)


def test_a_queue_keeps_the_take_of_a_character_that_is_gone(stage, server) -> None:
    face = stage.dirfa.target
    stage.dirfa.source = "STRIPS"
    line = line_with_take(face)
    line.path = stage.dirfa.audio
    stage.dirfa.only_new = False
    server.meanwhile = lambda _number: stage.collection.objects.unlink(face)

    bpy.ops.dirfa.generate()

    assert len(line.takes) == 2
    assert "deleted" in line.message


def test_one_operation_is_one_undo_step(stage, server) -> None:
    bpy.ops.ed.undo_push(message="before")
    count = len(bpy.data.actions)

    bpy.ops.dirfa.generate()
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()

    scene = bpy.context.scene
    assert not len(scene.dirfa.lines)
    assert len(bpy.data.actions) == count


def test_undoing_a_slider_is_no_hand_edit(stage, server) -> None:
    bpy.ops.dirfa.generate()
    bpy.ops.ed.undo_push(message="generate")
    bpy.context.scene.dirfa.lines[0].controls.jaw = 0.5
    bpy.ops.ed.undo_push(message="slider")
    bpy.ops.ed.undo()

    line = bpy.context.scene.dirfa.lines[0]
    line.controls.brows = 0.7

    assert line.controls.jaw == 1.0
    assert bpy.context.scene.dirfa.characters[0].edits is None
    assert takes.read_take(line.takes[0]) is not None


def test_a_character_that_is_only_instanced_is_refused_before_the_server_is_asked(
    stage, server
) -> None:
    face = stage.dirfa.target
    cast = bpy.data.collections.new("Cast")
    for thing in list(stage.collection.objects):
        stage.collection.objects.unlink(thing)
        cast.objects.link(thing)
    instance = bpy.data.objects.new("Cast here", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", cast
    stage.collection.objects.link(instance)

    said = refused(bpy.ops.dirfa.generate)

    assert f"'{face.name}' is not in scene" in said and "only instanced" in said
    assert not server.settings


def test_what_a_character_hides_is_warned_of_and_the_line_is_there(stage, server) -> None:
    stage.dirfa.target.data.shape_keys.key_blocks["jawOpen"].mute = True

    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    assert len(stage.dirfa.lines) == 1


def test_a_sequencer_without_a_free_channel_keeps_everything_out_and_says_so(stage, server) -> None:
    strips = stage.sequence_editor_create().strips
    for channel in range(1, 129):
        strips.new_sound(f"Atmo {channel}", stage.dirfa.audio, channel=channel, frame_start=1)
    before = snapshot()

    said = refused(bpy.ops.dirfa.generate)

    assert "All 128 channels" in said and "Sound Strip" in said
    assert snapshot() == before
    assert not len(stage.dirfa.lines) and not state().is_busy
