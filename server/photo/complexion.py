"""A face's skin as an even colour and what lies over it: brows, lips, beard, wrinkles, moles.

The even colour is what the skin near a pixel has on the whole, found among skin only, so that hair,
frames and brows do not tint it. The detail is the photo over that, as a factor: it holds no lamp, no
shaded side and no patch wider than a cheek, whatever the photo did. Where nothing but skin is expected, a
detail is held within what wrinkles do, and what is too strong for a wrinkle is a strand, a frame or
a shadow and left out with its surroundings. What is bright and wider than a pore is the lamp's reflection,
and a colour is as coarse as compressed photos keep it: held like a fine detail, both end in sharp edges.
Brows, lips, lids and a beard are kept whole where they are no reflection and not too dark to have a colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import FaceLandmarks

from .beard_outline import beard_below_chin, beard_share, fine_lines
from .blurs import blurred, shrunk
from .brows import (
    WHITEST,
    lightened_brows,
    own_brows,
    tinted_brows,
    white_hairs,
    whitened,
    without_shine,
)
from .face_zones import (
    Zones,
    folding_skin,
    lasting_creases,
    mouth_creases,
    mouth_pits,
    smile_creases,
    zones_of,
)
from .mask import FaceMasks, Pixels, Shares, grown, soft, weighted_mean
from .shading import to_linear
from .tints import OF_LIGHT, whole_lips
from .wrinkles import Sight, Wrinkles, softened, wrinkles

Image = npt.NDArray[np.float32]

EVEN_REACH = 0.16  # of the blur that is called even, in eye distances
FAR_REACHES = (0.9, 0.4)  # where no skin is that near
SURE_SHARE = 0.06  # of skin within the reach, from which the even colour is seen and not guessed
# Logarithms beyond which a detail of plain skin goes no farther: dark, bright, coloured.
WRINKLE, SHINE, BLUSH = 0.26, 0.06, 0.025
WIDE_SHADE, WIDE_SHINE = 0.16, 0.02  # the same, dark and bright, of what is wider than PORE
PORE, COARSE = 0.05, 0.05  # reaches of blurs, eye distances: of a pore's shade, of a colour
# Logarithms of which half stays of what is wider than a pore, and of a colour: films, sensors and
# compression make such blotches, skin none so faint that anybody saw them. Of what is fine the same, by
# how many eye distances a pixel measures: noise of a small photo is as wide as a freckle.
BLOTCH, FLUSH, NOISE = 0.06, 0.012, 2.0
# Linear light no greater than what noise and compression make: half of a colour there is not the face's.
DARK_NOISE = 0.012
TOO_DARK, TOO_BRIGHT, TOO_COLOURED = 0.45, 0.60, 0.22  # logarithms, of what is not skin at all
FOLD_DARK = 0.65  # logarithm, by how much more yet in a deep fold there
CREASE_DARK, CREASE_COLOURED = 0.9, 0.5  # by how much more in the creases beside nose and mouth
AGED = 0.6  # by how much less the faint is doubted in an old face
DEEP_FOLD = 0.006  # eye distances, from which a fold is one however dark it is
MARGIN = 0.035  # eye distances round what is not skin
MOLE = 0.05  # eye distances across, up to which a dark spot is a mole
# How dark is how much of the skin round a spot that is not a mole but the end of a line.
LINE_DARK, LINE_SHARE = 0.15, 0.03
ALONE = 0.12  # eye distances from a mole to anything else that is no skin
FREE = (-2.4, 1.0)  # logarithms within which a detail of brow, beard or lip is kept
BRIGHTEST = 0.25  # the same upward, on lids and lips
BRIGHTEST_BROW = 0.08  # the same on brows: skin between hairs
MOST_TINT = 0.9  # the same of a colour beside the light: painted lips
LIP_MARGIN = 0.03  # eye distances round what is seen between lips that is not theirs
# Eye distances round a frame of glasses, over which it shades the skin.
RIM_MARGIN = 0.05
HAIRY_MARGIN = 0.05  # eye distances round a brow, that may mirror a rim of glasses as well


@dataclass(frozen=True)
class Complexion:
    """A picture of a face, taken apart.

    Attributes
    ----------
    even : (H, W, 3) float32, linear RGB of the skin on the whole
    sure : (H, W) 0..1, whether that was seen there
    detail : (H, W, 3) float32, factor on the even colour
    usable : (H, W) 0..1, where the detail is the face's own
    hairy : (H, W) 0..1, brows and beard
    beard : (H, W) 0..1, beard alone
    folds : (H, W) float32, eye distances by which folds at rest stand out
    lines : logarithm by which the narrowest wrinkles darken the skin, on the mean
    beard_hangs : eye distances by which it hangs below the chin
    white_brows : factor on the even colour, linear, of white hairs in the brows; None where they have none
    """

    even: Image
    sure: Shares
    detail: Image
    usable: Shares
    hairy: Shares
    beard: Shares
    folds: Image
    lines: float = 0.0
    beard_hangs: float = 0.0
    white_brows: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Worn:
    """Glasses that were taken off a picture.

    Attributes
    ----------
    frames : (H, W) 0..1, where their frames were
    least_brow : linear light, less than which no brow gives back: a rim over it does
    """

    frames: Shares
    least_brow: float


@dataclass(frozen=True)
class _PlainSkin:
    """The skin of a picture where nothing but skin is expected, and what is none there.

    Attributes
    ----------
    expected : (H, W) 0..1, where it is looked for
    even : (H, W, 3) logarithm of its colour on the whole; sure : (H, W) 0..1, whether that was seen there
    odd, moles : (H, W) 0 or 1, what is no skin, and what is a spot of it
    """

    expected: Shares
    even: Image
    sure: Shares
    odd: Shares
    moles: Shares


def complexion(
    pixels: Pixels,
    landmarks: FaceLandmarks,
    masks: FaceMasks,
    smile: float,
    *,
    enlarged: float = 1.0,
    worn: Worn | None = None,
    grey_hair: float = 0.0,
) -> Complexion:
    """A picture round a face taken apart into even skin and detail.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    smile : 0..1, how far folds of a smile are expected beside the mouth
    enlarged : pixels of the picture for one of the photo; worn : glasses that were taken off
    grey_hair : 0..1, how surely the person's hair is grey or white, so that brows may be
    """
    unit = landmarks.eye_distance_px
    light = np.maximum(to_linear(pixels / np.float32(255)), np.float32(2e-3))
    logs = np.log(light)
    zones = zones_of(landmarks, masks)
    lines = fine_lines(pixels, unit)
    beard = beard_share(pixels, zones, landmarks, masks, lines)
    rims = _rims(beard.shape, worn, unit)
    skin = _plain_skin(light, logs, _expected(zones, masks, beard) * (1 - rims), landmarks)
    shade, tint = _differences(logs, skin.even, 0.0)
    brow = np.maximum(*zones.brows)
    white = white_hairs(shade, tint, zones.brows, skin.even, unit, grey_hair)
    least = worn.least_brow if worn else 0.0
    shade, thinned = lightened_brows(shade, tint, brow, white[1], skin.even, least)
    darkness = [weighted_mean(shade, brow) for brow in zones.brows]
    open_face = 1 - mouth_pits(landmarks, shade.shape)
    free = without_shine(zones.features * open_face, zones, darkness, shade)
    free = np.maximum.reduce([free, beard, white[0], soft(grown(skin.moles, 1.0), 0.6)])
    folds = _folds(shade, skin, zones, landmarks, masks, 1 - beard, np.float32(smile), enlarged)
    plain = _creased(_plain_shade(shade, skin, unit, _noise(folds, enlarged, unit)), folds, unit)
    kept = plain + free * (np.clip(shade, FREE[0], _highest(zones, brow, beard, white[0])) - plain)
    browed = tinted_brows(_kept_tint(thinned, light, free, unit), kept, brow, skin.even, unit)
    browed, of_white = whitened(browed, tint, kept, brow, white)
    inside, lips = _lips(masks, open_face, unit)
    kept, tint = whole_lips(kept, browed, lips, inside, unit)
    clear = _clear(skin, free, unit) * (1 - rims * (1 - zones.features))
    clear = np.maximum.reduce([clear, lips, inside, _deep(folds, shade, 1 - beard, landmarks)])
    usable = masks.within * (1 - zones.hidden * (1 - inside)) * clear
    usable *= own_brows(zones, darkness, skin.odd, masks, unit)
    hairy = 2 * np.maximum(grown(brow, HAIRY_MARGIN * unit), beard)
    return Complexion(
        np.exp(skin.even),
        skin.sure,
        np.exp(kept[..., None] + tint).astype(np.float32),
        usable.astype(np.float32),
        np.clip(hairy, 0, 1).astype(np.float32),
        beard,
        folds.heights,
        folds.lines,
        beard_below_chin(pixels, landmarks, masks, beard, lines),
        of_white,
    )


def _rims(shape: tuple[int, ...], worn: Worn | None, unit: float) -> Shares:
    """0..1 round frames that were taken off (H, W), where what is left of them looks like folds."""
    if worn is None:
        return np.zeros(shape, np.float32)
    return soft(grown(worn.frames, RIM_MARGIN * unit), 0.3 * RIM_MARGIN * unit)


def _noise(folds: Wrinkles, enlarged: float, unit: float) -> float:
    """Logarithm of what is doubted: what is faint in a smooth face is noise, in a wrinkled one lines."""
    return (1 - AGED * folds.age) * NOISE * max(enlarged, 1.0) / unit


def _folds(
    shade: Shares,
    skin: _PlainSkin,
    zones: Zones,
    landmarks: FaceLandmarks,
    masks: FaceMasks,
    bare: Shares,
    smile: np.float32,
    enlarged: float,
) -> Wrinkles:
    """Folds of the skin that nothing covers; `bare` (H, W) is where no beard does."""
    unit = landmarks.eye_distance_px
    tone = float(np.exp(weighted_mean(skin.even @ OF_LIGHT, skin.expected)))
    creases = np.minimum(2 * mouth_creases(landmarks, shade.shape), 1)
    alike = skin.expected * (1 - grown(skin.odd, 0.6 * MARGIN * unit))
    folding = folding_skin(landmarks, zones, alike, creases * masks.within) * bare
    of_smile = smile * smile_creases(landmarks, masks)
    lasting = lasting_creases(landmarks, creases, float(smile))
    return wrinkles(shade, folding, of_smile, lasting, Sight(unit, enlarged, tone))


def _lips(masks: FaceMasks, open_face: Shares, unit: float) -> tuple[Shares, Shares]:
    """(H, W) 0..1 between the lips and near that, and on the rest of them."""
    inside = soft(grown(masks.mouth, LIP_MARGIN * unit), 0.5 * LIP_MARGIN * unit) * open_face
    return inside, masks.lips * open_face * (1 - inside)


def _clear(skin: _PlainSkin, free: Shares, unit: float) -> Shares:
    """(H, W) 0..1, away from what is no skin but for what is `free` to be none."""
    return 1 - soft(grown(skin.odd, MARGIN * unit), 0.02 * unit) * (1 - free)


def _highest(zones: Zones, brow: Shares, beard: Shares, white: Shares) -> Shares:
    """How much lighter than skin a pixel may be: a beard and white hairs are; else it is a reflection."""
    highest = BRIGHTEST + np.float32(BRIGHTEST_BROW - BRIGHTEST) * brow
    highest += white * (np.float32(WHITEST) - highest)
    return np.where(beard > zones.features, np.float32(FREE[1]), highest)


def _creased(plain: Shares, folds: Wrinkles, unit: float) -> Shares:
    """The shade of plain skin with its folds at rest, in a wrinkled face as dark as they are seen."""
    line = np.maximum(folds.seen, np.minimum(plain, 0))
    plain = (plain - line + softened(line, folds.softens, unit)) * folds.stays
    darker = np.where(folds.shade < 0, np.minimum(folds.shade - plain, 0), np.float32(0))
    return np.asarray(plain + np.float32(folds.age) * darker, np.float32)


def _deep(folds: Wrinkles, shade: Shares, bare: Shares, landmarks: FaceLandmarks) -> Shares:
    """0..1 where a fold is deep (H, W): it is skin, however unlike, if not as dark as hair.

    In the creases beside nose and mouth, where no beard is, `bare` (H, W), they are nearly as dark as that.
    """
    unit = landmarks.eye_distance_px
    creases = np.minimum(2 * mouth_creases(landmarks, shade.shape), 1) * bare
    deep = soft(np.clip(-folds.heights / np.float32(DEEP_FOLD), 0, 1), 0.01 * unit)
    hair = (shade < -TOO_DARK - CREASE_DARK - FOLD_DARK * creases).astype(np.float32)
    return np.asarray(deep * (1 - grown(hair, MARGIN * unit)), np.float32)


def as_hair(colours: Image, hairy: Shares) -> Image:
    """(H, W, 3) linear RGB without a blue that no hair has, where there is hair (H, W).

    A wall shines on grey hairs, a rim of glasses on a brow.

    Notes
    -----
    Pigments of hair take in the more of light the shorter its waves, so red >= green >= blue.
    """
    result = colours.copy()
    red, green, blue = np.moveaxis(result, -1, 0)
    most = np.minimum(green, red)
    blue += hairy * (np.minimum(blue, most) - blue)
    green += hairy * (most - green)
    return result


def _expected(zones: Zones, masks: FaceMasks, beard: Shares) -> Shares:
    """(H, W) 0..1 where nothing but skin is expected."""
    expected = masks.skin * masks.within
    expected *= 1 - np.maximum.reduce([zones.features, zones.hidden, beard])
    return np.where(expected > 0.5, expected, np.float32(0))


def _plain_skin(
    light: Image, logs: Image, expected: Shares, landmarks: FaceLandmarks
) -> _PlainSkin:
    """Plain skin of linear light and its logarithms (H, W, 3), twice without what is unlike it."""
    unit = landmarks.eye_distance_px
    creases = mouth_creases(landmarks, expected.shape)
    even, sure = _even(light, logs, expected, unit)
    odd = moles = np.zeros_like(expected)
    for _ in range(2):
        odd, moles = _not_skin(*_differences(logs, even, unit), creases, unit)
        even, sure = _even(light, logs, expected * (1 - grown(odd, 0.6 * MARGIN * unit)), unit)
    return _PlainSkin(expected, even, sure, odd, moles)


def _even(light: Image, logs: Image, weight: Shares, unit: float) -> tuple[Image, Shares]:
    """Logarithm of the colour of the weighted pixels on the whole, and how much of it was near.

    All of it is as smooth as its narrowest blur, so it is made on a picture as small as that allows.
    """
    height, width = weight.shape
    scale, size = shrunk(weight.shape, EVEN_REACH * unit)
    total = max(float(weight.sum()), 1e-6)
    few = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(logs * weight[..., None], size, interpolation=cv2.INTER_AREA)
    result = np.empty_like(small)
    result[:] = np.log((light * weight[..., None]).sum((0, 1)) / total + 1e-4)
    near = few
    for reach in (*FAR_REACHES, EVEN_REACH):
        wide = max(reach * unit * scale, 0.5)
        near, seen = (
            cv2.GaussianBlur(part, (0, 0), wide, borderType=cv2.BORDER_CONSTANT)
            for part in (few, small)
        )
        share = (near / (near + np.float32(0.03)))[..., None]
        result += share * (seen / np.maximum(near, 1e-4)[..., None] - result)
    even = cv2.resize(result, (width, height), interpolation=cv2.INTER_LINEAR)
    near = cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(even, np.float32), np.clip(near / SURE_SHARE - 0.5, 0, 1).astype(np.float32)


def _differences(logs: Image, even: Image, unit: float) -> tuple[Shares, Image]:
    """Logarithms of light over even colour, given as such: of their mean, and of each colour beside it."""
    ratio = logs - even
    if unit > 0:
        ratio = cv2.GaussianBlur(ratio, (0, 0), max(0.012 * unit, 0.6))
    shade = ratio @ OF_LIGHT
    return shade, ratio - shade[..., None]


def _held(shade: Shares, unit: float, noise: float) -> Shares:
    """Differences of plain skin (logarithms) within what pores and wrinkles do, and above noise."""
    wide = cv2.GaussianBlur(shade, (0, 0), max(PORE * unit, 0.6))
    most = np.where(wide < 0, np.float32(WIDE_SHADE), np.float32(WIDE_SHINE))
    fine = _without_faint(shade - wide, noise)
    wide = _without_faint(wide, BLOTCH)
    most_fine = np.where(fine < 0, np.float32(WRINKLE), np.float32(SHINE))
    held = most * np.tanh(wide / most) + most_fine * np.tanh(fine / most_fine)
    return np.asarray(held, np.float32)


def _without_faint(seen: npt.ArrayLike, half: float) -> Image:
    """Values of which those as small as `half` are halved, smaller ones vanish and great ones stay."""
    values = np.asarray(seen, np.float32)
    squares = values**2
    return values * (squares / (squares + np.float32(half**2)))


def _plain_shade(shade: Shares, skin: _PlainSkin, unit: float, noise: float) -> Shares:
    """What of a shade (logarithms) pores and wrinkles make, that leaves the skin as light on the whole."""
    plain = _held(shade, unit, noise)
    # What is dark may go farther than what shines: without this the face would darken.
    share = np.float32(1e-3) + skin.expected * (1 - skin.odd)
    wide = EVEN_REACH * unit
    return plain - blurred(plain * share, wide) / blurred(share, wide)


def _kept_tint(tint: Image, light: Image, free: Shares, unit: float) -> Image:
    """What is believed of colours beside the light: little on plain skin, more where `free` (H, W)."""
    coarse = cv2.GaussianBlur(tint, (0, 0), max(COARSE * unit, 0.6))
    faint = np.float32(BLUSH) * np.tanh(_without_faint(coarse, FLUSH) / np.float32(BLUSH))
    level = light.mean(-1, keepdims=True) ** 2
    sound = level / (level + np.float32(DARK_NOISE**2))
    return faint + free[..., None] * (sound * np.clip(tint, -MOST_TINT, MOST_TINT) - faint)


def _not_skin(shade: Shares, tint: Image, creases: Shares, unit: float) -> tuple[Shares, Shares]:
    """0 or 1 where a pixel is unlike the skin round it: for long, and in a spot as small as a mole."""
    coloured = np.abs(tint[..., 0] - tint[..., 1]) > TOO_COLOURED + CREASE_COLOURED * creases
    odd = ((shade < -TOO_DARK - CREASE_DARK * creases) | (shade > TOO_BRIGHT) | coloured).astype(
        np.uint8
    )
    _, labels, stats, _ = cv2.connectedComponentsWithStats(odd, connectivity=8)
    is_spot = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) < MOLE * unit
    is_spot[0] = False  # what is like skin
    # What is left of a strand or a frame in pieces is no mole: those lie alone. A bright spot is a glint.
    crowd = grown((odd * ~is_spot[labels]).astype(np.float32), ALONE * unit)
    around = 1 - grown(is_spot[labels].astype(np.float32), 0.3 * MOLE * unit)
    line = around * (shade < -LINE_DARK)
    share = blurred(line, MOLE * unit) / np.maximum(blurred(around, MOLE * unit), 1e-3)
    ended = np.bincount(labels.ravel(), share.ravel(), len(stats)) / stats[:, cv2.CC_STAT_AREA]
    spots = (is_spot & (ended < LINE_SHARE))[labels] & (crowd < 0.5) & (shade < 0)
    return np.where(spots, np.float32(0), odd.astype(np.float32)), spots.astype(np.float32)
