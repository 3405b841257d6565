"""A scene that is linked from another file: nothing can be written to it, so nothing is begun for it."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.operators import generate
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
    monkeypatch.setattr(generate, "connect", lambda *_: server)
    linked.dirfa.source = source

    said = refused(getattr(bpy.ops.dirfa, verb))

    assert "This scene is linked and cannot be changed: open the file it comes from" in said
    assert not server.settings
    assert not state().is_busy
