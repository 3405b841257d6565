"""Live speech on a character: it moves without keys, ends as it was, and records what was played."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender.pieces import finished
from dirfa_blender.client import Client
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.follow_through import SHOULDER_SHARE
from dirfa_blender.core.errors import RigError, Unreachable
from dirfa_blender.core.live_source import RecordingSource
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.live import live_player
from dirfa_blender.live.live_player import LivePlayer
from dirfa_blender.live.live_session import LiveSession
from dirfa_blender.operators import live
from dirfa_blender.performing import acting
from dirfa_blender.rig import profiles
from dirfa_blender.session import state
from tests.addon.ball_head import wavy_animation
from tests.addon.stage import character, line_with_take
from tests.addon.test_operators import refused
from tests.addon.test_scene import write_tone

SECONDS = 1.0
LATE_FRAMES = 5


class Hearing:
    """The server's side: a frame of a known take for every 20 ms of sound, five frames late."""

    sample_rate = 16000
    delay_seconds = LATE_FRAMES / 50
    gone_after = 10**9

    def __init__(self, _client: Client, _settings: AnimateSettings, _gain: float) -> None:
        self._heard = self._given = 0

    def __enter__(self) -> Hearing:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def push(self, pcm: bytes, *, last: bool = False) -> list[Animation]:
        self._heard += len(pcm) // 640
        if self._heard > self.gone_after:
            raise Unreachable("The inference server at here does not answer.")
        until = self._heard if last else max(0, self._heard - LATE_FRAMES)
        part = wavy_animation(SECONDS).sliced(self._given / 50, until / 50)
        self._given = until
        return [part] if len(part) else []


@pytest.fixture
def stage(scene, monkeypatch):
    monkeypatch.setattr("dirfa_blender.live.live_session.SpeechStream", Hearing)
    monkeypatch.setattr(live, "connect", lambda *_: Client("http://nowhere", ""))
    dirfa_blender.register()
    yield bpy.context.scene
    dirfa_blender.unregister()


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


def heard(clock: Clock) -> LiveSession:
    """A session that has heard all of a recording, its clock put back to the beginning."""
    tone = np.full(int(SECONDS * 16000), 900, np.int16)
    source = RecordingSource(tone, 16000, clock=clock, wait=clock.wait)
    session = LiveSession(lambda: Client("http://nowhere", ""), source, AnimateSettings(), clock)
    session.start()
    assert session.wait(20.0)
    clock.now = 100.0 + session.delay_seconds
    return session


def weights(face: bpy.types.Object) -> np.ndarray:
    # As a window draws them: with what drivers make of them.
    bpy.context.view_layer.update()
    blocks = face.data.shape_keys.key_blocks
    values = np.zeros(len(blocks), np.float32)
    blocks.foreach_get("value", values)
    return values


def played(player: LivePlayer, face: bpy.types.Object, clock: Clock) -> dict[int, np.ndarray]:
    """What was seen, by the take's frame."""
    seen: dict[int, np.ndarray] = {}
    while player.tick():
        if player._fade_begun is None and player._shown is not None:
            seen[round(player._shown.start * 50)] = weights(face)
        clock.now += 1 / 100
    return seen


def test_every_frame_is_played_in_order_without_a_key(stage) -> None:
    face, clock = character(), Clock()
    profile = profiles.profile_for(face)
    player = LivePlayer(heard(clock), stage, face, clock)

    seen = played(player, face, clock)
    player.end()

    track = profile.apply(wavy_animation(SECONDS))
    names = [block.name for block in face.data.shape_keys.key_blocks]
    column = names.index("jawOpen")
    expected = track.weights[:, list(track.names).index("jawOpen")]
    assert list(seen) == list(range(50))
    shown = [values[column] for values in seen.values()]
    np.testing.assert_allclose(shown, expected, atol=1e-6)
    assert not len(bpy.data.actions)


