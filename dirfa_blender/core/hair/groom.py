"""Strands of hair over the cap of a head: the cap says how far it stands off, strands how it lies. No bpy.

The cap is a grid of rows from hairline to crown. A strand starts on the scalp under it and walks over the
cap along a field of directions: away from a parting over the top, down and back at the sides, down at the
nape. What lies on the cap is what is seen, so all strands stay near its surface and the cap itself is
the shade between them. A bald head has no cap and so no strands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest, vertex_normals
from ..anatomy.hair_cap import COLUMNS, ROWS
from ..easing import smoothstep
from ..head import Head
from .clumps import clumps, drawn_together, strayed
from .curls import coil_share, curled
from .rim import BAND_METRES, density, fineness, inside_metres, thinned_downward

Floats = npt.NDArray[np.float64]

STRANDS = 18000
POINTS = 8  # along a strand
PER_LOCK = 8
FILLING = 0.45  # share of the locks that grow where the others cover the cap least
COVERED = 70.0  # percentile of how densely cells are covered, from which one is covered well
# Metres a strand is long where the hair lies close and where it stands off by `FULL_METRES` or more.
SHORT_METRES, LONG_METRES = 0.013, 0.046
FULL_METRES = 0.010
# Heights over the cap: of the lowest layer, and from there to the highest.
LOW_METRES, LAYERS_METRES = 0.0003, 0.0036
ROOT_METRES = 0.00011  # radius of a strand at its root
TIP_SHARE = 0.35  # of that at its tip
RIM_METRES = 0.010  # from its line, of the cap's rim
# A strand ends where it comes this near to the hairline, and is kept if so many of its points do not.
EDGE_ROWS = 1.3
LEAST_POINTS = 3
CROWN_BAND = 0.5  # of the way to a bald crown, that counts as way to the line
# Metres before the line at which strands end that come nearer to it by so much: at most, for edges fray.
UNEVEN_ENDS, COMING_METRES = 0.016, 0.001
FOREHEAD_EVEN = 0.8  # of that, which is taken off over the forehead
BURIED_METRES = 0.0015  # under the skin, from which the cap bears no hair
SHALLOW_METRES = 0.0005  # under the skin, up to which a strand may lie
# Under which a head remembers how curly and how wavy its hair is, 0 to 1, where it parts, how far it is
# swept aside, and whether it falls over the forehead, 0 to 1.
CURL_KEY, WAVE_KEY = "hair_curl", "hair_wave"
PARTING_KEY, SWEEP_KEY, FRINGE_KEY = "hair_parting", "hair_sweep", "hair_fringe"
# Of curly hair: metres by which a strand turns aside from point to point; share of its length that is left
# in curls and in coils, and how far from the usual way coils lie.
KINK_METRES, CURLED_LENGTH, COILED_LENGTH, COILED_TURN = 0.0022, 0.75, 0.3, 1.2
# Turns a metre in which long hair sways, twice as many in open curls; and how far and how such curls agree.
SWAY_TURNS, ALIKE, ALIKE_TURNS = 9.0, 0.5, 5.0
# Half the width of a lock at its root, in rows and columns of the cap.
LOCK_CELLS = (0.5, 1.0)
# What is left of a lock's width at its tip; share of strands that leave it, and how far those stand off.
CLOSED = 0.3
LOOSE_METRES = 0.020  # from the line, over which locks come to draw together
STRAYS, STRAY_METRES = 0.025, 0.009
LOCK_TONE, CLUMP_TONE = 0.25, 0.45  # of a strand's tone, that its lock and that its clump have
CLUMP_METRES = (0.007, 0.012)  # across clumps of locks of straight hair and of open curls
FRIZZ_METRES = 0.00025  # the same of any hair
USUAL_TURN = 0.22  # radians from how hair lies, standard deviation of locks
# Of half the head's width, to the subject's left, where hair on top parts; and what runs aside there over
# the forehead, beside 0.8 that runs back. Both where no photo says it, and at most.
PARTING, MOST_PARTED = 0.42, 0.8
SWEEP, MOST_SWEPT = 0.3, 2.0
# Over which of such halves hair turns from one side of its parting to the other; by how much more where
# short hair parts in the middle, which is no parting but hair combed back; and how near that is.
PARTED, COMBED, CENTRAL = 0.10, 0.30, 0.25
# Times as many roots more along the parting, from where hair runs away; metres over which there are.
PARTING_GAIN, PARTING_METRES = 1.2, 0.010
# Of the cap's height, below and above which hair before the ears grows straight down, and down and back.
SIDEBURN_HEIGHTS = (0.40, 0.615)
# Of the same height, between which hair comes to lie as on top, and lines as over the forehead begin.
TOP, FOREHEAD = (0.635, 0.875), (0.52, 0.71)
# By how much more a fringe runs forward, and how much more down.
FORWARD, FALLING = 1.3, 0.75


@dataclass(frozen=True)
class Strands:
    """Hair as curves.

    Attributes
    ----------
    points : (S, P, 3) float32, metres, from root to tip
    radii : (P,) float32, metres
    tones : (S,) float32, 0 dark to 1 fair: strands of a lock are of about one tone
    sides : (S,) or (S, P) float32, 0 of the first colour to 1 of the second (`greying`), of strands or
        along them; None if all have one
    astray : (S,) which leave all others; None if none does
    fine : (S,) float32, shares of `radii` that strands have; None if all have all
    """

    points: npt.NDArray[np.float32]
    radii: npt.NDArray[np.float32]
    tones: npt.NDArray[np.float32]
    sides: npt.NDArray[np.float32] | None = None
    astray: npt.NDArray[np.bool_] | None = None
    fine: npt.NDArray[np.float32] | None = None


def tones_of(
    which: npt.NDArray[np.int64], random: np.random.Generator, clump: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """(S,) tones of strands of locks (S,), themselves of clumps (N,): most from clump to clump."""
    of_lock, of_clump = random.random((2, len(clump)))
    tones = LOCK_TONE * of_lock[which] + CLUMP_TONE * of_clump[clump[which]]
    tones += (1.0 - LOCK_TONE - CLUMP_TONE) * random.random(len(which))
    return tones.astype(np.float32)


def cap_grid(head: Head) -> Floats | None:
    """(R, C, 3) the cap's vertices, hairline first, columns once round from the middle of the forehead.

    None for a head without the template's cap.
    """
    cap = head.vertices[head.part("hair")].astype(np.float64)
    half = COLUMNS + 1
    if len(cap) != ROWS * 2 * COLUMNS:
        return None
    left = cap[: ROWS * half].reshape(ROWS, half, 3)
    right = cap[ROWS * half :].reshape(ROWS, half - 2, 3)
    return np.concatenate([left, right[:, ::-1]], axis=1)


def cap_order(grid: Floats) -> npt.NDArray[np.float32]:
    """(H, 3) points of a grid as `cap_grid` gives it in the order of the head's vertices."""
    left = grid[:, : COLUMNS + 1].reshape(-1, 3)
    right = grid[:, COLUMNS + 1 :][:, ::-1].reshape(-1, 3)
    return np.concatenate([left, right]).astype(np.float32)


