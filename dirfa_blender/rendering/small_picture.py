"""What a small picture cannot show is left out of its frames: pores, half of the strands, finer mesh.

A pore is a fifth of a pixel in a film of the default size, and a strand a third: light spends a third of
its time on them there. Half as many strands, wider by what they cover, look the same and flicker less.
The saved scene keeps all of it.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..head.meshes import CHIN_KEY, subdivide
from ..head.shader_skin import WRINKLES

# Of the strands, one in so many is drawn, wider by so much.
EVERY, WIDER = 2, 1.5
# Length of the longer side from which on a picture shows such things, and the edges of the mesh.
SMOOTH_PIXELS = 720


def simplify(scene: bpy.types.Scene) -> None:
    """Leave bumps but a face's folds, every second strand, and what subdivides heads out of a scene that is
    only rendered."""
    materials = {
        slot.material for thing in scene.objects for slot in thing.material_slots if slot.material
    }
    for material in materials:
        for node in material.node_tree.nodes if material.node_tree else ():
            if node.type == "BUMP" and node.name != WRINKLES:
                node.mute = True
    for thing in scene.objects:
        if thing.type == "CURVES":
            _thin(thing)
        elif CHIN_KEY in thing:
            subdivide(thing, renders=False)


def _thin(thing: bpy.types.Object) -> None:
    """Keep every second strand; all have the same number of points."""
    curves = thing.data
    count = len(curves.curves)
    if count < EVERY or len(curves.points) % count:
        return
    points = len(curves.points) // count
    places = np.empty(3 * len(curves.points), np.float32)
    curves.attributes["position"].data.foreach_get("vector", places)
    radii = np.empty(len(curves.points), np.float32)
    curves.attributes["radius"].data.foreach_get("value", radii)
    kept = places.reshape(count, points, 3)[::EVERY]
    wider = WIDER * radii.reshape(count, points)[::EVERY]
    fewer = bpy.data.hair_curves.new(curves.name)
    fewer.add_curves([points] * len(kept))
    fewer.attributes["position"].data.foreach_set("vector", np.ascontiguousarray(kept).ravel())
    radius = fewer.attributes.get("radius") or fewer.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", np.ascontiguousarray(wider).ravel())
    for material in curves.materials:
        fewer.materials.append(material)
    thing.data = fewer
