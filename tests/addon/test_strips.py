"""A line keeps to its strip whatever the artist does with the strip: rename, copy, cut, paste, swap."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from dirfa_blender.core.errors import AudioError
from dirfa_blender.performing import cues, directing, lines, strips
from tests.addon.stage import character
from tests.addon.test_lines import add_strip
from tests.addon.test_scene import write_tone


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "a.wav", 2.0)


def spoken(scene: bpy.types.Scene) -> list[str | None]:
    """Names of the strips that the lines speak, in the order of the lines."""
    found = strips.of_lines(scene)
    return [found[line.uid].name if line.uid in found else None for line in scene.dirfa.lines]


def in_sequencer(scene: bpy.types.Scene, button: str, *chosen: bpy.types.Strip, **how) -> None:
    """Press one of the sequencer's own buttons with strips chosen."""
    window = bpy.context.window_manager.windows[0]
    window.scene = scene
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = scene
    region = next(region for region in area.regions if region.type == "WINDOW")
    for strip in scene.sequence_editor.strips_all:
        strip.select = strip in chosen
    with bpy.context.temp_override(window=window, area=area, region=region, scene=scene):
        assert getattr(bpy.ops.sequencer, button)(**how) == {"FINISHED"}


def test_a_renamed_strip_keeps_its_line(stage, recording: Path) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    stage.dirfa.lines[0].controls.happy = 0.7

    strip.name = "hero angry"

    assert cues.cue_of(stage, stage.dirfa.lines[0]).frame_start == 1
    assert lines.collect_strips(stage) == 0
    assert [line.name for line in stage.dirfa.lines] == ["hero angry"]
    assert stage.dirfa.lines[0].controls.happy == pytest.approx(0.7)


def test_a_line_that_the_artist_named_keeps_that_name(stage, recording: Path) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    stage.dirfa.lines[0].name = "The threat"

    strip.name = "hero angry"
    lines.collect_strips(stage)

    assert [line.name for line in stage.dirfa.lines] == ["The threat"]


def test_a_renamed_strip_that_moves_takes_its_line_along(stage, recording: Path) -> None:
    face = character("Hero")
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    line = stage.dirfa.lines[0]
    lines.set_character(line, face)

    strip.name = "hero angry"
    strip.channel = 3
    if hasattr(strip, "content_start"):
        strip.content_start = 49
    else:
        strip.frame_start = 49
    directing.follow_strips(stage, face)

    assert line.frame_start == 49


@pytest.mark.parametrize("button", ["duplicate", "paste"])
def test_a_copy_gets_a_line_of_its_own(stage, recording: Path, button: str) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    if button == "paste":
        in_sequencer(stage, "copy", strip)
    in_sequencer(stage, button, strip)

    assert spoken(stage) == ["take 1"]
    assert lines.collect_strips(stage) == 1
    strip.name = "renamed"

    assert spoken(stage) == ["renamed", "take 1.001"]
    assert lines.collect_strips(stage) == 0


def test_of_a_strip_and_its_copy_that_were_both_renamed_the_one_in_place_is_the_line(
    stage, recording: Path
) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    strip.name = "hero angry"
    in_sequencer(stage, "duplicate", strip)
    copy = next(s for s in strips.sound_strips(stage) if s != strip)
    if hasattr(copy, "content_start"):
        copy.content_start = 101
    else:
        copy.frame_start = 101

    assert spoken(stage) == ["hero angry"]
    assert lines.collect_strips(stage) == 1
    assert spoken(stage) == ["hero angry", "hero angry.001"]


def test_a_cut_leaves_the_line_with_the_first_part(stage, recording: Path) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)

    in_sequencer(stage, "split", strip, frame=25, type="SOFT", side="RIGHT")
    lines.collect_strips(stage)

    assert [line.frame_start for line in stage.dirfa.lines] == [1, 25]
    assert len(set(spoken(stage))) == 2


def test_two_strips_that_swap_names_keep_their_lines(stage, recording: Path) -> None:
    one = add_strip(stage, recording, "one", 1)
    two = add_strip(stage, recording, "two", 101)
    lines.collect_strips(stage)

    one.name = "aside"
    two.name = "one"
    one.name = "two"

    assert spoken(stage) == ["two", "one"]
    assert lines.collect_strips(stage) == 0
    assert [line.name for line in stage.dirfa.lines] == ["two", "one"]


def test_another_strip_that_takes_the_name_of_a_deleted_one_is_not_its_line(
    stage, recording: Path
) -> None:
    one = add_strip(stage, recording, "one", 1)
    two = add_strip(stage, recording, "two", 101)
    lines.collect_strips(stage)

    stage.sequence_editor.strips.remove(one)
    two.name = "one"

    assert spoken(stage) == [None, "one"]
    with pytest.raises(AudioError, match="expects a sound strip 'one'"):
        cues.cue_of(stage, stage.dirfa.lines[0])


def test_lines_of_an_earlier_version_are_found_by_name_and_then_keep_to_their_strips(
    stage, recording: Path
) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    stage.dirfa.lines[0].strip_mark = ""
    del strip[strips.MARK_KEY]

    assert spoken(stage) == ["take 1"]
    assert lines.collect_strips(stage) == 0
    strip.name = "hero angry"

    assert spoken(stage) == ["hero angry"]


def test_a_strip_pasted_from_another_scene_gets_a_line_there(stage, recording: Path) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    other = bpy.data.scenes.new("Other")
    own = add_strip(other, recording, "own", 101)
    lines.collect_strips(other)
    in_sequencer(stage, "copy", strip)
    in_sequencer(other, "paste")

    assert lines.collect_strips(other) == 1
    assert spoken(other)[0] == own.name
    assert spoken(stage) == ["take 1"]


def test_a_copied_scene_keeps_lines_and_strips_together(stage, recording: Path) -> None:
    add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)

    copy = stage.copy()
    copy.sequence_editor.strips_all[0].name = "in the copy"

    assert spoken(copy) == ["in the copy"]
    assert spoken(stage) == ["take 1"]
    assert lines.collect_strips(copy) == 0


def test_saving_inside_a_meta_strip_loses_nothing(stage, recording: Path, tmp_path: Path) -> None:
    strip = add_strip(stage, recording, "take 1", 1)
    lines.collect_strips(stage)
    in_sequencer(stage, "meta_make", strip)
    strip.name = "renamed"

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))

    assert spoken(bpy.context.scene) == ["renamed"]


def test_another_take_of_a_renamed_strip_is_asked_for_and_joins_its_line(
    stage, server, recording: Path
) -> None:
    character("Hero")
    strip = add_strip(stage, recording, "hero 1", 1)
    lines.collect_strips(stage)
    stage.dirfa.source = "STRIPS"
    bpy.ops.dirfa.generate()
    strip.name = "hero angry"

    assert bpy.ops.dirfa.another_take() == {"FINISHED"}

    assert [len(line.takes) for line in stage.dirfa.lines] == [2]
