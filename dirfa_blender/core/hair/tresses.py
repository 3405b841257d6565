"""Long hair: a sheet that falls from the cap round the back of the head, over the shoulders if so long.

The sheet is two grids, an outer and an inner one, closed at their edges. It begins inside the cap, comes
out of it while it still follows it, so that no step shows, and hangs from there as wide and as long as
it is said to (`Fall`): a photo shows it. It is pushed out of head, ears, neck and shoulders along their
normals. No expression moves it; the head carries its upper end, the shoulders hold the lower. No bpy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest, vertex_normals
from ..anatomy.hair_cap import HAIR_BOX
from ..easing import smoothstep
from ..head import Head
from .groom import cap_grid, cap_order, standoff

Floats = npt.NDArray[np.float64]

PART = "hair_long"
ROWS, COLUMNS = 22, 48
CLEARANCE, EAR_CLEARANCE = 0.007, 0.004  # metres of the outer grid off the skin
ROOT_DEPTH = 0.002  # metres below the skin at which the sheet begins
THICKNESS = 0.009  # metres between the two grids
OVER_EAR = 0.085  # metres above the ears' landmarks at which the sheet begins
OUT_METRES, OUT_OVER = 0.0025, 0.022  # by which it comes out of the cap, and over which height
# Degrees from the nape and metres over the ears between which the cap is slimmed, and what is left of it.
SLIM_DEGREES, SLIM_OVER, SLIM_METRES = (88.0, 112.0), (0.005, 0.105), 0.003
HANG_METRES = 0.045  # of height over which it leaves the cap and hangs
TEMPLE_SHARE = 0.05  # of its angle to the front that the sheet lacks at its upper edge
# Over which its front edge turns in, and metres at which that lies off temple, cheek and jaw.
TURNED_DEGREES, CHEEK_CLEARANCE = 34.0, 0.002
# Landmarks along the side of a face from the temple down, right and left: what the front edge lies on.
OUTLINE = ((127, 234, 93, 132, 58), (356, 454, 323, 361, 288))
# Of the sheet's length that is solid; single locks go on beyond.
SOLID_SHARE = 0.9
CURL = 0.22  # share by which ends turn in that are cut to one length
# Metres below the ears to which all hair is cut to one length, as a bob is, and no hair.
CUT_METRES = (0.05, 0.12)
UNEVEN = 0.08  # share by which the lower edge is longer or shorter
FRONT_DEGREES, BEHIND_DEGREES = 123.0, 78.0  # from the nape: to before, and to behind an ear
# Of hair that is gathered: half its width as in `Fall`, what is left of its angles at its lower end, by how
# much it lies closer to the nape than the back of the skull does, and metres over the ears from which on.
GATHERED_WIDTHS, GATHERED_ANGLE, GATHERED_BACK = (0.078, 0.060, 0.046), 0.34, 0.42
GATHERED_FROM = 0.030
NARROWED = (
    0.75  # of the width at the ears, below which the lower end of what hangs there is gathered
)
# Metres below the ears over which hair that ends there comes to be cut in layers down the back.
LAYERED_METRES = (0.055, 0.025)
EAR_TOP = 0.032  # metres, of an ear's upper edge over its landmark


@dataclass(frozen=True)
class Fall:
    """How hair falls beside the face.

    Attributes
    ----------
    lengths : metres below the ears, of the subject's left and right side
    before_ear : whether it falls before the left and the right ear
    half_widths : (3,) metres from the middle to the outline at the ears, the jaw's angle and the chin
    is_gathered : whether it is drawn back behind both ears and together at the nape
    """

    lengths: tuple[float, float]
    before_ear: tuple[bool, bool]
    half_widths: tuple[float, float, float]
    is_gathered: bool = False

    @property
    def layered(self) -> float:
        """0 hair that hangs down the back, to 1 hair so short that it lies close to the nape."""
        if self.is_gathered:
            return 1.0
        return float(np.interp(max(self.lengths), LAYERED_METRES[::-1], (1.0, 0.0)))


def with_tresses(head: Head, fall: Fall) -> Head:
    """The head with a sheet of long hair as a part of its own."""
    outer = tress_shape(head, fall)
    head = _slim_at_temples(head)
    inward = outer - _axis(head, outer)
    inward[..., 2] = 0.0
    inward /= np.maximum(np.linalg.norm(inward, axis=-1, keepdims=True), 1e-9)
    thick = THICKNESS * np.minimum(np.linspace(0.6, 1.6, ROWS), np.linspace(6.0, 0.3, ROWS))
    inner = outer - inward * np.minimum(thick, THICKNESS)[:, None, None]
    points = np.concatenate([outer.reshape(-1, 3), inner.reshape(-1, 3)])
    faces = _faces() + len(head.vertices)
    count = len(points)
    held = np.linspace(0.0, 1.0, ROWS) * min(1.0, max(fall.lengths) / 0.16)
    by_head = np.repeat(1.0 - 0.8 * held**1.5, COLUMNS)
    carried = {"head": np.tile(by_head, 2), "neck": np.tile(0.5 * (1.0 - by_head), 2)}
    weights = np.stack([carried.get(name, np.zeros(count)) for name in head.bone_names])
    return replace(
        head,
        vertices=np.concatenate([head.vertices, points.astype(np.float32)]),
        faces=np.concatenate([head.faces, faces.astype(np.int32)]),
        uvs=np.concatenate([head.uvs, _uvs()]),
        face_materials=np.concatenate(
            [head.face_materials, np.full(len(faces), head.materials.index("hair"), np.int32)]
        ),
        part_names=(*head.part_names, PART),
        vertex_parts=np.concatenate(
            [head.vertex_parts, np.full(count, len(head.part_names), np.int32)]
        ),
        shape_deltas=np.concatenate(
            [head.shape_deltas, np.zeros((len(head.shape_deltas), count, 3), np.float32)], axis=1
        ),
        bone_weights=np.concatenate([head.bone_weights, weights.astype(np.float32)], axis=1),
    )


def tress_grid(head: Head) -> Floats | None:
    """(R, C, 3) the outer grid of a head's long hair, top first, columns from its right front to its left.

    None for a head without.
    """
    if PART not in head.part_names:
        return None
    points = head.vertices[head.part(PART)].astype(np.float64)
    if len(points) != 2 * ROWS * COLUMNS:
        return None
    return points[: ROWS * COLUMNS].reshape(ROWS, COLUMNS, 3)


def behind_ears(head: Head) -> tuple[bool, bool]:
    """Whether a head's long hair leaves its left and its right ear free."""
    grid = tress_grid(head)
    if grid is None:
        return False, False
    marks = head.landmarks()
    row = int(np.abs(grid[:, 0, 2] - marks[[234, 454], 2].mean()).argmin())
    left, right = (float(grid[row, column, 1]) for column in (-1, 0))
    return left > float(marks[454, 1]), right > float(marks[234, 1])


