"""Where keys belong, found again after a slider has come to rest.

While a slider moves, reduced curves keep the places of their keys (`writing`), and those of an hour are
not written at all; finding the fewest takes longer than a picture may. It is done here, some curves at a
time, once nothing has moved for a moment. That a character still waits for it is kept in the file, so undo,
saving and loading cannot lose it.
"""

from __future__ import annotations

import logging

import bpy
from bpy.app.handlers import persistent

from ..blender.pieces import Entering, Steps, finished
from ..core.errors import DirfaError
from ..session import state
from . import acting

log = logging.getLogger(__name__)

REST_SECONDS = 0.4
TICK_SECONDS = 0.02
PIECE_SECONDS = 0.015


def begin_soon(scene: bpy.types.Scene) -> None:
    """Refine the characters of a scene that wait for it, when sliders have rested."""
    if not any(record.is_rough for record in scene.dirfa.characters):
        return
    end()
    if not bpy.app.background:
        bpy.app.timers.register(_tick, first_interval=REST_SECONDS)


def postpone(scene: bpy.types.Scene, target: bpy.types.Object, seconds: float) -> bool:
    """Whether a performance is longer than so many seconds, and so is written once sliders have rested."""
    record = acting.record_of(scene, target)
    if record is None or acting.seconds_of(scene, target) <= seconds:
        return False
    with state().quietly():
        record.is_rough = True
    state().error = ""
    begin_soon(scene)
    return True


def finish(scene: bpy.types.Scene) -> None:
    """Refine what waits for it, at once."""
    end()
    finished(steps(scene))


def end() -> None:
    """Let what is not refined yet be; it still waits."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    state().drop_refining()


def steps(scene: bpy.types.Scene) -> Steps[None]:
    """Refine the characters that wait for it, in pieces."""
    waiting = [r.target for r in scene.dirfa.characters if r.is_rough and r.target is not None]
    for target in waiting:
        try:
            plan = yield from acting.plan_steps(scene, target)
        except DirfaError as error:
            # Rough keys are right keys.
            state().error = str(error)
            continue
        yield from acting.commit_steps(scene, plan)
        yield False


@persistent
def on_undo(scene: bpy.types.Scene, _more: object = None) -> None:
    """The file is another one now, or as it was: what was begun is worthless, what waits goes on."""
    for under_way in (state().entering, state().refining):
        if under_way is not None:
            under_way.forget_references()
    begin_soon(bpy.context.scene or scene)


@persistent
def on_load(_path: object, _more: object = None) -> None:
    """A file may have been saved by a program that was about to refine."""
    for scene in bpy.data.scenes:
        begin_soon(scene)


@persistent
def on_save(_path: object, _more: object = None) -> None:
    """What is written to disk is whole: a result that is entering ends, and curves are refined."""
    entering = state().entering
    if entering is not None and entering.is_open:
        entering.settle()
    for scene in bpy.data.scenes:
        finish(scene)


HANDLERS = (
    ("undo_post", on_undo),
    ("redo_post", on_undo),
    ("load_post", on_load),
    ("save_pre", on_save),
)


def begin_watching() -> None:
    """Hear of undo, of files opened and saved."""
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def end_watching() -> None:
    """Hear of nothing any more."""
    end()
    for name, handler in HANDLERS:
        listeners = getattr(bpy.app.handlers, name)
        if handler in listeners:
            listeners.remove(handler)


def _tick() -> float | None:
    """One turn of the timer; None when all is done."""
    if state().is_busy:
        return REST_SECONDS
    # Not to be found while it runs: writing curves drops whatever else refines.
    own, state().refining = state().refining, None
    own = own or Entering(lambda: steps(bpy.context.scene))
    try:
        is_done = own.advance(PIECE_SECONDS)
    except DirfaError as error:
        log.info("Keys are left as they are: %s", error)
        return None
    if is_done:
        return None
    state().refining = own
    return TICK_SECONDS
