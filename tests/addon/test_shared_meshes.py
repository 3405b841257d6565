"""Characters that share one mesh: parted on demand, in one step, and each speaks its own lines then."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.operators import speech_operator
from dirfa_blender.performing import acting, lines, shared_meshes
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.session import state
from dirfa_blender.settings import mapping_editor
from tests.addon.stage import QueueServer, line_with_take
from tests.addon.stand_ins import armature, face_with_keys, moved_keys, take
from tests.addon.test_artists_habits import enter_strip
from tests.addon.test_operators import refused, snapshot
from tests.addon.test_scene import write_tone


@pytest.fixture
def stage(scene):
    dirfa_blender.register()
    bpy.context.scene.render.fps = 50
    yield bpy.context.scene
    dirfa_blender.unregister()


def twin_of(face: bpy.types.Object, name: str = "Twin") -> bpy.types.Object:
    """A linked duplicate, as Alt-D makes it."""
    twin = face.copy()
    twin.name = name
    bpy.context.scene.collection.objects.link(twin)
    return twin


def speaking(face: bpy.types.Object, unit: str) -> bpy.types.Object:
    """A character that holds one unit."""
    said: Animation = take({unit: 1.0}, count=10)
    line_with_take(face, said)
    acting.perform(bpy.context.scene, face)
    return face


def pair(first: str = "AU26", second: str = "AU12L") -> tuple[bpy.types.Object, bpy.types.Object]:
    """Two characters of one mesh, of which each has said something else."""
    face = speaking(face_with_keys(ARKIT_NAMES, "Hero"), first)
    return face, speaking(twin_of(face), second)


def give_own_mesh(thing: bpy.types.Object) -> None:
    bpy.context.view_layer.objects.active = thing
    assert bpy.ops.dirfa.part_meshes() == {"FINISHED"}
    bpy.context.scene.frame_set(5)


@pytest.mark.parametrize("chosen", ["Hero", "Twin"])
def test_each_of_two_says_its_own_again(stage, chosen: str) -> None:
    face, twin = pair()
    stage.frame_set(5)
    both = moved_keys(face), moved_keys(twin)

    give_own_mesh(bpy.data.objects[chosen])

    assert both[0] == both[1]
    assert set(moved_keys(face)) == {"jawOpen"}
    assert set(moved_keys(twin)) == {"mouthSmileLeft"}
    assert face.data != twin.data
    assert len(bpy.data.meshes) == 2


@pytest.mark.parametrize("chosen", ["Hero", "Twin"])
def test_one_that_says_nothing_is_at_rest_again(stage, chosen: str) -> None:
    face = speaking(face_with_keys(ARKIT_NAMES, "Hero"), "AU26")
    twin = twin_of(face)

    give_own_mesh(bpy.data.objects[chosen])

    assert set(moved_keys(face)) == {"jawOpen"}
    assert not moved_keys(twin)
    assert not acting.fcurves.curves_of(twin.data.shape_keys)


def test_layers_in_the_nla_are_parted_too(stage) -> None:
    face = speaking(face_with_keys(ARKIT_NAMES, "Hero"), "AU26")
    bpy.ops.dirfa.push_down()
    twin = speaking(twin_of(face), "AU12L")
    stage.dirfa.line_index = 1
    bpy.ops.dirfa.push_down()

    give_own_mesh(twin)

    assert set(moved_keys(face)) == {"jawOpen"}
    assert set(moved_keys(twin)) == {"mouthSmileLeft"}
    own = {record.target: record.action for record in stage.dirfa.characters}
    for one in (face, twin):
        tracks = one.data.shape_keys.animation_data.nla_tracks
        assert {strip.action for track in tracks for strip in track.strips} == {own[one]}


def test_all_faces_of_a_character_are_parted_and_what_it_has_twice_stays_one(stage) -> None:
    rigs = [armature({"neck": "neck", "head": "head"}, name=name) for name in ("A", "B")]
    parts = [face_with_keys(ARKIT_NAMES), face_with_keys(["jawOpen"], "Teeth")]
    parts.append(twin_of(parts[1], "More teeth"))
    copies = [twin_of(one, f"{one.name} B") for one in parts]
    for rig, own in zip(rigs, (parts, copies), strict=True):
        for one in own:
            one.parent = rig

    give_own_mesh(rigs[1])

    assert [one.data for one in parts[:2]] != [one.data for one in copies[:2]]
    assert copies[1].data == copies[2].data != parts[1].data
    assert parts[1].data == parts[2].data
    assert not shared_meshes.twins(character_of(rigs[0]))


def test_what_the_artist_keyed_stays_with_both(stage) -> None:
    face = face_with_keys([*ARKIT_NAMES, "scar"], "Hero")
    scar = face.data.shape_keys.key_blocks["scar"]
    scar.value = 0.5
    scar.keyframe_insert("value", frame=1)
    own = face.data.shape_keys.animation_data.action
    speaking(face, "AU26")
    twin = twin_of(face)

    give_own_mesh(twin)

    assert moved_keys(face) == pytest.approx({"jawOpen": moved_keys(face)["jawOpen"], "scar": 0.5})
    assert moved_keys(twin) == pytest.approx({"scar": 0.5})
    assert len(own.layers[0].strips[0].channelbags[0].fcurves) == 1


def test_it_is_one_step_to_undo(stage) -> None:
    pair()
    bpy.ops.ed.undo_push(message="before")

    bpy.context.view_layer.objects.active = bpy.data.objects["Twin"]
    bpy.ops.dirfa.part_meshes()
    bpy.ops.ed.undo_push(message="parted")
    bpy.ops.ed.undo()

    face, twin = bpy.data.objects["Hero"], bpy.data.objects["Twin"]
    bpy.context.scene.frame_set(5)
    assert face.data == twin.data
    assert set(moved_keys(face)) == {"mouthSmileLeft"}


def test_a_face_in_edit_mode_or_an_edited_strip_keeps_everything(stage) -> None:
    face, twin = pair()
    bpy.context.view_layer.objects.active = face
    bpy.ops.object.mode_set(mode="EDIT")
    assert "Leave it first" in refused(bpy.ops.dirfa.part_meshes)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert face.data == twin.data
    stage.dirfa.line_index = 1
    bpy.ops.dirfa.push_down()
    keys = twin.data.shape_keys
    enter_strip(keys, keys.animation_data.nla_tracks["Lips"])
    before = snapshot()

    assert "Leave tweak mode first" in refused(bpy.ops.dirfa.part_meshes)

    assert snapshot() == before


def test_a_character_with_a_mesh_of_its_own_is_told_so(stage) -> None:
    bpy.context.view_layer.objects.active = face_with_keys(ARKIT_NAMES, "Hero")

    assert "shares no mesh" in refused(bpy.ops.dirfa.part_meshes)


def test_generate_offers_it_and_the_offer_goes_with_it(stage, tmp_path: Path, monkeypatch) -> None:
    face = face_with_keys(ARKIT_NAMES, "Hero")
    twin = twin_of(face)
    stage.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    stage.dirfa.actor, stage.dirfa.target = "object", face
    client = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: client)

    bpy.ops.dirfa.generate()
    offered = state().sharing
    bpy.ops.dirfa.part_meshes(uid=offered)

    assert offered == face.session_uid
    assert not state().sharing
    assert face.data != twin.data


def test_the_mapping_panel_offers_it(stage) -> None:
    face = face_with_keys(ARKIT_NAMES, "Hero")
    twin_of(face)
    character = character_of(face)

    mapping_editor.show(face, profiles.profile_of(character), character)
    offered = face.dirfa_mapping.has_shared_mesh
    give_own_mesh(face)

    assert offered
    assert not face.dirfa_mapping.has_shared_mesh


def test_without_a_window_the_second_of_two_in_one_queue_is_refused_in_words(
    stage, tmp_path: Path, monkeypatch
) -> None:
    face = face_with_keys(ARKIT_NAMES, "Hero")
    tone = str(write_tone(tmp_path / "line.wav", 1.0))
    for who in (face, twin_of(face), face):
        line = lines.new_line(stage, who.name, "FILE")
        line.path = tone
        lines.set_character(line, who)
    stage.dirfa.source = "STRIPS"
    client = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: client)

    bpy.ops.dirfa.generate()

    first, second, third = stage.dirfa.lines
    assert len(client.settings) == 2 and len(first.takes) == len(third.takes) == 1
    assert "'Twin' has one mesh with 'Hero', which speaks as well" in second.message
    assert not len(second.takes)

    bpy.context.view_layer.objects.active = second.character
    bpy.ops.dirfa.part_meshes()
    bpy.ops.dirfa.generate()

    assert len(second.takes) == 1 and not second.message


def test_without_a_window_nothing_replaces_what_a_twin_has_said(
    stage, tmp_path: Path, monkeypatch
) -> None:
    twin = twin_of(speaking(face_with_keys(ARKIT_NAMES, "Hero"), "AU26"))
    stage.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    stage.dirfa.actor, stage.dirfa.target = "object", twin
    client = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: client)

    said = refused(bpy.ops.dirfa.generate)

    assert "whose performance would be replaced" in said
    assert not client.settings
