"""What a scene keeps of its performances: lines, their takes and controls, and the characters that speak.

Everything that made a performance is in the file, the takes themselves included, so it can be directed
again on a computer that never saw a server. All of it belongs to the scene, because a linked character
cannot keep anything and an Action may be swapped.
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
from ..core.action_units import ACTION_UNITS
from ..core.characters.follow_through import MOST_STRENGTH, NATURAL
from ..core.composition import LAST_FRAME
from ..core.emotions import EMOTIONS
from ..core.layers import LAYERS, TITLES
from ..translation import OWN_CONTEXT
from . import directing

STRENGTHS = {
    "jaw": ("Jaw", "How far the jaw opens; closed lips stay closed"),
    "lips": ("Lips", "How far the lips shape the sounds; below 1 mumbles, above 1 articulates"),
    "cheeks": ("Cheeks", "Strength of cheeks and nose"),
    "brows": ("Brows", "Strength of the brows"),
    "lids": ("Lids", "Strength of the lids, blinks included"),
    "gaze": ("Gaze", "How much the eyes look about; at 0 they stay on the viewer"),
    "head": ("Head", "Strength of head motion; the eyes keep their aim"),
}


def _unit_items() -> tuple[tuple[str, str, str], ...]:
    """Every unit once, both sides together."""
    found: dict[str, tuple[str, str, str]] = {}
    for unit in ACTION_UNITS:
        code = (
            unit.code[:-1]
            if unit.side in ("left", "right") and unit.code[:2] == "AU"
            else unit.code
        )
        found.setdefault(code, (code, f"{code} {unit.name.capitalize()}", unit.does.capitalize()))
    return tuple(found.values())


def _strength(name: str, description: str) -> object:
    return FloatProperty(
        name=name, description=description, default=1.0, min=0.0, max=3.0, soft_max=2.0,
        subtype="FACTOR", update=directing.on_change,
    )  # fmt: skip


class DIRFA_PG_unit(bpy.types.PropertyGroup):
    code: EnumProperty(
        name="Unit",
        description="Action unit: one muscle movement of the face, both sides together",
        items=_unit_items(),
        default="AU12",
        update=directing.on_change,
    )
    gain: FloatProperty(
        name="Gain",
        description="Factor on the unit, 1 as in the take",
        default=1.0,
        min=0.0,
        max=3.0,
        update=directing.on_change,
    )
    offset: FloatProperty(
        name="Offset",
        description="Added to the unit over the whole line",
        default=0.0,
        min=-1.0,
        max=1.0,
        update=directing.on_change,
    )
    is_locked: BoolProperty(
        name="Lock",
        translation_context=OWN_CONTEXT,
        description="Another take keeps this unit as it is now",
        default=False,
    )


class DIRFA_PG_controls(bpy.types.PropertyGroup):
    """Sliders that run nothing again: they direct the take that is there."""

    units: CollectionProperty(
        name="Units", description="Action units with a setting of their own", type=DIRFA_PG_unit
    )
    unit_index: IntProperty(options={"HIDDEN"}, name="Unit", description="Unit shown in the list")


DIRFA_PG_controls.__annotations__ |= {
    name: FloatProperty(
        name=name.capitalize(),
        description=f"How {name} the line is played; emotions mix, and right-click adds a keyframe",
        default=0.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=directing.on_change,
    )
    for name in EMOTIONS
}
DIRFA_PG_controls.__annotations__ |= {
    name: _strength(title, text) for name, (title, text) in STRENGTHS.items()
}


class DIRFA_PG_take(bpy.types.PropertyGroup):
    """One take as the server made it; `data` is a whole take file."""

    name: StringProperty(name="Take", description="Name of the take", default="Take")
    seed: IntProperty(
        name="Seed", description="Seed that makes this take again from the same recording", min=0
    )
    blinks: FloatProperty(
        name="Blinks", description="Rate of blinking the take was made with", default=1.0
    )
    breath: FloatProperty(
        name="Breath", description="Strength of breath the take was made with", default=1.0
    )
    seconds: FloatProperty(
        name="Length",
        description="Length of the take",
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
    )
    note: StringProperty(name="Note", description="What the take was made from")
    digest: StringProperty(name="Digest", description="Hash of the take", options={"HIDDEN"})
    data: StringProperty(
        name="Data", description="The take as a file", subtype="BYTE_STRING", options={"HIDDEN"}
    )


class DIRFA_PG_line(bpy.types.PropertyGroup):
    """One piece of speech in the scene and who speaks it."""

    uid: IntProperty(name="Number", description="What the line is known by", options={"HIDDEN"})
    use: BoolProperty(
        name="Play",
        translation_context=OWN_CONTEXT,
        description="Play this line and generate it with the others",
        default=True,
        update=directing.on_change,
    )
    kind: EnumProperty(
        name="Source",
        description="Where the speech comes from",
        items=(
            ("FILE", "File", "A recording on disk"),
            ("STRIP", "Strip", "A sound strip of the sequencer, as it is trimmed there"),
            ("SOUND", "Sound", "A sound that the file holds"),
        ),
    )
    path: file_property("Recording", "Recording on disk")
    strip: StringProperty(name="Strip", description="Sound strip in the sequencer")
    strip_mark: StringProperty(
        name="Mark", description="What the strip is known by when renamed", options={"HIDDEN"}
    )
    sound: PointerProperty(name="Sound", description="Sound in this file", type=bpy.types.Sound)
    character: PointerProperty(
        name="Character",
        description="Who speaks this line",
        type=bpy.types.Object,
        poll=directing.may_speak,
        update=directing.on_recast,
    )
    last_character: PointerProperty(
        name="Earlier Character",
        description="Who spoke this line before",
        type=bpy.types.Object,
        options={"HIDDEN"},
    )
    frame_start: FloatProperty(
        name="Start",
        description="Frame at which the recording begins",
        default=1.0,
        min=-LAST_FRAME,
        max=LAST_FRAME,
        update=directing.on_move,
    )
    last_start: FloatProperty(
        name="Earlier Start",
        description="Frame at which the recording began before",
        default=1.0,
        options={"HIDDEN"},
    )
    takes: CollectionProperty(
        name="Takes", description="Takes of the line, side by side", type=DIRFA_PG_take
    )
    take_index: IntProperty(
        name="Take",
        description="The take that plays",
        default=0,
        min=0,
        update=directing.on_change,
    )
    controls: PointerProperty(
        name="Controls", description="Sliders that direct the line", type=DIRFA_PG_controls
    )
    use_lock_range: BoolProperty(
        name="Lock a Stretch",
        description="Another take keeps the line as it is now between two times",
        default=False,
    )
    lock_start: FloatProperty(
        name="From",
        translation_context=OWN_CONTEXT,
        description="Seconds into the line",
        min=0.0,
        unit="TIME_ABSOLUTE",
    )
    lock_end: FloatProperty(
        name="To",
        translation_context=OWN_CONTEXT,
        description="Seconds into the line",
        min=0.0,
        default=1.0,
        unit="TIME_ABSOLUTE",
    )
    message: StringProperty(name="Message", description="Why the line has no take")


class DIRFA_PG_rule(bpy.types.PropertyGroup):
    """Who speaks the lines whose name fits a pattern."""

    pattern: StringProperty(
        name="Pattern",
        description="Lines whose name fits, where * is any text: hero_*",
        default="*",
    )
    character: PointerProperty(
        name="Character",
        description="Who speaks them",
        type=bpy.types.Object,
        poll=directing.may_speak,
    )


class DIRFA_PG_character(bpy.types.PropertyGroup):
    """One character's performance: the Action it was written to and how."""

    target: PointerProperty(
        name="Character", description="Who performs", type=bpy.types.Object, options={"HIDDEN"}
    )
    action: PointerProperty(
        name="Performance", description="Action that holds the performance", type=bpy.types.Action
    )
    edits: PointerProperty(
        name="Hand Edits",
        description="Action that holds what was changed by hand, as offsets",
        type=bpy.types.Action,
    )
    keys: EnumProperty(
        name="Keys",
        translation_context=OWN_CONTEXT,
        description="How many keys the curves have",
        items=(
            ("EVERY", "Every Frame", "A key on every frame"),
            ("REDUCED", "Reduced", "As few keys as stay within the error"),
        ),
        update=directing.on_rekey,
    )
    interpolation: EnumProperty(
        name="Interpolation",
        description="How curves go from key to key",
        items=(
            ("BEZIER", "Bezier", "Smooth curves with handles"),
            ("LINEAR", "Linear", "Straight lines"),
            ("CONSTANT", "Stepped", "Held until the next key, as drawn animation is"),
        ),
        default="BEZIER",
        update=directing.on_rekey,
    )
    max_error: FloatProperty(
        name="Max Error",
        description="Furthest that a reduced curve may be from the performance, as a shape's weight",
        default=0.01,
        min=0.0005,
        max=0.2,
        precision=3,
        update=directing.on_rekey,
    )
    is_rough: BoolProperty(
        options={"HIDDEN"},
        name="Rough",
        description="Whether a slider moved and where keys belong is not found again yet",
    )
    follow_through: FloatProperty(
        name="Follow-Through",
        description="How late and little neck and shoulders follow the head; at 0 the neck turns with it "
        "at once and the shoulders stay still",
        default=NATURAL,
        min=0.0,
        max=MOST_STRENGTH,
        subtype="FACTOR",
        update=directing.on_rekey,
    )
    fps: FloatProperty(options={"HIDDEN"}, name="Rate", description="Frame rate it was written at")
    is_layered: BoolProperty(
        options={"HIDDEN"}, name="In the NLA", description="Whether the layers are NLA tracks now"
    )


DIRFA_PG_character.__annotations__ |= {
    f"layer_{layer}": FloatProperty(
        name=TITLES[layer],
        description=f"Strength of the layer {TITLES[layer]}",
        default=1.0,
        min=0.0,
        max=2.0,
        soft_max=1.0,
        subtype="FACTOR",
        update=directing.on_rekey,
    )
    for layer in LAYERS
}
DIRFA_PG_character.__annotations__ |= {
    f"mute_{layer}": BoolProperty(
        name=f"Mute {TITLES[layer]}",
        description=f"Leave the layer {TITLES[layer]} out",
        default=False,
        update=directing.on_rekey,
    )
    for layer in LAYERS
}

CLASSES = (
    DIRFA_PG_unit,
    DIRFA_PG_controls,
    DIRFA_PG_take,
    DIRFA_PG_line,
    DIRFA_PG_rule,
    DIRFA_PG_character,
)
