"""What an artist chooses for live speech: a group inside ``scene.dirfa``."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ..blender.file_property import file_property
from ..translation import OWN_CONTEXT

# Seconds of sound that the network may hear before it answers; None as long as it helps.
LOOKAHEADS: dict[str, float] = {"NONE": 0.0, "SHORT": 0.04, "MIDDLE": 0.12, "LONGEST": 0.44}


class DIRFA_PG_live(bpy.types.PropertyGroup):
    source: EnumProperty(
        name="Live Source",
        translation_context=OWN_CONTEXT,
        description="What is heard",
        items=(
            ("MICROPHONE", "Microphone", "The system's microphone, through a recorder it has"),
            ("FILE", "Recording", "A recording, played at its own pace"),
            ("LINE", "Line", "Sound of the line chosen in the list, played at its own pace"),
        ),
        default="MICROPHONE",
    )
    audio: file_property("Recording", "Recording that is played live")
    level: FloatProperty(
        name="Level",
        translation_context=OWN_CONTEXT,
        description="Amplification of the microphone in decibels; raise it where lips move too little",
        default=0.0,
        min=-30.0,
        max=40.0,
    )
    lookahead: EnumProperty(
        name="Lookahead",
        translation_context=OWN_CONTEXT,
        description="Sound heard before the face answers, on top of 0.09 s for blocks and finishing",
        items=(
            ("NONE", "None", "0.09 s behind the sound and the way there; least exact"),
            ("SHORT", "0.04 s", "0.13 s behind the sound and the way there"),
            ("MIDDLE", "0.12 s", "0.21 s behind the sound and the way there"),
            (
                "LONGEST",
                "Longest",
                "0.49 s behind the sound and the way there; as exact as a recording",
            ),
        ),
        default="MIDDLE",
    )
    record: BoolProperty(
        name="Record",
        description="Keep what was played as a new line with its take when it ends",
        default=False,
    )


CLASSES = (DIRFA_PG_live,)
