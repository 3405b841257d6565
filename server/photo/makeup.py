"""What lids and lips look like where a photo cannot say: painted over the skin that surrounds them.

Open eyes show a narrow, shaded strip of the upper lid, which a blink draws out to three times its
height, and lashes that belong to no skin: beside the outer corner they would stay as make-up. So the
photo's detail ends at the lids, and they get the skin beside them, a little darker and redder as thin
skin is, a crease, and the line of the lashes' roots.
The hollow under the lower lip and the corners of the mouth are dark in photos because lips shade them; the
head's own lips do that again, a hair's breadth elsewhere. So the photo's detail ends there too, but in a
beard, which is no shade.
Lips keep their detail in part: teeth, flash and a few dozen pixels leave some of them as pale as skin,
so their colour is held within what lips have beside the skin round them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.eyes import EYE_CENTRE
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import EYE_LEFT

from .colours import Colour
from .shading import lightness, to_linear
from .surface import mirror_images

Floats = npt.NDArray[np.float64]

# Millimetres on the template from a lid's edge: the photo ends within the first, is whole from the second.
UPPER_LID, LOWER_LID = (7.0, 12.0), (2.2, 5.5)
CORNER = (7.0, 11.0)  # the same, from the outer corner of the eye
# The same from the border of the lower lip, and from the corner of the mouth.
UNDER_LIP, MOUTH_CORNER = (3.0, 7.0), (6.0, 10.0)
ABOVE_CORNER = 5.0  # millimetres over the corner where its shadow has ended
LID_SKIN = (0.93, 0.87, 0.85)  # of the light that skin beside it reflects
# From the edge of the upper lid, where the template has a ring of vertices: a narrower line misses them.
CREASE_MM, CREASE_WIDE_MM = 2.9, 1.0
CREASE_DARK = 0.32
# How dark roots of lashes make the edge of the upper and the lower lid, and how far from it, millimetres.
ROOTS_DARK, ROOTS_MM = (0.85, 0.4), (1.1, 0.7)
# Linear light of the caruncle, the wet flesh in the inner corner of the eye, and how far skin tints it.
CARUNCLE, CARUNCLE_SKIN = (0.40, 0.12, 0.11), 0.25
# Millimetres beside the inner corner over which it ends, and behind the edge of lids where it begins.
CARUNCLE_BESIDE, CARUNCLE_BEHIND = (3.5, 6.5), (0.3, 1.2)
LIP_DETAIL = 0.45  # share of the photo's detail on lips
# Light of lips over that of skin, red over green and blue over green of the same: least and most.
LIP_LIGHT, LIP_RED, LIP_BLUE = (0.42, 0.72), (1.32, 3.0), (1.0, 1.25)
# On dark skin lips may be as light as the skin, and hardly redder: their pigment is the skin's. Luminances
# of skin from which down that is so for their light and their red, and of skin that is fair for either.
DARK_SKIN, FAIR_FOR_LIGHT, FAIR_FOR_RED = 0.12, 0.24, 0.32
DARK_LIP_LIGHT, DARK_LIP_RED = 1.0, 1.05
USUAL_LIPS = (0.72, 0.46, 0.50)
_UPPER = (362, 398, 384, 385, 386, 387, 388, 466, 263)
_LOWER = (362, 382, 381, 380, 374, 373, 390, 249, 263)
_LOWER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)


@dataclass(frozen=True)
class Zones:
    """Places on the template, (V,) 0..1 each, but for the last.

    Attributes
    ----------
    lids : where the photo is not believed
    lips : the red of the lips
    shaded : skin that the lips shade, where the photo is not believed either
    lid_gain : (V, 3) what a lid's thin skin, crease and roots of lashes leave of the light
    caruncle : the flesh in the inner corner of the eye
    """

    lids: Floats
    lips: Floats
    shaded: Floats
    lid_gain: Floats
    caruncle: Floats


@lru_cache(maxsize=1)
def zones() -> Zones:
    """The zones of the template, which every fitted head shares."""
    head = template()
    points, marks = head.vertices * 1000.0, head.landmarks() * 1000.0
    left = _left_lid(points, marks)
    mirror = mirror_images(head.vertices.astype(np.float64))
    lids = np.maximum(left[0], left[0][mirror])
    gain = np.minimum(left[1], left[1][mirror])
    lips = head.part("lips_*") & ~head.part("cavity")
    shaded = np.where(lips, 0.0, _by_lips(points, marks))
    flesh = _caruncle(points, marks) * head.part("lid_upper_left", "lid_lower_left")
    return Zones(
        lids,
        lips.astype(np.float64),
        np.maximum(shaded, shaded[mirror]),
        gain,
        np.maximum(flesh, flesh[mirror]),
    )


def photo_share(bearded: float = 0.0) -> Floats:
    """(V,) 0..1 share of the photo's detail that each vertex takes, of a chin so far (0..1) bearded."""
    here = zones()
    skin = (1.0 - here.lids) * (1.0 - (1.0 - bearded) * here.shaded)
    return skin * (1.0 - (1.0 - LIP_DETAIL) * here.lips)


