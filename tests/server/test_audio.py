"""Recordings become 16 kHz mono, whatever they were, or a sentence says why they cannot."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dirfa_blender.core.errors import AudioError, JobCancelled
from dirfa_blender.core.speech_level import speech_gain
from server.audio import SAMPLE_RATE, read_speech
from tests.films import write_film, write_sound


def tone(rate: int, seconds: float, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def encoded(samples: np.ndarray, rate: int, kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format=kind, subtype=subtype)
    return stream.getvalue()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000])
def test_a_tone_keeps_pitch_phase_and_level_at_every_rate(rate: int) -> None:
    speech = read_speech(encoded(tone(rate, 12.3), rate, subtype="FLOAT"))

    expected = tone(SAMPLE_RATE, 12.3)
    inner = slice(400, len(expected) - 400)
    assert np.abs(speech.samples[: len(expected)] - expected)[inner].max() < 2e-4


@pytest.mark.parametrize("rate", [44101, 47952])
def test_an_odd_rate_is_as_good_as_exact(rate: int) -> None:
    speech = read_speech(encoded(tone(rate, 8.0), rate, subtype="FLOAT"))

    expected = tone(SAMPLE_RATE, 8.0)
    assert np.abs(speech.samples[: len(expected)] - expected)[400:-400].max() < 3e-3


def test_frequencies_above_the_new_band_are_removed() -> None:
    speech = read_speech(encoded(tone(48000, 1.0, hertz=12000.0), 48000, subtype="FLOAT"))

    assert np.abs(speech.samples[400:-400]).max() < 1e-3


@pytest.mark.parametrize(("rate", "frames"), [(44100, 44101), (48000, 14403), (8000, 2401)])
def test_the_duration_is_that_of_the_file_and_exact(rate: int, frames: int) -> None:
    speech = read_speech(encoded(np.full(frames, 0.1), rate))

    assert speech.duration == frames / rate
    assert len(speech.samples) == int(np.ceil(frames * SAMPLE_RATE / rate))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_bit_depth_gives_the_same_samples(subtype: str) -> None:
    speech = read_speech(encoded(tone(16000, 0.5), 16000, subtype=subtype))

    assert np.abs(speech.samples - tone(16000, 0.5)).max() < 0.01


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
)
def test_compressed_formats_are_read(kind: str, subtype: str) -> None:
    speech = read_speech(encoded(tone(48000, 1.0), 48000, kind, subtype))

    assert abs(speech.duration - 1.0) < 0.06
    assert 0.3 < np.abs(speech.samples[4000:12000]).max() < 0.7


@pytest.mark.parametrize("suffix", [".m4a", ".mp4", ".mov", ".mkv", ".aac"])
def test_sound_in_a_container_is_read(suffix: str, tmp_path: Path) -> None:
    samples = tone(16000, 1.0).astype(np.float32)
    path = write_sound(tmp_path / ("line" + suffix), samples)

    from_path, from_bytes = read_speech(path), read_speech(path.read_bytes())

    assert from_path.samples.tobytes() == from_bytes.samples.tobytes()
    assert from_path.duration == pytest.approx(1.0, abs=0.13)
    assert 0.3 < np.abs(from_path.samples[4000:12000]).max() < 0.7


@pytest.mark.parametrize("late", [0.0, 0.4, -0.2])
def test_the_sound_of_a_film_begins_with_its_first_picture(late: float, tmp_path: Path) -> None:
    pictures = [np.zeros((32, 32, 3), np.uint8)] * 25
    samples = np.zeros(16000, np.float32)
    samples[8000:8400] = 0.7
    times = [0.2 + frame / 25 for frame in range(25)]
    path = write_film(tmp_path / "a.mp4", pictures, times, samples, late=0.2 + late)

    heard = np.abs(read_speech(path).samples)

    assert np.flatnonzero(heard > 0.3)[0] / 16000 == pytest.approx(0.5 + late, abs=0.01)


def test_a_film_without_sound_is_no_recording(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "mute.mp4", [np.zeros((32, 32, 3), np.uint8)] * 5, [0.0, 0.1, 0.2, 0.3, 0.4]
    )

    with pytest.raises(AudioError, match=r"found no sound in .*mute\.mp4"):
        read_speech(path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "line.wav").touch()

    for source in (tmp_path / "line.wav", b""):
        with pytest.raises(AudioError, match="found an empty file"):
            read_speech(source)


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    write_sound(tmp_path / "secret.aac", tone(16000, 1.0).astype(np.float32))
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nsecret.aac\n#EXT-X-ENDLIST\n"
    path = tmp_path / "line.m3u8"
    path.write_text(playlist, encoding="utf-8")

    with pytest.raises(AudioError, match="something else"):
        read_speech(path)


def test_channels_are_averaged() -> None:
    six = np.zeros((16000, 6))
    six[:, 2] = tone(16000, 1.0)

    speech = read_speech(encoded(six, 16000, subtype="FLOAT"))

    assert np.allclose(speech.samples, tone(16000, 1.0) / 6, atol=1e-6)


def test_a_file_and_its_bytes_give_the_same_speech(tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    path.write_bytes(encoded(tone(44100, 0.7), 44100))

    from_path, from_bytes = read_speech(path), read_speech(path.read_bytes())

    assert from_path.samples.tobytes() == from_bytes.samples.tobytes()
    assert from_path.sha256 == from_bytes.sha256


def test_broken_samples_become_silence_and_are_counted() -> None:
    samples = tone(16000, 0.5)
    samples[100:110] = np.nan
    samples[200] = np.inf

    speech = read_speech(encoded(samples, 16000, subtype="FLOAT"))

    assert np.isfinite(speech.samples).all()
    assert "11 broken samples" in " ".join(speech.warnings)


def test_silence_is_read_with_a_warning() -> None:
    speech = read_speech(encoded(np.zeros(16000), 16000))

    assert "No speech" in " ".join(speech.warnings)


def test_channels_of_opposite_sign_do_not_cancel() -> None:
    samples = tone(16000, 0.5)

    speech = read_speech(encoded(np.stack([samples, -0.99 * samples], axis=1), 16000))

    assert np.allclose(speech.samples, read_speech(encoded(samples, 16000)).samples, atol=1e-6)
    assert not speech.warnings


def test_a_faint_voice_is_not_called_silence() -> None:
    faint = tone(16000, 0.5) * 4e-4

    speech = read_speech(encoded(faint, 16000, subtype="FLOAT"))

    assert speech_gain(speech.samples) > 50
    assert not speech.warnings


def test_a_float_file_in_sixteen_bit_units_keeps_its_peaks() -> None:
    samples = tone(16000, 0.5)

    speech = read_speech(encoded(samples * 32768, 16000, subtype="FLOAT"))

    assert np.allclose(
        speech.samples / 32768, read_speech(encoded(samples, 16000)).samples, atol=1e-3
    )


def test_three_tenths_of_a_second_are_enough() -> None:
    assert read_speech(encoded(tone(48000, 0.3), 48000)).duration == pytest.approx(0.3)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.099])
def test_a_recording_under_a_tenth_of_a_second_is_refused(seconds: float) -> None:
    with pytest.raises(AudioError, match=r"at least 0\.1 s"):
        read_speech(encoded(tone(16000, seconds), 16000))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav, found nothing"):
        read_speech(tmp_path / "gone.wav")


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="found a folder"):
        read_speech(tmp_path)


@pytest.mark.parametrize("content", [b"hello, this is text\n" * 50, b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_sound_is_refused_with_the_formats_that_are(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(content)

    with pytest.raises(AudioError, match=r"wav, flac.*speech\.wav"):
        read_speech(path)


def test_an_unusual_rate_is_refused_with_both_numbers() -> None:
    with pytest.raises(AudioError, match="found 1000 in"):
        read_speech(encoded(np.zeros(1000), 1000))


def test_a_recording_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    whole = encoded(tone(16000, 1.0), 16000)
    path = tmp_path / "cut.wav"
    path.write_bytes(whole[: len(whole) // 2])

    assert 0.4 < read_speech(path).duration < 0.6


def test_a_recording_cut_short_is_read_with_a_warning() -> None:
    whole = encoded(tone(16000, 1.0), 16000)

    assert read_speech(whole).warnings == ()
    told = " ".join(read_speech(whole[: len(whole) // 2]).warnings)
    assert "cut short: 0.50 s of its 1.00 s are there" in told


def test_a_recording_with_a_hole_is_read_with_a_warning() -> None:
    whole = encoded(np.random.default_rng(0).normal(0, 0.1, 32000), 16000, kind="FLAC")
    middle = len(whole) // 2

    torn = whole[:middle] + bytes(3000) + whole[middle + 3000 :]

    assert "damaged" in " ".join(read_speech(torn).warnings)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_that_was_piped_has_no_size_to_miss(size: int) -> None:
    whole = bytearray(encoded(tone(16000, 1.0), 16000))
    whole[4:8] = size.to_bytes(4, "little")

    assert read_speech(bytes(whole)).warnings == ()


@pytest.mark.parametrize("format", ["FLAC", "WAV"])
def test_reading_tells_how_far_it_is_and_can_be_ended(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"long.{format.lower()}"
    soundfile.write(path, np.zeros(25 * 16000, np.float32), 16000, format=format)
    told: list[float] = []

    read_speech(path, progress=told.append)

    np.testing.assert_allclose(told, [0.4, 0.8, 1.0])

    def stop(share: float) -> None:
        raise JobCancelled(f"{share:.1f}")

    with pytest.raises(JobCancelled, match=r"0\.4"):
        read_speech(path, progress=stop)
