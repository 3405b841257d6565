"""Strands of long hair over its sheet (`tresses`), drawn together into locks. No bpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest
from ..easing import smoothstep
from ..head import Head
from .clumps import clumps, drawn_together, strayed
from .greying import with_sides
from .groom import Strands, curl_of, swing, tones_of, wave_of
from .tresses import THICKNESS, cut_share, tress_grid

Floats = npt.NDArray[np.float64]

STRANDS = 9000
POINTS = 14
PER_LOCK = 40
ROOT_METRES, TIP_SHARE = 0.00012, 0.4  # radius at the root, and share of it at the tip
ROOTS_METRES = 0.05  # from the sheet's upper edge, over which locks begin
# Of the sheet's length that the shortest and the longest locks have: ends come one by one, not at a rim,
# but for hair that is cut to one length.
LENGTHS, CUT_LENGTHS = (0.6, 1.18), (0.84, 1.08)
FARTHEST_ROWS = 5.0  # beyond the sheet, up to which strands are drawn on
# By how many metres straight locks sway aside on their way, and wavy ones more; over which share of their
# length they come to that.
SWAY_METRES, WAVE_METRES, FREE_SHARE = 0.0035, 0.0125, 0.6
CLUMP_METRES = 0.022  # across clumps of locks
# Share of the locks that lie within the sheet; from which share of their length to which they turn in;
# metres that they keep off the skin and most that they turn in.
WITHIN_SHARE, WITHIN_FROM, OFF_METRES, MOST_ROOM = 0.35, (0.35, 1.0), 0.004, 0.018
STRAYS, STRAY_METRES = 0.04, 0.012  # share of strands that leave their lock, and how far at most


def locks(head: Head, *, count: int = STRANDS, seed: int = 11) -> Strands | None:
    """Strands of a head's long hair; None where it has none."""
    grid = tress_grid(head)
    if grid is None:
        return None
    random = np.random.default_rng(seed)
    rows, columns = grid.shape[:2]
    outward = _outward(grid)
    many = max(1, count // PER_LOCK)
    share = np.linspace(0.0, 1.0, POINTS)
    # Locks: where they hang, how far down they reach, how deep in the sheet they lie.
    middle = random.uniform(-0.5, columns - 0.5, many)
    cut = cut_share(head)
    shortest, longest = (a + (b - a) * cut for a, b in zip(LENGTHS, CUT_LENGTHS, strict=True))
    reach = longest - (longest - shortest) * random.beta(1.6, 2.6, many)
    # They come out of the cap at different heights, so that no edge shows.
    fall = float(np.linalg.norm(np.diff(grid, axis=0), axis=2).sum(0).mean())
    start = random.uniform(0.0, min(0.45, ROOTS_METRES / fall), many)
    depth = random.uniform(-0.35, 0.15, many)
    phase = random.uniform(0.0, 2 * np.pi, (many, 1))
    # They come together as those do that the head carries (`curtain`), for they go on with them.
    path = np.linspace(0.0, 1.0, POINTS) * reach[:, None] * (rows - 1.0)
    steps = np.stack([0.0 * path, middle[:, None] + 0.0 * path], -1)
    ways = _between(grid, path, steps[..., 1])
    clump, closing = clumps(ways, CLUMP_METRES, random)
    steps = drawn_together(steps, steps[clump] - steps, closing)
    which = random.integers(0, many, count)
    aside = random.normal(0.0, 0.75, count)
    closing = 1.0 - 0.55 * share**1.5
    column = steps[which, :, 1] + aside[:, None] * closing
    row = start[which, None] + (reach[which, None] - start[which, None]) * share
    row = row * (rows - 1.0) * random.uniform(0.94, 1.03, (count, 1))
    place = _between(grid, row, column)
    wave = max(curl_of(head), wave_of(head))
    far = np.minimum(share / FREE_SHARE, 1.0) * (SWAY_METRES + WAVE_METRES * wave)
    turned = swing(place, wave, phase[clump[which]])
    sway = np.sin(turned) * far
    lift = depth[which, None] * THICKNESS + random.normal(0.0, 0.0008, (count, 1))
    lift = lift + np.cos(turned) * 0.5 * far
    normal = _between(outward, row, column)
    # Some lie between the sheet and the nape, and turn in to it: behind the ends there is no hollow.
    within = random.uniform(0.0, 1.0, many)
    within = np.where(random.random(many) < WITHIN_SHARE, within, 0.0)[which, None]
    room, turns = np.zeros(place.shape[:2]), np.flatnonzero(within[:, 0])
    room[turns] = _room(head, place[turns], normal[turns]) * within[turns]
    room *= smoothstep(share, *WITHIN_FROM)
    # Roots come out of the cap.
    lift = lift - 0.004 * np.exp(-share * 12.0)
    across = np.cross(normal, (0.0, 0.0, 1.0))
    points = place + normal * (lift - room)[..., None] + across * sway[..., None]
    points, astray = strayed(points, normal, STRAYS, STRAY_METRES, random)
    radii = ROOT_METRES * np.linspace(1.0, TIP_SHARE, POINTS)
    tones = tones_of(which, random, clump)
    grown = Strands(points.astype(np.float32), radii.astype(np.float32), tones, astray=astray)
    return with_sides(head, grown)


def _room(head: Head, places: Floats, normals: Floats) -> Floats:
    """(S, P) metres from places (S, P, 3) inward to what hair hangs before, less what it keeps off."""
    chosen = head.part("neck", "scalp", "bust", "cloth", "face", "ear_*")
    chosen &= np.arange(len(chosen)) % 2 == 0
    body = head.vertices[chosen].astype(np.float64)
    flat = places.reshape(-1, 3)
    away = flat - body[nearest(flat, body)]
    inward = (away * normals.reshape(-1, 3)).sum(1)
    return np.clip(inward - OFF_METRES, 0.0, MOST_ROOM).reshape(places.shape[:2])


def _outward(grid: Floats) -> Floats:
    """(R, C, 3) unit normals of the sheet."""
    down, across = np.gradient(grid, axis=0), np.gradient(grid, axis=1)
    normal = np.cross(across, down) * -1.0
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-12)
    away = grid - grid.reshape(-1, 3).mean(0)
    return normal * np.sign((normal * away).sum() + 1e-12)


def _between(values: Floats, row: Floats, column: Floats) -> Floats:
    """Values (R, C, 3) between the grid's points; beyond the lowest row they go on straight."""
    rows, columns = values.shape[:2]
    low = np.clip(np.floor(row), 0, rows - 2).astype(int)
    left = np.clip(np.floor(column), 0, columns - 2).astype(int)
    down = np.clip(row - low, 0.0, 1.0 + FARTHEST_ROWS)[..., None]
    aside = np.clip(column - left, -0.4, 1.4)[..., None]
    upper = values[low, left] * (1 - aside) + values[low, left + 1] * aside
    lower = values[low + 1, left] * (1 - aside) + values[low + 1, left + 1] * aside
    return upper + down * (lower - upper)
