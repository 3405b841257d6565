"""The Render panel's choices: the right frames, sizes and places, and rates without drift."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.blender.scene import place_sound, set_frame_range, set_frame_rate, span_of
from dirfa_blender.core.errors import RenderError
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.performing import acting, lines, rate_change
from dirfa_blender.rendering import engines
from dirfa_blender.settings import film_choice, rate_watch
from tests.addon.stage import character, line_with_take, take_of
from tests.addon.test_scene import write_tone

EXACT = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001)}


@pytest.fixture
def stage(scene, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    dirfa_blender.register()
    yield bpy.context.scene
    dirfa_blender.unregister()


@pytest.mark.parametrize("rate", list(EXACT))
def test_picture_and_sound_have_not_parted_after_an_hour(stage, rate: str) -> None:
    """By arithmetic: frame n of the scene and sample n of the performance are one instant."""
    stage.dirfa.rate = rate
    frames_an_hour = int(3600 * EXACT[rate])
    now = film_choice.frame_rate(stage)

    n = np.array([0, 1, 1000, frames_an_hour // 2, frames_an_hour])
    seconds = [now.seconds_at(int(frame) + 1) for frame in n]
    frames = [now.frame_at(float(Fraction(int(frame)) / EXACT[rate])) for frame in n]

    assert [Fraction(now.fps) / Fraction(str(now.fps_base))] == [EXACT[rate]]
    assert np.allclose(frames, n + 1, rtol=0, atol=1e-7)
    # Less than a hundredth of a sample of sound at 48 kHz.
    drift = [
        abs(s - float(Fraction(int(k)) / EXACT[rate])) for s, k in zip(seconds, n, strict=True)
    ]
    assert max(drift) < 1e-2 / 48000


@pytest.mark.parametrize("rate", ["23.976", "29.97"])
def test_keys_lie_on_whole_frames_at_broken_rates(stage, rate: str) -> None:
    face = character()
    line_with_take(face, take_of(0, 20.0))
    stage.dirfa.rate = rate
    acting.perform(stage, face)

    curve = next(iter(fcurves.curves_of(face.data.shape_keys).values()))
    keys = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", keys)

    assert np.array_equal(keys[::2], np.rint(keys[::2]))
    last = keys[::2][-1] - 1
    assert last == np.ceil(20.0 * EXACT[rate]) - 1


def test_another_rate_takes_performance_and_range_along(stage) -> None:
    face = character()
    line_with_take(face, take_of(0, 2.0))
    set_frame_range(stage, 1, 2.0)
    acting.perform(stage, face)
    before = stage.frame_end

    stage.dirfa.rate = "29.97"

    assert (stage.render.fps, round(stage.render.fps_base, 6)) == (30, 1.001)
    assert before != stage.frame_end == 60
    assert stage.dirfa.characters[0].fps == pytest.approx(30 / 1.001)
    assert stage.dirfa.rate == "29.97"


def test_lines_and_their_sound_go_back_to_their_seconds_when_asked(stage, tmp_path: Path) -> None:
    face = character()
    stage.render.fps = 24
    spoken = line_with_take(face, take_of(0, 1.0), 49.0)
    strip = place_sound(stage, write_tone(tmp_path / "a.wav", 1.0), 97)
    lines.collect_strips(stage)
    heard = stage.dirfa.lines[1]
    lines.set_character(heard, face)
    acting.perform(stage, face)
    assert not rate_change.is_due(stage)

    stage.dirfa.rate = "48"
    assert (spoken.frame_start, span_of(strip)[0]) == (49, 97)
    assert rate_change.is_due(stage)
    assert bpy.ops.dirfa.keep_seconds() == {"FINISHED"}

    assert (spoken.frame_start, heard.frame_start, span_of(strip)[0]) == (97, 193, 193)
    assert not rate_change.is_due(stage)


def test_a_rate_set_in_blenders_output_panel_counts_as_one_set_here(stage) -> None:
    face = character()
    stage.render.fps = 24
    spoken = line_with_take(face, take_of(0, 2.0), 49.0)
    acting.perform(stage, face)
    keys_of = tuple(stage.dirfa.characters[0].action.frame_range)
    rate_watch.on_update(stage)

    stage.render.fps, stage.render.fps_base = 30, 1.001
    rate_watch.on_update(stage)
    rate_watch.follow()

    written = stage.dirfa.characters[0].action.frame_range
    rate = 30 / 1.001
    assert stage.dirfa.characters[0].fps == pytest.approx(rate)
    assert written[1] - written[0] == pytest.approx((keys_of[1] - keys_of[0]) * rate / 24, abs=1.0)
    assert rate_change.is_due(stage)
    assert bpy.ops.dirfa.keep_seconds() == {"FINISHED"}
    assert spoken.frame_start == pytest.approx(1 + 48 * rate / 24)


def test_a_rate_of_before_the_file_was_opened_is_left_alone(stage) -> None:
    face = character()
    line_with_take(face, take_of(0, 1.0), 1.0)
    stage.render.fps = 24
    acting.perform(stage, face)
    rate_watch.on_load("")

    stage.render.fps = 30
    rate_watch.on_update(stage)
    rate_watch.follow()

    assert stage.dirfa.characters[0].fps == 24


def test_a_rate_that_comes_back_has_moved_nothing(stage) -> None:
    line_with_take(character(), take_of(0, 1.0), 49.0)
    stage.render.fps = 24

    for rate in ("23.976", "50", "24"):
        stage.dirfa.rate = rate

    assert not rate_change.is_due(stage)


def test_a_rate_of_ones_own_is_called_another(stage) -> None:
    set_frame_rate(stage, parse_rate("12.5"))

    assert stage.dirfa.rate == "other"
    stage.dirfa.rate = "other"
    assert stage.render.fps / stage.render.fps_base == pytest.approx(12.5)


def test_frames_come_from_the_scene_the_line_or_all_lines(stage) -> None:
    face = character()
    stage.render.fps = 25
    line_with_take(face, take_of(0, 1.0), 11.0)
    line_with_take(face, take_of(0, 2.0), 101.0)
    stage.frame_start, stage.frame_end = 3, 7
    ranges = {}

    for which in ("scene", "line", "lines"):
        stage.dirfa.film_range = which
        ranges[which] = film_choice.frames_of(stage)

    assert ranges == {"scene": (3, 7), "line": (101, 150), "lines": (11, 150)}


def test_a_range_without_a_take_is_a_sentence(stage) -> None:
    stage.dirfa.film_range = "line"

    with pytest.raises(RenderError, match="no take to render"):
        film_choice.order_of(stage)


def test_a_preview_is_small_and_quick_and_a_final_is_neither(stage) -> None:
    stage.dirfa.quality = "preview"
    preview = film_choice.settings_of(stage)
    stage.dirfa.quality = "final"
    final = film_choice.settings_of(stage)
    assert preview is not None and final is not None

    engines.configure(stage, preview)
    quick = (stage.cycles.samples, stage.render.resolution_x)
    engines.configure(stage, final)

    assert quick == (4, preview.width)
    assert (stage.cycles.samples, stage.render.resolution_x) == (96, 864)
    assert preview.width * preview.height < 0.25 * final.width * final.height
    assert film_choice.frame_seconds(film_choice.order_of(stage)) > 8


def test_the_scenes_own_settings_can_be_kept(stage) -> None:
    stage.dirfa.engine = "scene"

    assert film_choice.settings_of(stage) is None
    assert film_choice.order_of(stage).engine == ""


def test_an_unsaved_file_still_has_a_place_for_its_film(stage, tmp_path: Path) -> None:
    (tmp_path / "Videos").mkdir()
    line_with_take(character())
    first = film_choice.film_path(stage)
    first.write_bytes(b"an earlier film")

    assert first == tmp_path / "Videos" / "Line.mp4"
    assert film_choice.film_path(stage) == tmp_path / "Videos" / "Line_002.mp4"
    stage.dirfa.lines[0].name = "Nul.1"
    assert film_choice.film_path(stage) == tmp_path / "Videos" / "_Nul.1.mp4"
    stage.dirfa.output = "//shots/a"
    assert film_choice.film_path(stage) == tmp_path / "Videos" / "shots" / "a.mp4"


def test_a_saved_file_has_its_film_beside_it(stage, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))

    assert film_choice.film_path(stage) == tmp_path / "scene.mp4"
    stage.dirfa.output = "//out/"
    assert film_choice.film_path(stage) == tmp_path / "out" / "scene.mp4"
    stage.dirfa.film_kind = "pictures"
    assert film_choice.film_path(stage) == tmp_path / "out" / "scene"


def test_blenders_own_render_can_be_given_the_settings(stage) -> None:
    stage.dirfa.engine, stage.dirfa.quality = "workbench", "final"

    assert bpy.ops.dirfa.use_render_settings() == {"FINISHED"}

    assert stage.render.engine == "BLENDER_WORKBENCH"
    assert stage.render.resolution_y == 1080


def test_every_path_of_the_panel_may_be_relative_to_the_file(stage) -> None:
    stage.dirfa.audio = stage.dirfa.photo = stage.dirfa.output = "//a"
    stage.dirfa.live.audio = stage.dirfa.lines.add().path = "//a"

    assert stage.dirfa.output == "//a"
