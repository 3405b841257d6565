"""Scenes as studios have them: any script in names, metas and muted channels, strips without words."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import acting, cues, lines
from dirfa_blender.staging.hindrances import hindrances_of
from tests.addon.stage import line_with_take
from tests.addon.stand_ins import face_with_keys
from tests.addon.test_lines import add_strip, trim
from tests.addon.test_scene import write_tone


def collected(stage) -> list[str]:
    """Names of the lines that the sequencer gives, from nothing."""
    stage.dirfa.lines.clear()
    lines.collect_strips(stage)
    return [line.name for line in stage.dirfa.lines]


def in_meta(stage, strip, first: int, end: int):
    """A strip inside a meta strip of these frames."""
    meta = stage.sequence_editor.strips.new_meta("Meta", channel=5, frame_start=first)
    strip.move_to_meta(meta)
    trim(meta, first, end)
    return meta


def test_names_in_any_script_cast_the_lines(stage, tmp_path: Path) -> None:
    people = ("Анна", "Борис", "花子", "Zoë", "ΣΟΦΊΑ")
    for name in people:
        face_with_keys(ARKIT_NAMES, name)
    sound = write_tone(tmp_path / "a.wav", 1.0)
    said = ["Анна 02", "борис_1", "1-花子", "ZOË.take", "Σοφία 3", "__", "Рассказчик"]
    for place, name in enumerate(said):
        add_strip(stage, sound, name, 1 + 30 * place)

    lines.collect_strips(stage)

    cast = {line.name: getattr(line.character, "name", "") for line in stage.dirfa.lines}
    assert cast == dict(zip(said, [*people, "", ""], strict=True))


@pytest.mark.parametrize("muted", ["strip", "channel", "meta", "channel of the meta", "cut away"])
def test_what_is_not_heard_becomes_no_line(stage, tmp_path: Path, muted: str) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 1.0), "Hero 1", 10, channel=3)
    editor = stage.sequence_editor
    if muted in ("strip", "channel"):
        owner = strip if muted == "strip" else editor.channels[3]
    else:
        meta = in_meta(stage, strip, 1, 60)
        owner = meta if muted == "meta" else editor.channels[meta.channel]
    assert collected(stage) == ["Hero 1"]

    if muted == "cut away":
        trim(meta, 40, 60)
    else:
        owner.mute = True

    assert collected(stage) == []


def test_a_line_whose_strip_is_muted_later_can_be_spoken_again(stage, tmp_path: Path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 1.0), "Hero 1", 10)
    lines.collect_strips(stage)

    strip.mute = True

    assert cues.cue_of(stage, stage.dirfa.lines[0]).frame_start == 10


def test_a_character_that_speaks_in_two_scenes_is_said_to_play_the_last(stage) -> None:
    face = face_with_keys(ARKIT_NAMES, "Hero")
    other = bpy.data.scenes.new("Office")
    other.collection.objects.link(face)
    line_with_take(face)
    acting.perform(stage, face)
    assert not any("several scenes" in sentence for sentence in hindrances_of(face))

    with bpy.context.temp_override(scene=other):
        line_with_take(face)
        acting.perform(other, face)

    [said] = [sentence for sentence in hindrances_of(face) if "several scenes" in sentence]
    assert "Office, Scene" in said or "Scene, Office" in said


def test_a_meta_strip_cuts_the_speech_inside_it(stage, tmp_path: Path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 2.0), "Hero 1", 10)
    in_meta(stage, strip, 22, 46)

    lines.collect_strips(stage)
    cue = cues.cue_of(stage, stage.dirfa.lines[0])

    assert stage.dirfa.lines[0].frame_start == cue.frame_start == 22
    assert cue.speech.start_seconds == pytest.approx(0.5)
    assert cue.speech.duration_seconds == pytest.approx(1.0)
