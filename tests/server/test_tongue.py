"""The tongue: where phones put its tip, and that it moves in speech and rests in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import Controls, UnitControl, directed
from dirfa_blender.core.mouth_state import TONGUE_CLEAR, tongue_out_room
from server.audio import SAMPLE_RATE, Speech, read_speech
from server.engine import Engine
from server.phones import PHONE_INDEX, PHONES
from server.tongue import tongue_of

SAMPLE = Path(__file__).parents[2] / "samples" / "speech.flac"
WIDE = 0.3
"""Opening of a jaw that lets the tongue between the teeth."""


def spoken(*phones: str, jaw: float = WIDE) -> dict[str, np.ndarray]:
    """The tongue of phones that are certain, five frames each, in the middle of each."""
    told = np.repeat([PHONE_INDEX[phone] for phone in phones], 5)
    track = tongue_of(_certain(told), np.full(len(told), jaw, np.float32))
    return {name: values[2::5] for name, values in track.items()}


def around(phone: str, frames: int = 5) -> dict[str, np.ndarray]:
    """The tongue of one phone between vowels."""
    told = np.full(20 + frames, PHONE_INDEX["AA"])
    told[10 : 10 + frames] = PHONE_INDEX[phone]
    return tongue_of(_certain(told), np.full(len(told), WIDE, np.float32))


def tongue_take(tongue: dict[str, np.ndarray]) -> Animation:
    """A take of these units alone."""
    count = len(tongue["TTU"])
    return Animation(
        fps=50.0,
        start=0.0,
        au_names=("AU19", "TTU"),
        au=np.stack([tongue["AU19"], tongue["TTU"]], axis=1),
        gaze=np.zeros((count, 2), np.float32),
        rotation=np.zeros((count, 3), np.float32),
        translation=np.zeros((count, 3), np.float32),
    )


def _certain(told: np.ndarray) -> np.ndarray:
    return np.eye(len(PHONES), dtype=np.float32)[told]


def unit(take: Animation, name: str) -> np.ndarray:
    return take.au[:, take.au_names.index(name)]


def test_the_tip_is_up_for_l_and_low_for_open_vowels_and_silence() -> None:
    tip = spoken("L", "N", "S", "AA", "SIL")["TTU"]

    assert tip[0] == 1.0
    assert (np.diff(tip[:4]) < 0).all()
    assert tip[3] == tip[4] == 0.0


def test_only_the_sounds_of_th_show_the_tongue() -> None:
    shown = spoken(*(word for phone in PHONES for word in ("AA", phone)))["AU19"][1::2]

    assert {PHONES[place] for place in np.flatnonzero(shown)} == {"TH", "DH"}


@pytest.mark.parametrize("phone", ["TH", "DH"])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_the_tip_is_over_the_lower_teeth_before_it_comes_out_and_after_it_went_back(
    phone: str, frames: int
) -> None:
    tongue = around(phone, frames)
    shown = np.flatnonzero(tongue["AU19"] > 0.0)

    assert tongue["AU19"].max() >= 0.1
    assert (tongue["TTU"][shown] > TONGUE_CLEAR).all()
    # Half of a picture's time at 25 a second, so that none between two frames goes through them.
    assert tongue["TTU"][[shown[0] - 1, shown[-1] + 1]].min() >= 0.3


def test_no_tongue_comes_out_between_closed_teeth() -> None:
    assert spoken("AA", "TH", "AA", jaw=0.02)["AU19"].max() == 0.0
    assert spoken("AA", "TH", "AA", jaw=0.2)["AU19"].max() > 0.1


def test_a_weaker_mouth_does_not_take_the_tip_through_the_teeth() -> None:
    take = tongue_take(around("TH"))

    for lips in (0.9, 0.5, 0.0):
        weaker = directed(take, Controls(lips=lips))
        shown, tip = unit(weaker, "AU19"), unit(weaker, "TTU")
        assert (shown <= tongue_out_room(tip) + 1e-6).all(), lips


def test_a_tongue_put_out_by_hand_stays_out() -> None:
    take = tongue_take(around("TH"))

    shown = directed(take, Controls(units={"AU19": UnitControl(offset=0.5)}))

    assert unit(shown, "AU19").min() >= 0.5


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
