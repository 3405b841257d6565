"""What all operators that have speech made into takes do: ask the server, put what comes into the scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import bpy

from ..background import Reporter
from ..blender import viewport
from ..blender.labels import spoken
from ..blender.pieces import Steps
from ..client import Client
from ..connection import Connection, connection_of
from ..performing import lines
from ..performing.shared_meshes import twins
from ..performing.takes import TakeNote
from ..rig.character import character_of
from ..session import state
from ..staging.connecting import connect
from ..staging.hindrances import hindrances_of
from ..staging.performance import LineRequest, Performance, Request, perform
from ..staging.staging import Draft, Retake, draft_steps, follow_starts, stage_queue
from .background_job import BackgroundOperator, by_uid


class SpeechOperator(BackgroundOperator):
    """Asks the server for takes of lines; subclasses say in `prepare` of which, and call `begin`.

    Attributes
    ----------
    draft : the line to be made of the first take; None where takes go to lines that are there
    target_uid, sound_uid : session identifiers of the draft's character and sound, if it has them
    retake : what of the lines is made anew
    starts : uid of a line -> frame it begins at
    """

    title = "Starting"
    draft: Draft | None = None
    target_uid: int | None = None
    sound_uid: int | None = None
    retake: Retake = Retake()
    starts: Mapping[int, float] = {}
    _request: Request
    _connection: Connection
    _scene_uid: int
    _refused: dict[int, str]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if not context.scene.is_editable:
            cls.poll_message_set(
                "This scene is linked and cannot be changed: open the file it comes from, or work in a "
                "scene of this file"
            )
            return False
        return True

    def work(self, report: Reporter) -> Performance:
        return perform(self._request, self._connect, report, state().board)

    @property
    def may_withdraw(self) -> bool:
        # Lines of a queue that are done are kept.
        return self.draft is not None

    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None]:
        assert isinstance(result, Performance)
        scene = by_uid(bpy.data.scenes, self._scene_uid, "scene")
        notes = {
            line.uid: TakeNote(
                line.settings.seed, line.settings.blinks, line.settings.breath, self._note(line)
            )
            for line in self._request.lines
        }
        failed = {**self._refused, **result.errors}
        if self.draft is not None:
            draft = self._located(self.draft)
            took, data = result.animations[0], result.files.get(0)
            yield from draft_steps(scene, draft, took, result.head, notes[0], data)
            if draft.with_shot and result.head is not None:
                viewport.show_shot(context)
        else:
            follow_starts(scene, self.starts)
            yield from stage_queue(
                scene, result.animations, notes, self.retake, failed, result.files
            )
        self._say(result, failed)
        self._say_hindrances(scene, result)
        state().look_at_server()

    def begin(self, context: bpy.types.Context, request: Request, refused: dict[int, str]) -> None:
        """Note what is asked, and why some lines cannot be: sentences by their uid."""
        self._connection = connection_of(context)
        self._request = request
        self._refused = refused
        # References to Blender's data do not outlive an undo; identifiers of the session do.
        self._scene_uid = context.scene.session_uid
        state().board.begin([line.uid for line in request.lines])

    def _located(self, draft: Draft) -> Draft:
        """The draft with its datablocks as they are now."""
        target = sound = None
        if self.target_uid is not None:
            target = by_uid(bpy.data.objects, self.target_uid, "character")
        if self.sound_uid is not None:
            sound = by_uid(bpy.data.sounds, self.sound_uid, "sound")
        return replace(draft, target=target, sound=sound)

    def _note(self, line: LineRequest) -> str:
        regions = ", ".join(self.retake.regions)
        return f"{regions} from seed {line.settings.seed}" if regions else line.title

    def _say(self, result: Performance, failed: dict[int, str]) -> None:
        for warning in dict.fromkeys(result.warnings):
            self.report({"WARNING"}, spoken(warning))
        asked = len(self._request.lines) + len(self._refused)
        done = len(result.animations)
        if failed:
            sentence = next(iter(failed.values()))
            self.report(
                {"WARNING"}, spoken(f"{done} of {asked} lines done. First problem: {sentence}")
            )
        elif result.is_cancelled:
            self.report(
                {"INFO"}, spoken(f"Cancelled; {done} of {asked} lines were done and are kept")
            )

    def _say_hindrances(self, scene: bpy.types.Scene, result: Performance) -> None:
        """What characters hide of their new performances; heads of our own hide nothing."""
        targets = {self._located(self.draft).target} if self.draft is not None else set()
        done = (lines.line_of(scene, uid) for uid in result.animations)
        targets |= {line.character for line in done if line is not None}
        for target in targets - {None}:
            for sentence in hindrances_of(target):
                self.report({"WARNING"}, spoken(sentence))
            if twins(character_of(target)):
                state().sharing = target.session_uid

    def _connect(self, report: Reporter) -> Client:
        return connect(self._connection, report)
