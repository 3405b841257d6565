from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.commands.convert import main
from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.profile import ShapeTrack
from dirfa_blender.core.errors import FormatError, SettingsError
from dirfa_blender.core.formats.a2f_json import a2f_json, read_a2f_json
from dirfa_blender.core.formats.cues import (
    Cue,
    cue_json,
    cue_tsv,
    cue_xml,
    cues_of_take,
    read_cues,
    take_of_cues,
)
from dirfa_blender.core.formats.exchange import (
    Reading,
    encoded_for,
    encoded_take,
    kind_of,
    take_from_bytes,
)
from dirfa_blender.core.formats.interchange import read_live_link_csv
from dirfa_blender.core.formats.recovery import recovered
from dirfa_blender.core.formats.take_formats import FORMATS, TITLES, Kind, format_for
from dirfa_blender.core.formats.viseme_track import META_VISEMES, read_viseme_csv, viseme_csv
from dirfa_blender.core.mapping import load_profile

RECORDINGS = Path(__file__).parents[4] / "shared" / "data" / "livelink_rom"
PROFILE = load_profile("arkit")
SEEN = [place for place, name in enumerate(PROFILE.shapes) if name != "tongueUp"]
"""What Live Link has a column for."""


def speaking(seconds: float = 2.0, fps: float = 50.0) -> Animation:
    """A face in plausible motion: every unit within what its neighbours allow."""
    count = round(seconds * fps)
    time = np.arange(count)[:, None] / fps
    phase = np.arange(len(AU_NAMES))[None] * 0.7
    au = 0.25 + 0.2 * np.sin(5 * time + phase)
    au[:, AU_NAMES.index("AU8")] *= 0.2
    au[:, AU_NAMES.index("AU27")] = 0.0
    return Animation(
        fps, 0.0, AU_NAMES, au, 0.2 * np.sin([[0.0, 1.0]] + 2 * time),
        0.3 * np.sin(3 * time + [[0.0, 1.0, 2.0]]), 0.005 * np.sin(1 * time + [[0.0, 1.0, 2.0]]),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["live_link", "arkit", "a2f"])
def test_weights_survive_the_way_out_and_in_and_out_again(kind: Kind) -> None:
    suffix = ".csv" if kind == "live_link" else ".json"
    take = speaking()

    back = take_from_bytes(encoded_take(take, kind, suffix), "x", Reading())

    first, second = PROFILE.apply(take), PROFILE.apply(back)
    if kind == "live_link":
        # Its 52 columns have no place for a raised tongue.
        first.weights[:, PROFILE.shapes.index("tongueUp")] = 0.0
    # Upper and lower shrug hang on one unit, and lips that press hide how far they were drawn apart.
    np.testing.assert_allclose(second.weights, first.weights, atol=1e-4)
    if kind != "a2f":
        np.testing.assert_allclose(second.rotation, first.rotation, atol=1e-4)
        np.testing.assert_allclose(back.gaze, take.gaze, atol=1e-4)
    assert back.fps == pytest.approx(take.fps)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not on this machine")
def test_a_real_recording_as_units_looks_as_it_was_recorded() -> None:
    for path in sorted(RECORDINGS.glob("*.csv")):
        found = read_live_link_csv(path.read_text(encoding="utf-8-sig"))

        again = PROFILE.apply(recovered(found.track, PROFILE))

        error = np.abs(again.weights[:, SEEN] - _ordered(found.track))
        assert np.sqrt((error**2).mean()) < 0.04, path.name
        assert np.median(error.max(axis=0)) < 0.02, path.name


def _ordered(track: ShapeTrack) -> np.ndarray:
    lower = [name.lower() for name in track.names]
    order = [lower.index(PROFILE.shapes[place].lower()) for place in SEEN]
    return np.clip(track.weights[:, order], 0, 1)


def test_units_that_act_together_are_shared_alike() -> None:
    track = ShapeTrack(
        30.0,
        0.0,
        ("browInnerUp",),
        np.full((5, 1), 0.4, np.float32),
        *np.zeros((2, 5, 3), np.float32),
    )

    take = recovered(track, PROFILE)

    np.testing.assert_allclose(take.channel("AU1L"), 0.4, atol=1e-5)
    np.testing.assert_allclose(take.channel("AU1R"), 0.4, atol=1e-5)


def test_a_track_without_a_known_shape_is_refused() -> None:
    track = ShapeTrack(30.0, 0.0, ("wing",), *np.zeros((3, 5, 3), np.float32))

    with pytest.raises(FormatError, match="must have shapes of"):
        recovered(track, PROFILE)


CUES = [
    Cue(0.0, 0.3, "X"), Cue(0.3, 0.42, "A"), Cue(0.42, 0.6, "D"), Cue(0.6, 0.76, "F"),
    Cue(0.76, 0.9, "B"), Cue(0.9, 1.06, "G"), Cue(1.06, 1.3, "E"), Cue(1.3, 1.5, "C"),
    Cue(1.5, 2.0, "X"),
]  # fmt: skip


