from __future__ import annotations

import json

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import REGIONS, region_codes
from dirfa_blender.core.errors import FormatError, SettingsError
from dirfa_blender.core.retake import Retake, retake_of, retaken


def take(seed: int, audio: str = "same") -> Animation:
    generator = np.random.default_rng(seed)

    def noise(width: int) -> np.ndarray:
        return generator.uniform(0, 1, (300, width)).astype(np.float32)

    return Animation(
        50.0, 0.0, AU_NAMES, noise(len(AU_NAMES)), noise(2), noise(3), noise(3),
        {"audio": audio, "seed": str(seed)},
    )  # fmt: skip


def test_rolling_a_region_again_is_that_region_alone() -> None:
    kept, new = take(1), take(2)

    found = retaken(kept, new, retake_of(["brows"], []))

    for name in AU_NAMES:
        source = new if name in region_codes("brows") else kept
        assert np.array_equal(found.channel(name), source.channel(name)), name
    assert np.array_equal(found.rotation, kept.rotation)


def test_locking_a_unit_makes_everything_else_anew() -> None:
    kept, new = take(1), take(2)

    found = retaken(kept, new, retake_of([], ["AU12"]))

    for name in AU_NAMES:
        source = kept if name in ("AU12L", "AU12R") else new
        assert np.array_equal(found.channel(name), source.channel(name)), name
    assert np.array_equal(found.gaze, new.gaze)


def test_locking_a_stretch_keeps_it_to_the_bit_and_fades_outside() -> None:
    kept, new = take(1), take(2)

    found = retaken(kept, new, retake_of([], ["1.5-2.5,4-5"]))

    times = kept.times
    locked = ((times >= 1.5) & (times < 2.5)) | ((times >= 4) & (times < 5))
    free = (times < 1.28) | ((times > 2.72) & (times < 3.78)) | (times > 5.22)
    assert np.array_equal(found.au[locked], kept.au[locked])
    assert np.array_equal(found.au[free], new.au[free])


def test_a_lock_on_all_of_what_is_rolled_changes_nothing() -> None:
    kept = take(1)

    found = retaken(kept, take(2), retake_of(["brows", "head"], ["brows,head"]))

    assert np.array_equal(found.au, kept.au)
    assert np.array_equal(found.rotation, kept.rotation)


def test_the_source_tells_both_takes_and_what_was_joined() -> None:
    found = retaken(take(1), take(2), retake_of(["brows"], ["AU1L", "2-"]))

    recipe = json.loads(found.source["retake"])
    assert found.source["seed"] == "2"
    assert recipe["kept"]["seed"] == "1"
    assert recipe["regions"] == ["brows"]
    assert recipe["locked"] == ["AU1L"]
    assert recipe["locked_seconds"] == [[2.0, None]]


def test_parts_of_different_recordings_are_not_joined() -> None:
    with pytest.raises(FormatError, match="another recording"):
        retaken(take(1, "one"), take(2, "two"), retake_of(["brows"], []))


@pytest.mark.parametrize(
    ("reroll", "lock", "expected"),
    [
        (["hair"], [], "A region is one of"),
        ([], ["hair"], "A lock is a unit such as AU12"),
        ([], ["3-2"], "must end after it begins"),
    ],
)
def test_words_that_are_no_part_are_refused(
    reroll: list[str], lock: list[str], expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected):
        retake_of(reroll, lock)


def test_every_region_rolled_is_the_new_take() -> None:
    found = retaken(take(1), take(2), Retake(regions=REGIONS))

    assert np.array_equal(found.au, take(2).au)


def test_many_retakes_in_a_row_remember_all_of_them_in_little_room() -> None:
    found = take(0)

    for seed in range(1, 25):
        found = retaken(found, take(seed), retake_of(["brows"], []))

    recipe, seeds = json.loads(found.source["retake"]), []
    while recipe is not None:
        seeds.append(recipe["kept"]["seed"])
        recipe = recipe["kept"].get("retake")
    assert seeds == [str(seed) for seed in range(23, -1, -1)]
    assert len(found.source["retake"]) < 10_000
