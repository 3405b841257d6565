"""Live speech beside the interface: complete, in order, as late as it says, and ended in words."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.client import Client
from dirfa_blender.core import live_source
from dirfa_blender.core.errors import AudioError
from dirfa_blender.core.live_source import MicrophoneSource, RecordingSource
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.live.live_session import LiveSession
from dirfa_blender.server_process import ServerProcess
from server.microphone import resampler
from tests.server.test_client import QUICK, ROOT
from tests.server.test_speech_stream import client, rising, server  # noqa: F401

TONE = np.frombuffer(rising(1.0), "<i2")


def ended(session: LiveSession) -> LiveSession:
    session.start()
    assert session.wait(20.0)
    return session


def test_a_recording_is_played_at_its_own_pace(client: Client) -> None:  # noqa: F811
    session = LiveSession(lambda: client, RecordingSource(TONE, 16000), AnimateSettings())
    begun = time.monotonic()

    ended(session)

    took = time.monotonic() - begun
    whole = session.performance()
    assert session.error == ""
    assert took >= 1.0
    assert whole is not None and len(whole) == 55
    assert np.all(np.diff(whole.au[:50, 0]) > 0)
    assert session.delay_seconds >= 0.1


def test_what_is_seen_is_in_order_and_ends_at_rest(client: Client) -> None:  # noqa: F811
    session = LiveSession(lambda: client, RecordingSource(TONE, 16000), AnimateSettings())
    session.start()

    seen = []
    deadline = time.monotonic() + 20
    while not session.is_played and time.monotonic() < deadline:
        sample = session.due()
        if sample is not None:
            seen.append((sample.start, float(sample.au[0, 0])))
        session.wait(0.005)

    times = [start for start, _ in seen]
    whole = session.performance()
    assert whole is not None
    assert times == sorted(times)
    assert times[-1] == pytest.approx(whole.times[-1])
    assert seen[-1][1] == 0.0
    known = dict(zip(np.round(whole.times * 50).astype(int), whole.au[:, 0], strict=True))
    assert all(value == known[round(start * 50)] for start, value in seen)


def test_stopping_ends_what_is_heard_and_keeps_it(client: Client) -> None:  # noqa: F811
    long = np.frombuffer(rising(60.0), "<i2")
    session = LiveSession(lambda: client, RecordingSource(long, 16000), AnimateSettings())
    session.start()
    while session.due() is None:
        session.wait(0.01)
    session.stop()

    assert session.wait(20.0)

    whole = session.performance()
    assert whole is not None and 0 < len(whole) < 500
    assert whole.au[-1, 0] == 0


def test_a_server_that_ends_is_a_sentence(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    process = ServerProcess(ROOT, command=QUICK)
    long = np.frombuffer(rising(60.0), "<i2")
    session = LiveSession(process.start, RecordingSource(long, 16000), AnimateSettings())
    session.start()
    while session.due() is None:
        session.wait(0.01)
    process.stop()

    assert session.wait(20.0)

    assert "does not answer" in session.error
    assert session.performance() is not None


def test_a_slow_reader_gets_all_that_was_heard_at_once() -> None:
    now = [0.0]

    def wait(seconds: float) -> bool:
        now[0] += seconds
        return False

    source = RecordingSource(TONE, 16000, clock=lambda: now[0], wait=wait)
    source.begin()

    first = source.read()
    now[0] = 0.75
    second = source.read()

    assert first is not None and second is not None
    assert len(first) == 2 * 640
    assert first + second == TONE[:12000].tobytes()


def test_a_recorder_is_heard_as_it_writes(client: Client) -> None:  # noqa: F811
    code = "import sys; sys.stdout.buffer.write(bytes(range(200)) * 200)"
    source = MicrophoneSource([sys.executable, "-c", code])

    whole = ended(LiveSession(lambda: client, source, AnimateSettings())).performance()

    assert whole is not None and len(whole) == 200 * 200 // 2 // 320 + 5


def test_a_recorder_without_a_microphone_is_a_sentence(client: Client) -> None:  # noqa: F811
    source = MicrophoneSource([sys.executable, "-c", "raise SystemExit(1)"])

    session = ended(LiveSession(lambda: client, source, AnimateSettings()))

    assert "No sound comes from the microphone" in session.error


@pytest.mark.parametrize(
    ("system", "advice"), [("linux", "Install parec or arecord"), ("win32", "Set it up")]
)
def test_without_a_recorder_a_sentence_says_what_to_do(system: str, advice: str) -> None:
    with pytest.raises(AudioError, match=advice):
        live_source.recorder_command(None, lambda _name: None, system)


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_the_servers_own_recorder_serves_where_the_system_has_none(system: str) -> None:
    command = live_source.recorder_command(Path(sys.executable), lambda _name: None, system)

    asked = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True)

    assert asked.returncode == 0
    assert "16 kHz" in asked.stdout


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_microphone_of_another_rate_is_resampled_block_by_block(rate: int) -> None:
    tone = np.rint(8000 * np.sin(2 * np.pi * 200 * np.arange(rate) / rate)).astype(np.int16)
    resample = resampler(rate)

    made = b"".join(resample(part.tobytes()) for part in np.array_split(tone, 50))

    samples = np.frombuffer(made, np.int16).astype(float)
    assert len(samples) == pytest.approx(16000, abs=100)
    assert np.abs(np.fft.rfft(samples[:15800])).argmax() == pytest.approx(197.5, abs=1)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_a_tone_stays_the_same_at_another_rate(rate: int) -> None:
    def tone(at: int) -> np.ndarray:
        return np.rint(8000 * np.sin(2 * np.pi * 200 * np.arange(at) / at)).astype(np.int16)

    made = live_source.resampled(tone(rate), rate)

    assert len(made) == 16000
    assert np.abs(made.astype(int) - tone(16000)).max() <= 2


def test_a_wav_file_is_mixed_to_mono(tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(np.array([[100, 300], [-4, 4]], "<i2").tobytes())

    samples, rate = live_source.wav_samples(tmp_path / "a.wav")

    assert rate == 22050
    assert samples.tolist() == [200, 0]
