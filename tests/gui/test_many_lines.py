"""A scene of several characters by hand: strips in the sequencer, one button, a queue beside the window."""

from __future__ import annotations

import time
from pathlib import Path

from dirfa_blender.core.head_shapes import ARKIT_NAMES
from tests.gui.test_first_character import LONGEST_PIECE_SECONDS, STATE
from tests.gui.test_panels import OPEN, SPEECH
from tests.gui.window import Window

NAMES = ("Hero", "Villain", "Clerk")
STRIPS = tuple(f"{name.lower()}_{number}" for number in (1, 2) for name in NAMES)
FRAMES = 120
CHARACTERS = f"""
for place, name in enumerate({NAMES!r}):
    bpy.ops.mesh.primitive_uv_sphere_add(location=(2.5 * place, 0, 0))
    face = bpy.context.object
    face.name = name
    face.shape_key_add(name="Basis")
    for key in {ARKIT_NAMES!r}:
        block = face.shape_key_add(name=key, from_mix=False)
        block.value = 0.0
        block.data[0].co.z += 0.1
"""
SEQUENCE = f"""
scene = bpy.context.scene
editor = scene.sequence_editor_create()
strips = editor.strips if hasattr(editor, "strips") else editor.sequences
for place, name in enumerate({STRIPS!r}):
    strips.new_sound(name, {SPEECH!r}, place % 3 + 1, 1 + {FRAMES} * place)
scene.dirfa.source = "STRIPS"
"""
LINES = "bpy.context.scene.dirfa.lines"
TAKES = f"[len(line.takes) for line in {LINES}]"
PLAYS = "bpy.context.window_manager.windows[0].screen.is_animation_playing"
# The middle of the 3D view.
VIEW = (430, 480)
# Curves that move, by the character's name.
PLAYED = f"""
result = {{}}
for name in {NAMES!r}:
    keys = bpy.data.objects[name].data.shape_keys
    action = keys.animation_data and keys.animation_data.action
    result[name] = list(action.frame_range) if action else None
"""


def test_one_button_lets_every_character_of_a_scene_speak(window: Window, pictures: Path) -> None:
    window.run(OPEN)
    window.run(CHARACTERS)
    window.run(SEQUENCE)
    window.open_tab()
    window.click("dirfa.collect_strips")
    window.wait_for(f"len({LINES}) == {len(STRIPS)}", 10)
    window.click("dirfa.cast")
    cast = window.ask(f"{{line.name: line.character and line.character.name for line in {LINES}}}")
    assert {name: who.lower() for name, who in cast.items()} == {s: s[:-2] for s in STRIPS}

    window.pauses()
    window.click("dirfa.generate")
    window.wait_for(f"{STATE}.is_busy", 10)
    time.sleep(0.5)
    window.picture("60-queue")
    window.wait_for(f"not {STATE}.is_busy", 240)

    window.picture("61-all-speak")
    assert window.ask(f"{STATE}.error") == ""
    assert window.ask(TAKES) == [1] * len(STRIPS)
    # The strips go on after the scene, which is said, with the button that lets it hold them.
    assert window.ask("bpy.context.scene.frame_end") == 250
    window.click("dirfa.hold_lines")
    window.wait_for("bpy.context.scene.frame_end > 600", 10)
    window.picture("62-range-holds-lines")
    played = window.run(PLAYED)
    for place, name in enumerate(NAMES):
        first, last = 1 + FRAMES * place, 1 + FRAMES * (place + 3)
        assert played[name][0] <= first + 1 and played[name][1] > last + 60, played
    window.move(*VIEW)
    window.key("space")
    window.wait_for("bpy.context.scene.frame_current > 3", 20)
    window.key("space")
    window.wait_for(f"not {PLAYS}", 20)
    assert window.ask(f"{STATE}.longest_piece_seconds") < LONGEST_PIECE_SECONDS


def test_the_whole_scene_is_one_step_to_undo(window: Window) -> None:
    # The others: the frame range, and Blender's own, as playing has moved the present frame.
    for _ in range(3):
        window.move(*VIEW)
        window.key("ctrl+z")
        time.sleep(1.5)

    assert window.ask(TAKES) == [0] * len(STRIPS)
    assert window.run(PLAYED) == dict.fromkeys(NAMES)
    assert window.is_alive
