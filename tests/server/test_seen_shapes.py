"""The table of how the landmark network sees shapes move, measured on one head by the real network."""

from __future__ import annotations

import cv2
import numpy as np

from dirfa_blender.core.likeness.expression import SEEN_SHAPES_PATH, USUAL_WEIGHTS
from dirfa_blender.core.protocol import PhotoSettings
from server.evaluation import seen_shapes
from server.photo.portrait import head_from_photo

from .astronaut import astronaut

CHIN = 152


def test_a_head_measured_anew_is_seen_about_as_the_table_says() -> None:
    photo = cv2.imencode(".png", astronaut()[..., ::-1])[1].tobytes()
    head = head_from_photo(photo, PhotoSettings(texture_pixels=512))

    found = seen_shapes.seen_beyond([head])

    assert tuple(found) == tuple(USUAL_WEIGHTS)
    assert found["jawOpen"][CHIN, 1] > 1.0, "the chin is followed in part only"
    kept = table()
    alike = {
        name: np.corrcoef(found[name].astype(float).ravel(), kept[name].ravel())[0, 1]
        for name in kept
    }
    assert np.median(list(alike.values())) > 0.8
    assert alike["jawOpen"] > 0.7 and min(alike.values()) > 0.2, alike


def table() -> dict[str, np.ndarray]:
    """(N, 2) millimetres of each shape in the table that is kept."""
    with np.load(SEEN_SHAPES_PATH) as file:
        return dict(zip(file["names"].tolist(), file["mm"].astype(float), strict=True))
