"""The cap of hair with its edge moved: a high forehead, a fringe, hair at the sides alone. No bpy.

The cap is a grid of columns from hairline to crown. Moving the line of a column spreads its rows anew
between there and the crown; below the template's line the column goes on straight and is laid on the skin.
Hair thins out toward its new edge as it did toward the old one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest, vertex_normals
from ..anatomy.grid import HALF_TURN
from ..anatomy.hair_cap import COLUMNS, hairline
from ..easing import smoothstep
from ..head import Head
from .groom import cap_grid, cap_order
from .rim import SIDEBURN, inside_metres

Floats = npt.NDArray[np.float64]

LIMITS = (-0.040, 0.085)  # metres by which a line may move down, to the brows, and up
STEEP_ROWS = (2, 5)  # rows that say how a column goes on below its line
TAPER_METRES = 0.009  # over which hair rises from its edge
ROOTED_METRES = 0.009  # inside its edge, over which hair comes to grow densely
SUNK_METRES = 0.0008  # of the edge below the skin
# Of hair round a bald crown: its upper edge over the ears' landmarks at the sides and at the back, over
# which height it thins out, how uneven its edge is, and how deep the rest of the cap lies in the skin.
CROWN_SIDES, CROWN_BACK = 0.086, 0.072
CROWN_FADE, CROWN_UNEVEN, CROWN_SUNK = 0.016, 0.003, 0.005
# Over which distance before the ears that edge comes down, and by how much: temples are bare first.
TEMPLE_METRES, TEMPLE_DROP = 0.045, 0.080


def column_paths(cap: Floats, metres: Floats) -> Floats:
    """(N, C, 3) places at distances from the hairline along the columns of a cap (R, C, 3).

    Parameters
    ----------
    metres : (N, C) or (N, 1), up from the line; below it is negative
    """
    steps = np.linalg.norm(np.diff(cap, axis=0), axis=2)
    along = np.concatenate([np.zeros((1, cap.shape[1])), np.cumsum(steps, axis=0)])
    wanted = np.broadcast_to(metres, (len(metres), cap.shape[1]))
    result = np.empty((*wanted.shape, 3))
    low, high = STEEP_ROWS
    for column in range(cap.shape[1]):
        for axis in range(3):
            result[:, column, axis] = np.interp(
                wanted[:, column], along[:, column], cap[:, column, axis]
            )
    slope = (cap[high] - cap[low]) / np.maximum(along[high] - along[low], 1e-6)[:, None]
    return result + np.minimum(wanted, 0.0)[..., None] * slope


def with_hairline(head: Head, shift: Floats) -> Head:
    """The head with the line of its cap moved.

    Parameters
    ----------
    shift : (C,) metres up, a value a column, in the order of `cap_grid`
    """
    cap = cap_grid(head)
    if cap is None:
        return head
    shift = np.clip(shift, *LIMITS)
    steps = np.linalg.norm(np.diff(cap, axis=0), axis=2)
    along = np.concatenate([np.zeros((1, cap.shape[1])), np.cumsum(steps, axis=0)])
    length = along[-1]
    shift = np.minimum(shift, 0.9 * length)
    way = along / length * (length - shift)
    grid = column_paths(cap, shift + way)
    touched = np.abs(shift) > 1e-4
    skin, normals = _skin(head)
    found = nearest(grid.reshape(-1, 3), skin)
    outward = normals[found].reshape(grid.shape)
    height = ((grid.reshape(-1, 3) - skin[found]) * normals[found]).sum(1).reshape(way.shape)
    # Below the old line there is no hair to follow: it is as thick there as a little above it.
    full = np.maximum(height, 0.0025 * (shift < 0))
    risen = 1.0 - np.exp(-way / TAPER_METRES)
    wanted = np.where(way > 0, full * risen, -SUNK_METRES)
    grid = grid + outward * ((wanted - height) * touched)[..., None]
    vertices = head.vertices.copy()
    vertices[head.part("hair")] = cap_order(grid)
    return replace(head, vertices=vertices.astype(np.float32))


def without_sideburns(shares: tuple[float, float]) -> Floats:
    """(C,) metres by which the line moves up where sideburns, left and right, are gone by such shares.

    What is left runs from the temple straight to the ear's upper edge.
    """
    half = np.linspace(0.0, HALF_TURN, COLUMNS + 1)
    line = hairline(half)
    straight = np.interp(half, SIDEBURN, np.interp(SIDEBURN, half, line))
    within = (half > SIDEBURN[0]) & (half < SIDEBURN[1])
    shift = np.where(within, np.maximum(straight - line, 0.0), 0.0) * 0.001
    return np.concatenate([shares[0] * shift, shares[1] * shift[-2:0:-1]])


def with_bare_crown(head: Head) -> Head:
    """The head with hair at its sides and back alone: above, the cap lies under the skin."""
    cap = cap_grid(head)
    if cap is None:
        return head
    skin, normals = _skin(head)
    found = nearest(cap.reshape(-1, 3), skin)
    outward = normals[found].reshape(cap.shape)
    height = ((cap.reshape(-1, 3) - skin[found]) * normals[found]).sum(1).reshape(cap.shape[:2])
    gone = bare_crown(head, cap)
    sunk = cap + outward * (gone * (-CROWN_SUNK - height))[..., None]
    vertices = head.vertices.copy()
    vertices[head.part("hair")] = cap_order(sunk)
    return replace(head, vertices=vertices.astype(np.float32))


def bare_crown(head: Head, points: Floats) -> Floats:
    """(...,) 0..1, how bare the head is at points (..., 3) where hair grows at its sides alone."""
    ear_y, ear = head.landmarks()[[234, 454], 1:].mean(0).tolist()
    scalp = head.vertices[head.part("scalp")].astype(np.float64)
    low, high = scalp[:, 1].min(), scalp[:, 1].max()
    back = np.clip((points[..., 1] - 0.5 * (low + high)) / (0.5 * (high - low)), 0.0, 1.0)
    line = ear + CROWN_SIDES + (CROWN_BACK - CROWN_SIDES) * back
    ahead = np.clip((ear_y - points[..., 1]) / TEMPLE_METRES, 0.0, 1.0)
    line = line - TEMPLE_DROP * ahead * ahead
    line = line + CROWN_UNEVEN * np.sin(points[..., 1] * 210.0) * np.sin(
        points[..., 1] * 83.0 + 1.0
    )
    return smoothstep((points[..., 2] - line) / CROWN_FADE + 0.5)


def grown_over(head: Head, shift: Floats | None) -> Floats:
    """(V,) 0..1, how far vertices lie inside the cap's line, moved by `shift` as in `with_hairline`."""
    cap = cap_grid(head)
    if cap is None:
        return np.zeros(len(head.vertices))
    line = cap[0] if shift is None else column_paths(cap, np.clip(shift, *LIMITS)[None])[0]
    middle = np.append(0.0, cap.reshape(-1, 3)[:, 1:].mean(0))
    middle[2] = line[:, 2].mean()

    def seen(points: Floats) -> tuple[Floats, Floats]:
        x, y, z = np.moveaxis(points - middle, -1, 0)
        away = np.hypot(x, y)
        return np.arctan2(x, -y), np.arctan2(z, away)

    around, height = seen(line)
    places = head.vertices.astype(np.float64)
    there, high = seen(places)
    order = np.argsort(around)
    edge = np.interp(there, around[order], height[order], period=2 * np.pi)
    within = np.flatnonzero(high > edge)
    share = np.zeros(len(places))
    share[within] = smoothstep(inside_metres(places[within], line) / ROOTED_METRES)
    return share


def _skin(head: Head) -> tuple[Floats, Floats]:
    chosen = head.part("scalp", "face", "neck")
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)
    return head.vertices[chosen].astype(np.float64), normals[chosen]