def test_cues_as_a_take_and_back_are_the_same_within_a_sample() -> None:
    found = cues_of_take(take_of_cues(CUES))

    assert [cue.value for cue in found] == [cue.value for cue in CUES]
    for cue, was in zip(found, CUES, strict=True):
        assert abs(cue.start - was.start) <= 0.021
        assert abs(cue.end - was.end) <= 0.021


@pytest.mark.parametrize("write", [cue_json, cue_tsv, cue_xml])
def test_cue_files_round_trip(write) -> None:
    assert read_cues(write(CUES)) == CUES


def test_cues_are_read_from_xml() -> None:
    rows = "".join(f'<mouthCue start="{c.start}" end="{c.end}">{c.value}</mouthCue>' for c in CUES)
    text = f'<?xml version="1.0"?><rhubarbResult><mouthCues>{rows}</mouthCues></rhubarbResult>'

    assert read_cues(text) == CUES


def test_no_cue_of_a_take_is_shorter_than_it_may_be() -> None:
    cues = cues_of_take(speaking(8.0))

    assert min(c.end - c.start for c in cues if c.value != "A") >= 0.06 - 1e-9
    assert cues[0].start == 0.0
    assert all(a.end == b.start for a, b in itertools.pairwise(cues))
    assert cues[-1].end == pytest.approx(8.0)


def test_lips_that_close_over_an_open_jaw_are_closed() -> None:
    au = np.zeros((40, len(AU_NAMES)), np.float32)
    au[:, AU_NAMES.index("AU26")] = 0.5
    au[:, AU_NAMES.index("AU25")] = 0.5
    au[15:25, AU_NAMES.index("AU25")] = 0.0
    au[15:25, AU_NAMES.index("AU24L")] = au[15:25, AU_NAMES.index("AU24R")] = 0.35
    au[15:25, AU_NAMES.index("AU8")] = 0.3
    take = Animation(50.0, 0.0, AU_NAMES, au, *np.zeros((1, 40, 2)), *np.zeros((2, 40, 3)))

    assert [cue.value for cue in cues_of_take(take)] == ["C", "A", "C"]


def pressing(*spans: tuple[int, int], opened: tuple[int, int]) -> Animation:
    """A second of speech: the jaw open over some frames, lips pressed over others."""
    au = np.zeros((50, len(AU_NAMES)), np.float32)
    au[slice(*opened), AU_NAMES.index("AU26")] = au[slice(*opened), AU_NAMES.index("AU25")] = 0.45
    for span in spans:
        au[slice(*span)] = 0.0
        au[slice(*span), AU_NAMES.index("AU24L")] = au[slice(*span), AU_NAMES.index("AU24R")] = 0.35
    return Animation(50.0, 0.0, AU_NAMES, au, *np.zeros((1, 50, 2)), *np.zeros((2, 50, 3)))


def test_lips_that_shut_before_and_after_they_press_are_one_closed_mouth() -> None:
    take = pressing((22, 24), (26, 28), opened=(0, 50))
    au = take.au.copy()
    au[20:22] = au[24:26] = 0.0

    cues = cues_of_take(replace(take, au=au))

    assert cues == [Cue(0.0, 0.4, "C"), Cue(0.4, 0.56, "A"), Cue(0.56, 1.0, "C")]


@pytest.mark.parametrize("seconds", [0.03, 0.05, 0.06])
def test_a_short_closure_is_kept_and_begins_sooner(seconds: float) -> None:
    cues = [Cue(0.0, 0.4, "D"), Cue(0.4, 0.4 + seconds, "A"), Cue(0.4 + seconds, 1.0, "C")]

    found = cues_of_take(take_of_cues(cues))

    assert [cue.value for cue in found] == ["D", "A", "C"]
    assert found[1].end - found[1].start >= 0.06 - 1e-9
    assert found[1].end == pytest.approx(0.4 + seconds, abs=0.021)


@pytest.mark.parametrize("fps", [50.0, 100.0])
@pytest.mark.parametrize("seconds", [0.03, 0.05])
@pytest.mark.parametrize("before", ["C", "D", "F"])
def test_a_short_f_is_held_as_long_as_any(seconds: float, before: str, fps: float) -> None:
    cues = [Cue(0.0, 0.4, before), Cue(0.4, 0.4 + seconds, "G"), Cue(0.4 + seconds, 1.0, "C")]

    found = cues_of_take(take_of_cues(cues).resampled(fps))

    assert [cue.value for cue in found] == [before, "G", "C"]
    assert found[1].end - found[1].start >= 0.07 - 1 / fps - 1e-9
    assert found[1].start <= 0.42 and found[1].end >= 0.4


def test_an_f_between_two_short_mouths_takes_neither_away() -> None:
    cues = [
        Cue(0.0, 0.4, "D"),
        Cue(0.4, 0.47, "B"),
        Cue(0.47, 0.5, "G"),
        Cue(0.5, 0.57, "E"),
        Cue(0.57, 1, "C"),
    ]

    found = cues_of_take(take_of_cues(cues))

    assert [cue.value for cue in found] == ["D", "B", "G", "E", "C"]
    assert min(cue.end - cue.start for cue in found) > 0


