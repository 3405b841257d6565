"""What is done before it is asked for: photos are read once, by whoever begins first."""

from __future__ import annotations

import threading
from pathlib import Path

import bpy
import pytest

from dirfa_blender.core.errors import JobCancelled
from dirfa_blender.core.protocol import JobStatus, PhotoSettings
from dirfa_blender.head import photo_reading
from dirfa_blender.session import state
from dirfa_blender.staging import early
from tests.addon.test_operators import FakeClient, addon_scene, server

__all__ = ["addon_scene", "server"]


class Photographer(FakeClient):
    """Counts the photos it is shown; waits with its answer until `may_answer`."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Path] = []
        self.may_answer = threading.Event()
        self.sentence = ""

    def fit(self, photo: Path, settings: PhotoSettings, *_more: object) -> JobStatus:
        self.seen.append(photo)
        return super().fit(photo, settings)

    def events(self, job_id: str):
        while job_id == "head" and not self.may_answer.is_set():
            yield JobStatus(job_id, "running", 0.2)
        if job_id == "head" and self.sentence:
            yield JobStatus(job_id, "failed", error=self.sentence)
        else:
            yield from super().events(job_id)


@pytest.fixture
def camera() -> Photographer:
    return Photographer()


def begin(scene: bpy.types.Scene, client: Photographer) -> photo_reading.Reading:
    sitting = early.sitting_of(scene.dirfa)
    state().reading = photo_reading.begin(sitting, lambda _report: client)
    return state().reading


def test_generate_takes_the_head_that_was_read_already(addon_scene, server, camera) -> None:
    begin(addon_scene, camera)
    camera.may_answer.set()
    asked_again: list[object] = []
    server.fit = lambda *what: asked_again.append(what)

    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    assert bpy.data.objects["Person"].data.shape_keys
    assert (len(camera.seen), asked_again, state().reading) == (1, [], None)


def test_another_photo_under_the_same_name_is_read_again(addon_scene, server, camera) -> None:
    begin(addon_scene, camera)
    camera.may_answer.set()
    Path(addon_scene.dirfa.photo).write_bytes(b"somebody else")

    assert early.take_reading(early.sitting_of(addon_scene.dirfa)) is None


def test_a_reading_that_failed_is_shown_and_asked_again(addon_scene, server, camera) -> None:
    camera.sentence = "No face was found in the photo."
    reading = begin(addon_scene, camera)
    camera.may_answer.set()
    while reading.job.is_running:
        reading.job.wait_a_moment()

    assert reading.error == "No face was found in the photo."
    assert bpy.ops.dirfa.generate() == {"FINISHED"}


def test_another_choice_ends_the_reading_of_the_last(addon_scene, camera) -> None:
    reading = begin(addon_scene, camera)

    addon_scene.dirfa.photo = ""

    with pytest.raises(JobCancelled):
        reading.job.result()
    assert state().reading is None
    assert camera.cancelled == ["head"]


def test_without_a_window_nothing_is_read_or_started_early(addon_scene) -> None:
    addon_scene.dirfa.photo = addon_scene.dirfa.photo
    state().server_state = "stopped"

    early.start_server()

    assert state().reading is None
    assert state().server.pid is None


def test_a_server_that_was_stopped_by_hand_is_left_alone(addon_scene) -> None:
    bpy.ops.dirfa.server_stop()

    assert state().is_server_spared
