"""Hair: strands that scatter light as hair does, the cap under them, and the shirt."""

from __future__ import annotations

import bpy

from .shader_plan import Plan

# In the layout, the lowest row of the hair and the height over which its strands thin out.
HAIRLINE_V = 0.004
HAIRLINE_FADE = 0.034


# Of a strand that scatters evenly. Light goes through fair hair from fibre to fibre, for which a picture
# in a few bounces has no time: without this white hair is grey.
EVEN_SHARE = 0.5


def strand(plan: Plan) -> bpy.types.Node:
    """One strand: its colour varies from strand to strand and is darker at the root."""
    info = plan.tree.nodes.new("ShaderNodeHairInfo")
    colour = plan.mixed(info.outputs["Random"], plan.linear("hair", 0.9), plan.linear("hair", 2.1))
    root = plan.ramp(info.outputs["Intercept"], (0.0, (0.65, 0.65, 0.65, 1)), (0.35, (1, 1, 1, 1)))
    shader = plan.node("ShaderNodeBsdfHairPrincipled")
    shader.model, shader.parametrization = "CHIANG", "COLOR"
    tinted = plan.mixed(1.0, colour, root, "MULTIPLY")
    plan.feed(shader, "Color", tinted)
    shader.inputs["Roughness"].default_value = 0.45
    shader.inputs["Radial Roughness"].default_value = 0.6
    shader.inputs["Random Roughness"].default_value = 0.3
    even = plan.node("ShaderNodeBsdfDiffuse", Color=tinted)
    mix = plan.node("ShaderNodeMixShader", Fac=EVEN_SHARE)
    plan.feed(mix, 1, shader.outputs[0])
    plan.feed(mix, 2, even.outputs[0])
    return mix


def hair(plan: Plan) -> bpy.types.Node:
    place = plan.layout_place()
    strands = plan.noise(plan.scaled(place, (160.0, 8.0, 1.0)), 4.0, 1.0)
    locks = plan.noise(plan.scaled(place, (60.0, 6.0, 1.0)), 1.5, 1.0)
    height = plan.math(
        "ADD", plan.math("MULTIPLY", strands, 0.45), plan.math("MULTIPLY", locks, 0.55)
    )
    bump = plan.node("ShaderNodeBump", Height=height, Strength=0.4, Distance=0.002)
    colour = plan.ramp(
        height,
        (0.30, plan.linear("hair", 0.26)),
        (0.52, plan.linear("hair", 0.50)),
        (0.70, plan.linear("hair", 0.72)),
    )
    # Single strands thin out over the lowest rows, so that the hairline is no edge.
    parts = plan.node("ShaderNodeSeparateXYZ", Vector=place)
    above = plan.math("DIVIDE", plan.math("SUBTRACT", parts.outputs[1], HAIRLINE_V), HAIRLINE_FADE)
    thinned = plan.math("SUBTRACT", above, plan.math("MULTIPLY", strands, 0.9))
    alpha = plan.math("MULTIPLY", thinned, 1.6)
    alpha.node.use_clamp = True
    hair = plan.principled(
        plan.linear("hair"), Base_Color=colour, Roughness=0.58, Normal=bump.outputs[0], Alpha=alpha
    )
    hair.inputs["Specular IOR Level"].default_value = 0.22
    return hair


def cloth(plan: Plan) -> bpy.types.Node:
    weave = plan.noise(plan.layout_place(), 900.0, 1.0)
    bump = plan.node("ShaderNodeBump", Height=weave, Strength=0.25, Distance=0.0006)
    colour = plan.mixed(weave, (0.016, 0.019, 0.027, 1.0), (0.034, 0.040, 0.054, 1.0))
    cloth = plan.principled(Base_Color=colour, Roughness=0.9, Normal=bump.outputs[0])
    cloth.inputs["Specular IOR Level"].default_value = 0.15
    cloth.inputs["Sheen Weight"].default_value = 0.25
    return cloth