def lips_over_skin(colours: Mapping[str, Colour]) -> Floats:
    """(3,) ratio of linear light, lips to skin, by measured colours; a usual one where not seen."""
    if not {"lips", "skin"} <= colours.keys():
        return np.array(USUAL_LIPS)
    lips, skin = (to_linear(colours[name]) for name in ("lips", "skin"))
    return np.asarray(lips / np.maximum(skin, 1e-3), np.float64)


def painted(base: Floats, lips: Floats, seen: Floats, edge: Floats) -> Floats:
    """(V, 3) linear RGB: the even skin with lids, the inner corners of the eyes and lips.

    Parameters
    ----------
    base : (V, 3) linear RGB, the even skin; lips : (3,) of the person
    seen : (3,) lips over skin in the photo
    edge : (V,) 0..1, the red of the lips with soft edges
    """
    flesh = np.array(CARUNCLE) + CARUNCLE_SKIN * (base - np.array(CARUNCLE))
    result = base * zones().lid_gain
    result += zones().caruncle[:, None] * (flesh - result)
    # The part of the photo's own colour that its detail brings back.
    brought = 1.0 + LIP_DETAIL * (np.clip(seen, 0.3, 1.2) - 1.0)
    return result + edge[:, None] * (lips / brought - result)


def plausible_lips(seen: Floats, skin_light: float) -> Floats:
    """(3,) colour of lips over that of skin, nearest to what was seen, that lips have.

    Parameters
    ----------
    seen : (3,) ratio of linear light as a photo has it
    skin_light : luminance of the skin
    """
    light_skin = np.interp(skin_light, (DARK_SKIN, FAIR_FOR_LIGHT), (0.0, 1.0))
    red_skin = np.interp(skin_light, (DARK_SKIN, FAIR_FOR_RED), (0.0, 1.0))
    most = DARK_LIP_LIGHT + light_skin * (LIP_LIGHT[1] - DARK_LIP_LIGHT)
    least = DARK_LIP_RED + red_skin * (LIP_RED[0] - DARK_LIP_RED)
    light = np.clip(float(lightness(seen)), LIP_LIGHT[0], most)
    red = np.clip(seen[0] / max(seen[1], 1e-3), least, LIP_RED[1])
    blue = np.clip(seen[2] / max(seen[1], 1e-3), *LIP_BLUE)
    hue = np.array([red, 1.0, blue])
    return hue * light / float(lightness(hue))


