"""Hair as the photo shows it: none on a bald head, else the template's cap grown to the silhouette.

The person mask gives the outline of head and hair against the background. Seen from the middle of the
skull at the height of the brows, the outline's distance in each direction is how far hair stands off
there; where even the skull of the fitted head would stick out of it, the skull is lowered first. One photo
does not show the back, so depth follows the mean of the outline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.hair_cap import COLUMNS
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.hair.groom import (
    CURL_KEY,
    FRINGE_KEY,
    PARTING,
    PARTING_KEY,
    SWEEP,
    SWEEP_KEY,
    WAVE_KEY,
    cap_grid,
)
from dirfa_blender.core.hair.hairline import with_bare_crown, with_hairline
from dirfa_blender.core.hair.tresses import Fall, with_tresses
from dirfa_blender.core.head import Head, without_vertices
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import OVAL, FaceLandmarks
from dirfa_blender.core.likeness.view import View

from .closeup import Closeup
from .hair_share import NO_SKIN
from .mask import FaceMasks, Pixels, Shares, filled
from .surface import Neighbours

Floats = npt.NDArray[np.float64]

ANGLES = np.radians(np.arange(-20.0, 201.0, 2.0))  # from the subject's left side over the crown
SIDE = np.radians(4.0)  # below this the outline is ears, long hair and shoulders
SKULL_GROWTH = (0.78, 1.06)  # of a bare skull, which the outline shows as it is
GROWTH = (0.97, 1.75)  # of the cap's distance from the middle of the skull
HAIR_KEPT = 0.5  # of the cap's height over the skull, that hair has at least
FORESHORTENED = 1.04  # the crown is farther from the camera than the face, so it looks smaller
SMOOTHING = 12  # sweeps over the cap's displacement, so that its edge does not fray
RISE_METRES = 0.016  # from the hairline, over which hair rises to the outline
# The same over a forehead from which hair is combed back; how far forward its direction is for that, from
# the middle of the skull; and metres that any hair comes forward at most.
COMBED_METRES, AHEAD, FARTHEST = 0.034, (0.45, 0.85), 0.007
# From the nape's line up, over which short hair comes to its height over the cap.
TAPER_METRES = 0.075
BACK = (
    0.0,
    0.05,
)  # metres behind the skull's middle, over which what falls in layers lies close as well
FORWARD = 0.5  # share of the growth over the forehead, where the outline does not show it
BEHIND = 0.35  # share of the skull's change straight back
BESIDE = (0.03, 0.4)  # eye distances off the face's outline, where hair beside a bald crown grows
SIDE_HAIR = 0.2  # share of it that shows hair, from which there is some
IN_SHADE = 0.85  # the same as `NO_SKIN`, of skin as dark as what is looked at
COLOURLESS = 4.0  # CIELAB a of a face's skin, below which a photo has no colour to tell that by
BALD_LIFT = 1.12  # outline over skull above which there is hair, whatever the crown looks like


@dataclass(frozen=True)
class Scalp:
    """What the photo says about the top of the head.

    Attributes
    ----------
    is_bald : the crown shows skin and no volume
    has_sides : hair grows round the bald crown
    growth : (N,) outline over the cap's outline at `ANGLES`, once the skull is right
    skull : (N,) the person's skull over the fitted head's
    is_covered : by something that is no hair, so that nothing is known of it
    fall : how long hair falls beside the face, None where it is short
    hairline : (C,) metres by which the cap's line moves up, None where the photo does not show it
    curl, wave : 0 straight to 1 tightly coiled, and to 1 in open curls
    parting, sweep, fringe : where hair parts, how far it runs aside there, and how far it falls over the
        forehead (`hair.groom.lie`)
    """

    is_bald: bool
    has_sides: bool
    growth: Floats
    skull: Floats
    is_covered: bool = False
    fall: Fall | None = None
    hairline: Floats | None = None
    curl: float = 0.0
    wave: float = 0.0
    parting: float = PARTING
    sweep: float = SWEEP
    fringe: float = 0.0


def read_scalp(head: Head, view: View, seen_in: Closeup) -> Scalp:
    """Whether there is hair, and how far it stands off the fitted head.

    Parameters
    ----------
    view : of the photo
    """
    masks, to_picture = seen_in.masks, seen_in.to_picture

    def seen(points: Floats) -> Floats:
        return view.to_photo(points)[..., :2] @ to_picture[:, :2].T + to_picture[:, 2]

    scalp, hair = head.part("scalp"), head.part("hair")
    middle = seen(_middle(head))
    of_skull = seen(head.vertices[scalp].astype(np.float64))
    outline = _outline(masks.person, middle, float(np.ptp(of_skull[:, 0]))) * FORESHORTENED
    skull = _reach(of_skull - middle)
    cap = _reach(seen(head.vertices[hair].astype(np.float64)) - middle) if hair.any() else skull
    upper = (np.radians(50) < ANGLES) & (np.radians(130) > ANGLES)
    lift = _median(outline[upper] / skull[upper])
    is_bald = masks.is_bare and lift < BALD_LIFT
    least = 0.0 if is_bald else HAIR_KEPT
    bare = _filled_in((outline - least * (cap - skull)) / skull, SKULL_GROWTH)
    if not is_bald:
        bare = np.minimum(bare, 1.0)
    if is_bald or not hair.any():
        has_sides = (
            is_bald and hair_beside_crown(seen_in.picture, seen_in.landmarks, masks) > SIDE_HAIR
        )
        return Scalp(is_bald, has_sides, np.ones_like(bare), bare)
    lowered = _with_skull(head, bare).vertices[hair].astype(np.float64)
    return Scalp(False, False, _filled_in(outline / _reach(seen(lowered) - middle), GROWTH), bare)


def with_hair(head: Head, scalp: Scalp) -> Head:
    """The head with its cap grown to line and outline and long hair below it, or bald."""
    hair = head.part("hair")
    if not hair.any():
        return head
    head = _with_skull(head, scalp.skull)
    if scalp.is_bald:
        return with_bare_crown(head) if scalp.has_sides else without_vertices(head, hair)
    if scalp.hairline is not None:
        head = with_hairline(head, scalp.hairline)
    cap = cap_grid(head)
    if cap is None:
        return head
    vertices = head.vertices.astype(np.float64)
    outward = vertices[hair] - _middle(head)
    growth, flat = _grown(outward, scalp.growth)
    # What points forward or back is not seen against the background: the mean of the top counts.
    mean = float(np.mean(scalp.growth[(SIDE < ANGLES) & (np.pi - SIDE > ANGLES)]))
    away = np.where(outward[:, 1] < 0, FORWARD, 1.0)
    growth = flat * growth + (1 - flat) * (1 + away * (mean - 1))
    # Rises from the hairline in a slope, not a shelf.
    steps = np.linalg.norm(np.diff(cap, axis=0), axis=2)
    way = np.concatenate([np.zeros((1, cap.shape[1])), np.cumsum(steps, axis=0)])
    ahead = smoothstep(-outward[:, 1] / np.linalg.norm(outward, axis=1), *AHEAD)
    rise = RISE_METRES + (COMBED_METRES - RISE_METRES) * ahead * (1.0 - scalp.fringe)
    share = 1 - np.exp(-((_in_order(way) / rise) ** 1.5))
    # Toward the nape short hair lies close, of which the outline, that ends at the ears, says nothing.
    low = vertices[hair, 2] - float(cap[0, :, 2].min())
    close = 1.0 if scalp.fall is None else scalp.fall.layered * smoothstep(outward[:, 1], *BACK)
    share = share * (1.0 - close * (1.0 - smoothstep(low, 0.0, TAPER_METRES)))
    moved = np.zeros_like(vertices)
    moved[hair] = outward * ((growth - 1) * share)[:, None]
    # Volume goes up and aside: what went as far forward would be a visor over the forehead.
    forward = np.maximum(-moved[:, 1], 0.0)
    moved[:, 1] += forward - FARTHEST * np.tanh(forward / FARTHEST)
    vertices += _cap_edges().smoothed(moved, SMOOTHING)
    source = {
        **head.source,
        CURL_KEY: f"{scalp.curl:.2f}",
        FRINGE_KEY: f"{scalp.fringe:.2f}",
        PARTING_KEY: f"{scalp.parting:.2f}",
        SWEEP_KEY: f"{scalp.sweep:.2f}",
        WAVE_KEY: f"{scalp.wave:.2f}",
    }
    grown = replace(head, vertices=vertices.astype(np.float32), source=source)
    return with_tresses(grown, scalp.fall) if scalp.fall else grown


def _middle(head: Head) -> Floats:
    """(3,) metres, the middle of the skull at the height of the brows."""
    return np.array(
        [0.0, head.vertices[head.part("scalp"), 1].mean(), head.landmarks()[[105, 334], 2].mean()]
    )


def _grown(outward: Floats, growth: Floats) -> tuple[Floats, Floats]:
    """(N,) the growth (M,) at `ANGLES` in the directions (N, 3), and how far they lie across the view."""
    angles = np.arctan2(outward[:, 2], outward[:, 0])
    angles = np.where(angles < -np.pi / 2, angles + 2 * np.pi, angles)
    length = np.maximum(np.linalg.norm(outward, axis=1), 1e-9)
    return np.interp(angles, ANGLES, growth), np.hypot(outward[:, 0], outward[:, 2]) / length


def _in_order(values: Floats) -> Floats:
    """(H,) values (R, C) of the cap's grid in the order of the head's vertices."""
    left = values[:, : COLUMNS + 1].ravel()
    return np.concatenate([left, values[:, COLUMNS + 1 :][:, ::-1].ravel()])


@lru_cache(maxsize=1)
def _cap_edges() -> Neighbours:
    head = template()
    hair = head.part("hair")
    return Neighbours(head.faces[hair[np.maximum(head.faces, 0)].all(1)], len(head.vertices))


def _with_skull(head: Head, skull: Floats) -> Head:
    """The head with its skull, and the hair on it, brought to the outline, more the higher up."""
    vertices = head.vertices.astype(np.float64)
    chosen = head.part("scalp", "face", "hair")
    outward = vertices[chosen] - _middle(head)
    growth, flat = _grown(outward, skull)
    top = float(np.mean(skull[(np.radians(60) < ANGLES) & (np.radians(120) > ANGLES)]))
    growth = flat * growth + (1 - flat) * (1 + BEHIND * (top - 1))
    marks = head.landmarks()
    low = 0.35 * marks[[105, 334], 2].mean() + 0.65 * marks[10, 2]
    crown = float(vertices[head.part("scalp"), 2].max())
    share = np.clip((vertices[chosen, 2] - low) / max(crown - low, 1e-6), 0, 1)
    share = np.sin(0.5 * np.pi * share) ** 1.5
    vertices[chosen] += outward * ((growth - 1) * share)[:, None]
    return replace(head, vertices=vertices.astype(np.float32))


def hair_beside_crown(picture: Pixels, landmarks: FaceLandmarks, masks: FaceMasks) -> float:
    """0..1, share of hair beside the temples, over the ears, by its looks and by the skin it lacks."""
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    outside = (filled(masks.person.shape, points, OVAL) < 0.5).astype(np.uint8)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5) / unit
    rows = np.arange(len(away))[:, None]
    chosen = (away > BESIDE[0]) & (away < BESIDE[1]) & (masks.person > 0.8)
    chosen &= (rows > points[[105, 334], 1].mean() - 0.7 * unit) & (
        rows < points[[33, 263], 1].mean()
    )
    if not chosen.any():
        return 0.0
    by_looks = float((masks.hair[chosen] > 0.5).mean())
    of_skin = masks.skin > 0.8
    if not of_skin.any():
        return by_looks
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light, red, _ = np.maximum(np.median(lab[of_skin], axis=0), 1.0)
    if red < COLOURLESS:
        return by_looks
    seen = lab[chosen]
    is_pale = seen[:, 1] < NO_SKIN * red
    is_pale &= seen[:, 1] < IN_SHADE * red * seen[:, 0] / light
    return (by_looks + float(is_pale.mean())) / 2


def _outline(person: Shares, middle: Floats, width: float) -> Floats:
    """(N,) pixels from the middle to the person's edge at `ANGLES`; NaN where the picture ends first."""
    steps = np.arange(0.25 * width, 1.6 * width, 0.01 * width)
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


def _filled_in(growth: Floats, limits: tuple[float, float]) -> Floats:
    """Growth without gaps, level beside the ears, and smooth."""
    known = np.isfinite(growth) & (ANGLES > SIDE) & (np.pi - SIDE > ANGLES)
    if known.sum() < 12:
        return np.ones_like(growth)
    filled = np.clip(np.interp(ANGLES, ANGLES[known], growth[known]), *limits)
    window = np.exp(-0.5 * (np.arange(-12, 13) / 4.0) ** 2)
    padded = np.pad(filled, 12, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else 1.2
