"""The public-domain portrait that scikit-image carries, found once for all tests of photos."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image

from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from server.photo.landmarks import Detection, detect_face
from server.photo.mask import FaceMasks, face_masks


@cache
def astronaut() -> np.ndarray:
    """(512, 512, 3) uint8 sRGB, the whole picture."""
    with Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png") as image:
        return frozen(np.asarray(image.convert("RGB")))


@cache
def detection() -> Detection:
    """The face in it."""
    return detect_face(astronaut())


@cache
def enlarged() -> np.ndarray:
    """(768, 768, 3) uint8 sRGB, the head alone."""
    face = astronaut()[:256, 96:352]
    return frozen(cv2.resize(face, (768, 768), interpolation=cv2.INTER_CUBIC))


@cache
def landmarks() -> FaceLandmarks:
    """Those of the enlarged head."""
    return detect_face(enlarged()).landmarks


@cache
def masks() -> FaceMasks:
    """Those of the enlarged head."""
    return face_masks(enlarged(), landmarks())


def frozen(pixels: np.ndarray) -> np.ndarray:
    pixels = np.array(pixels, np.uint8)
    pixels.setflags(write=False)
    return pixels
