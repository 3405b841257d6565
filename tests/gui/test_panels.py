"""The Head, Export and Follow parts of the tab, by hand: sliders, another photo, files for elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

from dirfa_blender.core.formats.exchange import encoded_take
from tests.addon.ball_head import wavy_animation
from tests.gui.test_first_character import LONGEST_PIECE_SECONDS
from tests.gui.window import Window, pixels

PACKAGE = "bl_ext.user_default.dirfa.dirfa_blender"
STATE = f"__import__('sys').modules['{PACKAGE}.session'].state()"
ROOT = Path(__file__).resolve().parents[2]
SPEECH = str(ROOT / "samples" / "speech.flac")
HEAD = "next(o for o in bpy.data.objects if o.type == 'MESH' and o.data.shape_keys)"
# Panels are closed until somebody opens them; Blender takes over what they say before it first draws them.
CLOSED = {
    "DIRFA_PT_first_run", "DIRFA_PT_takes", "DIRFA_PT_direct", "DIRFA_PT_edit", "DIRFA_PT_render",
    "DIRFA_PT_server", "DIRFA_PT_live",
}  # fmt: skip
OPEN = f"""
import sys
panels = [c for c in sys.modules[{PACKAGE + ".addon"!r}].CLASSES if issubclass(c, bpy.types.Panel)]
for cls in reversed(panels):
    bpy.utils.unregister_class(cls)
for cls in panels:
    closed = {{"DEFAULT_CLOSED"}} if cls.__name__ in {CLOSED!r} else set()
    cls.bl_options = (set(getattr(cls, "bl_options", set())) - {{"DEFAULT_CLOSED"}}) | closed
    bpy.utils.register_class(cls)
