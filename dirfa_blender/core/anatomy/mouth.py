"""Inside of the neutral head's mouth: cavity, gums, teeth and tongue. No bpy.

The upper teeth hang still, everything named ``*_lower`` and the tongue belongs to the jaw. Tooth
widths are the usual adult means [1]_. Biting edges lie on one plane, which bends up a little toward the
molars; crowns differ in height, so the gum's line does not. The upper incisors end three millimetres
under the slit, which is what young adults show of them between parted lips [2]_; the lower ones end as far
under it, because the jaws rest apart by as much as the front teeth overlap in a bite.

References
----------
.. [1] S. J. Nelson, "Wheeler's Dental Anatomy, Physiology and Occlusion", 10th ed., 2015,
   tables of crown sizes.
.. [2] R. G. Vig, G. C. Brundo, "The kinetics of anterior tooth display", J. Prosthet. Dent. 39, 1978.
"""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .piece import Half, Indices, half_cap, ring_cap, strip_faces, strip_uvs, turned
from .surface import Array

CAVITY_BOX = (0.222, 0.002, 0.328, 0.108)
TOOTH_BOX = (0.332, 0.002, 0.478, 0.108)
GUM_BOX = (0.482, 0.002, 0.638, 0.108)
TONGUE_BOX = (0.642, 0.002, 0.748, 0.108)

# Of each tooth from the middle backward, mm: width along the arch, thickness across it, height of the
# crown, and how far it ends short of the biting edges of the middle teeth.
_UPPER = (
    (8.4, 6.6, 10.0, 0.0),
    (6.6, 6.0, 9.0, 0.8),
    (7.6, 7.4, 10.0, 0.1),
    (7.0, 8.6, 8.2, 0.6),
    (6.8, 8.6, 7.8, 0.8),
    (9.8, 10.4, 7.2, 1.1),
    (9.2, 10.2, 6.8, 1.4),
)
_LOWER = (
    (5.4, 5.6, 8.8, 0.0),
    (5.9, 5.9, 8.8, 0.0),
    (6.9, 7.2, 9.6, -0.4),
    (7.0, 7.6, 8.2, 0.3),
    (7.1, 8.0, 7.8, 0.6),
    (10.8, 10.0, 7.2, 0.8),
    (10.2, 9.8, 6.8, 0.7),
)
# Heights of a crown at which it has vertices; under 0 is in the gum. Of molars little is seen.
LEVELS = (-0.35, 0.0, 0.18, 0.42, 0.68, 0.88, 0.97, 1.0)
MOLAR_LEVELS = (-0.35, 0.0, 0.42, 0.68, 0.97, 1.0)


def add_cavity(half: Half, edge: Indices) -> None:
    """Add the roll of the lips inward from their edge (N,) and the closed bag behind it."""
    points = half.points()[edge]
    n = len(edge)
    corner = n // 2
    side = np.where(np.arange(n) < corner, 1.0, -1.0) * (np.arange(n) != corner)
    seam = points[corner, 2]
    # How far a point is from the corner, 0 there and 1 in the middle.
    free = np.sqrt(np.clip(1 - (points[:, 0] / points[corner, 0]) ** 2, 0, 1))
    rings = []
    for back, open_mm in ((1.4, 0.25), (2.8, 1.2), (3.8, 4.0)):
        shift = np.stack(
            [-0.25 * back * points[:, 0] / 26.0, back * (0.7 + 0.3 * free), side * open_mm * free],
            -1,
        )
        rings.append(points + shift)
    phi = np.pi / 2 * (1 - np.arange(n) / corner)
    phi = np.sign(phi) * np.abs(phi / (np.pi / 2)) ** 0.9 * np.pi / 2
    bag = (  # front y, bulge of y with x squared, half width, up, down
        (-86.6, 0.0225, 24.5, 8.5, 9.5),
        (-84.0, 0.0210, 27.0, 11.5, 15.0),
        (-75.0, 0.0160, 30.0, 14.0, 19.0),
        (-62.0, 0.0080, 31.5, 15.0, 20.0),
        (-46.0, 0.0, 31.0, 15.0, 20.0),
        (-32.0, 0.0, 26.0, 13.0, 18.0),
        (-22.0, 0.0, 16.0, 9.0, 14.0),
    )
    for y, bulge, width, up, down in bag:
        c, s = np.cos(phi), np.sin(phi)
        x = width * np.abs(c) ** 0.8
        z = seam + np.where(s > 0, up, down) * np.sign(s) * np.abs(s) ** 0.8
        rings.append(np.stack([x, y + bulge * x**2, z], -1))
    stack = np.array(rings)
    stack[:, 0, 0] = 0.0
    stack[:, -1, 0] = 0.0
    rows = np.concatenate([edge[None], half.add_points(stack, "cavity")])
    lips = rows[1:4]
    half.set_part(lips[:, :corner].ravel(), "lips_upper")
    half.set_part(lips[:, corner + 1 :].ravel(), "lips_lower")
    half.set_part(lips[:, corner], "lips_upper")
    faces = strip_faces(rows)
    level = np.linspace(1.0, 0.08, len(rows))[:, None]
    centre = np.array([(CAVITY_BOX[0] + CAVITY_BOX[2]) / 2, (CAVITY_BOX[1] + CAVITY_BOX[3]) / 2])
    radius = np.array([CAVITY_BOX[2] - CAVITY_BOX[0], CAVITY_BOX[3] - CAVITY_BOX[1]]) / 2
    flat = np.stack([level * np.cos(phi), level * np.sin(phi)], -1)
    uv = centre + flat * radius
    corners = np.stack([uv[:-1, :-1], uv[1:, :-1], uv[1:, 1:], uv[:-1, 1:]], 2).reshape(-1, 4, 2)
    flipped = corners.copy()
    flipped[..., 0] = 2 * centre[0] - flipped[..., 0]
    half.add_faces(faces, corners, "mouth", flipped)
    last = rows[-1]
    lid = half_cap(last)
    half.add_faces(lid, np.broadcast_to(centre, (len(lid), 4, 2)).copy(), "mouth")


