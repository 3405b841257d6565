"""The smooth outer skin of the neutral head as a function of two coordinates. No bpy.

A point of the skin is named by ``(a, t)``: ``a`` is the azimuth round the head in radians (0 is the
face's middle, positive is the subject's left, pi is the nape) and ``t`` a height-like figure in
millimetres that is the height ``z`` on the face, runs up the skull to the pole at `T_POLE`, and below
the jaw line keeps falling while the skin turns under the chin and down the neck to the cut of the
bust. The pair names every point of the head once, so one grid of quads and one UV layout can be laid
out flat and lifted.

The lift is a smooth interpolation (triharmonic kernel on a capped cylinder) through the measured
mean positions of 468 facial landmarks and through points of an analytic skull, neck and bust. The
skull follows published sizes of adults [1]_ [2]_: head length 195 mm, breadth 152 mm, tragion to
vertex 131 mm, neck about 105 mm thick.

Frame: millimetres, origin midway between the tragions, +X subject's left, -Y forward, +Z up.

References
----------
.. [1] Z. Zhuang, B. Bradtmiller, "Head-and-face anthropometric survey of U.S. respirator users",
   J. Occup. Environ. Hyg. 2, 2005, tables of the total sample.
.. [2] C. C. Gordon et al., "2012 Anthropometric survey of U.S. Army personnel", NATICK/TR-15/007, 2014.
.. [3] L. G. Farkas, "Anthropometry of the head and face", 2nd ed., 1994, heights of the vermilions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MEAN_FACE_PATH = Path(__file__).resolve().parents[3] / "rigs" / "head" / "mean_face.csv"
RADIUS = 80.0  # mm, of the capped cylinder on which (a, t) live
T_CAP = 45.0  # mm, where the cylinder turns into the dome
T_POLE = T_CAP + RADIUS * np.pi / 2
T_JAW = -97.0  # mm, the row that follows the jaw line
T_BUST = -300.0  # mm, the cut of the bust

UPPER_INNER_LIP = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LOWER_INNER_LIP = (95, 88, 178, 87, 14, 317, 402, 318, 324)
# The rows of landmarks next to the edge, and the row after that: too close together to steer the surface.
_UPPER_SECOND = (183, 42, 41, 38, 12, 268, 271, 272, 407)
_LOWER_SECOND = (96, 89, 179, 86, 15, 316, 403, 319, 325)
_UPPER_THIRD = (184, 74, 73, 72, 11, 302, 303, 304, 408)
_LOWER_THIRD = (77, 90, 180, 85, 16, 315, 404, 320, 307)
_CORNER_ROWS = (62, 76, 292, 306)
UPPER_RISE, LOWER_RISE = 1.4, -0.6  # mm by which the borders of the red are moved
MOUTH_CORNERS = (61, 291)
# Millimetres by which they stand further forward than in the mean photo, and across and up within which the
# lips follow.
CORNERS_FORWARD, CORNERS_REACH = 3.2, (12.0, 6.5)
LIP_OPENING = 2.0  # mm in the flat domain only; in space the lips touch

# Height of the jaw line (and, behind the ear, of the hairline at the nape) against azimuth.
_JAW_DEGREES = (0, 10, 18, 27, 36.5, 48, 60, 70, 80, 90, 110, 140, 180)
_JAW_HEIGHT = (-97, -96, -93, -88.5, -83, -75, -65.7, -56, -48, -43, -40, -41, -43)


@dataclass(frozen=True)
class Surface:
    """The lift from (a, t) to space: kernel centres, their weights and the linear part."""

    centres: Array
    weights: Array
    linear: Array

    def position(self, azimuth: Array, t: Array) -> Array:
        """Points (..., 3) in millimetres for azimuths in radians and heights in millimetres."""
        base = _base(azimuth, t)
        flat = base.reshape(-1, 3) / RADIUS
        out = np.empty_like(flat)
        for start in range(0, len(flat), 4096):
            block = flat[start : start + 4096]
            out[start : start + 4096] = _kernel(block, self.centres) @ self.weights
            out[start : start + 4096] += np.c_[np.ones(len(block)), block] @ self.linear
        return out.reshape(base.shape)

    def normal(self, azimuth: Array, t: Array) -> Array:
        """Outward unit normals (..., 3) by central differences."""
        h = 0.5
        across = self.position(azimuth + h / RADIUS, t) - self.position(azimuth - h / RADIUS, t)
        up = self.position(azimuth, t + h) - self.position(azimuth, t - h)
        n = np.cross(across, up)
        return n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-9)


def mean_face() -> tuple[Array, NDArray[np.int64]]:
    """Mean landmark positions (468, 3) in millimetres and the index (468,) of each one's mirror image."""
    table = np.loadtxt(MEAN_FACE_PATH, delimiter=",", skiprows=1)
    return table[:, 2:5].copy(), table[:, 1].astype(np.int64)