"""
TAKES = "len(bpy.context.scene.dirfa.lines[0].takes)"


def test_a_plain_head_speaks_and_its_panel_shows_sliders(window: Window) -> None:
    window.run(OPEN)
    window.run(
        "bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'\n"
        f"s = bpy.context.scene.dirfa; s.actor, s.audio = 'neutral', {SPEECH!r}"
    )
    window.open_tab()
    window.click("dirfa.generate")
    window.wait_for("len(bpy.context.scene.dirfa.lines) > 0", 120)
    window.wait_for(f"not {STATE}.is_busy", 30)

    window.run(f"o = {HEAD}; o.select_set(True); bpy.context.view_layer.objects.active = o")
    time.sleep(1.0)
    window.picture("50-head")
    assert window.find("dirfa.head.nose_length")


def test_a_picture_shows_what_was_set_just_before(window: Window) -> None:
    window.open_tab()
    before = window.picture("49-before")

    window.run("bpy.context.scene.dirfa.source = 'STRIPS'")
    after = window.picture("49-after")
    time.sleep(1.0)
    later = window.picture("49-later")
    window.run("bpy.context.scene.dirfa.source = 'FILE'")

    assert pixels(after) != pixels(before)
    assert pixels(after) == pixels(later)


def test_following_makes_a_take_when_the_seed_changes(window: Window) -> None:
    window.click("dirfa.follow")
    assert window.ask("bpy.context.scene.dirfa.follow")

    # The arrow at the right end of the field.
    window.click("dirfa.seed", (0.86,))
    window.wait_for(f"{TAKES} == 2", 60)
    window.wait_for(f"not {STATE}.is_busy", 30)

    window.picture("51-followed")
    assert window.ask("bpy.context.scene.dirfa.seed") == 1
    window.click("dirfa.follow")


def test_a_slider_of_the_head_moves_it_and_undo_takes_it_back(window: Window) -> None:
    tip = f"max(-v.co.y for v in {HEAD}.data.vertices)"
    before = window.ask(tip)
    window.drag(*window.find("dirfa.head.nose_length"), 50)
    time.sleep(1.5)
    window.picture("52-longer-nose")

    assert window.ask(tip) > before + 0.0005
    window.move(500, 500)
    window.key("ctrl+z")
    time.sleep(1.0)
    assert abs(window.ask(tip) - before) < 1e-6


def test_another_photo_is_taken_into_account(window: Window, portrait: Path) -> None:
    window.run(f"bpy.context.scene.dirfa.photo = {str(portrait)!r}")
    window.wait_for(f"{STATE}.reading is not None", 5)
    window.scroll(*window.find("dirfa.generate"), 8)
    window.click("dirfa.fit_again")
    window.wait_for(f"{STATE}.reading is None and not {STATE}.is_busy", 200)

    time.sleep(1.0)
    window.picture("53-fitted-again")
    assert window.ask(f"{STATE}.error") == ""
    assert window.ask(f"len({HEAD}.data.shape_keys.key_blocks)") > 50


def test_each_kind_of_file_is_written_from_the_panel(window: Window, pictures: Path) -> None:
    folder = pictures / "exports"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    window.scroll(*window.find("dirfa.head.nose_length"), 20)
    time.sleep(1.0)
    window.picture("54-export")
    kinds = {"GLB": ".glb", "FBX": ".fbx", "BLEND": ".blend"}
    # Debian builds Blender without USD.
    if window.ask("'usd_export' in dir(bpy.ops.wm)"):
        kinds["USD"] = ".usdc"
    for kind, suffix in kinds.items():
        window.click(f"export_character(kind='{kind}'", (0.3, 0.75))
        window.wait_for("any(a.type == 'FILE_BROWSER' for w in bpy.context.window_manager.windows"
                        " for a in w.screen.areas)", 10)  # fmt: skip
        window.run(
            "a = next(a for w in bpy.context.window_manager.windows for a in w.screen.areas"
            " if a.type == 'FILE_BROWSER')\n"
            f"a.spaces.active.params.directory = {str(folder).encode()!r}"
        )
        time.sleep(1.0)
        window.picture(f"55-browser-{kind}")
        window.move(600, 500)
        window.key("Return")
        window.wait_for(
            f"any(p.endswith({suffix!r}) for p in __import__('os').listdir({str(folder)!r}))", 60
        )

    assert sorted(p.suffix for p in folder.iterdir()) == sorted(kinds.values())


def test_a_minute_of_face_capture_is_imported_by_hand_and_undone(
    window: Window, pictures: Path
) -> None:
    path = pictures / "capture.csv"
    path.write_bytes(encoded_take(wavy_animation(60.0), "live_link", ".csv"))
    takes = "len(bpy.context.scene.dirfa.lines)"
    before = window.ask(takes)
    window.run(
        "w = bpy.context.window_manager.windows[0]\n"
        "a = next(a for a in w.screen.areas if a.type == 'VIEW_3D')\n"
        "with bpy.context.temp_override(window=w, area=a, region=a.regions[-1]):\n"
        "    bpy.ops.dirfa.import_take('INVOKE_DEFAULT')"
    )
    window.wait_for("any(a.type == 'FILE_BROWSER' for w in bpy.context.window_manager.windows"
                    " for a in w.screen.areas)", 10)  # fmt: skip
    window.run(
        "a = next(a for w in bpy.context.window_manager.windows for a in w.screen.areas"
        " if a.type == 'FILE_BROWSER')\n"
        f"a.spaces.active.params.directory = {str(pictures).encode()!r}\n"
        "a.spaces.active.params.filename = 'capture.csv'"
    )
    time.sleep(1.0)
    window.picture("56-import")
    window.move(600, 500)
    window.key("Return")

    window.wait_for(f"{takes} == {before + 1} and not {STATE}.is_busy", 120)
    window.picture("57-imported")
    assert window.ask(f"{STATE}.error") == ""
    assert window.ask(f"{STATE}.longest_piece_seconds") < LONGEST_PIECE_SECONDS
    window.move(500, 500)
    window.key("ctrl+z")
    time.sleep(1.5)
    assert window.ask(takes) == before
