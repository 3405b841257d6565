"""The landmarks of a face in a photo, and what can be read off them without a head model.

Landmark numbers are those of the 468-point face mesh (478 with both irises). Points are pixels: x
to the right, y down, z away from the camera, all on one scale. Turns are read from mirrored pairs of
points, so no template is needed; a network that places the points sees a turned face as less turned
than it is, which `YAW_GAIN` makes good on average. No bpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import PhotoError

Points = npt.NDArray[np.float64]

MESH_POINTS = 468
IRIS_POINTS = 478
IRIS_RIGHT, IRIS_LEFT = 468, 473  # iris centres; four ring points follow each

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
BROW_RIGHT = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107)
BROW_LEFT = (276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
LIPS_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40,
              185)  # fmt: skip
LIPS_INNER_UPPER = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LIPS_INNER_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
MOUTH_CORNERS_INNER = (78, 308)
LIPS_INNER = (
    MOUTH_CORNERS_INNER[0], *LIPS_INNER_UPPER, MOUTH_CORNERS_INNER[1], *LIPS_INNER_LOWER[::-1],
)  # fmt: skip
# Patches that are skin on nearly every photo: cheeks, nose ridge and side, between the brows.
SKIN_PATCHES = (
    (117, 118, 101, 36, 205, 187, 123), (346, 347, 330, 266, 425, 411, 352), (6, 197, 195, 5, 45, 275),
    (9, 8, 55, 285), (108, 151, 337, 9),
)  # fmt: skip
RIGID = (
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 127, 356, 234, 454, 21, 251, 54,
    284, 103, 332, 67, 297, 109, 338, 122, 351, 196, 419, 3, 248, 98, 327,
)  # fmt: skip
MIRRORED = (
    (33, 263), (133, 362), (127, 356), (234, 454), (21, 251), (54, 284), (103, 332), (67, 297),
    (109, 338), (122, 351), (196, 419), (3, 248), (98, 327), (93, 323), (132, 361), (58, 288),
)  # fmt: skip

YAW_GAIN = 1.0  # true yaw per yaw read from the points
PITCH_AT_REST = -0.077  # radians read from a level face: the median of official portraits


@dataclass(frozen=True)
class FaceLandmarks:
    """The landmarks of one face in one photo.

    Attributes
    ----------
    points_px : (468, 3) or (478, 3) float64, pixels: x right, y down, z away from the camera
    image_size : width and height of the photo in pixels

    Raises
    ------
    PhotoError
        When the array has another shape or holds NaN or infinity.
    """

    points_px: Points
    image_size: tuple[int, int]

    def __post_init__(self) -> None:
        points = np.array(self.points_px, np.float64)
        if (
            points.shape not in ((MESH_POINTS, 3), (IRIS_POINTS, 3))
            or not np.isfinite(points).all()
        ):
            raise PhotoError(
                f"Face landmarks must be {MESH_POINTS} or {IRIS_POINTS} finite points "
                f"of three numbers, got an array of shape {points.shape}."
            )
        points.setflags(write=False)
        object.__setattr__(self, "points_px", points)

    @property
    def has_irises(self) -> bool:
        return len(self.points_px) == IRIS_POINTS

    @property
    def face_width_px(self) -> float:
        """Ear side to ear side, in pixels, as wide as it would be seen from the front."""
        return float(np.linalg.norm(self.points_px[454] - self.points_px[234]))

    @property
    def eye_distance_px(self) -> float:
        """Between the middles of the two eyes, in pixels, in all three directions."""
        right = self.points_px[[33, 133]].mean(0)
        left = self.points_px[[263, 362]].mean(0)
        return float(np.linalg.norm(left - right))

    @property
    def lip_gap(self) -> float:
        """Height of the opening between the lips as a fraction of the eye distance."""
        upper, lower = self.points_px[[82, 13, 312]], self.points_px[[87, 14, 317]]
        return float(np.linalg.norm(lower - upper, axis=1).mean() / self.eye_distance_px)

    def turn(self) -> Points:
        """(3,) radians, how the face is turned in the photo: pitch, yaw, roll of the head frame."""
        right, left = np.array(MIRRORED).T
        across = _unit((self.points_px[left] - self.points_px[right]).sum(0))
        down = self.points_px[152] - self.points_px[10]
        down = _unit(down - across * (down @ across))
        into = np.cross(across, down)
        yaw = np.arctan2(-into[0], into[2])
        pitch = np.arcsin(np.clip(into[1], -1.0, 1.0))
        roll = np.arctan2(across[1], np.hypot(across[0], across[2]))
        return np.array([pitch - PITCH_AT_REST, yaw * YAW_GAIN, roll])


def _unit(vector: Points) -> Points:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
