"""Long hair from its parting on: over the cap, past its edge and down the sheet in one piece. No bpy.

Cap (`anatomy.hair_cap`) and sheet (`tresses`) say where hair ends to the outside, and neither is seen where
strands run from one on to the other. A lock starts on the cap and walks over the skin of both: aside from
the parting on top, back from the forehead, and down wherever the surface has a down. The head carries
these locks, so they end some way below the ears; what hangs further down (`locks`) the neck carries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest, vertex_normals
from ..directions import unit
from ..easing import smoothstep
from ..head import Head
from .clumps import clumps, drawn_together, strayed
from .combing import Combing
from .greying import with_sides
from .groom import (
    Strands,
    standoff,
    strands,
    swing,
    tones_of,
)
from .knot import with_knot
from .rim import density, fineness, inside_metres

Floats = npt.NDArray[np.float64]

STRANDS, PER_LOCK = 15000, 26
POINTS = 18  # along a strand
STEP_METRES, STEPS = 0.008, 52  # of the walk; so many at most
NEAREST = 5  # points of the surface that say where it runs
AROUND = 32  # points round one of the surface, among which those are looked for
ROOT_METRES, TIP_SHARE = 0.00011, 0.35  # radius at the root, and share of it at the tip
# Metres below the ears at which the shortest and the longest locks end, where the sheet reaches so far; of
# a shorter sheet they end at these shares of its height.
ENDS_METRES = (0.015, 0.095)
ENDS_SHARE = (0.72, 1.1)
# The same of hair that is cut to one length, and shares of a lock that its shortest strands have of either.
CUT_SHARE, SHORTEST = (0.80, 1.08), (0.82, 0.90)
# The same of locks that end over a temple or a forehead, where a rim would be seen against the skin.
THINNED = 0.45
OWN_PARTING = (
    0.002,
    0.012,
)  # metres from the parting, where locks have theirs without a fringe, with one
# Times as many roots more along the parting and behind the line of the forehead, from where hair runs away;
# metres from either over which there are.
PARTING_GAIN, PARTING_METRES, LINE_GAIN, LINE_METRES = 4.0, 0.016, 3.0, 0.017
# Share of the locks that grow where the others leave the cap bare, and how far off them it is wholly bare.
FILLING, BARE_METRES = 0.3, 0.012
# Rows at the hairline that stay thin where hair is combed back, and where it falls over the forehead.
HAIRLINE_ROWS = (3, 1)
# Metres behind the line of the forehead, up to which strands begin on the skin and beyond which on the cap;
# over which they rise to it; and off the skin, at which they begin.
ROOTED, RISING_METRES, ROOTED_METRES = (0.008, 0.024), 0.009, 0.0004
# Half the width of a lock and of its thickness in metres, and the shares of them left at its tip.
LOCK_METRES, LOCK_DEPTH, LOCK_TIP = 0.0055, 0.0011, (0.38, 1.4)
LAYERS_METRES = (-0.0012, 0.0030)  # of locks over cap and sheet
SKIN_METRES, MOST_LIFTED = 0.0025, 0.012  # off the skin, and most it is lifted for that
# Metres by which locks of straight hair sway aside below the ears, and wavy ones beside; those begin so
# much higher.
SWAY_METRES, WAVE_METRES, WAVE_ABOVE = 0.0030, 0.0130, 0.09
STRAYS, STRAY_METRES = 0.035, 0.010  # share of strands that leave their lock, and how far at most
CLUMP_METRES = 0.016  # across clumps of locks
RELIEF_METRES = 0.0045  # by which some of them lie higher than others
LEAST_TUCKED = 5  # points of a lock before it goes under an ear, that it has at least
FEWEST_POINTS, FEWEST_OVER_SKIN = 4, 11  # steps of a lock; of one that falls and ends over skin
NAPE_EDGE = 0.008  # metres beside cap and sheet, from which gathered hair ends
EDGE_METRES = 0.0030  # beside cap and sheet, from which a lock is over bare skin
LEAVING_METRES = 0.0005  # by which it is further beside them than at its root
# By how much further locks of a fringe come beyond that, mean and most.
STRAGGLING_METRES = (0.0022, 0.008)


@dataclass(frozen=True)
class _Skin:
    """Points of what hair lies on, with outward normals: (N, 3) metres, unit."""

    points: Floats
    normals: Floats

    @cached_property
    def around(self) -> npt.NDArray[np.int64]:
        """(N, AROUND) numbers of the points nearest to each, itself among them, in no order."""
        small = self.points.astype(np.float32)
        square = (small**2).sum(1)
        blocks = [
            np.argpartition(square - 2 * small[first : first + 400] @ small.T, AROUND, axis=1)
            for first in range(0, len(small), 400)
        ]
        return np.concatenate([block[:, :AROUND] for block in blocks])

    def near(self, places: Floats) -> tuple[Floats, Floats]:
        """(M, 3) means of the nearest points and of their normals, weighted by nearness."""
        # The nearest points lie round the very nearest one.
        found = self.around[nearest(places, self.points)]
        away = np.linalg.norm(self.points[found] - places[:, None], axis=2)
        chosen = np.argpartition(away, NEAREST, axis=1)[:, :NEAREST]
        found, away = (np.take_along_axis(part, chosen, axis=1) for part in (found, away))
        weights = 1.0 / (away + 1e-3) ** 2
        weights /= weights.sum(1, keepdims=True)
        normal = (weights[..., None] * self.normals[found]).sum(1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        return (weights[..., None] * self.points[found]).sum(1), normal


@dataclass(frozen=True)
class _Guides:
    """Locks from root to tip: (M, P, 3) metres and outward unit normals; (M,) which end over bare skin."""

    points: Floats
    outward: Floats
    over_skin: npt.NDArray[np.bool_]


def carried_hair(head: Head) -> Strands | None:
    """All strands that a head carries, long or short; None where it has none."""
    grown = curtain(head)
    grown = strands(head) if grown is None else with_knot(head, grown)
    return None if grown is None else with_sides(head, grown)


def curtain(head: Head, *, count: int = STRANDS, seed: int = 5) -> Strands | None:
    """Strands of a head with long hair from its scalp to below its ears; None where it has none."""
    combing = Combing.of(head)
    if combing is None:
        return None
    random = np.random.default_rng(seed)
    guides = _walked(head, combing, max(1, count // PER_LOCK), random)
    middle, closing = clumps(guides.points, CLUMP_METRES, random)
    drawn = drawn_together(guides.points, guides.points[middle] - guides.points, closing)
    # Clumps lie over each other, so that light falls between them.
    relief = random.uniform(0.0, RELIEF_METRES, len(drawn))[middle]
    risen = np.minimum(np.linspace(0.0, 2.0, POINTS), 1.0)
    lifted = drawn + (relief[:, None] * risen)[..., None] * guides.outward
    guides = replace(guides, points=lifted)
    which = random.integers(0, len(guides.points), count)
    points, astray = _filled_out(combing, guides, middle, which, random)
    radii = ROOT_METRES * np.linspace(1.0, TIP_SHARE, POINTS)
    tones = tones_of(which, random, middle)
    inside = inside_metres(points[:, 0], combing.cap[0])
    fine = fineness(inside)[0].astype(np.float32)
    points = _rooted(head, combing, points, inside)
    points, radii = points.astype(np.float32), radii.astype(np.float32)
    return Strands(points, radii, tones, astray=astray, fine=fine)


def _rooted(head: Head, combing: Combing, points: Floats, inside: Floats) -> Floats:
    """(S, P, 3) strands whose roots are so far inside the line (S,), rising from the skin by the forehead.

    On the cap they would begin in a shelf over the forehead, hollow where they part. Under a fringe none
    has a root.
    """
    share = (1.0 - smoothstep(inside, *ROOTED)) * (1.0 - combing.fringe)
    chosen = np.flatnonzero((share > 0.0) & (points[:, 0, 1] < combing.ear_depth))
    places, normals = with_normals(combing.cap, True)
    found = nearest(points[chosen, 0], places)
    off = ((points[chosen, 0] - places[found]) * normals[found]).sum(1)
    lift = standoff(head, combing.cap).ravel()[found] + off
    drop = share[chosen] * np.maximum(lift - ROOTED_METRES, 0.0)
    steps = np.linalg.norm(np.diff(points[chosen], axis=1), axis=2)
    way = np.concatenate([np.zeros((len(chosen), 1)), np.cumsum(steps, axis=1)], axis=1)
    down = drop[:, None] * np.exp(-way / RISING_METRES)
    result = points.copy()
    result[chosen] -= down[..., None] * normals[found][:, None]
    return result


def _outside(cap: Floats, sheet: Floats) -> _Skin:
    """Cap and sheet, each where it is outside the other."""
    on_cap, on_sheet = _Skin(*with_normals(cap, True)), _Skin(*with_normals(sheet, False))
    keep_cap = ~_is_within(on_cap, on_sheet)
    keep_sheet = ~_is_within(on_sheet, on_cap)
    return _Skin(
        np.concatenate([on_cap.points[keep_cap], on_sheet.points[keep_sheet]]),
        np.concatenate([on_cap.normals[keep_cap], on_sheet.normals[keep_sheet]]),
    )


def with_normals(grid: Floats, is_closed: bool) -> tuple[Floats, Floats]:
    """Points (N, 3) and outward unit normals of a grid (R, C, 3), whose columns may close a ring."""
    down = np.gradient(grid, axis=0)
    across = np.gradient(grid, axis=1)
    if is_closed:
        across = (np.roll(grid, -1, 1) - np.roll(grid, 1, 1)) / 2
    normal = np.cross(down, across)
    away = grid - grid.reshape(-1, 3).mean(0)
    normal *= np.sign((normal * away).sum() + 1e-12)
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-12)
    return grid.reshape(-1, 3), normal.reshape(-1, 3)


def _is_within(some: _Skin, other: _Skin) -> npt.NDArray[np.bool_]:
    """(N,) whether points lie behind the other surface; beside its edge they do not."""
    found = nearest(some.points, other.points)
    place, normal = other.points[found], other.normals[found]
    off = some.points - place
    height = (off * normal).sum(1)
    aside = np.linalg.norm(off - height[:, None] * normal, axis=1)
    return (height < 0.0) & (height > -0.04) & (aside < 0.006)


def _walked(head: Head, combing: Combing, count: int, random: np.random.Generator) -> _Guides:
    """Locks of a head.

    The last of them grow where those before leave the cap bare, as where hair parts at the crown.
    """
    filling = round(FILLING * count)
    cap, skin = combing.cap, _outside(combing.cap, combing.sheet)
    weight = _growth(combing)
    first = _walk(combing, skin, _roots(cap, weight, count - filling, random), random)
    bare = weight * _bareness(cap, first.points)
    # At the hairline it is thin as it should be, but under a fringe.
    bare[: HAIRLINE_ROWS[combing.fringe > 0.5]] = 0.0
    then = _walk(combing, skin, _roots(cap, bare, filling, random), random)
    points, is_sunk = _off_the_skin(head, np.concatenate([first.points, then.points]))
    # What is brought behind an ear goes on till there; all else that would lie so deep is none.
    last = np.where(is_sunk.any(1), is_sunk.argmax(1) - 1, POINTS - 1)
    least = np.where(combing.is_tucked(points[:, 0, 0]), LEAST_TUCKED, POINTS - 1)
    clear = last >= least
    outward = np.concatenate([first.outward, then.outward])
    over_skin = np.concatenate([first.over_skin, then.over_skin])
    points, outward = (_resampled(path[clear], last[clear]) for path in (points, outward))
    return _Guides(points, unit(outward), over_skin[clear])


def _walk(combing: Combing, skin: _Skin, place: Floats, random: np.random.Generator) -> _Guides:
    """Locks from roots (N, 3) where they get beyond their first steps."""
    count = len(place)
    layer = random.uniform(*LAYERS_METRES, count)
    ear = combing.ear
    share = random.beta(1.5, 2.0, (count, 1))
    turn = random.normal(0.0, 0.10, count)
    parted = OWN_PARTING[0] + (OWN_PARTING[1] - OWN_PARTING[0]) * combing.fringe
    own = random.normal(0.0, parted, count)
    path, normals, beside = [], [], []
    for _ in range(STEPS):
        surface, normal = skin.near(place)
        height = ((place - surface) * normal).sum(1)
        beside.append(np.linalg.norm(place - surface - height[:, None] * normal, axis=1))
        place = place + (layer - height)[:, None] * normal
        path.append(place)
        normals.append(normal)
        way = combing.way(place, normal, own)
        way = way + turn[:, None] * np.cross(normal, way)
        place = place + STEP_METRES * way / np.linalg.norm(way, axis=1, keepdims=True)
    points, outward = np.stack(path, 1), np.stack(normals, 1)
    # A fringe ends where it would hang into the face, and where it leaves cap and sheet for bare skin. On
    # the crown, where the cap's points lie further apart, no skin is bare.
    is_fringe = points[..., 1] < combing.ear_depth
    straggling = np.minimum(random.exponential(STRAGGLING_METRES[0], count), STRAGGLING_METRES[1])
    edge = EDGE_METRES + combing.fringe * straggling[:, None]
    # What grows at the line begins beside the points of the cap, and is to come away from it.
    off = np.stack(beside, 1)
    is_off = (
        (off > np.maximum(edge, off[:, :1] + LEAVING_METRES)) & (points[..., 2] > ear) & is_fringe
    )
    below = ear - points[..., 2] > _reach(combing, points, share)
    is_bare = combing.over_face(points) | is_off
    if combing.nape is not None:
        is_bare |= (off > np.maximum(NAPE_EDGE, off[:, :1])) & ~is_fringe
    below |= is_bare
    last = np.where(below.any(1), below.argmax(1), STEPS - 1)
    over_skin = is_bare[np.arange(count), last]
    falls = over_skin & ~combing.is_tucked(points[:, 0, 0])
    kept = last >= np.where(falls, FEWEST_OVER_SKIN, FEWEST_POINTS)
    points, outward = (_resampled(path[kept], last[kept]) for path in (points, outward))
    return _Guides(points, outward, over_skin[kept])


def _reach(combing: Combing, points: Floats, share: Floats) -> Floats:
    """(N, P) metres below the ears at which locks that pass points (N, P, 3) end, long ones by their share
    (N, 1) and cut ones where the sheet does at that side.
    """
    sheet, ear, cut = combing.sheet, combing.ear, combing.cut
    lowest = sheet[-1, np.argsort(sheet[-1, :, 0])]
    cut_here = (ear - np.interp(points[..., 0], lowest[:, 0], lowest[:, 2])) * _mix(
        CUT_SHARE, share
    )
    mean = ear - float(lowest[:, 2].mean())
    long = np.minimum(mean * _mix(ENDS_SHARE, share), _mix(ENDS_METRES, share))
    return long + cut * (cut_here - long)


def _mix(pair: tuple[float, float], share: Floats) -> Floats:
    return pair[0] + (pair[1] - pair[0]) * share


def _growth(combing: Combing) -> Floats:
    """(R - 1, C) share of the roots in each cell of the cap."""
    cap = combing.cap
    middle = (cap[:-1, :] + cap[1:, :]) / 2
    low, high = cap[..., 2].min(), cap[..., 2].max()
    top = np.clip((middle[..., 2] - low) / (high - low), 0.0, 1.0)
    weight = _areas(cap) * (0.25 + top)
    weight *= density(inside_metres(cap, cap[0]))[:-1]
    # Hair runs away from the parting on both sides: what hides the scalp there grows there.
    parted = np.where(middle[..., 1] < cap[..., 1].mean(), np.maximum(top, combing.fringe), top)
    weight *= 1.0 + PARTING_GAIN * parted * np.exp(
        -(((middle[..., 0] - combing.parting) / PARTING_METRES) ** 2)
    )
    way = np.cumsum(np.linalg.norm(np.diff(cap, axis=0), axis=2), axis=0)
    ahead = middle[..., 1] < combing.ear_depth
    behind = (way / LINE_METRES) ** 2
    combed = 1.0 - combing.falling(np.sign(middle[..., 0] - combing.parting))
    weight *= 1.0 + LINE_GAIN * combed * ahead * behind * np.exp(1.0 - behind)
    # Long hair is tucked over the sideburns: what grows there would end as a patch on the temple. Only
    # what is brought behind an ear has nothing else before it.
    below = middle[..., 2] < combing.brows
    weight[below & ahead & ~combing.is_tucked(middle[..., 0])] = 0.0
    return weight


def _areas(cap: Floats) -> Floats:
    """(R - 1, C) square metres of the cells of a cap."""
    along = np.linalg.norm(np.diff(cap, axis=0), axis=2)
    across = np.linalg.norm(np.roll(cap, -1, 1) - cap, axis=2)[:-1]
    return along * across


def _bareness(cap: Floats, locks: Floats) -> Floats:
    """(R - 1, C) how far cells of the cap are from locks (M, P, 3): 0 where they lie, 1 between them."""
    middle = ((cap[:-1, :] + cap[1:, :]) / 2).reshape(-1, 3)
    points = locks.reshape(-1, 3)
    away = np.linalg.norm(middle - points[nearest(middle, points)], axis=1)
    return np.clip(away / BARE_METRES, 0.0, 1.0).reshape(len(cap) - 1, -1) ** 2


def _roots(cap: Floats, weight: Floats, count: int, random: np.random.Generator) -> Floats:
    """(N, 3) places on the cap, in its cells as their weights (R - 1, C) say: one in each equal share."""
    upto = np.cumsum(weight.ravel())
    wanted = (np.arange(count) + random.random(count)) / max(count, 1) * upto[-1]
    chosen = np.minimum(np.searchsorted(upto, wanted, side="right"), weight.size - 1)
    row, column = np.divmod(chosen, weight.shape[1])
    aside, down = random.random((2, count))[..., None]
    right = (column + 1) % cap.shape[1]
    upper = cap[row, column] * (1 - aside) + cap[row, right] * aside
    lower = cap[row + 1, column] * (1 - aside) + cap[row + 1, right] * aside
    return upper * (1 - down) + lower * down


def _resampled(path: Floats, last: npt.NDArray[np.int64]) -> Floats:
    """(N, P, 3) the paths as far as a step of each."""
    place = np.linspace(0.0, 1.0, POINTS) * last[:, None]
    low = np.minimum(np.floor(place).astype(int), path.shape[1] - 2)
    share = (place - low)[..., None]
    each = np.arange(len(path))[:, None]
    return path[each, low] * (1.0 - share) + path[each, low + 1] * share


def _off_the_skin(head: Head, points: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The locks, lifted off what is no hair, and (N, P) where one is so deep that it cannot be."""
    chosen = head.part("face", "neck", "bust", "cloth", "ear_*")
    chosen &= np.arange(len(chosen)) % 2 == 0
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[chosen]
    body = head.vertices[chosen].astype(np.float64)
    flat = points.reshape(-1, 3)
    found = nearest(flat, body)
    before = ((flat - body[found]) * normals[found]).sum(1)
    near = np.linalg.norm(flat - body[found], axis=1) < 0.04
    missing = np.where(near, np.clip(SKIN_METRES - before, 0.0, None), 0.0)
    lifted = flat + np.minimum(missing, MOST_LIFTED)[:, None] * normals[found]
    return lifted.reshape(points.shape), (missing > MOST_LIFTED).reshape(points.shape[:2])


