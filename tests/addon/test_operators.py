"""The buttons: what they do, why they are disabled, and that a failure changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import pytest
from mathutils import Vector

import dirfa_blender
from dirfa_blender import addon
from dirfa_blender.blender import fcurves
from dirfa_blender.core.errors import Unreachable
from dirfa_blender.core.npz_io import animation_bytes, head_bytes, write_animation
from dirfa_blender.core.protocol import AnimateSettings, JobStatus, PhotoSettings
from dirfa_blender.head import meshes
from dirfa_blender.operators import speech_operator
from dirfa_blender.operators.background_job import BackgroundOperator
from dirfa_blender.session import state
from tests.addon.ball_head import ball_head, wavy_animation
from tests.addon.test_scene import write_tone


@dataclass
class FakeClient:
    """A server that answers at once; `fails` is the sentence of a job that cannot be done."""

    fails: str | None = None
    settings: list[AnimateSettings] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def fit(self, _photo: Path, _settings: PhotoSettings) -> JobStatus:
        return JobStatus("head", "queued")

    def animate(self, _audio: Path, settings: AnimateSettings) -> JobStatus:
        self.settings.append(settings)
        return JobStatus("take", "queued")

    def events(self, job_id: str) -> Iterator[JobStatus]:
        yield JobStatus(job_id, "running", 0.5)
        if self.fails and job_id == "take":
            yield JobStatus(job_id, "failed", error=self.fails)
        else:
            yield JobStatus(job_id, "done", 1.0)

    def result(self, job_id: str) -> bytes:
        return head_bytes(ball_head()) if job_id == "head" else animation_bytes(wavy_animation())

    def cancel(self, job_id: str) -> JobStatus:
        self.cancelled.append(job_id)
        return JobStatus(job_id, "cancelled")


@pytest.fixture
def addon_scene(scene, tmp_path: Path):
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    photo = tmp_path / "person.jpg"
    photo.write_bytes(b"the fake server does not look")
    scene.dirfa.photo = str(photo)
    yield scene
    dirfa_blender.unregister()


@pytest.fixture
def server(monkeypatch) -> FakeClient:
    client = FakeClient()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: client)
    return client


def snapshot() -> dict[str, int]:
    kinds = ("objects", "meshes", "armatures", "actions", "materials", "images", "sounds", "worlds")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def refused(operator, **arguments: object) -> str:
    with pytest.raises(RuntimeError) as caught:
        operator(**arguments)
    return str(caught.value)


def test_generate_puts_head_action_sound_and_shot_into_the_scene(addon_scene, server) -> None:
    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    face = bpy.data.objects["Person"]
    assert len(fcurves.curves_of(face.data.shape_keys)) == 53
    assert addon_scene.sequence_editor.strips[0].type == "SOUND"
    assert addon_scene.frame_end == 24
    assert addon_scene.camera is not None
    assert not state().is_busy


def test_a_new_head_stands_beside_what_is_there(addon_scene, server) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2.0)

    bpy.ops.dirfa.generate()

    bpy.context.view_layer.update()
    face = bpy.data.objects["Person"]
    corners = [face.matrix_world @ Vector(corner) for corner in face.bound_box]
    assert min(corner.x for corner in corners) > 1.4
    assert addon_scene.camera.location.x == pytest.approx(sum(c.x for c in corners) / 8, abs=0.05)


def test_a_new_head_is_chosen_unless_something_is_being_edited(addon_scene, server) -> None:
    bpy.ops.mesh.primitive_cube_add(location=(0, 0, 30))
    cube = bpy.context.object

    bpy.ops.dirfa.generate()
    chosen = bpy.context.view_layer.objects.active
    assert chosen == addon_scene.dirfa.target and chosen.select_get() and not cube.select_get()

    bpy.context.view_layer.objects.active = cube
    bpy.ops.object.mode_set(mode="EDIT")
    addon_scene.dirfa.actor = "photo"
    bpy.ops.dirfa.generate()

    assert addon_scene.dirfa.target != chosen
    assert bpy.context.view_layer.objects.active == cube and cube.mode == "EDIT"


def test_generate_animates_a_character_that_is_there(addon_scene, server) -> None:
    head = meshes.build_head(ball_head(), "Hero")
    addon_scene.dirfa.actor = "object"
    addon_scene.dirfa.target = head.face
    before = len(bpy.data.objects)

    bpy.ops.dirfa.generate()

    assert len(bpy.data.objects) == before
    assert len(fcurves.curves_of(head.face.data.shape_keys)) == 53


def test_generate_hands_seed_blinks_and_performer_to_the_server(addon_scene, server) -> None:
    addon_scene.dirfa.seed, addon_scene.dirfa.blinks = 7, 0.5
    addon_scene.dirfa.performer = " anna "

    bpy.ops.dirfa.generate()

    asked = server.settings[0]
    assert (asked.seed, asked.blinks, asked.actor) == (7, 0.5, "anna")


def test_the_text_beside_a_recording_goes_along_where_it_is_wanted(addon_scene, server) -> None:
    Path(addon_scene.dirfa.audio).with_suffix(".txt").write_text("my own\nwords", "utf-8")

    bpy.ops.dirfa.generate()
    addon_scene.dirfa.use_texts = True
    bpy.ops.dirfa.generate()

    assert [asked.transcript for asked in server.settings] == ["", "my own words"]


def test_a_failed_job_is_a_sentence_and_changes_nothing(addon_scene, server) -> None:
    server.fails = "The recording is silent."
    before = snapshot()

    assert "The recording is silent." in refused(bpy.ops.dirfa.generate)

    assert snapshot() == before
    assert state().error == "The recording is silent."
    assert not state().is_busy


def test_a_server_that_does_not_answer_is_a_sentence(addon_scene, monkeypatch) -> None:
    def connect(*_: object) -> None:
        raise Unreachable("The inference server does not answer.")

    monkeypatch.setattr(speech_operator, "connect", connect)

    assert "does not answer" in refused(bpy.ops.dirfa.generate)


def test_a_scene_that_cannot_take_the_sound_stays_as_it_was(
    addon_scene, server, monkeypatch
) -> None:
    from dirfa_blender.blender import scene as staging
    from dirfa_blender.core.errors import AudioError

    def refuse(*_: object, **__: object) -> None:
        raise AudioError("Blender finds no sound in line.wav.")

    monkeypatch.setattr(staging, "place_sound", refuse)
    before, camera, end = snapshot(), addon_scene.camera, addon_scene.frame_end

    assert "finds no sound" in refused(bpy.ops.dirfa.generate)

    assert snapshot() == before
    assert (addon_scene.camera, addon_scene.frame_end) == (camera, end)


def test_a_cancelled_job_frees_the_server_and_changes_nothing(addon_scene, server) -> None:
    before = snapshot()

    def events(job_id: str) -> Iterator[JobStatus]:
        cancel = state().cancel
        while cancel is None:
            cancel = state().cancel
        cancel()
        yield JobStatus(job_id, "running", 0.1)

    server.events = events

    assert bpy.ops.dirfa.generate() == {"CANCELLED"}
    assert snapshot() == before
    assert server.cancelled == ["take"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"audio": ""}, "Choose a recording first"),
        ({"photo": ""}, "Choose a photo"),
        ({"actor": "object"}, "Choose the character"),
    ],
)
def test_a_disabled_button_says_why(addon_scene, change: dict[str, str], reason: str) -> None:
    for name, value in change.items():
        setattr(addon_scene.dirfa, name, value)

    assert reason in refused(bpy.ops.dirfa.generate)


def test_a_missing_recording_is_named_before_the_server_is_asked(addon_scene, server) -> None:
    addon_scene.dirfa.audio = "//gone.wav"

    assert "gone.wav" in refused(bpy.ops.dirfa.generate)
    assert not server.settings


def test_a_take_file_plays_without_a_server(addon_scene, tmp_path: Path) -> None:
    head = meshes.build_head(ball_head(), "Hero")
    addon_scene.dirfa.actor, addon_scene.dirfa.target = "object", head.rig
    write_animation(tmp_path / "take.npz", wavy_animation())

    assert bpy.ops.dirfa.apply_take(filepath=str(tmp_path / "take.npz")) == {"FINISHED"}

    assert len(fcurves.curves_of(head.face.data.shape_keys)) == 53
    assert fcurves.curves_of(head.rig)


def test_a_broken_take_file_is_a_sentence(addon_scene, tmp_path: Path) -> None:
    head = meshes.build_head(ball_head(), "Hero")
    addon_scene.dirfa.actor, addon_scene.dirfa.target = "object", head.rig
    (tmp_path / "take.npz").write_text("not a take")

    message = refused(bpy.ops.dirfa.apply_take, filepath=str(tmp_path / "take.npz"))

    assert "take.npz" in message
    assert "Traceback" not in message


def test_render_without_a_camera_says_so(addon_scene) -> None:
    addon_scene.camera = None

    assert "no camera" in refused(bpy.ops.dirfa.render)


def test_nothing_is_left_after_unregistering(scene) -> None:
    dirfa_blender.register()

    dirfa_blender.unregister()

    assert not [name for name in dir(bpy.types) if name.startswith("DIRFA")]
    assert not hasattr(bpy.types.Scene, "dirfa")
    assert not [h for name in dir(bpy.app.handlers) for h in _functions(name)]


def _functions(name: str) -> list[object]:
    handlers = getattr(bpy.app.handlers, name)
    listed = handlers if isinstance(handlers, list) else []
    return [h for h in listed if getattr(h, "__module__", "").startswith("dirfa_blender")]


def test_every_tooltip_is_there_and_ends_without_a_full_stop(addon_scene) -> None:
    texts = {
        f"{cls.__name__}.{prop.identifier}": prop.description
        for cls in addon.CLASSES
        if issubclass(cls, (bpy.types.PropertyGroup, bpy.types.AddonPreferences))
        for prop in cls.bl_rna.properties
        if prop.identifier in cls.__annotations__
    }
    texts |= {
        cls.__name__: cls.bl_description for cls in addon.CLASSES if hasattr(cls, "bl_description")
    }

    assert texts
    assert not {name: text for name, text in texts.items() if not text or text.endswith(".")}


def test_what_goes_modal_is_not_offered_for_repetition() -> None:
    """Blender would crash, see `BackgroundOperator`; `tests/gui/test_repeating.py` tries it by hand."""
    modal = [cls for cls in addon.CLASSES if hasattr(cls, "modal")]

    assert len(modal) > 8
    assert [cls.__name__ for cls in modal if "REGISTER" in cls.bl_options] == []


def test_a_file_browser_that_is_closed_ends_no_job(addon_scene) -> None:
    """Blender tells an operator to cancel that has never begun: nobody chose a file for it."""

    class Asking(BackgroundOperator):
        """As *Speak a Recording* is while its file browser is open."""

    state().begin("Another job", lambda: None)
    try:
        Asking().cancel(bpy.context)

        assert state().title == "Another job"
    finally:
        state().end()