def test_mouths_as_short_as_rhubarb_makes_them_come_back() -> None:
    starts = np.arange(14) * 0.07
    cues = [Cue(t, t + 0.07, "DFBCEG"[i % 6]) for i, t in enumerate(starts.round(2).tolist())]

    found = cues_of_take(take_of_cues(cues))

    assert [cue.value for cue in found] == [cue.value for cue in cues]


def test_closed_lips_do_not_take_the_mouth_before_away() -> None:
    found = cues_of_take(pressing((23, 24), opened=(20, 50)))

    assert [cue.value for cue in found] == ["X", "C", "A", "C"]
    assert found[1].end - found[1].start >= 0.06 - 1e-9


def test_the_first_mouth_starts_with_the_take() -> None:
    cues = cues_of_take(pressing(opened=(2, 50)))

    assert cues == [Cue(0.0, 1.0, "C")]


def test_a2f_json_round_trips() -> None:
    track = PROFILE.apply(speaking())

    found = read_a2f_json(a2f_json(track))

    assert (found.names, found.fps) == (track.names, track.fps)
    np.testing.assert_allclose(found.weights, track.weights, atol=1e-6)


def test_a_viseme_table_round_trips_at_an_ntsc_rate() -> None:
    weights = np.random.default_rng(0).uniform(0, 1, (200, 15)).astype(np.float32)
    still = np.zeros((200, 3), np.float32)
    track = ShapeTrack(30000 / 1001, 1.5, META_VISEMES, weights, still, still)

    found = read_viseme_csv(viseme_csv(track))

    assert (found.names, found.start) == (META_VISEMES, 1.5)
    assert found.fps == pytest.approx(track.fps, rel=1e-7)
    np.testing.assert_allclose(found.weights, weights, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "none of the formats"),
        ("{}", "none of the formats"),
        ("{", "must be JSON"),
        ('{"weightMat": [[1, 2]], "facsNames": ["jawOpen"]}', "1 numbers a frame"),
        ('{"mouthCues": [{"start": 0, "end": 1, "value": "Q"}]}', "cue 1: the mouth must be"),
        ('{"mouthCues": [{"start": 1, "end": 0, "value": "A"}]}', "cue 1: times must rise"),
        ('{"mouthCues": []}', "no mouth cues"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "not allowed"),
    ],
)
def test_a_wrong_file_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        take_from_bytes(text.encode(), "x", Reading())


def test_what_a_file_is_says_its_content() -> None:
    take = speaking(0.5)

    for kind in TITLES:
        assert kind_of(encoded_take(take, kind, ".json")) == kind


def test_a_format_that_does_not_fit_the_suffix_is_refused() -> None:
    assert format_for("a.json", "a2f").kind == "a2f"
    with pytest.raises(SettingsError, match="cannot be written as 'a2f'"):
        format_for("a.csv", "a2f")
    with pytest.raises(SettingsError, match=r"cannot be written as '\.doc'"):
        format_for("a.doc")


def test_a_name_says_its_format_and_the_last_suffix_alone_the_usual_one() -> None:
    take = speaking(0.5)
    for form in FORMATS.values():
        assert format_for(f"Line 1.2{form.ending}") == form
        assert format_for(f"LINE{form.ending.upper()}") == form
        assert kind_of(encoded_for(take, f"a{form.ending}")) == form.kind

    usual = {format_for(f"a{form.suffix}").kind for form in FORMATS.values()}
    assert usual == {"take", "live_link", "arkit", "cues", "vmd", "vrma"}


def test_several_files_are_numbered_before_what_says_their_format() -> None:
    assert FORMATS["a2f"].numbered("line.a2f.json", 2) == "line-2.a2f.json"
    assert FORMATS["a2f"].numbered("line.json", 2) == "line-2.json"
    assert FORMATS["npz"].numbered("v1.2.npz", 3) == "v1.2-3.npz"


@pytest.mark.parametrize("kind", list(TITLES))
def test_every_suffix_that_is_offered_can_be_written(kind: Kind) -> None:
    take = speaking(0.5)

    for suffix in re.findall(r"\.\w+", TITLES[kind]):
        assert format_for(f"a{suffix}", kind).kind == kind
        assert kind_of(encoded_take(take, kind, suffix)) == kind


def test_convert_turns_one_into_another(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.tsv").write_text(cue_tsv(CUES))

    code = main(
        [str(tmp_path / "a.tsv"), "-o", str(tmp_path / "b.csv"), "--fps", "29.97", "--json"]
    )

    assert code == 0
    found = read_live_link_csv((tmp_path / "b.csv").read_text(), fps=30000 / 1001)
    assert found.track.weights.max() > 0.4
    assert json.loads(capsys.readouterr().out)["event"] == "done"
