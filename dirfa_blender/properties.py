"""What an artist chooses in a scene: one property group, ``scene.dirfa``.

Values of a running job are not here: they belong to `session`, since they are not part of the file.
"""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from . import directing, line_properties, live_properties
from .line_properties import DIRFA_PG_character, DIRFA_PG_line, DIRFA_PG_rule
from .shot_presets import DEFAULT_SHOT, SHOTS

SIZES = {
    "preview": (384, 480),
    "portrait": (864, 1080),
    "square": (1080, 1080),
    "wide": (1920, 1080),
}


class DIRFA_PG_settings(bpy.types.PropertyGroup):
    source: EnumProperty(
        name="Source",
        description="Where the speech comes from",
        items=(
            ("FILE", "File", "A recording on disk"),
            ("STRIPS", "Lines", "Many lines: sound strips of the sequencer and recordings"),
            ("SOUND", "Sound", "A sound that this file holds"),
        ),
        default="FILE",
    )
    audio: StringProperty(
        name="Speech",
        description="Recording to speak: wav, flac, ogg or mp3, at any rate",
        subtype="FILE_PATH",
    )
    sound: PointerProperty(name="Sound", description="Sound to speak", type=bpy.types.Sound)
    lines: CollectionProperty(
        name="Lines", description="What is spoken in the scene, and by whom", type=DIRFA_PG_line
    )
    line_index: IntProperty(
        name="Line", description="Line whose takes and sliders are shown", default=0, min=0
    )
    next_uid: IntProperty(
        name="Next Number", description="Number of the next line", default=1, options={"HIDDEN"}
    )
    rules: CollectionProperty(
        name="Casting Rules",
        description="Who speaks the lines whose name fits a pattern; the first rule that fits counts",
        type=DIRFA_PG_rule,
    )
    rule_index: IntProperty(
        name="Rule", description="Rule shown in the list", default=0, options={"HIDDEN"}
    )
    characters: CollectionProperty(
        name="Characters", description="Who performs in the scene", type=DIRFA_PG_character
    )
    only_new: BoolProperty(
        name="Only Lines without a Take",
        description="Leave lines alone that have a take already",
        default=True,
    )
    actor: EnumProperty(
        name="Actor",
        description="Who speaks",
        items=(
            ("photo", "Photo", "Build a head from a photo of a face"),
            ("object", "Character", "Animate a character that is in the scene"),
            ("neutral", "Plain Head", "Build the plain head that comes with the add-on"),
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
        description="Mesh with face shapes, the armature that carries it, or any object to nod",
        type=bpy.types.Object,
        poll=directing.may_speak,
    )
    seed: IntProperty(
        name="Seed",
        description="Which take: lips stay the same, brows, blinks, gaze and head differ",
        default=0,
        min=0,
    )
    blinks: FloatProperty(
        name="Blinks",
        description="Rate of blinking, 1 as people do while they speak; a change needs another take",
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
    live: PointerProperty(
        name="Live", description="What is heard live", type=live_properties.DIRFA_PG_live
    )
    output: StringProperty(
        name="Video",
        description="File of the video",
        default="//talk.mp4",
        subtype="FILE_PATH",
    )


CLASSES = (*line_properties.CLASSES, *live_properties.CLASSES, DIRFA_PG_settings)
