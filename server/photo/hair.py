"""Hair as the photo shows it: none on a bald head, else the template's cap grown to the silhouette.

The person mask gives the outline of head and hair against the background. Seen from the middle of the
skull, the outline's distance in each direction, over that of the fitted head, is how far the hair
stands off there. One photo does not show the back, so depth grows with the mean of the outline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.head import Head
from dirfa_blender.core.head_hair import COLUMNS, ROWS
from dirfa_blender.core.head_hairline import with_hairline
from dirfa_blender.core.head_template import template
from dirfa_blender.core.head_tresses import Fall, with_tresses

from .mask import FaceMasks, Pixels, Shares
from .surface import Neighbours

Floats = npt.NDArray[np.float64]

ANGLES = np.radians(np.arange(-20.0, 201.0, 2.0))  # from the subject's left side over the crown
BALD_TEXTURE = 1.45  # CIELAB lightness of fine lines on the upper scalp, below which it is bare
SIDE = np.radians(25.0)  # below this the outline is ears, long hair and shoulders
SKULL_GROWTH = (0.92, 1.06)  # of a bare skull, which the outline shows as it is
GROWTH = (0.97, 1.30)  # of the cap's distance from the middle of the skull
FORESHORTENED = 1.04  # the crown is farther from the camera than the face, so it looks smaller
SMOOTHING = 12  # sweeps over the cap's displacement, so that its edge does not fray
LONG_ROWS = 10.0  # of the cap, over which long hair rises to the outline
FULL_LIFT = 0.018  # metres off the skull from which a hair vertex moves with the outline
BALD_SKIN = 0.5  # share of skin colour on the upper scalp from which a head can be bald
BALD_LIFT = 1.06  # outline over skull above which there is hair whatever its colour


@dataclass(frozen=True)
class Scalp:
    """What the photo says about the top of the head.

    Attributes
    ----------
    is_bald : shows skin and no volume
    growth : (N,) outline over the cap's outline at `ANGLES`
    skull : (N,) outline over the bare skull's
    fall : how long hair falls beside the face, None where it is short
    hairline : (C,) metres by which the cap's line moves up, None where the photo does not show it
    """

    is_bald: bool
    growth: Floats
    skull: Floats
    fall: Fall | None = None
    hairline: Floats | None = None


def read_scalp(
    head: Head, projected_px: Floats, pixels: Pixels, masks: FaceMasks, unit: float
) -> Scalp:
    """Whether there is hair, and how far it stands off.

    Parameters
    ----------
    projected_px : (V, 2 or more) pixels of the head's vertices in the picture of the masks
    pixels : (H, W, 3) uint8 sRGB, that picture
    unit : pixels between the eyes
    """
    scalp, hair = head.part("scalp"), head.part("hair")
    middle = projected_px[scalp, :2].mean(0)
    outline = _outline(masks.person, middle, float(np.ptp(projected_px[scalp, 0])))
    skull = _reach(projected_px[scalp, :2] - middle)
    cap = _reach(projected_px[hair, :2] - middle) if hair.any() else skull
    upper = (np.radians(50) < ANGLES) & (np.radians(130) > ANGLES)
    lift = _median(outline[upper] / skull[upper])
    skin, texture = _upper_skin(projected_px[scalp, :2], middle, pixels, masks, unit)
    is_bald = skin > BALD_SKIN and (lift < BALD_LIFT or texture < BALD_TEXTURE)
    growth = outline * FORESHORTENED / cap
    bare = _filled_in(outline * FORESHORTENED / skull, SKULL_GROWTH)
    return Scalp(is_bald, _filled_in(growth), bare)


def with_hair(head: Head, scalp: Scalp) -> Head:
    """The head with its cap grown to line and outline and long hair below it, or bald."""
    hair = head.part("hair")
    if not hair.any():
        return head
    if scalp.is_bald:
        return without_vertices(_with_skull(head, scalp), hair)
    if scalp.hairline is not None:
        head = with_hairline(head, scalp.hairline)
    vertices = head.vertices.astype(np.float64)
    middle = vertices[head.part("scalp")].mean(0)
    outward = vertices[hair] - middle
    angles = np.arctan2(outward[:, 2], outward[:, 0])
    angles = np.where(angles < -np.pi / 2, angles + 2 * np.pi, angles)
    growth = np.interp(angles, ANGLES, scalp.growth)
    # Straight up and straight back the angle means little: there the mean of the top counts.
    flat = np.hypot(outward[:, 0], outward[:, 2]) / np.maximum(
        np.linalg.norm(outward, axis=1), 1e-9
    )
    growth = flat * growth + (1 - flat) * float(np.mean(scalp.growth))
    # Rises from the hairline in a slope, not a shelf; long hair stands off at the sides as well.
    share = np.clip(_template_standoff() / FULL_LIFT, 0, 1)
    share = share * share * (3 - 2 * share)
    if scalp.fall is not None:
        share = np.maximum(share, np.clip(_rows() / LONG_ROWS, 0, 1))
    moved = np.zeros_like(vertices)
    moved[hair] = outward * ((growth - 1) * share)[:, None]
    vertices += _cap_edges().smoothed(moved, SMOOTHING)
    grown = replace(head, vertices=vertices.astype(np.float32))
    return with_tresses(grown, scalp.fall) if scalp.fall else grown


@lru_cache(maxsize=1)
def _cap_edges() -> Neighbours:
    head = template()
    hair = head.part("hair")
    return Neighbours(head.faces[hair[np.maximum(head.faces, 0)].all(1)], len(head.vertices))


def _rows() -> Floats:
    """(H,) row of each vertex of the cap, up from the hairline."""
    return np.concatenate(
        [np.repeat(np.arange(ROWS), count) for count in (COLUMNS + 1, COLUMNS - 1)]
    ).astype(np.float64)


def _with_skull(head: Head, scalp: Scalp) -> Head:
    """The head with its bare skull brought to the outline, more the higher up."""
    vertices = head.vertices.astype(np.float64)
    middle = vertices[head.part("scalp")].mean(0)
    brow, crown = head.landmarks()[[105, 334], 2].mean(), vertices[head.part("scalp"), 2].max()
    outward = vertices - middle
    angles = np.arctan2(outward[:, 2], outward[:, 0])
    angles = np.where(angles < -np.pi / 2, angles + 2 * np.pi, angles)
    growth = np.interp(angles, ANGLES, scalp.skull)
    top = float(np.mean(scalp.skull[(np.radians(60) < ANGLES) & (np.radians(120) > ANGLES)]))
    flat = np.hypot(outward[:, 0], outward[:, 2]) / np.maximum(
        np.linalg.norm(outward, axis=1), 1e-9
    )
    growth = flat * growth + (1 - flat) * top
    share = np.clip((vertices[:, 2] - brow) / max(float(crown - brow), 1e-6), 0, 1)
    share = share * share * (3 - 2 * share)
    share[~head.part("scalp", "face")] = 0.0
    vertices += outward * ((growth - 1) * share)[:, None]
    return replace(head, vertices=vertices.astype(np.float32))


@lru_cache(maxsize=1)
def _template_standoff() -> Floats:
    """(H,) metres from each vertex of the template's cap to the nearest of its skin."""
    head = template()
    skin = head.vertices[head.part("scalp", "face", "neck")]
    cap = head.vertices[head.part("hair")]
    distance = np.zeros(len(cap))
    for chunk in np.array_split(np.arange(len(cap)), 9):
        square = (cap[chunk] ** 2).sum(1)[:, None] + (skin**2).sum(1) - 2 * cap[chunk] @ skin.T
        distance[chunk] = np.sqrt(np.maximum(square.min(1), 0))
    return distance


