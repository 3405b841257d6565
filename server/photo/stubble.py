"""The shadow of a shaved beard, and stubble: what a beard leaves on skin that is no beard.

Roots of hair in the skin take its warmth and some of its light: a man's upper lip and jaw are greyer than
his cheeks. Skin that is merely in shade is darker in proportion and keeps its hue, and what is lighter and
without colour shines; so a shadow is what lacks colour and is not lighter, on lip and jaw together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template

from .beard import beard_zone
from .beard_outline import middle_colour
from .closeup import Closeup
from .face_zones import BEARD, zones_of
from .painted_hairs import painted
from .shading import lightness, to_linear, to_srgb

Floats = npt.NDArray[np.float64]

FEWEST = 60  # pixels of a patch, below which nothing is known of it
# CIELAB a and b together that lip and jaw lack, from no shadow to a whole one; and lightness by which a lip
# is over its cheeks, from which it may shine and surely does.
LOST, SHINES = (7.0, 13.0), (1.0, 5.0)
# CIELAB lightness by which lip and jaw of anybody are darker than cheeks, and what a shadow takes at most.
SHADED, MOST = (3.0, 6.0), np.array([11.0, 6.0, 8.0])
KEPT = 0.75  # of it, for skin on the whole has a part of it already
EDGE_METRES = 0.010  # over which it ends on the cheeks
# Roots of hair in a square metre of skin in whole shadow that is as dark as can be, and what of these there
# is in a faint one; metres that they stand out; opacity; and light of them over the skin's.
ROOTS, FAINT, LENGTHS, OPACITY, DARK = 4.2e5, 0.25, (0.0004, 0.0011), 0.55, 0.22
LEAST = 0.05  # of a shadow, below which there is none


@dataclass(frozen=True)
class Stubble:
    """What a shaved beard does to skin.

    Attributes
    ----------
    share : 0..1, how surely there is one
    less : (3,) CIELAB lightness, red and yellow that it takes from skin where it is whole
    """

    share: float
    less: Floats

    @property
    def dark(self) -> float:
        """0..1, how much of the light it takes beside what it may take at most."""
        return self.share * (FAINT + (1.0 - FAINT) * float(self.less[0] / MOST[0]))


NONE = Stubble(0.0, np.zeros(3))


@lru_cache(maxsize=1)
def stubble_zone() -> Floats:
    """(V,) 0..1, where a shaved beard is seen on the template: on lip, chin and jaw, not on the cheeks."""
    head = template()
    marks = head.landmarks().astype(np.float64)[:, [0, 2]]
    places = head.vertices[:, [0, 2]].astype(np.float32) * 1e3
    ring = (marks[list(BEARD)] * 1e3).astype(np.float32)
    off = np.array([cv2.pointPolygonTest(ring, (float(x), float(z)), True) for x, z in places])
    inside = smoothstep(off * 1e-3 / EDGE_METRES + 0.5)
    # Below and behind the outline of the jaw it ends as a beard does.
    jaw = float(marks[[58, 288], 1].mean())
    is_front = head.vertices[:, 1] < head.landmarks()[[58, 288], 1].mean()
    upper = is_front & (head.vertices[:, 2] > np.minimum(jaw, marks[152, 1] + 0.012))
    zone = beard_zone() * np.where(upper, inside, np.maximum(inside, is_front))
    return np.where(head.part("face", "neck"), zone, 0.0)


def read_stubble(seen_in: Closeup, grown: float) -> Stubble:
    """The shadow of a beard in a photo of a face, and none where a beard has grown, 0..1, on the chin."""
    picture, masks, landmarks = seen_in.picture, seen_in.masks, seen_in.landmarks
    zones = zones_of(landmarks, masks)
    plain = (zones.features < 0.3) & (zones.hidden < 0.3) & (masks.person > 0.8)
    skin = plain & (masks.skin > 0.8) & (masks.usable > 0.8) & (zones.beard < 0.1)
    below = np.arange(len(picture))[:, None] > landmarks.points_px[[33, 263], 1].mean()
    patches = (
        skin & below,
        (zones.moustache > 0.5) & plain,
        plain & (zones.beard > 0.8) & (zones.moustache < 0.1) & (zones.chin < 0.1),
    )
    if min(int(patch.sum()) for patch in patches) < FEWEST:
        return NONE
    cheek, *others = (middle_colour(picture[patch]) for patch in patches)
    # Less than the cheek has of each in proportion to the light there.
    lip, jaw = (
        cheek * np.array([1.0, *[min(other[0] / max(cheek[0], 1.0), 1.0)] * 2]) - other
        for other in others
    )
    lost = float(lip[1:].sum() + jaw[1:].sum())
    sure, shiny = np.array([lost - LOST[0], -lip[0] - SHINES[0]]) / np.diff([LOST, SHINES])[:, 0]
    sure, shiny = smoothstep(np.array([sure, shiny])).tolist()
    share = sure * (1.0 - shiny) * (1.0 - grown)
    if share < LEAST:
        return NONE
    less = (lip + jaw) / 2 - np.array([np.mean(SHADED), 0.0, 0.0])
    return Stubble(share, np.clip(less, 0.0, MOST))


def in_shadow(skin: Floats, stubble: Stubble) -> Floats:
    """(V, 3) factors on linear RGB that the shadow leaves of skin of a colour (3,), linear RGB."""
    if not stubble.share:
        return np.ones((len(stubble_zone()), 3))
    tone = cv2.cvtColor(to_srgb(skin).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)
    shaded = np.asarray(tone - KEPT * stubble.share * stubble.less, np.float32)
    left = to_linear(np.clip(cv2.cvtColor(shaded, cv2.COLOR_LAB2RGB), 0.0, 1.0)).reshape(3)
    factor = np.maximum(left, 1e-4) / np.maximum(skin, 1e-4)
    return np.asarray(factor ** stubble_zone()[:, None], np.float64)


def with_stubble(head: Head, stubble: Stubble, *, seed: int = 23) -> Head:
    """The head with roots of a shaved beard painted on its skin."""
    if head.albedo is None or stubble.dark < LEAST:
        return head
    random = np.random.default_rng(seed)
    zone = stubble_zone()
    if not head.part("hair").any():
        zone = zone[~template().part("hair")]
    worn = head.part("face", "neck")
    numbers = np.flatnonzero(
        (head.face_materials == head.materials.index("skin"))
        & (head.faces >= 0).all(1)
        & worn[head.faces[:, 0]]
    )
    # Long hair and a beard come after what the template has.
    share = np.zeros(len(head.vertices))
    share[: len(zone)] = zone
    corners = head.vertices[head.faces[numbers]].astype(np.float64)
    area = np.linalg.norm(
        np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1
    )
    expected = 0.5 * area * ROOTS * stubble.dark * share[head.faces[numbers]].mean(1)
    face = np.repeat(np.arange(len(numbers)), random.poisson(expected))
    u, v = random.random((2, len(face), 1))
    uvs = head.uvs[numbers][face].astype(np.float64)
    root = (1 - v) * ((1 - u) * uvs[:, 0] + u * uvs[:, 1]) + v * (
        (1 - u) * uvs[:, 3] + u * uvs[:, 2]
    )
    # The layout is as wide as the face: metres in it are nearly alike in all directions.
    across = np.linalg.norm(np.diff(uvs[:, :2], axis=1)[:, 0], axis=1)
    metres = np.linalg.norm(corners[face][:, 1] - corners[face][:, 0], axis=1)
    scale = across / np.maximum(metres, 1e-6)
    length = random.uniform(*LENGTHS, len(face)) * scale
    turn = random.normal(0.0, 0.4, len(face))
    tip = root + length[:, None] * np.stack([np.sin(turn), -np.cos(turn)], -1)
    skin = to_linear(head.colours["skin"]).astype(np.float64)
    tone = DARK * (0.5 * skin + 0.5 * lightness(skin))
    colours = np.broadcast_to(tone, (len(root), 3))
    return replace(head, albedo=painted(head.albedo, root, tip, colours, OPACITY))
