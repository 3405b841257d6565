"""Contact sheet of fitted heads: the photo, then the head drawn plainly from five sides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.errors import OutputError
from dirfa_blender.core.hair.curtain import carried_hair
from dirfa_blender.core.hair.groom import Strands
from dirfa_blender.core.hair.locks import locks
from dirfa_blender.core.head import Head
from dirfa_blender.core.likeness.view import View
from server.photo.picture import picture
from server.photo.portrait import PhotoResult

Pixels = npt.NDArray[np.uint8]

YAWS = (-60, -30, 0, 30, 60)
WIDTH, HEIGHT = 92, 124  # pixels of one picture
ACROSS_METRES = 0.30  # that a picture shows
COLUMNS = 3  # heads side by side
OVERSAMPLED = 2  # pictures are drawn so much larger and reduced


def head_cell(path: Path, pixels: Pixels, result: PhotoResult) -> Pixels:
    """(HEIGHT, 6 WIDTH, 3) the photo and the head from five sides, with the portrait's name."""
    hair = [grown for grown in (carried_hair(result.head), locks(result.head)) if grown is not None]
    views = [_drawn(result.head, hair, yaw) for yaw in YAWS]
    cell = np.concatenate([_photo(pixels, result), *views], axis=1)
    cv2.putText(cell, path.stem, (3, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.32, (255, 255, 255), 1)
    return cell


def blank_cell() -> Pixels:
    """The cell of a portrait that was refused."""
    return np.full((HEIGHT, WIDTH * (1 + len(YAWS)), 3), 40, np.uint8)


def write_sheet(path: Path, cells: list[Pixels]) -> None:
    """Write cells, all of one size, side by side and below one another. Raises OutputError."""
    while len(cells) % COLUMNS and len(cells) > 1:
        cells = [*cells, blank_cell()]
    across = min(COLUMNS, len(cells))
    rows = [np.concatenate(cells[k : k + across], axis=1) for k in range(0, len(cells), across)]
    sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(path), sheet, [cv2.IMWRITE_JPEG_QUALITY, 80]):
        raise OutputError(f"The sheet could not be written to {path}.")


def read_cell(path: Path) -> Pixels:
    """One cell as `write_sheet` wrote it."""
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)


def _drawn(head: Head, hair: Sequence[Strands], yaw_degrees: float) -> Pixels:
    width, height = OVERSAMPLED * WIDTH, OVERSAMPLED * HEIGHT
    yaw = np.radians(yaw_degrees)
    turn = np.array(
        [[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]]
    )
    scale = width / ACROSS_METRES
    middle = head.landmarks().mean(0).astype(np.float64) + np.array([0.0, 0.07, -0.015])
    right, _, up = turn @ middle * scale
    view = View(turn, scale, np.array([width / 2 - right, 0.0, -height / 2 - up]))
    large = picture(head, view, (width, height), hair=hair)
    return np.asarray(cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _photo(pixels: Pixels, result: PhotoResult) -> Pixels:
    """The photo round the face, on one scale with the drawings."""
    points, across = result.landmarks.points_px, result.landmarks.face_width_px
    scale = WIDTH / (2.0 * across)
    x, y = points[:, :2].mean(0)
    matrix = np.array(
        [[scale, 0.0, WIDTH / 2 - scale * x], [0.0, scale, 0.52 * HEIGHT - scale * y]]
    )
    moved = cv2.warpAffine(pixels, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    return np.asarray(moved, np.uint8)
