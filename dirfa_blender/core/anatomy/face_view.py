"""A neutral head as the face shapes see it: parts, landmarks, mouth slit, jaw hinge, distance scale.

Every shape is a function of this view alone, so it works on any person-fitted head. Shapes are written
once, for the subject's left side and the midline; the right side is the left side of the mirrored view.
Surface motion is given at a few landmarks in millimetres and spread by softened linear radial functions.
The two lips would bleed into one another there, so a fourth coordinate holds them apart by the way along
the skin, round the corner of the mouth. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..easing import smoothstep
from ..head import Head

Array = npt.NDArray[np.float64]
Fields = npt.NDArray[np.float32 | np.float64]  # displacements of all shapes at once
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Table = Mapping[int, Sequence[float]]

MM = 1e-3
REFERENCE_EYE_DISTANCE = 0.063  # metres between eye centres for which millimetres are written
NECK_MARGIN = 90.0  # millimetres below the face that skin is looked at
SOFTNESS = 6.0  # millimetres: below this distance the radial function is round, not a cone

# Subject's left landmark -> its right twin; every landmark the shapes use off the midline.
TWINS: dict[int, int] = {
    291: 61, 308: 78, 267: 37, 269: 39, 270: 40, 409: 185, 312: 82, 311: 81, 310: 80, 415: 191,
    317: 87, 402: 178, 318: 88, 324: 95, 314: 84, 405: 181, 321: 91, 375: 146, 358: 129, 327: 98,
    278: 48, 279: 49, 360: 131, 423: 203, 426: 206, 436: 216, 432: 212, 410: 186, 287: 57, 422: 202,
    424: 204, 273: 43, 335: 106, 406: 182, 391: 165, 393: 167, 322: 92, 280: 50, 425: 205, 411: 187,
    427: 207, 434: 214, 416: 192, 433: 213, 376: 147, 352: 123, 346: 117, 347: 118, 330: 101,
    266: 36, 371: 142, 329: 100, 313: 83, 421: 201, 428: 208, 396: 171, 377: 148, 400: 176, 378: 149,
    379: 150, 365: 136, 397: 172, 288: 58, 361: 132, 323: 93, 454: 234, 364: 135, 394: 169, 395: 170,
    369: 140, 431: 211, 430: 210, 367: 138, 435: 215, 401: 177, 262: 32, 418: 194, 276: 46, 283: 53,
    282: 52, 295: 65, 285: 55, 300: 70, 293: 63, 334: 105, 296: 66, 336: 107, 332: 103, 333: 104,
    297: 67, 299: 69, 338: 109, 337: 108, 284: 54, 251: 21, 298: 68, 301: 71, 383: 156, 353: 124,
    372: 143, 356: 127, 389: 162, 466: 246, 388: 161, 387: 160, 386: 159, 385: 158, 384: 157,
    398: 173, 249: 7, 390: 163, 373: 144, 374: 145, 380: 153, 381: 154, 382: 155, 362: 133, 263: 33,
    261: 31, 448: 228, 449: 229, 450: 230, 451: 231, 452: 232, 453: 233, 464: 244, 467: 247,
    260: 30, 259: 29, 257: 27, 258: 28, 286: 56, 414: 190, 340: 111, 345: 116, 447: 227, 366: 137,
    417: 193, 465: 245, 412: 188, 399: 174, 437: 217, 420: 198, 456: 236, 355: 126, 429: 209,
    343: 114, 277: 47, 350: 121, 357: 128, 349: 120, 348: 119,
}  # fmt: skip
UPPER_OUTER = (0, 267, 269, 270, 409, 291)  # from the middle to the left corner
UPPER_INNER = (13, 312, 311, 310, 415, 308)
LOWER_INNER = (14, 317, 402, 318, 324, 308)
LOWER_OUTER = (17, 314, 405, 321, 375, 291)
LIP_LANDMARKS = frozenset(UPPER_OUTER + UPPER_INNER + LOWER_INNER + LOWER_OUTER)
UPPER_LANDMARKS = frozenset((*UPPER_OUTER[:-1], *UPPER_INNER[:-1], 164, 393, 391, 322, 2))
LOWER_LANDMARKS = frozenset((*LOWER_OUTER[:-1], *LOWER_INNER[:-1], 18, 313, 406, 335, 200, 199))

MIDLINE = (
    0, 13, 14, 17, 18, 200, 199, 175, 152, 164, 2, 94, 19, 1, 4, 5, 195, 197, 6, 168, 8, 9, 151, 10,
)  # fmt: skip
CONTROLS = (*MIDLINE, *TWINS, *TWINS.values())


@dataclass(frozen=True)
class Anatomy:
    """A neutral head, or its mirror image, ready to be given shapes.

    Parameters
    ----------
    vertices : (V, 3) float64, metres
    normals : (V, 3) float64, unit, outward
    points : (N, 3) float64, metres, the landmarks
    edges : (E, 2) int64, vertices that share a face's side, each pair once
    parts : part name -> (V,) mask
    """

    vertices: Array
    normals: Array
    points: Array
    edges: Indices
    parts: Mapping[str, Mask]

    def part(self, *prefixes: str) -> Mask:
        """(V,) mask of the vertices in every part whose name starts with one of the prefixes."""
        found = [mask for name, mask in self.parts.items() if name.startswith(prefixes)]
        return np.logical_or.reduce(found) if found else np.zeros(len(self.vertices), bool)

    def mirrored(self) -> Anatomy:
        """The mirror image: what was the subject's right is now the left."""
        flip = np.array([-1.0, 1.0, 1.0])
        order = np.arange(len(self.points))
        for left, right in TWINS.items():
            order[left], order[right] = right, left
        parts = {swapped(name): mask for name, mask in self.parts.items()}
        points = self.points[order] * flip
        return Anatomy(self.vertices * flip, self.normals * flip, points, self.edges, parts)

    @cached_property
    def unit(self) -> float:
        """Metres that stand for one written millimetre on this head."""
        p = self.points
        span = p[263] + p[362] - p[33] - p[133]
        return float(np.linalg.norm(span)) / 2 / REFERENCE_EYE_DISTANCE * MM

    @cached_property
    def hinge(self) -> Array:
        """(3,) middle of the jaw's axis: on the midline, level with the joints before the ears."""
        ears = (self.points[234] + self.points[454]) / 2
        return np.array([self.points[1, 0], ears[1], ears[2] + 2 * self.unit])

    @cached_property
    def mouth(self) -> Mouth:
        return Mouth.of(self)

    @cached_property
    def skin(self) -> Mask:
        """(V,) outer skin with lips, lids and brows: all that the surface motion may take along."""
        return self.part(
            "face", "lip", "lid", "nos", "neck", "scalp", "skull", "ear", "bust", "brow"
        )

    @cached_property
    def side(self) -> Array:
        """(V,) +1 on the upper lip and the skin above the slit, -1 below it."""
        x, z = self.vertices[:, 0], self.vertices[:, 2]
        side = np.where(z >= self.mouth.height_at(x), 1.0, -1.0)
        side[self.part("lips_upper", "lip_upper")] = 1.0
        side[self.part("lips_lower", "lip_lower")] = -1.0
        return side

    @cached_property
    def near(self) -> Indices:
        """Skin vertices that surface motion may reach; the rest need no radial functions."""
        low = self.points.min(0) - np.array([15.0, 15.0, NECK_MARGIN]) * self.unit
        high = self.points.max(0) + np.array([15.0, 30.0, 25.0]) * self.unit
        inside = ((self.vertices > low) & (self.vertices < high)).all(1)
        return np.flatnonzero(inside & self.skin & ~self.part("ear"))

    @cached_property
    def _kernels(self) -> dict[bool, tuple[Array, Array]]:
        """Radial functions among the controls and at the near vertices, lips held apart or not."""
        controls, soft = list(CONTROLS), SOFTNESS * self.unit
        centres, sites = self.points[controls], self.vertices[self.near]
        apart = np.c_[centres, self._apart(centres, controls)]
        sites_apart = np.c_[sites, self.mouth.separation(sites, self.side[self.near])]
        return {
            False: (radial(centres, centres, soft), radial(sites, centres, soft)),
            True: (radial(apart, apart, soft), radial(sites_apart, apart, soft)),
        }

    @cached_property
    def remote(self) -> Array:
        """(V,) millimetres from the nearest control landmark, infinite where none is near."""
        soft = SOFTNESS * self.unit
        nearest = np.min(self._kernels[False][1], axis=1)
        remote = np.full(len(self.vertices), np.inf)
        remote[self.near] = np.sqrt(np.maximum(nearest**2 - soft**2, 0.0)) / self.unit
        return remote

    @cached_property
    def reach(self) -> Array:
        """(V,) 1 on the face, 0 where landmarks know nothing: crown, nape, neck."""
        return 1.0 - smoothstep(self.remote, 10.0, 38.0)

    def spread(self, values: Mapping[int, Array], *, apart: bool = True) -> Array:
        """Smooth field over all vertices through given values at landmarks of either side.

        Parameters
        ----------
        values : landmark -> (C,) float64
        apart : whether upper and lower lip may move differently

        Returns
        -------
        (V, C) float64, unit of the values
        """
        near = self._spread_near(values, apart=apart)
        field = np.zeros((len(self.vertices), near.shape[1]))
        field[self.near] = near
        return field

    def _spread_near(self, values: Mapping[int, Array], *, apart: bool) -> Array:
        """`spread` at the near vertices alone; it is zero elsewhere."""
        among, sites = self._kernels[apart]
        rows = [CONTROLS.index(index) for index in values]
        n = len(rows)
        system = np.ones((n + 1, n + 1))
        system[:n, :n] = among[np.ix_(rows, rows)] - 1e-3 * self.unit * np.eye(n)
        system[n, n] = 0.0
        right = np.array(list(values.values()))
        solved = np.linalg.solve(system, np.vstack([right, np.zeros_like(right[:1])]))
        return sites @ _scattered(solved[:n], rows) + solved[n]

    def motion(self, table: Table, still: Sequence[int], *, sides: int = 1) -> Array:
        """Skin displacement through motions written at landmarks.

        Parameters
        ----------
        table : left or midline landmark -> (outward, forward, up) millimetres
        still : left and midline landmarks that do not move; their twins do not either
        sides : 1 moves the subject's left alone, 2 both sides alike

        Returns
        -------
        (V, 3) float64, metres; zero off the skin and far from the face
        """
        axes = np.array([1.0, -1.0, 1.0]) * self.unit
        values = {index: np.zeros(3) for index in both((*still, *table))}
        for index, move in table.items():
            values[index] = np.asarray(move, np.float64) * axes
            if sides == 2 and index in TWINS:
                values[TWINS[index]] = values[index] * [-1.0, 1.0, 1.0]
        field = np.zeros((len(self.vertices), 3))
        field[self.near] = self._spread_near(values, apart=True) * self.reach[self.near, None]
        return field

    def _apart(self, points: Array, landmarks: Sequence[int]) -> Array:
        side = np.array([_side_of(index) for index in landmarks])
        height = self.mouth.height_at(points[:, 0])
        side = np.where(side == 0.0, np.where(points[:, 2] >= height, 1.0, -1.0), side)
        return self.mouth.separation(points, side)


