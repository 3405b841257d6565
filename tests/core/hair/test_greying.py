"""Hair of two colours: the sides' below, the crown's above, and both between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dirfa_blender.core.hair.atlas import SIZE, hair_atlas, in_half
from dirfa_blender.core.hair.cards import cards, under_cards
from dirfa_blender.core.hair.curtain import carried_hair
from dirfa_blender.core.hair.greying import SIDES, mixed_grey, side_share, sides_of
from dirfa_blender.core.hair.groom import cap_grid
from dirfa_blender.core.hair.locks import locks
from dirfa_blender.core.hair.tresses import Fall, with_tresses
from dirfa_blender.core.head_template import template

CROWN, GREY = (0.2, 0.15, 0.1), (0.6, 0.6, 0.6)
PLAIN = replace(template(), colours={"hair": CROWN})
GREYING = replace(template(), colours={"hair": CROWN, SIDES: GREY})


def test_the_share_of_the_sides_falls_from_all_at_the_eyes_to_none_at_the_crown() -> None:
    share = side_share(np.linspace(-0.5, 1.5, 100))

    assert share[0] == 1.0 and share[-1] == 0.0
    assert (np.diff(share) <= 0.0).all()


def test_temples_are_of_the_sides_and_the_line_over_the_forehead_is_of_the_crown() -> None:
    cap = cap_grid(PLAIN)
    assert cap is not None

    temples, forehead = sides_of(PLAIN, cap[0, [28, -28]]), sides_of(PLAIN, cap[0, [0, 8, -8]])

    assert (temples > 0.9).all()
    assert (forehead < 0.1).all()


def test_strands_of_a_head_of_one_colour_stay_as_they_are() -> None:
    plain, greying = carried_hair(PLAIN), carried_hair(GREYING)

    assert plain is not None and greying is not None
    assert plain.sides is None
    assert (plain.points == greying.points).all()


def test_strands_low_at_the_sides_are_grey_high_ones_are_not_and_between_both_grow() -> None:
    grown = carried_hair(GREYING)
    assert grown is not None and grown.sides is not None
    share = sides_of(GREYING, grown.points[:, 0])
    between = (share > 0.4) & (share < 0.6)

    assert (grown.sides[share == 1.0] == 1.0).all()
    assert (grown.sides[share == 0.0] == 0.0).all()
    assert grown.sides[between].std() > 0.15


def test_the_picture_of_two_colours_has_the_crowns_above_the_sides() -> None:
    both, crown, grey = hair_atlas(CROWN, sides=GREY), hair_atlas(CROWN), hair_atlas(GREY)

    assert (both[:SIZE] == crown).all()
    assert (both[SIZE:] == grey).all()


def test_cards_show_the_half_of_the_picture_that_their_roots_belong_to() -> None:
    plain, made = (cards(head, [carried_hair(head)]) for head in (PLAIN, GREYING))
    assert plain is not None and made is not None
    roots = made.points.reshape(-1, 6, 2, 3)[:, 0].mean(1)
    share = sides_of(GREYING, roots)
    is_side = (made.uvs[:, 1] < 0.5).reshape(-1, 12)

    assert (is_side.all(1) | ~is_side.any(1)).all()
    assert is_side[share > 0.95].all() and not is_side[share < 0.05].any()
    assert np.allclose(made.uvs[:, 1], in_half(plain.uvs[:, 1], is_side.ravel()), atol=1e-6)


def test_the_cap_under_cards_is_in_both_halves_and_no_face_spans_them() -> None:
    head = under_cards(GREYING)
    of_hair = head.part("hair")[head.faces[:, 0]]

    low = head.uvs[of_hair][..., 1] < 0.5

    assert (low.all(1) | ~low.any(1)).all()
    assert low.any() and not low.all()


def test_streaks_of_long_hair_are_in_its_fair_strands_and_more_so_toward_their_tips() -> None:
    fall = Fall((0.16, 0.16), (True, True), (0.10, 0.11, 0.11))
    head = replace(with_tresses(template(), fall), colours={"hair": CROWN, SIDES: GREY})

    carried, hanging = carried_hair(head), locks(head)

    assert carried is not None and carried.sides is not None
    assert carried.sides[:, -1].mean() > 1.3 * carried.sides[:, 0].mean()
    for grown in (carried, hanging):
        assert grown is not None and grown.sides is not None
        assert grown.sides.shape == grown.points.shape[:2]
        assert grown.sides[grown.tones > 0.7].mean() > 2.0 * grown.sides[grown.tones < 0.3].mean()


def test_grey_hair_is_dark_and_white_at_once_and_brown_white_and_black_hair_is_not() -> None:
    assert mixed_grey((0.20, 0.19, 0.18)) > 0.9
    for colour in ((0.20, 0.12, 0.06), (0.80, 0.79, 0.77), (0.012, 0.011, 0.010)):
        assert mixed_grey(colour) < 0.1, colour
