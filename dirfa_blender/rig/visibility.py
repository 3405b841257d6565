"""Whether an object is seen in its scene, and what hides it: the Outliner has six places that do.

An object counts as unseen when no view layer shows it: with several layers, one that leaves it out is what
they are for.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy


def unseen_reason(thing: bpy.types.Object, scene: bpy.types.Scene) -> str:
    """Why an object of a scene is seen in no view layer, or in no render; empty if it is."""
    layers = [layer for layer in scene.view_layers if layer.use] or list(scene.view_layers)
    if not any(thing.visible_get(view_layer=layer) for layer in layers):
        return _hiding(thing, layers[0])
    if thing.hide_render:
        return f"'{thing.name}' is left out of renders: switch its camera on in the Outliner"
    unrendered = [c for c in thing.users_collection if c.hide_render]
    if unrendered and len(unrendered) == len(thing.users_collection):
        return (
            f"'{thing.name}' is in collection '{unrendered[0].name}', which is left out of renders: switch "
            "its camera on in the Outliner"
        )
    return ""


def _hiding(thing: bpy.types.Object, layer: bpy.types.ViewLayer) -> str:
    """What hides an object in a view layer, and how to show it."""
    if thing.hide_viewport:
        return f"'{thing.name}' is hidden in viewports: switch its monitor on in the Outliner"
    for path in _paths(layer.layer_collection, thing):
        for part in path:
            if part.exclude:
                return (
                    f"'{thing.name}' is in collection '{part.name}', which view layer '{layer.name}' "
                    "leaves out: tick its box in the Outliner"
                )
            if part.hide_viewport:
                return (
                    f"'{thing.name}' is in collection '{part.name}', which is hidden: switch its eye on in "
                    "the Outliner"
                )
            if part.collection.hide_viewport:
                return (
                    f"'{thing.name}' is in collection '{part.name}', which is hidden: switch its monitor "
                    "on in the Outliner"
                )
    return f"'{thing.name}' is hidden: switch its eye on in the Outliner"


def _paths(
    part: bpy.types.LayerCollection, thing: bpy.types.Object
) -> Iterator[list[bpy.types.LayerCollection]]:
    """Ways through a layer's collections to an object, outermost first."""
    if thing in part.collection.objects.values():
        yield [part]
    for child in part.children:
        for path in _paths(child, thing):
            yield [part, *path]
