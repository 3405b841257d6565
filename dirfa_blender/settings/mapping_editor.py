"""The mapping editor's rows: a profile as properties that a panel can show, and back.

Rows are a view. What counts is the profile kept on the character (see `profiles`), written anew after every
change that leaves a valid one; a change that does not is shown with its problem and not kept.
"""

from __future__ import annotations

import json
from typing import Any

import bpy
import numpy as np
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core.action_units import ACTION_UNITS, AU_NAMES
from ..core.animation import Animation
from ..core.characters.profile import GAZE_INPUTS, HEAD_INPUTS, INPUTS, MappingProfile
from ..core.characters.profile_reader import input_codes
from ..core.characters.profile_writer import profile_document
from ..core.errors import DirfaError
from ..performing import apply
from ..performing.posed_values import read_values, write_values
from ..performing.shared_meshes import twins
from ..rig import profiles
from ..rig.character import Character, character_of, linked_shapes
from ..staging.hindrances import report_of
from ..translation import OWN_CONTEXT

# Turn of the eyes or the head that the test slider shows at 1, radians.
TEST_ANGLE = 0.3
_UNIT_ITEMS = (
    *((unit.code, f"{unit.code}  {unit.name}", unit.does) for unit in ACTION_UNITS),
    ("gaze_up", "Gaze up", "Both eyes look up; negative looks down"),
    ("gaze_left", "Gaze left", "Both eyes look to the subject's left; negative to the right"),
    ("head_pitch", "Head up", "The head nods up; negative nods down"),
    ("head_yaw", "Head left", "The head turns to the subject's left; negative to the right"),
    (
        "head_roll",
        "Head tilted left",
        "The head tilts to the subject's left; negative to the right",
    ),
)


