"""One photo in, one head out: decode, find the face, check, fit, dress in its own skin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dirfa_blender.core.face_landmarks import FaceLandmarks
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import FitSettings, fit_photo
from dirfa_blender.core.head_template import template
from dirfa_blender.core.protocol import PhotoSettings

from .checks import expression_warnings, refuse_or_warn
from .decode import decode_photo
from .hair import standoff, with_hair
from .landmarks import detect_face
from .texture import skin_from_photo


@dataclass(frozen=True)
class PhotoResult:
    """What a photo became.

    Attributes
    ----------
    head : neutral, with 52 shapes, albedo and measured colours
    warnings : sentences about what was corrected or is uncertain
    landmarks : of the face that was used, in pixels of the upright photo as decoded
    """

    head: Head
    warnings: tuple[str, ...]
    landmarks: FaceLandmarks


def head_from_photo(data: bytes, settings: PhotoSettings) -> PhotoResult:
    """The head of the person in a photo.

    Parameters
    ----------
    data : bytes of a picture file

    Raises
    ------
    PhotoError
        When the bytes are no photo, or it holds no face that can be fitted.
    """
    photo = decode_photo(data)
    found = detect_face(photo.pixels)
    pixels = np.ascontiguousarray(np.rot90(photo.pixels, found.quarter_turns))
    warnings = refuse_or_warn(found, pixels)
    chosen = FitSettings(interpupillary_distance_metres=settings.interpupillary_metres)
    fit = fit_photo(found.landmarks, chosen)
    warnings += expression_warnings(found, fit.expression)
    skin = skin_from_photo(pixels, found.landmarks, fit, template(), size=settings.texture_pixels)
    head = replace(
        with_hair(fit.head, skin.scalp, standoff(template())),
        albedo=skin.albedo,
        colours=skin.colours,
        source={**fit.head.source, "photo_sha256": photo.sha256},
    )
    return PhotoResult(head, warnings, found.landmarks)