def add_teeth(half: Half) -> None:
    """Add both rows of teeth with their gums."""
    _add_row(half, _UPPER, -53.6, -1.0, -83.6, "upper")
    _add_row(half, _LOWER, -53.6, 1.0, -80.8, "lower")


def _arch(arc: Array, front: float) -> tuple[Array, Array, Array, Array]:
    """x, y of the dental arch at an arc length from the middle, and the unit tangent (toward the back)."""
    theta = np.linspace(0, 1.75, 400)
    x, y = 25.0 * np.sin(theta) ** 0.92, front + 40.0 * (1 - np.cos(theta))
    x[theta > np.pi / 2] = 25.0
    length = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    px, py = np.interp(arc, length, x), np.interp(arc, length, y)
    ahead = np.interp(arc + 0.5, length, x) - np.interp(arc - 0.5, length, x)
    back = np.interp(arc + 0.5, length, y) - np.interp(arc - 0.5, length, y)
    back = np.where(arc <= 0.5, 0.0, back)
    norm = np.hypot(ahead, back)
    return px, py, ahead / norm, back / norm


def _add_row(
    half: Half,
    sizes: tuple[tuple[float, float, float, float], ...],
    edge: float,
    up: float,
    front: float,
    name: str,
) -> None:
    """Teeth growing toward `up` to biting edges about a height, and the gum that carries them."""
    ring = 16
    phi = np.arange(ring) / ring * 2 * np.pi
    arc = 0.0
    middles, necks = [], []
    for number, (width, depth, height, short) in enumerate(sizes):
        neck = edge - up * (height + short)
        middles.append(arc + width / 2)
        necks.append(neck)
        x, y, tx, ty = (float(v[0]) for v in _arch(np.array([arc + width / 2]), front))
        arc += width + 0.05
        molar = smoothstep(np.array(float(number)), 1.5, 3.5)
        rows = []
        for s in LEVELS if number < 5 else MOLAR_LEVELS:
            # Narrower at the neck; incisors thin out to a blade, molars keep their table.
            grown = max(s, 0.0)
            along = width / 2 * (0.84 + 0.155 * smoothstep(np.array(grown), 0.0, 0.55))
            across = depth / 2 * (1 - (1 - molar) * 0.62 * grown**1.1)
            ending = smoothstep(np.array(s), 0.86, 1.04)
            round_along, round_across = 1 - 0.16 * ending, 1 - (0.16 + 0.2 * molar) * ending
            c = np.sign(np.cos(phi)) * np.abs(np.cos(phi)) ** 0.66
            d = np.sign(np.sin(phi)) * np.abs(np.sin(phi)) ** 0.8
            lean = -(1 - molar) * (0.3 + 0.84 * grown)
            a, b = along * round_along * c, across * round_across * d + lean
            tip = _edge_drop(number, molar, a / (width / 2)) * grown**4
            z = neck + up * (s * height - tip)
            place = np.stack([x + a * tx + b * ty, y + a * ty - b * tx, z], -1)
            rows.append(place)
        stack = np.array(rows)
        if up < 0:
            stack = stack[:, ::-1]
        numbers = half.add_points(stack[:, ::-1], f"teeth_{name}")
        box = TOOTH_BOX
        half.add_faces(
            strip_faces(numbers[::-1], True), strip_uvs(len(rows), ring, box, True), "teeth"
        )
        cap = turned(ring_cap(numbers[-1]))
        half.add_faces(cap, np.broadcast_to(np.array(box[:2]), (len(cap), 4, 2)).copy(), "teeth")
    line = np.linspace(0.0, arc + 1.5, 36)
    _add_gum(half, line, np.interp(line, middles, necks), up, front, name)


