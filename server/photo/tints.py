"""Colours beside the light of brows and lips, as logarithms: one hue each, as a person has it.

From pixel to pixel a camera, compression and what lies beside them make other ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .blurs import blurred
from .mask import Shares

Image = npt.NDArray[np.float32]

OF_LIGHT = np.array([0.3, 0.55, 0.15], np.float32)  # shares of the colours in what is called light
# Logarithm of a brow's red over green beside the skin's at most: but for the reddest, hair has less of it
# than skin; cameras and compression give dark hairs more.
BROW_RED = 0.3
# What of too much red goes to green, and of too much blue to both others: all as light as before.
LESS_RED = np.array([-0.65, 0.35, 0.0], np.float32)
LESS_BLUE = np.array([0.15, 0.15, -0.85], np.float32)
LIP_REACH = 0.15  # eye distances over which lips have one hue
BROW_REACH = 0.12  # eye distances over which a brow has one colour


def one_colour(tint: Image, shade: Shares, brow: Shares, unit: float) -> Image:
    """Tints of brows as one colour that goes with their darkness: what differs from hair to hair is noise.

    Parameters
    ----------
    tint, shade : (H, W, 3) and (H, W) logarithms, of each colour beside the light and of the light
    brow : (H, W) 0..1; unit : pixels of the eye distance

    Notes
    -----
    The least squares of the tint over the darkness round each pixel, so that skin between hairs has no say.
    """
    dark = brow * np.maximum(-shade, 0)
    reach = BROW_REACH * unit
    weight = blurred(dark**2, reach)[..., None]
    each = blurred(dark[..., None] * tint, reach) / np.maximum(weight, 1e-6)
    return np.asarray(np.maximum(-shade, 0)[..., None] * each, np.float32)


def whole_lips(
    shade: Shares, tint: Image, red: Shares, inside: Shares, unit: float
) -> tuple[Shares, Image]:
    """Shade and tint with lips of one hue that go on over what is seen between them.

    Teeth and their edges are no part of a closed lip; without them its middle had no colour of its own.

    Parameters
    ----------
    red : (H, W) 0..1, lips that are surely seen; inside : what is seen between them, with a margin
    """
    reach = LIP_REACH * unit
    near = np.maximum(blurred(red, reach), np.float32(1e-4))
    wide = blurred(red * shade, reach) / near
    hue = blurred(red[..., None] * tint, reach) / near[..., None]
    shade = shade + inside * (wide - shade)
    return shade, tint + np.maximum(red, inside)[..., None] * (hue - tint)


def pigmented(tint: Image, even: Image) -> Image:
    """What tints (N, 3) of brows over even skin lack for a colour that hair has, all logarithms.

    Notes
    -----
    Pigments of hair take in the more of light the shorter its waves, so what of red is lost toward green is
    lost at least once more toward blue, unless the skin between the hairs has less to lose. A wall or a
    shine on thin brows makes them blue.
    """
    red, green, blue = np.moveaxis(tint, -1, 0)
    too_red = np.maximum(red - green - np.float32(BROW_RED), 0)
    of_skin = even[..., 1] - even[..., 2]
    lost = np.maximum(red - green - too_red + even[..., 0] - even[..., 1], 0)
    too_blue = np.maximum(blue - green + np.minimum(lost - of_skin, 0), 0)
    return too_red[..., None] * LESS_RED + too_blue[..., None] * LESS_BLUE
