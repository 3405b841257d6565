"""Whether hair is grey beside the face and darker above, and both colours.

Hair is lit from above, so sides of one colour with the crown look darker than it. Where they look lighter
they are grey, or thin hair shows the skin under it, or the crown is in the shade. All but grey hair is
light with a colour: what sides have beyond the crown is taken apart into so much of the skin and so much of
grey hair, neither less than nothing, and grey is what skin does not explain. Hair through which the
background may shine is not looked at: beside skin a blue wall makes grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.hair.greying import SIDES, sides_of
from dirfa_blender.core.head import Head
from dirfa_blender.core.likeness.landmarks import FaceLandmarks

from .closeup import Closeup
from .colours import LIT, Colour, hair_colour, plausible_hair
from .hair import COLOURLESS, Scalp
from .hair_share import NO_SKIN
from .mask import FaceMasks, Pixels, clear_of_background, grown
from .shading import to_linear
from .tresses import where_it_falls

Floats = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]

EYES, MIDDLE = (33, 263), (9, 152, 1)
# Heights, 0 at the eyes and 1 at the crown, between which sides are looked at, and from which the crown.
SIDES_ABOVE, SIDES_BELOW, CROWN_FROM = -0.25, 0.28, 0.55
INSIDE = 0.06  # eye distances from the person's edge, where the background shines through hair
CROWN_WIDE = 0.2  # eye distances of hair in a row, from which it is the crown's uppermost
LEAST_AREA, LEAST_PALE = 0.012, 0.4  # square eye distances of a side; share of it that is no skin
# CIELAB of hair all grey; lightness that sides have by it, and their lightness: none to surely grey. Black
# hair is no lighter for a wall that shines on it than that.
ALL_GREY = np.array([78.0, 1.0, 4.0])
LIGHTER, LIGHT = (4.0, 10.0), (20.0, 32.0)
# Percentiles of lightness between which hair is bright, and by how much more the lengths' are than the
# crown's, from no streaks to sure ones.
STREAKS, STREAKS_LIGHTER = (75.0, 90.0), (-6.0, 2.0)
# Of what hangs below a chin: percentiles of lightness at which its colour is read; CIELAB a that hair has
# there, and its b over that; which share of it must be hair's, or it is clothes; and by how much more
# chroma it has than the crown, from none to another colour.
ENDS, END_HUES, LEAST_YELLOW, MOSTLY, MORE_COLOUR = (50.0, 90.0), (2.0, 26.0), 0.45, 0.6, (3.0, 8.0)
COARSE = 55  # pixels of an eye distance in the picture that is looked at, at least
DEFAULT_HAIR: Colour = (0.23, 0.17, 0.12)


@dataclass(frozen=True)
class Greying:
    """sRGB 0..1 of the hair above and beside a face, and how surely they differ, 0..1."""

    crown: Colour
    sides: Colour
    sure: float


def hair_colours(
    seen: Closeup, scalp: Scalp, metres_per_px: float, usual: Colour
) -> dict[str, Colour]:
    """sRGB of hair that is told better once its lie is known: what falls, and what is grey at the sides.

    Parameters
    ----------
    usual : sRGB of all hair that is seen
    """
    picture, landmarks, masks = seen.picture, seen.landmarks, seen.masks
    if scalp.fall:
        falling = where_it_falls(landmarks, masks, scalp.fall, metres_per_px)
        found = hair_colour(picture, masks, falling)
        if found is None:
            return {}
        # What is gathered is seen in its own shade, and little of it.
        gathered = scalp.fall.is_gathered
        streaks = None if gathered else read_streaks(picture, landmarks, masks, falling)
        return {"hair": found} | ({} if streaks is None else {SIDES: streaks})
    greying = read_greying(picture, landmarks, masks)
    if greying is None:
        return {}
    of_all, crown = np.array(usual), np.array(greying.crown)
    red, green, blue = (of_all + greying.sure * (crown - of_all)).tolist()
    return {"hair": (red, green, blue), SIDES: greying.sides}


def read_streaks(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks, falling: Chosen
) -> Colour | None:
    """sRGB of lighter streaks in hair that falls beside a face; None where it has none.

    Lengths lie in shade, 10 to 20 CIELAB L darker than a crown under lamps. Where the bright ones are as
    light as the crown's they have another colour.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    falling : (H, W) where hair falls beside the face
    """
    unit = landmarks.eye_distance_px
    rows = np.arange(len(falling))[:, None]
    eyes = float(landmarks.points_px[list(EYES), 1].mean())
    inside = grown(masks.person, -INSIDE * unit) > 0.85
    inside &= clear_of_background(pixels, masks.person, masks.hair, unit) > 0.6
    crown = (masks.hair_clear > 0.6) & inside & (rows < eyes)
    chin = float(landmarks.points_px[MIDDLE[1], 1])
    falling = falling & inside
    lengths = falling & (rows > eyes) & (rows < chin)
    if min(crown.sum(), lengths.sum()) < LEAST_AREA * unit**2:
        return None
    of_crown, of_lengths = (_lit(_lab(pixels[there]), STREAKS) for there in (crown, lengths))
    sure = float(smoothstep(np.array(of_lengths[0] - of_crown[0]), *STREAKS_LIGHTER))
    low = falling & (rows >= chin)
    ends = _ends(_lab(pixels[low])) if low.sum() > LEAST_AREA * unit**2 else None
    if ends is not None:
        gained = float(np.hypot(*ends[1:]) - np.hypot(*of_crown[1:]))
        surely = np.array([ends[0] - of_crown[0], gained])
        limits = np.array([STREAKS_LIGHTER, MORE_COLOUR]).T
        by_ends = float(np.prod(smoothstep(surely, *limits)))
        if by_ends > sure:
            sure, of_lengths = by_ends, ends
    if sure == 0.0:
        return None
    middle = _lit(_lab(pixels[crown]))
    of_skin = masks.skin > 0.8
    skin = np.median(_lab(pixels[of_skin]), axis=0) if of_skin.any() else None
    return plausible_hair(middle + sure * (of_lengths - middle), skin)


def _ends(lab: Floats) -> Floats | None:
    """(3,) CIELAB of what hangs below a chin, of samples (N, 3); None where most of it is clothes."""
    _, red, yellow = lab.T
    is_hair = (red > END_HUES[0]) & (red < END_HUES[1]) & (yellow > LEAST_YELLOW * red)
    return _lit(lab[is_hair], ENDS) if is_hair.mean() > MOSTLY else None


def _lab(pixels: Pixels) -> Floats:
    """(M, 3) CIELAB of some thousands of pixels (N, 3)."""
    few = pixels[None, :: max(1, len(pixels) // 6000)].astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(few, cv2.COLOR_RGB2LAB)[0], np.float64)


def hair_tones(head: Head, colours: Mapping[str, Colour]) -> Floats:
    """(V, 3) or (3,) linear RGB of the hair that grows where vertices are."""
    crown = to_linear(colours.get("hair", DEFAULT_HAIR)).astype(np.float64)
    if SIDES not in colours:
        return crown
    sides = to_linear(colours[SIDES]).astype(np.float64)
    return crown + sides_of(head, head.vertices)[:, None] * (sides - crown)


def read_greying(pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks) -> Greying | None:
    """The two colours of hair that is grey at its sides; None where a photo does not say so clearly.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    """
    pixels, landmarks, masks = _coarse(pixels, landmarks, masks)
    of_skin = masks.skin > 0.8
    if masks.is_bare or not of_skin.any():
        return None
    lab = np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float64)
    skin = np.median(lab[of_skin], axis=0)
    heights = _heights(landmarks, masks)
    if skin[1] < COLOURLESS or heights is None:
        return None
    # Beside a face there is less hair than `hair_clear` leaves of it.
    unit = landmarks.eye_distance_px
    clear = (masks.hair > 0.6) & (grown(masks.person, -INSIDE * unit) > 0.85)
    clear &= clear_of_background(pixels, masks.person, masks.hair, unit) > 0.6
    crown, sides = _seen(lab, skin, heights, landmarks, clear)
    if crown is None or sides is None:
        return None
    way, sure = grey_sides(crown, sides, skin)
    if sure == 0.0:
        return None
    return Greying(plausible_hair(crown, skin), plausible_hair(crown + sure * way, skin), sure)


def grey_sides(crown: Floats, sides: Floats, skin: Floats) -> tuple[Floats, float]:
    """(3,) what grey hair adds to the crown's colour at the sides, and 0..1, how surely it does.

    Parameters
    ----------
    crown, sides, skin : (3,) CIELAB as seen in one photo
    """
    if crown[0] > ALL_GREY[0] - LIGHTER[1]:
        return np.zeros(3), 0.0
    ways = np.stack([skin - crown, ALL_GREY - crown], axis=1)
    way = min(float(nnls(ways, sides - crown)[0][1]), 1.0) * ways[:, 1]
    shares = np.array(
        [
            (way[0] - LIGHTER[0]) / (LIGHTER[1] - LIGHTER[0]),
            (crown[0] + way[0] - LIGHT[0]) / (LIGHT[1] - LIGHT[0]),
        ]
    )
    return way, float(np.prod(smoothstep(shares)))


def _coarse(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks
) -> tuple[Pixels, FaceLandmarks, FaceMasks]:
    """Every so many pixels of a picture alone: medians of a few thousand are those of all."""
    step = max(1, int(landmarks.eye_distance_px / COARSE))
    few = (slice(None, None, step),) * 2
    size = (len(pixels[0, ::step]), len(pixels[::step]))
    return (
        np.ascontiguousarray(pixels[few]),
        FaceLandmarks(landmarks.points_px / step, size),
        replace(
            masks,
            person=np.ascontiguousarray(masks.person[few]),
            skin=masks.skin[few],
            hair=masks.hair[few],
        ),
    )


def _heights(landmarks: FaceLandmarks, masks: FaceMasks) -> Floats | None:
    """(H, 1) heights of rows, 0 at the eyes and 1 at the crown; None where no hair is seen above them."""
    eyes = float(landmarks.points_px[list(EYES), 1].mean())
    wide = (masks.hair > 0.6).sum(1) > CROWN_WIDE * landmarks.eye_distance_px
    rows = np.flatnonzero(wide)
    if not len(rows) or rows[0] > eyes - landmarks.eye_distance_px:
        return None
    return (eyes - np.arange(len(wide))[:, None]) / (eyes - rows[0])


def _seen(
    lab: Floats, skin: Floats, heights: Floats, landmarks: FaceLandmarks, clear: Chosen
) -> tuple[Floats | None, Floats | None]:
    """(3,) CIELAB of the hair above and beside a face, the mean of both sides; None what is not seen."""
    pale = lab[..., 1] < NO_SKIN * skin[1]
    least = LEAST_AREA * landmarks.eye_distance_px**2
    columns = np.arange(lab.shape[1])
    middle = float(landmarks.points_px[list(MIDDLE), 0].mean())
    sides: list[Floats] = []
    for is_beside in (columns < middle, columns > middle):
        there = clear & (heights < SIDES_BELOW) & (heights > SIDES_ABOVE) & is_beside
        if (there & pale).sum() > max(least, LEAST_PALE * there.sum()):
            sides.append(_lit(lab[there & pale]))
    above = clear & (heights > CROWN_FROM)
    crown = above & pale if (above & pale).sum() > least else above
    return (
        _lit(lab[crown]) if crown.sum() > least else None,
        np.mean(sides, axis=0) if sides else None,
    )


def _lit(samples: Floats, between: tuple[float, float] = LIT) -> Floats:
    """(3,) median of samples (N, 3) in CIELAB between percentiles, usually those of shade and glints."""
    low, high = np.percentile(samples[:, 0], between)
    return np.median(samples[(samples[:, 0] >= low) & (samples[:, 0] <= high)], axis=0)
