"""What state artists leave things in: modes, strips being edited, hidden rigs, Actions taken apart."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves, nla
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.operators import speech_operator
from dirfa_blender.performing import lines
from dirfa_blender.rig.character import character_of
from dirfa_blender.session import state
from dirfa_blender.staging.hindrances import hindrances_of
from tests.addon.stage import QueueServer, line_with_take
from tests.addon.stand_ins import armature, face_with_keys, moved_keys, rigged_face
from tests.addon.test_operators import refused, snapshot
from tests.addon.test_scene import write_tone

BONES = {"spine": "spine", "neck": "neck", "head": "head", "jaw": "jaw"}


@pytest.fixture
def stage(scene, tmp_path: Path, monkeypatch):
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    scene.dirfa.actor = "object"
    client = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: client)
    yield scene
    dirfa_blender.unregister()


@pytest.fixture
def face(stage) -> bpy.types.Object:
    face = rigged_face(BONES)
    stage.dirfa.target = face
    return face


def keys_played(face: bpy.types.Object) -> int:
    return len(fcurves.curves_of(face.data.shape_keys))


@pytest.mark.parametrize(
    ("part", "mode"),
    [
        ("rig", "POSE"),
        ("rig", "EDIT"),
        ("face", "EDIT"),
        ("face", "SCULPT"),
        ("face", "WEIGHT_PAINT"),
    ],
)
def test_a_character_speaks_in_whatever_mode_it_is(stage, face, part: str, mode: str) -> None:
    bpy.context.view_layer.objects.active = face if part == "face" else face.parent
    bpy.ops.object.mode_set(mode=mode)
    before = bpy.context.mode

    bpy.ops.dirfa.generate()
    stage.dirfa.lines[0].controls.jaw = 0.5

    assert bpy.context.mode == before
    bpy.ops.object.mode_set(mode="OBJECT")
    stage.frame_set(20)
    assert keys_played(face) == 52
    assert moved_keys(face)


def test_lines_given_to_any_part_of_a_character_are_one_performance(stage, face, tmp_path) -> None:
    rig = face.parent
    bpy.ops.dirfa.generate()
    stage.dirfa.target = rig
    stage.dirfa.audio = str(write_tone(tmp_path / "second.wav", 1.0))

    bpy.ops.dirfa.generate()
    chosen_by_hand = line_with_take(rig, start=80.0)
    lines.set_character(chosen_by_hand, None)
    chosen_by_hand.character = rig

    assert [line.character for line in stage.dirfa.lines] == [face] * 3
    assert [record.target for record in stage.dirfa.characters] == [face]
    (curve,) = (
        c for (p, _), c in fcurves.curves_of(face.data.shape_keys).items() if "jawOpen" in p
    )
    first, last = fcurves.read_keys(curve)[[0, -1], 0]
    assert first <= 1.0 and last > 80.0


def enter_strip(block: bpy.types.ID, track: bpy.types.NlaTrack) -> None:
    """Into tweak mode of a track's strip, as Tab does in the NLA editor."""
    for other in block.animation_data.nla_tracks:
        other.select = other.strips[0].select = other == track
    block.animation_data.nla_tracks.active = track
    block.animation_data.use_tweak_mode = True


def test_a_strip_that_is_being_edited_keeps_everything_as_it_is(stage, face) -> None:
    bpy.ops.dirfa.generate()
    bpy.ops.dirfa.push_down()
    keys = face.data.shape_keys
    enter_strip(keys, keys.animation_data.nla_tracks["Lips"])
    line = stage.dirfa.lines[0]
    curves = fcurves.slot_curves(keys.animation_data.action, keys.animation_data.action_slot)
    before = {place: fcurves.read_keys(curve) for place, curve in curves.items()}

    line.controls.jaw = 0.4

    assert "press Tab in the NLA editor" in state().error
    assert "press Tab in the NLA editor" in refused(bpy.ops.dirfa.pull_up)
    assert all(np.array_equal(before[place], fcurves.read_keys(c)) for place, c in curves.items())
    keys.animation_data.use_tweak_mode = False
    line.controls.jaw = 0.5
    assert not state().error


def test_a_strip_of_the_artist_that_is_being_edited_keeps_the_take_out(stage, face) -> None:
    rig = face.parent
    own = bpy.data.actions.new("Own")
    slot = fcurves.new_slot(own, rig, "Own")
    own.layers.new("Layer").strips.new(type="KEYFRAME")
    bag = fcurves.channelbag(own, slot)
    bag.fcurves.new('pose.bones["spine"].location', index=0).keyframe_points.insert(1, 0.1)
    nla.lay_out(rig, [nla.LayerStrip("Own", own, slot)], (1, 10))
    enter_strip(rig, rig.animation_data.nla_tracks[0])
    before = snapshot()

    assert "is being edited" in refused(bpy.ops.dirfa.generate)

    assert snapshot() == before
    assert not len(stage.dirfa.lines)


