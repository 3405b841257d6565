"""The small pictures of the asset browser: what is in front is seen, without holes, where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.thumbnail import thumbnail

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def square(low: float, high: float, depth: float) -> list[list[list[float]]]:
    a, b, c, d = ([x, y, depth] for x, y in ((low, low), (high, low), (high, high), (low, high)))
    return [[a, b, c], [a, c, d]]


def picture(*squares: tuple[list, tuple], size: int = 32) -> np.ndarray:
    corners = np.concatenate([np.array(corners) for corners, _ in squares])
    colours = np.concatenate([[colour] * 2 for _, colour in squares])
    return thumbnail(corners, colours, (-1, -1), (1, 1), size)


def test_a_surface_has_no_holes_and_ends_where_it_ends() -> None:
    alpha = picture((square(-0.5, 0.5, 0.0), RED))[..., 3]

    assert alpha[9:23, 9:23].min() == 1
    assert alpha[:7].max() == alpha[:, 25:].max() == 0


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_surface_is_seen_whatever_comes_first(order: int) -> None:
    layers = [(square(-0.5, 0.5, 0.1), RED), (square(-0.9, 0.9, -0.1), BLUE)][::order]

    shown = picture(*layers)

    assert shown[16, 16, 0] > 0.5 and shown[16, 16, 2] == 0
    assert shown[3, 3, 2] > 0.5 and shown[3, 3, 0] == 0


def test_the_back_of_a_surface_is_not_drawn() -> None:
    turned = [triangle[::-1] for triangle in square(-0.5, 0.5, 0.0)]

    assert picture((turned, RED)).max() == 0


def test_up_is_up_and_right_is_right() -> None:
    shown = picture((square(0.4, 0.9, 0.0), RED))

    rows, columns = np.nonzero(shown[..., 3])
    # Blender's pictures begin with the bottom row.
    assert rows.min() > 16 and columns.min() > 16


def test_a_surface_outside_the_frame_leaves_an_empty_picture() -> None:
    assert picture((square(5, 6, 0.0), RED)).max() == 0
