"""VMC protocol: what a receiver decodes of a live take: names, order, turns in Unity's space, times."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation, concatenate
from dirfa_blender.core.characters.follow_through import Trail
from dirfa_blender.core.errors import ServerError, SettingsError
from dirfa_blender.core.live_source import RecordingSource
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.core.rotation import to_matrix
from server.__main__ import main
from server.audio import read_speech
from server.avatar import perform
from server.engine import Engine
from server.sessions import Session
from server.vmc import PACKET_BYTES, Moment, Style, address_of, moments, packets

soundfile = pytest.importorskip("soundfile")
osc_packet = pytest.importorskip("pythonosc.osc_packet", reason="python-osc is not installed")

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "speech.flac"
UNITY = np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Blender's points in Unity's space, written out once more."""
Message = tuple[str, list]


def posed(*rotation: float, gaze: tuple[float, float] = (0.0, 0.0)) -> Moment:
    """The one moment of a face without expression, pitch, yaw and roll in radians, in `vrm`."""
    take = Animation(
        fps=50, start=0.0, au_names=AU_NAMES, au=np.zeros((1, len(AU_NAMES))), gaze=[gaze],
        rotation=[rotation], translation=np.zeros((1, 3)),
    )  # fmt: skip
    (moment,) = moments(take, load_profile("vrm"))
    return moment


def turned(vector: np.ndarray, quaternion: tuple[float, ...]) -> np.ndarray:
    """A vector turned by x, y, z, w, as Unity's ``Quaternion * Vector3`` does it."""
    axis, w = np.array(quaternion[:3]), quaternion[3]
    return vector + 2 * np.cross(axis, np.cross(axis, vector) + w * vector)


def turned_head(moment: Moment, vector: list[float]) -> np.ndarray:
    inner = turned(np.array(vector, float), moment.bones["Head"])
    return turned(inner, moment.bones["Neck"])


RIGHT, UP, FORWARD = np.eye(3)
"""Of an avatar in Unity, which faces +Z: its right is +X."""


@pytest.mark.parametrize(
    ("rotation", "looked", "moved"),
    [
        ((0.4, 0.0, 0.0), FORWARD, UP),
        ((0.0, 0.4, 0.0), FORWARD, -RIGHT),
        ((0.0, 0.0, 0.4), UP, -RIGHT),
    ],
    ids=["chin up", "turn to its left", "tilt to its left"],
)
def test_a_head_turns_the_same_way_in_unity(
    rotation: tuple[float, float, float], looked: np.ndarray, moved: np.ndarray
) -> None:
    found = turned_head(posed(*rotation), looked.tolist())

    np.testing.assert_allclose(found, np.cos(0.4) * looked + np.sin(0.4) * moved, atol=1e-9)


def test_any_turn_of_the_head_is_the_mirror_of_blenders() -> None:
    for rotation in np.random.default_rng(0).uniform(-0.8, 0.8, (50, 3)):
        moment = posed(*rotation)

        found = np.stack([turned_head(moment, axis) for axis in np.eye(3).tolist()], 1)

        expected = UNITY @ to_matrix(rotation.astype(np.float32)) @ UNITY.T
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_neck_follows_late_through_pieces_and_the_head_makes_up_for_it() -> None:
    turned_at = 5
    rotation = np.zeros((40, 3), np.float32)
    rotation[turned_at:, 1] = 0.4
    take = Animation(
        fps=50, start=0.0, au_names=AU_NAMES, au=np.zeros((40, len(AU_NAMES))),
        gaze=np.zeros((40, 2)), rotation=rotation, translation=np.zeros((40, 3)),
    )  # fmt: skip
    profile, trail = load_profile("vrm"), Trail()

    whole = list(moments(take, profile, Trail()))
    pieces = [
        m for a, b in ((0, 7), (7, 8), (8, 40)) for m in moments(part(take, a, b), profile, trail)
    ]

    neck = np.array([turned(FORWARD, moment.bones["Neck"])[0] for moment in whole])
    goal = neck[-1]
    assert abs(neck[turned_at + 2]) < 0.3 * abs(goal)
    assert goal == pytest.approx(-np.sin(0.4 * profile.head_bones["neck"]), rel=0.05)
    for moment, piece, (_, yaw, _) in zip(whole, pieces, rotation.tolist(), strict=True):
        assert turned_head(moment, FORWARD.tolist())[0] == pytest.approx(-np.sin(yaw), abs=1e-6)
        for bone, turn in moment.bones.items():
            np.testing.assert_allclose(piece.bones[bone], turn, atol=1e-9)


