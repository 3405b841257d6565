"""A shader tree under construction, written as expressions: nodes are values, sockets link themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

import bpy

from ..core.hair.atlas import HAIR_COLOUR

Colour = tuple[float, float, float]
Rgba = tuple[float, float, float, float]

# sRGB, where a head brings no measured colour.
DEFAULT_COLOURS: dict[str, Colour] = {
    "skin": (0.80, 0.62, 0.53),
    "lips": (0.68, 0.40, 0.37),
    "iris": (0.36, 0.26, 0.17),
    "hair": HAIR_COLOUR,
    "beard": (0.16, 0.11, 0.08),
}
# Vector attribute of eye vertices: place on the eye's disc, right and up in iris radii, and depth.
EYE_ATTRIBUTE = "eye_disc"
# Vector attribute of every vertex: red of the lips, shine of oily skin, wet edge of a lid; 0..1 each.
SKIN_ATTRIBUTE = "skin_zones"
# Vector attribute of every vertex: where it is on the neutral head, millimetres.
REST_ATTRIBUTE = "rest_mm"
# Vector attribute of every vertex: the way across the nearest crease, its depth, its family's number.
CREASE_ATTRIBUTE = "creases"
# Number of every strand of hair: 0 dark to 1 fair.
TONE_ATTRIBUTE = "strand_tone"
# Number of every strand of hair that is grey at the sides: 0 of the crown's colour to 1 of the sides'.
SIDES_ATTRIBUTE = "strand_sides"


@dataclass(frozen=True)
class Plan:
    """A tree under construction, the colours of its head, the skin texture and the heights of its folds."""

    tree: bpy.types.NodeTree
    colours: Mapping[str, Colour]
    albedo: bpy.types.Image | None
    relief: bpy.types.Image | None = None

    def linear(self, name: str, gain: float = 1.0) -> tuple[float, float, float, float]:
        """Scene-linear RGBA of a named head colour."""
        red, green, blue = self.colours.get(name) or DEFAULT_COLOURS[name]
        return (linear(red) * gain, linear(green) * gain, linear(blue) * gain, 1.0)

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

    def principled(self, plain: Rgba | None = None, **inputs: object) -> bpy.types.Node:
        """The standard shader; `plain` is the colour left for exporters that cannot follow the nodes."""
        node = self.node("ShaderNodeBsdfPrincipled", **inputs)
        if plain is not None:
            node.inputs["Base Color"].default_value = plain
        return node

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

    def layout_place(self) -> bpy.types.NodeSocket:
        """Texture coordinates."""
        return self.node("ShaderNodeTexCoord").outputs["UV"]

    def rest_place(self, *scale: float) -> bpy.types.NodeSocket:
        """Millimetres on the neutral head, scaled: a pattern that stays on the skin while it moves."""
        place = self.attribute(REST_ATTRIBUTE, "Vector")
        return self.scaled(place, scale) if scale else place

    def scaled(self, place: bpy.types.NodeSocket, scale: tuple[float, ...]) -> bpy.types.NodeSocket:
        mapping = self.node("ShaderNodeMapping", Vector=place)
        mapping.inputs["Scale"].default_value = scale
        return mapping.outputs[0]

    def parts(self, vector: bpy.types.NodeSocket) -> tuple[bpy.types.NodeSocket, ...]:
        """The three components of a vector."""
        return tuple(self.node("ShaderNodeSeparateXYZ", Vector=vector).outputs)

    def between(
        self, factor: bpy.types.NodeSocket, low: float, high: float
    ) -> bpy.types.NodeSocket:
        """`low` where the factor is 0, `high` where it is 1."""
        return self.math("MULTIPLY_ADD", factor, high - low, low)

    def attribute(self, name: str, output: str) -> bpy.types.NodeSocket:
        node = self.tree.nodes.new("ShaderNodeAttribute")
        node.attribute_name = name
        return node.outputs[output]

    def of_object(self, name: str) -> bpy.types.NodeSocket:
        """Three numbers that the object which is drawn keeps under a name, as on the frame; else 0."""
        node = self.tree.nodes.new("ShaderNodeAttribute")
        node.attribute_type, node.attribute_name = "OBJECT", name
        return node.outputs["Vector"]

    def eye_place(self) -> bpy.types.NodeSocket:
        return self.attribute(EYE_ATTRIBUTE, "Vector")

    def eye_radius(self, place: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """Distance from the middle of the iris, 1 at its rim."""
        node = self.node("ShaderNodeSeparateXYZ", Vector=place)
        squares = [self.math("MULTIPLY", node.outputs[i], node.outputs[i]) for i in (0, 1)]
        return self.math("SQRT", self.math("ADD", *squares))


def linear(value: float) -> float:
    """Scene-linear value of one sRGB channel (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def arrange(tree: bpy.types.NodeTree) -> None:
    """Place nodes in columns by their distance from the output, so the tree can be read."""
    readers: dict[bpy.types.Node, list[bpy.types.Node]] = {node: [] for node in tree.nodes}
    for link in tree.links:
        readers[link.from_node].append(link.to_node)
    column: dict[bpy.types.Node, int] = {}
    filled: dict[int, int] = {}
    for node in TopologicalSorter(readers).static_order():
        column[node] = place = max((column[reader] + 1 for reader in readers[node]), default=0)
        row = filled.get(place, 0)
        filled[place] = row + 1
        node.location = (-240 * place, -300 * row)
