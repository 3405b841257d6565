"""Whether a photo suits the fit: what is refused, and what is said along with the result.

Refused is what would give another face; the rest is corrected as well as it can be and said. Each
sentence names what was seen, with its angle or size, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.errors import PhotoError
from dirfa_blender.core.likeness.landmarks import EYE_LEFT, EYE_RIGHT, LIPS_OUTER, OVAL

from .glasses import glasses_sign
from .landmarks import Detection

LARGEST_YAW, GOOD_YAW = 38.0, 18.0  # degrees
LARGEST_SIDE_YAW = 65.0  # degrees, of a photo beside one from the front
LARGEST_PITCH, GOOD_PITCH = 35.0, 20.0  # degrees
GOOD_ROLL = 30.0  # degrees
GOOD_WIDTH = 250  # pixels of the file, ear side to ear side
LARGEST_SPREAD, GOOD_SPREAD = 0.08, 0.03  # of the averaged views, in eye distances
LARGEST_CUT, GOOD_CUT = 0.35, 0.04  # share of the outline that lies outside the picture
SMALLEST_SHARPNESS = 12.0  # variance of the Laplacian, face at 200 pixels
OPEN_MOUTH = 0.10  # lip gap in eye distances
REFERENCE_PATCHES = ((109, 338, 337, 108), (9, 8, 107, 336, 151))  # forehead and between the brows
NOSE_PATCH = (195, 45, 275, 1, 115, 344)
MOUTH_PATCH = (205, 425, 432, 212)
COVER_CHROMA, COVER_LIGHTNESS = 13.0, 38.0  # CIELAB, of the nose from the forehead
SKIN_CHROMA = 8.0  # CIELAB, that skin has at least
COVER_GREEN, COVER_BLUE = 11.0, 16.0  # CIELAB, of the mouth toward green and blue
# CIELAB lightness, dark to light within lips or an eye; portraits have over 25.
FEATURE_CONTRAST = 15.0
CLEAR_CONTRAST = 25.0  # of the clearest of them, below which the photo is blurred
STRONG = 0.35  # weight of a shape from which an expression is mentioned


def refuse_or_warn(
    detection: Detection, pixels: npt.NDArray[np.uint8], *, largest_yaw: float = LARGEST_YAW
) -> tuple[str, ...]:
    """What to tell about a detected face before it is fitted.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB, upright
    largest_yaw : degrees by which the face may be turned

    Raises
    ------
    PhotoError
        When the face is turned, nodded or cut off too far, or cannot be told from something else.
    """
    _refuse_pose(detection, largest_yaw)
    bare = _bare(detection, pixels)
    if len(bare) > 1:
        raise PhotoError(
            f"The {' and the '.join(bare)} in the photo cannot be seen: something of the colour of skin, "
            "such as a hand, covers them. Use a photo with nothing before the face."
        )

    return (*_on_pose(detection), *_on_cover(detection, pixels, bare))


def _refuse_pose(detection: Detection, largest_yaw: float) -> None:
    """Raises PhotoError for a face that is turned, nodded or cut off too far, or not clearly one."""
    face = detection.landmarks
    pitch, yaw, _ = np.degrees(face.turn())
    side = "left" if yaw > 0 else "right"
    if abs(yaw) > largest_yaw:
        raise PhotoError(
            f"The face in the photo is a profile or nearly one: turned about "
            f"{abs(yaw):.0f} degrees to the subject's {side}, at most "
            f"{largest_yaw:.0f} can be used. Use a photo seen from the front."
        )
    if abs(pitch) > LARGEST_PITCH:
        raise PhotoError(
            f"The face in the photo is tilted {'back' if pitch > 0 else 'down'} about "
            f"{abs(pitch):.0f} degrees, at most {LARGEST_PITCH:.0f} can be used. Use a "
            "photo taken at eye level."
        )
    cut = _share_outside(detection)
    if cut > LARGEST_CUT:
        raise PhotoError(
            f"The face in the photo is cut off: {cut:.0%} of its outline lies outside "
            "the picture. Use a photo that shows the whole face."
        )
    if detection.spread > LARGEST_SPREAD:
        raise PhotoError(
            "The face in the photo is too unclear: its features are found in another "
            "place on every look. It may be blurred, covered or not a face; use a "
            "sharper photo with nothing before the face."
        )


def _on_pose(detection: Detection) -> list[str]:
    """What to tell about where the face is and how it is held."""
    face = detection.landmarks
    pitch, yaw, roll = np.degrees(face.turn())
    side = "left" if yaw > 0 else "right"
    cut = _share_outside(detection)
    said: list[str] = []
    if detection.faces > 1:
        said.append(
            f"The photo shows {detection.faces} faces; the largest one was used. Crop the "
            "photo to choose another."
        )
    if detection.quarter_turns:
        said.append("The photo lay on its side or upside down; it was turned upright.")
    if abs(yaw) > GOOD_YAW:
        said.append(
            f"The face is turned about {abs(yaw):.0f} degrees to the subject's {side}; the far "
            "side is completed from the near one."
        )
    if abs(pitch) > GOOD_PITCH:
        said.append(
            f"The face is tilted {'back' if pitch > 0 else 'down'} about {abs(pitch):.0f} "
            "degrees; its height is less certain."
        )
    if abs(roll) > GOOD_ROLL:
        said.append(
            f"The head leans about {abs(roll):.0f} degrees to the side; it was set upright."
        )
    if face.face_width_px < GOOD_WIDTH:
        said.append(
            f"The face is {face.face_width_px:.0f} pixels wide, so its skin will look soft; 400 "
            "or more are better."
        )
    if cut > GOOD_CUT:
        said.append(
            f"{cut:.0%} of the face's outline is cut off by the edge of the photo; that part is "
            "completed."
        )
    return said


def _on_cover(
    detection: Detection, pixels: npt.NDArray[np.uint8], bare: Sequence[str]
) -> list[str]:
    """What to tell about glasses, what covers the face, and blur; `bare`: features that cannot be seen."""
    said: list[str] = []
    if glasses_sign(pixels, detection.landmarks).is_seen:
        said.append(
            "The face wears glasses; their frames were painted over with the skin beside them. A "
            "photo without glasses gives better eyes."
        )
    if bare:
        said.append(
            f"The {bare[0]} cannot be seen: something of the colour of skin, such as a hand, covers it. "
            "What is hidden is guessed; use a photo with nothing before the face."
        )
    covered = _covered(detection, pixels)
    if covered:
        said.append(
            f"Something seems to cover the {covered}: its colour is not that of the "
            "forehead. What is hidden is guessed; use a photo with nothing before the face."
        )
    if detection.spread > GOOD_SPREAD or _sharpness(detection, pixels) < SMALLEST_SHARPNESS:
        said.append(
            "The face is blurred or partly covered; a sharper photo gives a better likeness."
        )
    return said


def expression_warnings(detection: Detection, expression: dict[str, float]) -> tuple[str, ...]:
    """What to tell about the expression that was taken out of the face."""
    seen: list[str] = []
    if detection.landmarks.lip_gap > OPEN_MOUTH:
        seen.append("the lips apart")
    pairs = {
        "a smile": "mouthSmile",
        "raised brows": "browOuterUp",
        "lowered brows": "browDown",
        "narrowed eyes": "eyeSquint",
    }
    for words, shape in pairs.items():
        if (
            expression.get(shape + "Left", 0.0) + expression.get(shape + "Right", 0.0)
        ) / 2 > STRONG:
            seen.append(words)
    if expression.get("browInnerUp", 0.0) > STRONG and "raised brows" not in seen:
        seen.append("raised brows")
    if not seen:
        return ()
    listed = seen[0] if len(seen) == 1 else ", ".join(seen[:-1]) + " and " + seen[-1]
    return (
        f"The photo shows {listed}; this was taken out of the neutral face as far as possible. A "
        "relaxed face with the mouth closed gives a better likeness.",
    )


def _share_outside(detection: Detection) -> float:
    """Share of the face's outline that lies outside the picture."""
    x, y = detection.landmarks.points_px[list(OVAL), :2].T
    width, height = detection.landmarks.image_size
    return float(((x < 0) | (y < 0) | (x >= width) | (y >= height)).mean())