def test_it_ends_as_the_character_was(stage) -> None:
    face, clock = character(), Clock()
    face.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.4
    head = face.find_armature().pose.bones["head"]
    before, turned = weights(face), head.matrix_basis.copy()
    player = LivePlayer(heard(clock), stage, face, clock)
    fade = []

    while player.tick():
        if player._fade_begun is not None:
            fade.append(float(np.abs(weights(face) - before).max()))
        clock.now += 1 / 50
    player.end()

    assert len(fade) > 10
    assert fade == sorted(fade, reverse=True)
    assert fade[0] > 0.1 > fade[-1]
    np.testing.assert_array_equal(weights(face), before)
    assert head.matrix_basis == turned


def test_drawn_mouths_are_held_live_and_go_back_at_once(stage) -> None:
    thing = bpy.data.objects.new("Toon", None)
    stage.collection.objects.link(thing)
    thing["mouth_index"], clock = 0, Clock()
    least = profiles.profile_for(thing).stepped.hold_seconds
    player = LivePlayer(heard(clock), stage, thing, clock)
    changes, fading = [], set()

    while player.tick():
        if player._fade_begun is not None:
            fading.add(thing["mouth_index"])
        elif player._shown is not None and (not changes or thing["mouth_index"] != changes[-1][1]):
            changes.append((player._shown.start, thing["mouth_index"]))
        clock.now += 1 / 100
    player.end()

    times = [second for second, _ in changes]
    assert len(changes) > 4
    assert min(np.diff(times)) > least - 1e-6
    assert fading == {0}
    assert thing["mouth_index"] == 0


def test_a_recording_is_what_was_played(stage) -> None:
    stage.render.fps, stage.frame_end = 50, 2
    face, clock = character(), Clock()
    player = LivePlayer(heard(clock), stage, face, clock)
    seen = played(player, face, clock)
    player.end()

    line = recorded(player)

    assert line.character == face
    assert stage.frame_end >= max(seen) + round(line.frame_start)
    for index, values in seen.items():
        stage.frame_set(round(line.frame_start) + index)
        np.testing.assert_allclose(weights(face), values, atol=0.011, err_msg=f"frame {index}")


def test_neck_and_shoulders_follow_the_head_live_as_they_do_in_the_recording(stage) -> None:
    stage.render.fps = 50
    face, clock = character(), Clock()
    bones = face.find_armature().pose.bones
    player = LivePlayer(heard(clock), stage, face, clock)
    seen: dict[int, dict[str, float]] = {}
    while player.tick():
        if player._fade_begun is None and player._shown is not None:
            bpy.context.view_layer.update()
            seen[round(player._shown.start * 50)] = turns(bones)
        clock.now += 1 / 100
    player.end()
    at_rest = turns(bones)

    line = recorded(player)

    assert max(row["root"] for row in seen.values()) > 0.005
    for index, row in seen.items():
        stage.frame_set(round(line.frame_start) + index)
        # Keys of a new performance are reduced within the default error.
        assert turns(bones) == pytest.approx(row, abs=2e-3), f"frame {index}"
    assert at_rest == pytest.approx(dict.fromkeys(seen[0], 0.0), abs=1e-6)


def test_samples_that_are_missed_let_the_shoulders_neither_jump_nor_overshoot(stage) -> None:
    face, clock = character(), Clock()
    bones = face.find_armature().pose.bones
    player = LivePlayer(heard(clock), stage, face, clock)
    shown: list[float] = []
    heads: list[float] = []

    while player.tick():
        shown.append(bones["root"].matrix_basis.to_quaternion().angle)
        heads.append(float(np.linalg.norm(player._shown.rotation[0])) if player._shown else 0.0)
        clock.now += 0.15
    player.end()

    assert 0.002 < max(shown) < SHOULDER_SHARE * max(heads)


def test_live_speech_of_any_part_of_a_character_is_its_one_performance(stage) -> None:
    face, clock = character(), Clock()
    line_with_take(face)
    acting.perform(stage, face)
    player = LivePlayer(heard(clock), stage, face.find_armature(), clock)
    clock.now += 5.0
    while player.tick():
        clock.now += 0.2
    player.end()

    line = recorded(player)

    assert line.character == face
    assert [record.target for record in stage.dirfa.characters] == [face]


def recorded(player: LivePlayer) -> bpy.types.PropertyGroup:
    """The line that what was played came to."""
    assert finished(player.record_steps("Live"))
    return bpy.context.scene.dirfa.lines[-1]


