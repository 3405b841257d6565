"""Eyes: a globe that is not white, an iris with depth, a clear cornea that mirrors the lamp, lashes.

Eyes take their pattern from the vector attribute that `meshes` stores (place on the disc in iris radii),
so no texture coordinates need to fit. The cornea is a mix of transparent and glossy instead of glass:
it needs no refraction, costs one transparent step in Cycles and has nothing to sort in EEVEE.
"""

from __future__ import annotations

import bpy

from .shader_plan import Plan, Rgba

SCLERA: Rgba = (0.78, 0.73, 0.69, 1.0)
CORNER: Rgba = (0.62, 0.38, 0.33, 1.0)
# How far above the globe a lid still shades it, metres, and what is left of the light under it.
SHADE_METRES = 0.0026
SHADED: Rgba = (0.40, 0.27, 0.24, 1.0)


def sclera(plan: Plan) -> bpy.types.Node:
    place = plan.eye_place()
    radius = plan.eye_radius(place)
    # Positions are in fractions of two iris radii: pale round the iris, warmer into the corners.
    colour = plan.ramp(
        plan.math("MULTIPLY", radius, 0.5),
        (0.46, (0.66, 0.62, 0.61, 1.0)),
        (0.56, SCLERA),
        (0.76, (0.74, 0.63, 0.58, 1.0)),
        (1.0, CORNER),
    )
    # A vein runs where a noise passes through its middle value.
    ridge = plan.math("ABSOLUTE", plan.math("SUBTRACT", plan.noise(place, 2.1, 3.0), 0.5))
    vein = plan.ramp(ridge, (0.0, (1.0, 1.0, 1.0, 1.0)), (0.022, (0.0, 0.0, 0.0, 1.0)))
    reach = plan.ramp(
        plan.math("MULTIPLY", radius, 0.5), (0.56, (0, 0, 0, 1.0)), (0.95, (0.75, 0.75, 0.75, 1.0))
    )
    share = plan.math("MULTIPLY", vein, reach)
    colour = plan.mixed(share, colour, (0.52, 0.20, 0.17, 1.0))
    eye = plan.principled(SCLERA, Base_Color=_under_lids(plan, colour), Roughness=0.12)
    eye.inputs["Specular IOR Level"].default_value = 0.45
    return eye


def iris(plan: Plan) -> bpy.types.Node:
    place = plan.eye_place()
    radius = plan.eye_radius(place)
    across, up, _ = plan.parts(place)
    angle = plan.math("ARCTAN2", up, across)
    spokes = plan.node(
        "ShaderNodeCombineXYZ", X=plan.math("SINE", angle), Y=plan.math("COSINE", angle)
    )
    plan.feed(spokes, "Z", plan.math("MULTIPLY", radius, 0.25))
    fibres = plan.noise(spokes.outputs[0], 11.0, 3.0)
    tone = plan.mixed(
        plan.ramp(fibres, (0.35, (0, 0, 0, 1)), (0.65, (1, 1, 1, 1))),
        plan.linear("iris", 0.45),
        plan.linear("iris", 1.4),
    )
    # Dark pupil's rim, the warm frill round it, the clear middle, and the dark limbal ring.
    ring = plan.ramp(
        radius,
        (0.34, (0.30, 0.24, 0.20, 1.0)),
        (0.42, (1.25, 1.05, 0.88, 1.0)),
        (0.58, (1.05, 1.0, 0.95, 1.0)),
        (0.78, (0.92, 0.95, 1.0, 1.0)),
        (0.90, (0.26, 0.25, 0.27, 1.0)),
        (1.0, (0.10, 0.095, 0.10, 1.0)),
    )
    # The cornea gathers light from above on the lower half of the iris.
    lit = plan.math("MULTIPLY_ADD", up, -0.75, 1.0)
    colour = plan.mixed(1.0, plan.mixed(1.0, tone, ring, "MULTIPLY"), lit, "MULTIPLY")
    colour = _under_lids(plan, colour)
    return plan.principled(plan.linear("iris"), Base_Color=colour, Roughness=0.45)


def pupil(plan: Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.003, 0.003, 0.003, 1.0), Roughness=0.4)


def cornea(plan: Plan) -> bpy.types.Node:
    clear = plan.tree.nodes.new("ShaderNodeBsdfTransparent")
    gloss = plan.node("ShaderNodeBsdfGlossy", Roughness=0.035)
    fresnel = plan.node("ShaderNodeFresnel", IOR=1.376)
    side = plan.tree.nodes.new("ShaderNodeNewGeometry")
    front = plan.math("SUBTRACT", 1.0, side.outputs["Backfacing"])
    # At grazing angles a real cornea is hidden by the lids; without the limit its rim would mirror.
    shine = plan.math("MULTIPLY", plan.math("MULTIPLY", fresnel.outputs[0], 1.6), front)
    factor = plan.math("MINIMUM", shine, 0.2)
    mix = plan.node("ShaderNodeMixShader", Fac=factor)
    plan.feed(mix, 1, clear.outputs[0])
    plan.feed(mix, 2, gloss.outputs[0])
    return mix


def lashes(plan: Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.010, 0.007, 0.006, 1.0), Roughness=0.55)


def _under_lids(plan: Plan, colour: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The colour darkened and reddened where a lid stands close over it."""
    shade = plan.node("ShaderNodeAmbientOcclusion", Distance=SHADE_METRES)
    shade.samples = 2
    return plan.mixed(
        1.0, colour, plan.mixed(shade.outputs["AO"], SHADED, (1.0, 1.0, 1.0, 1.0)), "MULTIPLY"
    )
