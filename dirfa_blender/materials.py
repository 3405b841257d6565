"""Shaders of the parts of a head: one node tree each, the same for Cycles and EEVEE.

Eyes take their pattern from the vector attribute that `meshes` stores (place on the disc in iris radii),
so no texture coordinates need to fit. The cornea is a mix of transparent and glossy instead of glass:
it needs no refraction, costs one transparent step in Cycles and has nothing to sort in EEVEE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import bpy

Colour = tuple[float, float, float]

# sRGB, where a head brings no measured colour.
DEFAULT_COLOURS: dict[str, Colour] = {
    "skin": (0.80, 0.62, 0.53),
    "lips": (0.68, 0.40, 0.37),
    "iris": (0.36, 0.26, 0.17),
    "hair": (0.16, 0.11, 0.08),
}
# Mean free path of red, green and blue light in skin, as fractions of the scale below.
SKIN_RADIUS = (1.0, 0.38, 0.20)
SKIN_SCALE_METRES = 0.0045
# Vector attribute of eye vertices: place on the eye's disc, right and up in iris radii, and depth.
EYE_ATTRIBUTE = "eye_disc"
# In the layout, the lowest row of the hair and the height over which its strands thin out.
HAIRLINE_V = 0.004
HAIRLINE_FADE = 0.016
# Value of every vertex: 1 on the lips, for heads without a texture.
LIPS_ATTRIBUTE = "lips"


@dataclass(frozen=True)
class _Plan:
    """A tree under construction, the colours of its head, and the skin texture."""

    tree: bpy.types.NodeTree
    colours: Mapping[str, Colour]
    albedo: bpy.types.Image | None

    def linear(self, name: str, gain: float = 1.0) -> tuple[float, float, float, float]:
        """Scene-linear RGBA of a named head colour."""
        red, green, blue = self.colours.get(name, DEFAULT_COLOURS[name])
        return (_linear(red) * gain, _linear(green) * gain, _linear(blue) * gain, 1.0)

    def node(self, kind: str, **inputs: object) -> bpy.types.Node:
        """A new node; inputs are set by name, or linked where the value is a socket."""
        node = self.tree.nodes.new(kind)
        for name, value in inputs.items():
            self.feed(node, name.replace("_", " "), value)
        return node

    def feed(self, node: bpy.types.Node, name: str | int, value: object) -> None:
        """Set one input of a node, or link a socket to it."""
        socket = node.inputs[name]
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value

    def principled(self, **inputs: object) -> bpy.types.Node:
        return self.node("ShaderNodeBsdfPrincipled", **inputs)

    def math(self, operation: str, *values: object) -> bpy.types.NodeSocket:
        node = self.tree.nodes.new("ShaderNodeMath")
        node.operation = operation
        for index, value in enumerate(values):
            self.feed(node, index, value)
        return node.outputs[0]

    def ramp(
        self, factor: bpy.types.NodeSocket, *stops: tuple[float, object]
    ) -> bpy.types.NodeSocket:
        """Colour of a factor along `stops` of position and scene-linear RGBA."""
        node = self.node("ShaderNodeValToRGB", Fac=factor)
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, colour) in zip(elements, stops, strict=True):
            element.position, element.color = position, colour
        return node.outputs[0]

    def mixed(
        self, factor: object, first: object, second: object, blend: str = "MIX"
    ) -> bpy.types.NodeSocket:
        node = self.tree.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", blend
        # Sockets 0, 6 and 7 of the mix node are the factor and the two colours.
        for index, value in ((0, factor), (6, first), (7, second)):
            self.feed(node, index, value)
        return node.outputs[2]

    def noise(self, vector: object, scale: float, detail: float = 2.0) -> bpy.types.NodeSocket:
        node = self.node("ShaderNodeTexNoise", Scale=scale, Detail=detail)
        if vector is not None:
            self.feed(node, "Vector", vector)
        return node.outputs[0]

    def rest_place(self) -> bpy.types.NodeSocket:
        """Texture coordinates that stay on the skin while it moves."""
        return self.node("ShaderNodeTexCoord").outputs["UV"]

    def attribute(self, name: str, output: str) -> bpy.types.NodeSocket:
        node = self.tree.nodes.new("ShaderNodeAttribute")
        node.attribute_name = name
        return node.outputs[output]

    def eye_place(self) -> bpy.types.NodeSocket:
        return self.attribute(EYE_ATTRIBUTE, "Vector")

    def eye_radius(self, place: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """Distance from the middle of the iris, 1 at its rim."""
        node = self.node("ShaderNodeSeparateXYZ", Vector=place)
        squares = [self.math("MULTIPLY", node.outputs[i], node.outputs[i]) for i in (0, 1)]
        return self.math("SQRT", self.math("ADD", *squares))


def build(
    slot: str,
    name: str,
    colours: Mapping[str, Colour],
    albedo: bpy.types.Image | None = None,
) -> bpy.types.Material:
    """A new material for one slot of a head; slots without a shader of their own get plain skin.

    Parameters
    ----------
    colours : sRGB 0..1 of ``skin``, ``lips``, ``iris``, ``hair`` where measured
    albedo : skin texture in the head's UV layout
    """
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        # Later versions always have the tree and warn when this is touched.
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    plan = _Plan(tree, colours, albedo)
    shader = _SHADERS.get(slot, _skin)(plan)
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(shader.outputs[0], output.inputs["Surface"])
    material.diffuse_color = _VIEWPORT.get(slot) or plan.linear(slot if slot in colours else "skin")
    material.roughness = 0.5
    if slot == "cornea":
        material.surface_render_method = "BLENDED"
        material.use_transparent_shadow = True
    _arrange(tree)
    return material


def build_backdrop(name: str, middle: Colour, rim: Colour) -> bpy.types.Material:
    """Light-free gradient from `middle` to `rim` (scene linear) over a card's UV layout."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    plan = _Plan(tree, {}, None)
    centred = plan.node("ShaderNodeMapping", Vector=plan.rest_place())
    centred.inputs["Location"].default_value = (-1.0, -1.0, 0.0)
    centred.inputs["Scale"].default_value = (2.0, 2.0, 1.0)
    distance = plan.node("ShaderNodeVectorMath")
    distance.operation = "LENGTH"
    plan.feed(distance, 0, centred.outputs[0])
    colour = plan.ramp(distance.outputs["Value"], (0.0, (*middle, 1.0)), (0.95, (*rim, 1.0)))
    colour.node.color_ramp.interpolation = "EASE"
    emission = plan.node("ShaderNodeEmission", Color=colour, Strength=1.0)
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(emission.outputs[0], output.inputs["Surface"])
    material.diffuse_color = (*middle, 1.0)
    if hasattr(material, "cycles"):
        # The card is seen, it does not light: sampling it as a lamp would only add noise.
        material.cycles.emission_sampling = "NONE"
    _arrange(tree)
    return material


