"""Mouth: wet, red and lit through the cheeks, so that an open mouth is a room and not a hole."""

from __future__ import annotations

import bpy

from .shader_plan import Plan, Rgba

TOOTH: Rgba = (0.71, 0.64, 0.53, 1.0)
GUM: Rgba = (0.47, 0.17, 0.15, 1.0)
TONGUE: Rgba = (0.52, 0.20, 0.17, 1.0)
WALL: Rgba = (0.44, 0.13, 0.10, 1.0)
# What light through the cheeks gives the wall of the mouth where no lamp reaches: a few hundredths of
# what a lamp gives the skin.
GLOW: Rgba = (0.020, 0.0042, 0.0032, 1.0)


def teeth(plan: Plan) -> bpy.types.Node:
    tone = plan.noise(plan.rest_place(), 0.22, 1.0)
    colour = plan.mixed(tone, TOOTH, (0.62, 0.53, 0.40, 1.0))
    tooth = plan.principled(TOOTH, Base_Color=colour, Roughness=0.2, IOR=1.54)
    tooth.inputs["Subsurface Weight"].default_value = 0.35
    tooth.inputs["Subsurface Radius"].default_value = (1.0, 0.75, 0.5)
    tooth.inputs["Subsurface Scale"].default_value = 0.0012
    tooth.subsurface_method = "BURLEY"
    return tooth


def gums(plan: Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=GUM, Roughness=0.24)


def tongue(plan: Plan) -> bpy.types.Node:
    grain = plan.noise(plan.rest_place(), 1.1, 0.0)
    bump = plan.node("ShaderNodeBump", Height=grain, Strength=0.6, Distance=0.0007)
    colour = plan.mixed(grain, TONGUE, (0.60, 0.29, 0.25, 1.0))
    return plan.principled(TONGUE, Base_Color=colour, Roughness=0.33, Normal=bump.outputs[0])


def mouth(plan: Plan) -> bpy.types.Node:
    wall = plan.principled(Base_Color=WALL, Roughness=0.38)
    wall.inputs["Emission Color"].default_value = GLOW
    wall.inputs["Emission Strength"].default_value = 1.0
    return wall