def _sharpness(detection: Detection, pixels: npt.NDArray[np.uint8]) -> float:
    """Variance of the Laplacian over the face, brought to 200 pixels across."""
    points = detection.landmarks.points_px
    low = np.maximum(points[:, :2].min(0).astype(int), 0)
    high = np.maximum(points[:, :2].max(0).astype(int), low + 8)
    face = pixels[low[1] : high[1], low[0] : high[0]]
    if min(face.shape[:2]) < 8:
        return 0.0
    scale = 200 / face.shape[1]
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def _covered(detection: Detection, pixels: npt.NDArray[np.uint8]) -> str:
    """Which part of the face has a colour that no face has there, or nothing.

    Notes
    -----
    The skin of the forehead is the measure. The nose never grows a beard, so another
    colour there is a mask; lips and chin are asked for green and blue only, which beards are not.
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    points = detection.landmarks.points_px[:, :2]
    reference = np.array([_patch(lab, points, patch) for patch in REFERENCE_PATCHES])
    reference = reference[np.isfinite(reference).all(1)]
    if not len(reference):
        return ""
    # A fringe may hide one of the two places: the nose needs to be like either.
    seen = _patch(lab, points, NOSE_PATCH)
    nose = seen - reference
    mouth = _patch(lab, points, MOUTH_PATCH) - np.median(reference, axis=0)
    colour = np.hypot(nose[:, 1], nose[:, 2]).min()
    unlike = colour > COVER_CHROMA or np.abs(nose[:, 0]).min() > COVER_LIGHTNESS
    # Skin below a hat or a full fringe is unlike both places, and still skin.
    if unlike and not (np.hypot(seen[1], seen[2]) > SKIN_CHROMA and seen[1] > 0 and seen[2] > 0):
        return "nose and mouth"
    if mouth[1] < -COVER_GREEN or mouth[2] < -COVER_BLUE:
        return "mouth"
    return ""


def _bare(detection: Detection, pixels: npt.NDArray[np.uint8]) -> list[str]:
    """Which features have no more contrast than plain skin, so that a hand lies over them."""
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    points = detection.landmarks.points_px[:, :2]
    rings = {"mouth": LIPS_OUTER, "right eye": EYE_RIGHT, "left eye": EYE_LEFT}
    contrast: dict[str, float] = {}
    for name, ring in rings.items():
        inside = _inside(lab, points, ring)
        if len(inside) > 8:
            contrast[name] = float(np.ptp(np.percentile(inside[:, 0], (8, 92))))
    # In a blurred photo all of them are faint: that is another matter.
    if max(contrast.values(), default=0.0) < CLEAR_CONTRAST:
        return []
    return [name for name, value in contrast.items() if value < FEATURE_CONTRAST]


def _patch(
    lab: npt.ArrayLike, points: npt.NDArray[np.float64], ring: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """(3,) median CIELAB inside the hull of some landmarks; NaN where it lies outside the picture."""
    inside = _inside(lab, points, ring)
    return np.asarray(np.median(inside, axis=0), np.float64) if len(inside) else np.full(3, np.nan)


def _inside(
    lab: npt.ArrayLike, points: npt.NDArray[np.float64], ring: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """(N, 3) CIELAB of the pixels inside the hull of some landmarks; none outside the picture."""
    image = np.asarray(lab, np.float32)
    hull = cv2.convexHull(np.round(points[list(ring)]).astype(np.int32))
    x, y, width, height = cv2.boundingRect(hull)
    right, low = x + width, y + height
    x, y = max(x, 0), max(y, 0)
    part = image[y : max(low, y), x : max(right, x)]
    if not part.size:
        return np.zeros((0, 3), np.float32)
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, hull - np.array([x, y], np.int32), (1.0,))
    return part[mask > 0]
