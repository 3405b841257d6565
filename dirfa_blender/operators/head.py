"""A head that is there: shapes made anew for its form, another photo taken into account, another shot."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..background import Reporter
from ..blender import viewport
from ..blender.labels import spoken
from ..blender.pieces import Steps
from ..connection import connection_of
from ..core.errors import DirfaError, PhotoError
from ..core.head import Head
from ..head.head_parts import HeadParts
from ..queue_board import Board
from ..rendering import shot
from ..staging import early, head_change, head_form
from ..staging.connecting import connect
from ..staging.performance import Request, perform
from .background_job import BackgroundOperator
from .button import target_of

# Shape keys written between two pictures of the window.
KEYS_A_PIECE = 6


class _HeadOperator(BackgroundOperator):
    """A slow change of the head that is meant; it is found again by its number afterwards."""

    _face_uid: int

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if head_form.current_head(context) is None:
            cls.poll_message_set("Select a head that was built here")
            return False
        return True

    def _face(self) -> bpy.types.Object:
        for thing in bpy.data.objects:
            if thing.session_uid == self._face_uid:
                return thing
        raise PhotoError("The head was deleted meanwhile; nothing was changed.")


class DIRFA_OT_refine_shapes(_HeadOperator, bpy.types.Operator):
    bl_idname = "dirfa.refine_shapes"
    bl_label = "Make Shapes Anew"
    bl_description = (
        "Work out the 52 face shapes again for the form the head has now: worth it after large "
        "changes. Takes some seconds; shapes changed by hand are replaced"
    )
    title = "Making shapes"

    def prepare(self, context: bpy.types.Context) -> None:
        face = head_form.current_head(context)
        assert face is not None
        self._face_uid = face.session_uid
        self._form = head_form.form_of(face)

    def work(self, report: Reporter) -> Head:
        report(0.0, self.title)
        made = head_form.shapes_of(self._form)
        report(0.9, self.title)
        return made

    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None]:  # noqa: ARG002
        assert isinstance(result, Head)
        names = result.shape_names
        face = self._face()
        for first in range(0, len(names), KEYS_A_PIECE):
            head_form.give_shapes(face, result, names[first : first + KEYS_A_PIECE])
            yield True


class DIRFA_OT_fit_again(_HeadOperator, bpy.types.Operator):
    bl_idname = "dirfa.fit_again"
    bl_label = "Fit Again"
    bl_description = (
        "Build this head again from the photo and those from the sides; its performance, its place "
        "and its sliders stay"
    )
    title = "Reading the photos"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if not context.scene.dirfa.photo:
            cls.poll_message_set("Choose the photo from the front")
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> None:
        face = head_form.current_head(context)
        assert face is not None
        head_form.form_of(face)
        self._face_uid = face.session_uid
        sitting = early.sitting_of(context.scene.dirfa)
        self._request = Request((), sitting, reading=early.take_reading(sitting))
        self._connection = connection_of(context)

    def work(self, report: Reporter) -> object:
        return perform(
            self._request, lambda asked: connect(self._connection, asked), report, Board()
        )

    def take_in(self, context: bpy.types.Context, result: object) -> None:
        head = getattr(result, "head", None)
        assert isinstance(head, HeadParts)
        head_change.replace_head(context.scene, self._face(), head)
        for warning in getattr(result, "warnings", ()):
            self.report({"WARNING"}, spoken(warning))


class DIRFA_OT_build_shot(bpy.types.Operator):
    bl_idname = "dirfa.build_shot"
    bl_label = "Build Shot"
    bl_description = (
        "Camera, light and background of the chosen preset around the character; a shot that was "
        "built before is replaced, your own cameras and lights stay"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if head_form.current_head(context) is None and target_of(context) is None:
            cls.poll_message_set("Select the character that is to be seen")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        subject = head_form.current_head(context) or target_of(context)
        photo = Path(bpy.path.abspath(scene.dirfa.photo)) if scene.dirfa.photo else None
        try:
            shot.frame_head(subject)  # refuses before anything is taken away
            shot.remove_shot(scene)
            shot.build_shot(scene, subject, preset=scene.dirfa.shot, photo=photo)
        except DirfaError as error:
            self.report({"ERROR"}, spoken(str(error)))
            return {"CANCELLED"}
        viewport.show_shot(context)
        return {"FINISHED"}


CLASSES = (DIRFA_OT_refine_shapes, DIRFA_OT_fit_again, DIRFA_OT_build_shot)
