"""Lines: strips as they are trimmed, casting by name, one button for the scene."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.blender.scene import move_strip, span_of
from dirfa_blender.core.errors import AudioError
from dirfa_blender.performing import cues, edits, lines, strips
from dirfa_blender.performing.speech import Speech, read_samples
from dirfa_blender.session import state
from tests.addon.stage import character
from tests.addon.test_operators import refused
from tests.addon.test_scene import write_tone


@pytest.fixture
def stage(scene):
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scene.dirfa.source = "STRIPS"
    yield scene
    dirfa_blender.unregister()


def add_strip(scene, path: Path, name: str, start: int, channel: int = 1):
    editor = scene.sequence_editor or scene.sequence_editor_create()
    return editor.strips.new_sound(name, str(path), channel=channel, frame_start=start)


def trim(strip, first: int, end: int) -> None:
    if hasattr(strip, "left_handle"):
        strip.left_handle, strip.right_handle = first, end
    else:
        strip.frame_final_start, strip.frame_final_end = first, end


def test_a_whole_strip_is_the_whole_recording_at_its_frame(stage, tmp_path: Path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 2.0), "Hero 1", 33)

    lines.collect_strips(stage)
    cue = cues.cue_of(stage, stage.dirfa.lines[0])

    assert cue.speech.is_whole
    assert cue.frame_start == 33
    assert stage.dirfa.lines[0].strip == strip.name


def test_a_trimmed_strip_is_that_part_of_the_recording(stage, tmp_path: Path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 3.0), "Hero 1", 10)
    trim(strip, 34, 58)
    lines.collect_strips(stage)

    cue = cues.cue_of(stage, stage.dirfa.lines[0])

    assert cue.frame_start == 34
    assert cue.speech.start_seconds == pytest.approx(1.0)
    assert cue.speech.duration_seconds == pytest.approx(1.0)
    assert cues.cue_of(stage, stage.dirfa.lines[0]).speech.as_file(tmp_path).name == "a.wav"


def test_what_was_cut_off_for_good_counts_too(stage, tmp_path: Path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 3.0), "Hero 1", 10)
    if hasattr(strip, "content_trim_start"):
        strip.content_trim_start = 12
    else:
        strip.animation_offset_start = 12
    lines.collect_strips(stage)

    cue = cues.cue_of(stage, stage.dirfa.lines[0])

    assert cue.speech.start_seconds == pytest.approx(0.5)


def test_a_strip_without_length_is_a_sentence(stage, tmp_path: Path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 3.0), "Hero 1", 10)
    trim(strip, 10, 11)
    lines.collect_strips(stage)

    with pytest.raises(AudioError, match=r"at least 0\.1 s"):
        cues.cue_of(stage, stage.dirfa.lines[0])


@pytest.mark.parametrize("content", [b"", b"no sound at all"])
def test_a_strip_whose_file_is_no_sound_says_so(stage, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp3"
    path.write_bytes(content)
    add_strip(stage, path, "Hero 1", 1)
    lines.collect_strips(stage)

    with pytest.raises(AudioError, match=r"Blender hears none in notes\.mp3"):
        cues.cue_of(stage, stage.dirfa.lines[0])


def test_packed_sound_can_be_spoken(stage, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav", 1.0)
    strip = add_strip(stage, path, "Hero 1", 1)
    strip.sound.pack()
    path.unlink()
    lines.collect_strips(stage)

    cue = cues.cue_of(stage, stage.dirfa.lines[0])

    assert cue.speech.path.is_file()


def test_a_recording_beside_a_file_that_was_never_saved_is_a_sentence_of_its_own(stage) -> None:
    stage.dirfa.source, stage.dirfa.audio = "FILE", "//speech.flac"
    stage.dirfa.actor = "neutral"

    with pytest.raises(RuntimeError, match=r"//speech\.flac is sought beside .* never saved"):
        bpy.ops.dirfa.generate()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name of a file is Unicode")
def test_a_recording_with_a_name_that_is_not_utf8_is_spoken_or_refused_whole(
    stage, server, tmp_path: Path
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    write_tone(tmp_path / "a.wav", 1.0).rename(path)
    stage.dirfa.source, stage.dirfa.actor, stage.dirfa.target = "FILE", "object", character("Hero")
    stage.dirfa.audio = str(path)

    assert "caf_.wav is not in Unicode" in refused(bpy.ops.dirfa.generate)
    assert not len(stage.dirfa.lines)

    stage.dirfa.use_sound = False
    assert bpy.ops.dirfa.generate() == {"FINISHED"}
    assert [line.name for line in stage.dirfa.lines] == ["caf_"]


def test_a_moved_recording_is_named(stage, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "gone.wav", 1.0)
    add_strip(stage, path, "Hero 1", 1)
    path.unlink()
    lines.collect_strips(stage)

    with pytest.raises(AudioError, match=r"gone\.wav"):
        cues.cue_of(stage, stage.dirfa.lines[0])


def test_collecting_twice_adds_nothing(stage, tmp_path: Path) -> None:
    add_strip(stage, write_tone(tmp_path / "a.wav", 1.0), "Hero 1", 1)

    assert lines.collect_strips(stage) == 1
    assert lines.collect_strips(stage) == 0


@pytest.mark.parametrize("actor", ["object", "neutral"])
def test_the_sound_of_a_generated_recording_is_no_line_of_its_own_but_a_copy_is(
    stage, server, tmp_path: Path, actor: str
) -> None:
    hero = character()
    stage.dirfa.source, stage.dirfa.actor, stage.dirfa.target = "FILE", actor, hero
    stage.dirfa.audio = str(write_tone(tmp_path / "a.wav", 1.0))
    bpy.ops.dirfa.generate()
    strip = strips.sound_strips(stage)[0]
    strip.name = "Hero again"

    assert lines.collect_strips(stage) == 0

    copy = add_strip(stage, tmp_path / "a.wav", "Hero a copy", 40)
    copy[strips.MARK_KEY] = strip[strips.MARK_KEY]
    assert lines.collect_strips(stage) == 1
    assert lines.collect_strips(stage) == 0
    assert copy[strips.MARK_KEY] != strip[strips.MARK_KEY]
    assert [line.kind for line in stage.dirfa.lines] == ["FILE", "STRIP"]


def test_names_cast_the_lines_and_rules_come_before_names(stage, tmp_path: Path) -> None:
    hero, villain = character("Hero"), character("Villain")
    path = write_tone(tmp_path / "a.wav", 1.0)
    for index, name in enumerate(("hero_001", "villain_002", "x_hero_003")):
        add_strip(stage, path, name, 1 + 40 * index)
    rule = stage.dirfa.rules.add()
    rule.pattern, rule.character = "x_*", villain

    lines.collect_strips(stage)

    assert [line.character for line in stage.dirfa.lines] == [hero, villain, villain]


def test_one_button_animates_every_character_of_the_scene(stage, server, tmp_path: Path) -> None:
    faces = [character("Hero"), character("Villain")]
    path = write_tone(tmp_path / "a.wav", 1.0)
    for index, name in enumerate(("hero_1", "villain_1", "hero_2")):
        add_strip(stage, path, name, 1 + 100 * index)
    lines.collect_strips(stage)

    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    assert [len(line.takes) for line in stage.dirfa.lines] == [1, 1, 1]
    for face in faces:
        assert len(fcurves.curves_of(face.data.shape_keys)) == 53
    keys = fcurves.read_keys(next(iter(fcurves.curves_of(faces[0].data.shape_keys).values())))
    assert keys[:, 0].max() > 201
    assert len(bpy.data.actions) == 2


def test_lines_that_have_a_take_are_left_alone(stage, server, tmp_path: Path) -> None:
    character("Hero")
    path = write_tone(tmp_path / "a.wav", 1.0)
    add_strip(stage, path, "hero_1", 1)
    lines.collect_strips(stage)
    bpy.ops.dirfa.generate()
    add_strip(stage, path, "hero_2", 101)
    lines.collect_strips(stage)

    bpy.ops.dirfa.generate()

    assert len(server.settings) == 2
    assert [len(line.takes) for line in stage.dirfa.lines] == [1, 1]


def test_one_bad_line_says_so_and_the_others_are_done(stage, server, tmp_path: Path) -> None:
    character("Hero")
    path = write_tone(tmp_path / "a.wav", 1.0)
    add_strip(stage, path, "hero_1", 1)
    trim(add_strip(stage, path, "hero_2", 101), 101, 102)
    lines.collect_strips(stage)

    bpy.ops.dirfa.generate()

    assert [len(line.takes) for line in stage.dirfa.lines] == [1, 0]
    assert "at least" in stage.dirfa.lines[1].message


def test_cancelling_one_line_lets_the_others_go_on(stage, server, tmp_path: Path) -> None:
    character("Hero")
    path = write_tone(tmp_path / "a.wav", 1.0)
    for index in range(3):
        add_strip(stage, path, f"hero_{index}", 1 + 60 * index)
    lines.collect_strips(stage)
    second = stage.dirfa.lines[1].uid
    server.meanwhile = lambda number: state().board.leave_out(second) if number == 2 else None

    bpy.ops.dirfa.generate()

    assert [len(line.takes) for line in stage.dirfa.lines] == [1, 0, 1]
    assert server.cancelled == ["2"]


def test_cancelling_all_keeps_the_lines_that_are_done(stage, server, tmp_path: Path) -> None:
    character("Hero")
    path = write_tone(tmp_path / "a.wav", 1.0)
    for index in range(3):
        add_strip(stage, path, f"hero_{index}", 1 + 60 * index)
    lines.collect_strips(stage)
    server.meanwhile = lambda number: state().cancel() if number == 2 else None

    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    assert [len(line.takes) for line in stage.dirfa.lines] == [1, 0, 0]


def test_a_server_that_is_killed_ends_the_queue_and_keeps_what_is_done(
    stage, server, tmp_path: Path
) -> None:
    character("Hero")
    path = write_tone(tmp_path / "a.wav", 1.0)
    for index in range(3):
        add_strip(stage, path, f"hero_{index}", 1 + 60 * index)
    lines.collect_strips(stage)
    server.gone_at = 1

    bpy.ops.dirfa.generate()

    assert [len(line.takes) for line in stage.dirfa.lines] == [1, 0, 0]
    assert "does not answer" in stage.dirfa.lines[2].message


def test_removing_a_line_leaves_keyframes_with_their_lines(stage) -> None:
    for name in ("a", "b", "c"):
        lines.new_line(stage, name, "FILE")
    for index, frame in ((1, 10), (2, 20)):
        stage.dirfa.lines[index].controls.keyframe_insert("happy", frame=frame)

    lines.remove_line(stage, 1)

    curves = fcurves.curves_of(stage)
    assert [path for path, _ in curves] == ["dirfa.lines[1].controls.happy"]
    assert fcurves.read_keys(next(iter(curves.values())))[0, 0] == 20


def test_without_lines_the_button_says_what_to_do(stage) -> None:
    assert "Collect the sound strips" in refused(bpy.ops.dirfa.generate)


def test_a_recording_alone_makes_a_plain_head_speak(stage, server, tmp_path: Path) -> None:
    path = str(write_tone(tmp_path / "a.wav", 1.0))

    assert bpy.ops.dirfa.speak_recording(filepath=path) == {"FINISHED"}

    (line,) = stage.dirfa.lines
    assert line.character.name == "Head"
    assert len(fcurves.curves_of(line.character.data.shape_keys)) == 53


def test_a_recording_is_spoken_by_the_only_character(stage, server, tmp_path: Path) -> None:
    hero = character("Hero")

    bpy.ops.dirfa.speak_recording(filepath=str(write_tone(tmp_path / "a.wav", 1.0)))

    assert stage.dirfa.lines[0].character == hero


def test_samples_that_are_no_numbers_are_silence_in_a_part_of_a_recording(tmp_path: Path) -> None:
    samples = np.full(8000, 0.5, "<f4")
    samples[2000:3000], samples[3000:4000] = np.nan, np.inf
    data = samples.tobytes()
    kind = struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32)
    (tmp_path / "odd.wav").write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + kind
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip

    heard, rate = read_samples(Speech(tmp_path / "odd.wav", 0.0625, 0.25))

    assert rate == 16000
    assert heard[:900].min() > 16000 and not heard[1100:2900].any()


def test_strips_moved_together_take_their_hand_edits_along(
    stage, server, tmp_path, monkeypatch
) -> None:
    hero = character("hero")
    path = write_tone(tmp_path / "a.wav", 1.0)
    strips = [add_strip(stage, path, f"hero_{index}", 1 + 60 * index) for index in range(6)]
    lines.collect_strips(stage)
    bpy.ops.dirfa.generate()
    place = ('key_blocks["jawOpen"].value', 0)
    curve = fcurves.curves_of(hero.data.shape_keys)[place]
    for key in curve.keyframe_points:
        key.co[1] += 0.01 * (key.co[0] // 60) * (key.co[0] % 60 < 25)
    curve.update()
    frames = np.array([[2.0, 12.0, 22.0]])
    old, new = (1 + each * np.arange(6)[:, None] + frames for each in (60, 120))
    before = fcurves.sampled(curve, old.ravel())
    searches: list[int] = []
    absorb = edits.absorb
    monkeypatch.setattr(edits, "absorb", lambda *a: searches.append(1) or absorb(*a))
    for index, strip in reversed(list(enumerate(strips))):
        if hasattr(strip, "content_start"):
            strip.content_start += 60 * index + 5
        else:
            strip.frame_start += 60 * index + 5

    bpy.ops.dirfa.refresh()

    curve = fcurves.curves_of(hero.data.shape_keys)[place]
    assert fcurves.sampled(curve, new.ravel() + 5) == pytest.approx(before, abs=2e-3)
    assert [line.frame_start for line in stage.dirfa.lines] == [6 + 120 * i for i in range(6)]
    # Once to move the edits, once to write: however many lines there are.
    assert len(searches) == 2


def test_added_recordings_follow_one_another_for_each_character(
    stage, server, tmp_path: Path
) -> None:
    character("Hero"), character("Villain")
    spoken = {"hero_1": 1.0, "hero_2": 2.0, "hero_3": 1.0, "villain_1": 3.0, "villain_2": 0.5}
    for name, seconds in spoken.items():
        write_tone(tmp_path / f"{name}.wav", seconds)

    def add(*names: str) -> None:
        files = [{"name": f"{name}.wav"} for name in names]
        bpy.ops.dirfa.add_recordings(directory=str(tmp_path), files=files)

    add("hero_1", "villain_1")
    add("hero_2", "villain_2")
    bpy.ops.dirfa.generate()
    add("hero_3")

    heard = {Path(s.sound.filepath).stem: span_of(s)[0] for s in strips.sound_strips(stage)}
    assert heard == {"hero_1": 1, "hero_2": 25, "villain_1": 1, "villain_2": 73}
    assert stage.frame_end == 250
    assert lines.collect_strips(stage) == 0
    starts = {line.name: line.frame_start for line in stage.dirfa.lines}
    assert starts == {
        "hero_1": 1, "hero_2": 25, "villain_1": 1, "villain_2": 73, "hero_3": 73,
    }  # fmt: skip


def test_sounds_of_added_recordings_are_laid_out_once_and_only_if_wanted(
    stage, server, tmp_path: Path
) -> None:
    character("Hero")
    for name in ("hero_1", "hero_2"):
        write_tone(tmp_path / f"{name}.wav", 9.0)
    add = {"directory": str(tmp_path)}
    bpy.ops.dirfa.add_recordings(files=[{"name": "hero_1.wav"}], **add)
    stage.dirfa.source = "STRIPS"
    bpy.ops.dirfa.generate()
    stage.dirfa.line_index = 0
    bpy.ops.dirfa.another_take()
    assert len(strips.sound_strips(stage)) == 1
    assert (stage.frame_start, stage.frame_end) == (1, 216)

    stage.dirfa.use_sound = False
    bpy.ops.dirfa.add_recordings(files=[{"name": "hero_2.wav"}], **add)
    bpy.ops.dirfa.generate()

    assert [len(line.takes) for line in stage.dirfa.lines] == [2, 1]
    assert len(strips.sound_strips(stage)) == 1


def test_a_generated_recording_and_its_strip_stay_together(stage, server, tmp_path: Path) -> None:
    hero = character("Hero")
    bpy.context.view_layer.objects.active = hero
    write_tone(tmp_path / "hero_1.wav", 1.0)
    bpy.ops.dirfa.add_recordings(directory=str(tmp_path), files=[{"name": "hero_1.wav"}])
    stage.dirfa.source = "STRIPS"
    bpy.ops.dirfa.generate()
    line, strip = stage.dirfa.lines[0], strips.sound_strips(stage)[0]

    def keys() -> tuple[float, float]:
        jaw = fcurves.curves_of(hero.data.shape_keys)['key_blocks["jawOpen"].value', 0]
        return jaw.range()[:]

    line.frame_start = 40.4
    assert span_of(strip)[0] == 40
    bpy.ops.dirfa.refresh()
    assert line.frame_start == pytest.approx(40.4)
    before = keys()

    move_strip(strip, 30)
    strip.name = "moved by hand"
    bpy.ops.dirfa.refresh()

    assert line.frame_start == span_of(strip)[0] == 70
    assert keys()[0] == pytest.approx(before[0] + 29.6, abs=1.0)


def test_strips_that_moved_before_new_takes_are_followed_at_once(
    stage, server, tmp_path, monkeypatch
) -> None:
    character("hero")
    path = write_tone(tmp_path / "a.wav", 0.5)
    strips = [add_strip(stage, path, f"hero_{index}", 1 + 60 * index) for index in range(6)]
    lines.collect_strips(stage)
    bpy.ops.dirfa.generate()
    searches: list[int] = []
    absorb = edits.absorb
    monkeypatch.setattr(edits, "absorb", lambda *a: searches.append(1) or absorb(*a))
    for strip in reversed(strips):
        if hasattr(strip, "content_start"):
            strip.content_start += 5
        else:
            strip.frame_start += 5
    stage.dirfa.only_new = False

    bpy.ops.dirfa.generate()

    assert [line.frame_start for line in stage.dirfa.lines] == [6 + 60 * i for i in range(6)]
    # To move the edits, to follow, to bring back and to write: however many lines there are.
    assert len(searches) == 4


@pytest.mark.parametrize("how", ["rules", "hand"])
def test_lines_of_any_part_of_a_character_are_its_one_performance(
    stage, server, tmp_path: Path, how: str
) -> None:
    face = character("Hero")
    rig = face.find_armature()
    path = write_tone(tmp_path / "a.wav", 0.5)
    for index, name in enumerate(("a_1", "b_1", "a_2")):
        add_strip(stage, path, name, 1 + 40 * index)
    if how == "rules":
        for pattern, part in (("a_*", rig), ("b_*", face)):
            rule = stage.dirfa.rules.add()
            rule.pattern, rule.character = pattern, part
    lines.collect_strips(stage)
    if how == "hand":
        for line, part in zip(stage.dirfa.lines, (rig, face, rig), strict=True):
            lines.set_character(line, part)

    bpy.ops.dirfa.generate()

    assert len({line.character for line in stage.dirfa.lines}) == 1
    assert len(stage.dirfa.characters) == 1
    (curve,) = (
        c for (p, _), c in fcurves.curves_of(face.data.shape_keys).items() if "jawOpen" in p
    )
    assert fcurves.read_keys(curve)[-1, 0] > 81
