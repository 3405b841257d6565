"""A film made beside the window: whole with sound and mark, or not at all; this Blender stays as it was."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.core.errors import JobCancelled, OutputError, RenderError
from dirfa_blender.core.provenance import SYNTHETIC, digital_source_type
from dirfa_blender.operators import rendering
from dirfa_blender.rendering.film_job import FilmJob
from dirfa_blender.session import state
from dirfa_blender.settings import film_choice
from tests.addon.test_render import filmed, first_loud, sound_of


@pytest.fixture
def stage(scene, tmp_path: Path):
    dirfa_blender.register()
    scene = bpy.context.scene
    filmed(scene, tmp_path, "29.97", 0.15)
    scene.dirfa.engine, scene.dirfa.samples = "scene", 1
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x, scene.render.resolution_y = 48, 60
    scene.render.resolution_percentage = 100
    scene.cycles.use_denoising = False
    yield scene
    dirfa_blender.unregister()


def job_of(stage, path: Path) -> FilmJob:
    return FilmJob(film_choice.order_of(stage), path, rendering.save_copy)


def ended(job: FilmJob, tick=lambda _job: None) -> FilmJob:
    deadline = time.monotonic() + 120
    while job.is_running:
        tick(job)
        assert time.monotonic() < deadline
        job._job.wait_a_moment()
    return job


def test_a_film_is_made_beside_and_this_file_stays_as_it_was(stage, tmp_path: Path) -> None:
    path = tmp_path / "out" / "talk.mp4"
    stage["mine"] = "unsaved change"
    seen: list[float] = []

    job = ended(job_of(stage, path), lambda j: seen.append(j.poll().progress))

    assert job.result() == path
    assert digital_source_type(path) == SYNTHETIC
    clip = bpy.data.movieclips.load(str(path))
    assert clip.frame_duration == stage.frame_end == 5
    assert clip.fps == pytest.approx(30 / 1.001, rel=1e-5)
    assert first_loud(sound_of(path)) < 0.02
    assert seen == sorted(seen)
    assert bpy.data.filepath == ""
    assert "DigitalSourceType" not in stage
    assert [p.name for p in path.parent.iterdir()] == ["talk.mp4"]


def test_cancelling_ends_it_at_once_and_leaves_nothing(stage, tmp_path: Path) -> None:
    stage.frame_end = 100000
    path = tmp_path / "out" / "talk.mp4"
    job = job_of(stage, path)
    began: list[float] = []

    def cancel(running: FilmJob) -> None:
        if not began and "frame 2" in running.poll().text:
            began.append(time.monotonic())
            running.cancel()

    ended(job, cancel)

    assert time.monotonic() - began[0] < 5
    with pytest.raises(JobCancelled):
        job.result()
    assert not list(path.parent.iterdir())


def test_a_render_that_fails_says_why(stage, tmp_path: Path) -> None:
    stage.camera = None
    job = ended(job_of(stage, tmp_path / "out" / "talk.mp4"))

    with pytest.raises(RenderError, match="needs a camera"):
        job.result()

    assert not list((tmp_path / "out").iterdir())


def test_a_folder_that_may_not_be_written_to_is_said_before_anything_runs(
    stage, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")

    with pytest.raises(OutputError, match="cannot be written to"):
        job_of(stage, tmp_path / "out" / "talk.mp4")


def test_pictures_are_transparent_where_the_shot_is(stage, tmp_path: Path) -> None:
    stage.render.film_transparent = True
    bpy.data.objects.remove(bpy.data.objects["Backdrop"])
    stage.dirfa.film_kind = "pictures"
    stage.dirfa.output = str(tmp_path / "cut")
    stage.frame_end = 2

    assert bpy.ops.dirfa.render() == {"FINISHED"}

    pictures = sorted((tmp_path / "cut").iterdir())
    assert len(pictures) == 2
    assert all(digital_source_type(picture) == SYNTHETIC for picture in pictures)
    image = bpy.data.images.load(str(pictures[0]))
    assert image.channels == 4
    assert min(image.pixels[:][3::4]) == 0.0


def test_the_button_waits_without_a_window(stage, tmp_path: Path) -> None:
    stage.dirfa.output = str(tmp_path / "talk.mp4")
    stage.dirfa.film_sound = False
    stage.frame_end = 9

    stage.dirfa.film_range = "line"
    with pytest.raises(RuntimeError, match="no take to render"):
        bpy.ops.dirfa.render()
    stage.dirfa.film_range = "scene"
    stage.frame_end = 2
    assert bpy.ops.dirfa.render() == {"FINISHED"}

    assert (tmp_path / "talk.mp4").stat().st_size > 0
    assert stage.frame_end == 2


def test_a_second_film_has_to_wait_and_the_reason_is_told(stage, tmp_path: Path) -> None:
    job = job_of(stage, tmp_path / "out" / "talk.mp4")
    state().film = job

    with pytest.raises(RuntimeError, match="being rendered"):
        bpy.ops.dirfa.render()
    assert bpy.ops.dirfa.cancel_render() == {"FINISHED"}
    ended(job)
    assert rendering.follow() is None

    assert state().film is None
    assert "nothing was written" in state().film_note
