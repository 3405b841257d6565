"""An actor's manner: how far their head and brows move and how often they blink, read off their film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.protocol import AnimateSettings
from server.audio import SAMPLE_RATE, Speech, read_speech
from server.engine import Engine
from server.model.statistics import MotionStatistics
from server.training.manner import RATE, statistics_of_actor

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"


def speech(seconds: float) -> Speech:
    """The sample line, said again and again."""
    samples = np.resize(read_speech(SAMPLE).samples, round(seconds * SAMPLE_RATE))
    return Speech(samples, SAMPLE_RATE, seconds, "hash")


def filmed(seconds: float, head: float = 1.0) -> list[Animation]:
    """Takes as a camera would have seen them: the shipped talker, moving the head more or less."""
    engine = Engine("cpu")
    return [
        engine.animate(speech(seconds / 2), AnimateSettings(seed=seed, head=head)).resampled(RATE)
        for seed in (1, 2)
    ]


def turning(statistics: MotionStatistics) -> float:
    """Degrees of all head rotation."""
    return float(np.sqrt((np.asarray(statistics.head_bands)[:, :3] ** 2).sum()))


def test_film_of_people_in_general_is_people_in_general() -> None:
    people = MotionStatistics()

    found = statistics_of_actor(filmed(60.0), people)

    assert turning(found) == pytest.approx(turning(people), rel=0.35)
    assert found.blink_seconds == pytest.approx(people.blink_seconds, rel=0.35)


def test_who_keeps_the_head_still_is_shown_so_and_nods_less() -> None:
    people = MotionStatistics()

    found = statistics_of_actor(filmed(60.0, head=0.2), people)

    assert turning(found) < 0.65 * turning(people)
    assert found.nod_degrees < 0.65 * people.nod_degrees
    assert found.aversion_seconds == people.aversion_seconds


def test_short_film_says_less_than_long_film() -> None:
    people = MotionStatistics()

    short, long = (statistics_of_actor(filmed(s, head=0.2), people) for s in (8.0, 60.0))

    assert turning(long) < turning(short) < turning(people)
