"""The room and what belongs in it, made once; without ``dirfa.py test --gui`` these tests are skipped."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dirfa_blender.commands.extension import build_extension
from tests.gui.room import Room
from tests.gui.window import Window

ROOT = Path(__file__).resolve().parents[2]
PICTURES = "DIRFA_GUI_PICTURES"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if PICTURES in os.environ:
        return
    mark = pytest.mark.skip(reason="opens a real Blender: python3 dirfa.py test --gui")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(mark)


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are left, and what both sides share."""
    folder = Path(os.environ[PICTURES])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def room(pictures: Path) -> Iterator[Room]:
    """The room, entered, with the project, the environment and its interpreter in it."""
    made = Room()
    environment = Path(sys.prefix).resolve()
    visible = [ROOT, environment, Path(sys.base_prefix).resolve()]
    # Folders that pip of this machine takes packages from.
    found = os.environ.get("PIP_FIND_LINKS", "").split()
    visible += [Path(place) for place in found if Path(place).is_dir()]
    with made.entered(visible=visible, shared=pictures):
        yield made


@pytest.fixture(scope="session")
def extension(pictures: Path) -> Path:
    """The zip, where the room sees it."""
    return build_extension(pictures)


@pytest.fixture(scope="session")
def portrait(pictures: Path) -> Path:
    """The sample's photo, outside the environment."""
    import skimage

    return Path(shutil.copy(Path(skimage.__file__).parent / "data" / "astronaut.png", pictures))


@pytest.fixture(scope="module")
def window(room: Room, extension: Path, pictures: Path) -> Iterator[Window]:
    """A Blender that has the extension, with its own user folder and the real server's environment."""
    home = pictures / "home"
    shutil.rmtree(home, ignore_errors=True)
    surroundings = {"DIRFA_ENVIRONMENT": str(Path(sys.prefix).resolve())}
    with Window(room, pictures, home, surroundings) as opened:
        install(opened, extension)
        yield opened


def install(window: Window, extension: Path) -> None:
    """What dropping the zip on the window and pressing OK does."""
    window.run(
        f"bpy.ops.extensions.package_install_files(filepath={str(extension)!r}, "
        "repo='user_default', enable_on_install=True)"
    )
    window.wait_for("hasattr(bpy.types.Scene, 'dirfa')")