def part(take: Animation, first: int, end: int) -> Animation:
    """Samples of a take."""
    return Animation(
        fps=take.fps, start=first / take.fps, au_names=take.au_names, au=take.au[first:end],
        gaze=take.gaze[first:end], rotation=take.rotation[first:end],
        translation=take.translation[first:end],
    )  # fmt: skip


def test_the_eyes_look_where_the_gaze_goes_as_far_as_the_profile_lets_them() -> None:
    up_left = posed(0.0, 0.0, 0.0, gaze=(0.1, 0.2)).bones
    far_left = posed(0.0, 0.0, 0.0, gaze=(0.0, 1.5)).bones

    for bone in ("LeftEye", "RightEye"):
        right, up, _ = turned(FORWARD, up_left[bone])
        assert right == pytest.approx(-np.sin(0.2) * np.cos(0.1), abs=1e-6)
        assert up == pytest.approx(np.sin(0.1), abs=1e-6)
    outward, inward = np.radians([30, 25])
    assert turned(FORWARD, far_left["LeftEye"])[0] == pytest.approx(-np.sin(outward), abs=1e-6)
    assert turned(FORWARD, far_left["RightEye"])[0] == pytest.approx(-np.sin(inward), abs=1e-6)


def test_names_are_those_of_vrm_0_of_perfect_sync_and_of_the_profile() -> None:
    take = Animation(
        fps=50, start=0.0, au_names=AU_NAMES, au=np.zeros((1, len(AU_NAMES))),
        gaze=np.zeros((1, 2)), rotation=np.zeros((1, 3)), translation=np.zeros((1, 3)),
    )  # fmt: skip

    def names(rig: str) -> set[str]:
        (moment,) = moments(take, load_profile(rig))
        return set(moment.expressions)

    vrm = {"A", "I", "U", "E", "O", "Joy", "Angry", "Sorrow", "Blink_L", "Blink_R", "LookUp"}
    assert vrm <= names("vrm")
    assert not names("vrm") & {"aa", "happy", "Happy", "blinkLeft", "BlinkLeft"}
    assert {"JawOpen", "MouthSmileLeft", "EyeBlinkRight", "TongueOut"} <= names("arkit")
    assert {name.lower() for name in names("arkit")} == {
        name.lower() for name in load_profile("arkit").shapes
    }
    assert names("meta_visemes") == set(load_profile("meta_visemes").shapes)


def shown(
    levels: dict[str, float], rig: str = "vrm", style: Style | None = None
) -> dict[str, float]:
    """What a receiver gets of a face that holds some units."""
    au = np.zeros((1, len(AU_NAMES)))
    for name, level in levels.items():
        au[0, AU_NAMES.index(name)] = level
    take = Animation(
        fps=50, start=0.0, au_names=AU_NAMES, au=au, gaze=[[0.2, 0.1]], rotation=np.zeros((1, 3)),
        translation=np.zeros((1, 3)),
    )  # fmt: skip
    (moment,) = moments(take, load_profile(rig), None, style)
    return dict(moment.expressions)