def without_vertices(head: Head, gone: npt.NDArray[np.bool_]) -> Head:
    """The head without some vertices and the faces on them; no landmark may lie on those."""
    number = np.cumsum(~gone) - 1
    kept = ~gone[np.maximum(head.faces, 0)].any(1)
    faces = head.faces[kept]
    return replace(
        head,
        vertices=head.vertices[~gone],
        faces=np.where(faces >= 0, number[np.maximum(faces, 0)], -1).astype(np.int32),
        uvs=head.uvs[kept],
        face_materials=head.face_materials[kept],
        vertex_parts=head.vertex_parts[~gone],
        shape_deltas=head.shape_deltas[:, ~gone],
        landmark_vertices=number[head.landmark_vertices].astype(np.int32),
        bone_weights=head.bone_weights[:, ~gone],
    )


def _outline(person: Shares, middle: Floats, width: float) -> Floats:
    """(N,) pixels from the middle to the person's edge at `ANGLES`; NaN where the picture ends first."""
    steps = np.arange(0.3 * width, 1.4 * width, 0.01 * width)
    x = middle[0] + np.cos(ANGLES)[:, None] * steps
    y = middle[1] - np.sin(ANGLES)[:, None] * steps
    inside = cv2.remap(person, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                       borderMode=cv2.BORDER_CONSTANT, borderValue=(0.0,)) > 0.5  # fmt: skip
    ends = np.where(inside.all(1), len(steps) - 1, np.argmin(inside, axis=1))
    row = np.arange(len(ANGLES))
    margin = 2.0
    cut = (x[row, ends] < margin) | (x[row, ends] > person.shape[1] - 1 - margin)
    cut |= (y[row, ends] < margin) | (y[row, ends] > person.shape[0] - 1 - margin)
    return np.where(cut | (ends == 0) | inside.all(1), np.nan, steps[ends])


