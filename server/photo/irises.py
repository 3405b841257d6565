"""The colour of irises that a photo shows in a few pixels, believed as far as those go.

An eye of a portrait is 8 to 20 pixels wide: lids, lashes, the white of the eye and the lamp's glint are
mixed into its iris, and compression takes colour from all around. Irises differ little beside that. Brown
ones are of one hue and differ in lightness and chroma [1]_; with less melanin they are lighter and run
through hazel and green to a greyish blue, a curve in CIELAB [2]_. So what a photo shows is drawn toward
that curve, the more the smaller the eye is.

References
----------
.. [1] H. Jang, J. Yoon, Y. Kim, Y. Park, "Classification of iris colors and patterns in Koreans",
   Healthc. Inform. Res. 24, 2018.
.. [2] M. Edwards et al., "Iris pigmentation as a quantitative trait: variation in populations of European,
   East Asian and South Asian ancestry", Pigment Cell Melanoma Res. 29, 2016.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.easing import smoothstep

Colour = tuple[float, float, float]
Floats = npt.NDArray[np.float64]

HALF_PX = 5.0  # radius of an iris in pixels, at which its colour and the curve count alike
LIGHTNESS = (30.0, 8.0, 54.0)  # CIELAB: usual, and the least and the most that an iris has
BROWN, LIGHT = 22.0, 42.0  # lightness up to which irises are brown, and from which none is
BROWN_A, BROWN_B = 0.30, 0.46  # CIELAB a and b of a brown one for each unit of its lightness
# a over b of lighter ones: blue, grey, green to hazel.
_LIGHT_B = (-9.0, 0.0, 7.0, 13.0)
_LIGHT_A = (-2.0, -1.0, 0.0, 4.0)
USUAL_B, ALONG = 3.0, 0.6  # what lighter ones have, and how far along the curve a photo is followed
MOST_CHROMA = 19.0


def as_iris(colour: Colour, radius_px: float) -> Colour:
    """sRGB 0..1 of an iris that a photo shows so, its radius measured in the photo's pixels."""
    pixel = np.array([[colour]], np.float32)
    light, a, b = cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0].astype(float).tolist()
    believed = radius_px**2 / (radius_px**2 + HALF_PX**2)
    usual, least, most = LIGHTNESS
    # Lightness is surer than colour: half of the photo's holds in the smallest eye.
    light = float(np.clip(usual + (0.5 + 0.5 * believed) * (light - usual), least, most))
    near = _on_curve(light, b)
    a, b = near + believed * (np.array([a, b]) - near)
    # However large the eye: irises are brown, green, grey or blue, so green is never their least.
    share = min(1.0, MOST_CHROMA / max(float(np.hypot(a, b)), 1e-6))
    lab = np.array([[[light, share * a, share * b]]], np.float32)
    red, green, blue = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1).tolist()
    return (red, green, min(blue, green)) if red >= blue else (min(red, green), green, blue)


def _on_curve(light: float, b: float) -> Floats:
    """(2,) CIELAB a and b of the irises of a lightness, nearest in yellow to what was seen."""
    brown = np.array([BROWN_A * light, BROWN_B * light])
    yellow = float(np.clip(USUAL_B + ALONG * (b - USUAL_B), _LIGHT_B[0], _LIGHT_B[-1]))
    other = np.array([np.interp(yellow, _LIGHT_B, _LIGHT_A), yellow])
    return brown + float(smoothstep(np.array(light), BROWN, LIGHT)) * (other - brown)
