"""How deep heads come out, from one photo and from three: known heads, drawn and fitted from the drawings.

Portraits give heads that look like people; their depth, which a portrait hardly shows, is then changed at
random, as widely as the fit takes people to differ. So the depth to be found is in the drawings alone: it
is neither the template's nor what the landmark network takes for granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.errors import PhotoError
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import MESH_POINTS, OVAL
from dirfa_blender.core.likeness.morph import Field, kernel
from dirfa_blender.core.likeness.view import View
from dirfa_blender.core.protocol import PhotoSettings
from server.photo.picture import picture
from server.photo.portrait import head_from_photo, head_from_photos

Floats = npt.NDArray[np.float64]

YAWS = (
    0.0,
    35.0,
    -35.0,
)  # degrees, of the photos of a known head; the first is the one from the front
WIDTH, HEIGHT = 640, 760  # pixels of a drawing
ACROSS_METRES = 0.30  # that a drawing shows
DIFFERENCE = 0.003  # metres, standard deviation of what is added to the depth
TEXTURE = 512  # texels
INSIDE = np.setdiff1d(np.arange(MESH_POINTS), OVAL)


@dataclass(frozen=True)
class DepthRow:
    """Errors of one head, millimetres rms over the landmarks inside the face: across, in depth.

    Attributes
    ----------
    mean_face : of the template, which knows nothing of the person
    one, three : of the heads from one photo and from three
    """

    name: str
    mean_face: tuple[float, float]
    one: tuple[float, float]
    three: tuple[float, float]


def depth_row(path: Path, seed: int) -> DepthRow | None:
    """The errors with the head of one portrait, or None where the portrait gives no head."""
    settings = PhotoSettings(texture_pixels=TEXTURE)
    try:
        known = of_other_depth(head_from_photo(path.read_bytes(), settings).head, seed)
    except PhotoError:
        return None
    photos = [drawn(known, yaw) for yaw in YAWS]
    one = head_from_photos(photos[:1], settings).head
    three = head_from_photos(photos, settings).head
    errors = (errors_mm(head.landmarks(), known.landmarks()) for head in (template(), one, three))
    return DepthRow(path.stem, *errors)


def of_other_depth(head: Head, seed: int) -> Head:
    """The head with a smooth random field, alike on both sides, added to its depth."""
    random = np.random.default_rng(seed)
    sites = head.landmarks().astype(np.float64)
    covariance = kernel(sites * np.array([1.0, 0.0, 1.0]))
    sample = random.multivariate_normal(np.zeros(len(sites)), covariance)
    sample *= DIFFERENCE / sample.std()
    spread = Field.through(sites, sample[:, None], np.full(len(sites), 1e-3))
    vertices = head.vertices.astype(np.float64)
    mirrored = vertices * (-1.0, 1.0, 1.0)
    vertices[:, 1] += 0.5 * (spread.at(vertices) + spread.at(mirrored))[:, 0]
    return replace(head, vertices=vertices.astype(np.float32))


def drawn(head: Head, yaw_degrees: float) -> bytes:
    """A PNG of the head, turned to its left for a positive angle."""
    yaw, scale = np.radians(yaw_degrees), WIDTH / ACROSS_METRES
    cos, sin = np.cos(yaw), np.sin(yaw)
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    middle = head.landmarks().mean(0).astype(np.float64)
    right, _, up = turn @ middle * scale
    view = View(turn, scale, np.array([WIDTH / 2 - right, 0.0, -HEIGHT / 2 - up]))
    pixels = cv2.cvtColor(picture(head, view, (WIDTH, HEIGHT)), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", pixels)[1].tobytes()


def errors_mm(found: npt.ArrayLike, known: npt.ArrayLike) -> tuple[float, float]:
    """Rms (across, in depth), millimetres, of landmarks laid over the known ones, size and all."""
    here, there = (np.asarray(points, np.float64)[INSIDE] for points in (found, known))
    here, there = here - here.mean(0), there - there.mean(0)
    u, stretch, vt = np.linalg.svd(there.T @ here)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (stretch * signs).sum() / (here**2).sum()
    off = 1000.0 * (scale * here @ ((u * signs) @ vt).T - there)
    across = np.sqrt((off[:, [0, 2]] ** 2).sum(1).mean())
    return float(across), float(np.sqrt((off[:, 1] ** 2).mean()))


def depth_table(rows: Sequence[DepthRow]) -> list[str]:
    """Lines of a Markdown table, millimetres."""
    lines = [
        "| head | mean face: across, depth | one photo | three photos |",
        "|---|---|---|---|",
    ]
    columns = [(row.mean_face, row.one, row.three) for row in rows]
    means = np.mean(columns, axis=0).tolist() if columns else []
    for name, cells in [(row.name, columns[k]) for k, row in enumerate(rows)] + [("mean", means)]:
        shown = [f"{across:.2f}, {depth:.2f}" for across, depth in cells]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return lines