def neutral_landmarks() -> Array:
    """The mean landmarks (468, 3) with the marks of the photos' smiles and squints taken out.

    The people measured smile a little and many are past fifty: their lids are opened by under two
    millimetres, the wings of the nose brought in by a fifteenth, the sides of the jaw by a twentieth, and
    the red of their lips, which thins with age, is fuller by what brings it nearer to that of young
    adults, 8 mm above and 9.5 mm below [3]_.
    """
    points, mirror = mean_face()
    lids = {386: 0.7, 385: 0.7, 387: 0.7, 384: 0.6, 388: 0.5, 398: 0.3, 466: 0.3,
            374: -0.9, 380: -0.9, 373: -0.9, 381: -0.6, 390: -0.6, 382: -0.2, 249: -0.2}  # fmt: skip
    for left, rise in lids.items():
        points[[left, mirror[left]], 2] += rise
    points[362, 0] -= 0.8
    points[mirror[362], 0] += 0.8
    wings = (
        np.exp(-(((points[:, 2] + 21.0) / 9.0) ** 2))
        * (points[:, 1] < -84)
        * (np.abs(points[:, 0]) < 25)
    )
    points[:, 0] *= 1.0 - 0.065 * wings
    low = np.clip((-15.0 - points[:, 2]) / 60.0, 0.0, 1.0)
    lateral = np.clip((np.abs(points[:, 0]) - 28.0) / 25.0, 0.0, 1.0)
    points[:, 0] *= 1.0 - 0.055 * low**2 * (3 - 2 * low) * lateral
    return _full_lips(rested_corners(points))


def rested_corners(points: Array) -> Array:
    """The landmarks (468, 3) with the corners of the mouth as far forward as where nobody smiles.

    A smile draws them back along the cheek; the lips beside them come along.
    """
    points = points.copy()
    for corner in MOUTH_CORNERS:
        away = (points - points[corner])[:, [0, 2]] / CORNERS_REACH
        points[:, 1] -= CORNERS_FORWARD * np.exp(-(away**2).sum(1))
    return points


def _full_lips(points: Array) -> Array:
    """The landmarks (468, 3) with higher lips, most so in the middle, and less skin beside them."""
    points = points.copy()
    slit = points[13, 2]
    along = np.clip(1.0 - (points[:, 0] / points[291, 0]) ** 2, 0.0, 1.0)
    front = points[:, 1] < points[291, 1] - 1.0
    for border, end, rise in ((0, 2, UPPER_RISE), (17, 18, LOWER_RISE)):
        height = (points[:, 2] - slit) / ((points[border, 2] - slit) * np.sqrt(along) + 1e-6)
        beyond = (points[end, 2] - slit) / (points[border, 2] - slit)
        share = np.minimum(height, 1.0) - np.clip((height - 1.0) / (beyond - 1.0), 0.0, 1.0)
        points[:, 2] += rise * along * np.where(front & (height > 0.0), share, 0.0)
    return points


def jaw_height(azimuth: Array) -> Array:
    """Height in millimetres of the row `T_JAW` at an azimuth in radians."""
    degrees = np.abs(np.degrees(azimuth))
    fine = np.arange(-30.0, 211.0)
    folded = np.where(fine > 180, 360 - fine, np.abs(fine))
    height = np.interp(folded, _JAW_DEGREES, _JAW_HEIGHT)
    window = np.exp(-0.5 * (np.arange(-15, 16) / 5.0) ** 2)
    smooth = np.convolve(height, window / window.sum(), mode="same")
    return np.interp(degrees, fine, smooth)


def height_to_t(azimuth: Array, z: Array) -> Array:
    """The coordinate t of a point of the face at height z: rows fan out toward the chin."""
    below = np.minimum(z - T_CAP, 0.0)
    return z - below + below * (T_JAW - T_CAP) / (jaw_height(azimuth) - T_CAP)


def t_to_height(azimuth: Array, t: Array) -> Array:
    """Inverse of `height_to_t` between the jaw line and the forehead."""
    below = np.minimum(t - T_CAP, 0.0)
    return t - below + below * (jaw_height(azimuth) - T_CAP) / (T_JAW - T_CAP)


