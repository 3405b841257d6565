"""Mouth: wet, red and lit through the cheeks, so that an open mouth is a room and not a hole."""

from __future__ import annotations

import bpy

from .shader_plan import SKIN_ATTRIBUTE, Plan, Rgba

TOOTH: Rgba = (0.945, 0.875, 0.765, 1.0)
YELLOWER: Rgba = (0.90, 0.795, 0.645, 1.0)
# Dentine shows through at the necks; the biting edges are enamel alone, and the dark mouth shows through.
NECK: Rgba = (0.97, 0.88, 0.74, 1.0)
EDGE: Rgba = (0.82, 0.84, 0.86, 1.0)
# What lip, cheek and tongue leave of the light on the lower row, and on teeth far back.
LOWER_ROW, BACK_TEETH = 0.72, 0.58
GUM: Rgba = (0.54, 0.23, 0.21, 1.0)
TONGUE: Rgba = (0.66, 0.31, 0.28, 1.0)
WALL: Rgba = (0.48, 0.16, 0.135, 1.0)
THROAT: Rgba = (0.10, 0.026, 0.022, 1.0)
# The wet inner side of a lip is redder than its front.
INNER_LIP: Rgba = (0.80, 0.62, 0.60, 1.0)
# What light through the cheeks gives the wall of the mouth where no lamp reaches: a few hundredths of
# what a lamp gives the skin.
GLOW: Rgba = (0.046, 0.0115, 0.0095, 1.0)


def teeth(plan: Plan) -> bpy.types.Node:
    lower, back, height = plan.parts(plan.attribute(SKIN_ATTRIBUTE, "Vector"))
    tone = plan.noise(plan.rest_place(), 0.22, 1.0)
    light = plan.math(
        "MULTIPLY", plan.between(lower, 1.0, LOWER_ROW), plan.between(back, 1.0, BACK_TEETH)
    )
    crown = plan.ramp(
        height,
        (0.40, NECK),
        (0.62, (1.0, 1.0, 1.0, 1.0)),
        (0.84, (1.0, 1.0, 1.0, 1.0)),
        (1.0, EDGE),
    )
    colour = plan.mixed(1.0, plan.mixed(tone, TOOTH, YELLOWER), crown, "MULTIPLY")
    colour = plan.mixed(1.0, colour, light, "MULTIPLY")
    tooth = plan.principled(TOOTH, Base_Color=colour, Roughness=0.22, IOR=1.54)
    # More than this, or farther, and what enters a crown leaves it at the back: teeth turn grey.
    tooth.inputs["Subsurface Weight"].default_value = 0.35
    tooth.inputs["Subsurface Radius"].default_value = (1.0, 0.75, 0.5)
    tooth.inputs["Subsurface Scale"].default_value = 0.0015
    tooth.subsurface_method = "BURLEY"
    plan.feed(tooth, "Specular IOR Level", plan.between(lower, 0.5, 0.3))
    return tooth


def gums(plan: Plan) -> bpy.types.Node:
    return _lit_through(plan.principled(Base_Color=GUM, Roughness=0.24))


def tongue(plan: Plan) -> bpy.types.Node:
    grain = plan.noise(plan.rest_place(), 1.1, 0.0)
    bump = plan.node("ShaderNodeBump", Height=grain, Strength=0.6, Distance=0.0007)
    colour = plan.mixed(grain, TONGUE, (0.74, 0.42, 0.38, 1.0))
    return _lit_through(
        plan.principled(TONGUE, Base_Color=colour, Roughness=0.33, Normal=bump.outputs[0])
    )


def mouth(plan: Plan) -> bpy.types.Node:
    # On the wall the second zone is 1 behind the lips and falls to 0 in the throat. The same material
    # lines the nostrils, where it is 0: nothing shines through there.
    lip, front, _ = plan.parts(plan.attribute(SKIN_ATTRIBUTE, "Vector"))
    inner = plan.mixed(1.0, plan.linear("lips"), INNER_LIP, "MULTIPLY")
    colour = plan.mixed(lip, plan.mixed(front, THROAT, WALL), inner)
    wall = _lit_through(plan.principled(WALL, Base_Color=colour, Roughness=0.36))
    plan.feed(wall, "Emission Strength", front)
    return wall


def _lit_through(shader: bpy.types.Node) -> bpy.types.Node:
    """The shader with the light that comes through the cheeks."""
    shader.inputs["Emission Color"].default_value = GLOW
    shader.inputs["Emission Strength"].default_value = 1.0
    return shader
