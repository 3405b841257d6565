"""Cards of hair: strips of mesh that each stand for a bundle of strands, for windows and for games. No bpy.

Strands that run alike are one card: it follows their mean, is as wide as they lie apart, and shows a bundle
of the atlas (`atlas`). Cards are made from the strands and not beside them, so they fall, part and
end as those do. Under them lies the cap, and the sheet of long hair: closer to the skin than strands
need it, in the weave of the same picture, so that between cards there is shade and no skin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest
from ..anatomy.hair_cap import COLUMNS
from ..directions import unit
from ..easing import smoothstep
from ..head import Head
from .atlas import BUNDLES, ROOTS, TIPS, bundle_box, in_half, thin_box, weave_box
from .bundles import bundles
from .curls import coil_share
from .curtain import with_normals
from .greying import SIDES, drawn_from_sides, is_streaked, sides_of
from .groom import Strands, cap_grid, cap_order, curl_of, standoff, wave_of
from .rim import inside_metres
from .sampled import sampled
from .tresses import PART as LONG_PART
from .tresses import cut_share, tress_grid

Floats = npt.NDArray[np.float64]

MOST_VERTICES, MOST_CARDS = 15000, 1000
SHORT_ROWS, LONG_ROWS, WAVY_ROWS = 6, 10, 16
WAVY = 0.3  # of hair that waves, from which long cards have rows for it
CARRIED_SHARE = 0.70  # of all vertices that hair on the skull has where more hangs below
# Half a card's width by how far its strands are from its middle, and the limits of it in metres.
WIDE, WIDTHS = 1.7, (0.0024, 0.0065)
# Of the strands near the line, up to which share of a usual one's thickness, most are no bundles: the share
# of all cards that are single ones there, half their widths, and by how much their roots are deeper.
LINE_FINE, LINE_SHARE, THIN_WIDTHS, THIN_SUNK = 0.75, 0.3, (0.0008, 0.0018), 0.0004
# Of that width at the root and at its widest, and at which shares of its length it is so wide; at the tip
# of short hair, of long hair and of hair that is cut to one length. Without its picture, as in Solid, a
# card is then a lock and no strip.
SHAPE, SHAPED, TIP, LONG_TIPS = (0.35, 1.0), (0.0, 0.4, 1.0), 0.20, (0.38, 0.55)
# By how many standard deviations of its strands' ends a card reaches beyond their mean, at root and tip.
REACH = (0.7, 0.8)
FRAYED_METRES = (0.010, 0.045)  # at most, over which its strands begin and end
# Over that surface, above which cards of coils lie flatter than strands, and what is left of that height.
UPRIGHT_METRES, UPRIGHT = 0.003, 0.75
# By how much more its root is, so that others hide where it begins; of its length, the inverse, that is so.
SUNK_METRES, SUNK_SHARE = 0.0018, 5.0
DEEPEST_METRES = 0.0008  # under the strands' surface, at which a card begins
LAYERS_METRES = (0.0002, 0.0026)  # over the strands' mean, from card to card
TWISTED = 0.10  # radians about its run, standard deviation
ROUNDED, ROUNDED_CURLS = 0.05, 0.25  # by which normals lean to the sides of a card
EVENED = 4  # times, the runs of cards of coils
BY_HEIGHT = (
    0.6  # of a card's tone, that it has by how high it lies: what lies deep is in the others' shade
)
# What cap and sheet lose: of the cap's height over so many metres off the skin, at most so many; and of the
# sheet's thickness.
LOWERED, CLOSE_METRES, MOST_LOWERED, SHEET_LOWERED = 0.3, 0.0025, 0.0016, 0.25
EDGE_METRES, EDGE_SUNK = (0.004, 0.012), 0.0025
SHEET_COLUMNS = 3.0  # by which the sheet's front edges lie behind the cards that fall there
SHEET_ROWS = 0.85  # of its length, that the sheet has left
WITHIN = (0.003, 0.997)  # of the picture, beyond whose edges it repeats
WEAVE_COLUMNS = 8  # of cap and sheet over which the weave goes once


@dataclass(frozen=True)
class Cards:
    """A mesh of cards.

    Attributes
    ----------
    points, normals : (V, 3) float32, metres and unit
    uvs : (V, 2) float32
    faces : (F, 4) int32, counter-clockwise from outside
    bone_weights : (B, V) float32, of the head's bones
    """

    points: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    uvs: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]
    bone_weights: npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Kind:
    """How many cards of how many rows, by how much their normals lean aside, how wide their tips are, and
    how far their hair coils and how far it waves: 0 to 1. Thin ones show single hairs.
    """

    count: int
    rows: int
    rounded: float
    tip: float
    coils: float
    wave: float
    is_thin: bool = False


def cards(head: Head, hair: Sequence[Strands], *, seed: int = 9) -> Cards | None:
    """Cards for strands that grow on a head, those on the skull first; None where there are none."""
    skin = _surface(head)
    if not hair or skin is None:
        return None
    random = np.random.default_rng(seed)
    shares = (1.0,) if len(hair) == 1 else (CARRIED_SHARE, 1.0 - CARRIED_SHARE)
    wave = max(curl_of(head), wave_of(head))
    rows = SHORT_ROWS if len(hair) == 1 else (LONG_ROWS, WAVY_ROWS)[wave > WAVY]
    most = min(MOST_CARDS, MOST_VERTICES // (rows * 2))
    rounded = ROUNDED + ROUNDED_CURLS * wave
    tip = TIP if len(hair) == 1 else float(np.interp(cut_share(head), (0.0, 1.0), LONG_TIPS))
    coils = coil_share(curl_of(head))
    kinds = [_Kind(int(most * part), rows, rounded, tip, coils, wave) for part in shares]
    parts: list[tuple[Floats, Floats, Floats]] = []
    for grown, kind in zip(hair, kinds, strict=True):
        line = _line(grown)
        few = min(round(LINE_SHARE * kind.count), int(line.sum()))
        inner = _chosen(grown, ~line)
        usual = replace(kind, count=kind.count - few)
        run = bundles(inner, usual.count, kind.rows, kind.wave * (1.0 - kind.coils), random)
        parts.append(_strips(run, skin, usual, random))
        if few:
            thin = replace(kind, count=few, is_thin=True)
            parts.append(
                _strips(_singles(_chosen(grown, line), few, kind.rows, random), skin, thin, random)
            )
    points, normals, uvs = (np.concatenate(p).astype(np.float32) for p in zip(*parts, strict=True))
    if SIDES in head.colours:
        rows = points if is_streaked(head) else points[:, :1]
        is_side = drawn_from_sides(head, rows.mean((1, 2)), random)
        uvs[..., 1] = in_half(uvs[..., 1], is_side[:, None, None])
    number = np.arange(points.size // 3).reshape(points.shape[:3])
    corners = (number[:, :-1, :-1], number[:, 1:, :-1], number[:, 1:, 1:], number[:, :-1, 1:])
    flat = points.reshape(-1, 3)
    chosen = np.flatnonzero(head.part(*_hair_parts(head)))
    found = chosen[nearest(flat, head.vertices[chosen])]
    return Cards(
        flat,
        normals.reshape(-1, 3),
        uvs.reshape(-1, 2),
        np.stack(corners, -1).reshape(-1, 4).astype(np.int32),
        head.bone_weights[:, found].astype(np.float32),
    )


def under_cards(head: Head) -> Head:
    """The head with cap and sheet nearer to the skin, and both in the weave of the atlas."""
    cap = cap_grid(head)
    if cap is None:
        return head
    lift = standoff(head, cap)
    _, outward = with_normals(cap, True)
    down = np.clip(LOWERED * (lift - CLOSE_METRES), 0.0, MOST_LOWERED)[..., None]
    # Its edge is under the skin: what is seen where hair begins are single strands.
    near = 1.0 - smoothstep(inside_metres(cap, cap[0]), *EDGE_METRES)
    down = np.maximum(down, (near * (np.maximum(lift, 0.0) + EDGE_SUNK))[..., None])
    lowered = cap - outward.reshape(cap.shape) * down
    vertices = head.vertices.copy()
    vertices[head.part("hair")] = cap_order(lowered)
    sheet = tress_grid(head)
    if sheet is not None:
        rows, columns = sheet.shape[:2]
        both = head.vertices[head.part(LONG_PART)].astype(np.float64).reshape(2, rows, columns, 3)
        within = np.linspace(SHEET_COLUMNS, columns - 1.0 - SHEET_COLUMNS, columns)
        both = sampled(both, within, axis=2)
        both = sampled(both, np.linspace(0.0, SHEET_ROWS * (rows - 1.0), rows))
        inward = both[1] - both[0]
        both[0] += SHEET_LOWERED * inward
        # Its upper edge stays in the cap.
        sunk = MOST_LOWERED * np.clip(2.0 - np.arange(rows) / 3.0, 0.0, 1.5)
        both += sunk[:, None, None] * unit(inward)
        vertices[head.part(LONG_PART)] = both.reshape(-1, 3)
    return replace(head, vertices=vertices, uvs=_woven(head))


def _hair_parts(head: Head) -> tuple[str, ...]:
    return ("hair", LONG_PART) if LONG_PART in head.part_names else ("hair",)


def _woven(head: Head) -> npt.NDArray[np.float32]:
    """(F, 4, 2) the head's texture coordinates, those of its hair over the weave of the atlas."""
    uvs = head.uvs.astype(np.float64)
    left, right = weave_box()
    for name, columns in zip(_hair_parts(head), (COLUMNS, _tress_columns(head)), strict=False):
        chosen = head.part(name)[head.faces[:, 0]]
        own = uvs[chosen]
        low, high = own.reshape(-1, 2).min(0), own.reshape(-1, 2).max(0)
        share = (own - low) / (high - low)
        # There and back, so that the weave meets itself.
        turn = np.abs((share[..., 0] * columns / WEAVE_COLUMNS + 1.0) % 2.0 - 1.0)
        height = np.clip(share[..., 1], *WITHIN)
        if SIDES in head.colours:
            middle = head.vertices[head.faces[chosen][:, :3]].mean(1)
            # Streaks lie over what is as dark as all of the hair.
            is_side = (sides_of(head, middle) > 0.5) & (not is_streaked(head))
            height = in_half(height, is_side[:, None])
        uvs[chosen] = np.stack([left + (right - left) * turn, height], -1)
    return uvs.astype(np.float32)


