"""A job that is over while Blender renders: the scene is changed when the picture is done."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest

from dirfa_blender.operators import background_job
from dirfa_blender.operators.background_job import BackgroundOperator
from dirfa_blender.session import state

TICK = SimpleNamespace(type="TIMER", value="NOTHING")


class Renaming(BackgroundOperator):
    """Renames the scene; may be asked to wait."""

    title = "Renaming"

    def prepare(self, context) -> None:
        pass

    def work(self, report) -> str:
        report(1.0, "Thinking")
        return "Renamed"

    def take_in(self, context, result) -> None:
        context.scene.name = result

    def report(self, kinds, text) -> None:
        pass


@pytest.fixture
def rendering(stage, monkeypatch) -> dict[str, bool]:
    """Whether Blender renders, to be switched off."""
    answer = {"is": True}
    monkeypatch.setattr(background_job, "_is_rendering", lambda: answer["is"])
    return answer


def begun() -> Renaming:
    """The operator as after its work in a window."""
    operator = Renaming()
    operator._job = background_job.BackgroundJob(operator.work)
    state().begin("Renaming", operator._job.cancel)
    operator._job.result()
    return operator


def test_a_result_waits_for_the_render_and_says_so(rendering) -> None:
    operator = begun()

    waiting = operator.modal(bpy.context, TICK)
    said, name = state().title, bpy.context.scene.name
    rendering["is"] = False
    done = operator.modal(bpy.context, TICK)

    assert (waiting, done) == ({"PASS_THROUGH"}, {"FINISHED"})
    assert said == "Waiting for Blender to end its render"
    assert name != "Renamed"
    assert bpy.context.scene.name == "Renamed"


def test_a_result_that_waits_can_be_cancelled(rendering) -> None:
    operator = begun()
    operator.modal(bpy.context, TICK)

    operator.modal(bpy.context, SimpleNamespace(type="ESC", value="PRESS"))

    assert operator.modal(bpy.context, TICK) == {"CANCELLED"}
    assert bpy.context.scene.name != "Renamed"
    assert not state().is_busy
