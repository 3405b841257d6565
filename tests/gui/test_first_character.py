"""From the zip to a talking character, by hand: every click a real one, in the order an artist makes them.

The tests of this module go on from each other in one window, as a person does.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.gui.window import Window

PACKAGE = "bl_ext.user_default.dirfa.dirfa_blender"
WATCH = f"__import__('sys').modules['{PACKAGE}.server_watch'].watch()"
STATE = f"__import__('sys').modules['{PACKAGE}.session'].state()"
MAX_CLICKS = 4
# Of the add-on's own work; drawing on a screen without a GPU comes on top, and is not ours.
LONGEST_PIECE_SECONDS = 0.05
CURVES = """
keys = next(o.data.shape_keys for o in bpy.data.objects
            if o.type == "MESH" and o.data.shape_keys and len(o.data.shape_keys.key_blocks) > 40)
result = bool(keys.animation_data and keys.animation_data.action)
"""


def test_the_first_page_shows_three_steps(window: Window) -> None:
    window.open_tab()
    window.wait_for(f"{STATE}.server_state in ('starting', 'running')", 10)

    assert window.find("dirfa.use_sample")
    window.picture("01-first-page")


def test_four_clicks_make_the_sample_speak(window: Window) -> None:
    # Installing was one (OK), the tab another.
    window.clicks = 2
    window.click("dirfa.use_sample")
    window.wait_for("bpy.context.scene.dirfa.audio != ''")
    window.picture("02-sample-chosen")
    window.pauses()
    place = window.find("dirfa.generate")
    began = time.monotonic()
    window.click_at(*place)
    window.wait_for(f"{STATE}.is_busy", 10)
    window.picture("03-generating")

    window.wait_for(f"not {STATE}.is_busy", 240)

    seconds = time.monotonic() - began
    pauses = window.pauses()
    window.picture("04-generated")
    assert window.ask(f"{STATE}.error") == ""
    assert window.run(CURVES)
    assert window.clicks <= MAX_CLICKS
    longest = window.ask(f"{STATE}.longest_piece_seconds")
    assert longest < LONGEST_PIECE_SECONDS
    _note(
        window,
        f"longest piece of the entering: {longest * 1000:.0f} ms; "
        f"first character: {window.clicks} clicks, {seconds:.1f} s with server start, {pauses}",
    )


def test_a_second_take_comes_from_the_running_server(window: Window) -> None:
    window.wait_for(f"{STATE}.server_state == 'running'", 10)
    window.run("bpy.context.scene.dirfa.seed += 1")
    window.pauses()
    began = time.monotonic()
    window.click("dirfa.generate")
    window.wait_for(f"not {STATE}.is_busy", 240)

    assert window.ask(f"{STATE}.error") == ""
    seconds, pauses = time.monotonic() - began, window.pauses()
    window.picture("05-second-take")
    _note(window, f"second take: {seconds:.1f} s with the search for the button, {pauses}")


def test_undo_takes_one_take_back(window: Window) -> None:
    takes = "len(bpy.context.scene.dirfa.lines[0].takes)"
    before = window.ask(takes)
    left, top = 500, 500
    window.move(left, top)
    window.key("ctrl+z")
    time.sleep(1.0)

    assert (before, window.ask(takes)) == (2, 1)
    window.picture("06-undone")


def test_a_frame_renders(window: Window, pictures: Path) -> None:
    target = pictures / "frame.png"
    window.run(
        "s = bpy.context.scene; s.render.engine = 'CYCLES'; s.cycles.samples = 8\n"
        "s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = 192, 240, 100\n"
        "s.frame_set(30)\n"
        "s.render.image_settings.file_format = 'PNG'\n"
        f"s.render.filepath = {str(target)!r}\n"
        "bpy.ops.render.render(write_still=True)"
    )

    assert target.stat().st_size > 5000


def test_a_server_that_dies_is_said_and_can_be_started_again(window: Window) -> None:
    window.run(f"import os, signal; os.kill({STATE}.server.pid, signal.SIGKILL)")
    window.wait_for(f"{STATE}.server_state == 'failed'", 15)
    time.sleep(0.5)
    window.picture("07-server-died")

    window.click("dirfa.server_start")
    window.wait_for(f"{STATE}.server_state == 'running'", 90)
    time.sleep(0.3)
    window.picture("08-server-again")


def test_disabling_with_a_job_running_leaves_nothing(window: Window) -> None:
    window.run("bpy.ops.dirfa.generate('INVOKE_DEFAULT')")
    window.wait_for(f"{STATE}.is_busy", 10)
    pid = window.ask(f"{STATE}.server.pid")
    window.run("bpy.ops.preferences.addon_disable(module='bl_ext.user_default.dirfa')")
    time.sleep(2.0)

    assert window.is_alive
    assert window.ask("[n for n in dir(bpy.types) if n.startswith('DIRFA')]") == []
    assert not Path(f"/proc/{pid}").exists()
    window.picture("09-disabled")


def _note(window: Window, text: str) -> None:
    with (window.folder / "figures.txt").open("a") as file:
        file.write(text + "\n")
