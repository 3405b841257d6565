"""Formulas of drivers, and what is more than a formula."""

from __future__ import annotations

import math

import pytest

from dirfa_blender.core.characters.driver_expression import evaluate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("var", 0.25),
        ("var * 10 - 1", 1.5),
        ("-var / 0.5", -0.5),
        ("max(0, min(1, var*8))", 1.0),
        ("clamp(var*8)", 1.0),
        ("clamp(var, 0, .1)", 0.1),
        ("1 if var > .2 else 0", 1.0),
        ("(var > 0.5) * 3", 0.0),
        ("degrees(pi) * var", 45.0),
        ("sin(radians(90)) + other", 1.5),
        ("lerp(0, 2, var)", 0.5),
    ],
)
def test_a_formula_has_its_value(text: str, expected: float) -> None:
    assert math.isclose(evaluate(text, {"var": 0.25, "other": 0.5}), expected)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getpid()", "open('x')", "var.real", "[v for v in (1, 2)]", "unknown * 2",
        "bpy.context.scene.frame_current", "1 / (var - 0.25)", "var +", "lambda: 1", "'text'",
        "9 ** 9 ** 9",
    ],
)  # fmt: skip
def test_more_than_a_formula_is_refused_and_never_run(text: str) -> None:
    with pytest.raises(ValueError):
        evaluate(text, {"var": 0.25})