def gathered_at(head: Head) -> Floats | None:
    """(3,) metres, where a head's hair is gathered; None where it falls free or is short."""
    grid = tress_grid(head)
    if grid is None or not all(behind_ears(head)):
        return None
    row = int(np.abs(grid[:, 0, 2] - head.landmarks()[[234, 454], 2].mean()).argmin())
    is_narrow = np.ptp(grid[-1, :, 0]) < NARROWED * np.ptp(grid[row, :, 0])
    return grid[-1].mean(0) if is_narrow else None


def cut_share(head: Head) -> float:
    """0 where a head's hair ends lock by lock or is short, 1 where it is long and cut to one length."""
    grid = tress_grid(head)
    ear = float(head.landmarks()[[234, 454], 2].mean())
    return 0.0 if grid is None else _cut(ear - float(grid[-1, :, 2].mean()))


def _cut(length: float) -> float:
    return float(np.clip((CUT_METRES[1] - length) / (CUT_METRES[1] - CUT_METRES[0]), 0.0, 1.0))


def tress_shape(head: Head, fall: Fall) -> Floats:
    """(R, C, 3) metres, the outer grid."""
    marks = head.landmarks().astype(np.float64)
    ear, jaw, chin = (marks[list(pair), 2].mean() for pair in ((234, 454), (58, 288), (152, 152)))
    middle = float(head.vertices[head.part("scalp"), 1].mean())
    left, right = (FRONT_DEGREES if before else BEHIND_DEGREES for before in fall.before_ear)
    angle = np.radians(np.linspace(-right, left, COLUMNS))
    side = (np.degrees(angle) + right) / (left + right)  # 0 at the right edge, 1 at the left
    length = fall.lengths[1] + (fall.lengths[0] - fall.lengths[1]) * side
    random = np.random.default_rng(5)
    ragged = np.convolve(random.standard_normal(COLUMNS + 4), np.ones(5) / 5**0.5, mode="valid")
    # A little longer down the back.
    length = length * (1.0 + 0.05 * np.cos(angle)) + UNEVEN * ragged * np.minimum(length, 0.1)
    length = length * SOLID_SHARE
    share = np.linspace(0.0, 1.0, ROWS)[:, None]
    z = ear + OVER_EAR - share * (length + OVER_EAR)
    # Above the ears the sheet ends behind the temples.
    closed = np.clip((z - ear) / OVER_EAR, 0.0, 1.0)
    angle = angle * (1.0 - TEMPLE_SHARE * closed)
    drawn = smoothstep((ear + GATHERED_FROM - z) / (GATHERED_FROM + 0.8 * max(fall.lengths)))
    drawn = drawn * fall.is_gathered
    angle = angle * (1.0 - (1.0 - GATHERED_ANGLE) * drawn)
    top = smoothstep((z - ear - OVER_EAR + OUT_OVER) / OUT_OVER)
    cap, edge = _on_cap(head, middle, angle, z)
    slim, _ = _on_cap(_slim_at_temples(head), middle, angle, z)
    turned = smoothstep((np.abs(np.degrees(angle)) - FRONT_DEGREES) / TURNED_DEGREES + 1.0)
    cap = cap + turned * (slim - cap)
    on_cap = cap + OUT_METRES - (OUT_METRES + ROOT_DEPTH) * top
    beyond_ear = float(np.abs(head.vertices[head.part("ear_*"), 0]).max()) + EAR_CLEARANCE
    beyond_ear = 0.0 if fall.is_gathered else beyond_ear
    half = _widths(z, (chin, jaw, ear, ear + EAR_TOP), fall, beyond_ear)
    # Down the back hair hangs from the skull, it does not follow the nape.
    back = cap.max(0, where=np.cos(angle) > 0.8, initial=0.08).max() * (1.0 - 0.10 * share)
    back = back * (1.0 - GATHERED_BACK * drawn)
    temples = middle - float(marks[[127, 356], 1].mean()) + 0.004
    front = temples / abs(np.cos(np.radians(FRONT_DEGREES)))
    depth = np.where(np.cos(angle) > 0, back, front)
    # Radius of the ellipse with these half axes.
    hanging = 1.0 / np.hypot(np.sin(angle) / half, np.cos(angle) / depth)
    turned_in = CURL * _cut(max(fall.lengths)) * (not fall.is_gathered)
    hanging = hanging * (1.0 - turned_in * smoothstep((share - 0.55) / 0.45) ** 1.5)
    left_cap = smoothstep((edge + HANG_METRES - z) / HANG_METRES)
    radius = on_cap + (hanging - on_cap) * left_cap
    grid = np.stack([radius * np.sin(angle), middle + radius * np.cos(angle), z], -1)
    # Before the ears its front edge turns in toward the cheek: hair is no shell round the face.
    cheek = beside_face(marks, grid[..., 2]) + CHEEK_CLEARANCE
    turned = turned * left_cap * (cheek < np.abs(grid[..., 0]))
    grid[..., 0] += turned * (np.sign(grid[..., 0]) * cheek - grid[..., 0])
    body = _body(head)
    # Its root lies in the cap, which at the sides is hardly thicker than this.
    held = np.clip((grid[:1, :, 2] - grid[..., 2]) / 0.028, 0.0, 1.0)
    for _ in range(3):
        grid = _smoothed(_pushed_out(grid, *body, held))
    return _pushed_out(grid, *body, held)


