from __future__ import annotations

import math

import numpy as np
import pytest

from dirfa_blender.core import control_words
from dirfa_blender.core.controls import Controls, UnitControl
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.errors import SettingsError


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["happy=0.6"], [("happy", Curve.constant(0.6))]),
        (["happy=0.6,sad=.2"], [("happy", Curve.constant(0.6)), ("sad", Curve.constant(0.2))]),
        (["happy=0.6", "sad=1"], [("happy", Curve.constant(0.6)), ("sad", Curve.constant(1))]),
        (["happy=0:0,1.5:0.8"], [("happy", Curve((0, 1.5), (0, 0.8)))]),
        (
            ["happy=0:0, 1.5:0.8, sad=0.2"],
            [("happy", Curve((0, 1.5), (0, 0.8))), ("sad", Curve.constant(0.2))],
        ),
    ],
)
def test_emotions_are_read(texts: list[str], expected: list[tuple[str, Curve]]) -> None:
    assert list(control_words.emotions(texts)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AU12=+0.2", UnitControl(offset=0.2)),
        ("au12=-.2", UnitControl(offset=-0.2)),
        ("AU12=*0", UnitControl(gain=0)),
        ("AU12=*1.5-0.1", UnitControl(gain=1.5, offset=-0.1)),
        ("AU12=0.1..0.8", UnitControl(low=0.1, high=0.8)),
        ("AU12=*0.5+0.1,0..0.8", UnitControl(0.5, 0.1, 0.0, 0.8)),
    ],
)
def test_a_unit_s_change_is_read(text: str, expected: UnitControl) -> None:
    assert control_words.units([text]) == {"AU12": expected}


def test_words_go_over_a_base_and_leave_the_rest_of_it() -> None:
    base = Controls(
        emotions=(("sad", Curve.constant(0.5)),),
        units={"AU4": UnitControl(gain=0.0)},
        regions={"head": 0.5},
        jaw=0.7,
    )

    found = control_words.controls(
        au=["AU12=+0.2"], region=["brows=0.5"], articulate=["lips=1.2"], base=base
    )

    assert found.emotions == base.emotions
    assert set(found.units) == {"AU4", "AU12"}
    assert dict(found.regions) == {"brows": 0.5, "head": 0.5}
    assert (found.jaw, found.lips) == (0.7, 1.2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5-2.5", (1.5, 2.5)),
        ("0-2", (0.0, 2.0)),
        ("2-", (2.0, math.inf)),
        ("-2", (-math.inf, 2.0)),
        ("AU12", None),
        ("-", None),
    ],
)
def test_a_stretch_is_told_from_a_unit(text: str, expected: tuple[float, float] | None) -> None:
    assert control_words.stretch(text) == expected


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("emotion", "happy", "--emotion expects NAME=VALUE, got 'happy'"),
        ("emotion", "0.5,happy=1", "--emotion expects NAME=VALUE"),
        ("emotion", "happy=much", "--emotion happy must be a number, got 'much'"),
        ("emotion", "happy=0:0,1", "expects an intensity or keys"),
        ("emotion", "happy=1:0,0:1", "times must rise"),
        ("emotion", "smug=1", "An emotion is one of"),
        ("au", "AU12=0.2", "--au AU12 expects .* got '0.2'"),
        ("au", "AU12=", "--au AU12 expects"),
        ("au", "AU99=+1", "Expected an action unit"),
        ("au", "AU12=0.8..0.1", "must not be above"),
        ("region", "brows=1,2", "--region expects brows=NUMBER"),
        ("region", "hair=1", "A region is one of"),
        ("articulate", "tongue=1", "--articulation knows jaw and lips, got 'tongue'"),
        ("articulate", "jaw=9", r"strength of jaw must be 0\.\.3"),
    ],
)
def test_words_that_mean_nothing_are_refused(option: str, text: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        control_words.controls(**{option: [text]})  # type: ignore[arg-type]


def test_random_words_are_read_or_refused_and_nothing_else() -> None:
    generator = np.random.default_rng(5)
    letters = list("AU12=*+-.,:05happysad ")
    for _ in range(2000):
        text = "".join(generator.choice(letters, generator.integers(1, 14)))
        for option in ("emotion", "au", "region", "articulate"):
            try:
                control_words.controls(**{option: [text]})  # type: ignore[arg-type]
            except SettingsError as error:
                assert str(error)