def _skin(plan: _Plan) -> bpy.types.Node:
    place = plan.rest_place()
    # One octave: the node is evaluated three times for the bump in every light path.
    grain = plan.noise(place, 320.0, 0.0)
    if plan.albedo is not None:
        image = plan.tree.nodes.new("ShaderNodeTexImage")
        image.image = plan.albedo
        plan.tree.nodes.active = image
        colour = image.outputs["Color"]
    else:
        colour = plan.mixed(
            plan.attribute(LIPS_ATTRIBUTE, "Fac"), plan.linear("skin"), plan.linear("lips")
        )
    bump = plan.node("ShaderNodeBump", Height=grain, Strength=0.15, Distance=0.0004)
    skin = plan.principled(Base_Color=colour, Roughness=0.48, Normal=bump.outputs[0])
    skin.inputs["Subsurface Weight"].default_value = 0.30
    skin.inputs["Subsurface Radius"].default_value = SKIN_RADIUS
    skin.inputs["Subsurface Scale"].default_value = SKIN_SCALE_METRES
    skin.inputs["Specular IOR Level"].default_value = 0.40
    # Random walk costs a third more time a frame and looks the same at portrait size.
    skin.subsurface_method = "BURLEY"
    return skin


def _sclera(plan: _Plan) -> bpy.types.Node:
    radius = plan.eye_radius(plan.eye_place())
    # Positions are in fractions of two iris radii: white around the iris, warmer into the corners.
    colour = plan.ramp(
        plan.math("MULTIPLY", radius, 0.5),
        (0.45, (0.60, 0.565, 0.53, 1.0)),
        (0.78, (0.50, 0.42, 0.385, 1.0)),
        (1.0, (0.34, 0.20, 0.17, 1.0)),
    )
    return plan.principled(Base_Color=colour, Roughness=0.22)


