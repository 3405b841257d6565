"""Materials of a head's parts and of the backdrop: one node tree each, the same for Cycles and EEVEE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import bpy

from ..core.hair.atlas import HAIR_COLOUR, card_colour
from . import shader_eye, shader_hair, shader_mouth, shader_skin
from .shader_plan import Colour, Plan, arrange

_SHADERS: dict[str, Callable[[Plan], bpy.types.Node]] = {
    "skin": shader_skin.skin,
    "sclera": shader_eye.sclera,
    "iris": shader_eye.iris,
    "pupil": shader_eye.pupil,
    "cornea": shader_eye.cornea,
    "lashes": shader_eye.lashes,
    "teeth": shader_mouth.teeth,
    "gums": shader_mouth.gums,
    "tongue": shader_mouth.tongue,
    "mouth": shader_mouth.mouth,
    "brows": shader_hair.brows,
    "beard": shader_hair.beard,
    "hair": shader_hair.hair,
    "cloth": shader_hair.cloth,
}

# Solid-view and Workbench colours, scene linear; the rest take the head's measured colour.
_VIEWPORT: dict[str, tuple[float, float, float, float]] = {
    "sclera": (0.62, 0.58, 0.54, 1.0),
    "pupil": (0.005, 0.005, 0.005, 1.0),
    "cornea": (1.0, 1.0, 1.0, 0.0),
    "teeth": (0.60, 0.54, 0.45, 1.0),
    "gums": (0.28, 0.075, 0.07, 1.0),
    "tongue": (0.36, 0.12, 0.11, 1.0),
    "mouth": (0.16, 0.045, 0.038, 1.0),
    "lashes": (0.012, 0.009, 0.008, 1.0),
    "brows": (0.030, 0.019, 0.013, 1.0),
    "cloth": (0.025, 0.029, 0.040, 1.0),
}


def build(
    slot: str,
    name: str,
    colours: Mapping[str, Colour],
    albedo: bpy.types.Image | None = None,
    relief: bpy.types.Image | None = None,
) -> bpy.types.Material:
    """A new material for one slot of a head; slots without a shader of their own get plain skin.

    Its nodes lie on one heap until `arrange` has placed them: a third of the time, and another piece of it.

    Parameters
    ----------
    colours : sRGB 0..1 of ``skin``, ``lips``, ``iris``, ``hair`` where measured
    albedo : the slot's picture: hair's atlas, of all others the skin texture in the head's UV layout
    relief : heights of the skin's folds in that layout, as `head_parts.relief_grey` made them
    """
    material, blank = _blank(name)
    plan = replace(blank, colours=colours, albedo=albedo, relief=relief)
    tree = plan.tree
    shader = _SHADERS.get(slot, shader_skin.skin)(plan)
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(shader.outputs[0], output.inputs["Surface"])
    material.diffuse_color = _VIEWPORT.get(slot) or plan.linear(slot if slot in colours else "skin")
    material.roughness = 0.5
    if slot == "hair":
        material.diffuse_color = (*card_colour(colours.get("hair", HAIR_COLOUR)), 1.0)
        material.roughness = 0.6
    if slot == "cornea":
        material.surface_render_method = "BLENDED"
        material.use_transparent_shadow = True
    return material


def build_strands(
    name: str,
    colours: Mapping[str, Colour],
    middle: tuple[float, float, float],
    *,
    hangs: bool = False,
) -> bpy.types.Material:
    """The material of hair curves in the head's measured hair colour; `hangs` where it is long.

    Its `middle` is in metres, in the space of the curves (`shader_hair.strand_in_eevee`).
    """
    material, blank = _blank(name)
    plan = replace(blank, colours=colours)
    for target, shader in (
        ("CYCLES", shader_hair.strand(plan, hangs=hangs)),
        ("EEVEE", shader_hair.strand_in_eevee(plan, middle)),
    ):
        output = plan.node("ShaderNodeOutputMaterial", Surface=shader.outputs[0])
        output.target = target
    material.diffuse_color = plan.linear("hair")
    arrange(plan.tree)
    return material


def build_backdrop(name: str, middle: Colour, rim: Colour) -> bpy.types.Material:
    """Light-free gradient from `middle` to `rim` (scene linear) over a card's UV layout."""
    material, plan = _blank(name)
    centred = plan.node("ShaderNodeMapping", Vector=plan.layout_place())
    centred.inputs["Location"].default_value = (-1.0, -1.0, 0.0)
    centred.inputs["Scale"].default_value = (2.0, 2.0, 1.0)
    distance = plan.node("ShaderNodeVectorMath")
    distance.operation = "LENGTH"
    plan.feed(distance, 0, centred.outputs[0])
    colour = plan.ramp(distance.outputs["Value"], (0.0, (*middle, 1.0)), (0.95, (*rim, 1.0)))
    colour.node.color_ramp.interpolation = "EASE"
    material.diffuse_color = (*middle, 1.0)
    return _shining(material, plan, colour)


def build_picture(name: str, image: bpy.types.Image) -> bpy.types.Material:
    """A picture shown as it is over a card's UV layout, drawn smoothly however small it is."""
    material, plan = _blank(name)
    picture = plan.node("ShaderNodeTexImage", Vector=plan.layout_place())
    picture.image, picture.interpolation, picture.extension = image, "Cubic", "EXTEND"
    return _shining(
        material, plan, plan.mixed(1.0, picture.outputs["Color"], (0.7, 0.7, 0.7, 1), "MULTIPLY")
    )


def _blank(name: str) -> tuple[bpy.types.Material, Plan]:
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        # Later versions always have the tree and warn when this is touched.
        material.use_nodes = True
    material.node_tree.nodes.clear()
    return material, Plan(material.node_tree, {}, None)


def _shining(
    material: bpy.types.Material, plan: Plan, colour: bpy.types.NodeSocket
) -> bpy.types.Material:
    """The material showing this colour whatever the light."""
    emission = plan.node("ShaderNodeEmission", Color=colour, Strength=1.0)
    output = plan.node("ShaderNodeOutputMaterial", Surface=emission.outputs[0])
    if hasattr(material, "cycles"):
        # The card is seen, it does not light: sampling it as a lamp would only add noise.
        material.cycles.emission_sampling = "NONE"
    arrange(output.id_data)
    return material