def turns(bones: Mapping[str, bpy.types.PoseBone]) -> dict[str, float]:
    """How far root, neck and head are turned by themselves, radians."""
    return {n: bones[n].matrix_basis.to_quaternion().angle for n in ("root", "neck", "head")}


def test_a_recording_enters_the_scene_in_pieces(stage) -> None:
    face, clock = character(), Clock()
    player = LivePlayer(heard(clock), stage, face, clock)
    played(player, face, clock)
    player.end()

    steps = sum(1 for _ in player.record_steps("Live"))

    assert steps > 5 and [line.name for line in stage.dirfa.lines] == ["Live"]


def test_the_operator_plays_and_records_in_one_step(stage, tmp_path: Path) -> None:
    face = character()
    settings = stage.dirfa
    settings.actor, settings.target = "object", face
    settings.live.source, settings.live.record = "FILE", True
    settings.live.audio = str(write_tone(tmp_path / "line.wav", SECONDS))

    assert bpy.ops.dirfa.live_start() == {"FINISHED"}

    assert [line.name for line in settings.lines] == ["Live"]
    assert state().live is None
    assert not any(t.name == "dirfa-live" for t in threading.enumerate())


def test_without_recording_nothing_is_left(stage, tmp_path: Path) -> None:
    face = character()
    settings = stage.dirfa
    settings.actor, settings.target, settings.live.source = "object", face, "FILE"
    settings.live.audio = str(write_tone(tmp_path / "line.wav", SECONDS))
    before = weights(face)

    assert bpy.ops.dirfa.live_start() == {"CANCELLED"}

    np.testing.assert_array_equal(weights(face), before)
    assert not len(settings.lines)
    assert not len(bpy.data.actions)


def test_a_character_without_shapes_is_refused_in_words(stage, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    stage.dirfa.live.source = "FILE"
    stage.dirfa.live.audio = str(write_tone(tmp_path / "line.wav", SECONDS))

    assert "must have shape keys" in refused(bpy.ops.dirfa.live_start)
    assert state().live is None


def test_a_server_that_ends_is_a_sentence_and_the_face_goes_back(
    stage, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(Hearing, "gone_after", 25)
    face = character()
    stage.dirfa.actor, stage.dirfa.target, stage.dirfa.live.source = "object", face, "FILE"
    stage.dirfa.live.audio = str(write_tone(tmp_path / "line.wav", SECONDS))
    before = weights(face)

    assert "does not answer" in refused(bpy.ops.dirfa.live_start)

    np.testing.assert_array_equal(weights(face), before)


def test_a_character_that_is_deleted_meanwhile_is_a_sentence(stage) -> None:
    face, clock = character(), Clock()
    player = LivePlayer(heard(clock), stage, face, clock)
    player.tick()
    bpy.data.objects.remove(face)
    clock.now += 0.1

    with pytest.raises(RigError, match="was deleted while it spoke"):
        player.tick()
    player.end()


def test_an_undo_meanwhile_is_survived(stage) -> None:
    face, clock = character("Hero"), Clock()
    before = weights(face)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    player = LivePlayer(heard(clock), bpy.context.scene, face, clock)
    clock.now += 0.3
    player.tick()

    bpy.ops.ed.undo()
    clock.now += 0.2
    assert player.tick()

    face = next(o for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    assert np.abs(weights(face) - before).max() > 0.1
    player.end()
    np.testing.assert_array_equal(weights(face), before)


def test_the_delay_is_told_as_it_is(stage) -> None:
    session = heard(Clock())

    text = live_player.describe(session)

    # Forty milliseconds are heard at once, and a frame is five frames late.
    assert session.delay_seconds == pytest.approx(0.14, abs=0.021)
    assert f"{session.delay_seconds:.2f} s" in text


def test_a_saved_file_holds_the_character_as_it_was(stage, tmp_path: Path) -> None:
    face, clock = character(), Clock()
    before = weights(face)
    player = LivePlayer(heard(clock), stage, face, clock)
    clock.now += 0.5
    player.tick()
    assert np.abs(weights(face) - before).max() > 0.1
    path = tmp_path / "a.blend"

    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)

    np.testing.assert_array_equal(weights(face), before)
    player.end()