@dataclass(frozen=True)
class Mouth:
    """The slit between the lips.

    Parameters
    ----------
    seam : (11, 3) float64, metres: from the right to the left corner, x increasing
    """

    seam: Array

    @classmethod
    def of(cls, anatomy: Anatomy) -> Mouth:
        p = anatomy.points
        left = [(p[u] + p[d]) / 2 for u, d in zip(UPPER_INNER, LOWER_INNER, strict=True)]
        right = [
            (p[TWINS[u]] + p[TWINS[d]]) / 2
            for u, d in zip(UPPER_INNER[1:], LOWER_INNER[1:], strict=True)
        ]
        return cls(np.array([*right[::-1], *left]))

    @property
    def centre(self) -> Array:
        return self.seam[5]

    @property
    def half_width(self) -> float:
        return float(self.seam[-1, 0] - self.seam[0, 0]) / 2

    def along(self, x: Array) -> Array:
        """-1 at the right corner, 0 in the middle, 1 at the left corner, and on beyond them."""
        a = self.seam[:, 0]
        return np.where(x >= a[5], (x - a[5]) / (a[-1] - a[5]), (x - a[5]) / (a[5] - a[0]))

    def height_at(self, x: Array) -> Array:
        return np.interp(x, self.seam[:, 0], self.seam[:, 2])

    def depth_at(self, x: Array) -> Array:
        return np.interp(x, self.seam[:, 0], self.seam[:, 1])

    def separation(self, points: Array, side: Array) -> Array:
        """(N,) metres: signed half of the way along the skin from one lip to the other."""
        s = np.clip(self.along(points[:, 0]), -1.0, 1.0)
        away = (points[:, 2] - self.height_at(points[:, 0])) / (0.6 * self.half_width)
        return side * self.half_width * (1.0 - s**2) * np.exp(-(away**2))


