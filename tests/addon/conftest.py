"""An empty scene for each test; without Blender's module these tests are skipped."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="Blender's module bpy is not installed for this Python")


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield bpy.context.scene
    bpy.ops.wm.read_factory_settings(use_empty=True)
