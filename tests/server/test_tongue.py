"""The tongue: where phones put its tip, and that it moves in speech and rests in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dirfa_blender.core.animation import Animation
from server.alignment import PHONE_INDEX, PHONES
from server.audio import SAMPLE_RATE, Speech, read_speech
from server.engine import Engine
from server.tongue import tongue_of

SAMPLE = Path(__file__).parents[2] / "samples" / "speech.flac"


def spoken(*phones: str) -> dict[str, np.ndarray]:
    """The tongue of phones that are certain, a frame each."""
    return tongue_of(np.eye(len(PHONES), dtype=np.float32)[[PHONE_INDEX[p] for p in phones]])


def unit(take: Animation, name: str) -> np.ndarray:
    return take.au[:, take.au_names.index(name)]


def test_the_tip_is_up_for_l_and_low_for_open_vowels_and_silence() -> None:
    tip = spoken("L", "N", "S", "AA", "SIL")["TTU"]

    assert tip[0] == 1.0
    assert (np.diff(tip[:4]) < 0).all()
    assert tip[3] == tip[4] == 0.0


def test_only_the_sounds_of_th_show_the_tongue() -> None:
    shown = spoken(*PHONES)["AU19"]

    assert {PHONES[place] for place in np.flatnonzero(shown)} == {"TH", "DH"}


def test_the_tongue_moves_while_somebody_speaks() -> None:
    take = Engine(device="cpu").animate(read_speech(SAMPLE))

    tip = unit(take, "TTU")
    assert tip.max() > 0.7
    assert np.mean(tip < 0.2) > 0.3
    assert unit(take, "AU19").max() < 0.3


def test_the_tongue_rests_in_silence() -> None:
    quiet = np.zeros(2 * SAMPLE_RATE, np.float32)

    take = Engine(device="cpu").animate(Speech(quiet, SAMPLE_RATE, 2.0, ""))

    assert unit(take, "TTU").max() < 0.05
