"""A retimed strip in a real Blender: a second one mixes it down beside the window."""

from __future__ import annotations

from pathlib import Path

from tests.gui.test_first_character import LONGEST_PIECE_SECONDS, STATE
from tests.gui.test_many_lines import CHARACTERS, LINES
from tests.gui.test_panels import OPEN, SPEECH
from tests.gui.window import Window

RETIMED = f"""
scene = bpy.context.scene
strip = scene.sequence_editor_create().strips.new_sound("hero_1", {SPEECH!r}, 1, 25)
middle = strip.retiming_keys.add(timeline_frame=(strip.left_handle + strip.right_handle) // 2)
strip.retiming_keys[1].timeline_frame += 20
scene.dirfa.source = "STRIPS"
result = [scene.name, len(bpy.data.scenes), strip.right_handle - strip.left_handle]
"""


def test_a_retimed_strip_is_spoken_while_the_window_stays_free(
    window: Window, pictures: Path
) -> None:
    window.run(OPEN)
    window.run(CHARACTERS)
    name, scenes, frames = window.run(RETIMED)
    window.open_tab()
    window.click("dirfa.collect_strips")
    window.wait_for(f"len({LINES}) == 1", 10)
    window.click("dirfa.cast")
    assert window.ask(f"{LINES}[0].character.name") == "Hero"

    window.pauses()
    window.click("dirfa.generate")
    window.picture("65-listening")
    window.wait_for(f"{STATE}.is_busy or {STATE}.error or len({LINES}[0].takes)", 10)
    window.wait_for(f"not {STATE}.is_busy", 120)

    window.picture("65-retimed")
    assert window.ask(f"{STATE}.error") == ""
    assert window.ask(f"{LINES}[0].message") == ""
    seconds = window.ask(f"{LINES}[0].takes[0].seconds")
    rate = window.ask("bpy.context.scene.render.fps / bpy.context.scene.render.fps_base")
    assert abs(seconds - frames / rate) < 0.2
    assert window.ask("[scene.name for scene in bpy.data.scenes]") == [name] * scenes
    assert window.ask(f"{STATE}.longest_piece_seconds") < LONGEST_PIECE_SECONDS