def _edge_drop(number: int, molar: Array, away: Array) -> Array:
    """Millimetres by which a crown is shorter beside its middle; `away` is -1 toward the midline, 1 behind.

    A canine ends in a point, an incisor in a straight edge with rounded corners, the outer one more.
    """
    if number == 2:
        return 1.6 * away**2
    corner = np.where(away > 0, (0.85, 1.15)[min(number, 1)], (0.3, 0.6)[min(number, 1)])
    return (1 - molar) * corner * away**4


def _add_gum(half: Half, arc: Array, necks: Array, up: float, front: float, name: str) -> None:
    """A band along the arch, rounded over the necks of the teeth at heights (N,) of places (N,) on it."""
    x, y, tx, ty = _arch(arc, front)
    x[0] = 0.0
    profile = np.array(
        [
            (-3.0, -9.0),
            (-5.2, -6.0),
            (-5.0, -2.0),
            (-4.2, 0.6),
            (-2.5, 1.6),
            (2.5, 1.4),
            (3.6, 0.4),
            (4.2, -2.5),
            (4.2, -6.0),
            (3.0, -9.0),
        ]
    )
    thick = np.interp(arc, (0, 14, 30, 60), (0.86, 0.9, 1.1, 1.15))
    rows = []
    for across, rise in profile:
        rows.append(
            np.stack(
                [
                    x + across * thick * -ty,
                    y + across * thick * tx,
                    necks + up * rise,
                ],
                -1,
            )
        )
    stack = np.array(rows)
    stack[:, 0, 0] = 0.0
    numbers = half.add_points(stack, f"gums_{name}")
    if up > 0:
        numbers = numbers[::-1]
    half.add_faces(strip_faces(numbers), strip_uvs(len(numbers), numbers.shape[1], GUM_BOX), "gums")


def add_tongue(half: Half) -> None:
    """Add the tongue, resting with its tip behind the lower front teeth."""
    spine = np.array(
        [
            (-26.0, -74.0, 13.0, 8.0),
            (-34.0, -64.0, 18.0, 11.0),
            (-46.0, -58.5, 20.5, 10.5),
            (-58.0, -57.6, 19.5, 8.5),
            (-66.0, -58.4, 17.0, 6.5),
            (-71.0, -59.3, 13.5, 5.0),
            (-74.0, -60.0, 9.0, 3.6),
            (-75.6, -60.4, 4.0, 2.0),
        ]
    )
    s = np.linspace(0, len(spine) - 1, 18)
    y, z, width, thick = (np.interp(s, np.arange(len(spine)), spine[:, k]) for k in range(4))
    phi = np.linspace(np.pi / 2, -np.pi / 2, 13)
    c, d = np.abs(np.cos(phi)) ** 0.8, np.sign(np.sin(phi)) * np.abs(np.sin(phi)) ** 0.9
    c[[0, -1]] = 0.0
    groove = -0.9 * np.exp(-((phi - np.pi / 2) ** 2) / 0.05)
    rows = np.stack(
        [
            width[:, None] * c,
            np.repeat(y[:, None], 13, 1),
            z[:, None] + thick[:, None] * d + groove * (thick[:, None] / 10),
        ],
        -1,
    )
    rows[:, [0, -1], 0] = 0.0
    numbers = half.add_points(rows, "tongue")
    half.add_faces(
        strip_faces(numbers), strip_uvs(len(numbers), numbers.shape[1], TONGUE_BOX), "tongue"
    )
    for ring, flip in ((numbers[0], True), (numbers[-1], False)):
        cap = turned(half_cap(ring)) if flip else half_cap(ring)
        half.add_faces(
            cap, np.broadcast_to(np.array(TONGUE_BOX[:2]), (len(cap), 4, 2)).copy(), "tongue"
        )
