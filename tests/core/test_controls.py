"""Controls on made-up performances: what changes, what must not, and how it mixes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core.action_units import ACTION_UNITS, AU_INDEX, AU_NAMES
from dirfa_blender.core.animation import Animation, concatenate
from dirfa_blender.core.controls import (
    FOLDED,
    REGIONS,
    Controls,
    UnitControl,
    combined,
    directed,
    region_codes,
)
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.emotions import EMOTIONS, TABLE
from dirfa_blender.core.errors import SettingsError
from dirfa_blender.core.mouth_state import lip_opening, mouth_state

FPS = 50.0
COUNT = 400


def performance(seed: int = 0, count: int = COUNT) -> Animation:
    """A mouth that opens three times a second and presses shut in between; noise above it."""
    generator = np.random.default_rng(seed)
    times = np.arange(count) / FPS
    au = np.zeros((count, len(AU_NAMES)), np.float32)
    beat = np.sin(2 * np.pi * 3 * times)
    jaw = np.clip(0.35 + 0.4 * beat, 0, 1)
    closed = np.clip(-8 * beat - 6, 0, 1)
    jaw *= 1 - closed
    au[:, AU_INDEX["AU26"]] = jaw + 0.1 * closed
    au[:, AU_INDEX["AU8"]] = 0.06 * closed
    au[:, [AU_INDEX["AU24L"], AU_INDEX["AU24R"]]] = 0.35 * closed[:, None]
    au[:, [AU_INDEX["AU16L"], AU_INDEX["AU10L"]]] = 0.3 * jaw[:, None]
    for name in (
        "AU1L",
        "AU2R",
        "AU4L",
        "AU4R",
        "AU6L",
        "AU7R",
        "AU12L",
        "AU12R",
        "AU15L",
        "AU15R",
    ):
        au[:, AU_INDEX[name]] = 0.15 + 0.1 * np.sin(times * generator.uniform(1, 4))
    pose = 0.1 * np.sin(times[:, None] * generator.uniform(0.5, 2, 3)).astype(np.float32)
    return Animation(FPS, 0.0, AU_NAMES, au, 0.5 * pose[:, :2], pose, 0.01 * pose)


def emotion(name: str, level: float = 1.0) -> Controls:
    return Controls(emotions=((name, Curve.constant(level)),))


def shut_frames(take: Animation) -> np.ndarray:
    return np.asarray(mouth_state(take.au).closure > 0.95)


def test_default_controls_give_the_very_take() -> None:
    take = performance()

    assert directed(take, Controls()) is take


def test_every_unit_is_in_a_region_that_has_a_strength() -> None:
    codes = [code for region in REGIONS for code in region_codes(region)]

    assert sorted(codes) == sorted(AU_NAMES)
    for unit in ACTION_UNITS:
        assert unit.code in region_codes(FOLDED.get(unit.region, unit.region))


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_s_strength_moves_that_region_only(region: str) -> None:
    take = performance()

    found = directed(take, Controls(regions={region: 0.4}))

    for name in AU_NAMES:
        same = np.array_equal(found.channel(name), take.channel(name))
        # AU8 seals the lips over the jaw, so it goes with it.
        assert same or name in region_codes(region) or (region, name) == ("jaw", "AU8"), name
    assert np.array_equal(found.rotation, take.rotation) == (region != "head")
    assert np.array_equal(found.gaze, take.gaze) == (region not in ("head", "gaze"))


@pytest.mark.parametrize("region", ["brows", "lids", "cheeks"])
def test_a_region_that_is_off_does_not_move_under_any_emotion(region: str) -> None:
    for name in EMOTIONS:
        found = directed(performance(), replace(emotion(name), regions={region: 0.0}))

        for code in region_codes(region):
            assert not found.channel(code).any(), (name, code)


@pytest.mark.parametrize("name", [name for name in EMOTIONS if name != "neutral"])
def test_more_of_an_emotion_is_more_of_its_units(name: str) -> None:
    takes = [directed(performance(), emotion(name, level)) for level in (0.0, 0.25, 0.5, 0.75, 1.0)]

    for code in TABLE[name].adds:
        sides = [code] if code in AU_INDEX else [code + "L", code + "R"]
        for side in sides:
            means = [float(take.channel(side).mean()) for take in takes]
            assert means == sorted(means), (side, means)
            assert means[-1] > means[0], (side, means)


def test_the_order_in_which_emotions_are_named_does_not_matter() -> None:
    pairs = (
        ("happy", Curve.constant(0.6)),
        ("sad", Curve((0, 3), (0, 1))),
        ("angry", Curve.constant(0.2)),
    )
    first = directed(performance(), Controls(emotions=pairs))
    second = directed(performance(), Controls(emotions=pairs[::-1]))

    assert np.array_equal(first.au, second.au)
    assert np.array_equal(first.rotation, second.rotation)


def test_an_emotion_follows_its_curve() -> None:
    take = performance()
    late = directed(take, Controls(emotions=(("surprised", Curve((3, 5), (0, 1))),)))
    full = directed(take, emotion("surprised"))

    early, end = late.times < 3.0, late.times > 5.2
    assert np.array_equal(late.au[early], take.au[early])
    assert np.array_equal(late.au[end], full.au[end])


def test_brows_and_lids_lead_and_the_mouth_follows() -> None:
    sudden = Controls(emotions=(("happy", Curve((2.0, 2.2), (0, 1))),))
    take = performance()
    found = directed(take, sudden)

    def half(code: str) -> int:
        change = found.channel(code) - take.channel(code)
        return int(np.argmax(change > 0.5 * change[120:160].max()))

    assert half("AU7L") < half("AU6L") < half("AU12L")


def test_happy_over_a_frown_is_a_smile() -> None:
    take = performance()
    frown = directed(
        take, Controls(units={"AU15": UnitControl(offset=0.5), "AU4": UnitControl(offset=0.4)})
    )
    found = directed(frown, emotion("happy", 0.8))

    for side in "LR":
        smile, corner = found.channel("AU12" + side), found.channel("AU15" + side)
        assert (smile - corner).min() > 0.2
        assert found.channel("AU4" + side).max() < 0.5 * frown.channel("AU4" + side).max()


def test_corner_sliders_alone_turn_a_frown_into_a_smile() -> None:
    frown = directed(performance(), Controls(units={"AU15": UnitControl(offset=0.5)}))

    found = directed(
        frown, Controls(units={"AU15": UnitControl(gain=0), "AU12": UnitControl(offset=0.4)})
    )

    assert not found.channel("AU15L").any()
    assert found.channel("AU12L").min() > 0.4


def test_contempt_is_one_sided() -> None:
    found = directed(performance(), emotion("contemptuous"))

    assert found.channel("AU14L").mean() > 4 * found.channel("AU14R").mean()


def test_neutral_takes_expression_away_and_adds_none() -> None:
    take = performance()
    found = directed(take, emotion("neutral"))

    assert (found.au <= take.au + 1e-6).all()
    assert found.channel("AU4L").mean() < 0.2 * take.channel("AU4L").mean()


@pytest.mark.parametrize("name", EMOTIONS)
def test_lips_that_were_closed_stay_closed_under_full_emotion(name: str) -> None:
    take = performance()
    found = directed(take, emotion(name))

    shut = shut_frames(take)
    assert shut.sum() > 50
    assert lip_opening(found.au)[shut].max() < lip_opening(take.au)[shut].max() + 0.001


@pytest.mark.parametrize("name", EMOTIONS)
def test_full_emotion_changes_the_opening_of_the_lips_by_less_than_five_percent(name: str) -> None:
    take = performance()
    before, after = lip_opening(take.au), lip_opening(directed(take, emotion(name)).au)

    assert np.abs(after - before).mean() < 0.05 * before.mean()


@pytest.mark.parametrize("controls", [Controls(jaw=0.0), Controls(jaw=2.5), Controls(lips=3.0)])
def test_closures_survive_any_articulation(controls: Controls) -> None:
    take = performance()

    found = directed(take, controls)

    shut = shut_frames(take)
    assert lip_opening(found.au)[shut].max() <= lip_opening(take.au)[shut].max() + 1e-4
    assert np.array_equal(found.channel("AU24L"), take.channel("AU24L"))


def test_a_jaw_at_zero_does_not_open_and_half_opens_half() -> None:
    take = performance()

    assert not directed(take, Controls(jaw=0.0)).channel("AU26").any()
    assert directed(take, Controls(jaw=0.5)).channel("AU26") == pytest.approx(
        take.channel("AU26") / 2
    )


def test_an_opened_jaw_does_not_open_a_closure() -> None:
    take = performance()
    found = directed(take, Controls(units={"AU26": UnitControl(offset=0.4)}))

    shut = shut_frames(take)
    assert found.channel("AU26")[shut].min() > 0.4
    assert lip_opening(found.au)[shut].max() < 0.001


@pytest.mark.parametrize("code", ["AU4", "AU12L", "AU26", "AU45", "AU17", "AU18"])
def test_a_slider_is_monotone_in_its_unit(code: str) -> None:
    names = [code] if code in AU_INDEX else [code + "L", code + "R"]
    means = [
        directed(performance(), Controls(units={code: UnitControl(offset=o)}))
        .channel(names[0])
        .mean()
        for o in (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6)
    ]

    assert means == sorted(means)


def test_a_unit_is_gained_offset_and_clamped_to_the_bit() -> None:
    take = performance()
    control = UnitControl(gain=2.0, offset=-0.1, low=0.05, high=0.3)

    found = directed(take, Controls(units={"AU1L": control}))

    expected = np.clip(take.channel("AU1L") * 2.0 - 0.1, 0.05, 0.3)
    assert np.array_equal(found.channel("AU1L"), expected.astype(np.float32))
    assert np.array_equal(found.channel("AU1R"), take.channel("AU1R"))


def test_a_side_s_own_control_goes_before_that_of_both() -> None:
    controls = Controls(units={"AU12": UnitControl(gain=0.0), "AU12L": UnitControl(offset=0.2)})

    found = directed(performance(), controls)

    assert found.channel("AU12L").min() > 0.2
    assert not found.channel("AU12R").any()


def test_the_eyes_keep_their_aim_when_the_head_moves_less() -> None:
    take = performance()
    found = directed(take, Controls(head=0.0))

    assert not found.rotation.any()
    assert found.gaze == pytest.approx(take.gaze + 0.9 * take.rotation[:, :2], abs=1e-6)


def test_a_directed_chunk_is_a_chunk_of_the_directed_take() -> None:
    take = performance()
    controls = Controls(
        emotions=(("angry", Curve((0, 4, 6), (0, 1, 0.3))), ("sad", Curve.constant(0.3))),
        units={"AU26": UnitControl(offset=0.1)},
        jaw=0.8,
        head=1.3,
    )

    parts = [directed(take.sliced(a, b), controls) for a, b in ((0, 1.3), (1.3, 3.34), (3.34, 9))]

    whole, joined = directed(take, controls), concatenate(parts)
    for name in ("au", "gaze", "rotation", "translation"):
        assert np.array_equal(getattr(joined, name), getattr(whole, name)), name


def test_everything_stays_within_its_range_under_every_extreme() -> None:
    controls = Controls(
        emotions=tuple((name, Curve.constant(1.0)) for name in EMOTIONS),
        units={code: UnitControl(gain=3, offset=1) for code in ("AU26", "AU12", "AU45")},
        regions=dict.fromkeys(REGIONS, 3.0),
        jaw=3, lips=3, head=3, gaze=3,
    )  # fmt: skip

    found = directed(performance(), controls)

    assert found.au.min() >= 0.0
    assert found.au.max() <= 1.0
    assert np.abs(found.gaze).max() <= 0.5


@pytest.mark.parametrize("region", REGIONS)
def test_one_region_of_another_take_leaves_the_others_bit_for_bit(region: str) -> None:
    kept, new = performance(1), performance(2)

    found = combined(kept, new, regions=[region])

    for name in AU_NAMES:
        source = new if name in region_codes(region) else kept
        assert found.channel(name).tobytes() == source.channel(name).tobytes(), name
    for name, owner in (("gaze", "gaze"), ("rotation", "head"), ("translation", "head")):
        source = new if region == owner else kept
        assert getattr(found, name).tobytes() == getattr(source, name).tobytes(), name


def test_one_stretch_of_another_take_leaves_the_rest_bit_for_bit_and_fades_inside() -> None:
    kept, new = performance(1), performance(2)

    found = combined(kept, new, seconds=(2.0, 4.0), fade_seconds=0.3)

    outside = (kept.times < 2.0) | (kept.times >= 4.0)
    middle = (kept.times >= 2.3) & (kept.times <= 3.7)
    for name in ("au", "gaze", "rotation", "translation"):
        assert np.array_equal(getattr(found, name)[outside], getattr(kept, name)[outside]), name
        assert np.array_equal(getattr(found, name)[middle], getattr(new, name)[middle]), name
    steps = np.abs(np.diff(found.rotation, axis=0)).max()
    assert steps < 0.02


def test_a_stretch_may_be_open_at_one_end() -> None:
    kept, new = performance(1), performance(2)

    found = combined(kept, new, seconds=(-np.inf, 3.0))

    assert np.array_equal(found.au[:100], new.au[:100])
    assert np.array_equal(found.au[150:], kept.au[150:])


def test_a_take_at_another_rate_is_brought_to_the_kept_one_s() -> None:
    kept, new = performance(1), performance(2).resampled(30.0)

    found = combined(kept, new, regions=["brows"])

    assert (found.fps, len(found)) == (kept.fps, len(kept))
    assert found.channel("AU1L") == pytest.approx(performance(2).channel("AU1L"), abs=0.02)
    assert np.array_equal(found.channel("AU12L"), kept.channel("AU12L"))


def test_units_a_kept_take_does_not_carry_are_added() -> None:
    kept = performance(1)
    bare = replace(kept, au_names=("AU26",), au=kept.au[:, [AU_INDEX["AU26"]]])

    found = combined(bare, performance(2), units=["AU12"])

    assert np.array_equal(found.channel("AU12L"), performance(2).channel("AU12L"))
    assert np.array_equal(found.channel("AU26"), bare.channel("AU26"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"regions": ["hair"]}, "A region is one of"),
        ({"units": ["AU99"]}, "Expected an action unit"),
        ({"seconds": (3.0, 2.0)}, "must end after it begins, got 3 to 2 s"),
    ],
)
def test_what_cannot_be_combined_is_refused(arguments: dict[str, object], expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        combined(performance(1), performance(2), **arguments)  # type: ignore[arg-type]
