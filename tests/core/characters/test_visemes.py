"""Visemes from action units: few, smooth, faithful, and shut where the lips are."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.characters.visemes import (
    RIDGE,
    mouth_gap,
    non_negative,
    stepped,
    touching,
    viseme_weights,
)
from dirfa_blender.core.mapping import load_profile

META = load_profile("meta_visemes").visemes
ROWS = np.array(list(META.values()))
NAMES = [name.removeprefix("viseme_") for name in META]
VOWELS = np.array(list(load_profile("vrm").visemes.values()))
VISIBLE = [name for name in NAMES if name != "sil"]


@pytest.mark.parametrize("name", VISIBLE)
def test_each_prototype_is_explained_by_itself(name: str) -> None:
    weights = viseme_weights(ROWS[[NAMES.index(name)]], ROWS)[0]

    assert NAMES[int(weights.argmax())] == name
    # DD, nn and kk differ by little more than the eye can see, and lie between others.
    assert weights[NAMES.index(name)] > (0.55 if name in ("DD", "nn", "kk") else 0.9)


def test_a_mouth_halfway_between_two_is_mostly_those_two() -> None:
    middle = (ROWS[NAMES.index("aa")] + ROWS[NAMES.index("PP")]) / 2
    pair = (ROWS[NAMES.index("aa")] + ROWS[NAMES.index("ou")]) / 2

    weights = viseme_weights(np.stack([middle, pair]), ROWS)

    assert (weights > 0.05).sum(1).max() <= 5
    explained = weights @ ROWS
    for found, wanted in zip(explained, (middle, pair), strict=True):
        assert abs(mouth_gap(found) - mouth_gap(wanted)) < 0.06


def test_weights_are_those_of_the_least_squares_problem() -> None:
    random = np.random.default_rng(2)
    seen = random.uniform(0, 1, (9, 20))
    gram, target = seen @ seen.T + RIDGE * np.eye(9), random.normal(0, 2, (40, 9))

    found = non_negative(target, gram)

    # Karush, Kuhn, Tucker: no slope where a weight is free, none downhill where it is zero.
    slope = found @ gram - target
    assert found.min() >= 0
    assert np.abs(slope[found > 1e-4]).max() < 1e-2
    assert slope[found <= 1e-4].min() > -1e-2


@pytest.mark.parametrize("family", ["meta_visemes", "microsoft_visemes"])
def test_the_weights_of_a_mouth_are_exact_and_do_not_depend_on_its_company(family: str) -> None:
    rows = np.array([r for r in load_profile(family).visemes.values() if r.any()])
    gram = rows @ rows.T + RIDGE * np.eye(len(rows))
    mouths = np.random.default_rng(5).uniform(0, 0.6, (200, rows.shape[1]))
    target = mouths @ rows.T

    found = non_negative(target, gram)

    slope = found @ gram - target
    assert found.min() >= 0 and slope.min() > -1e-9
    # Where a weight is not zero nothing is to be gained by changing it.
    assert np.abs(slope * (found > 0)).max() < 1e-9
    np.testing.assert_allclose(non_negative(target[40:41], gram), found[40:41], atol=1e-9)


def test_weights_change_no_faster_than_the_mouth_does() -> None:
    time = np.linspace(0, 1, 400)[:, None]
    order = [NAMES.index(name) for name in ("aa", "PP", "ou", "FF", "ih", "oh")]
    knots = ROWS[order]
    place = time[:, 0] * (len(order) - 1)
    base = np.minimum(place.astype(int), len(order) - 2)
    share = (place - base)[:, None]
    share = share * share * (3 - 2 * share)
    mouth = knots[base] * (1 - share) + knots[base + 1] * share

    weights = viseme_weights(mouth, ROWS)

    step = np.abs(np.diff(weights, axis=0)).max(1)
    moved = np.abs(np.diff(mouth, axis=0)).max(1)
    assert (step <= 12 * moved + 1e-3).all()
    assert step.max() < 0.12


@pytest.mark.parametrize("rows", [ROWS, VOWELS], ids=["meta", "vowels"])
def test_a_closure_between_vowels_stays_shut(rows) -> None:
    sealed = np.zeros((1, len(AU_NAMES)))
    for name, level in {"AU26": 0.5, "AU8": 0.3, "AU24L": 0.5, "AU24R": 0.5, "AU17": 0.1}.items():
        sealed[0, AU_NAMES.index(name)] = level
    assert mouth_gap(sealed)[0] == 0

    weights = viseme_weights(sealed, rows)

    assert (weights @ mouth_gap(rows))[0] < 0.02
    if rows is ROWS:
        assert weights[0, NAMES.index("PP")] > 0.6


def test_rest_gets_what_the_others_leave() -> None:
    weights = viseme_weights(np.zeros((1, len(AU_NAMES))), ROWS)

    assert weights[0, NAMES.index("sil")] == pytest.approx(1.0)


def test_pictures_hold_and_follow_the_strongest() -> None:
    random = np.random.default_rng(5)
    weights = random.uniform(0, 1, (300, 5))

    shown = stepped(weights, 50.0, 0.08)

    changes = np.flatnonzero(np.diff(shown)) + 1
    runs = np.diff([0, *changes, len(shown)])
    assert runs.min() >= 4
    kept = weights[np.arange(300), shown].sum()
    # No constant picture and no single shift of the cuts does better.
    assert kept > weights.sum(0).max()
    for shift in (-1, 1):
        moved = np.roll(shown, shift)
        assert weights[np.arange(300), moved].sum() <= kept


def test_pictures_are_the_strongest_where_no_hold_is_asked() -> None:
    weights = np.random.default_rng(1).uniform(0, 1, (50, 4))

    np.testing.assert_array_equal(stepped(weights, 50.0, 0.0), weights.argmax(1))


def test_lips_that_touch_are_drawn_however_shortly() -> None:
    profile = load_profile("mouth_sprites")
    names = list(profile.visemes)
    for short in ("mouthA", "mouthG"):
        weights = np.zeros((60, len(names)))
        weights[:, names.index("mouthD")] = 1.0
        weights[30] = 0.0
        weights[30, names.index(short)] = 0.9
        must = touching(np.array(list(profile.visemes.values())))

        shown = [names[index] for index in stepped(weights, 50.0, 0.08, must)]

        assert set(shown) == {"mouthD", short}
        assert shown[30] == short
        assert shown.count(short) == 4, "held as long as any mouth, and no longer"


def test_only_lips_that_touch_have_to_be_drawn() -> None:
    names = np.array(NAMES)

    assert set(names[touching(ROWS)]) == {"PP", "FF"}
