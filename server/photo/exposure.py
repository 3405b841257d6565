"""A photo taken in too little light, made as light as a good one.

How light a face is in a photo tells little about its skin, how light it is beside white things tells much.
Portraits hold something white (a collar, teeth, a wall, the glints of skin itself), and a good exposure
brings it near to the top of the scale. Where nothing in a picture comes near, the camera got too little
light.
"""

from __future__ import annotations

import numpy as np

from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.likeness.landmarks import OVAL, FaceLandmarks

from .mask import Pixels, filled
from .shading import lightness, to_linear, to_srgb

BRIGHTEST = 99.5  # percentile of luminance that stands for the brightest thing in a picture or face
SEARCHED = 512  # pixels of the longer side that are looked at
# Luminance of the brightest thing below which a photo is dark: glints of a face alone, and something white
# beside it; and how many times the face's brightest it is at least, and surely, if it is that.
FACE_ALONE, WITH_WHITE = 0.42, 0.60
WHITER = (1.25, 1.7)
# Powers of the gain up to there, by which a dark photo is lightened: glints and white are mostly lighter.
BEYOND_ALONE, BEYOND_WITH_WHITE = 1.6, 1.35
# Median luminance of a face that even dark skin has in a good portrait, and how much of what lacks is made
# up: in the shade before a bright window white things tell nothing.
DARKEST_FACE, MADE_UP = 0.13, 0.6
MOST = 12.0  # times; beyond, there is more noise than face
WORTH_IT = 1.05  # gain below which a photo is left as it is
MENTIONED = 1.5  # gain from which it is said


def missing_light(pixels: Pixels, landmarks: FaceLandmarks) -> float:
    """How many times more linear light a photo (H, W, 3) uint8 sRGB should have; at least 1."""
    step = max(1, max(pixels.shape[:2]) // SEARCHED)
    light = lightness(to_linear(pixels[::step, ::step] / np.float32(255)))
    face = light[filled(light.shape, landmarks.points_px[:, :2] / step, OVAL) > 0.5]
    if not len(face):
        return 1.0
    brightest = max(float(np.percentile(light, BRIGHTEST)), 1e-3)
    of_face = max(float(np.percentile(face, BRIGHTEST)), 1e-3)
    is_white = float(smoothstep(np.array(brightest / of_face), *WHITER))
    good = FACE_ALONE + is_white * (WITH_WHITE - FACE_ALONE)
    beyond = BEYOND_ALONE + is_white * (BEYOND_WITH_WHITE - BEYOND_ALONE)
    gain = max(1.0, good / brightest) ** beyond
    seen = max(gain * float(np.median(face)), 1e-3)
    gain *= max(1.0, DARKEST_FACE / seen) ** MADE_UP
    return min(gain, MOST) if gain > WORTH_IT else 1.0


def lightened(pixels: Pixels, gain: float) -> Pixels:
    """A photo (H, W, 3) uint8 sRGB with `gain` times its linear light, in bright parts less."""
    scale = np.arange(256, dtype=np.float32) / 255
    lit = gain * to_linear(scale)
    # Up to half of full light in proportion, above that bent so that what was white ends at white.
    bent = 0.5 + 0.5 * np.tanh((lit - 0.5) / 0.5) / np.tanh((gain - 0.5) / 0.5)
    table = np.round(255 * to_srgb(np.where(lit < 0.5, lit, bent))).astype(np.uint8)
    return table[pixels]


def exposure_warnings(gain: float) -> tuple[str, ...]:
    """What to tell about a photo that was made lighter by this gain."""
    if gain < MENTIONED:
        return ()
    return (
        f"The photo is dark: it was made {gain:.1f} times lighter. How light the skin is, is guessed; a "
        "photo in good light gives truer colours.",
    )
