"""Learn a performer: film of a person becomes a mouth and a manner that takes may be made with."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..background import Reporter
from ..blender.labels import spoken
from ..connection import is_remote
from ..core.errors import SettingsError
from ..learning import TITLE, Footage, Learnt, learn
from ..session import state
from .background_job import BackgroundOperator
from .button import AsksForFile

FILMS = "*.mp4;*.mov;*.mkv;*.webm;*.avi;*.m4v"


class DIRFA_OT_learn_performer(AsksForFile, BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.learn_performer"
    bl_label = "Learn Performer from Film"
    bl_description = (
        "Learn the mouth and the manner of a person from film of them speaking: ten minutes are plenty, "
        "twenty seconds the least. Takes about as long as the film; ask the person first"
    )
    bl_options = set()
    title = TITLE

    filepath: StringProperty(
        name="Film",
        description="A film of the person, or a folder of films: one face, frontal, with its own sound",
        subtype="FILE_PATH",
    )
    filter_glob: StringProperty(default=FILMS, options={"HIDDEN"})
    performer: StringProperty(
        name="Name",
        description="What the performer is called, as the film where empty; an older one of the name is "
        "replaced",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if is_remote(context):
            cls.poll_message_set("Performers are learnt on the computer that runs the server")
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> None:  # noqa: ARG002
        if not self.filepath:
            raise SettingsError("Choose a film of the person, or a folder of films.")
        film = Path(bpy.path.abspath(self.filepath))
        self._footage = Footage(film, self.performer.strip() or film.stem)

    def work(self, report: Reporter) -> Learnt:
        return learn(self._footage, report)

    def take_in(self, context: bpy.types.Context, result: object) -> None:
        assert isinstance(result, Learnt)
        name = self._footage.name
        context.scene.dirfa.performer = name
        state().performers = tuple(sorted({*state().performers, name}))
        for sentence in result.remarks:
            self.report({"WARNING"}, spoken(sentence))
        self.report({"INFO"}, spoken(result.message))


CLASSES = (DIRFA_OT_learn_performer,)