def _row_changed(self: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:  # noqa: ARG001
    thing = self.id_data
    if not thing.dirfa_mapping.is_filling:
        keep_rows(thing)


def _test_changed(self: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:  # noqa: ARG001
    if not self.is_filling:
        preview(self.id_data)


class DIRFA_PG_mapping_gain(bpy.types.PropertyGroup):
    name: StringProperty(
        name="Input",
        translation_context=OWN_CONTEXT,
        description="Action unit such as AU12L, AU12 for both sides, gaze_up or head_yaw",
        update=_row_changed,
    )
    gain: FloatProperty(
        name="Gain",
        description="How much of the input goes into the channel",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        update=_row_changed,
    )


class DIRFA_PG_mapping_row(bpy.types.PropertyGroup):
    name: StringProperty(name="Channel", description="What the profile calls it")
    own_name: StringProperty(
        name="Moves",
        description="Names of the shape key, custom property or pose asset, separated by commas",
        update=_row_changed,
    )
    is_found: BoolProperty(name="Found", description="Whether the character has it")
    is_viseme: BoolProperty(name="Viseme", description="Whether it comes from the fit of visemes")
    low: FloatProperty(name="Least", description="Least weight", default=0.0, update=_row_changed)
    high: FloatProperty(
        name="Greatest", description="Greatest weight", default=1.0, update=_row_changed
    )
    gains: CollectionProperty(
        type=DIRFA_PG_mapping_gain, name="Inputs", description="What moves the channel"
    )


class DIRFA_PG_mapping(bpy.types.PropertyGroup):
    """The editor's state on one object."""

    rows: CollectionProperty(
        type=DIRFA_PG_mapping_row, name="Channels", description="Channels of the profile"
    )
    active: IntProperty(name="Channel", description="Channel shown below")
    title: StringProperty(name="Title", description="Profile in use")
    report: StringProperty(name="Report", description="What the character has of the profile")
    problem: StringProperty(name="Problem", description="Why the last change was not kept")
    is_filling: BoolProperty(
        name="Filling",
        description="Whether rows are being filled by the program",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    has_linked_shapes: BoolProperty(
        name="Linked Shapes",
        description="Whether shape keys are linked and need an override",
        options={"HIDDEN"},
    )
    has_shared_mesh: BoolProperty(
        name="Shared Mesh",
        description="Whether another character has a mesh of this one",
        options={"HIDDEN"},
    )
    test_input: EnumProperty(
        name="Test", description="Action unit played on the character", items=_UNIT_ITEMS,
        update=_test_changed,
    )  # fmt: skip
    test_level: FloatProperty(
        name="Level",
        translation_context=OWN_CONTEXT,
        description="How strongly it is played; nothing is keyed",
        min=-1.0,
        max=1.0,
        subtype="FACTOR",
        update=_test_changed,
    )
    before_test: StringProperty(
        name="Values before", description="Values from before the test", options={"HIDDEN"}
    )


def show(thing: bpy.types.Object, profile: MappingProfile, character: Character) -> None:
    """Fill the rows of an object's editor with a profile."""
    editor = thing.dirfa_mapping
    covered = profiles.covered(character, profile)
    editor.is_filling = True
    try:
        editor.rows.clear()
        for channel in profile.shapes:
            row = editor.rows.add()
            row.name = channel
            row.own_name = ", ".join(profile.names_of(channel))
            row.is_found = channel in covered.places or channel in covered.bones
            row.is_viseme = channel in profile.visemes
            row.low, row.high = profile.limits.get(channel, (0.0, 1.0))
            column = profile.gains[:, profile.shapes.index(channel)]
            for index in np.flatnonzero(column).tolist():
                gain = row.gains.add()
                gain.name, gain.gain = INPUTS[index], float(column[index])
        editor.title = profile.title or profile.name
        editor.report = report_of(character, profile, covered)
        editor.problem = ""
        editor.has_linked_shapes = bool(linked_shapes(character))
        editor.has_shared_mesh = bool(twins(character))
        editor.active = min(editor.active, max(len(editor.rows) - 1, 0))
    finally:
        editor.is_filling = False


def keep_rows(thing: bpy.types.Object) -> None:
    """Keep the rows as the character's profile; a problem is shown and nothing is kept."""
    editor = thing.dirfa_mapping
    try:
        character = character_of(thing)
        before = profiles.profile_of(character)
        changed = profiles.parse_text(json.dumps(with_rows(before, editor)), "The mapping")
        profiles.keep(character, changed)
    except DirfaError as error:
        editor.problem = str(error)
        return
    covered = profiles.covered(character, changed)
    editor.is_filling = True
    try:
        for row in editor.rows:
            row.is_found = row.name in covered.places or row.name in covered.bones
    finally:
        editor.is_filling = False
    editor.report, editor.problem = report_of(character, changed, covered), ""


def with_rows(profile: MappingProfile, editor: bpy.types.PropertyGroup) -> dict[str, Any]:
    """The document of a profile with the editor's rows in place of its channels."""
    document = profile_document(profile)
    rows = {row.name: row for row in editor.rows}
    document["channels"] = {name: _gains(row) for name, row in rows.items() if not row.is_viseme}
    document["visemes"] = {
        name: value for name, value in document.get("visemes", {}).items() if name in rows
    }
    document["limits"] = {
        name: [row.low, row.high] for name, row in rows.items() if (row.low, row.high) != (0, 1)
    }
    kept = {name: value for name, value in document.get("names", {}).items() if name not in rows}
    shown = {name: [part.strip() for part in row.own_name.split(",") if part.strip()]
             for name, row in rows.items()}  # fmt: skip
    document["names"] = kept | {name: names for name, names in shown.items() if names}
    extra = {name for one in document.get("stand_ins", []) for name in one["channels"]}
    known = set(rows) | extra
    for key in ("yields_to", "at_most", "ranges", "bone_moves", "names"):
        document[key] = {
            name: value
            for name, value in document.get(key, {}).items()
            if name in known and (not isinstance(value, str) or value in known)
        }
    return document


def preview(thing: bpy.types.Object) -> None:
    """Play the test input on the character without a key; what was there before is remembered."""
    editor = thing.dirfa_mapping
    try:
        character = character_of(thing)
        slots = _test_slots(thing, character, editor.test_input, editor.test_level)
    except DirfaError as error:
        editor.problem = str(error)
        return
    if not editor.before_test:
        editor.before_test = json.dumps(read_values(slots))
    write_values(slots)
    editor.problem = ""


def stop_preview(thing: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Put the character back to what it was before the test. Raises RigError."""
    editor = thing.dirfa_mapping
    slots = _test_slots(thing, character_of(thing), editor.test_input, 0.0)
    kept = json.loads(editor.before_test) if editor.before_test else {}
    write_values(slots, kept)
    editor.is_filling = True
    editor.before_test, editor.test_level = "", 0.0
    editor.is_filling = False
    # Animated values come back by themselves.
    scene.frame_set(scene.frame_current)


def _test_slots(
    thing: bpy.types.Object, character: Character, name: str, level: float
) -> list[apply.Slot]:
    profile = profiles.profile_of(character)
    au, gaze, turn = np.zeros((1, len(AU_NAMES))), np.zeros((1, 2)), np.zeros((1, 3))
    if name in GAZE_INPUTS:
        gaze[0, GAZE_INPUTS.index(name)] = level * TEST_ANGLE
    elif name in HEAD_INPUTS:
        turn[0, HEAD_INPUTS.index(name)] = level * TEST_ANGLE
    else:
        au[0, AU_NAMES.index(name)] = max(level, 0.0)
        if name == "AU8":
            # Lips are sealed over an open jaw, or there is nothing to see.
            au[0, AU_NAMES.index("AU26")] = max(level, 0.0)
    animation = Animation(50, 0, AU_NAMES, au, gaze, turn, np.zeros((1, 3)))
    return apply.planned(animation, apply.find_target(thing, profile))


def _gains(row: bpy.types.PropertyGroup) -> dict[str, float]:
    result: dict[str, float] = {}
    for gain in row.gains:
        # A name that is none stays as typed, so that the problem names it.
        for code in input_codes(gain.name) or (gain.name,):
            result[code] = gain.gain
    return result


def register_properties() -> None:
    """Give objects their editor."""
    bpy.types.Object.dirfa_mapping = PointerProperty(type=DIRFA_PG_mapping)


def unregister_properties() -> None:
    """Take it back."""
    del bpy.types.Object.dirfa_mapping


CLASSES = (DIRFA_PG_mapping_gain, DIRFA_PG_mapping_row, DIRFA_PG_mapping)
