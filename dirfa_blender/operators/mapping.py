"""The mapping editor's buttons: load, edit, mirror, save, reset, and end of a test."""

from __future__ import annotations

import re
from pathlib import Path

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..blender.labels import spoken
from ..core.characters.profile_writer import write_profile
from ..core.errors import RigError, SettingsError
from ..core.file_names import safe_name
from ..core.mapping import load_profile, read_profile, shipped_profiles
from ..performing import shared_meshes
from ..rig import profiles
from ..rig.character import character_of, linked_shapes, override_shapes
from ..session import state
from ..settings import mapping_editor
from ..translation import OWN_CONTEXT
from .button import AsksForFile, Button

# Blender keeps no reference to the texts of a dynamic enumeration.
_items: list[tuple[str, str, str]] = []


def _profile_items(self: object, context: bpy.types.Context | None) -> list[tuple[str, str, str]]:  # noqa: ARG001
    _items[:] = [("", "Detect", "The family whose names the character has")]
    for name in shipped_profiles():
        _items.append((name, load_profile(name).title or name, f"Profile {name}"))
    _items.extend(
        (name, f"{name} (yours)", "Saved by you") for name in profiles.user_profile_names()
    )
    # An identifier must not be empty.
    _items[0] = ("AUTO", *_items[0][1:])
    return _items


