"""Skin: light that enters and comes out redder, an oily sheen that varies, pores, lips, wet lid edges.

The texture of a photo goes to the base colour untouched, so exporters find it; everything procedural is in
roughness and bump, laid out in millimetres of the neutral head so that it stays on moving skin. Creases
come and go with the weights of shape keys, whose sums the shader reads from the object it draws (see
`head_drivers`).
"""

from __future__ import annotations

import bpy

from ..core.head import MOST_RELIEF
from .head_creases import CREASES, DEEPEST_METRES, PERIOD, SIDES, pressed_keys
from .shader_plan import CREASE_ATTRIBUTE, SKIN_ATTRIBUTE, Plan

# Mean free paths of red, green and blue light in skin over the scale (H. W. Jensen et al., "A practical
# model for subsurface light transport", SIGGRAPH 2001, table of "skin1").
SKIN_RADIUS = (1.0, 0.37, 0.19)
SKIN_SCALE_METRES = 0.0022
SUBSURFACE, LINING_SUBSURFACE = 0.62, 0.1
# Pores a millimetre; folds of the red lips a millimetre, across and along.
PORES = (1.35, 1.35, 1.35)
LIP_FOLDS = (1.5, 0.25, 0.22)
# Roughness of dry skin, of nose and forehead, of the lips, of a lid's wet edge.
DRY, OILY, LIPS, WET = 0.55, 0.40, 0.32, 0.14
PORE_METRES = 0.00028
# What pores add to and take from the roughness: highlights break up where skin is seen close.
PORE_ROUGHNESS = 0.08
# Skin that dimples without lines: its dimples a millimetre.
DIMPLES = 0.3
# Blotches of the skin a millimetre.
BLOTCHES = 0.11
# Millimetres about the midline over which the shapes of one side give way to those of the other.
MIDDLE_MM = 20.0
# Clear film of tears on the edge of a lid; the red of the lips is moist by a little of it.
MOIST_LIPS = 0.14
FAMILIES = tuple(CREASES)
# The node that gives skin the folds of its photo.
WRINKLES = "Folds of the photo"


def skin(plan: Plan) -> bpy.types.Node:
    red, oil, wet = plan.parts(plan.attribute(SKIN_ATTRIBUTE, "Vector"))
    # Two octaves of one noise, pores on skin and folds on lips: a bump reads it three times in every path.
    folds = plan.rest_place(*LIP_FOLDS)
    grain = plan.noise(plan.mixed(red, plan.rest_place(*PORES), folds), 1.0, 1.0)
    height = plan.math("MULTIPLY", grain, plan.between(red, 1.0, 2.0))
    bump = plan.node("ShaderNodeBump", Height=height, Strength=0.4, Distance=PORE_METRES)
    blotch = plan.noise(plan.rest_place(), BLOTCHES, 0.0)
    rough = plan.between(oil, DRY, OILY)
    rough = plan.math("ADD", rough, plan.math("MULTIPLY", red, LIPS - DRY))
    rough = plan.math("ADD", rough, plan.between(blotch, -0.10, 0.10))
    rough = plan.math("ADD", rough, plan.between(grain, -PORE_ROUGHNESS / 2, PORE_ROUGHNESS / 2))
    rough = plan.math("MULTIPLY", rough, plan.between(wet, 1.0, WET / DRY))
    shader = plan.principled(
        plan.linear("skin"),
        Base_Color=_colour(plan, red, blotch),
        Roughness=rough,
        Normal=_folded(plan, _wrinkled(plan, bump.outputs[0])),
    )
    shader.inputs["Roughness"].default_value = DRY
    # The lining of a lid is thin: light from behind would come through and glow red beside the globe.
    plan.feed(shader, "Subsurface Weight", plan.between(wet, SUBSURFACE, LINING_SUBSURFACE))
    shader.inputs["Subsurface Radius"].default_value = SKIN_RADIUS
    shader.inputs["Subsurface Scale"].default_value = SKIN_SCALE_METRES
    plan.feed(shader, "Specular IOR Level", plan.between(wet, 0.36, 0.8))
    film = plan.math("MAXIMUM", wet, plan.math("MULTIPLY", red, MOIST_LIPS))
    plan.feed(shader, "Coat Weight", film)
    shader.inputs["Coat Roughness"].default_value = 0.06
    shader.inputs["Coat IOR"].default_value = 1.34
    # Random walk costs a third more time a frame and looks the same at portrait size.
    shader.subsurface_method = "BURLEY"
    return shader


def _wrinkled(plan: Plan, normal: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The normal with the folds of the face at rest; its node's strength makes it look older or younger."""
    if plan.relief is None:
        return normal
    image = plan.node("ShaderNodeTexImage")
    # Smooth between texels: a bump shows the edges of linear slopes.
    image.image, image.interpolation = plan.relief, "Cubic"
    reach = 2e-6 * MOST_RELIEF
    bump = plan.node(
        "ShaderNodeBump", Height=image.outputs["Color"], Distance=reach, Normal=normal, Strength=1.0
    )
    bump.name = bump.label = WRINKLES
    return bump.outputs[0]


def _folded(plan: Plan, normal: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The normal with the creases that shapes press into skin; the mesh is too coarse for them."""
    across, depth, family = plan.parts(plan.attribute(CREASE_ATTRIBUTE, "Vector"))
    way = plan.math("WRAP", across, PERIOD / 2, -PERIOD / 2)
    groove = plan.math("EXPONENT", plan.math("MULTIPLY", plan.math("MULTIPLY", way, way), -1.0))
    is_dimpled = plan.math("COMPARE", family, FAMILIES.index("chin"), 0.5)
    dimples = plan.noise(plan.rest_place(), DIMPLES, 0.0)
    change = plan.math("SUBTRACT", dimples, groove)
    height = plan.math("MULTIPLY_ADD", change, is_dimpled, groove)
    bump = plan.node("ShaderNodeBump", Height=height, Distance=DEEPEST_METRES, Normal=normal)
    bump.invert = True
    # As the strength and not in the height, which is looked at three times.
    strength = plan.math("MULTIPLY", _pressed(plan, family), depth)
    strength.node.use_clamp = True
    plan.feed(bump, "Strength", strength)
    return bump.outputs[0]


def _pressed(plan: Plan, family: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """How much the shapes of a face fold the skin of a family."""
    left, _, _ = plan.parts(plan.rest_place(1.0 / MIDDLE_MM, 1.0, 1.0))
    left = plan.math("ADD", left, 0.5)
    left.node.use_clamp = True
    total: object = 0.0
    of_left, of_right = (pressed_keys(side).items() for side in SIDES)
    for (on_left, families), (on_right, _) in zip(of_left, of_right, strict=True):
        here = plan.mixed(left, *(plan.of_object(name) for name in (on_right, on_left)))
        for name, weight in zip(families, plan.parts(here), strict=True):
            is_here = plan.math("COMPARE", family, float(FAMILIES.index(name)), 0.5)
            total = plan.math("MULTIPLY_ADD", weight, is_here, total)
    return total


def _colour(
    plan: Plan, red: bpy.types.NodeSocket, blotch: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    if plan.albedo is not None:
        image = plan.tree.nodes.new("ShaderNodeTexImage")
        image.image = plan.albedo
        plan.tree.nodes.active = image
        return image.outputs["Color"]
    flushed = tuple(c * f for c, f in zip(plan.linear("skin"), (1.02, 0.86, 0.82, 1), strict=True))
    pale = plan.linear("skin", 1.04)
    return plan.mixed(red, plan.mixed(blotch, pale, flushed), plan.linear("lips"))
