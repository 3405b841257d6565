"""A portrait: camera, soft three-point light and backdrop, placed around a head by its size.

The key is large and close, above and to the left of the camera, which gives soft shadows and one clear
catch-light in each eye; the fill opens the shadow side to about a third of it, and a cool rim from behind
parts the head from the backdrop. The backdrop is a card with a gradient that only the camera sees: it
lights nothing and costs no samples. All sizes follow the height of the head, so any head is lit alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Vector

from . import materials
from .meshes import HeadObjects

LENS_MM = 85.0
# Height of the picture, in head heights (chin to crown): the head with headroom and shoulders.
PICTURE_HEADS = 1.40
# Where the middle of the picture lies, in head heights above the chin.
MIDDLE_HEADS = 0.42
BACKDROP_MIDDLE = (0.105, 0.125, 0.145)
BACKDROP_RIM = (0.018, 0.023, 0.030)
AMBIENT = (0.030, 0.034, 0.040, 1.0)
# Share of a talking-head mesh, from the crown down, that is head; the rest is neck and shoulders.
HEAD_SHARE = 0.72


@dataclass(frozen=True)
class Framing:
    """What a camera needs to know of a head: chin, crown and front, in world metres."""

    chin: Vector
    crown_z: float
    front_y: float

    @property
    def height(self) -> float:
        """Metres from chin to crown."""
        return self.crown_z - self.chin.z


@dataclass(frozen=True)
class Shot:
    """What `build_shot` made."""

    camera: bpy.types.Object
    lights: tuple[bpy.types.Object, ...]
    backdrop: bpy.types.Object


@dataclass(frozen=True)
class _Lamp:
    """An area light: place in head heights from the middle of the face, size likewise, and its light.

    ``strength`` is relative to the key at the same distance.
    """

    name: str
    place: tuple[float, float, float]
    size: float
    strength: float
    colour: tuple[float, float, float]


LAMPS = (
    _Lamp("Key", (-2.5, -3.1, 2.2), 2.6, 1.0, (1.0, 0.935, 0.86)),
    _Lamp("Fill", (3.2, -3.0, 0.3), 3.6, 0.26, (1.0, 0.98, 0.97)),
    _Lamp("Rim", (1.9, 2.6, 2.3), 1.6, 0.9, (0.86, 0.93, 1.0)),
)
# Watts a square metre of squared distance at which the key exposes skin well under AgX.
KEY_WATTS = 20.0


def build_shot(
    scene: bpy.types.Scene,
    subject: HeadObjects | bpy.types.Object,
    collection: bpy.types.Collection | None = None,
) -> Shot:
    """Camera, lights, backdrop and view settings for a head that looks along -Y.

    An artist's own camera stays the scene's camera only until this is called: build no shot to keep it.
    """
    collection = collection or scene.collection
    framing = frame_head(subject)
    camera = _build_camera(framing, collection)
    lights = tuple(_build_lamp(lamp, framing, collection) for lamp in LAMPS)
    backdrop = _build_backdrop(camera, framing, collection)
    scene.camera = camera
    _set_world(scene)
    set_view(scene)
    return Shot(camera, lights, backdrop)


def frame_head(subject: HeadObjects | bpy.types.Object) -> Framing:
    """Framing of a built head by its named vertices, or of any object by its bounds."""
    face = subject.face if isinstance(subject, HeadObjects) else subject
    chin = face.get("dirfa_chin")
    corners = np.array([face.matrix_world @ Vector(corner) for corner in face.bound_box])
    crown, front = float(corners[:, 2].max()), float(corners[:, 1].min())
    if chin is not None:
        return Framing(face.matrix_world @ Vector(chin), crown, front)
    low = float(corners[:, 2].min())
    middle = (corners[:, 0].max() + corners[:, 0].min()) / 2
    return Framing(Vector((middle, front, crown - HEAD_SHARE * (crown - low))), crown, front)


def set_view(scene: bpy.types.Scene) -> None:
    """AgX with a little more contrast, where this Blender has it."""
    view = scene.view_settings
    for attribute, value in (("view_transform", "AgX"), ("look", "AgX - Medium High Contrast")):
        try:
            setattr(view, attribute, value)
        except TypeError:
            # A studio's own OpenColorIO configuration lacks the name: theirs stays.
            return


def _build_camera(framing: Framing, collection: bpy.types.Collection) -> bpy.types.Object:
    data = bpy.data.cameras.new("Portrait")
    data.lens, data.sensor_width, data.sensor_height = LENS_MM, 36.0, 24.0
    # The vertical size decides, so the head keeps its size in any picture format. 85 mm on a
    # 24 mm high picture.
    data.sensor_fit = "VERTICAL"
    middle = Vector(
        (framing.chin.x, framing.front_y, framing.chin.z + MIDDLE_HEADS * framing.height)
    )
    distance = PICTURE_HEADS * framing.height * LENS_MM / data.sensor_height
    data.clip_start, data.clip_end = 0.01, 100.0
    camera = bpy.data.objects.new("Portrait Camera", data)
    collection.objects.link(camera)
    camera.location = middle + Vector((0.0, -distance, 0.0))
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    return camera


def _build_lamp(
    lamp: _Lamp, framing: Framing, collection: bpy.types.Collection
) -> bpy.types.Object:
    aim = Vector((framing.chin.x, framing.front_y, framing.chin.z + 0.45 * framing.height))
    place = aim + Vector(lamp.place) * framing.height
    data = bpy.data.lights.new(lamp.name, "AREA")
    data.shape, data.size = "DISK", lamp.size * framing.height
    # Light on the face falls with the square of the distance: the strength is meant at the face.
    data.energy = KEY_WATTS * lamp.strength * (place - aim).length_squared
    data.color = lamp.colour
    light = bpy.data.objects.new(f"{lamp.name} Light", data)
    collection.objects.link(light)
    turn = (aim - place).to_track_quat("-Z", "Y").to_matrix().to_4x4()
    light.matrix_world = Matrix.Translation(place) @ turn
    return light


def _build_backdrop(
    camera: bpy.types.Object, framing: Framing, collection: bpy.types.Collection
) -> bpy.types.Object:
    """A card far behind the head that fills the picture at any format up to 3:1."""
    behind = framing.front_y + 6.0 * framing.height
    half = 0.62 * PICTURE_HEADS * framing.height * (behind - camera.location.y)
    half /= framing.front_y - camera.location.y
    mesh = bpy.data.meshes.new("Backdrop")
    corners = [
        (-1.6 * half, 0, -half),
        (1.6 * half, 0, -half),
        (1.6 * half, 0, half),
        (-1.6 * half, 0, half),
    ]
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", [0, 0, 1, 0, 1, 1, 0, 1])
    mesh.materials.append(materials.build_backdrop("Backdrop", BACKDROP_MIDDLE, BACKDROP_RIM))
    card = bpy.data.objects.new("Backdrop", mesh)
    collection.objects.link(card)
    card.location = (framing.chin.x, behind, camera.location.z)
    card.hide_select = True
    for ray in ("diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(card, f"visible_{ray}", False)
    return card


def _set_world(scene: bpy.types.Scene) -> None:
    """A faint even light, so no shadow is quite black; an artist's world is left in the file."""
    world = bpy.data.worlds.new("Portrait")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    background = tree.nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = AMBIENT
    background.inputs["Strength"].default_value = 1.0
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(background.outputs[0], output.inputs["Surface"])
    world.color = AMBIENT[:3]
    scene.world = world
