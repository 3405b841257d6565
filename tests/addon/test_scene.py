"""Frame rate, frame range, sound and the saved file."""

from __future__ import annotations

import os
import stat
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.blender import scene as staging
from dirfa_blender.core.errors import AudioError, OutputError
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.motion.correctives import correctives
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.head import meshes
from dirfa_blender.performing import apply
from dirfa_blender.rendering import shot
from tests.addon.ball_head import ball_head, wavy_animation


def write_tone(path: Path, seconds: float = 0.5, rate: int = 16000) -> Path:
    samples = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("text", ["12.5", "23.976", "25", "29.97", "60000/1001", "60"])
def test_a_scene_keeps_its_rate_exactly(scene, text: str) -> None:
    staging.set_frame_rate(scene, parse_rate(text))

    assert staging.frame_rate(scene) == parse_rate(text)


@pytest.mark.parametrize("text", ["23.976", "25", "29.97"])
def test_the_last_frame_is_the_one_in_which_the_sound_ends(scene, text: str) -> None:
    rate = parse_rate(text)
    staging.set_frame_rate(scene, rate)

    staging.set_frame_range(scene, 101, 4.3)

    frames = scene.frame_end - scene.frame_start + 1
    assert 0 <= frames / rate.per_second - 4.3 < 1 / rate.per_second
    assert scene.frame_current == 101


def test_sound_starts_at_the_first_frame(scene, tmp_path: Path) -> None:
    strip = staging.place_sound(scene, write_tone(tmp_path / "a.wav"), 21)

    start = strip.left_handle if hasattr(strip, "left_handle") else strip.frame_final_start
    assert start == 21
    assert scene.sync_mode == "AUDIO_SYNC"


def test_a_second_sound_takes_a_free_channel(scene, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav")

    channels = [staging.place_sound(scene, path, 1).channel for _ in range(2)]

    assert channels == [1, 2]


def test_sounds_that_follow_one_another_share_a_channel(scene, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav")
    music = staging.place_sound(scene, path, 400)
    length = staging.span_of(music)[1] - 400

    one = staging.place_sound(scene, path, 1, seconds=1.0)
    after = staging.place_sound(scene, path, 1 + round(length), seconds=1.0)
    across = staging.place_sound(scene, path, 2, seconds=1.0)
    unknown = staging.place_sound(scene, path, 300)

    channels = [strip.channel for strip in (music, one, after, across, unknown)]
    assert channels == [1, 1, 1, 2, 2]


def test_a_missing_recording_is_named(scene, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"no recording gone\.wav"):
        staging.place_sound(scene, tmp_path / "gone.wav", 1)


def test_a_saved_file_opens_with_everything_in_it(scene, tmp_path: Path) -> None:
    ball = ball_head()
    head = meshes.build_head(ball, "Ball")
    apply.apply_animation(wavy_animation(), head, load_profile(), name="Take", scene=scene)
    wav = write_tone(tmp_path / "a.wav")
    staging.place_sound(scene, wav, 1)
    shot.build_shot(scene, head)
    path = tmp_path / "talk.blend"

    staging.save_blend(path)
    wav.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(path))

    face = bpy.data.objects["Ball"]
    keys = face.data.shape_keys
    assert len(keys.key_blocks) == 1 + len(ball.shape_names) + len(correctives(ball))
    assert len(fcurves.curves_of(keys)) == 53
    assert len(keys.animation_data.action.slots) == 2
    assert bpy.data.images["Ball albedo"].packed_file is not None
    assert bpy.data.sounds[0].packed_file is not None
    assert bpy.context.scene.camera is not None
    assert {o.type for o in bpy.data.objects} == {"ARMATURE", "CAMERA", "EMPTY", "LIGHT", "MESH"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["talk.blend"]


def test_a_folder_that_may_not_be_written_is_a_sentence(scene, tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        target = tmp_path / "missing" / "talk.blend"
    else:
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
        target = tmp_path / "talk.blend"

    with pytest.raises(OutputError, match=r"Cannot write talk\.blend"):
        staging.save_blend(target)


def test_the_camera_sees_the_whole_head_in_the_middle(scene) -> None:
    head = meshes.build_head(ball_head(), "Ball")

    made = shot.build_shot(scene, head)

    scene.render.resolution_x, scene.render.resolution_y = 400, 500
    bpy.context.view_layer.update()
    from bpy_extras.object_utils import world_to_camera_view

    seen = [
        world_to_camera_view(scene, made.camera, head.face.matrix_world @ vertex.co)
        for vertex, part in zip(head.face.data.vertices, ball_head().vertex_parts, strict=True)
        if part == 0
    ]
    xs, ys = [p.x for p in seen], [p.y for p in seen]
    assert min(xs) > 0.05 and max(xs) < 0.95
    assert min(ys) > 0.1 and 0.8 < max(ys) < 0.97
    assert abs(sum(xs) / len(xs) - 0.5) < 0.02


def test_the_backdrop_fills_the_picture_and_is_only_seen(scene) -> None:
    head = meshes.build_head(ball_head(), "Ball")

    made = shot.build_shot(scene, head)

    bpy.context.view_layer.update()
    from bpy_extras.object_utils import world_to_camera_view

    scene.render.resolution_x, scene.render.resolution_y = 1920, 1080
    corners = [
        world_to_camera_view(scene, made.camera, made.backdrop.matrix_world @ v.co)
        for v in made.backdrop.data.vertices
    ]
    assert min(c.x for c in corners) < 0 and max(c.x for c in corners) > 1
    assert min(c.y for c in corners) < 0 and max(c.y for c in corners) > 1
    assert not made.backdrop.visible_diffuse
    assert not made.backdrop.visible_shadow