def landmark_domain(points: Array) -> tuple[Array, Array]:
    """Azimuth in radians and t in millimetres of the landmarks (468, 3), the mouth opened a little."""
    azimuth = np.arctan2(points[:, 0], -points[:, 1])
    t = height_to_t(azimuth, points[:, 2])
    upper = (UPPER_INNER_LIP, _UPPER_SECOND, _UPPER_THIRD)
    lower = (LOWER_INNER_LIP, _LOWER_SECOND, _LOWER_THIRD)
    half_width = abs(azimuth[308])
    for share, above, below in zip((1.0, 0.75, 0.4), upper, lower, strict=True):
        for side, row in ((1.0, above), (-1.0, below)):
            reach = np.clip(azimuth[list(row)] / half_width, -1, 1)
            t[list(row)] += side * LIP_OPENING * share * np.sqrt(1 - reach**2)
    return azimuth, t


@lru_cache(maxsize=1)
def surface() -> Surface:
    """The interpolation, solved once."""
    points = neutral_landmarks()
    azimuth, t = landmark_domain(points)
    skin_a, skin_t, skin = _lip_skin_points(points, azimuth, t)
    left_out = (*_UPPER_SECOND, *_LOWER_SECOND, *_UPPER_THIRD, *_LOWER_THIRD, *_CORNER_ROWS)
    keep = np.setdiff1d(np.arange(len(points)), left_out)
    points = np.r_[points[keep], skin]
    azimuth, t = np.r_[azimuth[keep], skin_a], np.r_[t[keep], skin_t]
    skull_a, skull_t, skull = _skull_points()
    bust_a, bust_t, bust = _bust_points()
    centres = _base(np.r_[azimuth, skull_a, bust_a], np.r_[t, skull_t, bust_t]) / RADIUS
    values = np.r_[points, skull, bust]
    # Cheek and the fold beside the mouth still carry the smiles of the photos: followed loosely.
    u = np.abs(azimuth) * RADIUS
    loose = np.exp(-(((u - 38.0) / 16.0) ** 2) - ((t + 50.0) / 38.0) ** 2)
    smoothing = np.r_[3e-5 + 6e-4 * loose, np.full(len(skull) + len(bust), 1e-4)]
    n = len(centres)
    system = np.zeros((n + 4, n + 4))
    system[:n, :n] = _kernel(centres, centres) + np.diag(smoothing)
    system[:n, n:] = np.c_[np.ones(n), centres]
    system[n:, :n] = system[:n, n:].T
    solution = np.linalg.solve(system, np.r_[values, np.zeros((4, 3))])
    return Surface(centres, solution[:n], solution[n:])


def _lip_skin_points(points: Array, azimuth: Array, t: Array) -> tuple[Array, Array, Array]:
    """Points between nose and upper lip, where no landmark lies: nearly straight down, a little hollow."""
    pairs = (
        (164, 0),
        (393, 267),
        (391, 269),
        (391, 270),
        (322, 409),
        (167, 37),
        (165, 39),
        (165, 40),
        (92, 185),
    )
    share = np.tile([0.33, 0.72], len(pairs))
    above, below = np.repeat(pairs, 2, axis=0).T
    mix = points[above] * (1 - share)[:, None] + points[below] * share[:, None]
    mix[:, 1] += 0.5
    flat = [x[above] * (1 - share) + x[below] * share for x in (azimuth, t)]
    return flat[0], flat[1], mix


def _base(azimuth: Array, t: Array) -> Array:
    """Points of the capped cylinder: where the kernel measures distances."""
    azimuth, t = np.broadcast_arrays(np.asarray(azimuth, float), np.asarray(t, float))
    angle = np.maximum(t - T_CAP, 0.0) / RADIUS
    r = RADIUS * np.cos(angle)
    z = np.where(t > T_CAP, T_CAP + RADIUS * np.sin(angle), t)
    return np.stack([r * np.sin(azimuth), -r * np.cos(azimuth), z], axis=-1)


def _kernel(x: Array, y: Array) -> Array:
    square = (x**2).sum(1)[:, None] + (y**2).sum(1)[None, :] - 2.0 * x @ y.T
    return np.maximum(square, 0.0) ** 1.5


