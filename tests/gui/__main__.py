"""``python3 dirfa.py test --gui``: make the room if needed, then run the tests of the window in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.gui.conftest import PICTURES
from tests.gui.room import Room, RoomError


def main(arguments: list[str]) -> int:
    """Exit code; screenshots are left in the folder it names."""
    room = Room()
    pictures = Path(os.environ.get(PICTURES) or room.folder.parent / "pictures")
    os.environ[PICTURES] = str(pictures)
    try:
        room.prepare(lambda text: sys.stderr.write(f"  {text}\n") and None)
    except RoomError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    code = pytest.main([*(arguments or ["tests/gui"]), "-p", "no:cacheprovider"])
    sys.stderr.write(f"Screenshots and Blender's logs are in {pictures}.\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
