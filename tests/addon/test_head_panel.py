"""The head's sliders, its photos, its shot: they change what they say, and the performance stays."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.core.errors import RigError
from dirfa_blender.core.hair.beard import with_beard
from dirfa_blender.core.hair.tresses import Fall, with_tresses
from dirfa_blender.core.head import without_vertices
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.sliders import SLIDERS, HeadSliders, slid
from dirfa_blender.core.npz_io import head_bytes
from dirfa_blender.core.protocol import JobStatus, PhotoSettings
from dirfa_blender.export import export_check, exporting
from dirfa_blender.head import meshes
from dirfa_blender.head.head_parts import head_parts
from dirfa_blender.operators import head as head_operators
from dirfa_blender.performing import acting, takes
from dirfa_blender.rendering import shot
from dirfa_blender.session import state
from dirfa_blender.staging import head_change, head_form
from tests.addon.ball_head import ball_head
from tests.addon.stage import line_with_take, take_of


@pytest.fixture(scope="module")
def shaped():
    return with_shapes(template())


@pytest.fixture
def stage(scene):
    dirfa_blender.register()
    yield bpy.context.scene
    dirfa_blender.unregister()


@pytest.fixture
def face(stage, shaped):
    made = meshes.build_head(shaped, "Hero")
    bpy.context.view_layer.objects.active = made.face
    return made.face


def coordinates(points) -> np.ndarray:
    flat = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def displacement(face: bpy.types.Object, name: str) -> np.ndarray:
    keys = face.data.shape_keys.key_blocks
    return coordinates(keys[name].points) - coordinates(keys[0].points)


def test_a_slider_in_the_panel_does_what_it_does_at_the_fit(stage, face, shaped) -> None:
    wanted = slid(shaped, HeadSliders(head_depth=0.3, nose_length=-0.2, ear_size=0.4, age=0.5))

    stage.dirfa.head.head_depth = 0.3
    stage.dirfa.head.ear_size = 0.4
    stage.dirfa.head.nose_length = -0.2
    stage.dirfa.head.age = 0.5

    # The cap under the cards is nearer to the skin than the head's own.
    away = coordinates(face.data.vertices) - wanted.vertices
    assert np.abs(away[~wanted.part("hair")]).max() < 2e-5
    assert head_form.sliders_of(face) == HeadSliders(0.3, -0.2, 0.4, age=0.5)
    assert stage.dirfa.head.ear_size == pytest.approx(0.4)


def test_sliders_taken_back_leave_the_head_as_it_was(stage, face) -> None:
    before = coordinates(face.data.vertices)
    hair = head_form.hair_of(face)[0]
    strands = np.array([p.position for p in hair.data.points[:50]])

    for value in (0.5, -0.3, 0.0):
        for name in SLIDERS:
            setattr(stage.dirfa.head, name, value)

    assert np.abs(coordinates(face.data.vertices) - before).max() < 1e-5
    assert np.abs(np.array([p.position for p in hair.data.points[:50]]) - strands).max() < 1e-5


def test_shapes_hair_chin_and_performance_go_along(stage, face) -> None:
    line_with_take(face, take_of(0))
    acting.perform(stage, face)
    keys = {path for path, _ in fcurves.curves_of(face.data.shape_keys)}
    smile = displacement(face, "mouthSmileLeft")
    hair = head_form.hair_of(face)[0]
    back = max(point.position.y for point in hair.data.points)
    cards = next(thing for thing in head_form.hair_of(face) if thing.type == "MESH")
    behind = coordinates(cards.data.vertices)[:, 1].max()
    chin = face["dirfa_chin"][1]

    stage.dirfa.head.head_depth, stage.dirfa.head.jaw_depth = 0.3, 0.3

    assert np.abs(displacement(face, "mouthSmileLeft") - smile).max() < 1e-6
    assert max(point.position.y for point in hair.data.points) > back + 0.01
    assert coordinates(cards.data.vertices)[:, 1].max() > behind + 0.01
    assert face["dirfa_chin"][1] < chin - 0.002
    assert {path for path, _ in fcurves.curves_of(face.data.shape_keys)} == keys


def test_what_was_sculpted_by_hand_stays(stage, face) -> None:
    stage.dirfa.head.nose_length = 0.1
    mark = 100
    for points in (face.data.shape_keys.key_blocks[0].points, face.data.vertices):
        points[mark].co.z += 0.01
    sculpted = face.data.vertices[mark].co.z

    stage.dirfa.head.nose_length = 0.3

    assert face.data.vertices[mark].co.z == pytest.approx(sculpted, abs=1e-5)


def test_a_slider_answers_at_once(stage, face) -> None:
    stage.dirfa.head.head_depth = 0.1
    took = []
    for value in (0.2, 0.3, 0.4):
        before = time.thread_time()
        stage.dirfa.head.head_depth = value
        took.append(time.thread_time() - before)

    # Measured 25 ms; the bound leaves room for a slow one.
    assert min(took) < 0.1


def test_a_head_in_edit_mode_is_left_alone_with_a_sentence(stage, face) -> None:
    bpy.ops.object.mode_set(mode="EDIT")

    stage.dirfa.head.nose_length = 0.3
    bpy.ops.object.mode_set(mode="OBJECT")

    assert "Leave it" in state().error
    assert stage.dirfa.head.nose_length == 0.0


def test_a_head_from_elsewhere_has_no_sliders(stage) -> None:
    mesh = bpy.data.meshes.new("Theirs")
    theirs = bpy.data.objects.new("Theirs", mesh)
    stage.collection.objects.link(theirs)
    bpy.context.view_layer.objects.active = theirs

    assert head_form.current_head(bpy.context) is None
    assert stage.dirfa.head.nose_length == 0.0
    with pytest.raises(RuntimeError, match="Select a head that was built here"):
        bpy.ops.dirfa.refine_shapes()


def test_shapes_are_made_anew_for_the_form_and_the_form_stays(stage, face) -> None:
    stage.dirfa.head.jaw_depth = 0.5
    form, carried = coordinates(face.data.vertices), displacement(face, "jawOpen")

    assert bpy.ops.dirfa.refine_shapes() == {"FINISHED"}

    away = np.linalg.norm(displacement(face, "jawOpen") - carried, axis=1)
    assert 5e-4 < away.max() < 0.01
    assert np.array_equal(coordinates(face.data.vertices), form)


def bearded_and_long_haired(head):
    """The head with a dark beard, and with hair to the shoulders."""
    low = head.vertices[:, 2] < head.landmarks()[2, 2]
    expected = np.where(head.part("face") & low & (head.vertices[:, 1] < -0.06), 1.0, 0.0)
    albedo = np.full((64, 64, 3), 40, np.uint8)
    dark = replace(head, albedo=albedo, colours={**head.colours, "skin": (0.8, 0.6, 0.5)})
    haired = with_tresses(dark, Fall((0.15,) * 2, (True,) * 2, (0.08,) * 3))
    more = len(haired.vertices) - len(expected)
    return with_beard(haired, np.append(expected, np.zeros(more)))


def bald_and_bearded(head):
    bearded = bearded_and_long_haired(head)
    return without_vertices(bearded, bearded.part("hair", "hair_*"))


@pytest.mark.parametrize("changed", [bearded_and_long_haired, bald_and_bearded])
def test_shapes_are_made_anew_for_a_beard_long_hair_and_a_bald_head_too(
    stage, shaped, changed
) -> None:
    head = changed(shaped)
    face = meshes.build_head(head, "Hero").face
    bpy.context.view_layer.objects.active = face
    before = displacement(face, "jawOpen")

    # Nothing of the form has changed, so nothing may be changed by it.
    assert bpy.ops.dirfa.refine_shapes() == {"FINISHED"}

    away = np.linalg.norm(displacement(face, "jawOpen") - before, axis=1)
    beard = head.part("beard")
    assert np.linalg.norm(before[beard], axis=1).max() > 0.02
    assert away[~beard].max() < 1e-5
    assert away[beard].max() < 0.002
    assert np.median(away[beard]) < 0.0002


def test_a_bald_face_sinks_with_the_years_as_one_with_hair_does(stage, shaped) -> None:
    moved = []
    for head in (shaped, without_vertices(shaped, shaped.part("hair"))):
        face = meshes.build_head(head, "Hero").face
        before = coordinates(face.data.vertices)
        head_form.set_slider(face, "age", 0.6)
        moved.append(np.abs(coordinates(face.data.vertices) - before)[head.part("face")])

    assert moved[0].max() > 0.001
    assert np.array_equal(moved[0], moved[1])


def test_another_head_takes_the_place_of_one_and_the_performance_plays_on(
    stage, face, shaped
) -> None:
    line_with_take(face, take_of(0))
    acting.perform(stage, face)
    stage.dirfa.head.nose_length = 0.2
    rig, action = face.parent, stage.dirfa.characters[0].action
    wider = replace(shaped, vertices=shaped.vertices * np.float32([1.1, 1, 1]))
    objects = len(bpy.data.objects)

    head_change.replace_head(stage, face, head_parts(wider))

    assert len(bpy.data.objects) == objects
    assert face.parent == rig and face.data.name == "Hero"
    assert not [m.name for m in face.data.materials if "Another" in m.name]
    assert head_form.sliders_of(face) == HeadSliders(nose_length=0.2)
    width = np.ptp(coordinates(face.data.vertices)[:, 0])
    assert width == pytest.approx(1.1 * np.ptp(shaped.vertices[:, 0]), rel=1e-4)
    assert face.data.shape_keys.animation_data.action == action
    stage.frame_set(10)
    graph = bpy.context.evaluated_depsgraph_get()
    first = face.evaluated_get(graph).data.shape_keys.key_blocks["jawOpen"].value
    assert first > 0.01
    # Sliders of the line go on writing to the same Action.
    stage.dirfa.lines[0].controls.jaw = 0.0
    graph = bpy.context.evaluated_depsgraph_get()
    stage.frame_set(10)
    assert face.evaluated_get(graph).data.shape_keys.key_blocks["jawOpen"].value < 0.5 * first


def test_a_bald_head_that_gets_hair_shows_no_cap_in_renders_either(stage, face, shaped) -> None:
    face.modifiers.remove(face.modifiers[meshes.CAP_GROUP])

    head_change.replace_head(stage, face, head_parts(shaped))

    assert face.modifiers[meshes.CAP_GROUP].show_render
    assert meshes.CAP_GROUP in face.vertex_groups


def test_photos_from_the_sides_reach_the_server_and_the_head_stays_in_its_place(
    stage, face, shaped, tmp_path: Path, monkeypatch
) -> None:
    asked: list[list[str]] = []

    class PhotoServer:
        def fit(self, photo: Path, _settings: PhotoSettings, turned=()) -> JobStatus:
            asked.append([photo.name, *(other.name for other in turned)])
            return JobStatus("head", "queued")

        def events(self, job_id: str):
            yield JobStatus(job_id, "done", 1.0)

        def result(self, _job_id: str) -> bytes:
            return head_bytes(shaped)

    monkeypatch.setattr(head_operators, "connect", lambda *_: PhotoServer())
    for name in ("photo", "photo_left", "photo_right"):
        (tmp_path / f"{name}.jpg").write_bytes(b"not looked at")
        setattr(stage.dirfa, name, str(tmp_path / f"{name}.jpg"))
    face.parent.location.x = 3.0

    assert bpy.ops.dirfa.fit_again() == {"FINISHED"}

    assert asked == [["photo.jpg", "photo_left.jpg", "photo_right.jpg"]]
    assert face.parent.location.x == 3.0
    assert {o.name for o in stage.objects if o.type == "MESH"} == {"Hero", "Hero Hair Cards"}
    cards = stage.objects["Hero Hair Cards"]
    assert cards.find_armature() == cards.parent == face.parent


def test_a_head_of_another_make_is_not_refined(stage) -> None:
    face = meshes.build_head(ball_head(), "Ball").face

    with pytest.raises(RigError, match=r"must have the \d+ vertices"):
        head_form.shapes_of(head_form.form_of(face))


def test_a_shot_replaces_the_one_before_and_leaves_ones_own_camera(stage, face) -> None:
    own = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    stage.collection.objects.link(own)

    names = []
    for preset in ("soft studio", "close-up", "cut-out"):
        stage.dirfa.shot = preset
        assert bpy.ops.dirfa.build_shot() == {"FINISHED"}
        names.append(len([o for o in stage.objects if shot.SHOT_KEY in o]))

    assert names == [6, 6, 5]
    assert own.name in stage.objects
    assert stage.camera != own
    assert len(bpy.data.lights) == 3
    assert stage.render.film_transparent


def test_a_take_can_be_read_after_the_mesh_was_changed(stage, face) -> None:
    line = line_with_take(face, take_of(3))
    stage.dirfa.head.ear_size = 0.3

    assert takes.read_take(takes.chosen_take(line)).source["seed"] == "3"


@pytest.mark.parametrize("kind", ["GLB", "FBX", "USD", "BLEND"])
def test_an_exported_character_reads_back_as_it_was(stage, tmp_path: Path, kind: str) -> None:
    ball = meshes.build_head(ball_head(rings=8, segments=8, textured=False), "Ball").face
    bpy.context.view_layer.objects.active = ball
    stage.dirfa.rate = "29.97"
    stage.frame_end = 20
    line_with_take(ball, take_of(0, 0.6))
    acting.perform(stage, ball)
    assert bpy.ops.dirfa.export_character(filepath=str(tmp_path / "ball"), kind=kind) == {
        "FINISHED"
    }
    (path,) = tmp_path.iterdir()
    order = exporting.check_order(stage, exporting.export_of(stage, ball), path)

    found = export_check.problems_of(order)

    assert not found
    assert len(order.weights["Ball"]) == len(ball.data.shape_keys.key_blocks) - 1
    assert max(max(values) for values in order.weights["Ball"].values()) > 0.5


@pytest.mark.parametrize("kind", ["GLB", "FBX", "USD"])
def test_what_begins_late_in_a_film_of_29_97_reads_back_on_its_frames(
    stage, tmp_path: Path, kind: str
) -> None:
    ball = meshes.build_head(ball_head(rings=6, segments=6, textured=False), "Ball").face
    bpy.context.view_layer.objects.active = ball
    stage.dirfa.rate = "29.97"
    stage.frame_start, stage.frame_end = 3000, 3017
    line_with_take(ball, take_of(0, 0.6), 3000)
    acting.perform(stage, ball)
    bpy.ops.dirfa.export_character(filepath=str(tmp_path / "ball"), kind=kind)
    (path,) = tmp_path.iterdir()
    order = exporting.check_order(stage, exporting.export_of(stage, ball), path)

    assert max(np.ptp(values) for values in order.weights["Ball"].values()) > 0.3
    assert not export_check.problems_of(order)


def test_a_clip_for_engines_begins_at_zero_whatever_frame_the_scene_begins_at(
    stage, tmp_path: Path
) -> None:
    ball = meshes.build_head(ball_head(rings=6, segments=6, textured=False), "Ball").face
    bpy.context.view_layer.objects.active = ball
    stage.frame_start, stage.frame_end = 1001, 1018
    line_with_take(ball, take_of(0, 0.6), 1001)
    acting.perform(stage, ball)
    there, here = tmp_path / "engine.glb", tmp_path / "scene.glb"

    bpy.ops.dirfa.export_character(filepath=str(there), from_zero=True)
    bpy.ops.dirfa.export_character(filepath=str(here))
    export = exporting.export_of(stage, ball, from_zero=True)
    order = exporting.check_order(stage, export, there)

    assert clip_times(there) == pytest.approx((0.0, 17 / 24))
    assert clip_times(here) == pytest.approx((1001 / 24, 1018 / 24))
    assert order.frames[0] == 0
    assert not export_check.problems_of(order)
    assert not exporting.said_of(stage, export, there)
    assert (
        "begins after 41.7 s" in exporting.said_of(stage, exporting.export_of(stage, ball), here)[0]
    )


def clip_times(path: Path) -> tuple[float, float]:
    """First and last second of the keys of a .glb."""
    data = path.read_bytes()
    document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    times = [
        document["accessors"][sampler["input"]]
        for clip in document["animations"]
        for sampler in clip["samplers"]
    ]
    return min(t["min"][0] for t in times), max(t["max"][0] for t in times)


@pytest.mark.parametrize(("by", "way"), [(1, "late"), (-1, "early")])
def test_a_performance_that_is_a_frame_off_is_said_so(stage, tmp_path: Path, by, way) -> None:
    ball = meshes.build_head(ball_head(rings=8, segments=8, textured=False), "Ball").face
    bpy.context.view_layer.objects.active = ball
    stage.frame_start, stage.frame_end = 3, 12
    line_with_take(ball, take_of(0, 0.6))
    acting.perform(stage, ball)
    bpy.ops.dirfa.export_character(filepath=str(tmp_path / "ball.glb"))
    order = exporting.check_order(stage, exporting.export_of(stage, ball), tmp_path / "ball.glb")
    inside = tuple(frame - by for frame in order.frames)

    found = export_check.problems_of(dataclasses.replace(order, frames=inside))

    assert found == [f"Everything moves too {way}, by frames: 1."]


def test_what_an_export_has_lost_is_said() -> None:
    order = export_check.CheckOrder(
        "a.glb", 25, 1.0, (1, 2), {"Face": {"a": [0.0, 1.0], "b": [0.5, 0.5], "c": [0.0, 2.0]}}
    )

    lost = export_check.compared(order, {"F": {"a": [0.0, 0.4], "c": [0.0, 1.0]}}, 0.01)

    assert lost == [
        "'Face' lost 1 of 3 shapes, first b.",
        "'Face' moves otherwise: a is off by up to 0.600.",
    ]
    assert not export_check.compared(
        order, {"F": {k: list(v) for k, v in order.weights["Face"].items()}}, 1.01
    )


def test_the_button_tells_how_the_reading_back_went(stage, tmp_path: Path) -> None:
    ball = meshes.build_head(ball_head(rings=6, segments=6, textured=False), "Ball").face
    bpy.context.view_layer.objects.active = ball
    stage.frame_end = 2

    stage.dirfa.check_export = True
    bpy.ops.dirfa.export_character(filepath=str(tmp_path / "ball"), kind="BLEND")
    (tmp_path / "ball.blend").write_bytes(b"no blend at all")

    with pytest.raises(RuntimeError, match="failed to open blend file"):
        bpy.ops.dirfa.check_export(filepath=str(tmp_path / "ball.blend"))


def test_a_blender_file_of_a_character_has_its_lines_and_nobody_elses(
    stage, tmp_path: Path
) -> None:
    ball = meshes.build_head(ball_head(rings=6, segments=6, textured=False), "Ball").face
    other = meshes.build_head(ball_head(rings=6, segments=6, textured=False), "Other").face
    for face, start in ((other, 1.0), (ball, 30.0)):
        line_with_take(face, take_of(0, 0.5), start)
        acting.perform(stage, face)
    bpy.context.view_layer.objects.active = ball
    stage.dirfa.lines[1].controls.happy = 0.5
    stage.dirfa.lines[1].controls.keyframe_insert("happy", frame=31)

    bpy.ops.dirfa.export_character(filepath=str(tmp_path / "ball.blend"))

    assert [line.character for line in stage.dirfa.lines] == [other, ball]
    assert {path for path, _ in fcurves.curves_of(stage)} == {"dirfa.lines[1].controls.happy"}
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ball.blend"))
    there = bpy.context.scene
    assert sorted(o.name for o in bpy.data.objects) == ["Ball", "Ball Rig"]
    (line,) = there.dirfa.lines
    assert line.character.name == "Ball" and len(line.takes) == 1
    assert {path for path, _ in fcurves.curves_of(there)} == {"dirfa.lines[0].controls.happy"}
