"""What is linked from another file cannot be written to, so nothing is begun for it."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.operators import speech_operator
from dirfa_blender.performing import acting
from dirfa_blender.performing.lines import new_line, set_character
from dirfa_blender.session import state
from tests.addon.stage import QueueServer, character, line_with_take
from tests.addon.test_operators import refused
from tests.addon.test_scene import write_tone


@pytest.fixture
def linked(scene, tmp_path: Path):
    """A linked scene with a character and a line that waits to be spoken, shown in the window."""
    dirfa_blender.register()
    library = tmp_path / "shot.blend"
    own = bpy.context.scene
    own.name = "Shot"
    line = line_with_take(character())
    line.path = str(write_tone(tmp_path / "line.wav", 1.0))
    own.dirfa.source, own.dirfa.audio = "STRIPS", line.path
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.scenes = ["Shot"]
    (shot,) = wanted.scenes
    with bpy.context.temp_override(scene=shot):
        yield shot
    dirfa_blender.unregister()


@pytest.mark.parametrize("source", ["STRIPS", "FILE"])
@pytest.mark.parametrize("verb", ["generate", "speak_recording", "another_take"])
def test_nothing_is_asked_of_the_server(linked, source: str, verb: str, monkeypatch) -> None:
    server = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: server)
    linked.dirfa.source = source

    said = refused(getattr(bpy.ops.dirfa, verb))

    assert "This scene is linked and cannot be changed: open the file it comes from" in said
    assert not server.settings
    assert not state().is_busy


@pytest.fixture
def shared(scene, tmp_path: Path):
    """A local scene with a character that is linked, not overridden, and one of its own."""
    dirfa_blender.register()
    library = tmp_path / "cast.blend"
    own = {character("Guest").name, *(thing.name for thing in bpy.context.scene.objects)}
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (there, wanted):
        wanted.objects = [name for name in there.objects if name in own]
    for thing in wanted.objects:
        bpy.context.scene.collection.objects.link(thing)
    yield bpy.context.scene
    dirfa_blender.unregister()


def test_a_linked_character_is_refused_before_the_server_is_asked(
    shared, tmp_path: Path, monkeypatch
) -> None:
    server = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: server)
    settings = shared.dirfa
    settings.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    settings.actor, settings.target = "object", bpy.data.objects["Guest"]

    said = refused(bpy.ops.dirfa.generate)

    assert "linked from cast.blend and cannot be changed here" in said and "override" in said
    assert not server.settings and not len(settings.lines)


def test_in_a_queue_the_line_of_a_linked_character_says_why_and_the_others_are_spoken(
    shared, tmp_path: Path, monkeypatch
) -> None:
    server = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: server)
    tone = str(write_tone(tmp_path / "line.wav", 1.0))
    for name, who in (("linked", bpy.data.objects["Guest"]), ("own", character("Own"))):
        line = new_line(shared, name, "FILE")
        line.path = tone
        set_character(line, who)
    shared.dirfa.source = "STRIPS"

    bpy.ops.dirfa.generate()

    linked, own = shared.dirfa.lines
    assert "linked from cast.blend" in linked.message and not len(linked.takes)
    assert len(own.takes) == 1 and not own.message
    assert len(server.settings) == 1


def test_a_performance_that_lies_in_another_file_is_not_changed_only_to_be_lost(
    stage, server, tmp_path: Path
) -> None:
    face = character("Hero")
    line_with_take(face)
    own = acting.perform(stage, face)
    bpy.data.libraries.write(str(tmp_path / "performance.blend"), {own})
    with bpy.data.libraries.load(str(tmp_path / "performance.blend"), link=True) as (_, wanted):
        wanted.actions = [own.name]
    (linked,) = wanted.actions
    stage.dirfa.characters[0].action = linked
    face.data.shape_keys.animation_data.action = linked
    keys = {path: len(curve.keyframe_points) for path, curve in fcurves.slot_curves(
        linked, face.data.shape_keys.animation_data.action_slot).items()}  # fmt: skip

    stage.dirfa.lines[0].controls.jaw = 0.3
    by_slider = state().error
    said = refused(bpy.ops.dirfa.another_take)

    assert "linked from performance.blend" in by_slider and "Make it local" in said
    assert not server.settings
    assert keys == {path: len(curve.keyframe_points) for path, curve in fcurves.slot_curves(
        linked, face.data.shape_keys.animation_data.action_slot).items()}  # fmt: skip
