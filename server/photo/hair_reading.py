"""All that a photo says about hair, in the order in which one answer needs another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.face_landmarks import FaceLandmarks
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_view import View

from .curl import read_curl, read_wave
from .hair import Scalp, read_scalp, with_hair
from .hairline import read_hairline
from .lie import read_lie
from .mask import FaceMasks, Pixels
from .tresses import read_fall, where_it_falls

Floats = npt.NDArray[np.float64]


def hair_in_photo(
    head: Head,
    view: View,
    picture: Pixels,
    to_picture: Floats,
    landmarks: FaceLandmarks,
    masks: FaceMasks,
) -> Scalp:
    """Baldness, volume, line, length, curl, wave and lie of the hair.

    Parameters
    ----------
    head, view : fitted, as it stands in the photo
    picture, landmarks, masks : the part of the photo round the head, the face and its regions in it
    to_picture : (2, 3) map from pixels of the view's photo to the picture
    """
    scalp = read_scalp(head, view, picture, to_picture, landmarks, masks)
    if scalp.is_bald:
        return scalp
    metres_per_px = 1.0 / (view.scale * to_picture[0, 0])
    scalp = replace(
        scalp,
        fall=read_fall(picture, landmarks, masks, metres_per_px),
        hairline=read_hairline(head, view, to_picture, masks),
        curl=read_curl(picture, landmarks, masks),
    )
    # Where its line is matters little for that, and takes as long as all else here.
    shaped = with_hair(head, replace(scalp, fall=None, hairline=None))
    lay = read_lie(picture, landmarks, masks, shaped, view, to_picture)
    wave = lay.wave
    if scalp.fall:
        falling = where_it_falls(landmarks, masks, scalp.fall, metres_per_px)
        wave = read_wave(picture, landmarks, falling)
    return replace(scalp, parting=lay.parting, sweep=lay.sweep, wave=wave)
