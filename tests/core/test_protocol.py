from __future__ import annotations

import pytest

from dirfa_blender.core.controls import Controls
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.errors import FormatError, SettingsError
from dirfa_blender.core.protocol import (
    AnimateSettings,
    JobStatus,
    PhotoSettings,
    ServerInfo,
    from_json,
    to_json,
)

INFO = ServerInfo(1, "0.1.0", "m", "hash", ("AU26",), 50.0, 16000, "cpu", "GPL-3.0-or-later")


@pytest.mark.parametrize(
    "message",
    [
        AnimateSettings(seed=3, fps=29.97, head=0.5),
        AnimateSettings(controls=Controls(emotions=(("sad", Curve((0, 1), (0, 0.5))),), jaw=0.5)),
        PhotoSettings(texture_pixels=1024),
        JobStatus("a", "failed", 0.5, None, "No.", ("one", "two")),
        INFO,
    ],
)
def test_messages_survive_the_wire(message: AnimateSettings) -> None:
    assert from_json(type(message), to_json(message)) == message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[]", "must be a JSON object"),
        ("{", "must be a JSON object"),
        ('{"sead": 1}', "unknown: sead"),
        ('{"seed": "one"}', r"AnimateSettings\.seed must be int"),
        ('{"seed": true}', r"AnimateSettings\.seed must be int"),
        ('{"head": "strong"}', r"AnimateSettings\.head must be float"),
        ('{"controls": 1}', r"AnimateSettings\.controls must be an object"),
    ],
)
def test_a_wrong_message_is_refused_by_name(text: str, wanted: str) -> None:
    with pytest.raises(FormatError, match=wanted):
        from_json(AnimateSettings, text)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(FormatError, match="missing: id, state"):
        from_json(JobStatus, "{}")


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(FormatError, match=r"JobStatus\.state"):
        from_json(JobStatus, '{"id": "a", "state": "asleep"}')


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": -1},
        {"fps": 0.0},
        {"fps": float("nan")},
        {"head": -0.1},
        {"blinks": float("inf")},
        {"lips": 9.0},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="must be"):
        AnimateSettings(**settings)  # type: ignore[arg-type]


def test_settings_without_controls_read_as_before_there_were_any() -> None:
    assert from_json(AnimateSettings, '{"seed": 4}') == AnimateSettings(seed=4)
    assert "controls" not in to_json(AnimateSettings(seed=4))
