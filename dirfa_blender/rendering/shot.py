"""A portrait: camera, soft three-point light and backdrop, placed around a head by its size.

Where the lamps stand and how they look is data: `shot_presets`. They hang on one pivot in the middle of the
face, so turning that turns the light. The backdrop is a card with a gradient that only the camera sees: it
lights nothing and costs no samples. All sizes follow the height of the head, so any head is lit alike.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..blender.transforms import world_matrix
from ..core.errors import RigError
from ..head import materials, meshes
from ..head.meshes import HeadObjects
from .shot_presets import DEFAULT_SHOT, Lamp, ShotPreset, shot_preset

LENS_MM = 85.0
# Property of the objects of a shot: the name of its preset.
SHOT_KEY = "dirfa_shot"
BACKDROP = "Backdrop"
# Share of a talking-head mesh, from the crown down, that is head; the rest is neck and shoulders.
HEAD_SHARE = 0.72
# Of a head that can be framed, metres.
LEAST_HEIGHT = 1e-5
# Watts a square metre of squared distance at which the key exposes skin well.
KEY_WATTS = 13.5
# Height of the face's middle above the chin, in head heights: what lamps aim at and turn about.
AIM_HEADS = 0.45
# Where the eyes are, in head heights behind the foremost point: what is in focus.
EYES_BEHIND = 0.16
# Length of the line that shows where a lamp aims, in head heights.
SHOWN_HEADS = 0.5
# Pixels along the longer side to which a photo is shrunk to stand far out of focus.
BLURRED_PIXELS = 20


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
    """What `build_shot` made.

    Turning ``light_rig`` about Z walks the lamps round the head; there is no backdrop in a cut-out.
    """

    camera: bpy.types.Object
    light_rig: bpy.types.Object
    lights: tuple[bpy.types.Object, ...]
    backdrop: bpy.types.Object | None


def build_shot(
    scene: bpy.types.Scene,
    subject: HeadObjects | bpy.types.Object,
    collection: bpy.types.Collection | None = None,
    *,
    preset: str = DEFAULT_SHOT,
    photo: Path | None = None,
) -> Shot:
    """Camera, lights, backdrop and view settings for a head that looks along -Y.

    An artist's own camera stays the scene's camera only until this is called: build no shot to keep it.

    Parameters
    ----------
    preset : a name in `shot_presets.SHOTS`
    photo : stands behind the head where the preset asks for it; without one the gradient does

    Raises
    ------
    SettingsError
        There is no preset of that name.
    RigError
        The subject has no height.
    """
    look = shot_preset(preset)
    collection = collection or scene.collection
    framing = frame_head(subject)
    camera = _build_camera(look, framing, collection)
    rig = _build_light_rig(framing, collection)
    lights = tuple(_build_lamp(lamp, framing, rig, collection) for lamp in look.lamps)
    is_open = look.background == "transparent"
    backdrop = None if is_open else _build_backdrop(look, camera, framing, collection, photo)
    scene.render.film_transparent = is_open
    scene.camera = camera
    _set_world(scene, look)
    set_view(scene)
    for thing in filter(None, (camera, rig, *lights, backdrop)):
        thing[SHOT_KEY] = preset
    _hide_pivot(scene, rig)
    return Shot(camera, rig, lights, backdrop)


def remove_shot(scene: bpy.types.Scene) -> None:
    """Take away what `build_shot` has put into a scene; everything else stays."""
    made = [thing for thing in scene.objects if SHOT_KEY in thing]
    data = [thing.data for thing in made if thing.data is not None]
    bpy.data.batch_remove(made)
    bpy.data.batch_remove([block for block in data if block.users == 0])


def frame_head(subject: HeadObjects | bpy.types.Object) -> Framing:
    """Framing of a built head by its named vertices, or of any object by its bounds.

    Raises
    ------
    RigError
        It has no height, as an empty or a plane: a picture of it has no size.
    """
    face = subject.face if isinstance(subject, HeadObjects) else subject
    chin = face.get(meshes.CHIN_KEY)
    corners = np.array([world_matrix(face) @ Vector(corner) for corner in face.bound_box])
    crown, front = float(corners[:, 2].max()), float(corners[:, 1].min())
    if chin is None:
        low = float(corners[:, 2].min())
        middle = (corners[:, 0].max() + corners[:, 0].min()) / 2
        place = Vector((middle, front, crown - HEAD_SHARE * (crown - low)))
    else:
        place = world_matrix(face) @ Vector(chin)
    framing = Framing(place, crown, front)
    if framing.height < LEAST_HEIGHT:
        raise RigError(f"'{face.name}' has no height to be framed. Select the mesh of the face.")
    return framing


def set_view(scene: bpy.types.Scene) -> None:
    """The view that keeps a surface's own colour, where this Blender has it.

    Notes
    -----
    Lit to look like its texture, skin of CIELAB (72, 14, 16) comes out at (76, 16, 20) here and at
    (73, 8, 10) under AgX, which takes half of the colour of fair skin and adds to that of dark skin.
    """
    view = scene.view_settings
    for attribute, value in (("view_transform", "Khronos PBR Neutral"), ("look", "None")):
        try:
            setattr(view, attribute, value)
        except TypeError:
            # A studio's own OpenColorIO configuration lacks the name: theirs stays.
            return


def _build_camera(
    look: ShotPreset, framing: Framing, collection: bpy.types.Collection
) -> bpy.types.Object:
    data = bpy.data.cameras.new("Portrait")
    data.lens, data.sensor_width, data.sensor_height = LENS_MM, 36.0, 24.0
    # The vertical size decides, so the head keeps its size in any picture format. 85 mm on a
    # 24 mm high picture.
    data.sensor_fit = "VERTICAL"
    middle = Vector(
        (framing.chin.x, framing.front_y, framing.chin.z + look.middle_heads * framing.height)
    )
    distance = look.picture_heads * framing.height * LENS_MM / data.sensor_height
    data.clip_start, data.clip_end = 0.01, 100.0
    data.dof.use_dof = look.aperture > 0
    data.dof.focus_distance = distance + EYES_BEHIND * framing.height
    if look.aperture > 0:
        data.dof.aperture_fstop = look.aperture
    camera = bpy.data.objects.new("Portrait Camera", data)
    collection.objects.link(camera)
    camera.location = middle + Vector((0.0, -distance, 0.0))
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    return camera


def _build_light_rig(framing: Framing, collection: bpy.types.Collection) -> bpy.types.Object:
    """The pivot the lamps hang on: its turn about Z is the one control of the light's direction."""
    rig = bpy.data.objects.new("Portrait Lights", None)
    collection.objects.link(rig)
    rig.empty_display_type = "SINGLE_ARROW"
    rig.empty_display_size = 0.5 * framing.height
    rig.location = (
        framing.chin.x,
        framing.front_y,
        framing.chin.z + AIM_HEADS * framing.height,
    )
    return rig


