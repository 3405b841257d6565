"""Hands that know nothing of the add-on: clicks, drags, undo and Tab in an order that a seed decides.

Nothing is expected but that Blender lives, answers, and complains of nothing in its log. Another seed and
more actions are told by the environment: ``DIRFA_GUI_SEED``, ``DIRFA_GUI_ACTIONS``.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from tests.gui.test_first_character import STATE
from tests.gui.test_panels import HEAD, OPEN
from tests.gui.window import HEIGHT, SIDEBAR, Window

SEED = int(os.environ.get("DIRFA_GUI_SEED", "7"))
ACTIONS = int(os.environ.get("DIRFA_GUI_ACTIONS", "60"))
# Until then nothing is deleted, so that there is a head to be rough with.
SPARED = 0.75
# A copy of a head is large, and two tell as much as twenty.
MOST_COPIES = 2
# Points of the tab that are looked at until something lies there; headings and lists are nothing.
TRIES = 3
# The middle of the 3D view, where keys are meant for the scene.
VIEW = (430, 480)
# What takes the server away, opens another program, or leaves a film in somebody's folder.
LEFT_ALONE = (
    "dirfa.server_",
    "dirfa.copy_diagnostics",
    "dirfa.render",
    "dirfa.learn",
    "wm.url_open",
)
TRACE = "Traceback (most recent call last)"
TAKES = "len(bpy.context.scene.dirfa.lines[0].takes) if len(bpy.context.scene.dirfa.lines) else 0"
HAS_VIEW = "any(a.type == 'VIEW_3D' for a in bpy.context.window_manager.windows[0].screen.areas)"
SWITCH = """
lines = bpy.context.scene.dirfa.lines
if len(lines) and len(lines[0].takes):
    lines[0].take_index = {number} % len(lines[0].takes)
"""


class Hands:
    """Somebody at the screen; what they did stands in `done`, in order."""

    def __init__(self, window: Window, chance: random.Random) -> None:
        self.window, self.chance = window, chance
        self.done: list[str] = []
        self.copies = 0

    def act(self, progress: float) -> None:
        """Do one thing; `progress` is 0..1 of all that will be done."""
        actions: dict[Callable[[], str], int] = {
            self.click: 10, self.drag: 8, self.undo: 4, self.redo: 3, self.tab: 2, self.switch: 3,
            self.scroll: 3, self.scrub: 2, self.play: 1, self.select: 2, self.escape: 1,
        }  # fmt: skip
        if self.copies < MOST_COPIES:
            actions[self.duplicate] = 1
        if progress > SPARED:
            actions[self.delete] = 3
        self.leave_file_browser()
        action = self.chance.choices([*actions], [*actions.values()])[0]
        self.done.append(f"{action.__name__}: {action()}")

    def leave_file_browser(self) -> None:
        """Close what a button has opened in place of the 3D view."""
        for _ in range(TRIES):
            if self.window.ask(HAS_VIEW):
                return
            self.keys("Escape")
            time.sleep(0.5)

    def in_sidebar(self) -> tuple[int, int, str]:
        """A point of the tab, and what lies there: mostly something."""
        left, bottom, width, height, window_height = self.window.run(SIDEBAR)
        top = window_height - bottom - height
        for _ in range(TRIES):
            x = int(left + self.chance.uniform(0.05, 0.9) * width)
            y = min(int(top + self.chance.uniform(0.01, 0.95) * height), HEIGHT - 5)
            what = self.window.under(x, y)
            if what:
                break
        return x, y, what

    def click(self) -> str:
        x, y, what = self.in_sidebar()
        if any(word in what for word in LEFT_ALONE):
            return f"left alone: {what}"
        self.window.click_at(x, y)
        # What it opened, a menu or a file browser, is in nobody's way.
        self.window.key("Escape")
        return f"{x} {y} {what}"

    def drag(self) -> str:
        x, y, what = self.in_sidebar()
        if any(word in what for word in LEFT_ALONE):
            return f"left alone: {what}"
        right = self.chance.choice((-120, -40, 40, 120))
        self.window.drag(x, y, right)
        self.window.key("Escape")
        return f"{x} {y} by {right} {what}"

    def undo(self) -> str:
        return self.keys(*["ctrl+z"] * self.chance.randint(1, 3))

    def redo(self) -> str:
        return self.keys(*["ctrl+shift+z"] * self.chance.randint(1, 3))

    def tab(self) -> str:
        return self.keys("Tab")

    def escape(self) -> str:
        return self.keys("Escape")

    def scrub(self) -> str:
        return self.keys(self.chance.choice(("Right", "Left", "shift+Right", "shift+Left")))

    def play(self) -> str:
        self.keys("space")
        time.sleep(1.0)
        return self.keys("space")

    def duplicate(self) -> str:
        self.copies += 1
        return self.keys("shift+d", "Return")

    def delete(self) -> str:
        return self.keys("x", "Return")

    def select(self) -> str:
        x, y = VIEW[0] + self.chance.randint(-150, 150), VIEW[1] + self.chance.randint(-200, 200)
        self.window.click_at(x, y)
        return f"{x} {y}"

    def scroll(self) -> str:
        x, y, _ = self.in_sidebar()
        notches = self.chance.randint(1, 8)
        button = self.chance.choice(("5", "4"))
        self.window.scroll(x, y, notches, button)
        return f"{notches} of {button}"

    def switch(self) -> str:
        number = self.chance.randint(0, 5)
        self.window.run(SWITCH.format(number=number))
        return str(number)

    def keys(self, *names: str) -> str:
        self.window.move(*VIEW)
        self.window.key(*names)
        return " ".join(names)


def test_random_hands_neither_crash_blender_nor_leave_a_traceback(
    window: Window, pictures: Path
) -> None:
    window.open_tab()
    window.run(OPEN)
    window.run(
        "bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'\n"
        "bpy.ops.dirfa.use_sample(); bpy.context.scene.dirfa.actor = 'neutral'"
    )
    window.open_tab()
    window.click("dirfa.generate")
    window.wait_for(f"{TAKES} == 1 and not {STATE}.is_busy", 240)
    window.run("bpy.context.scene.dirfa.seed += 1; bpy.ops.dirfa.another_take('INVOKE_DEFAULT')")
    window.wait_for(f"{TAKES} == 2 and not {STATE}.is_busy", 120)
    window.run(f"o = {HEAD}; o.select_set(True); bpy.context.view_layer.objects.active = o")
    began = window.log.stat().st_size
    hands = Hands(window, random.Random(SEED))

    try:
        for number in range(ACTIONS):
            hands.act(number / ACTIONS)
            assert window.is_alive, f"Blender ended after {hands.done[-3:]}"
            assert window.ask("1") == 1
            said = window.log.read_bytes()[began:].decode("utf-8", "replace")
            assert TRACE not in said, f"after {hands.done[-3:]}: {said[said.index(TRACE) :]}"
    finally:
        (pictures / f"random-hands-{SEED}.txt").write_text("\n".join(hands.done) + "\n", "utf-8")
    window.key("Escape")
    window.wait_for(f"not {STATE}.is_busy", 240)
    window.picture(f"90-random-hands-{SEED}")
