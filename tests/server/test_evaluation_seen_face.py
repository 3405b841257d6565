"""The table of what the network sees tells habits apart from the expressions that were drawn."""

from __future__ import annotations

import numpy as np

from dirfa_blender.core.head_fit import EXPRESSIONS
from dirfa_blender.core.head_surface import mean_face
from server.evaluation.seen_face import Drawing, seen_table

NAMES = list(EXPRESSIONS)


def as_even(field: np.ndarray) -> np.ndarray:
    flipped = np.array([-1.0, 1.0, 1.0])
    return (field + field[mean_face()[1]] * flipped) / 2


def test_habits_of_a_network_are_found_from_what_it_sees_of_many_heads() -> None:
    random = np.random.default_rng(3)
    mirror, flipped = mean_face()[1], np.array([-1.0, 1.0, 1.0])
    rest, jaw = (as_even(random.normal(0.0, 0.002, (468, 3))) for _ in range(2))
    left = random.normal(0.0, 0.002, (468, 3))
    habits = {"jawOpen": jaw, "mouthSmileLeft": left, "mouthSmileRight": left[mirror] * flipped}
    found: list[Drawing] = []
    for _ in range(300):
        weights = random.random(len(NAMES))
        beside = rest + random.normal(0.0, 0.0002, (468, 3))
        more = sum(weights[NAMES.index(name)] * habit for name, habit in habits.items())
        found.append(Drawing(beside, beside + more, weights))

    lines = seen_table(found)

    assert lines[0] == "landmark,x,y,z,mouthSmileLeft_x,mouthSmileLeft_z,jawOpen_x,jawOpen_z"
    columns = np.array([line.split(",") for line in lines[1:]], float)
    np.testing.assert_array_equal(columns[:, 0], np.arange(468))
    np.testing.assert_allclose(columns[:, 1:4], 1000 * rest, atol=0.06)
    np.testing.assert_allclose(columns[:, 4:6], 1000 * left[:, [0, 2]], atol=0.1)
    np.testing.assert_allclose(columns[:, 6:8], 1000 * jaw[:, [0, 2]], atol=0.1)
