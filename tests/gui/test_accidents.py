"""Accidents in a real window, with the real server: whatever happens while a job runs, all or nothing.

Each test begins a take of a character that is there and does something while the server works on it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.gui.test_first_character import STATE
from tests.gui.window import Window

LINES = "len(bpy.context.scene.dirfa.lines)"
PREPARE = """
bpy.ops.wm.read_homefile(use_factory_startup=False)
"""
BEGIN = """
s = bpy.context.scene.dirfa
s.source, s.audio, s.actor = "FILE", {speech!r}, {actor!r}
s.use_shot = False
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "WINDOW")
with bpy.context.temp_override(window=window, area=area, region=region):
    {target}
    bpy.ops.ed.undo_push(message="prepared")
    result = list(bpy.ops.dirfa.generate("INVOKE_DEFAULT"))
"""
WHOLE = """
s = bpy.context.scene
faces = [o for o in s.objects if o.type == "MESH" and o.data.shape_keys]
result = [len(s.dirfa.lines), len(faces),
          sum(a.users > 0 for a in bpy.data.actions if "performance" in a.name),
          len(s.sequence_editor.strips) if s.sequence_editor else 0]
"""
NOTHING, ONE_HEAD = [0, 0, 0, 0], [1, 1, 1, 1]


@pytest.fixture
def speech(pictures: Path) -> Path:
    return next(pictures.glob("home/extensions/user_default/dirfa/samples/speech.flac"))


@pytest.fixture
def clean(window: Window) -> Window:
    """The window with its first file and a server that runs."""
    window.run(f"bpy.app.timers.register(lambda: {PREPARE.strip()!r} and exec({PREPARE!r}))")
    time.sleep(1.0)
    window.wait_for(f"not {STATE}.is_busy")
    window.wait_for(f"{LINES} == 0")
    return window


def begin(window: Window, speech: Path, *, actor: str = "neutral", target: str = "pass") -> None:
    window.run(BEGIN.format(speech=str(speech), actor=actor, target=target))
    window.wait_for(f"{STATE}.is_busy", 10)


def ended(window: Window) -> str:
    """The job is over; the sentence it left."""
    window.wait_for(f"not {STATE}.is_busy", 120)
    return window.ask(f"{STATE}.error")


def test_undo_while_a_head_enters_leaves_a_whole_head(clean: Window, speech: Path) -> None:
    begin(clean, speech)
    clean.wait_for(f"{STATE}.entering is not None", 120)

    clean.move(400, 600)
    clean.key("ctrl+z")

    assert ended(clean) == ""
    assert clean.run(WHOLE) == ONE_HEAD
    assert clean.ask("len(bpy.data.armatures)") == 1


def test_escape_while_a_head_enters_leaves_nothing(clean: Window, speech: Path) -> None:
    begin(clean, speech)
    clean.wait_for(f"{STATE}.entering is not None", 120)

    clean.run(f"{STATE}.cancel()")

    assert ended(clean) == ""
    assert clean.run(WHOLE) in (NOTHING, ONE_HEAD)
    parts = clean.ask("[len(bpy.data.armatures), len(bpy.data.hair_curves)]")
    assert parts in ([0, 0], [1, 1])


def test_a_file_opened_in_mid_job_is_the_file_that_was_opened(clean: Window, speech: Path) -> None:
    begin(clean, speech)

    clean.run(f"bpy.app.timers.register(lambda: exec({PREPARE!r}))")

    time.sleep(2.0)
    assert ended(clean) == ""
    time.sleep(3.0)
    assert clean.run(WHOLE) == NOTHING
    assert clean.is_alive


def test_a_file_saved_in_mid_job_is_whole(clean: Window, speech: Path, pictures: Path) -> None:
    path = pictures / "saved.blend"
    begin(clean, speech)
    clean.wait_for(f"{STATE}.entering is not None", 120)

    clean.run(f"bpy.ops.wm.save_as_mainfile(filepath={str(path)!r}, copy=True)")

    assert ended(clean) == ""
    clean.run(
        f"bpy.app.timers.register(lambda: bpy.ops.wm.open_mainfile(filepath={str(path)!r}) and None)"
    )
    time.sleep(2.0)
    assert clean.run(WHOLE) in (NOTHING, ONE_HEAD)


def test_a_character_deleted_in_mid_job_is_a_sentence(clean: Window, speech: Path) -> None:
    begin(clean, speech)
    ended(clean)
    head = "s.target = next(o for o in bpy.data.objects if o.type == 'MESH' and o.data.shape_keys)"
    clean.run(
        "s = bpy.context.scene; s.dirfa.lines.clear(); s.dirfa.characters.clear()\n"
        "bpy.data.batch_remove(list(bpy.data.actions))"
    )
    # In one go: from a warm server a take of four seconds is there in no time.
    code = BEGIN.format(speech=str(speech), actor="object", target=head)
    clean.run(f"{code}\nbpy.data.objects.remove(bpy.context.scene.dirfa.target)")

    sentence = ended(clean)

    assert clean.run(WHOLE)[:3] == [0, 0, 0], sentence
    assert "deleted" in sentence


def test_a_take_goes_to_the_scene_it_was_asked_in(clean: Window, speech: Path) -> None:
    begin(clean, speech)

    clean.run("bpy.context.window_manager.windows[0].scene = bpy.data.scenes.new('Other')")

    assert ended(clean) == ""
    counts = clean.ask("{s.name: len(s.dirfa.lines) for s in bpy.data.scenes}")
    assert counts == {"Scene": 1, "Other": 0}


def test_a_server_killed_in_mid_job_is_a_sentence(
    clean: Window, speech: Path, portrait: Path
) -> None:
    # A photo keeps the server busy for seconds; a line alone is done before anybody can kill it.
    choose = f"s.photo = {str(portrait)!r}"
    begin(clean, speech, actor="photo", target=choose)
    clean.run(f"import os, signal; os.kill({STATE}.server.pid, signal.SIGKILL)")

    assert "server" in ended(clean)
    clean.picture("10-killed-in-mid-job")
    assert clean.run(WHOLE) == NOTHING


def test_a_recording_moved_in_mid_job_does_no_harm(
    clean: Window, speech: Path, pictures: Path
) -> None:
    moved = pictures / "moved.flac"
    moved.write_bytes(speech.read_bytes())
    begin(clean, moved)
    moved.unlink()

    sentence = ended(clean)

    whole = clean.run(WHOLE)
    assert (sentence == "" and whole == ONE_HEAD) or ("moved.flac" in sentence and whole == NOTHING)