def _slim_at_temples(head: Head) -> Head:
    """The head with its cap close to the skin before the ears: what is full there hangs, as the sheet."""
    cap = cap_grid(head)
    if cap is None:
        return head
    middle = float(head.vertices[head.part("scalp"), 1].mean())
    ear = float(head.landmarks()[[234, 454], 2].mean())
    off = cap - np.array([0.0, middle, 0.0])
    around = np.degrees(np.abs(np.arctan2(off[..., 0], off[..., 1])))
    share = smoothstep((around - SLIM_DEGREES[0]) / (SLIM_DEGREES[1] - SLIM_DEGREES[0]))
    share *= 1.0 - smoothstep((cap[..., 2] - ear - SLIM_OVER[0]) / (SLIM_OVER[1] - SLIM_OVER[0]))
    too_much = share * np.maximum(standoff(head, cap) - SLIM_METRES, 0.0)
    off[..., 2] = 0.0
    inward = off / np.maximum(np.linalg.norm(off, axis=-1, keepdims=True), 1e-9)
    vertices = head.vertices.copy()
    vertices[head.part("hair")] = cap_order(cap - inward * too_much[..., None])
    return replace(head, vertices=vertices)


def _on_cap(head: Head, middle: float, angle: Floats, z: Floats) -> tuple[Floats, Floats]:
    """(R, C) radius of the cap about the axis through `middle` at angles from the nape and heights z, and
    (C,) metres, the height of its lower edge.
    """
    cap = cap_grid(head)
    if cap is None:
        return np.full(z.shape, 0.085), np.full(z.shape[1], float(z.mean()))
    around = np.degrees(np.arctan2(cap[..., 0], cap[..., 1] - middle))
    radius = np.hypot(cap[..., 0], cap[..., 1] - middle)
    # Every row of the cap is a curve round the head: over the angle, its radius and height.
    wanted = np.degrees(angle)
    result = np.empty(z.shape)
    edge = np.empty(z.shape[1])
    rows = range(len(cap) - 2)
    orders = np.argsort(around, axis=1)
    for column in range(z.shape[1]):
        at = wanted[:, column]
        heights = np.empty((len(rows), 2))
        for row in rows:
            order = orders[row]
            ring = around[row][order]
            near = np.interp(at[-1], ring, np.arange(len(ring)))
            low = int(np.clip(near, 0, len(ring) - 2))
            aside = near - low
            pair = order[low : low + 2]
            heights[row] = (
                cap[row, pair, 2] @ (1 - aside, aside),
                radius[row, pair] @ (1 - aside, aside),
            )
        order = np.argsort(heights[:, 0])
        result[:, column] = np.interp(z[:, column], heights[order, 0], heights[order, 1])
        edge[column] = heights[0, 0]
    return result, edge


