"""Live speech in a window: the face can be shown at the pace of film, says its delay, and Esc ends it."""

from __future__ import annotations

import time

import pytest

from tests.gui.test_first_character import PACKAGE, STATE, _note
from tests.gui.window import Window

JAW = """
keys = next(o.data.shape_keys for o in bpy.data.objects
            if o.type == "MESH" and o.data.shape_keys and len(o.data.shape_keys.key_blocks) > 40)
result = [round(block.value, 5) for block in keys.key_blocks]
"""
# What each picture costs Blender's main thread, by its own processor time: drawing is the screen's matter.
WATCH_TICKS = f"""
import sys, time
player = sys.modules["{PACKAGE}.live.live_player"].LivePlayer
own, costs, shown = player.tick, [], []
def tick(self):
    began = time.thread_time()
    try:
        return own(self)
    finally:
        bpy.context.view_layer.update()
        costs.append(time.thread_time() - began)
        shown.append(self._shown.start if self._shown else -1.0)
player.tick = tick
"""
COSTS = """
player.tick = own
result = [sorted(costs), len(set(shown)), shown == sorted(shown)]
"""
# Seconds that this screen takes to draw once, whoever asks.
DRAW = """
w = bpy.context.window_manager.windows[0]
a = next(a for a in w.screen.areas if a.type == "VIEW_3D")
r = next(r for r in a.regions if r.type == "WINDOW")
with bpy.context.temp_override(window=w, area=a, region=r):
    began = time.perf_counter()
    bpy.ops.wm.redraw_timer(type="DRAW", iterations=2)
    result = (time.perf_counter() - began) / 2
"""


@pytest.fixture(scope="module")
def speaker(window: Window) -> Window:
    """A window with the plain head, which has spoken the sample once."""
    window.open_tab()
    window.wait_for(f"{STATE}.server_state == 'running'", 60)
    window.run("bpy.ops.dirfa.use_sample()")
    window.run(
        "bpy.context.scene.dirfa.actor = 'neutral'; bpy.ops.dirfa.generate('INVOKE_DEFAULT')"
    )
    window.wait_for(f"not {STATE}.is_busy and len(bpy.context.scene.dirfa.lines)", 240)
    window.run(
        "s = bpy.context.scene.dirfa; s.actor = 'object'; s.target = s.lines[0].character\n"
        "s.live.source = 'LINE'"
    )
    return window


def begin(window: Window) -> None:
    window.run(
        "w = bpy.context.window_manager.windows[0]\n"
        "a = next(a for a in w.screen.areas if a.type == 'VIEW_3D')\n"
        "r = next(r for r in a.regions if r.type == 'WINDOW')\n"
        "with bpy.context.temp_override(window=w, area=a, region=r):\n"
        "    bpy.ops.dirfa.live_start('INVOKE_DEFAULT')"
    )
    window.wait_for(f"{STATE}.live.delay_seconds > 0", 60)


def test_a_picture_costs_less_than_a_frame_of_film_and_the_face_ends_as_it_was(
    speaker: Window,
) -> None:
    before = speaker.run(JAW)
    speaker.run(WATCH_TICKS)
    speaker.pauses()
    begin(speaker)
    delay = speaker.ask(f"{STATE}.live.delay_seconds")
    time.sleep(1.0)
    speaker.picture("20-live")
    speaker.wait_for(f"{STATE}.live is None", 60)

    costs, pictures, is_ordered = speaker.run(COSTS)
    pauses, drawing = speaker.pauses(), speaker.run(DRAW)
    worst = costs[-1 - len(costs) // 50]
    _note(
        speaker,
        f"live: {pictures} pictures, {delay:.2f} s behind the sound, {worst * 1000:.1f} ms a picture, "
        f"drawing {drawing * 1000:.0f} ms, {pauses}",
    )
    assert speaker.run(JAW) == before
    assert is_ordered
    assert worst < 1 / 24


def test_escape_ends_it(speaker: Window) -> None:
    before = speaker.run(JAW)
    begin(speaker)
    speaker.move(500, 500)
    speaker.key("Escape")
    speaker.wait_for(f"{STATE}.live is None", 10)

    assert speaker.run(JAW) == before
    assert len(speaker.run("result = [l.name for l in bpy.context.scene.dirfa.lines]")) == 1


def test_what_was_recorded_is_one_step_to_undo(speaker: Window) -> None:
    names = "result = [line.name for line in bpy.context.scene.dirfa.lines]"
    speaker.run("bpy.ops.ed.undo_push(message='before')")
    speaker.run("bpy.context.scene.dirfa.live.record = True")
    before = speaker.run(names)
    begin(speaker)
    speaker.wait_for(f"{STATE}.live is None", 60)
    recorded = speaker.run(names)
    speaker.picture("21-live-recorded")
    speaker.move(500, 500)
    speaker.key("ctrl+z")
    time.sleep(1.0)

    assert recorded == [*before, "Live"]
    assert speaker.run(names) == before


def test_a_server_that_dies_ends_it_and_the_face_goes_back(speaker: Window) -> None:
    before = speaker.run(JAW)
    begin(speaker)
    speaker.run(f"import os, signal; os.kill({STATE}.server.pid, signal.SIGKILL)")
    speaker.wait_for(f"{STATE}.live is None", 20)
    speaker.picture("22-live-server-died")

    assert speaker.run(JAW) == before
