"""Recordings as they come: what is sent is what Blender plays, from the frame at which it plays it."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.core.errors import AudioError
from dirfa_blender.performing import lines
from dirfa_blender.performing.speech import Speech, read_samples
from tests.addon.test_lines import add_strip, trim
from tests.addon.test_scene import write_tone

RATE = 16000


def write_channels(path: Path, channels: np.ndarray) -> Path:
    """A 16-bit recording of (S, C) samples within -1..1."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((channels * 32767).astype("<i2").tobytes())
    return path


def tone(seconds: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * RATE)) / RATE)


def sent(stage: bpy.types.Scene, folder: Path) -> tuple[float, np.ndarray]:
    """Frame at which the only line begins, and the (S,) samples that are sent for it."""
    lines.collect_strips(stage)
    cue = lines.cue_of(stage, stage.dirfa.lines[0])
    folder.mkdir()
    with wave.open(str(cue.speech.as_file(folder)), "rb") as file:
        assert file.getframerate() == RATE
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return cue.frame_start, data.reshape(-1, file.getnchannels()).mean(1) / 32767


def begins(samples: np.ndarray) -> float:
    """Seconds until a tone is heard."""
    return int(np.flatnonzero(np.abs(samples) > 0.1)[0]) / RATE


def ffmpeg(*arguments: str | Path) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("there is no ffmpeg here to make a film with")
    subprocess.run([program, "-y", "-loglevel", "error", *map(str, arguments)], check=True)


def test_a_film_whose_sound_begins_late_is_spoken_when_blender_plays_it(stage, tmp_path) -> None:
    sound = write_channels(tmp_path / "a.wav", np.r_[np.zeros(RATE), tone(1.0)][:, None])
    film = tmp_path / "späte Szene.mov"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=32x32:r=24:d=3", "-itsoffset", "0.5", "-i", sound,
           "-c:v", "mpeg4", "-c:a", "pcm_s16le", film)  # fmt: skip
    strip = add_strip(stage, film, "Hero 1", 25)
    stage.frame_start, stage.frame_end = 1, 100
    bpy.ops.sound.mixdown(filepath=str(tmp_path / "heard.wav"), container="WAV", codec="PCM")
    heard, rate = read_samples(Speech(tmp_path / "heard.wav"))
    at = np.flatnonzero(np.abs(heard) > 3000)[0] / rate * 24 + 1

    first, samples = sent(stage, tmp_path / "sent")

    assert strip.sound_offset == 0
    assert first + 24 * begins(samples) == pytest.approx(at, abs=0.1)


def test_channels_that_cancel_are_heard_in_a_part_of_a_recording(stage, tmp_path) -> None:
    path = write_channels(tmp_path / "balanced.wav", np.stack([tone(3.0), -tone(3.0)], 1))
    trim(add_strip(stage, path, "Hero 1", 1), 25, 49)

    first, samples = sent(stage, tmp_path / "sent")

    assert first == 25 and len(samples) == RATE
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)


def test_a_part_of_a_recording_louder_than_full_scale_is_not_clipped(tmp_path) -> None:
    quiet, loud = tmp_path / "quiet.wav", tmp_path / "loud.wav"
    write_channels(quiet, tone(2.0)[:, None])
    ffmpeg("-i", quiet, "-af", "volume=20", "-c:a", "pcm_f32le", loud)

    samples, rate = read_samples(Speech(loud, 0.5, 1.0))
    plain, _ = read_samples(Speech(quiet, 0.5, 1.0))

    assert rate == RATE and np.abs(samples).max() == 32767
    np.testing.assert_allclose(samples / 32767, plain / np.abs(plain).max(), atol=1e-3)


def test_the_innermost_cut_of_nested_meta_strips_counts(stage, tmp_path) -> None:
    path = write_channels(tmp_path / "a.wav", np.r_[np.zeros(RATE * 3), tone(1.0)][:, None])
    strip = add_strip(stage, path, "Hero 1", 25)
    strips = stage.sequence_editor.strips
    inner, outer = (strips.new_meta(name, channel=5 + i, frame_start=25)
                    for i, name in enumerate(("Inner", "Outer")))  # fmt: skip
    strip.move_to_meta(inner)
    inner.move_to_meta(outer)
    # A new meta strip is one frame long: its end goes out before its start can follow.
    for meta, start, end in ((inner, 40, 120), (outer, 61, 110)):
        trim(meta, 25, end)
        trim(meta, start, end)

    first, samples = sent(stage, tmp_path / "sent")

    assert first == 61 and len(samples) == pytest.approx((110 - 61) / 24 * RATE, abs=2)
    assert first + 24 * begins(samples) == pytest.approx(25 + 3 * 24, abs=0.1)


def test_a_retimed_strip_is_refused_with_what_to_do(stage, tmp_path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 2.0), "Hero 1", 10)
    lines.collect_strips(stage)
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    strip.select, stage.sequence_editor.active_strip = True, strip
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = stage
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=50.0)

    with pytest.raises(AudioError, match=r"'Hero 1' is retimed.*Render > Render Audio"):
        lines.cue_of(stage, stage.dirfa.lines[0])
