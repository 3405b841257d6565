"""Eyes: a globe that is not white, an iris with depth, a clear cornea that mirrors the lamp, lashes.

Eyes take their pattern from the vector attribute that `meshes` stores (place on the disc in iris radii),
so no texture coordinates need to fit. The cornea is a mix of transparent and glossy instead of glass:
it needs no refraction, costs one transparent step in Cycles and has nothing to sort in EEVEE.
"""

from __future__ import annotations

import bpy

from .shader_plan import Plan, Rgba

SCLERA: Rgba = (0.55, 0.505, 0.465, 1.0)
CORNER: Rgba = (0.40, 0.28, 0.25, 1.0)
# Red of the veins, and how much of it shows in the corners.
VEIN: Rgba = (0.58, 0.26, 0.22, 1.0)
VEIN_SHARE = 0.55
# The pink fold of the globe beside the flesh in the corner, and how far toward the nose from the middle of
# the iris, in iris radii, it begins and is whole. It turns with the eye, so little of it may show.
FOLD: Rgba = (0.56, 0.30, 0.265, 1.0)
FOLD_FROM, FOLD_WHOLE = 1.60, 2.40
# What is left of the light under the upper lid and its lashes, and right over the lower lid.
LIDS_SHADE, LOWER_LID_SHADE = 0.42, 0.8
# Scene-linear red below which an iris would be a hole: melanin's own brown goes with what is missing.
DARKEST_IRIS = 0.050
BROWN = (1.0, 0.50, 0.26)
# A portrait's warm light, skin that shines back and the film's contrast take blue from an iris and make its
# colour deeper. So it is given paler and cooler than it is to be seen: the exponent of what its brightest
# part of the spectrum is above the others, and factors. Measured on six portraits and renders of them.
PALER, COOLER = 0.72, (1.0, 1.15, 1.25)
# Of the hair's light that lashes give back, and the darkest and the fairest that they are.
LASH_SHARE, DARKEST_LASH, FAIREST_LASH = 0.08, (0.007, 0.005, 0.004), (0.026, 0.017, 0.012)
# Wide enough a mirror image of the lamp that few light paths draw it whole.
CORNEA_ROUGHNESS = 0.085


def sclera(plan: Plan) -> bpy.types.Node:
    place = plan.eye_place()
    radius = plan.eye_radius(place)
    # Positions are in fractions of two iris radii: the limbus is no line, so the iris shines through for
    # almost a millimetre; warmer into the corners.
    colour = plan.ramp(
        plan.math("MULTIPLY", radius, 0.5),
        (0.49, (0.20, 0.185, 0.185, 1.0)),
        (0.53, (0.40, 0.375, 0.365, 1.0)),
        (0.59, SCLERA),
        (0.72, (0.49, 0.435, 0.40, 1.0)),
        (1.0, CORNER),
    )
    # A vein runs where a noise passes through its middle value.
    ridge = plan.math("ABSOLUTE", plan.math("SUBTRACT", plan.noise(place, 2.1, 3.0), 0.5))
    vein = plan.ramp(ridge, (0.0, (1.0, 1.0, 1.0, 1.0)), (0.022, (0.0, 0.0, 0.0, 1.0)))
    reach = plan.ramp(
        plan.math("MULTIPLY", radius, 0.5),
        (0.60, (0, 0, 0, 1.0)),
        (0.95, (VEIN_SHARE, VEIN_SHARE, VEIN_SHARE, 1.0)),
    )
    colour = plan.mixed(plan.math("MULTIPLY", vein, reach), colour, VEIN)
    fold = plan.math(
        "DIVIDE",
        plan.math("SUBTRACT", _toward_nose(plan, place), FOLD_FROM),
        FOLD_WHOLE - FOLD_FROM,
    )
    fold.node.use_clamp = True
    colour = plan.mixed(fold, colour, FOLD)
    eye = plan.principled(SCLERA, Base_Color=_under_lids(plan, place, colour), Roughness=0.14)
    eye.inputs["Specular IOR Level"].default_value = 0.4
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
    red, green, blue = iris_colour(plan.linear("iris")[:3])
    tone = plan.mixed(
        plan.ramp(fibres, (0.35, (0, 0, 0, 1)), (0.65, (1, 1, 1, 1))),
        (0.6 * red, 0.6 * green, 0.6 * blue, 1.0),
        (1.38 * red, 1.36 * green, 1.32 * blue, 1.0),
    )
    # Dark pupil's rim, the warm frill round it, the clear middle, and the dark limbal ring.
    ring = plan.ramp(
        radius,
        (0.34, (0.24, 0.20, 0.17, 1.0)),
        (0.42, (1.08, 0.94, 0.80, 1.0)),
        (0.58, (0.96, 0.95, 0.93, 1.0)),
        (0.74, (0.86, 0.89, 0.93, 1.0)),
        (0.90, (0.34, 0.33, 0.35, 1.0)),
        (1.0, (0.22, 0.22, 0.24, 1.0)),
    )
    # The cornea gathers light from above on the lower half of the iris.
    lit = plan.math("MULTIPLY_ADD", up, -0.45, 1.0)
    colour = plan.mixed(1.0, plan.mixed(1.0, tone, ring, "MULTIPLY"), lit, "MULTIPLY")
    colour = _under_lids(plan, place, colour)
    return _under_water(plan.principled(plan.linear("iris"), Base_Color=colour, Roughness=0.6))


