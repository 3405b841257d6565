"""Text in panels of any width."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dirfa_blender.blender import labels


def context(width: int, scale: float = 1.0) -> SimpleNamespace:
    system = SimpleNamespace(ui_scale=scale)
    return SimpleNamespace(
        region=SimpleNamespace(width=width), preferences=SimpleNamespace(system=system)
    )


@pytest.mark.parametrize(("narrow", "wide"), [(160, 280), (280, 420), (420, 600)])
def test_a_wider_panel_has_longer_lines(narrow: int, wide: int) -> None:
    assert labels.room(context(narrow)) < labels.room(context(wide))


def test_a_screen_of_twice_the_resolution_breaks_lines_at_the_same_words() -> None:
    assert labels.room(context(560, 2.0)) == labels.room(context(280, 1.0))


def test_no_width_is_too_small_for_a_word_and_none_too_wide_to_read() -> None:
    assert labels.room(context(40)) == labels.LEAST_CHARACTERS
    assert labels.room(context(4000)) == labels.MOST_CHARACTERS
    assert labels.room(SimpleNamespace(region=None)) == labels.UNSEEN_CHARACTERS
