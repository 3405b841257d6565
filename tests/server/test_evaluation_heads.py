"""The closed loop of heads: its figures mean what they say, and kept results are not measured again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.likeness.landmarks import OVAL
from server.evaluation.head_sheet import HEIGHT, blank_cell, write_sheet
from server.evaluation.heads import Row, across_outline, corner_height, kept, table


def row(name: str, rms: float, worst: float, smile: float = 0.0) -> Row:
    return Row(name, (rms, worst, 58), (rms, worst, 10), smile, (0.01, 0.09), 4.0, "")


def test_raised_corners_of_a_tilted_mouth_lie_above_its_middle() -> None:
    points = np.zeros((468, 2))
    points[[61, 291, 13, 14]] = [(-2.0, 0.5), (2.0, 0.5), (0.0, 0.1), (0.0, -0.1)]
    tilt = np.array([[0.8, -0.6], [0.6, 0.8]])

    for turned in (points, points @ tilt.T):
        assert corner_height(turned) == pytest.approx(0.125)


def test_the_table_counts_heads_within_both_limits_and_names_what_misses() -> None:
    said = "\n".join(
        table([row("a", 0.015, 0.05), row("b", 0.015, 0.07), row("c", 0.03, 0.05, 0.6)])
    )

    assert "both: 1 of 3" in said
    assert "58 (1)" in said
    assert "1 smiling portraits" in said


def test_the_outline_counts_across_only_and_the_inside_whole() -> None:
    turns = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    circle = np.stack([np.cos(turns), np.sin(turns)], 1)
    wanted = np.zeros((468, 2))
    wanted[list(OVAL)] = 100 * circle
    along = np.stack([-circle[:, 1], circle[:, 0]], 1)
    missed = np.full((468, 2), 1.5)
    missed[list(OVAL)] = 3 * along + 2 * circle

    found = across_outline(missed, wanted)

    np.testing.assert_allclose(found[list(OVAL)], 2 * circle, atol=1e-9)
    inside = np.setdiff1d(np.arange(468), OVAL)
    np.testing.assert_array_equal(found[inside], missed[inside])


def test_the_table_tells_the_outline_across_where_it_was_measured() -> None:
    some = replace(row("a", 0.03, 0.07), outlined=(0.015, 0.05, 10))

    assert "across only: rms mean 1.50%" in "\n".join(table([some, row("b", 0.01, 0.02)]))
    assert "across only" not in "\n".join(table([row("b", 0.01, 0.02)]))


def test_a_kept_result_is_taken_as_it_is(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.png", [blank_cell()])
    (tmp_path / "a.json").write_text(json.dumps(asdict(row("a", 0.01, 0.04))))

    found, cell = kept(tmp_path / "nowhere" / "a.jpg", tmp_path)

    assert found.neutral is not None and found.neutral[0] == 0.01
    assert cell.shape[0] == HEIGHT