def _tress_columns(head: Head) -> int:
    """Steps from one front edge of a head's long hair to the other; 1 without."""
    sheet = tress_grid(head)
    return 1 if sheet is None else sheet.shape[1] - 1


def _surface(head: Head) -> tuple[Floats, Floats] | None:
    """(N, 3) points and outward unit normals of what strands lie on."""
    cap, sheet = cap_grid(head), tress_grid(head)
    if cap is None:
        return None
    parts = [with_normals(cap, True)]
    if sheet is not None:
        parts.append(with_normals(sheet, False))
    points, normals = (np.concatenate(part) for part in zip(*parts, strict=True))
    return points, normals


def _line(grown: Strands) -> npt.NDArray[np.bool_]:
    """(S,) which strands begin near the line of hair, where they are finer than elsewhere."""
    if grown.fine is None:
        return np.zeros(len(grown.points), bool)
    together = True if grown.astray is None else ~grown.astray
    return together & (grown.fine < LINE_FINE)


def _chosen(grown: Strands, which: npt.NDArray[np.bool_]) -> Strands:
    """Those strands alone, as far as cards ask about them."""
    astray = None if grown.astray is None else grown.astray[which]
    return Strands(grown.points[which], grown.radii, grown.tones[which], astray=astray)


def _singles(
    grown: Strands, count: int, rows: int, random: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """What `bundles` gives, of single strands."""
    chosen = random.choice(len(grown.points), count, replace=False)
    points = grown.points[chosen].astype(np.float64)
    middle = sampled(points, np.linspace(0.0, points.shape[1] - 1.0, rows))
    none = np.zeros(count)
    return middle, none, np.zeros((count, 2)), grown.tones[chosen].astype(np.float64)


def _strips(
    bundled: tuple[Floats, Floats, Floats, Floats],
    skin: tuple[Floats, Floats],
    kind: _Kind,
    random: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Points, normals (N, R, 2, 3) and texture coordinates (N, R, 2, 2) of cards."""
    middle, spread, ends, tone = bundled
    # The mean of a few coils is still one.
    for _ in range(round(EVENED * kind.coils)):
        middle[:, 1:-1] = (middle[:, :-2] + 2.0 * middle[:, 1:-1] + middle[:, 2:]) / 4.0
    count = len(middle)
    share = np.linspace(0.0, 1.0, kind.rows)
    place, outward = _near(middle, *skin)
    # Nobody sees how a strand comes up from the scalp: a card lies on its surface from the first.
    height = ((middle - place) * outward).sum(-1)
    level = np.maximum(height, -DEEPEST_METRES)
    # Coils stand up; cards that did would be seen on edge.
    level -= (1.0 - UPRIGHT) * kind.coils * np.clip(level - UPRIGHT_METRES, 0.0, None)
    level -= (THIN_SUNK if kind.is_thin else SUNK_METRES) * np.clip(
        1.0 - SUNK_SHARE * share, 0.0, 1.0
    )
    middle = middle + outward * (level - height)[..., None]
    run = np.gradient(middle, axis=1)
    run = unit(run - (run * outward).sum(-1, keepdims=True) * outward)
    reach = ends[:, 1:] * REACH[1] * share**2 - ends[:, :1] * REACH[0] * (1.0 - share) ** 2
    middle = middle + reach[..., None] * run
    aside = unit(np.cross(outward, run))
    layer = random.permutation(np.linspace(*LAYERS_METRES, count))
    middle = middle + outward * (layer[:, None] * np.minimum(3.0 * share, 1.0))[..., None]
    turned = random.normal(0.0, TWISTED, (count, 1, 1)) * share[:, None]
    aside = np.cos(turned) * aside + np.sin(turned) * np.cross(run, aside)
    shape = np.interp(share, SHAPED, (*SHAPE, kind.tip))
    width = random.uniform(*THIN_WIDTHS, count) if kind.is_thin else np.clip(WIDE * spread, *WIDTHS)
    half = width[:, None] * shape
    across = np.array([-1.0, 1.0])
    points = middle[:, :, None] + (half[..., None] * across)[..., None] * aside[:, :, None]
    normals = unit(outward[:, :, None] + kind.rounded * across[:, None] * aside[:, :, None])
    tone = (1.0 - BY_HEIGHT) * tone + BY_HEIGHT * _ranks(level.mean(1) + layer)
    number = np.minimum((_ranks(tone) * BUNDLES).astype(np.int64), BUNDLES - 1)
    left, right = bundle_box(number)
    if kind.is_thin:
        left, right = (np.full(count, edge) for edge in thin_box())
    mirrored = np.where(random.random((count, 1)) < 0.5, -across, across)
    u = left[:, None] + (right - left)[:, None] * (mirrored + 1.0) / 2
    uvs = np.stack(
        np.broadcast_arrays(u[:, None], np.clip(1.0 - _down(middle), *WITHIN)[..., None]), -1
    )
    return points, normals, uvs


def _ranks(values: Floats) -> Floats:
    """(N,) places of values among each other, 0 the least to almost 1 the greatest."""
    return np.argsort(np.argsort(values)) / max(len(values), 1)


def _down(middle: Floats) -> Floats:
    """(N, R) how far down a bundle each row is; long ones fray over no more metres than short ones do."""
    steps = np.linalg.norm(np.diff(middle, axis=1), axis=2)
    way = np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
    length = way[:, -1:]
    root = np.minimum(ROOTS * length, FRAYED_METRES[0])
    tip = np.minimum((1.0 - TIPS[0]) * length, FRAYED_METRES[1])
    body = (way - root) / (length - root - tip)
    return np.where(
        way < root,
        ROOTS - (root - way) / FRAYED_METRES[0] * ROOTS,
        np.where(
            body < 1.0,
            ROOTS + (TIPS[0] - ROOTS) * body,
            1.0 - (length - way) / np.maximum(tip, 1e-9) * (1.0 - TIPS[0]),
        ),
    )


def _near(places: Floats, points: Floats, normals: Floats) -> tuple[Floats, Floats]:
    """(N, R, 3) each: the points of a surface nearest to places, its normals smooth along each strand."""
    found = nearest(places.reshape(-1, 3), points)
    normal = normals[found].reshape(places.shape)
    for _ in range(2):
        normal[:, 1:-1] = (normal[:, :-2] + 2.0 * normal[:, 1:-1] + normal[:, 2:]) / 4.0
    return points[found].reshape(places.shape), unit(normal)