def _hide_pivot(scene: bpy.types.Scene, rig: bpy.types.Object) -> None:
    """Close the pivot's eye in the outliner: its arrow and the lines to the lamps cross the face."""
    for layer in scene.view_layers:
        # A layer may leave out the collection it is in.
        with contextlib.suppress(RuntimeError):
            rig.hide_set(True, view_layer=layer)


def _build_lamp(
    lamp: Lamp, framing: Framing, rig: bpy.types.Object, collection: bpy.types.Collection
) -> bpy.types.Object:
    place = Vector(lamp.place) * framing.height
    data = bpy.data.lights.new(lamp.name, "AREA")
    data.shape, data.size = "DISK", lamp.size * framing.height
    # Light on the face falls with the square of the distance: the strength is meant at the face.
    data.energy = KEY_WATTS * lamp.strength * place.length_squared
    data.color = lamp.colour
    # Only how long its line is drawn: the default of 40 m crosses every face in the window.
    data.cutoff_distance = SHOWN_HEADS * framing.height
    light = bpy.data.objects.new(f"{lamp.name} Light", data)
    collection.objects.link(light)
    light.parent = rig
    # A wide fill would lie as a veil over every pupil.
    light.visible_glossy = lamp.is_mirrored
    data.specular_factor = 1.0 if lamp.is_mirrored else 0.0
    turn = (-place).to_track_quat("-Z", "Y").to_matrix().to_4x4()
    light.matrix_local = Matrix.Translation(place) @ turn
    return light


def _build_backdrop(
    look: ShotPreset,
    camera: bpy.types.Object,
    framing: Framing,
    collection: bpy.types.Collection,
    photo: Path | None,
) -> bpy.types.Object:
    """A card far behind the head that fills the picture at any format up to 3:1."""
    behind = framing.front_y + 6.0 * framing.height
    half = 0.62 * look.picture_heads * framing.height * (behind - camera.location.y)
    half /= framing.front_y - camera.location.y
    mesh = bpy.data.meshes.new(BACKDROP)
    corners = [
        (-1.6 * half, 0, -half),
        (1.6 * half, 0, -half),
        (1.6 * half, 0, half),
        (-1.6 * half, 0, half),
    ]
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", [0, 0, 1, 0, 1, 1, 0, 1])
    image = _blurred(photo) if look.background == "photo" and photo is not None else None
    if image is not None:
        material = materials.build_picture(BACKDROP, image)
    else:
        rim = look.middle if look.background == "plain" else look.rim
        material = materials.build_backdrop(BACKDROP, look.middle, rim)
    mesh.materials.append(material)
    card = bpy.data.objects.new(BACKDROP, mesh)
    collection.objects.link(card)
    card.location = (framing.chin.x, behind, camera.location.z)
    card.hide_select = True
    for ray in ("diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(card, f"visible_{ray}", False)
    return card


def _blurred(photo: Path) -> bpy.types.Image | None:
    """The photo so small that drawing it large again blurs it; None where it cannot be read."""
    try:
        image = bpy.data.images.load(str(photo))
    except RuntimeError:
        return None
    width, height = image.size
    if not width or not height:
        bpy.data.images.remove(image)
        return None
    share = BLURRED_PIXELS / max(width, height)
    image.scale(max(2, round(width * share)), max(2, round(height * share)))
    image.name = BACKDROP
    image.pack()
    return image


def _set_world(scene: bpy.types.Scene, look: ShotPreset) -> None:
    """A faint even light, so no shadow is quite black; an artist's world is left in the file."""
    world = bpy.data.worlds.new("Portrait")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    background = tree.nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = (*look.ambient, 1.0)
    background.inputs["Strength"].default_value = 1.0
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(background.outputs[0], output.inputs["Surface"])
    world.color = look.ambient
    scene.world = world
