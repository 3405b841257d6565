"""Recordings as they come: what is sent is what Blender plays, from the frame at which it plays it."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.core.errors import AudioError, JobCancelled
from dirfa_blender.operators.live import source_of
from dirfa_blender.performing import cues, lines, strips
from dirfa_blender.performing.retimed import Retimed
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
    cue = cues.cue_of(stage, stage.dirfa.lines[0])
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


def test_a_film_without_sound_is_named_with_what_to_do(tmp_path) -> None:
    film = tmp_path / "mute.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=32x32:r=24:d=1", "-c:v", "mpeg4", film)

    with pytest.raises(
        AudioError, match=r"sound in mute\.mp4, found none .* Choose another"
    ) as told:
        read_samples(Speech(film))

    assert ".." not in str(told.value)


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


def rising(seconds: float) -> np.ndarray:
    """A tone whose pitch tells the time: 200 Hz at its beginning, 200 Hz more each second."""
    time = np.arange(int(seconds * RATE)) / RATE
    return 0.5 * np.sin(2 * np.pi * (200 * time + 100 * time**2))


def pitch(samples: np.ndarray, seconds: float, rate: int) -> float:
    """Hertz of what is heard at a time."""
    at = int(seconds * rate)
    part = samples[at : at + rate // 20]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 16))
    return float(spectrum.argmax()) * rate / (1 << 16)


def retime(scene: bpy.types.Scene, strip: bpy.types.Strip, speed: float) -> None:
    """Let a whole strip play at another speed, percent, as an artist does."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    for other in scene.sequence_editor.strips_all:
        other.select = other == strip
    scene.sequence_editor.active_strip = strip
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = scene
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=speed)


def mixed_by_blender(scene: bpy.types.Scene, path: Path, first: int, end: int) -> np.ndarray:
    scene.frame_start, scene.frame_end = first, end
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM")
    return read_samples(Speech(path))[0] / 32767


def heard_for(stage: bpy.types.Scene, folder: Path) -> tuple[float, np.ndarray, int]:
    """Frame at which the only line begins, the (S,) samples that are sent for it, and their rate."""
    lines.collect_strips(stage)
    cue = cues.cue_of(stage, stage.dirfa.lines[0])
    folder.mkdir()
    with wave.open(str(cue.speech.as_file(folder)), "rb") as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return cue.frame_start, data / 32767, file.getframerate()


def test_a_retimed_strip_is_spoken_as_it_is_heard(stage, tmp_path) -> None:
    path = write_channels(tmp_path / "a.wav", rising(4.0)[:, None])
    other = write_channels(tmp_path / "b.wav", tone(6.0)[:, None])
    strip = add_strip(stage, path, "Hero 1", 25)
    retime(stage, strip, 50.0)
    truth = mixed_by_blender(stage, tmp_path / "truth.wav", 25, 25 + 8 * 24)
    noise = add_strip(stage, other, "Noise", 25)
    retime(stage, noise, 80.0)
    noise.mute = True

    first, samples, rate = heard_for(stage, tmp_path / "sent")

    assert first == 25 and len(samples) / rate == pytest.approx(8.0, abs=0.1)
    for seconds in (0.5, 2.0, 5.0, 7.5):
        # Whether slow speech is low, as in 4.5, or not, as in 5.2, is Blender's affair.
        expected = pitch(truth, seconds, 48000)
        assert pitch(samples, seconds, rate) == pytest.approx(expected, rel=0.02)
    assert pitch(samples, 6.0, rate) > 1.7 * pitch(samples, 1.0, rate)


def test_a_part_of_a_retimed_strip_in_a_meta_strip_begins_where_it_is_heard(
    stage, tmp_path
) -> None:
    path = write_channels(tmp_path / "a.wav", rising(4.0)[:, None])
    strip = add_strip(stage, path, "Hero 1", 25)
    retime(stage, strip, 50.0)
    whole = mixed_by_blender(stage, tmp_path / "truth.wav", 25, 25 + 8 * 24)
    meta = stage.sequence_editor.strips.new_meta("Meta", 2, 25)
    strip.move_to_meta(meta)
    trim(meta, 25, 25 + 8 * 24)
    trim(meta, 25 + 48, 25 + 96)

    first, samples, rate = heard_for(stage, tmp_path / "sent")

    assert first == 25 + 48 and len(samples) / rate == pytest.approx(2.0, abs=0.01)
    expected = pitch(whole, 3.0, 48000)
    assert pitch(samples, 1.0, rate) == pytest.approx(expected, rel=0.02)