def _reach(offsets: Floats) -> Floats:
    """(N,) greatest distance of points (M, 2) from the middle in the directions `ANGLES`."""
    along = offsets[:, :1] * np.cos(ANGLES) - offsets[:, 1:2] * np.sin(ANGLES)
    across = np.abs(offsets[:, :1] * np.sin(ANGLES) + offsets[:, 1:2] * np.cos(ANGLES))
    return np.where(across < 0.12 * np.maximum(along, 1e-9), along, 0.0).max(0)


def _upper_skin(
    places: Floats, middle: Floats, pixels: Pixels, masks: FaceMasks, unit: float
) -> tuple[float, float]:
    """Share of skin colour, and contrast of fine lines, where the photo shows the front of the scalp."""
    top = places[:, 1] < np.percentile(places[:, 1], 40)
    front = np.abs(places[:, 0] - middle[0]) < 0.3 * np.ptp(places[:, 0])
    x, y = places[top & front].astype(np.float32).T
    if not len(x):
        return 0.0, np.inf
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = np.ascontiguousarray(lab[..., 0])
    fine = cv2.GaussianBlur(light, (0, 0), 0.015 * unit) - cv2.GaussianBlur(
        light, (0, 0), 0.05 * unit
    )
    inside = np.asarray(cv2.erode(masks.person, np.ones((9, 9), np.uint8)), np.float32)
    skin, lines, firm, person = (
        cv2.remap(image, x[:, None], y[:, None], cv2.INTER_LINEAR)
        for image in (masks.skin, np.abs(fine), inside, masks.person)
    )
    there, firm = person > 0.7, firm > 0.7
    if there.sum() <= 10:
        return 0.0, np.inf
    return float(skin[there].mean()), float(lines[firm].mean()) if firm.sum() > 10 else np.inf


def _filled_in(growth: Floats, limits: tuple[float, float] = GROWTH) -> Floats:
    """Growth without gaps, level beside the ears, and smooth."""
    known = np.isfinite(growth) & (ANGLES > SIDE) & (np.pi - SIDE > ANGLES)
    if known.sum() < 5:
        return np.ones_like(growth)
    filled = np.clip(np.interp(ANGLES, ANGLES[known], growth[known]), *limits)
    window = np.exp(-0.5 * (np.arange(-12, 13) / 4.0) ** 2)
    padded = np.pad(filled, 12, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else 1.2