@pytest.mark.parametrize("part", ["layer", "strip", "slot", "channels", "curves", "Action"])
def test_an_action_that_was_taken_apart_is_put_together_again(stage, face, part: str) -> None:
    bpy.ops.dirfa.generate()
    action = stage.dirfa.characters[0].action
    layer = action.layers[0]
    if part == "layer":
        action.layers.remove(layer)
    elif part == "strip":
        layer.strips.remove(layer.strips[0])
    elif part == "slot":
        action.slots.remove(action.slots[0])
    elif part == "channels":
        layer.strips[0].channelbags.remove(layer.strips[0].channelbags[0])
    elif part == "curves":
        layer.strips[0].channelbags[0].fcurves.clear()
    else:
        bpy.data.actions.remove(action)

    stage.dirfa.lines[0].controls.jaw = 0.5

    assert keys_played(face) == 52
    stage.frame_set(20)
    assert moved_keys(face)


def test_of_two_heads_below_one_empty_the_chosen_one_speaks(stage) -> None:
    top = bpy.data.objects.new("Import", None)
    stage.collection.objects.link(top)
    parts = [face_with_keys(ARKIT_NAMES, "Ann"), face_with_keys(["jawOpen"], "Ann teeth")]
    other = [face_with_keys(ARKIT_NAMES, "Bob"), face_with_keys(["jawOpen"], "Bob teeth")]
    for thing in (*parts, *other):
        thing.parent = top
        thing.location.x = 2.0 * (thing in other)
    bpy.context.view_layer.update()
    stage.dirfa.target = parts[0]

    bpy.ops.dirfa.generate()

    stage.frame_set(20)
    assert all(moved_keys(thing) for thing in parts)
    assert not any(moved_keys(thing) for thing in other)
    assert lines.characters_in(stage) == [parts[0], other[0]]
    assert set(character_of(top).faces) == {*parts, *other}


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc"])
def test_a_hidden_armature_is_exported_all_the_same(stage, face, tmp_path: Path, suffix) -> None:
    bpy.ops.dirfa.generate()
    seen, hidden = tmp_path / f"seen{suffix}", tmp_path / f"hidden{suffix}"
    bpy.ops.dirfa.export_character(filepath=str(seen))
    rig = face.parent
    away = bpy.data.collections.new("Away")
    stage.collection.children.link(away)
    stage.collection.objects.unlink(rig)
    away.objects.link(rig)
    rig.hide_viewport = rig.hide_select = away.hide_viewport = True

    bpy.ops.dirfa.export_character(filepath=str(hidden))

    assert abs(hidden.stat().st_size - seen.stat().st_size) < 64
    assert rig.hide_viewport and rig.hide_select and away.hide_viewport
    assert list(bpy.data.collections) == [away]


def test_a_hidden_character_is_not_exported_as_an_empty_file(stage, face, tmp_path: Path) -> None:
    bpy.ops.dirfa.generate()
    face.hide_set(True)

    said = refused(lambda: bpy.ops.dirfa.export_character(filepath=str(tmp_path / "a.glb")))

    assert "'Face' are hidden" in said
    assert not list(tmp_path.glob("*.glb"))


def test_characters_are_looked_for_once_for_many_strips(stage, face, monkeypatch) -> None:
    face.name = "Hero"
    editor = stage.sequence_editor_create()
    for number in range(40):
        editor.strips.new_sound(
            f"hero_{number}", stage.dirfa.audio, channel=1 + number, frame_start=1
        )
    searches: list[int] = []
    found = lines.characters_in

    def counted(scene: bpy.types.Scene) -> list[bpy.types.Object]:
        searches.append(1)
        return found(scene)

    monkeypatch.setattr(lines, "characters_in", counted)

    bpy.ops.dirfa.collect_strips()
    bpy.ops.dirfa.cast()

    assert {line.character for line in stage.dirfa.lines} == {face}
    assert len(searches) == 2


def test_casting_that_cannot_be_played_changes_no_line(stage) -> None:
    hero, stone = face_with_keys(ARKIT_NAMES, "Hero"), face_with_keys(["cracked", "mossy"], "Stone")
    line = line_with_take(hero)
    line.name = "stone_1"
    rule = stage.dirfa.rules.add()
    rule.pattern, rule.character = "stone_*", stone

    assert "nothing that profile" in refused(bpy.ops.dirfa.cast)

    assert line.character == hero


@pytest.mark.parametrize("bone", ["neck", "head"])
def test_a_bone_that_a_driver_turns_is_left_alone_and_said(stage, face, bone: str) -> None:
    rig = face.parent
    rig.pose.bones[bone].rotation_mode = "XYZ"
    rig.pose.bones[bone].driver_add("rotation_euler", 1).driver.expression = "0.1"

    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    assert keys_played(face) >= 50
    paths = {path for path, _ in fcurves.curves_of(rig)}
    assert f'pose.bones["{bone}"].rotation_euler' not in paths
    said = f"Bone '{bone}' of '{rig.name}' is moved by drivers and left alone"
    assert said in hindrances_of(face)


def test_a_rig_of_which_a_driver_turns_all_there_is_says_so(stage) -> None:
    rig = armature({"head": "head"}, mode="XYZ")
    rig.pose.bones["head"].driver_add("rotation_euler", 0).driver.expression = "0.1"
    rig.pose.bones["head"].driver_add("location", 0).driver.expression = "0"
    stage.dirfa.target = rig

    assert "drivers on 2 of the properties" in refused(bpy.ops.dirfa.generate)