def test_a_retimed_strip_of_packed_sound_at_no_volume_is_spoken(stage, tmp_path) -> None:
    path = write_channels(tmp_path / "a.wav", rising(2.0)[:, None])
    strip = add_strip(stage, path, "Hero 1", 1)
    strip.volume = 0.0
    strip.sound.pack()
    path.unlink()
    retime(stage, strip, 200.0)

    _, samples, rate = heard_for(stage, tmp_path / "sent")

    assert np.abs(samples).max() > 0.3 and len(samples) / rate == pytest.approx(1.0, abs=0.1)


def test_taking_a_retimed_strip_out_leaves_the_file_as_it_was_and_takes_nothing_else(
    stage, tmp_path
) -> None:
    path = write_channels(tmp_path / "a.wav", tone(2.0)[:, None])
    strip = add_strip(stage, path, "Hero 1", 1)
    retime(stage, strip, 50.0)
    mesh = bpy.data.meshes.new("Large")
    mesh.vertices.add(400_000)
    thing = bpy.data.objects.new("Large", mesh)
    stage.collection.objects.link(thing)
    stage.camera = stage.dirfa.target = thing
    stage.dirfa.lines.add().character = thing
    stage["keepsake"] = thing
    material = bpy.data.materials.new("Clay")
    material["keepsake"] = thing
    stage.view_layers[0].material_override = material
    stage.timeline_markers.new("cut", frame=1).camera = thing
    before = everything(stage)

    mix = Retimed(stage).mix_of(strip, strips.heard_span(strip))

    assert everything(stage) == before
    assert len(mix.data) < 1_000_000


def test_a_retimed_strip_of_blenders_own_first_scene_is_spoken(stage, tmp_path) -> None:
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    path = write_channels(tmp_path / "a.wav", tone(2.0)[:, None])
    strip = add_strip(scene, path, "Hero 1", 1)
    retime(scene, strip, 200.0)

    _, samples, rate = heard_for(scene, tmp_path / "sent")

    assert np.abs(samples).max() > 0.3 and len(samples) / rate == pytest.approx(1.0, abs=0.1)


def everything(scene: bpy.types.Scene) -> list[tuple[str, int, object]]:
    """Names and users of all data, and what a scene holds."""
    blocks = [
        (block.name, block.users, block.session_uid)
        for name in ("scenes", "objects", "meshes", "sounds", "worlds", "actions", "images")
        for block in getattr(bpy.data, name)
    ]
    strips = [
        (strip.name, len(strip.retiming_keys), strip.sound.name)
        for strip in scene.sequence_editor.strips_all
    ]
    return [*blocks, *strips, ("camera", 0, scene.camera), ("kept", 0, scene["keepsake"])]


def test_a_mix_that_is_cancelled_ends(stage, tmp_path) -> None:
    path = write_channels(tmp_path / "a.wav", tone(2.0)[:, None])
    strip = add_strip(stage, path, "Hero 1", 1)
    retime(stage, strip, 50.0)
    lines.collect_strips(stage)
    speech = cues.cue_of(stage, stage.dirfa.lines[0]).speech

    with pytest.raises(JobCancelled):
        speech.as_file(tmp_path, lambda: True)


def test_a_retimed_strip_cannot_be_played_live(stage, tmp_path) -> None:
    strip = add_strip(stage, write_tone(tmp_path / "a.wav", 2.0), "Hero 1", 10)
    lines.collect_strips(stage)
    retime(stage, strip, 50.0)
    stage.dirfa.live.source = "LINE"

    with pytest.raises(AudioError, match=r"retimed strip.*Generate a take"):
        source_of(stage)
