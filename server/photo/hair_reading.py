"""All that a photo says about hair, in the order in which one answer needs another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.hair.groom import cap_grid, standoff
from dirfa_blender.core.hair.hairline import without_sideburns
from dirfa_blender.core.hair.tresses import Fall
from dirfa_blender.core.head import Head
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View

from .closeup import Closeup
from .curl import read_curl, read_wave
from .hair import ANGLES, Scalp, read_scalp, with_hair
from .hairline import read_fringe, read_hairline, read_sideburns
from .headwear import covers_hair
from .lie import read_lie
from .mask import FaceMasks, Pixels
from .tresses import CURLING, read_fall, where_it_falls

Floats = npt.NDArray[np.float64]

# Of the waves that are read beside hair behind both ears, where neck, collar and ear-rings have lines too.
TUCKED = 0.6
# Metres off the skull, up to which hair is drawn so tight that it may be tied behind; half the width, at
# ears, jaw and chin, of what is cut short behind them.
TIGHT_METRES, CUT_WIDTHS = 0.0065, (0.080, 0.078, 0.074)


def hair_in_photo(head: Head, view: View, seen: Closeup) -> Scalp:
    """Baldness, volume, line, length, curl, wave and lie of the hair.

    Parameters
    ----------
    head, view : fitted, as it stands in the photo
    """
    picture, landmarks, masks = seen.picture, seen.landmarks, seen.masks
    if covers_hair(picture, masks):
        as_usual = np.ones(len(ANGLES))
        return Scalp(False, False, as_usual, as_usual, is_covered=True)
    scalp = read_scalp(head, view, seen)
    if scalp.is_bald:
        return scalp
    metres_per_px = 1.0 / (view.scale * seen.to_picture[0, 0])
    line = read_hairline(head, view, seen.to_picture, masks)
    fall = read_fall(picture, landmarks, masks, metres_per_px)
    short = 1.0 - read_sideburns(head, view, seen.to_picture, masks)
    scalp = replace(
        scalp,
        fall=fall,
        hairline=_with_temples(line, fall, short),
        fringe=0.0 if line is None else read_fringe(line),
        curl=read_curl(picture, landmarks, masks),
    )
    # Where its line is matters little for that, and takes as long as all else here.
    shaped = with_hair(head, replace(scalp, fall=None, hairline=None))
    lay = read_lie(picture, landmarks, masks, shaped, view, seen.to_picture, scalp.fringe)
    wave = lay.wave
    if scalp.fall:
        wave = wave_of_fall(picture, landmarks, masks, scalp.fall, metres_per_px)
        scalp = replace(scalp, fall=gathered_if_tight(scalp.fall, shaped))
    return replace(scalp, parting=lay.parting, sweep=lay.sweep, wave=wave)


def gathered_if_tight(fall: Fall, shaped: Head) -> Fall:
    """How hair falls, gathered no more where it stands off the skull: that is cut short behind the ears."""
    cap = cap_grid(shaped)
    if cap is None or not fall.is_gathered:
        return fall
    is_high = cap[..., 2] > float(shaped.landmarks()[[105, 334], 2].mean())
    off = float(np.median(standoff(shaped, cap)[is_high]))
    if off < TIGHT_METRES:
        return fall
    return replace(fall, is_gathered=False, half_widths=CUT_WIDTHS)


def _with_temples(line: Floats | None, fall: Fall | None, short: float) -> Floats | None:
    """(C,) the line without the sideburns that a head lacks by such a share.

    Hair that is brought behind an ear takes what grows before it along.
    """
    gone = (short, short) if fall is None else tuple(0.0 if b else 1.0 for b in fall.before_ear)
    if not any(gone):
        return line
    shift = without_sideburns((gone[0], gone[1]))
    return shift if line is None else line + shift


def wave_of_fall(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks, fall: Fall, metres_per_px: float
) -> float:
    """0 for straight hair, 1 for open curls, of hair that falls so.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    """
    falling = where_it_falls(landmarks, masks, fall, metres_per_px, farthest=CURLING)
    wave = read_wave(pixels, landmarks, falling)
    return wave if any(fall.before_ear) else TUCKED * wave
