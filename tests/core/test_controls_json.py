from __future__ import annotations

import json

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.controls import REGIONS, Controls, UnitControl
from dirfa_blender.core.controls_json import controls_from_fields, controls_to_fields
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.emotions import EMOTIONS
from dirfa_blender.core.errors import FormatError, SettingsError


def random_controls(generator: np.random.Generator) -> Controls:
    names = generator.permutation(EMOTIONS)[: generator.integers(0, 4)]
    curves = [
        Curve((0.0, float(generator.uniform(0.1, 5))), tuple(generator.uniform(0, 1, 2)))
        for _ in names
    ]
    units = {
        str(code): UnitControl(gain=float(generator.uniform(0, 3)), high=0.9)
        for code in generator.permutation(AU_NAMES)[: generator.integers(0, 4)]
    }
    return Controls(
        emotions=tuple(zip(map(str, names), curves, strict=True)),
        units=units,
        regions={str(name): float(generator.uniform(0, 3)) for name in REGIONS[:2]},
        jaw=float(generator.uniform(0, 3)),
    )


def test_controls_survive_json() -> None:
    generator = np.random.default_rng(3)
    for _ in range(100):
        controls = random_controls(generator)

        assert (
            controls_from_fields(json.loads(json.dumps(controls_to_fields(controls)))) == controls
        )


def test_default_controls_are_an_empty_object() -> None:
    assert controls_to_fields(Controls()) == {}
    assert controls_from_fields({}).is_default


def test_a_number_is_a_constant_curve() -> None:
    found = controls_from_fields(json.loads('{"emotions": {"happy": 1}}'))

    assert found == Controls(emotions=(("happy", Curve.constant(1.0)),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "Controls must be an object"),
        ('{"mood": 1}', "unknown: mood"),
        ('{"jaw": "wide"}', r"Controls\.jaw must be a number"),
        ('{"jaw": true}', r"Controls\.jaw must be a number"),
        ('{"emotions": [1]}', r"Controls\.emotions must be an object"),
        ('{"emotions": {"happy": "much"}}', r"Controls\.emotions\.happy must be a number"),
        ('{"emotions": {"happy": {"times": [0], "value": [1]}}}', "unknown: value"),
        ('{"emotions": {"happy": {"times": 0, "values": [1]}}}', "must be a list of numbers"),
        ('{"units": {"AU12": 0.2}}', r"Controls\.units\.AU12 must be an object"),
        ('{"units": {"AU12": {"gian": 2}}}', "unknown: gian"),
        ('{"regions": {"brows": null}}', r"Controls\.regions\.brows must be a number"),
    ],
)
def test_malformed_controls_are_refused_by_name(text: str, expected: str) -> None:
    with pytest.raises(FormatError, match=expected):
        controls_from_fields(json.loads(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"emotions": {"smug": 1}}', "An emotion is one of neutral, happy.*got 'smug'"),
        ('{"emotions": {"sad": 1.5}}', r"intensity of sad must be 0\.\.1, got 1\.5"),
        ('{"units": {"AU99": {}}}', "Expected an action unit such as AU12 or AU12L, got 'AU99'"),
        ('{"units": {"AU12": {"gain": -1}}}', r"gain must be 0\.\.3"),
        ('{"units": {"AU12": {"offset": 2}}}', r"offset must be -1\.\.1"),
        ('{"units": {"AU12": {"low": 0.5, "high": 0.4}}}', "must not be above"),
        ('{"regions": {"hair": 1}}', "A region is one of jaw, lips.*got 'hair'"),
        ('{"regions": {"jaw": 4}}', r"strength of jaw must be 0\.\.3, got 4"),
        ('{"lips": 1e999}', r"strength of lips must be 0\.\.3, got inf"),
    ],
)
def test_values_outside_their_range_are_refused_by_name(text: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        controls_from_fields(json.loads(text))


def test_an_emotion_named_twice_is_refused() -> None:
    once = ("sad", Curve.constant(0.5))
    with pytest.raises(SettingsError, match="sad is given more than once"):
        Controls(emotions=(once, once))
