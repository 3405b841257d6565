"""What an artist chooses in a scene: one property group, ``scene.dirfa``.

Values of a running job are not here: they belong to `session`, since they are not part of the file.
"""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .shot_presets import DEFAULT_SHOT, SHOTS

SIZES = {
    "preview": (384, 480),
    "portrait": (864, 1080),
    "square": (1080, 1080),
    "wide": (1920, 1080),
}


class DIRFA_PG_settings(bpy.types.PropertyGroup):
    audio: StringProperty(
        name="Speech",
        description="Recording to speak: wav, flac, ogg or mp3, at any rate",
        subtype="FILE_PATH",
    )
    actor: EnumProperty(
        name="Actor",
        description="Who speaks",
        items=(
            ("photo", "Photo", "Build a head from a photo of a face"),
            ("object", "Character", "Animate a character that is in the scene"),
        ),
        default="photo",
    )
    photo: StringProperty(
        name="Photo",
        description="Portrait with one face, seen from the front",
        subtype="FILE_PATH",
    )
    target: PointerProperty(
        name="Character",
        description="Mesh with ARKit shape keys, the armature that carries it, or any object to nod",
        type=bpy.types.Object,
    )
    seed: IntProperty(
        name="Seed",
        description="Which take: lips stay the same, brows, blinks, gaze and head differ",
        default=0,
        min=0,
    )
    head: FloatProperty(
        name="Head Motion",
        description="Strength of head motion, 1 as learnt from people",
        default=1.0,
        min=0.0,
        max=3.0,
        soft_max=2.0,
        subtype="FACTOR",
    )
    brows: FloatProperty(
        name="Brows",
        description="Strength of the brows, 1 as learnt from people",
        default=1.0,
        min=0.0,
        max=3.0,
        soft_max=2.0,
        subtype="FACTOR",
    )
    blinks: FloatProperty(
        name="Blinks",
        description="Rate of blinking, 1 as people do while they speak",
        default=1.0,
        min=0.0,
        max=3.0,
        soft_max=2.0,
        subtype="FACTOR",
    )
    use_sound: BoolProperty(
        name="Sound Strip",
        description="Place the recording in the sequencer and fit the frame range to it",
        default=True,
    )
    use_shot: BoolProperty(
        name="Camera and Lights",
        description="Build a portrait shot around a new head",
        default=True,
    )
    shot: EnumProperty(
        name="Shot",
        description="Light, framing and background of the portrait",
        items=tuple((name, name.capitalize(), shot.about) for name, shot in SHOTS.items()),
        default=DEFAULT_SHOT,
    )
    engine: EnumProperty(
        name="Engine",
        description="Render engine of the video",
        items=(
            ("cycles", "Cycles", "Best light on skin"),
            ("eevee", "EEVEE", "Fast with a graphics card"),
            ("workbench", "Workbench", "Plain preview in seconds"),
        ),
        default="cycles",
    )
    size: EnumProperty(
        name="Size",
        description="Format of the video",
        items=tuple(
            (name, f"{name.capitalize()} {w} x {h}", f"{w} x {h} pixels")
            for name, (w, h) in SIZES.items()
        ),
        default="preview",
    )
    output: StringProperty(
        name="Video",
        description="File of the video",
        default="//talk.mp4",
        subtype="FILE_PATH",
    )


CLASSES = (DIRFA_PG_settings,)
