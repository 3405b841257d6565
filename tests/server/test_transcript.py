"""Transcripts: lips close where the text says so, and only what is said is taken."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.errors import SettingsError
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.protocol import AnimateSettings
from server.__main__ import main
from server.audio import Speech, read_speech
from server.engine import Engine
from server.evaluation.closures import closures
from server.phones import PhoneAligner, numbers_of
from server.tracking.lips import lips_of

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
BILABIALS, VOWELS = numbers_of("B M P"), numbers_of("AA AE AH AO EH EY IY OW")


@lru_cache(maxsize=1)
def engine() -> Engine:
    return Engine("cpu")


@lru_cache(maxsize=1)
def speech() -> Speech:
    return read_speech(SAMPLES / "speech.flac")


def text() -> str:
    return (SAMPLES / "speech.txt").read_text("utf-8")


def test_lips_close_on_every_bilabial_of_the_text() -> None:
    labels = PhoneAligner({}).align(speech().samples, text())
    assert labels is not None

    take = engine().animate(speech(), AnimateSettings(transcript=text()))

    lips = lips_of(take, shaped_template())
    found = closures(lips.opening, lips.fps, labels, BILABIALS, VOWELS)
    assert found.phones >= 3
    assert found.recall == 1.0


def test_a_transcript_leaves_head_and_brows_alone() -> None:
    without = engine().animate(speech(), AnimateSettings(seed=3))
    told = engine().animate(speech(), AnimateSettings(seed=3, transcript=text()))

    assert told.rotation.tobytes() == without.rotation.tobytes()
    assert told.channel("AU1L").tobytes() == without.channel("AU1L").tobytes()
    assert not np.array_equal(told.channel("AU8"), without.channel("AU8"))


@pytest.mark.parametrize(
    "other",
    [
        "Quickly the yellow jackets hurried along the river without a care in the world.",
        "My brother will visit us in the summer.",
    ],
)
def test_another_text_is_refused(other: str) -> None:
    with pytest.raises(SettingsError, match="transcript"):
        engine().animate(speech(), AnimateSettings(transcript=other))


def test_words_that_nobody_knows_are_named() -> None:
    settings = AnimateSettings(transcript="Guten Abend, Schwellenwert 42")

    with pytest.raises(SettingsError, match=r"'Schwellenwert'.*'42'"):
        engine().animate(speech(), settings)


def test_phones_in_braces_speak_a_name() -> None:
    aligner = PhoneAligner({})

    assert aligner.unknown_words("hello {K AE TH L IY N}") == []
    assert aligner.unknown_words("hello {K QQ}") == ["{K QQ}"]


def test_live_speech_has_no_transcript() -> None:
    with pytest.raises(SettingsError, match="Live"):
        engine().live(AnimateSettings(transcript="hello"), 1.0)


def test_the_command_reads_the_text_from_a_file(tmp_path: Path) -> None:
    arguments = ["animate", str(SAMPLES / "speech.flac"), "-o", str(tmp_path / "take.npz")]

    assert main([*arguments, "--transcript", str(SAMPLES / "speech.txt")]) == 0
    assert main([*arguments, "--transcript", str(tmp_path / "none.txt")]) != 0
