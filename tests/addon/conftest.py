"""An empty scene for each test; without Blender's module these tests are skipped."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="Blender's module bpy is not installed for this Python")

import dirfa_blender  # noqa: E402  (it needs bpy)
from dirfa_blender.blender.scene import set_frame_rate  # noqa: E402
from dirfa_blender.core.timing import parse_rate  # noqa: E402
from dirfa_blender.operators import speech_operator  # noqa: E402
from tests.addon.stage import QueueServer  # noqa: E402


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield bpy.context.scene
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def stage(scene):
    """The scene with the add-on registered, at 24 frames a second."""
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    yield scene
    dirfa_blender.unregister()


@pytest.fixture
def at_50(scene):
    """The empty scene at the rate of takes."""
    set_frame_rate(scene, parse_rate("50"))
    return scene


@pytest.fixture
def server(monkeypatch) -> QueueServer:
    """What speech operators ask in place of a server."""
    client = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: client)
    return client
