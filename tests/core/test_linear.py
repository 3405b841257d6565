"""Many small systems at once: the library's solution, whatever is free, and no row by another."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.linear import solved


def systems(count: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(count + size)
    roots = random.normal(size=(count, size, size))
    matrices = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(size)
    return matrices, random.normal(size=(count, size)), random.random((count, size)) < 0.6


@pytest.mark.parametrize(("count", "size"), [(1, 1), (40, 8), (900, 15), (130, 44)])
def test_free_unknowns_solve_their_part_of_the_system(count: int, size: int) -> None:
    matrices, right, free = systems(count, size)

    found = solved(matrices, right, free)

    for row, kept in enumerate(free):
        own = np.linalg.solve(matrices[row][np.ix_(kept, kept)], right[row, kept])
        np.testing.assert_allclose(found[row, kept], own, atol=1e-9, err_msg=f"row {row}")
    assert not found[~free].any()


def test_no_row_depends_on_the_others() -> None:
    matrices, right, free = systems(700, 20)

    whole = solved(matrices, right, free)

    for part in (slice(0, 1), slice(13, 200), slice(650, 700)):
        found = solved(matrices[part], right[part], free[part])
        np.testing.assert_array_equal(found, whole[part])


def test_where_nothing_is_free_or_nothing_asked_nothing_is_found() -> None:
    matrices, right, free = systems(3, 5)

    assert not solved(matrices, right, np.zeros_like(free)).any()
    assert solved(matrices[:0], right[:0], free[:0]).shape == (0, 5)