def iris_colour(seen: tuple[float, float, float]) -> tuple[float, float, float]:
    """Scene-linear colour to give an iris that is to be seen so; photos show dark ones as black."""
    missing = max(0.0, DARKEST_IRIS - seen[0])
    whole = [s + missing * b for s, b in zip(seen, BROWN, strict=True)]
    most = max(whole)
    red, green, blue = (
        most * (part / most) ** PALER * cooler for part, cooler in zip(whole, COOLER, strict=True)
    )
    return red, green, blue


def pupil(plan: Plan) -> bpy.types.Node:
    return _under_water(plan.principled(Base_Color=(0.003, 0.003, 0.003, 1.0), Roughness=0.6))


def _under_water(shader: bpy.types.Node) -> bpy.types.Node:
    """The shader without a shine of its own: behind the cornea there is no air to mirror against."""
    shader.inputs["Specular IOR Level"].default_value = 0.0
    return shader


def cornea(plan: Plan) -> bpy.types.Node:
    clear = plan.tree.nodes.new("ShaderNodeBsdfTransparent")
    gloss = plan.node("ShaderNodeBsdfGlossy", Roughness=CORNEA_ROUGHNESS)
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
    """Darker than the hair of the head, which few have black: those of fair people are brown."""
    red, green, blue = (
        min(max(darkest, LASH_SHARE * seen), fairest)
        for darkest, seen, fairest in zip(
            DARKEST_LASH, plan.linear("hair")[:3], FAIREST_LASH, strict=True
        )
    )
    return plan.principled(Base_Color=(red, green, blue, 1.0), Roughness=0.5)


def _toward_nose(plan: Plan, place: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Iris radii from the middle of the eye toward the nose, on either side of the face."""
    across, _, _ = plan.parts(place)
    left, _, _ = plan.parts(plan.rest_place())
    return plan.math("MULTIPLY", across, plan.math("MULTIPLY", plan.math("SIGN", left), -1.0))


def _under_lids(
    plan: Plan, place: bpy.types.NodeSocket, colour: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    """The colour darkened toward the lids, the upper of which keeps light from above off the eye."""
    _, up, _ = plan.parts(place)
    shade = plan.ramp(
        plan.math("MULTIPLY_ADD", up, 0.5, 0.5),
        (0.05, (LOWER_LID_SHADE, 0.96 * LOWER_LID_SHADE, 0.94 * LOWER_LID_SHADE, 1.0)),
        (0.2, (1.0, 1.0, 1.0, 1.0)),
        (0.42, (1.0, 1.0, 1.0, 1.0)),
        (0.98, (LIDS_SHADE, 0.9 * LIDS_SHADE, 0.86 * LIDS_SHADE, 1.0)),
    )
    return plan.mixed(1.0, colour, shade, "MULTIPLY")