def _skull_points() -> tuple[Array, Array, Array]:
    """Points of the analytic cranium: (a, t, position), denser where no landmark lies."""
    rows = []
    for t in (102.0, 118.0, 134.0, 150.0, T_POLE):
        stations = np.arange(-180.0, 180.0, 20.0) if t < T_POLE else np.array([0.0])
        rows += [(a, t) for a in stations]
    for t in (-80.0, -55.0, -30.0, -5.0, 20.0, 45.0, 65.0, 85.0):
        rows += [(s * a, t) for a in (92.0, 110.0, 130.0, 150.0, 170.0) for s in (1.0, -1.0)]
    degrees, t = np.array(rows).T
    a = np.radians(degrees)
    return a, t, _cranium(a, t)


def _cranium(azimuth: Array, t: Array) -> Array:
    """The skull as a superellipsoid over its widest level, narrowing to the nape below."""
    level = 38.0  # mm, height of the widest section
    latitude = np.where(t > level, (t - level) / (T_POLE - level) * np.pi / 2, 0.0)
    direction = np.stack(
        [np.sin(azimuth) * np.cos(latitude), -np.cos(azimuth) * np.cos(latitude), np.sin(latitude)],
        -1,
    )
    front = np.clip(np.cos(azimuth), 0, 1)
    half = np.stack([76.0 - 2.0 * front, 97.5 + 0 * front, np.full_like(front, 131.0 - level)], -1)
    norm = (np.abs(direction / half) ** 2.35).sum(-1) ** (-1 / 2.35)
    point = direction * norm[..., None]
    point[..., 1] += 1.0
    # Vertex a little behind the middle.
    point[..., 1] += 8.0 * np.sin(latitude) ** 2
    # Below the widest level the wall follows height, drawing in toward the nape and the ear.
    z = np.where(t > level, point[..., 2] + level, t_to_height(azimuth, t))
    drop = np.clip((level - z) / (level + 43.0), 0.0, 1.2)
    back = np.clip(-np.cos(azimuth), 0, 1)
    side = 1.0 - 0.13 * drop**1.6
    rear = 1.0 - 0.40 * drop**2.0
    x = point[..., 0] * side
    y = point[..., 1] * np.where(point[..., 1] > 0, 1 - back * (1 - rear), 1.0)
    return np.stack([x, y, z], -1)


# Sections of neck and bust: t, half width, centre y, half depth to the front and to the back,
# height in front, at the side, at the back.
_SECTIONS = (
    (-138.0, 52.5, 10.0, 52.0, 47.0, -105.0, -78.0, -70.0),
    (-160.0, 52.5, 12.0, 53.0, 46.0, -123.0, -101.0, -92.0),
    (-182.0, 56.0, 16.0, 53.0, 47.0, -141.0, -121.0, -112.0),
    (-202.0, 67.0, 20.0, 53.0, 50.0, -157.0, -137.0, -130.0),
    (-222.0, 92.0, 22.0, 56.0, 56.0, -172.0, -149.0, -147.0),
    (-244.0, 126.0, 21.0, 68.0, 64.0, -190.0, -163.0, -170.0),
    (-266.0, 154.0, 19.0, 82.0, 69.0, -212.0, -184.0, -200.0),
    (-284.0, 164.0, 18.0, 90.0, 72.0, -234.0, -212.0, -228.0),
    (-300.0, 166.0, 18.0, 95.0, 73.0, -258.0, -258.0, -258.0),
)


def _bust_points() -> tuple[Array, Array, Array]:
    """Points of neck, shoulders and chest: (a, t, position)."""
    degrees = np.arange(-180.0, 180.0, 15.0)
    table = np.array(_SECTIONS)
    a, row = [g.ravel() for g in np.meshgrid(np.radians(degrees), np.arange(len(table)))]
    t, width, centre, front, rear, z_front, z_side, z_back = table[row].T
    ahead = np.cos(a) > 0
    y = centre - np.cos(a) * np.where(ahead, front, rear)
    lateral = np.sin(a) ** 2
    z = z_side * lateral + np.where(ahead, z_front, z_back) * (1 - lateral)
    points = np.stack([width * np.sin(a), y, z], -1)
    # The floor of the mouth between the jaw line and the neck.
    under = np.array(
        [
            (0, -118, 0, -62, -103),
            (35, -118, 33, -42, -92),
            (60, -118, 47, -21, -76),
            (80, -116, 56, -3, -62),
        ]
    )
    under = np.r_[under, under[1:] * np.array([-1, 1, -1, 1, 1])]
    return np.r_[a, np.radians(under[:, 0])], np.r_[t, under[:, 1]], np.r_[points, under[:, 2:]]
