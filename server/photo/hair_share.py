"""Which pixels of a photo show hair, learnt from the person's own hair and skin.

Hair has no colour of its own: white, grey and fair hair is as near to skin as dark hair is to a shadow.
So two models are learnt from each picture, of lightness, colour and fineness of lines: one where nothing
but skin is expected, one well above the face. Where a pixel lies says how likely each is beforehand;
what the models say decides near the line. Both are learnt again from what they decided.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import BROW_LEFT, BROW_RIGHT, OVAL, SKIN_PATCHES

from .blurs import blurred_among

Pixels = npt.NDArray[np.uint8]
Shares = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

UNIT_PX = 56.0  # eye distance in the picture that is looked at
ROUNDS = 3
# Least spread of a model: lightness, the two colours, logarithm of the contrast of fine lines.
FLOOR = np.array([5.0, 2.0, 2.5, 0.30])
FAR = np.array([16.0, 6.0, 8.0, 0.8])  # spread of what neither model knows
MOST_SAID = 3.0  # logarithm of odds that one pixel's looks may add
# Distance of the crown from skin, in spreads of the skin, up to which it is bare, and up to which it is if
# the contrast of its fine lines, in CIELAB lightness, is as low as skin's and it is as red: white hair can
# be as smooth.
SKIN_SPREAD = np.array([7.0, 2.2, 3.5, 0.35])
BARE, BARE_SMOOTH, SMOOTH = 2.0, 3.9, 1.0
RED = (0.45, 0.9)  # CIELAB a over the face's, from none of that to all
HAIRY = 0.3  # share of where hair is expected that is unlike skin, from which that alone teaches it
# CIELAB a over that of the face, under which no skin is seen: a scalp is as red, be it shaved, in the shade
# or bright, and white hair is not.
NO_SKIN = 0.65
GREY = 1.0  # CIELAB a by which pictures without colour differ
FAINTEST = 0.25  # contrast below which differences mean nothing
INSIDE = 0.9  # share of a person, from which a pixel shows nothing else


@dataclass(frozen=True)
class _Model:
    """A Gaussian over (lightness, a, b, fineness)."""

    middle: Floats
    inverse: Floats
    log_norm: float

    @classmethod
    def of(cls, samples: Floats) -> _Model:
        middle = np.median(samples, axis=0)
        off = samples - middle
        near = (np.abs(off) < 3.0 * (1.48 * np.median(np.abs(off), axis=0) + FLOOR)).all(1)
        kept = off[near] if near.sum() > 30 else off
        covariance = kept.T @ kept / max(len(kept), 1) + np.diag(FLOOR**2)
        return cls(
            middle, np.linalg.inv(covariance), -0.5 * float(np.linalg.slogdet(covariance)[1])
        )

    def log_share(self, looks: Floats) -> Floats:
        """(...,) logarithm of the density at looks (..., 4)."""
        off = looks - self.middle
        return self.log_norm - 0.5 * np.einsum("...i,ij,...j->...", off, self.inverse, off)


def hair_seen(pixels: Pixels, points_px: Floats, person: Shares) -> tuple[Shares, bool]:
    """(H, W) float32, 0..1: how likely each pixel shows the person's hair; and whether the crown is bare.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; points_px : (N, 2) landmarks in it; person : (H, W) 0..1
    """
    height, width = pixels.shape[:2]
    eyes = points_px[[33, 133, 263, 362]]
    unit = float(np.linalg.norm(eyes[:2].mean(0) - eyes[2:].mean(0)))
    scale = min(1.0, UNIT_PX / max(unit, 1e-6))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    there = np.asarray(cv2.resize(person, size, interpolation=cv2.INTER_AREA), np.float32)
    points, unit = points_px * scale, unit * scale
    looks = _looks(pixels, small, size, unit, there)
    place = _expected(points, unit, there)
    nothing = np.zeros((height, width), np.float32)
    if place.skin.sum() < 60 or place.hair.sum() < 60:
        return nothing, False
    seed, before = place.hair, place.before
    skin = _Model.of(looks[place.skin])
    like_skin = _like_skin(looks, looks[place.skin])
    is_bare = bool(place.crown.sum() > 20) and _is_bare(looks, like_skin, place)
    if is_bare:
        # What is left grows at the sides, and the crown says no more than its looks do.
        seed = seed & (like_skin > BARE_SMOOTH) & ~place.crown
        before = np.minimum(before, 0.0)
        if seed.sum() < 60:
            return nothing, True
    else:
        # Over a high forehead what would be hair is skin, and no hair is to be learnt from it.
        unlike = seed & (like_skin > BARE)
        seed = unlike if unlike.sum() > HAIRY * seed.sum() else seed
    share = np.where(seed, 1.0, 0.0)
    for _ in range(ROUNDS):
        chosen = seed & (share > 0.5)
        samples = looks[chosen] if chosen.sum() > 40 else looks[seed]
        hair = np.max([model.log_share(looks) for model in _hair_models(samples)], axis=0)
        other = skin.log_share(looks)
        unknown = _unknown(looks, np.median(samples, axis=0))
        said = np.maximum(hair, unknown) - np.maximum(other, unknown)
        # Above the face there is hair or skin; lower down there are clothes and more.
        said = said + place.low * np.minimum(hair - unknown, 0.0)
        said = np.clip(said, -MOST_SAID, MOST_SAID)
        said = cv2.GaussianBlur(said.astype(np.float32), (0, 0), 0.03 * unit)
        share = 1.0 / (1.0 + np.exp(-np.clip(before + said, -12, 12)))
    share = (share * np.clip((there - 0.35) / 0.3, 0, 1)).astype(np.float32)
    share = cv2.GaussianBlur(share, (0, 0), 0.8)
    large = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32), is_bare


def _like_skin(looks: Floats, samples: Floats) -> Floats:
    """(h, w) distance in spreads from the skin's samples (N, 4)."""
    middle = np.median(samples, axis=0)
    spread = np.maximum(1.48 * np.median(np.abs(samples - middle), axis=0), SKIN_SPREAD)
    off = (looks - middle) / spread
    off[..., 0] *= np.where(off[..., 0] > 0, 0.6, 0.8)
    off[..., 3] = np.maximum(off[..., 3], -1.0)  # a scalp has fewer lines than a face
    return np.sqrt((off**2).sum(-1))