def _filled_out(
    combing: Combing,
    locks: _Guides,
    clump: npt.NDArray[np.int64],
    which: npt.NDArray[np.int64],
    random: np.random.Generator,
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(S, P, 3) strands round the guides, drawn together toward their tips, swaying below the ears.

    And (S,) which go astray.
    """
    guides, outward, count = locks.points, locks.outward, len(which)
    wave, ear = combing.wave, combing.ear
    run = np.gradient(guides, axis=1)
    aside = np.cross(outward, run)
    aside /= np.maximum(np.linalg.norm(aside, axis=-1, keepdims=True), 1e-9)
    share = np.linspace(0.0, 1.0, POINTS)
    # Hair sways once nothing holds it: below the top of the ears, more the further down.
    free = np.clip((ear + 0.03 + WAVE_ABOVE * wave - guides[..., 2]) / 0.08, 0.0, 1.0)
    # Locks of a clump turn together, and round as they sway: in waves each is seen as one.
    turned = swing(guides, wave, random.uniform(0.0, 2 * np.pi, (len(guides), 1))[clump])
    sway = free * (SWAY_METRES + WAVE_METRES * wave)
    guides = guides + (np.sin(turned) * sway)[..., None] * aside
    guides = guides + ((0.5 + 0.5 * np.cos(turned)) * sway)[..., None] * outward
    wide = LOCK_METRES * np.exp(share * np.log(LOCK_TIP[0]))
    deep = LOCK_DEPTH * np.exp(share * np.log(LOCK_TIP[1]))
    off = random.normal(0.0, 1.0, (count, 2, 1)) * np.stack([wide, deep])
    shortest = SHORTEST[0] + (SHORTEST[1] - SHORTEST[0]) * combing.cut
    shortest = np.where(locks.over_skin[which, None], THINNED, shortest)
    cut = random.uniform(shortest, 1.0, (count, 1)) * share * (POINTS - 1)
    low = np.minimum(np.floor(cut).astype(int), POINTS - 2)
    part = (cut - low)[..., None]
    each = which[:, None]

    def along(values: Floats) -> Floats:
        return values[each, low] * (1.0 - part) + values[each, low + 1] * part

    off_surface = along(outward)
    points = along(guides) + off[:, 0, :, None] * along(aside) + off[:, 1, :, None] * off_surface
    return strayed(points, off_surface, STRAYS, STRAY_METRES, random)
