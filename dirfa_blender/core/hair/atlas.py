"""A picture of strands for cards of hair and what lies under them, in a head's own colour. No bpy.

It is one for all of a head's hair: bundles side by side, dark to fair, roots at the top and tips fraying at
the bottom, and beside them a weave that repeats when it is mirrored, for cap and sheet. The colour is in
the picture itself, so that every program shows it with its plainest material; where nothing is drawn
the picture has hair's colour too, or a rim would show round every strand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]

# sRGB of hair of which no photo says anything.
HAIR_COLOUR: Colour = (0.16, 0.11, 0.08)
SIZE = 512
BUNDLES, BUNDLE_PIXELS = 6, 64
THIN_PIXELS = 32  # of the bundle that stands for single hairs along the line
WEAVE_PIXELS = SIZE - BUNDLES * BUNDLE_PIXELS - THIN_PIXELS
MARGIN_PIXELS = 2.0  # between neighbours, which smaller versions of the picture mix
STRANDS, THIN_STRANDS, WEAVE_STRANDS = 46, 8, 112
# Of the height: over which roots begin and at which tips end; the weave frays over its lowest share.
ROOTS, TIPS, FRAYED = 0.16, (0.45, 1.0), 0.14
WIDTHS = (0.6, 1.35)  # pixels, half of a strand's width
SLANT_PIXELS = 7.0  # by which a strand of the weave ends aside
CLOSED = 0.75  # of its place across the bundle that a strand has left at its tip
# Light of the darkest and of the fairest bundle; spread among strands of one, straight and all curls; what
# is left at roots and at the rim of a strand; light of the weave, which lies in the shade of the others.
TONES, SPREAD, ROOT, RIM, WEAVE_TONE = (0.66, 1.20), (0.34, 0.55), 0.68, 0.6, 0.80
# Light at tips, which are older and lie outside, over what is between root and tip; and the shares of the
# height at which there is that of root, middle and tip.
TIP, LIT_FROM = 1.15, (0.0, 0.35, 1.0)
# What a card gives back over what the photo's hair did, and how much of its colour that has, of hair as
# dark and as fair as so much luminance. Strands of a render send on light from others and mirror white
# light over it, dark ones more of that: a surface of the photo's colour is darker and redder than they.
GAIN, SATURATION, LIGHTS = (1.85, 1.33), (0.5, 0.95), (0.035, 0.20)
PLAIN = 0.75  # mean light of the picture, of the lightest that is drawn
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
# Sway across a bundle, of its width, and turns along it: of straight hair and of hair all curls.
SWAY, TURNS = (0.02, 0.17), (0.8, 3.6)


def bundle_box(number: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Left and right edge in the picture, 0..1, of bundles by their numbers, the darkest first."""
    left = (number * BUNDLE_PIXELS + MARGIN_PIXELS) / SIZE
    return left, left + (BUNDLE_PIXELS - 2 * MARGIN_PIXELS) / SIZE


def thin_box() -> tuple[float, float]:
    """Left and right edge of the bundle of single hairs."""
    left = BUNDLES * BUNDLE_PIXELS + MARGIN_PIXELS
    return left / SIZE, (left + THIN_PIXELS - 2 * MARGIN_PIXELS) / SIZE


def weave_box() -> tuple[float, float]:
    """Left and right edge of the weave."""
    return 1.0 - (WEAVE_PIXELS - MARGIN_PIXELS) / SIZE, 1.0 - MARGIN_PIXELS / SIZE


def in_half(v: npt.ArrayLike, is_side: npt.ArrayLike) -> Floats:
    """Heights 0..1 in a picture of one colour as they are in one of two, the crown's over the sides'."""
    return 0.5 * (np.asarray(v, np.float64) + ~np.asarray(is_side, np.bool_))


def hair_atlas(
    colour: Colour, curl: float = 0.0, *, sides: Colour | None = None, seed: int = 2
) -> npt.NDArray[np.uint8]:
    """(SIZE, SIZE, 4) uint8 sRGB and opacity, top row first; twice as high for hair of two colours.

    Parameters
    ----------
    colour : sRGB 0..1 of the hair
    curl : 0 straight to 1 all curls
    sides : of the hair at the sides, where that is another; its half of the picture is the lower one
    """
    random = np.random.default_rng(seed)
    spread = SPREAD[0] + (SPREAD[1] - SPREAD[0]) * curl
    tone = np.empty((SIZE, SIZE))
    alpha = np.empty((SIZE, SIZE))
    for number, light in enumerate(np.linspace(*TONES, BUNDLES)):
        box = slice(number * BUNDLE_PIXELS, (number + 1) * BUNDLE_PIXELS)
        place = _bundle(curl, BUNDLE_PIXELS, STRANDS, random)
        drawn, alpha[:, box] = _drawn(place, BUNDLE_PIXELS, spread, random)
        tone[:, box] = light * drawn
    box = slice(BUNDLES * BUNDLE_PIXELS, SIZE - WEAVE_PIXELS)
    place = _bundle(curl, THIN_PIXELS, THIN_STRANDS, random)
    tone[:, box], alpha[:, box] = _drawn(place, THIN_PIXELS, spread, random)
    box = slice(SIZE - WEAVE_PIXELS, SIZE)
    drawn, frayed = _drawn(_weave(curl, random), WEAVE_PIXELS, spread, random)
    tone[:, box] = WEAVE_TONE * drawn
    # Nothing is seen through it but at its lower edge.
    above = np.clip((1.0 - FRAYED - np.linspace(0.0, 1.0, SIZE)) / 0.04, 0.0, 1.0)
    alpha[:, box] = np.maximum(frayed, above[:, None])
    return np.concatenate([_dyed(tone, alpha, one) for one in (colour, sides) if one is not None])


