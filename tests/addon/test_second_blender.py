"""The same tests on the newest Blender."""

from __future__ import annotations

import sys

import pytest

from tests.addon import newest_blender


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="this is the newest Blender's own Python")
def test_every_addon_test_also_passes_on_the_newest_blender(request: pytest.FixtureRequest) -> None:
    if not newest_blender.PYTHON.exists():
        pytest.skip("no .venv313 with bpy 5.2: it needs Python 3.13, see `python3 dirfa.py doctor`")

    code, said = newest_blender.end(request.config.stash[newest_blender.RUN])

    assert code == 0, said[-8000:]