def under_strands(head: Head) -> npt.NDArray[np.bool_]:
    """(V,) what of a head only stands for hair where its strands are seen: the cap, of long hair its rim.

    Locks of long hair begin on the cap, and where they part, it is what is seen between them.
    """
    cap = head.part("hair")
    if not head.part("hair_*").any():
        return cap
    grid = cap_grid(head)
    if grid is None:
        return cap
    near = inside_metres(grid, grid[0]) < RIM_METRES
    in_order = cap_order(np.broadcast_to(1.0 * near[..., None], grid.shape))[:, 0] > 0.5
    hidden = np.zeros(len(cap), bool)
    hidden[cap] = in_order
    return hidden


def strands(head: Head, *, count: int = STRANDS, seed: int = 7) -> Strands | None:
    """Strands of a head's hair; None where it has none."""
    cap = cap_grid(head)
    if cap is None:
        return None
    random = np.random.default_rng(seed)
    lift = standoff(head, cap)
    parting = parting_of(head)
    parted = PARTED + COMBED * max(0.0, 1.0 - abs(parting) / CENTRAL)
    field = _Field.over(cap, lift, lie(cap, parting, sweep_of(head), fringe_of(head), parted))
    locks = max(1, count // PER_LOCK)
    curl, wave = curl_of(head), wave_of(head)
    coils = coil_share(curl)
    left = 1.0 - (1.0 - CURLED_LENGTH) * curl
    left += coils * (COILED_LENGTH - left)

    def walked(weight: Floats, number: int) -> Floats:
        row, column = _roots(weight, number, random)
        length = left * field.at(field.length, row, column) * random.uniform(0.75, 1.2, len(row))
        length *= fineness(field.at(field.inside, row, column))[1]
        turned = USUAL_TURN + COILED_TURN * coils
        return _walked(field, row, column, length, random, turned=turned)

    weight = _growth(cap, lift, parting) * density(field.inside)[:-1]
    filling = round(FILLING * locks)
    first = walked(weight, locks - filling)
    grows = (lift[:-1] >= -BURIED_METRES) & (field.inside[:-1] > BAND_METRES)
    then = walked(weight * _bareness(_areas(cap), first, grows), filling)
    guides = np.concatenate([first, then])
    places = field.at(field.place, np.clip(guides[..., 0], 0.0, None), guides[..., 1])
    wide = CLUMP_METRES[0] + wave * (CLUMP_METRES[1] - CLUMP_METRES[0])
    middle, closing = clumps(places, wide, random)
    # Short hair at the line does not come together in locks.
    tip = field.at(field.inside, np.clip(guides[:, -1, 0], 0.0, None), guides[:, -1, 1])
    closing = closing * smoothstep(tip, 0.0, LOOSE_METRES)
    off = guides[middle] - guides
    columns = cap.shape[1]
    off[..., 1] = (off[..., 1] + columns / 2) % columns - columns / 2
    guides = drawn_together(guides, off, closing)
    points, which, astray, root = _filled_out(field, guides, middle, count, (curl, wave), random)
    radii = ROOT_METRES * np.linspace(1.0, TIP_SHARE, points.shape[1])
    tones = tones_of(which, random, middle)
    fine = fineness(field.at(field.inside, *root))[0].astype(np.float32)
    points, radii = points.astype(np.float32), radii.astype(np.float32)
    return Strands(points, radii, tones, astray=astray, fine=fine)


def curl_of(head: Head) -> float:
    """0 straight to 1 tightly coiled, as the head's photo showed its hair."""
    return min(max(float(head.source.get(CURL_KEY, "0")), 0.0), 1.0)


def wave_of(head: Head) -> float:
    """0 straight to 1 in open curls."""
    return min(max(float(head.source.get(WAVE_KEY, "0")), 0.0), 1.0)


def swing(points: Floats, wave: float, own: Floats) -> Floats:
    """(...,) radians of the waves of hair at points (..., 3), each turned by its own angle (...,).

    Straight locks sway each for itself. Waves run alike in neighbours, at the same heights.
    """
    around = np.arctan2(points[..., 0], points[..., 1])
    height = 2 * np.pi * SWAY_TURNS * (1.0 + wave) * points[..., 2]
    return height + wave * ALIKE_TURNS * around + (1.0 - ALIKE * wave) * own


def parting_of(head: Head) -> float:
    """Where hair parts on top, in halves of the head's width to the subject's left."""
    return min(max(float(head.source.get(PARTING_KEY, PARTING)), -MOST_PARTED), MOST_PARTED)


def sweep_of(head: Head) -> float:
    """How far hair over the forehead runs aside from its parting, beside 0.8 that runs back."""
    return min(max(float(head.source.get(SWEEP_KEY, SWEEP)), 0.0), MOST_SWEPT)


def fringe_of(head: Head) -> float:
    """0 where hair is combed back from the forehead, 1 where it falls over it."""
    return min(max(float(head.source.get(FRINGE_KEY, "0")), 0.0), 1.0)


def lie(
    cap: Floats, parting: float, sweep: float, fringe: float = 0.0, parted: float = PARTED
) -> Floats:
    """(R, C, 3) unit directions in which hair lies at points of a cap (R, C, 3).

    Parameters
    ----------
    parting, sweep, fringe : as `parting_of`, `sweep_of` and `fringe_of` have them
    parted : over which share of half the head's width hair turns from side to side of its parting
    """
    low, high = cap.reshape(-1, 3).min(0), cap.reshape(-1, 3).max(0)
    middle, size = (low + high) / 2, (high - low) / 2
    x = (cap[..., 0] - middle[0]) / size[0]
    y = (cap[..., 1] - middle[1]) / size[1]
    z = (cap[..., 2] - low[2]) / (high[2] - low[2])
    # Over the forehead hair is combed up from its line and over, or falls down to it as a fringe.
    front = smoothstep((-0.30 - y) / 0.35) * smoothstep((0.85 - np.abs(x)) / 0.35)
    top = np.maximum(smoothstep(z, *TOP), front)
    ahead = smoothstep((0.25 - y) / 0.7)
    aside_of_it = np.tanh((x - parting) / parted)
    back_over = 0.25 + 0.55 * ahead - fringe * ahead * FORWARD
    over = np.stack(
        [(0.9 + (sweep - 0.9) * front) * aside_of_it, back_over, -0.15 - fringe * FALLING * ahead],
        -1,
    )
    # From the crown backward hair falls down and back, at the sides down and a little back.
    # Sideburns grow straight down.
    upper = smoothstep((z - SIDEBURN_HEIGHTS[0]) / (SIDEBURN_HEIGHTS[1] - SIDEBURN_HEIGHTS[0]))
    aside = np.stack([0.0 * x, (0.30 + 0.25 * ahead) * upper, -np.ones_like(x)], -1)
    behind = np.stack([0.15 * x, 0.5 * np.ones_like(x), -np.ones_like(x)], -1)
    back = smoothstep((y - 0.15) / 0.5)[..., None]
    sides = aside * (1 - back) + behind * back
    share = (top * (1 - 0.8 * back[..., 0]))[..., None]
    way = over * share + sides * (1 - share)
    return way / np.linalg.norm(way, axis=-1, keepdims=True)


def standoff(head: Head, cap: Floats) -> Floats:
    """(R, C) metres from the cap inward to the skin below it; negative where it lies under the skin."""
    chosen = head.part("scalp", "face", "neck")
    skin = head.vertices[chosen].astype(np.float32)
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[chosen]
    places = cap.reshape(-1, 3).astype(np.float32)
    found = nearest(places, skin)
    away = places - skin[found]
    best = np.linalg.norm(away, axis=1).astype(np.float64)
    below = (away * normals[found]).sum(1) < -BURIED_METRES
    # Nearest vertices are up to half an edge aside; the cap itself is smooth, so this may be too.
    height = np.where(below, -best, np.minimum(best, 0.03)).reshape(cap.shape[:2])
    for _ in range(3):
        height = (2 * height + np.roll(height, 1, 1) + np.roll(height, -1, 1)) / 4
    height[1:-1] = (2 * height[1:-1] + height[:-2] + height[2:]) / 4
    return height


@dataclass(frozen=True)
class _Field:
    """The cap and what hair does on it, at the grid's points.

    Attributes
    ----------
    place, outward : (R, C, 3) metres, unit
    flow : (R, C, 2) rows and columns a metre in which hair lies
    lift, length : (R, C) metres
    inside : (R, C) metres from the hairline, or as far as counts toward a bald crown
    """

    place: Floats
    outward: Floats
    flow: Floats
    lift: Floats
    length: Floats
    inside: Floats

    @classmethod
    def over(cls, cap: Floats, lift: Floats, wanted: Floats) -> _Field:
        """Of a cap (R, C, 3) so far off the skin (R, C), on which hair lies as wanted (R, C, 3)."""
        down = np.gradient(cap, axis=0)
        across = (np.roll(cap, -1, 1) - np.roll(cap, 1, 1)) / 2
        outward = np.cross(across, down)
        outward /= np.maximum(np.linalg.norm(outward, axis=2, keepdims=True), 1e-12)
        # Rows and columns of a step along the surface: least squares over its two tangents.
        tangents = np.stack([down, across], -1)
        normal = np.einsum("rcij,rcik->rcjk", tangents, tangents) + 1e-9 * np.eye(2)
        flow = np.linalg.solve(normal, np.einsum("rcij,rci->rcj", tangents, wanted)[..., None])
        share = np.clip(lift / FULL_METRES, 0.0, 1.0)
        length = SHORT_METRES + (LONG_METRES - SHORT_METRES) * share**1.5
        inside = thinned_downward(inside_metres(cap, cap[0]), cap)
        bare = lift < -SHALLOW_METRES
        if bare.any():
            # Toward a bald crown hair thins out as well, over a wider band.
            inside = np.minimum(inside, CROWN_BAND * inside_metres(cap, cap[bare]))
        return cls(cap, outward, flow[..., 0], lift, length, inside)

    def at(self, values: Floats, row: Floats, column: Floats) -> Floats:
        """Values (R, C, ...) between the grid's points; beyond the hairline they go on straight."""
        rows, columns = values.shape[:2]
        low = np.clip(np.floor(row), 0, rows - 2).astype(int)
        left = np.floor(column).astype(int) % columns
        right = (left + 1) % columns
        shape = row.shape + (1,) * (values.ndim - 2)
        down = np.clip(row - low, -6.0, 1.0).reshape(shape)
        aside = (column - np.floor(column)).reshape(shape)
        upper = values[low, left] * (1 - aside) + values[low, right] * aside
        lower = values[low + 1, left] * (1 - aside) + values[low + 1, right] * aside
        return upper + down * (lower - upper)


def _areas(cap: Floats) -> Floats:
    """(R - 1, C) square metres of the cells of a cap."""
    along = np.linalg.norm(np.diff(cap, axis=0), axis=2)
    across = np.linalg.norm(np.roll(cap, -1, 1) - cap, axis=2)[:-1]
    return along * across


def _growth(cap: Floats, lift: Floats, parting: float) -> Floats:
    """(R - 1, C) share of the roots in each cell: more at the parting."""
    area = _areas(cap)
    low, high = cap.reshape(-1, 3).min(0), cap.reshape(-1, 3).max(0)
    line = (low[0] + high[0]) / 2 + parting * (high[0] - low[0]) / 2
    top = smoothstep((cap[:-1, :, 2] - low[2]) / (high[2] - low[2]), *TOP)
    area *= 1.0 + PARTING_GAIN * top * np.exp(-(((cap[:-1, :, 0] - line) / PARTING_METRES) ** 2))
    area[lift[:-1] < -BURIED_METRES] = 0.0
    return area


def _bareness(areas: Floats, guides: Floats, grows: npt.NDArray[np.bool_]) -> Floats:
    """(R - 1, C) 0 in cells (R - 1, C) that locks (N, P, 3) cover as well as most, to 1 where none does.

    Hair runs away from its partings and its lines: what it leaves has fewer hairs over it than roots.
    """
    rows, columns = areas.shape
    row = np.clip(guides[..., 0].astype(int), 0, rows - 1)
    column = np.floor(guides[..., 1]).astype(int) % columns
    reach = np.linalg.norm(np.diff(guides[:, :, :2], axis=1), axis=2).sum(1, keepdims=True)
    weights = np.broadcast_to(np.maximum(reach, 1e-3), row.shape)
    laid = np.bincount((row * columns + column).ravel(), weights.ravel(), rows * columns)
    # Over a few cells: between two locks no cap is bare.
    cover = _among_neighbours(laid.reshape(rows, columns).astype(np.float64))
    cover = cover / np.maximum(_among_neighbours(areas), 1e-9)
    usual = np.percentile(cover[grows], COVERED) if grows.any() else 1.0
    return np.clip(1.0 - cover / max(float(usual), 1e-9), 0.0, 1.0)


def _among_neighbours(values: Floats) -> Floats:
    """(R, C) mean round each cell, columns in a ring."""
    for _ in range(2):
        values = (2 * values + np.roll(values, 1, 1) + np.roll(values, -1, 1)) / 4
        padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
        values = (2 * values + padded[:-2] + padded[2:]) / 4
    return values


def _roots(weight: Floats, count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Rows and columns of roots in cells as their weights (R - 1, C) say."""
    total = float(weight.sum())
    chosen = random.choice(weight.size, count, p=weight.ravel() / total) if total else np.zeros(0)
    row, column = np.divmod(chosen.astype(np.int64), weight.shape[1])
    return row + random.random(len(row)), column + random.random(len(row))


def _walked(
    field: _Field,
    row: Floats,
    column: Floats,
    length: Floats,
    random: np.random.Generator,
    *,
    turned: float,
) -> Floats:
    """(N, P, 3) row, column and layer 0..1 along strands from these roots, each turned a little."""
    step = length / (POINTS - 1)
    layer = random.uniform(0.0, 1.0, len(row))
    turn = random.normal(0.0, turned, len(row))
    path = []
    for _ in range(POINTS):
        path.append(np.stack([row, column, layer], -1))
        flow = field.at(field.flow, np.clip(row, 0.0, None), column)
        row = np.clip(row + flow[:, 0] * step, -2.0, len(field.place) - 1.5)
        column = column + (flow[:, 1] + turn * np.abs(flow[:, 0])) * step
    return np.stack(path, 1)


def _filled_out(
    field: _Field,
    guides: Floats,
    clump: npt.NDArray[np.int64],
    count: int,
    curl_and_wave: tuple[float, float],
    random: np.random.Generator,
) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.bool_], tuple[Floats, Floats]]:
    """(S, P, 3) metres, at most `count`: strands round the guides, drawn into locks toward their tips.

    And (S,) the number of the guide of each, which go astray, and rows and columns of their roots; guides
    are of clumps (N,).
    """
    curl = curl_and_wave[0]
    kinked = FRIZZ_METRES + KINK_METRES * curl**2 * (1.0 - coil_share(curl))
    which = random.integers(0, len(guides), count)
    aside = random.normal(0.0, 1.0, (count, 1, 2)) * LOCK_CELLS
    path = np.concatenate(
        [guides, np.arange(len(guides))[:, None, None] + 0.0 * guides[..., :1]], -1
    )
    path = path[which]
    path[..., :2] += aside * np.linspace(1.0, CLOSED, POINTS)[:, None]
    path = _ended(path, field, random)
    path[..., 0] = np.minimum(path[..., 0], len(field.place) - 1.5)
    path[..., 2] = np.clip(path[..., 2] + random.normal(0.0, 0.15, (len(path), 1)), 0.0, 1.3)
    row, column, layer, lock = np.moveaxis(path, -1, 0)
    inside = np.clip(row, 0.0, None)
    outward = field.at(field.outward, inside, column)
    lift = field.at(field.lift, inside, column)
    # None comes out of a bare crown, where the cap lies under the skin.
    kept = (lift > -SHALLOW_METRES).all(1)
    row, column, layer, lock, outward, lift = (
        values[kept] for values in (row, column, layer, lock, outward, lift)
    )
    # Up from the scalp within the first third, then over the cap in layers, higher where hair is full.
    risen = 1.0 - np.exp(-np.linspace(0.0, 6.0, POINTS))
    full = np.clip(lift / FULL_METRES, 0.15, 1.0)
    height = (risen - 1.0) * lift + risen * (LOW_METRES + LAYERS_METRES * layer * full)
    share = np.linspace(0.0, 1.0, POINTS)
    shape = (*row.shape, 3)
    frizz = random.normal(0.0, kinked, shape) * share[:, None]
    points = field.at(field.place, row, column) + outward * height[..., None] + frizz
    points, astray = strayed(points, outward, STRAYS, STRAY_METRES, random)
    which = np.round(lock[:, 0]).astype(np.int64)
    # Strands of a clump turn together in open curls.
    phase = random.uniform(0.0, 2 * np.pi, len(guides))[clump[which]]
    points = curled(points, outward, (phase, which), curl_and_wave, full[:, 0])
    return points, which, astray, (np.clip(row[:, 0], 0.0, None), column[:, 0])


def _ended(path: Floats, field: _Field, random: np.random.Generator) -> Floats:
    """(N, P, D) the strands, each as far as the hairline or to some way before: a fringe is a line further
    down.

    One that would begin there, or all but, is left out; none runs along the line.
    """
    inside = field.at(field.inside, np.clip(path[..., 0], 0.0, None), path[..., 1])
    lock = np.round(path[:, 0, -1]).astype(np.int64)
    own = random.random(int(lock.max(initial=0)) + 1)[lock] + random.random(len(path))
    before = UNEVEN_ENDS * (own[:, None] / 2.0) ** 1.5
    # Over the forehead hair runs along the line, and does not end for that.
    height = field.at(field.place[..., 2], np.clip(path[..., 0], 0.0, None), path[..., 1])
    low, high = field.place[..., 2].min(), field.place[..., 2].max()
    before = before * (1.0 - FOREHEAD_EVEN * smoothstep((height - low) / (high - low), *FOREHEAD))
    comes = inside < inside[:, :1] - COMING_METRES
    is_over = (path[..., 0] < EDGE_ROWS) | ((inside < before) & comes)
    over = np.logical_or.accumulate(is_over, axis=1)
    points = (~over).sum(1)
    path, last = path[points >= LEAST_POINTS], points[points >= LEAST_POINTS] - 1
    place = np.linspace(0.0, 1.0, POINTS) * last[:, None]
    low = np.minimum(np.floor(place).astype(int), POINTS - 2)
    share = (place - low)[..., None]
    each = np.arange(len(path))[:, None]
    return path[each, low] * (1.0 - share) + path[each, low + 1] * share