def _iris(plan: _Plan) -> bpy.types.Node:
    place = plan.eye_place()
    radius = plan.eye_radius(place)
    parts = plan.node("ShaderNodeSeparateXYZ", Vector=place)
    angle = plan.math("ARCTAN2", parts.outputs[1], parts.outputs[0])
    spokes = plan.node(
        "ShaderNodeCombineXYZ", X=plan.math("SINE", angle), Y=plan.math("COSINE", angle)
    )
    plan.feed(spokes, "Z", plan.math("MULTIPLY", radius, 0.3))
    fibres = plan.noise(spokes.outputs[0], 9.0, 3.0)
    tone = plan.mixed(fibres, plan.linear("iris", 0.45), plan.linear("iris", 1.6))
    ring = plan.ramp(
        radius,
        (0.30, (0.55, 0.50, 0.45, 1.0)),
        (0.55, (1.0, 1.0, 1.0, 1.0)),
        (0.80, (0.85, 0.85, 0.85, 1.0)),
        (0.97, (0.10, 0.09, 0.09, 1.0)),
    )
    return plan.principled(Base_Color=plan.mixed(1.0, tone, ring, "MULTIPLY"), Roughness=0.35)


def _pupil(plan: _Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.004, 0.004, 0.004, 1.0), Roughness=0.25)


def _cornea(plan: _Plan) -> bpy.types.Node:
    clear = plan.tree.nodes.new("ShaderNodeBsdfTransparent")
    gloss = plan.node("ShaderNodeBsdfGlossy", Roughness=0.2)
    fresnel = plan.node("ShaderNodeFresnel", IOR=1.42)
    side = plan.tree.nodes.new("ShaderNodeNewGeometry")
    front = plan.math("SUBTRACT", 1.0, side.outputs["Backfacing"])
    # At grazing angles a real cornea is hidden by the lids; without the limit its rim would mirror.
    shine = plan.math("MULTIPLY", plan.math("MULTIPLY", fresnel.outputs[0], 1.8), front)
    factor = plan.math("MINIMUM", shine, 0.25)
    mix = plan.node("ShaderNodeMixShader", Fac=factor)
    plan.feed(mix, 1, clear.outputs[0])
    plan.feed(mix, 2, gloss.outputs[0])
    return mix


def _teeth(plan: _Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.60, 0.53, 0.43, 1.0), Roughness=0.28, IOR=1.5)


def _gums(plan: _Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.28, 0.075, 0.07, 1.0), Roughness=0.35)


def _tongue(plan: _Plan) -> bpy.types.Node:
    grain = plan.noise(plan.rest_place(), 320.0, 0.0)
    bump = plan.node("ShaderNodeBump", Height=grain, Strength=0.3, Distance=0.001)
    colour = plan.mixed(grain, (0.26, 0.07, 0.065, 1.0), (0.36, 0.12, 0.11, 1.0))
    return plan.principled(Base_Color=colour, Roughness=0.4, Normal=bump.outputs[0])


def _mouth(plan: _Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.15, 0.036, 0.032, 1.0), Roughness=0.6)


def _lashes(plan: _Plan) -> bpy.types.Node:
    return plan.principled(Base_Color=(0.012, 0.009, 0.008, 1.0), Roughness=0.7)