def _dyed(tone: Floats, alpha: Floats, colour: Colour) -> npt.NDArray[np.uint8]:
    """(H, W, 4) uint8 sRGB of strands of these tones and this opacity in a colour."""
    light = tone[..., None] * _given_back(colour)
    # Clipped by channels, fair hair would lose its hue.
    light /= np.maximum(light.max(-1, keepdims=True), 1.0)
    return np.round(255 * np.dstack([_srgb(light), alpha])).astype(np.uint8)


def _bundle(curl: float, pixels: int, count: int, random: np.random.Generator) -> _Strokes:
    """So many strands of one bundle: drawn together toward their tips, which end one by one."""
    share = np.linspace(0.0, 1.0, SIZE)
    root = random.uniform(-1.0, 1.0, (count, 1)) * 0.86
    clump = np.round(2.0 * root + random.normal(0.0, 0.4, root.shape)) / 2.6
    across = root + (clump - root) * (1.0 - CLOSED) * share**1.5
    across = across + _sway(curl, share, clump, random)
    half = pixels / 2 - MARGIN_PIXELS
    start = random.uniform(0.0, ROOTS, root.shape) + 0.06 * np.abs(root) ** 3
    # What is outermost ends first: a bundle has a point.
    end = TIPS[1] - (TIPS[1] - TIPS[0]) * random.beta(1.3, 2.0, root.shape) - 0.12 * root**2
    return _Strokes(pixels / 2 + half * across, start, end, share)


def _weave(curl: float, random: np.random.Generator) -> _Strokes:
    """Strands over all the weave; they end where hair does, one by one."""
    share = np.linspace(0.0, 1.0, SIZE)
    place = random.uniform(-0.03, 1.03, (WEAVE_STRANDS, 1)) * WEAVE_PIXELS
    sway = _sway(curl, share, 9.0 * place / WEAVE_PIXELS, random) * BUNDLE_PIXELS / 2
    end = 1.0 - FRAYED * random.uniform(0.0, 1.0, place.shape) ** 0.8
    slant = random.normal(0.0, SLANT_PIXELS, place.shape) * np.clip(
        share / FRAYED + 1.0 - 1.0 / FRAYED, 0.0, 1.0
    )
    return _Strokes(place + sway + slant, np.full(place.shape, -0.1), end, share)


class _Strokes:
    """Strands to draw: middles (N, H) in pixels, and widths (N, H), 0..1 of a whole one.

    They start and end at shares (N, 1) of the height.
    """

    def __init__(self, middle: Floats, start: Floats, end: Floats, share: Floats) -> None:
        self.middle = middle
        whole = np.clip((share - start) / 0.02, 0.0, 1.0)
        self.width = whole * np.sqrt(np.clip((end - share) / 0.25, 0.0, 1.0))


def _sway(curl: float, share: Floats, phase: Floats, random: np.random.Generator) -> Floats:
    """(N, H) how far strands stray across a bundle, neighbours nearly alike."""
    turns = TURNS[0] + (TURNS[1] - TURNS[0]) * curl
    far = SWAY[0] + (SWAY[1] - SWAY[0]) * curl
    own = random.normal(0.0, 0.5 + 0.5 * curl, phase.shape)
    many = turns * random.uniform(0.85, 1.15, phase.shape)
    return (
        2.0
        * far
        * np.minimum(3.0 * share, 1.0)
        * np.sin(2 * np.pi * many * share + 2.0 * phase + own)
    )


def _drawn(
    strokes: _Strokes, width: int, spread: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """(H, W) light and opacity of strands, each over those before it."""
    count = len(strokes.middle)
    share = np.linspace(0.0, 1.0, SIZE)[:, None]
    rooted = np.interp(share, LIT_FROM, (ROOT, 1.0, TIP))
    pixels = np.arange(width) + 0.5
    # What lies deepest is in the shade of the rest.
    tones = 1.0 + spread * random.uniform(-1.0, 1.0, count)
    tones *= 0.72 + 0.28 * np.linspace(0.0, 1.0, count)
    thick = random.uniform(*WIDTHS, count)
    tone = np.full((SIZE, width), 0.72) * rooted
    alpha = np.zeros((SIZE, width))
    for k in range(count):
        half = (thick[k] * strokes.width[k])[:, None]
        off = np.abs(pixels - strokes.middle[k][:, None])
        cover = np.clip(half + 0.5 - off, 0.0, 1.0) * np.minimum(2.0 * half, 1.0)
        round_ = 1.0 - (1.0 - RIM) * np.minimum(off / (half + 0.5), 1.0) ** 2
        tone += cover * (tones[k] * rooted * round_ - tone)
        alpha = np.maximum(alpha, cover)
    return tone, alpha


def card_colour(colour: Colour) -> tuple[float, float, float]:
    """Linear mean of what the atlas shows of hair of an sRGB colour, for windows that show no picture."""
    red, green, blue = np.clip(PLAIN * _given_back(colour), 0.0, 1.0).tolist()
    return red, green, blue


def _given_back(colour: Colour) -> Floats:
    """(3,) linear light that cards of hair of an sRGB colour give back."""
    seen = _linear(colour)
    grey = float(seen @ LUMINANCE)
    gain, saturation = (np.interp(grey, LIGHTS, pair) for pair in (GAIN, SATURATION))
    return gain * (grey + saturation * (seen - grey))


def _linear(srgb: Sequence[float]) -> Floats:
    value = np.asarray(srgb, np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _srgb(light: Floats) -> Floats:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