def beside_face(marks: Floats, z: Floats) -> Floats:
    """Metres from the middle to the side of the face at heights z, both sides' mean."""
    right, left = (marks[list(side)] for side in OUTLINE)
    line = (np.abs(right) + np.abs(left)) / 2
    height = (right[:, 2] + left[:, 2]) / 2
    order = np.argsort(height)
    return np.interp(z, height[order], line[order, 0])


def _widths(z: Floats, heights: tuple[float, ...], fall: Fall, beyond_ear: float) -> Floats:
    """(R, C) half-width of the outline at heights z, without the kinks that three readings make."""
    ear, jaw, chin = fall.half_widths
    jaw = max(jaw, 0.45 * (ear + chin))
    ear = max(ear, beyond_ear)
    widths = np.array([chin, jaw, ear, ear])
    fine = np.linspace(heights[0] - 0.2, heights[-1] + 0.02, 240)
    step = fine[1] - fine[0]
    window = np.exp(-0.5 * (np.arange(-40, 41) * step / 0.016) ** 2)
    padded = np.pad(np.interp(fine, heights, widths), 40, mode="edge")
    smooth = np.convolve(padded, window / window.sum(), mode="valid")
    return np.interp(z, fine, smooth)


def _body(head: Head) -> tuple[Floats, Floats, Floats]:
    """Points, outward normals and clearance of what hair lies on."""
    chosen = head.part("scalp", "face", "neck", "bust", "cloth", "ear_*")
    # Every other vertex: a surface is as well told from its points 2 mm apart.
    chosen &= np.arange(len(chosen)) % 2 == 0
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[chosen]
    clearance = np.where(head.part("ear_*"), EAR_CLEARANCE, CLEARANCE)[chosen]
    return head.vertices[chosen].astype(np.float64), normals, clearance


def _pushed_out(
    grid: Floats, body: Floats, normals: Floats, clearance: Floats, held: Floats
) -> Floats:
    """The grid with every point at least a share (R, C) of the clearance before the nearest surface."""
    points = grid.reshape(-1, 3)
    found = nearest(points, body)
    before = ((points - body[found]) * normals[found]).sum(1)
    wanted = held.ravel() * (clearance[found] + ROOT_DEPTH) - ROOT_DEPTH
    missing = np.clip(wanted - before, 0.0, 0.03)
    return (points + missing[:, None] * normals[found]).reshape(grid.shape)


def _smoothed(grid: Floats) -> Floats:
    """The grid averaged with its neighbours, its edges with their own."""
    result = grid.copy()
    result[:, 1:-1] = 0.5 * grid[:, 1:-1] + 0.25 * (grid[:, :-2] + grid[:, 2:])
    rows = result.copy()
    rows[1:-1] = 0.5 * result[1:-1] + 0.25 * (result[:-2] + result[2:])
    return rows


def _axis(head: Head, points: Floats) -> Floats:
    middle = head.vertices[head.part("scalp"), 1].mean()
    axis = np.zeros_like(points)
    axis[..., 1] = middle
    axis[..., 2] = points[..., 2]
    return axis


def _faces() -> npt.NDArray[np.int64]:
    """(F, 4) quads of the closed sheet, counter-clockwise from outside."""
    number = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    inner = number + ROWS * COLUMNS
    rim = np.concatenate([number[0, ::-1], number[1:, 0], number[-1, 1:], number[-2:0:-1, -1]])
    under = rim + ROWS * COLUMNS
    edge = np.stack([rim, np.roll(rim, -1), np.roll(under, -1), under], -1)
    return np.concatenate([_quads(number), _quads(inner[:, ::-1]), edge])


def _quads(number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    corners = (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1])
    return np.stack(corners, -1).reshape(-1, 4)


def _uvs() -> npt.NDArray[np.float32]:
    """(F, 4, 2) in the box of the hair: tips on its lowest row, where hair thins out."""
    left, low, right, high = HAIR_BOX
    u = np.linspace(left, right, COLUMNS)
    v = np.linspace(high, low, ROWS)
    place = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), -1).reshape(-1, 2)
    return np.tile(place, (2, 1))[_faces()].astype(np.float32)