class _OnObject(Button):
    """Base of a button on the mapping of the object at hand."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "" if context.object is not None else "Select a part of the character first"


class _OnRows(_OnObject):
    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        reason = super().disabled_reason(context)
        return reason or (
            "" if len(context.object.dirfa_mapping.rows) else "Press Edit Mapping first"
        )


class DIRFA_OT_mapping_edit(_OnObject, bpy.types.Operator):
    bl_idname = "dirfa.mapping_edit"
    bl_label = "Edit Mapping"
    bl_description = "Show how this character is mapped: what its names were recognised as"

    def act(self, context: bpy.types.Context) -> None:
        character = character_of(context.object)
        mapping_editor.show(context.object, profiles.profile_of(character), character)


class DIRFA_OT_mapping_choose(_OnObject, bpy.types.Operator):
    bl_idname = "dirfa.mapping_choose"
    bl_label = "Choose Profile"
    bl_description = "Use another profile for this character; changes made here are dropped"

    profile: EnumProperty(name="Profile", description="Which profile", items=_profile_items)

    def act(self, context: bpy.types.Context) -> None:
        character = character_of(context.object)
        name = "" if self.profile == "AUTO" else self.profile
        if name:
            # A broken one is refused before anything is chosen.
            profiles.named(name)
        profiles.choose(character, name)
        mapping_editor.show(context.object, profiles.profile_of(character), character)


class DIRFA_OT_mapping_reset(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_reset"
    bl_label = "Reset"
    bl_description = "Drop every change and recognise the character anew"

    def act(self, context: bpy.types.Context) -> None:
        character = character_of(context.object)
        profiles.choose(character, "")
        mapping_editor.show(context.object, profiles.profile_of(character), character)


class DIRFA_OT_mapping_add(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_add"
    bl_label = "Add Channel"
    bl_description = "Add a channel that moves a shape key, property or pose asset of this name"

    channel: StringProperty(name="Name", description="Name of the key, property or pose asset")
    unit: StringProperty(
        name="Input",
        translation_context=OWN_CONTEXT,
        description="Action unit that moves it",
        default="AU26",
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        return context.window_manager.invoke_props_dialog(self)

    def act(self, context: bpy.types.Context) -> None:
        editor = context.object.dirfa_mapping
        if not self.channel or self.channel in editor.rows:
            raise SettingsError(f"A channel needs a name that is not taken, got {self.channel!r}.")
        editor.is_filling = True
        row = editor.rows.add()
        row.name = row.own_name = self.channel
        gain = row.gains.add()
        gain.name, gain.gain = self.unit, 1.0
        editor.active = len(editor.rows) - 1
        editor.is_filling = False
        mapping_editor.keep_rows(context.object)


class DIRFA_OT_mapping_remove(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_remove"
    bl_label = "Remove Channel"
    bl_description = "Leave this channel alone"

    def act(self, context: bpy.types.Context) -> None:
        editor = context.object.dirfa_mapping
        editor.rows.remove(editor.active)
        editor.active = min(editor.active, max(len(editor.rows) - 1, 0))
        mapping_editor.keep_rows(context.object)


class DIRFA_OT_mapping_gain_add(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_gain_add"
    bl_label = "Add Input"
    bl_description = "Let another action unit move this channel too"

    def act(self, context: bpy.types.Context) -> None:
        editor = context.object.dirfa_mapping
        editor.is_filling = True
        gain = editor.rows[editor.active].gains.add()
        gain.name, gain.gain = editor.test_input, 0.5
        editor.is_filling = False
        mapping_editor.keep_rows(context.object)


class DIRFA_OT_mapping_gain_remove(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_gain_remove"
    bl_label = "Remove Input"
    bl_description = "Take the last input of this channel away"

    def act(self, context: bpy.types.Context) -> None:
        row = context.object.dirfa_mapping.rows[context.object.dirfa_mapping.active]
        if len(row.gains):
            row.gains.remove(len(row.gains) - 1)
        mapping_editor.keep_rows(context.object)


class DIRFA_OT_mapping_mirror(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_mirror"
    bl_label = "Mirror"
    bl_description = "Give the channel of the other side the same gains and limits, mirrored"

    def act(self, context: bpy.types.Context) -> None:
        editor = context.object.dirfa_mapping
        row = editor.rows[editor.active]
        other = editor.rows.get(mirrored(row.name))
        if other is None or other.name == row.name:
            raise SettingsError(f"'{row.name}' has no twin on the other side.")
        editor.is_filling = True
        other.low, other.high = row.low, row.high
        other.gains.clear()
        for gain in row.gains:
            twin = other.gains.add()
            twin.name = mirrored(gain.name)
            # Looking up is the same for both eyes; looking left is outward for one, inward for the other.
            twin.gain = -gain.gain if gain.name == "gaze_left" else gain.gain
        editor.is_filling = False
        mapping_editor.keep_rows(context.object)


class DIRFA_OT_mapping_save(_OnRows, bpy.types.Operator):
    bl_idname = "dirfa.mapping_save"
    bl_label = "Save Profile"
    bl_description = "Save this mapping as a profile of yours, for other characters and files"

    title: StringProperty(name="Name", description="Name of the profile", default="my_rig")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        return context.window_manager.invoke_props_dialog(self)

    def act(self, context: bpy.types.Context) -> None:
        name = re.sub(r"\W+", "_", self.title.strip()).strip("_").lower()
        if not name or name in shipped_profiles():
            raise SettingsError(f"A profile of yours needs a name of its own, got {self.title!r}.")
        name = safe_name(name)
        character = character_of(context.object)
        kept = profiles.profile_of(character)
        own = profiles.renamed(kept, name, self.title.strip())
        path = profiles.user_folder() / f"{name}.json"
        write_profile(own, path)
        self.report({"INFO"}, spoken(f"Saved {path.name}"))


class DIRFA_OT_mapping_load(AsksForFile, _OnObject, bpy.types.Operator):
    bl_idname = "dirfa.mapping_load"
    bl_label = "Load Profile File"
    bl_description = "Use a profile file for this character"

    filepath: StringProperty(name="Profile", description="Profile file", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def act(self, context: bpy.types.Context) -> None:
        profile = read_profile(Path(bpy.path.abspath(self.filepath)))
        character = character_of(context.object)
        profiles.keep(character, profile)
        mapping_editor.show(context.object, profile, character)


class DIRFA_OT_mapping_test_end(_OnObject, bpy.types.Operator):
    bl_idname = "dirfa.mapping_test_end"
    bl_label = "End Test"
    bl_description = "Put the character back to what it was before the test"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if context.object is None or not context.object.dirfa_mapping.before_test:
            return "No test is shown"
        return ""

    def act(self, context: bpy.types.Context) -> None:
        mapping_editor.stop_preview(context.object, context.scene)


class DIRFA_OT_override_shapes(_OnObject, bpy.types.Operator):
    bl_idname = "dirfa.override_shapes"
    bl_label = "Override Shapes"
    bl_description = (
        "Make library overrides of the character's meshes, so that its shape keys can move"
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if context.object is None:
            return "Select a part of the character first"
        found = linked_shapes(character_of(context.object))
        return (
            ""
            if found
            else "The character's shape keys are not linked, or it is not overridden yet"
        )

    def act(self, context: bpy.types.Context) -> None:
        override_shapes(character_of(context.object))
        context.object.dirfa_mapping.has_linked_shapes = False


class DIRFA_OT_part_meshes(Button, bpy.types.Operator):
    bl_idname = "dirfa.part_meshes"
    bl_label = "Give Own Mesh"
    bl_description = (
        "Give the character a mesh of its own where another one has the same, so that each speaks its own "
        "lines"
    )
    bl_options = {"REGISTER", "UNDO"}

    uid: IntProperty(
        name="Character",
        description="Number of the character, 0 for the active object",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        is_any = context.object is not None or state().sharing
        return super().disabled_reason(context) or (
            "" if is_any else "Select a part of the character first"
        )

    def act(self, context: bpy.types.Context) -> None:
        chosen = context.object
        if self.uid:
            chosen = next((o for o in bpy.data.objects if o.session_uid == self.uid), None)
        if chosen is None:
            raise RigError("Select a part of the character that shall have a mesh of its own.")
        for sentence in shared_meshes.part(context.scene, chosen):
            self.report({"WARNING"}, spoken(sentence))
        state().sharing = 0
        chosen.dirfa_mapping.has_shared_mesh = False


def mirrored(name: str) -> str:
    """The name of the other side; the same where a name has none."""
    swap = {"Left": "Right", "left": "right", "L": "R", "右": "左"}
    swap |= {b: a for a, b in swap.items()}
    if re.fullmatch(r"(AU\d+|MS)[LR]", name):
        return name[:-1] + swap[name[-1]]
    pattern = r"Left|Right|left|right|(?<=[_.\- ])[LR](?![a-z])|(?<=[a-z])[LR]$|[左右]"
    return re.sub(pattern, lambda match: swap[match[0]], name, count=1)


CLASSES = (
    DIRFA_OT_mapping_edit,
    DIRFA_OT_mapping_choose,
    DIRFA_OT_mapping_reset,
    DIRFA_OT_mapping_add,
    DIRFA_OT_mapping_remove,
    DIRFA_OT_mapping_gain_add,
    DIRFA_OT_mapping_gain_remove,
    DIRFA_OT_mapping_mirror,
    DIRFA_OT_mapping_save,
    DIRFA_OT_mapping_load,
    DIRFA_OT_mapping_test_end,
    DIRFA_OT_override_shapes,
    DIRFA_OT_part_meshes,
)
