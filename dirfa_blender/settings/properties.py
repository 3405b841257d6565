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

from ..blender.file_property import file_property
from ..core.timing import parse_rate
from ..performing import directing, line_properties
from ..performing.line_properties import DIRFA_PG_character, DIRFA_PG_line, DIRFA_PG_rule
from ..rendering.render_order import FILM, PICTURES
from ..rendering.shot_presets import DEFAULT_SHOT, SHOTS
from ..session import state
from ..staging import early, retaking
from ..translation import OWN_CONTEXT
from . import film_choice, head_properties, live_properties


def _rate_index(group: bpy.types.PropertyGroup) -> int:
    name = film_choice.rate_name(group.id_data)
    return film_choice.RATES.index(name) if name else len(film_choice.RATES)


def _set_rate(group: bpy.types.PropertyGroup, index: int) -> None:
    if index < len(film_choice.RATES):
        film_choice.set_rate(group.id_data, parse_rate(film_choice.RATES[index]))


def _known_performers(
    _group: bpy.types.PropertyGroup, _context: bpy.types.Context, typed: str
) -> list[str]:
    return [name for name in state().performers if typed.lower() in name.lower()]


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
    audio: file_property(
        "Speech", "Recording to speak: wav, flac, ogg, mp3, m4a, or a film, at any rate"
    )
    sound: PointerProperty(name="Sound", description="Sound to speak", type=bpy.types.Sound)
    lines: CollectionProperty(
        name="Lines", description="What is spoken in the scene, and by whom", type=DIRFA_PG_line
    )
    line_index: IntProperty(
        name="Line",
        translation_context=OWN_CONTEXT,
        description="Line whose takes and sliders are shown",
        default=0,
        min=0,
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
    photo: file_property(
        "Photo", "Portrait with one face, seen from the front", update=early.on_photo
    )
    photo_left: file_property(
        "From the Left",
        "Optional portrait of the same person turned, so that the left ear is seen",
        update=early.on_photo,
    )
    photo_right: file_property(
        "From the Right",
        "Optional portrait of the same person turned, so that the right ear is seen",
        update=early.on_photo,
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
        update=retaking.on_settings,
    )
    performer: StringProperty(
        name="Performer",
        description="Whose mouth and manner: an actor whom the server has learnt from film; empty for the "
        "talker it comes with",
        search=_known_performers,
        search_options={"SUGGESTION"},
    )
    blinks: FloatProperty(
        name="Blinks",
        description="Rate of blinking, 1 as people do while they speak; a change needs another take",
        default=1.0,
        min=0.0,
        max=3.0,
        soft_max=2.0,
        subtype="FACTOR",
        update=retaking.on_settings,
    )
    breath: FloatProperty(
        name="Breath",
        description="How far the lips part to breathe in between phrases, 1 as people do, 0 not at all; a "
        "change needs another take",
        default=1.0,
        min=0.0,
        max=3.0,
        soft_max=2.0,
        subtype="FACTOR",
        update=retaking.on_settings,
    )
    follow: BoolProperty(
        name="Follow Changes",
        description="Make the chosen line's take anew shortly after seed, blinks or breath change, if none "
        "has them yet",
        default=False,
        update=retaking.on_settings,
    )
    use_texts: BoolProperty(
        name="Text Files",
        description="Where a recording has a .txt file of its name beside it, with the English words that "
        "are said, close the lips exactly where they are spoken",
        default=False,
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
    quality: EnumProperty(
        name="Quality",
        description="How much time a picture is worth",
        items=(
            ("preview", "Preview", "Small and quick, to judge the performance"),
            ("final", "Final", "Full size, clean light, smooth heads"),
        ),
        default="preview",
    )
    engine: EnumProperty(
        name="Engine",
        description="Render engine of the film",
        items=(
            ("cycles", "Cycles", "Best light on skin"),
            ("eevee", "EEVEE", "Fast with a graphics card"),
            ("workbench", "Workbench", "Plain preview in seconds"),
            ("scene", "As the Scene", "Engine, size and samples as the scene has them"),
        ),
        default="cycles",
    )
    size: EnumProperty(
        name="Size",
        description="Format of the final film; a preview has less than half as many pixels a side",
        items=(
            *(
                (name, f"{name.capitalize()} {w} x {h}", f"{w} x {h} pixels")
                for name, (w, h) in film_choice.SIZES.items()
            ),
            ("scene", "As the Scene", "Resolution of the scene's own render settings"),
        ),
        default="portrait",
    )
    samples: IntProperty(
        name="Samples",
        description="Light paths a pixel, 0 for what the quality means: more is cleaner and slower",
        default=0,
        min=0,
        max=16384,
        soft_max=512,
    )
    rate: EnumProperty(
        name="Frame Rate",
        description="Exact rate of the scene; performances and their frame range follow",
        items=(
            *((name, f"{name} fps", f"{name} frames a second") for name in film_choice.RATES),
            ("other", "Another", "Set in the scene's output properties"),
        ),
        get=_rate_index,
        set=_set_rate,
    )
    rate_before: FloatProperty(
        name="Earlier Rate",
        description="Frames a second before the last change",
        default=0.0,
        options={"HIDDEN"},
    )
    film_range: EnumProperty(
        name="Frames",
        translation_context=OWN_CONTEXT,
        description="Which frames are rendered",
        items=(
            ("scene", "Scene", "The frame range of the scene"),
            ("line", "Line", "What the chosen line takes"),
            ("lines", "Lines", "From the first line to the end of the last"),
        ),
        default="scene",
    )
    film_kind: EnumProperty(
        name="File",
        description="What is written",
        items=(
            (FILM, "Film", "H.264 with sound in an .mp4"),
            (PICTURES, "Pictures", "A folder with a .png a frame, transparent in a cut-out shot"),
        ),
        default=FILM,
    )
    film_sound: BoolProperty(
        name="Sound",
        description="Put the sound strips of the sequencer into the film",
        default=True,
    )
    head: PointerProperty(
        name="Head", description="Form of the head", type=head_properties.DIRFA_PG_head
    )
    check_export: BoolProperty(
        name="Read Back",
        description="After an export, read the file in a Blender of its own and compare the shapes and "
        "their motion",
        default=False,
    )
    live: PointerProperty(
        name="Live", description="What is heard live", type=live_properties.DIRFA_PG_live
    )
    output: file_property(
        "Output",
        "File of the film, or folder of the pictures; empty for one beside this file, or among your "
        "videos while it is not saved",
    )


CLASSES = (
    *head_properties.CLASSES,
    *line_properties.CLASSES,
    *live_properties.CLASSES,
    DIRFA_PG_settings,
)