def test_names_of_vrm_1_are_sent_where_they_are_asked_for() -> None:
    names = set(shown({}, style=Style(vrm=1)))

    assert {"aa", "ih", "ou", "ee", "oh", "happy", "sad", "blinkLeft", "blinkRight"} <= names
    assert not names & {"A", "Joy", "Blink_L"}
    assert set(shown({}, "arkit", Style(vrm=1))) == set(shown({}, "arkit"))


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.5])
def test_strength_scales_expressions_and_leaves_blinks_and_looks(strength: float) -> None:
    face = {"AU26": 0.3, "AU45L": 1.0, "AU12L": 0.4, "AU12R": 0.4}

    for rig in ("vrm", "arkit"):
        plain, scaled = shown(face, rig), shown(face, rig, Style(strength))

        kept = [name for name in plain if "link" in name or "look" in name.lower()]
        assert all(scaled[name] == plain[name] for name in kept), rig
        others = set(plain) - set(kept)
        assert max(plain[name] for name in others) > 0.1
        for name in others:
            assert scaled[name] == pytest.approx(strength * plain[name], abs=1e-6), name
    assert max(shown({"AU26": 1.0}, "arkit", Style(3.0)).values()) <= 1.0


def decoded(datagrams: list[bytes]) -> list[Message]:
    found = [osc_packet.OscPacket(data).messages for data in datagrams]
    return [(timed.message.address, timed.message.params) for group in found for timed in group]


def test_a_moment_is_sent_in_order_in_packets_that_no_network_splits() -> None:
    weights = {f"expression number {n}": n / 80 for n in range(80)}
    moment = Moment(1.25, {"Head": (0.0, 0.6, 0.0, 0.8)}, weights)

    sent = packets(moment)

    assert len(sent) > 1 and max(map(len, sent)) <= PACKET_BYTES
    (ok, clock, bone, *values, apply) = decoded(sent)
    assert ok == ("/VMC/Ext/OK", [1])
    assert clock == ("/VMC/Ext/T", [1.25])
    assert bone[0] == "/VMC/Ext/Bone/Pos"
    assert bone[1] == ["Head", 0.0, 0.0, 0.0, 0.0, np.float32(0.6), 0.0, np.float32(0.8)]
    assert values == [
        ("/VMC/Ext/Blend/Val", [name, np.float32(value)]) for name, value in weights.items()
    ]
    assert apply == ("/VMC/Ext/Blend/Apply", [])


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        ("127.0.0.1:39540", ("127.0.0.1", 39540)),
        ("studio.local", ("studio.local", 39539)),
        ("[::1]:5000", ("::1", 5000)),
    ],
)
def test_a_receiver_is_a_host_and_a_port(receiver: str, expected: tuple[str, int]) -> None:
    assert address_of(receiver) == expected


