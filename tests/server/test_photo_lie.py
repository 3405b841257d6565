"""The lie of hair is read from the lines that its strands draw in a photo."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from dirfa_blender.core.hair.groom import (
    FRINGE_KEY,
    PARTING,
    PARTING_KEY,
    SWEEP,
    SWEEP_KEY,
    strands,
)
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View
from server.photo.lie import Lie, read_lie
from server.photo.mask import FaceMasks
from server.photo.picture import picture

SIZE = (600, 700)
VIEW = View(np.eye(3), 2000.0, np.array([300.0, 0.0, -420.0]))
UNMOVED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def worn(parting: float, sweep: float) -> Head:
    """The template with red hair that lies so."""
    source = {PARTING_KEY: str(parting), SWEEP_KEY: str(sweep)}
    return replace(template(), source=source, colours={"hair": (0.8, 0.1, 0.05)})


def read(head: Head, pixels: np.ndarray, fringe: float = 0.0) -> Lie:
    nothing = np.zeros(pixels.shape[:2], np.float32)
    red = (pixels[..., 0] > 1.6 * pixels[..., 1].astype(float)).astype(np.float32)
    masks = FaceMasks(nothing, nothing, nothing, red, red, nothing, nothing, nothing, nothing,
                      nothing, is_bare=False)  # fmt: skip
    marks = FaceLandmarks(VIEW.to_photo(head.landmarks()), SIZE)
    return read_lie(pixels, marks, masks, head, VIEW, UNMOVED, fringe)


@cache
def drawn(parting: float, sweep: float, fringe: float = 0.0) -> Lie:
    head = worn(parting, sweep)
    head = replace(head, source={**head.source, FRINGE_KEY: str(fringe)})
    grown = strands(head)
    assert grown is not None
    return read(head, picture(head, VIEW, SIZE, hair=[grown]), fringe)


@pytest.mark.parametrize("parting", [-0.5, 0.0, 0.5])
def test_hair_parts_where_its_strands_are_seen_to_part(parting: float) -> None:
    assert drawn(parting, SWEEP).parting == pytest.approx(parting, abs=0.25)


@pytest.mark.parametrize("parting", [-0.5, 0.5])
def test_a_swept_fringe_comes_from_the_side_from_which_it_is_seen_to_fall(parting: float) -> None:
    assert np.sign(drawn(parting, 2.0, 1.0).parting) == np.sign(parting)


def test_hair_swept_over_the_forehead_is_told_from_hair_combed_back() -> None:
    assert drawn(0.5, 2.0).sweep > drawn(0.5, 0.3).sweep


def test_hair_without_lines_lies_as_usual() -> None:
    head = worn(0.0, SWEEP)
    plain = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    plain[:420] = (200, 20, 10)

    assert read(head, plain) == Lie(PARTING, SWEEP, 0.0)


def lined(swing_px: float) -> np.ndarray:
    """A picture of red hair whose lines run aside, up and down by so much every 3 cm."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    place = rows + swing_px * np.sin(2 * np.pi * columns / 60.0)
    light = 0.5 + 0.3 * np.sin(2 * np.pi * place / 9.0)
    return np.where(rows < 420, light, 0.0)[..., None] * np.array([240.0, 40.0, 20.0])


def test_lines_that_turn_to_and_fro_are_waves_and_straight_ones_are_not() -> None:
    head = worn(PARTING, SWEEP)

    assert read(head, lined(0.0).astype(np.uint8)).wave == 0.0
    assert read(head, lined(12.0).astype(np.uint8)).wave > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_run_anyhow_part_hair_as_usual(seed: int) -> None:
    random = np.random.default_rng(seed)
    light = cv2.GaussianBlur(random.normal(0.0, 1.0, (SIZE[1], SIZE[0])), (0, 0), 4.0)
    there = np.arange(SIZE[1])[:, None] < 420
    drawn = np.where(there, 0.5 + 2.0 * light, 0.0)[..., None] * np.array([240.0, 40.0, 20.0])

    found = read(worn(PARTING, SWEEP), np.clip(drawn, 0.0, 255.0).astype(np.uint8))

    assert found.parting == PARTING