def _left_lid(points: Floats, marks: Floats) -> tuple[Floats, Floats]:
    """Zone (V,) and gain (V, 3) round the left eye; points and landmarks in millimetres."""
    upper, lower = (_line(marks[list(line)]) for line in (_UPPER, _LOWER))
    from_upper, along = _distance(points, upper)
    from_lower, _ = _distance(points, lower)
    middle = marks[list(EYE_LEFT)].mean(0)
    ahead = points[:, 1] < middle[1] + 14.0
    above = points[:, 2] > np.interp(points[:, 0], upper[:, 0], (upper[:, 2] + lower[:, 2]) / 2)
    zone = np.where(above, _fading(from_upper, *UPPER_LID), _fading(from_lower, *LOWER_LID))
    zone *= ahead
    # Outer lashes and their shadow lie over skin that is no lid, and that would keep them.
    beside = _fading(np.linalg.norm(points - upper[-1], axis=1), *CORNER) * ahead
    shade = 1.0 - zone[:, None] * (1.0 - np.array(LID_SKIN))
    # The crease runs out toward both corners.
    crease = np.exp(-(((from_upper - CREASE_MM) / CREASE_WIDE_MM) ** 2)) * above * ahead
    crease *= np.sin(np.pi * np.clip(along, 0.02, 0.98)) ** 0.6
    reach = np.where(above, ROOTS_MM[0], ROOTS_MM[1])
    dark = np.where(above, ROOTS_DARK[0], ROOTS_DARK[1])
    roots = dark * np.exp(-((np.where(above, from_upper, from_lower) / reach) ** 2)) * ahead
    roots *= np.clip(4.0 * along, 0.0, 1.0)
    return np.maximum(zone, beside), shade * ((1.0 - CREASE_DARK * crease) * (1.0 - roots))[:, None]


def _caruncle(points: Floats, marks: Floats) -> Floats:
    """(V,) 0..1 of what lies behind the edges of lids at the left eye's inner corner; millimetres."""
    edge = _line(marks[list(EYE_LEFT)])
    beside = np.abs(points[:, 0] - marks[_UPPER[0], 0])
    nearest = np.linalg.norm(points[:, None] - edge[None], axis=-1).argmin(1)
    reach = np.linalg.norm(edge - EYE_CENTRE, axis=1)[nearest]
    behind = reach - np.linalg.norm(points - EYE_CENTRE, axis=1)
    return smoothstep(behind, *CARUNCLE_BEHIND) * (1.0 - smoothstep(beside, *CARUNCLE_BESIDE))


def _by_lips(points: Floats, marks: Floats) -> Floats:
    """(V,) 0..1 skin that the lips shade; points and landmarks in millimetres."""
    border = _line(marks[list(_LOWER_LIP)])
    below = points[:, 2] < np.interp(points[:, 0], border[:, 0], border[:, 2]) + 1.0
    shaded = _fading(_distance(points, border)[0], *UNDER_LIP) * below
    for corner in border[[0, -1]]:
        beside = _fading(np.linalg.norm(points - corner, axis=1), *MOUTH_CORNER)
        beside *= smoothstep((corner[2] + ABOVE_CORNER - points[:, 2]) / ABOVE_CORNER)
        shaded = np.maximum(shaded, beside)
    return shaded


def _line(points: Floats) -> Floats:
    """(64, 3) a line through landmarks, evenly divided from corner to corner."""
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    at = np.linspace(0.0, length[-1], 64)
    return np.stack([np.interp(at, length, points[:, k]) for k in range(3)], -1)


def _distance(points: Floats, line: Floats) -> tuple[Floats, Floats]:
    """Distance (V,) to the nearest point of a line, and how far along it that is, 0..1."""
    near = np.abs(points - line.mean(0)).max(1) < 40.0
    away, along = np.full(len(points), 1e3), np.zeros(len(points))
    gap = np.linalg.norm(points[near, None] - line[None], axis=-1)
    away[near], along[near] = gap.min(1), gap.argmin(1) / (len(line) - 1)
    return away, along


def _fading(distance: Floats, near: float, far: float) -> Floats:
    return smoothstep((far - distance) / (far - near))
