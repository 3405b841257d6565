"""What a window shows: a new head chosen and its shot in colour instead of the default view; sidebars anew.

Solid shading with textures: a material preview compiles shaders first, which stops Blender for seconds.
"""

from __future__ import annotations

import bpy


def show_shot(context: bpy.types.Context) -> None:
    """Let the 3D view at hand look through the scene's camera and show textures.

    Does nothing without a window or a camera, and leaves other shadings than solid as they are.
    """
    space = getattr(context, "space_data", None)
    if not isinstance(space, bpy.types.SpaceView3D) or context.scene.camera is None:
        return
    if space.region_3d is not None:
        space.region_3d.view_perspective = "CAMERA"
    if space.shading.type == "SOLID":
        space.shading.color_type = "TEXTURE"


def choose(scene: bpy.types.Scene, thing: bpy.types.Object) -> None:
    """Select something new and make it active, as Blender does with what it adds.

    Leaves the choice alone in another scene than the window's, and where something is being edited.
    """
    layer = bpy.context.view_layer
    if bpy.context.scene != scene or thing.name not in layer.objects:
        return
    if layer.objects.active is not None and layer.objects.active.mode != "OBJECT":
        return
    for other in layer.objects.selected:
        other.select_set(False)
    thing.select_set(True)
    layer.objects.active = thing


def redraw_sidebars() -> None:
    """Draw the sidebars again, not the views beside them, which may take long."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions if area.type == "VIEW_3D" else ():
                if region.type == "UI":
                    region.tag_redraw()
