"""Videos: right length, sound in place, whole or not at all; and sentences for what is missing."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import scene as staging
from dirfa_blender.core.errors import JobCancelled, OutputError, RenderError, SettingsError
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.head import meshes
from dirfa_blender.rendering import engines, render, shot
from tests.addon.ball_head import ball_head
from tests.addon.test_scene import write_tone

TINY = engines.RenderSettings("cycles", 48, 60, 1, "cpu")


def filmed(scene, tmp_path: Path, rate: str = "25", seconds: float = 0.32) -> Path:
    staging.set_frame_rate(scene, parse_rate(rate))
    staging.set_frame_range(scene, 1, seconds)
    staging.place_sound(scene, write_tone(tmp_path / "a.wav", seconds), 1)
    shot.build_shot(scene, meshes.build_head(ball_head(rings=12, segments=12), "Ball"))
    return tmp_path / "talk.mp4"


@pytest.mark.parametrize("rate", ["23.976", "25", "29.97"])
def test_a_video_has_the_scenes_frames_rate_and_sound(scene, tmp_path: Path, rate: str) -> None:
    path = filmed(scene, tmp_path, rate)
    frames = scene.frame_end - scene.frame_start + 1

    render.render_video(scene, path, TINY)

    clip = bpy.data.movieclips.load(str(path))
    assert clip.frame_duration == frames
    assert clip.fps == pytest.approx(parse_rate(rate).per_second, rel=1e-5)
    assert tuple(clip.size) == (48, 60)
    samples = sound_of(path)
    length = len(samples) / 48000
    assert abs(length - frames / parse_rate(rate).per_second) < 0.05
    assert first_loud(samples) < 0.02


def sound_of(path: Path) -> np.ndarray:
    aud = pytest.importorskip("aud")
    return aud.Sound(str(path)).resample(48000, 0).data()


def first_loud(samples: np.ndarray) -> float:
    level = np.abs(samples).max(axis=1)
    return int(np.argmax(level > 0.2 * level.max())) / 48000


def test_progress_rises_to_one(scene, tmp_path: Path) -> None:
    path = filmed(scene, tmp_path)
    seen: list[float] = []

    render.render_video(scene, path, TINY, seen.append)

    assert seen == sorted(seen)
    assert len(seen) == scene.frame_end + 1
    assert seen[-1] == 1.0


def test_a_cancelled_video_leaves_nothing(scene, tmp_path: Path) -> None:
    path = filmed(scene, tmp_path)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(JobCancelled, match="after 3 of 8 frames"):
        render.render_video(scene, path, TINY, cancelled=cancelled)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wav"]


def test_output_settings_of_the_scene_are_put_back(scene, tmp_path: Path) -> None:
    path = filmed(scene, tmp_path)
    scene.render.filepath = "//mine"
    scene.view_settings.view_transform = "Filmic"
    strips = len(scene.sequence_editor.strips)

    render.render_video(scene, path, TINY)

    assert scene.render.filepath == "//mine"
    assert scene.render.image_settings.file_format == "PNG"
    assert scene.view_settings.view_transform == "Filmic"
    assert len(scene.sequence_editor.strips) == strips


def test_odd_sizes_become_even() -> None:
    settings = engines.RenderSettings("cycles", 101, 77)

    assert (settings.width, settings.height) == (102, 78)


@pytest.mark.parametrize(
    "change", [{"engine": "luxcore"}, {"width": 0}, {"samples": 0}, {"device": "tpu"}]
)
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=f"{next(iter(change))}.* must be"):
        engines.RenderSettings(**change)  # type: ignore[arg-type]


def test_a_target_folder_that_is_missing_is_a_sentence(scene, tmp_path: Path) -> None:
    filmed(scene, tmp_path)

    with pytest.raises(OutputError, match=r"Cannot write talk\.mp4 in .*gone"):
        render.render_video(scene, tmp_path / "gone" / "talk.mp4", TINY)


def test_a_full_disk_is_a_sentence(scene, tmp_path: Path, monkeypatch) -> None:
    path = filmed(scene, tmp_path)

    def full(*_: object) -> None:
        raise RuntimeError("Error: Render error (No space left on device) cannot save: 'x.png'")

    monkeypatch.setattr(render, "_render_frames", full)
    with pytest.raises(OutputError, match="No space left on device"):
        render.render_video(scene, path, TINY)

    assert not path.exists()


def test_a_scene_without_a_camera_is_a_sentence(scene, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="needs a camera"):
        render.render_video(scene, tmp_path / "talk.mp4", TINY)


@pytest.mark.parametrize("engine", ["eevee", "workbench"])
def test_a_missing_egl_is_a_sentence_and_no_crash(monkeypatch, engine: str) -> None:
    def absent(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", absent)
    monkeypatch.setattr(engines.sys, "platform", "linux")

    with pytest.raises(RenderError, match="libEGL"):
        engines.check_engine(engine)
    engines.check_engine("cycles")


def test_the_frame_folder_is_gone_after_a_failure(scene, tmp_path: Path, monkeypatch) -> None:
    path = filmed(scene, tmp_path)
    folders: list[Path] = []

    def fail(_scene: object, folder: Path, *_: object) -> None:
        folders.append(folder)
        shutil.copyfile(tmp_path / "a.wav", folder / "0001.png")
        raise RuntimeError("Error: no memory")

    monkeypatch.setattr(render, "_render_frames", fail)
    with pytest.raises(RenderError, match="no memory"):
        render.render_video(scene, path, TINY)

    assert not folders[0].exists()
