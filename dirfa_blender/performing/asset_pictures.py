"""Pictures of a character's expressions for the asset browser, drawn without a window.

The frame holds what moves while mouth and lids do, seen from the front, so that the face of a whole body
fills its picture.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..core.thumbnail import thumbnail
from ..rig.character import Character

Floats = npt.NDArray[np.float64]

SIZE = 128
# Room around what moves, part of its size.
MARGIN = 0.4
# Materials that let more light through than this are not drawn: the cornea hides no eye.
LEAST_OPACITY = 0.5
# A vertex moves if it goes further than this part of the furthest.
MOVING = 0.3
# Where nothing is painted for the viewport; sRGB.
CLAY = (0.78, 0.66, 0.58)
UNPAINTED = (0.8, 0.8, 0.8)


@dataclass(frozen=True)
class Surface:
    """What is seen of a character: (V, 3) float64 vertices, right, up and towards the viewer, metres;
    (N, 3) int32 triangles and (N, 3) float64 their colours."""

    vertices: Floats
    triangles: npt.NDArray[np.int32]
    colours: Floats


def surface_of(character: Character) -> Surface:
    """The meshes of a character that can be seen, as they are now."""
    graph = bpy.context.evaluated_depsgraph_get()
    vertices: list[Floats] = []
    triangles: list[npt.NDArray[np.int32]] = []
    colours: list[Floats] = []
    count = 0
    for name in character.inventory.of_kind("object").get("objects", ()):
        thing = bpy.data.objects[name]
        if thing.type != "MESH" or thing.hide_render:
            continue
        evaluated = thing.evaluated_get(graph)
        mesh = evaluated.to_mesh()
        points = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", points)
        mesh.calc_loop_triangles()
        corners = np.empty(len(mesh.loop_triangles) * 3, np.int32)
        mesh.loop_triangles.foreach_get("vertices", corners)
        slots = np.empty(len(mesh.loop_triangles), np.int32)
        mesh.loop_triangles.foreach_get("material_index", slots)
        palette, is_seen = _palette(thing)
        matrix = np.array(evaluated.matrix_world, np.float64)
        world = points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        evaluated.to_mesh_clear()
        # Faces look along -Y: their left is the viewer's right.
        vertices.append(np.stack([world[:, 0], world[:, 2], -world[:, 1]], 1))
        slots = np.minimum(slots, len(palette) - 1)
        kept = is_seen[slots]
        triangles.append(corners.reshape(-1, 3)[kept] + count)
        colours.append(palette[slots[kept]])
        count += len(world)
    if not vertices:
        return Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int32), np.zeros((0, 3)))
    return Surface(np.concatenate(vertices), np.concatenate(triangles), np.concatenate(colours))


def pictures(
    surfaces: Mapping[str, Surface], framing: Collection[str]
) -> dict[str, npt.NDArray[np.float32]]:
    """(SIZE, SIZE, 4) pictures of surfaces that share their vertices, all in one frame; none of no change.

    Parameters
    ----------
    framing : surfaces that differ from the first in what the frame shall hold
    """
    shown = [
        one for index, (name, one) in enumerate(surfaces.items()) if not index or name in framing
    ]
    if len({one.vertices.shape for one in surfaces.values()}) != 1 or not len(shown[0].vertices):
        return {}
    moved = np.max([np.linalg.norm(s.vertices - shown[0].vertices, axis=1) for s in shown], 0)
    if moved.max() <= 0:
        return {}
    moving = shown[0].vertices[moved > MOVING * moved.max(), :2]
    low, high = moving.min(0), moving.max(0)
    room = MARGIN * (high - low).max()
    return {
        name: thumbnail(s.vertices[s.triangles], s.colours, low - room, high + room, SIZE)
        for name, s in surfaces.items()
    }


def _palette(thing: bpy.types.Object) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(M, 3) colours of an object's materials, clay where nobody chose any, and whether each is seen."""
    found: list[tuple[float, ...]] = []
    seen: list[bool] = []
    for slot in thing.material_slots:
        red, green, blue, alpha = (
            slot.material.diffuse_color if slot.material else (*UNPAINTED, 1.0)
        )
        is_clay = np.allclose((red, green, blue), UNPAINTED, atol=1e-3)
        found.append(CLAY if is_clay else _on_screen((red, green, blue)))
        seen.append(alpha >= LEAST_OPACITY)
    return np.array(found or [CLAY], np.float64), np.array(seen or [True])


def _on_screen(colour: tuple[float, ...]) -> tuple[float, ...]:
    """sRGB of linear light; the exact curve is no matter at this size."""
    return tuple(max(0.0, part) ** (1 / 2.2) for part in colour)