def measure(head: Head) -> Anatomy:
    """The anatomy of a head's neutral mesh."""
    vertices = head.vertices.astype(np.float64)
    parts = {name: head.part(name) for name in head.part_names}
    points = head.landmarks().astype(np.float64)
    normals = vertex_normals(vertices, head.faces)
    return Anatomy(vertices, normals, points, mesh_edges(head.faces), parts)


def mesh_edges(faces: npt.NDArray[np.int32]) -> Indices:
    """(E, 2) int64: the sides of all faces, each once; a triangle has -1 as its fourth index."""
    corners = np.where(faces[:, 3:] < 0, faces[:, [0, 1, 2, 0]], faces).astype(np.int64)
    sides = np.concatenate([corners[:, [i, (i + 1) % 4]] for i in range(4)])
    low, high = sides.min(1), sides.max(1)
    codes = np.unique(low * (int(faces.max()) + 1) + high)
    pairs = np.stack(np.divmod(codes, int(faces.max()) + 1), -1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def vertex_normals(vertices: Array, faces: npt.NDArray[np.int32]) -> Array:
    """(V, 3) unit normals, area weighted; a triangle has -1 as its fourth index."""
    corners = np.where(faces[:, 3:] < 0, faces[:, [0, 1, 2, 2]], faces)
    a, b, c, d = (vertices[corners[:, i]] for i in range(4))
    face = np.cross(c - a, d - b)
    face = np.where((faces[:, 3] < 0)[:, None], np.cross(b - a, c - a), face)
    normals = np.zeros_like(vertices)
    for i in range(4):
        for axis in range(3):
            weights = np.where((i == 3) & (faces[:, 3] < 0), 0.0, face[:, axis])
            normals[:, axis] += np.bincount(corners[:, i], weights, len(vertices))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def nearest(points: npt.ArrayLike, among: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """(N,) number of the nearest of some points (M, 3) to each of others (N, 3)."""
    sites, places = np.asarray(among, np.float32), np.asarray(points, np.float32)
    # Squared distance but for the point's own length: one product, and its least column.
    form = np.concatenate([-2 * sites, (sites**2).sum(1, keepdims=True)], axis=1).T.copy()
    rows = np.concatenate([places, np.ones((len(places), 1), np.float32)], axis=1)
    found = np.empty(len(places), np.int64)
    for start in range(0, len(places), 500):
        found[start : start + 500] = (rows[start : start + 500] @ form).argmin(1)
    return found


def both(landmarks: Sequence[int] | Table) -> list[int]:
    """The landmarks with their right twins."""
    return [*landmarks, *(TWINS[index] for index in landmarks if index in TWINS)]


def swapped(name: str) -> str:
    """A part or shape name with left and right exchanged."""
    for one, other in (("left", "right"), ("Left", "Right")):
        if one in name:
            return name.replace(one, other)
        if other in name:
            return name.replace(other, one)
    return name


def radial(sites: Array, centres: Array, soft: float) -> Array:
    """(N, M) softened distances ``sqrt(r^2 + soft^2)``, metres."""
    square = (sites**2).sum(1)[:, None] + (centres**2).sum(1)
    square -= 2.0 * sites @ centres.T
    np.maximum(square, 0.0, out=square)
    square += soft**2
    return np.sqrt(square, out=square)


def turn(points: Array, centre: Array, angles: Array) -> Array:
    """Displacement of points turned about the X axis through a centre; chin-down is positive.

    Parameters
    ----------
    points : (V, 3) float64, metres
    centre : (3,) or (V, 3) float64, metres
    angles : (V,) float64, radians
    """
    arm = points - centre
    c, s = np.cos(angles) - 1.0, np.sin(angles)
    moved = np.zeros_like(points)
    moved[:, 1] = arm[:, 1] * c - arm[:, 2] * s
    moved[:, 2] = arm[:, 1] * s + arm[:, 2] * c
    return moved


def turn_level(points: Array, centre: Array, angles: Array) -> Array:
    """Displacement of points turned about the Z axis through a centre, as `turn`; leftward is positive."""
    arm = points - centre
    c, s = np.cos(angles) - 1.0, np.sin(angles)
    moved = np.zeros_like(points)
    moved[:, 0] = arm[:, 0] * c - arm[:, 1] * s
    moved[:, 1] = arm[:, 0] * s + arm[:, 1] * c
    return moved


def _scattered(values: Array, rows: Sequence[int]) -> Array:
    """Values put at rows of a table over all controls, so that no wide matrix need be cut."""
    table = np.zeros((len(CONTROLS), values.shape[1]))
    table[rows] = values
    return table


def _side_of(landmark: int) -> float:
    left = next((k for k, v in TWINS.items() if v == landmark), landmark)
    return 1.0 if left in UPPER_LANDMARKS else -1.0 if left in LOWER_LANDMARKS else 0.0
