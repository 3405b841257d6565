"""Live Speech: a character speaks while somebody does. Starts, plays and records; Esc or Stop ends it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface

from ..background import Reporter
from ..blender.labels import spoken
from ..blender.pieces import Entering, Steps
from ..blender.viewport import redraw_sidebars
from ..connection import connection_of
from ..core.errors import AudioError, DirfaError
from ..core.live_source import (
    MicrophoneSource,
    RecordingSource,
    Source,
    recorder_command,
    wav_samples,
)
from ..core.protocol import AnimateSettings
from ..live.live_player import LivePlayer, describe
from ..live.live_session import LiveSession
from ..performing import cues
from ..performing.directing import write_postponed
from ..performing.speech import Speech, read_samples
from ..roots import ROOT
from ..server_process import server_python
from ..session import state
from ..settings.live_properties import LOOKAHEADS
from ..staging.connecting import connect
from .background_job import piece_seconds
from .button import target_of

TICK_SECONDS = 1 / 60
LINE_NAME = "Live"


class _Listening(Reporter):
    """Lets a server's start be given up when the session is stopped."""

    session: LiveSession | None = None

    def cancelled(self) -> bool:
        return self.session is not None and self.session.is_stopped


class DIRFA_OT_live_start(bpy.types.Operator):
    bl_idname = "dirfa.live_start"
    bl_label = "Start Live Speech"
    bl_description = "Let the character speak what is heard, about a second later; Esc ends it"
    bl_options = {"UNDO"}  # not "REGISTER", see `BackgroundOperator`

    _player: LivePlayer
    _records: bool = False
    _timer: bpy.types.Timer | None = None
    _said: str = ""
    _entering: Entering | None = None
    _is_kept: bool = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.dirfa
        if state().live is not None:
            cls.poll_message_set("Somebody speaks already; stop first")
        elif state().is_busy:
            cls.poll_message_set("Another job runs; wait for it or cancel it")
        elif target_of(context) is None:
            cls.poll_message_set("Choose a character in the panel, or select one")
        elif context.screen is not None and context.screen.is_animation_playing:
            cls.poll_message_set("Stop the playback first: its frames overrule live speech")
        elif settings.live.source == "FILE" and not settings.live.audio:
            cls.poll_message_set("Choose a recording first")
        elif settings.live.source == "LINE" and not len(settings.lines):
            cls.poll_message_set("Collect the sound strips first, or add recordings")
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        self._records = context.scene.dirfa.live.record
        try:
            session = session_of(context)
            self._player = LivePlayer(session, context.scene, target_of(context))
        except DirfaError as error:
            return self._failed(str(error))
        state().live = session
        session.start()
        if bpy.app.background:
            while (done := self._step(context)) is None:
                session.wait(TICK_SECONDS)
            return done
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._player.session.stop()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        return self._step(context) or {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself: a file is opened, or the window closes."""
        self._leave(context)

    def _step(self, context: bpy.types.Context) -> set[str] | None:
        """One picture; how it ended, once it has."""
        session = self._player.session
        try:
            if self._entering is None:
                # A session that is not the running one was ended from outside: the add-on goes.
                if state().live is session and self._player.tick():
                    self._say(context, describe(session))
                    return None
                if state().is_busy:
                    # Another result is on its way into the scene: one at a time.
                    return None
                session.wait(0.0)
                self._begin_entering(session)
            if not self._entering.advance(piece_seconds()):
                return None
            state().longest_piece_seconds = self._entering.longest_seconds
            # Without a take the scene is as it was: no step to undo.
            result = {"FINISHED"} if self._is_kept else {"CANCELLED"}
        except DirfaError as error:
            result = self._failed(str(error))
        except BaseException:
            self._leave(context)
            raise
        self._leave(context)
        return result

    def _begin_entering(self, session: LiveSession) -> None:
        """The face goes back to rest; what was played is recorded from here on, if it is to be."""
        self._player.end()
        if session.error:
            self._failed(session.error)
        self._entering = Entering(self._record_steps if self._records else lambda: None)
        state().entering = self._entering
        state().title = "Recording the take"

    def _record_steps(self) -> Steps[None]:
        self._is_kept = yield from self._player.record_steps(LINE_NAME)

    def _say(self, context: bpy.types.Context, sentence: str) -> None:
        """Show a sentence where it has changed: drawing text costs more than a face."""
        if sentence == self._said or bpy.app.background or context.workspace is None:
            return
        self._said = sentence
        context.workspace.status_text_set(f"{sentence}. {pgettext_iface('Esc ends live speech')}")
        redraw_sidebars()

    def _failed(self, sentence: str) -> set[str]:
        self.report({"ERROR"}, spoken(sentence))
        if not state().is_busy:
            state().error = sentence
        return {"CANCELLED"}

    def _leave(self, context: bpy.types.Context) -> None:
        self._player.end(restores=False)
        if self._entering is not None:
            self._entering.withdraw()
            state().entering = None
            state().title = ""
            write_postponed(context.scene)
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        state().live = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        if not bpy.app.background:
            redraw_sidebars()


class DIRFA_OT_live_stop(bpy.types.Operator):
    bl_idname = "dirfa.live_stop"
    bl_label = "Stop"
    bl_description = "Hear no more; what was heard is still played, then the face goes back to rest"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().live is None:
            cls.poll_message_set("Nobody speaks live")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        session = state().live
        assert session is not None
        session.stop()
        return {"FINISHED"}


def session_of(context: bpy.types.Context) -> LiveSession:
    """What the panel's settings say, ready to be started.

    Raises
    ------
    DirfaError
        The recording cannot be read, there is no recorder, or the server may not be asked.
    """
    settings, connection = context.scene.dirfa, connection_of(context)
    listening = _Listening()
    chosen = AnimateSettings(
        seed=settings.seed,
        blinks=settings.blinks,
        breath=settings.breath,
        actor=settings.performer.strip(),
        lookahead=LOOKAHEADS[settings.live.lookahead],
    )
    session = LiveSession(lambda: connect(connection, listening), source_of(context.scene), chosen)
    listening.session = session
    return session


def source_of(scene: bpy.types.Scene) -> Source:
    """What is heard. Raises AudioError."""
    live = scene.dirfa.live
    if live.source == "MICROPHONE":
        root = ROOT
        command = recorder_command(server_python(root))
        return MicrophoneSource(command, gain=10 ** (live.level / 20), folder=root)
    if live.source == "LINE":
        line = scene.dirfa.lines[scene.dirfa.line_index]
        speech = cues.cue_of(scene, line).speech
        if speech.mix is not None:
            raise AudioError(
                f"Line '{line.name}' is a retimed strip, which has to be mixed down before it is spoken. "
                "Generate a take of it, or choose another line."
            )
    else:
        speech = Speech(Path(bpy.path.abspath(live.audio)))
    if not speech.path.is_file():
        raise AudioError(
            f"There is no recording {speech.path.name} in {speech.path.parent}. "
            "Put it back or choose it again."
        )
    if speech.is_whole and speech.path.suffix.lower() == ".wav":
        # Other kinds of wav than 16-bit are left to Blender's sound library.
        with contextlib.suppress(AudioError):
            return RecordingSource(*wav_samples(speech.path))
    return RecordingSource(*read_samples(speech))


CLASSES = (DIRFA_OT_live_start, DIRFA_OT_live_stop)