def _hair(plan: _Plan) -> bpy.types.Node:
    place = plan.rest_place()
    strands = plan.noise(_stretched(plan, place, (160.0, 8.0, 1.0)), 4.0, 1.0)
    locks = plan.noise(_stretched(plan, place, (60.0, 6.0, 1.0)), 1.5, 1.0)
    height = plan.math(
        "ADD", plan.math("MULTIPLY", strands, 0.45), plan.math("MULTIPLY", locks, 0.55)
    )
    bump = plan.node("ShaderNodeBump", Height=height, Strength=0.4, Distance=0.002)
    colour = plan.ramp(
        height,
        (0.30, plan.linear("hair", 0.30)),
        (0.52, plan.linear("hair", 0.72)),
        (0.70, plan.linear("hair", 1.05)),
    )
    # Single strands thin out over the lowest rows, so that the hairline is no edge.
    parts = plan.node("ShaderNodeSeparateXYZ", Vector=place)
    above = plan.math("DIVIDE", plan.math("SUBTRACT", parts.outputs[1], HAIRLINE_V), HAIRLINE_FADE)
    thinned = plan.math("SUBTRACT", above, plan.math("MULTIPLY", strands, 0.9))
    alpha = plan.math("MULTIPLY", thinned, 1.6)
    alpha.node.use_clamp = True
    hair = plan.principled(Base_Color=colour, Roughness=0.58, Normal=bump.outputs[0], Alpha=alpha)
    hair.inputs["Specular IOR Level"].default_value = 0.22
    return hair


def _cloth(plan: _Plan) -> bpy.types.Node:
    weave = plan.noise(plan.rest_place(), 900.0, 1.0)
    bump = plan.node("ShaderNodeBump", Height=weave, Strength=0.25, Distance=0.0006)
    colour = plan.mixed(weave, (0.016, 0.019, 0.027, 1.0), (0.034, 0.040, 0.054, 1.0))
    cloth = plan.principled(Base_Color=colour, Roughness=0.9, Normal=bump.outputs[0])
    cloth.inputs["Specular IOR Level"].default_value = 0.15
    cloth.inputs["Sheen Weight"].default_value = 0.25
    return cloth


def _stretched(
    plan: _Plan, place: bpy.types.NodeSocket, scale: tuple[float, float, float]
) -> bpy.types.NodeSocket:
    mapping = plan.node("ShaderNodeMapping", Vector=place)
    mapping.inputs["Scale"].default_value = scale
    return mapping.outputs[0]


_SHADERS: dict[str, Callable[[_Plan], bpy.types.Node]] = {
    "skin": _skin,
    "sclera": _sclera,
    "iris": _iris,
    "pupil": _pupil,
    "cornea": _cornea,
    "teeth": _teeth,
    "gums": _gums,
    "tongue": _tongue,
    "mouth": _mouth,
    "lashes": _lashes,
    "hair": _hair,
    "cloth": _cloth,
}

# Solid-view and Workbench colours, scene linear; the rest take the head's measured colour.
_VIEWPORT: dict[str, tuple[float, float, float, float]] = {
    "sclera": (0.62, 0.58, 0.54, 1.0),
    "pupil": (0.005, 0.005, 0.005, 1.0),
    "cornea": (1.0, 1.0, 1.0, 0.0),
    "teeth": (0.50, 0.45, 0.37, 1.0),
    "gums": (0.28, 0.075, 0.07, 1.0),
    "tongue": (0.36, 0.12, 0.11, 1.0),
    "mouth": (0.045, 0.009, 0.008, 1.0),
    "lashes": (0.012, 0.009, 0.008, 1.0),
    "cloth": (0.025, 0.029, 0.040, 1.0),
}


def _linear(value: float) -> float:
    """Scene-linear value of one sRGB channel (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _arrange(tree: bpy.types.NodeTree) -> None:
    """Place nodes in columns by their distance from the output, so the tree can be read."""
    column = dict.fromkeys(tree.nodes, 0)
    for _ in tree.nodes:
        for link in tree.links:
            column[link.from_node] = max(column[link.from_node], column[link.to_node] + 1)
    filled: dict[int, int] = {}
    for node, place in column.items():
        row = filled.get(place, 0)
        filled[place] = row + 1
        node.location = (-240 * place, -300 * row)