@pytest.mark.parametrize("wrong", ["", ":39539", "a:b", "a:0", "a:65536", "http://a:1", "a:1/b"])
def test_what_is_no_receiver_is_a_sentence_with_an_example(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"such as 127\.0\.0\.1:39539"):
        address_of(wrong)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--vmc", "a:b"], "HOST:PORT"),
        (["--vmc", "no host.invalid:1"], "There is no host"),
        (["--transcript", "hello"], "no transcript"),
        (["--strength", "4"], "strength must be 0..3"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_sentence(
    capsys: pytest.CaptureFixture[str], options: list[str], expected: str
) -> None:
    assert main(["stream", "--audio", str(SAMPLE), *options]) == 2

    assert expected in capsys.readouterr().err


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(60)
        yield listening


class Inbox(threading.Thread):
    """Receives datagrams until an empty one comes."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__()
        self._listening = listening
        self._datagrams: list[bytes] = []
        self.start()

    def run(self) -> None:
        while data := self._listening.recv(65536):
            self._datagrams.append(data)

    def messages(self) -> list[Message]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self._listening.getsockname())
        self.join()
        return decoded(self._datagrams)


def test_a_receiver_gets_the_live_take_of_a_recording(
    tmp_path: Path, receiver: socket.socket
) -> None:
    samples, rate = soundfile.read(SAMPLE, frames=32000)
    soundfile.write(tmp_path / "short.wav", samples, rate)
    inbox = Inbox(receiver)
    to = f"127.0.0.1:{receiver.getsockname()[1]}"

    code = main(
        ["stream", "--audio", str(tmp_path / "short.wav"), "--vmc", to, "--rig", "arkit",
         "--seed", "3", "--lookahead", "0.04"]
    )  # fmt: skip

    messages = inbox.messages()
    take = streamed(tmp_path / "short.wav", AnimateSettings(seed=3, lookahead=0.04))
    expected = load_profile("arkit").apply(take)
    values = [values[1] for address, values in messages if address == "/VMC/Ext/Blend/Val"]
    times = [values[0] for address, values in messages if address == "/VMC/Ext/T"]
    assert code == 0
    assert len(take) > 0.9 * len(samples) / rate * 50
    np.testing.assert_array_equal(np.reshape(values, expected.weights.shape), expected.weights)
    np.testing.assert_allclose(times, take.times, atol=1e-6)
    assert [address for address, _ in messages].count("/VMC/Ext/Blend/Apply") == len(take)
    assert min(values) >= 0.0 and max(values) <= 1.0 and max(values) > 0.2


def streamed(path: Path, settings: AnimateSettings) -> Animation:
    """The live take of a recording, computed in one go."""
    samples = np.rint(read_speech(path).samples * 32767).astype(np.int16)
    source = RecordingSource(samples, 16000)
    live = Session(Engine("cpu").live(settings, source.gain), 16000, time.monotonic)
    parts = [live.push(samples.tobytes()), live.push(b"", last=True)]
    return concatenate([part for part in parts if part is not None])


class Room:
    """A clock that only waiting moves, or a slow computer: `lost` seconds for each moment sent."""

    def __init__(self, lost: float = 0.0) -> None:
        self.now, self.lost = 100.0, lost
        self.sent: list[tuple[float, Moment]] = []

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def hear(self, seconds: float) -> bool:
        self.wait(seconds)
        return False

    def send(self, moment: Moment) -> None:
        self.sent.append((self.now, moment))
        self.now += self.lost

    def perform(self, seconds: float) -> float:
        """Two hundred hertz; the delay that was promised."""
        tone = np.rint(4000 * np.sin(2 * np.pi * 200 * np.arange(int(seconds * 16000)) / 16000))
        source = RecordingSource(tone.astype(np.int16), 16000, clock=self.clock, wait=self.hear)
        live = Engine("cpu").live(AnimateSettings(lookahead=0.04), source.gain)
        session = Session(live, 16000, self.clock)
        perform(source, session, load_profile("vrm"), self.send, self.clock, self.wait)
        return session.delay_seconds


def test_moments_are_sent_at_an_even_pace_behind_the_sound() -> None:
    room = Room()

    promised = room.perform(0.6)

    delays = np.array([now - 100.0 - moment.seconds for now, moment in room.sent])
    assert np.diff([moment.seconds for _, moment in room.sent]) == pytest.approx(0.02)
    # Sound is read in parts of 40 ms, of which the first half has waited for the second.
    np.testing.assert_allclose(delays, delays[-1], atol=0.021)
    assert promised - 1e-9 <= delays[-1] <= promised + 0.041
    assert np.all(np.diff([now for now, _ in room.sent]) >= 0)


def test_a_computer_that_cannot_follow_says_so() -> None:
    with pytest.raises(ServerError, match="behind the speech"):
        Room(lost=1.0).perform(1.0)


@pytest.mark.skipif(sys.platform == "win32", reason="a program cannot send Ctrl-C to one process")
def test_ctrl_c_brings_the_face_to_rest_and_ends_well(receiver: socket.socket) -> None:
    to = f"127.0.0.1:{receiver.getsockname()[1]}"
    command = [sys.executable, "-m", "server", "stream", "--audio", str(SAMPLE), "--vmc", to]
    running = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    datagrams = [receiver.recv(65536) for _ in range(20)]
    inbox = Inbox(receiver)

    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=60)[1]

    messages = decoded(datagrams) + inbox.messages()
    last = dict(values for address, values in messages[-40:] if address.endswith("Blend/Val"))
    times = [values[0] for address, values in messages if address == "/VMC/Ext/T"]
    assert running.returncode == 0, told
    assert "Ctrl-C ends it" in told and "Traceback" not in told
    assert times[-1] < 4.0
    assert messages[-1][0] == "/VMC/Ext/Blend/Apply"
    assert last["A"] == last["Joy"] == last["Blink_L"] == 0.0
