"""Mouth: wet, red and lit through the cheeks, so that an open mouth is a room and not a hole."""

from __future__ import annotations

import bpy

from .shader_plan import SKIN_ATTRIBUTE, Plan, Rgba

TOOTH: Rgba = (0.80, 0.74, 0.63, 1.0)
GUM: Rgba = (0.47, 0.17, 0.15, 1.0)
TONGUE: Rgba = (0.52, 0.20, 0.17, 1.0)
WALL: Rgba = (0.44, 0.13, 0.10, 1.0)
# What light through the cheeks gives the wall of the mouth where no lamp reaches: a few hundredths of
# what a lamp gives the skin.
GLOW: Rgba = (0.034, 0.0078, 0.0062, 1.0)


def teeth(plan: Plan) -> bpy.types.Node:
    tone = plan.noise(plan.rest_place(), 0.22, 1.0)
    colour = plan.mixed(tone, TOOTH, (0.72, 0.63, 0.49, 1.0))
    tooth = plan.principled(TOOTH, Base_Color=colour, Roughness=0.2, IOR=1.54)
    tooth.inputs["Subsurface Weight"].default_value = 0.35
    tooth.inputs["Subsurface Radius"].default_value = (1.0, 0.75, 0.5)
    tooth.inputs["Subsurface Scale"].default_value = 0.0012
    tooth.subsurface_method = "BURLEY"
    return tooth


def gums(plan: Plan) -> bpy.types.Node:
    return _lit_through(plan.principled(Base_Color=GUM, Roughness=0.24))


def tongue(plan: Plan) -> bpy.types.Node:
    grain = plan.noise(plan.rest_place(), 1.1, 0.0)
    bump = plan.node("ShaderNodeBump", Height=grain, Strength=0.6, Distance=0.0007)
    colour = plan.mixed(grain, TONGUE, (0.60, 0.29, 0.25, 1.0))
    return _lit_through(
        plan.principled(TONGUE, Base_Color=colour, Roughness=0.33, Normal=bump.outputs[0])
    )


def mouth(plan: Plan) -> bpy.types.Node:
    wall = _lit_through(plan.principled(Base_Color=WALL, Roughness=0.38))
    # The same material lines the nostrils, where nothing shines through.
    _, inside, _ = plan.parts(plan.attribute(SKIN_ATTRIBUTE, "Vector"))
    plan.feed(wall, "Emission Strength", inside)
    return wall


def _lit_through(shader: bpy.types.Node) -> bpy.types.Node:
    """The shader with the light that comes through the cheeks."""
    shader.inputs["Emission Color"].default_value = GLOW
    shader.inputs["Emission Strength"].default_value = 1.0
    return shader
