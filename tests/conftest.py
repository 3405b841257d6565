"""The run as a whole: the newest Blender's tests go on beside the others, and the process is left as
Blender's module wants to be left.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.addon import newest_blender

WAITING = "test_second_blender.py"
_status = pytest.StashKey[int]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for the newest Blender comes last."""
    items.sort(key=lambda item: item.path.name == WAITING)


def pytest_collection_finish(session: pytest.Session) -> None:
    waits = any(item.path.name == WAITING for item in session.items)
    can = sys.version_info < (3, 13) and newest_blender.PYTHON.exists()
    if waits and can and not session.config.option.collectonly:
        session.config.stash[newest_blender.RUN] = newest_blender.begin()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    run = session.config.stash.get(newest_blender.RUN, None)
    if run is not None:
        run.process.kill()
    session.config.stash[_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """bpy 4.5 waits for ever in its C++ destructors where a handler or timer is still registered, after
    everything is reported: leave before them."""
    if "bpy" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash.get(_status, 1))
