"""Setting the server up in a window: it moves, Blender does not stop, and it can be cancelled and finished.

The packages are those of the real server; the set-up is cancelled while the largest arrives, since what is
asked here is how Blender feels meanwhile. That it ends well is tested on a small one, without a window.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.conftest import install
from tests.gui.room import Room
from tests.gui.test_first_character import STATE, WATCH
from tests.gui.window import Window

LONGEST_PAUSE_SECONDS = 0.05
WATCHED_SECONDS = 25.0
ADDON = "bl_ext.user_default.dirfa"
SILENT_PROXY = "http://10.255.255.1:3128"


@pytest.fixture(scope="module")
def bare_window(room: Room, extension: Path, pictures: Path) -> Iterator[Window]:
    """A Blender that has the extension and no server."""
    home, target = pictures / "home-bare", pictures / "environment"
    for folder in (home, target):
        shutil.rmtree(folder, ignore_errors=True)
    surroundings = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    surroundings["DIRFA_ENVIRONMENT"] = str(target)
    with Window(room, pictures, home, surroundings, display=79) as opened:
        install(opened, extension)
        yield opened
    shutil.rmtree(target, ignore_errors=True)


def test_blender_may_not_go_online_is_said_with_the_way_out(bare_window: Window) -> None:
    bare_window.run("bpy.context.preferences.system.use_online_access = False")
    bare_window.open_tab()
    bare_window.wait_for(f"{STATE}.server_state == 'not_installed'")
    bare_window.click("dirfa.server_setup")
    time.sleep(0.5)

    assert "Allow online access" in bare_window.ask(f"{WATCH}.error")
    bare_window.picture("20-not-online")


def test_blender_stays_free_while_the_server_installs(bare_window: Window) -> None:
    bare_window.run("bpy.context.preferences.system.use_online_access = True")
    bare_window.pauses()
    time.sleep(3.0)
    idle = bare_window.pauses()
    place = bare_window.find("dirfa.server_setup")
    bare_window.pauses()
    bare_window.click_at(*place)
    bare_window.wait_for(f"{WATCH}.task == 'installing'", 10)
    time.sleep(WATCHED_SECONDS)
    bare_window.picture("21-installing")

    pauses = bare_window.pauses()

    text = bare_window.ask(f"{WATCH}.text + ' | ' + {WATCH}.error")
    with (bare_window.folder / "figures.txt").open("a") as file:
        file.write(f"installing: {pauses}; idle: {idle}; at {text}\n")
    assert pauses.own < LONGEST_PAUSE_SECONDS, text


def test_cancelling_ends_pip_and_leaves_something_to_finish(bare_window: Window) -> None:
    # Behind a proxy that never answers there is time to find the button.
    bare_window.run(
        f"bpy.context.preferences.addons[{ADDON!r}].preferences.proxy = {SILENT_PROXY!r}"
    )
    if bare_window.ask(f"{WATCH}.task is None"):  # without a network it is over by now
        bare_window.click("dirfa.server_setup")
        bare_window.wait_for(f"{WATCH}.task == 'installing'", 10)
    began = time.monotonic()
    bare_window.click("dirfa.server_cancel", across=(0.81, 0.83, 0.79))
    bare_window.wait_for(f"{WATCH}.task is None", 20)

    assert bare_window.ask(f"{STATE}.server_state") == "incomplete"
    assert time.monotonic() - began < 30
    time.sleep(0.5)
    bare_window.picture("22-incomplete")


GERMAN = """
view = bpy.context.preferences.view
try:
    view.language = "de_DE"
except TypeError:
    pass
view.use_translate_interface = view.use_translate_tooltips = True
result = [view.language, bpy.app.translations.pgettext_iface("Set Up Server")]
"""


def test_the_interface_speaks_german(bare_window: Window) -> None:
    language, text = bare_window.run(GERMAN)
    time.sleep(1.5)
    bare_window.picture("23-german")

    if language != "de_DE":
        pytest.skip("this Blender was built without languages")
    assert text == "Server einrichten"
