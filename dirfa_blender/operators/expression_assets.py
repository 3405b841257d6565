"""Expressions of a character to the asset browser, and from there onto a character."""

from __future__ import annotations

import bpy
from bpy.props import FloatProperty, StringProperty

from ..background import Reporter
from ..blender.labels import spoken
from ..blender.pieces import Steps
from ..core.errors import RigError
from ..performing import acting, expressions
from ..rig.pose_assets import EXPRESSION_KEY
from .background_job import BackgroundOperator, by_uid
from .button import Button, target_of

NO_SPEAKER = "Choose a character in the panel, or select one"


def speaker_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen line's character, else the chosen or active object."""
    line = acting.current_line(context.scene)
    return (line.character if line is not None else None) or target_of(context)


class _NeedsSpeaker(Button):
    """Base of a button on a character, with a line or without."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        is_there = speaker_of(context) is not None
        return super().disabled_reason(context) or ("" if is_there else NO_SPEAKER)


class DIRFA_OT_make_expressions(BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.make_expressions"
    bl_label = "Expressions as Assets"
    bl_description = (
        "Offer the character's emotions, mouths and blink as poses with pictures in the asset browser; "
        "takes a few seconds"
    )
    title = "Drawing expressions"
    _scene_uid: int
    _speaker_uid: int

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if speaker_of(context) is None:
            cls.poll_message_set(NO_SPEAKER)
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> None:
        self._scene_uid = context.scene.session_uid
        self._speaker_uid = speaker_of(context).session_uid

    def work(self, report: Reporter) -> None:
        """None: Blender alone can pose a character, and draws beside it when it has."""

    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None]:  # noqa: ARG002
        scene = by_uid(bpy.data.scenes, self._scene_uid, "scene")
        speaker = by_uid(bpy.data.objects, self._speaker_uid, "character")
        made = yield from expressions.expression_steps(scene, speaker)
        self.report({"INFO"}, spoken(f"{len(made)} expressions are in the asset browser"))


class DIRFA_OT_set_expression(_NeedsSpeaker, bpy.types.Operator):
    bl_idname = "dirfa.set_expression"
    bl_label = "Set Expression"
    bl_description = (
        "Mix the expression into the character's face, shape keys too; automatic keying keys it"
    )
    bl_options = {"REGISTER", "UNDO"}

    expression: StringProperty(name="Expression", description="Name of its Action")
    strength: FloatProperty(
        name="Strength",
        description="How much of it",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )

    def act(self, context: bpy.types.Context) -> None:
        action = bpy.data.actions.get(self.expression) or _asset_of(context)
        if action is None and self.expression:
            raise RigError("There is no expression of this name. Make the expressions again.")
        if action is None:
            raise RigError(
                "No expression is chosen. Choose one under the arrow beside Expressions as Assets, or "
                "right-click one in the asset browser."
            )
        # The panel that adjusts the last operation knows no asset browser.
        self.expression = action.name
        expressions.set_expression(
            speaker_of(context),
            action,
            self.strength,
            with_keys=context.scene.tool_settings.use_keyframe_insert_auto,
        )


class DIRFA_MT_expressions(bpy.types.Menu):
    bl_label = "Set Expression"

    def draw(self, _context: bpy.types.Context) -> None:
        for action in bpy.data.actions:
            if EXPRESSION_KEY in action and action.asset_data is not None:
                icon = action.preview.icon_id if action.preview is not None else 0
                entry = self.layout.operator(
                    DIRFA_OT_set_expression.bl_idname,
                    text=action.name,
                    icon_value=icon,
                    translate=False,
                )
                entry.expression = action.name


def draw_in_browser(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """The entry in the context menu of the asset browser."""
    asset = getattr(context, "asset", None)
    if asset is not None and asset.id_type == "ACTION":
        menu.layout.separator()
        menu.layout.operator(DIRFA_OT_set_expression.bl_idname).expression = ""


def _asset_of(context: bpy.types.Context) -> bpy.types.Action | None:
    """The Action chosen in the asset browser, brought into this file where it is of a library."""
    asset = getattr(context, "asset", None)
    if asset is None or asset.id_type != "ACTION":
        return None
    if asset.local_id is not None:
        return asset.local_id
    path = asset.full_library_path
    with bpy.data.libraries.load(path, link=False, assets_only=True) as (_, wanted):
        wanted.actions = [asset.name]
    return wanted.actions[0]


CLASSES = (DIRFA_OT_make_expressions, DIRFA_OT_set_expression, DIRFA_MT_expressions)
