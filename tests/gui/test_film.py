"""Render in a real window: a film is made beside it, another one is cancelled, nothing stops."""

from __future__ import annotations

import time
from pathlib import Path

from tests.gui.window import Window

PACKAGE = "bl_ext.user_default.dirfa.dirfa_blender"
STATE = f"__import__('sys').modules['{PACKAGE}.session'].state()"
BUILD = f"""
import sys
package = {PACKAGE!r}
import importlib
get = lambda name: importlib.import_module(package + "." + name)
head = get("core.head_shapes").with_shapes(get("core.head_template").template())
for o in list(bpy.data.objects):
    bpy.data.objects.remove(o)
made = get("head.meshes").build_head(head, "Hero")
get("rendering.shot").build_shot(bpy.context.scene, made)
bpy.context.view_layer.objects.active = made.face
scene = bpy.context.scene
scene.frame_end = 4
scene.dirfa.engine = "cycles"
bpy.ops.object.select_all(action="DESELECT")
"""
LOOK = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
area.spaces.active.shading.type = "SOLID"
area.spaces.active.region_3d.view_perspective = "CAMERA"
"""


def test_the_render_section_makes_a_film_and_blender_stays_free(
    window: Window, pictures: Path
) -> None:
    window.run(BUILD)
    window.run(LOOK)
    window.open_tab()
    film = pictures / "film" / "talk.mp4"
    window.run(f"bpy.context.scene.dirfa.output = {str(film)!r}")
    place = window.find("dirfa.render", (0.6,))
    window.picture("40-render")
    window.pauses()

    window.click_at(*place)
    window.wait_for(f"{STATE}.film is not None", 20)
    started = window.pauses()
    time.sleep(2.0)
    window.picture("41-rendering")
    window.wait_for(f"{STATE}.film is None", 240)
    meanwhile = window.pauses()
    window.picture("42-rendered")

    assert window.ask(f"{STATE}.film_error") == ""
    assert film.stat().st_size > 3000
    assert [p.name for p in film.parent.iterdir()] == ["talk.mp4"]
    (pictures / "film-pauses.txt").write_text(f"start {started}; meanwhile {meanwhile}\n", "utf-8")
    assert started.own < 0.6, "saving a copy is the one thing that holds the window up"


def test_a_cancelled_film_leaves_nothing(window: Window, pictures: Path) -> None:
    target = pictures / "film" / "long.mp4"
    window.run(f"s = bpy.context.scene; s.frame_end = 5000; s.dirfa.output = {str(target)!r}")
    window.click("dirfa.render", (0.6,))
    window.wait_for(f"{STATE}.film is not None and 'frame 2' in {STATE}.film.poll().text", 240)

    window.run("bpy.ops.dirfa.cancel_render()")
    seconds = window.wait_for(f"{STATE}.film is None", 20)

    assert seconds < 5
    assert sorted(p.name for p in target.parent.iterdir()) == ["talk.mp4"]
    window.picture("43-cancelled")
