"""Blender's own way to do the last thing again, by hand: nothing may break that ran beside the window."""

from __future__ import annotations

import time

from tests.gui.test_first_character import STATE
from tests.gui.window import Window

LINES = "len(bpy.context.scene.dirfa.lines)"


def test_shift_r_after_generate_leaves_blender_alive_and_undo_whole(window: Window) -> None:
    window.open_tab()
    window.run("bpy.ops.dirfa.use_sample(); bpy.context.scene.dirfa.actor = 'neutral'")
    window.click("dirfa.generate")
    window.wait_for(f"{LINES} == 1 and not {STATE}.is_busy", 240)

    for _ in range(3):
        window.move(500, 500)
        window.key("shift+r")
        time.sleep(1.0)
        window.wait_for(f"not {STATE}.is_busy", 120)

    assert window.is_alive and window.ask(LINES) == 1
    window.key("ctrl+z")
    time.sleep(1.0)
    assert window.is_alive and window.ask(LINES) == 0
