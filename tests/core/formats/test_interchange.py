from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.characters.inventory import named
from dirfa_blender.core.characters.spelling import plain_spelling
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.formats.interchange import (
    LIVE_LINK_SHAPES,
    arkit_json,
    live_link_csv,
    read_arkit_json,
    read_live_link_csv,
)
from dirfa_blender.core.mapping import load_profile
from tests.core.test_animation import animation

RECORDINGS = Path(__file__).parents[4] / "shared" / "data" / "livelink_rom"
TAKE = animation(90, fps=30.0)
TRACK = load_profile("arkit").apply(TAKE)


@pytest.mark.parametrize("angles", ["radians", "degrees", "unit"])
def test_live_link_csv_round_trips(angles) -> None:
    found = read_live_link_csv(live_link_csv(TAKE, TRACK, angles=angles), angles=angles)

    there = [plain_spelling(name) for name in found.track.names]
    kept = [name for name in TRACK.names if name != "tongueUp"]
    order = [there.index(plain_spelling(name)) for name in kept]
    own = TRACK.weights[:, [TRACK.names.index(name) for name in kept]]
    np.testing.assert_allclose(found.track.weights[:, order], own, atol=1e-6)
    np.testing.assert_allclose(found.track.rotation, TRACK.rotation, atol=1e-6)
    np.testing.assert_allclose(found.gaze, TAKE.gaze, atol=1e-6)
    assert found.track.fps == 30.0


def test_nothing_is_written_as_less_than_nothing() -> None:
    still = animation(3, fps=30.0)
    still = replace(still, gaze=-0.0 * still.gaze)

    written = live_link_csv(still, load_profile("arkit").apply(still))

    assert ",-0," not in written
    assert ",-0\n" not in written


def test_columns_are_read_by_name_not_by_place() -> None:
    rows = list(csv.reader(io.StringIO(live_link_csv(TAKE, TRACK))))
    shuffled = [row[:2] + row[:1:-1] for row in rows]
    text = "\n".join(",".join(row) for row in shuffled)

    found = read_live_link_csv(text)

    jaw = found.track.weights[:, found.track.names.index("JawLeft")]
    np.testing.assert_allclose(jaw, TRACK.weights[:, TRACK.names.index("jawLeft")], atol=1e-6)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings of the app")
def test_the_header_is_the_app_s_own_to_the_letter() -> None:
    recorded = next(iter(sorted(RECORDINGS.glob("*.csv")))).read_text(encoding="utf-8-sig")

    assert live_link_csv(TAKE, TRACK).splitlines()[0] == recorded.splitlines()[0]


def test_the_apps_order_has_right_before_left_for_jaw_and_mouth() -> None:
    assert len(LIVE_LINK_SHAPES) == 52
    assert LIVE_LINK_SHAPES.index("JawRight") < LIVE_LINK_SHAPES.index("JawLeft")
    assert LIVE_LINK_SHAPES.index("MouthRight") < LIVE_LINK_SHAPES.index("MouthLeft")


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0])
def test_the_rate_is_read_from_the_timecodes(fps: float) -> None:
    take = animation(200, fps=fps)

    text = live_link_csv(take, load_profile("arkit").apply(take))

    assert read_live_link_csv(text).track.fps == pytest.approx(fps)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not on this machine")
def test_real_recordings_are_read() -> None:
    for path in sorted(RECORDINGS.glob("*.csv")):
        take = read_live_link_csv(path.read_text(encoding="utf-8-sig"), where=path.name)
        coverage = named(load_profile("arkit"), take.track.names)
        assert coverage.share == 1.0, (path.name, str(coverage))
        assert take.track.fps == pytest.approx(30.0, abs=0.5), path.name
        assert 0.5 < take.track.weights.max() <= 1.5, path.name


def test_arkit_json_round_trips() -> None:
    found = read_arkit_json(arkit_json(TAKE, TRACK))

    assert (found.names, found.fps) == (TRACK.names, TRACK.fps)
    np.testing.assert_allclose(found.weights, TRACK.weights, atol=1e-6)
    np.testing.assert_allclose(found.rotation, TRACK.rotation, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with a Live Link header"),
        ("time,jaw\n1,2\n", "must begin with a Live Link header"),
        ("Timecode,BlendShapeCount,JawOpen\n", "no frame"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1\n", "line 2: expected 3 values, got 2"),
        ("Timecode,BlendShapeCount,JawOpen\n00:00:00:00,1,wide\n", "no number"),
        ("Timecode,BlendShapeCount,JawOpen\nsoon,1,0.5\n", "timecodes must be"),
    ],
)
def test_a_wrong_csv_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_live_link_csv(text)


def test_a_wrong_json_is_refused_in_words() -> None:
    with pytest.raises(FormatError, match="is not"):
        read_arkit_json("{}")