def _is_bare(looks: Floats, like_skin: Floats, place: _Place) -> bool:
    """Whether the crown is skin: like the face's, or as smooth as that and red as it is."""
    crown, face = (np.median(looks[chosen], axis=0) for chosen in (place.crown, place.skin))
    is_smooth = float(np.exp(crown[3])) - FAINTEST < SMOOTH
    red = (crown[1] + GREY) / max(float(face[1]) + GREY, GREY)
    most = np.interp(red, RED, (BARE, BARE_SMOOTH)) if is_smooth else BARE
    return bool(np.median(like_skin[place.crown]) < most)


def _looks(
    pixels: Pixels, small: Pixels, size: tuple[int, int], unit: float, person: Shares
) -> Floats:
    """(h, w, 4) lightness, a and b of the small picture, and the logarithm of its fine contrast.

    Parameters
    ----------
    person : (h, w) 0..1; the background, and the edge toward it, is no contrast of a head
    """
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    twice = (2 * size[0], 2 * size[1])
    grey = cv2.resize(pixels, twice, interpolation=cv2.INTER_AREA)
    lightness = cv2.cvtColor(np.asarray(grey, np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 0]
    light = np.asarray(lightness, np.float32)
    inside = cv2.resize(person, twice, interpolation=cv2.INTER_LINEAR) > INSIDE
    firm = cv2.erode(inside.astype(np.float32), np.ones((3, 3), np.uint8))
    within = np.asarray(firm, np.float32) + np.float32(1e-3)
    fine = blurred_among(light, within, 0.03 * unit) - blurred_among(light, within, 0.09 * unit)
    energy = blurred_among(np.abs(fine), within, 0.16 * unit)
    energy = cv2.resize(energy, size, interpolation=cv2.INTER_AREA)
    return np.concatenate([lab, np.log(energy + FAINTEST)[..., None]], -1).astype(np.float64)


@dataclass(frozen=True)
class _Place:
    """What the place of a pixel says, all (h, w).

    Attributes
    ----------
    before : logarithm of the odds of hair
    skin, hair : where each is learnt
    crown : the middle of the hair above the face
    low : 0..1, below the eyes
    """

    before: Floats
    skin: npt.NDArray[np.bool_]
    hair: npt.NDArray[np.bool_]
    crown: npt.NDArray[np.bool_]
    low: Floats


def _expected(points: Floats, unit: float, person: Shares) -> _Place:
    """What is expected where, round a face with these landmarks (N, 2)."""
    shape = person.shape
    oval = np.zeros(shape, np.uint8)
    cv2.fillPoly(oval, [np.round(points[list(OVAL)]).astype(np.int32)], (1,))
    out = cv2.distanceTransform(1 - oval, cv2.DIST_L2, 5) / unit
    inside = cv2.distanceTransform(oval, cv2.DIST_L2, 5) / unit
    away = np.where(oval > 0, -inside, out)
    rows = np.arange(shape[0])[:, None] * np.ones((1, shape[1]))
    brow = points[list(BROW_LEFT + BROW_RIGHT), 1].min()
    eye = points[[33, 263], 1].mean()
    jaw = points[[58, 288], 1].mean()
    top = np.clip((away - 0.12) / 0.14, -3.5, 2.5)
    # Beside the face ears are as likely as hair; below the jaw neck and clothes are likelier.
    beside = np.clip((away - 0.12) / 0.14, -3.5, -0.4)
    low = np.clip((away - 0.12) / 0.14, -3.5, -1.2)
    level = np.clip((rows - brow) / max(eye - brow, 1.0), 0, 1)
    lower = np.clip((rows - eye) / max(jaw - eye, 1.0), 0, 1)
    before = top + level * (beside - top)
    before = before + lower * (low - before)
    firm = cv2.erode(person, np.ones((3, 3), np.uint8)) > 0.9
    hair_seed = firm & (away > 0.42) & (rows < brow) & (out < 1.6)
    if hair_seed.sum() < 60:
        hair_seed = firm & (away > 0.25) & (rows < brow)
    skin_seed = np.zeros(shape, np.uint8)
    for patch in SKIN_PATCHES:
        corners = cv2.convexHull(np.round(points[list(patch)]).astype(np.int32))
        cv2.fillConvexPoly(skin_seed, corners, (1,))
    edge = points[list(OVAL), 0]
    columns = np.arange(shape[1])[None]
    crown = hair_seed & (np.abs(columns - edge.mean()) < 0.225 * np.ptp(edge))
    return _Place(before, skin_seed > 0, hair_seed, crown, lower)


def _hair_models(samples: Floats) -> list[_Model]:
    """The hair's lit and its shaded part."""
    middle = np.median(samples[:, 0])
    lit = samples[:, 0] >= middle
    if min(lit.sum(), (~lit).sum()) < 30:
        return [_Model.of(samples)]
    return [_Model.of(samples[lit]), _Model.of(samples[~lit])]


def _unknown(looks: Floats, middle: Floats) -> Floats:
    """(h, w) logarithm of the density of anything else."""
    return -np.log(FAR).sum() - 0.5 * np.clip((((looks - middle) / (2.0 * FAR)) ** 2).sum(-1), 0, 8)
