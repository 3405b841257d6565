"""A beard carried on to where a photo does not show it: over the jaw to the ears and under the chin.

A photo from the front sees a beard's middle. Its sides turn away and are not believed, and without them a
full beard ends in the cheek like a painted one. What it takes from the skin's light on the whole is known
where the photo is believed, bare skin beside it too; from there it is completed over the surface, as far
as beards grow.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.head_template import template

from .complexion import Complexion
from .surface import Neighbours, sampled

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]

# Landmarks of the jaw from the ear down to the chin, right and left.
JAWS = (
    (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152),
    (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
)
# Metres from that line over which a beard ends, before the ear and under the chin.
AT_EAR, AT_CHIN = (0.007, 0.016), (0.016, 0.034)
REACH = 0.05  # eye distances, over which single hairs are evened out
# Logarithm of a whole beard's shade; trust of what is seen in full.
WHOLE_SHADE, WHOLE_TRUST = 0.4, 0.3
# Trust below which a colour is not seen, and how far a beard is believed where skin turns away.
LEAST_TRUST, GLIMPSED = 0.03, 0.12
# Landmarks of the cheeks between the corners of the mouth and the jaw, sum of trust in them from which they
# tell, and share of a beard's shade there from which and to which it goes on over the jaw to the ears.
CHEEKS, LEAST_CHEEK, CHEEK_BEARDED = (192, 416, 214, 434), 0.5, (0.15, 0.45)
LEAST_AREA = 0.05  # square eye distances of beard, below which there is none
# Landmarks of the chin, and the mean of beard on them from which and to which a face counts as bearded.
CHIN = (200, 199, 175, 421, 201, 428, 208, 424, 204, 418, 194, 262, 32, 431, 211)
BEARDED = (0.25, 0.6)


@lru_cache(maxsize=1)
def beard_zone() -> Floats:
    """(V,) 0..1, where beards grow on the template."""
    head = template()
    vertices, marks = head.vertices.astype(np.float64), head.landmarks().astype(np.float64)
    away, along = np.full(len(vertices), np.inf), np.zeros(len(vertices))
    for jaw in JAWS:
        line = marks[list(jaw)]
        at = np.linspace(0.0, len(line) - 1.0, 80)
        line = np.stack([np.interp(at, np.arange(len(line)), line[:, k]) for k in range(3)], -1)
        gap = np.linalg.norm(vertices[:, None] - line[None], axis=-1)
        nearest = gap.argmin(1)
        closer = gap.min(1) < away
        away = np.where(closer, gap.min(1), away)
        along = np.where(closer, nearest / (len(line) - 1.0), along)
    near, far = (AT_EAR[k] + (AT_CHIN[k] - AT_EAR[k]) * along for k in range(2))
    share = smoothstep((far - away) / (far - near))
    # Inside the line, below the nose, the photo says itself where there is some.
    jaw_z = np.interp(
        np.abs(vertices[:, 0]), np.abs(marks[list(JAWS[0]), 0])[::-1], marks[list(JAWS[0]), 2][::-1]
    )
    front = (vertices[:, 2] > jaw_z) & (vertices[:, 2] < marks[2, 2])
    front &= vertices[:, 1] < marks[[58, 288], 1].mean()
    share = np.where(front, 1.0, share)
    return np.where(head.part("face", "neck", "lips_*"), share, 0.0)


def beard_shade(
    taken: Complexion, unit: float, places: Floats, trust: Floats, near: Neighbours
) -> Floats:
    """(V, 3) logarithm of what a beard leaves of the skin's light; zeros where there is none.

    Parameters
    ----------
    taken : the picture taken apart; unit : its pixels from eye to eye
    places : (V, 2) of the vertices in it
    trust : (V,) 0..1, how far the picture is believed there
    """
    if float(taken.beard.sum()) < LEAST_AREA * unit**2:
        return np.zeros((len(places), 3))
    reach = max(1.0, REACH * unit)
    share = np.asarray(cv2.GaussianBlur(taken.beard, (0, 0), reach), np.float32)
    logs = np.log(np.maximum(taken.detail, 1e-3)) * taken.beard[..., None]
    shade = cv2.GaussianBlur(logs, (0, 0), reach) / np.maximum(share, 0.05)[..., None]
    seen = sampled(np.asarray(shade * np.minimum(2.0 * share, 1.0)[..., None], np.float32), places)
    known = trust * sampled(taken.usable, places)[:, 0]
    known = np.where(known > LEAST_TRUST, known, 0.0)
    # Where skin turns away no colour is believed, but that there is a beard is seen.
    there = beard_zone() * np.clip(2.0 * sampled(share, places)[:, 0] - 1.0, 0.0, 1.0)
    turned = GLIMPSED * there * (known == 0.0)
    usual = (logs.sum((0, 1)) / taken.beard.sum()).astype(np.float64)
    seen = np.where(turned[:, None] > 0.0, _on_cheeks(seen, known, usual) * usual, seen)
    completed = near.completed(seen, np.maximum(known, turned), np.zeros(3), 0.002)
    return near.smoothed(beard_zone()[:, None], 2) * completed


def _on_cheeks(seen: Floats, known: Floats, usual: Floats) -> float:
    """0 where a beard (V, 3), believed so far (V,), is one round the mouth alone, 1 where it goes on over
    the cheeks' lower edge, or nothing is known of that.
    """
    places = template().landmark_vertices[list(CHEEKS)].astype(np.int64).ravel()
    weights = known[places]
    if weights.sum() < LEAST_CHEEK:
        return 1.0
    # Lighter than skin or darker: sides may be grey where the rest is not.
    grown = np.linalg.norm(seen[places], axis=1) / max(float(np.linalg.norm(usual)), 1e-6)
    return float(smoothstep(np.array(np.average(grown, weights=weights)), *CHEEK_BEARDED))


def bearded(taken: Complexion, unit: float, places: Floats) -> float:
    """0..1, how far the chin is covered by a beard; parameters as `beard_shade`."""
    if float(taken.beard.sum()) < LEAST_AREA * unit**2:
        return 0.0
    chin = template().landmark_vertices[list(CHIN)].astype(np.int64).ravel()
    grown = sampled(taken.beard, places[chin]).mean()
    return float(smoothstep(np.array(grown), *BEARDED))


def beard_expected(
    taken: Complexion, unit: float, places: Floats, trust: Floats, shade: Floats
) -> Floats:
    """(V,) 0..1, where a beard's hairs may grow: as the picture shows it, elsewhere as it was carried on.

    Parameters
    ----------
    shade : (V, 3) what `beard_shade` gave; the others as there
    """
    if float(taken.beard.sum()) < LEAST_AREA * unit**2:
        return np.zeros(len(places))
    seen = sampled(taken.beard, places)[:, 0]
    carried = np.clip(np.abs(shade).max(1) / WHOLE_SHADE, 0.0, 1.0)
    known = np.clip(trust / WHOLE_TRUST, 0.0, 1.0)
    expected = known * seen + (1.0 - known) * carried
    return np.where(template().part("face", "neck"), np.maximum(expected, carried), 0.0)
