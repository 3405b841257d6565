"""Targets other than shape keys: custom properties, pose assets, pictures, linked and overridden data."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core.errors import RigError
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of, override_shapes
from tests.addon.stand_ins import armature, bone_turn, face_with_keys, moved_keys, take

ARKIT = load_profile("arkit")
BONES = {"spine": "spine", "neck": "neck", "head": "head", "jaw": "jaw"}


def test_properties_that_drive_keys_are_moved_instead_of_the_keys(at_50) -> None:
    rig = armature(BONES)
    face = face_with_keys(["jawOpen", "mouthSmileLeft"])
    face.parent = rig
    rig["jawOpen"] = 0.0
    rig.data["mouthSmileLeft"] = 0.0
    rig.pose.bones["head"]["browDownLeft"] = 0.0
    for key, owner, path in (
        ("jawOpen", rig, '["jawOpen"]'),
        ("mouthSmileLeft", rig.data, '["mouthSmileLeft"]'),
    ):
        driver = face.data.shape_keys.key_blocks[key].driver_add("value").driver
        driver.type = "SUM"
        variable = driver.variables.new()
        target = variable.targets[0]
        target.id_type = "OBJECT" if owner == rig else "ARMATURE"
        target.id, target.data_path = owner, path

    levels = {"AU27": 1.0, "AU12L": 0.5, "AU4L": 0.25}
    apply.apply_animation(take(levels), face, ARKIT, name="Take", scene=at_50)
    at_50.frame_set(2)

    assert moved_keys(face) == pytest.approx({"jawOpen": 1.0, "mouthSmileLeft": 0.5})
    assert rig.pose.bones["head"]["browDownLeft"] == pytest.approx(0.25)


def test_a_range_of_a_property_is_kept(at_50) -> None:
    thing = face_with_keys(["x"])
    thing["jaw"] = 30.0
    profile = profiles.parse_text(
        '{"format": "dirfa.profile", "version": 2, "name": "mine", "channels": {"jaw": {"AU27": 1}},'
        ' "ranges": {"jaw": [30, -10]}}',
        "mine",
    )

    apply.apply_animation(take({"AU27": 0.5}), thing, profile, name="Take", scene=at_50)

    at_50.frame_set(1)
    assert thing["jaw"] == pytest.approx(30)
    at_50.frame_set(2)
    assert thing["jaw"] == pytest.approx(10)


def pose_asset(rig: bpy.types.Object, name: str, bone: str, turn: tuple, move: tuple) -> None:
    """An Action of one frame that turns and moves a bone, as the pose library keeps it."""
    action = bpy.data.actions.new(name)
    rig.animation_data.action = action
    for path, values in (("rotation_quaternion", turn), ("location", move)):
        for index, value in enumerate(values):
            curve = action.fcurve_ensure_for_datablock(
                rig, f'pose.bones["{bone}"].{path}', index=index
            )
            curve.keyframe_points.insert(1, value)
    rig.animation_data.action = None
    action.use_fake_user = True
    action.asset_mark()


def test_pose_assets_blend_by_weight_and_add_up(at_50) -> None:
    rig = armature(BONES, mode="XZY")
    rig.animation_data_create()
    half = np.sqrt(0.5)
    pose_asset(rig, "AU27", "jaw", (half, half, 0, 0), (0, 0, 0.02))
    pose_asset(rig, "AU30L", "jaw", (1, 0, 0, 0), (0.01, 0, 0))
    profile = load_profile("action_units")

    apply.apply_animation(take({"AU27": 0.5, "AU30L": 1.0}), rig, profile, name="Take", scene=at_50)
    at_50.frame_set(2)

    bone = rig.pose.bones["jaw"]
    assert bone.rotation_euler.to_quaternion().angle == pytest.approx(np.radians(45), abs=1e-4)
    assert tuple(bone.location) == pytest.approx((0.01, 0, 0.01), abs=1e-6)
    at_50.frame_set(1)
    np.testing.assert_allclose(bone_turn(rig, "jaw"), np.eye(3), atol=1e-6)


def test_a_long_action_is_no_pose(at_50) -> None:
    rig = armature(BONES)
    rig.animation_data_create()
    pose_asset(rig, "AU27", "jaw", (1, 0, 0, 0), (0, 0, 0.02))
    walk = bpy.data.actions["AU27"]
    walk.asset_clear()
    for layer in walk.layers:
        for bag in layer.strips[0].channelbags:
            bag.fcurves[0].keyframe_points.insert(40, 1.0)

    assert "AU27" not in character_of(rig).inventory.of_kind("pose")["poses"]


def test_a_mouth_of_pictures_switches_by_number_and_by_visibility(at_50) -> None:
    top = bpy.data.objects.new("Cut-out", None)
    at_50.collection.objects.link(top)
    top["mouth"] = 0
    for letter in "XABCDEFGH":
        card = bpy.data.objects.new(f"mouth_{letter}", bpy.data.meshes.new(letter))
        at_50.collection.objects.link(card)
        card.parent = top
    profile = load_profile("mouth_sprites")
    open_wide = {"AU26": 0.8, "AU10L": 0.25, "AU10R": 0.25, "AU16L": 0.5, "AU16R": 0.5}

    found = profiles.profile_for(top)
    apply.apply_animation(take(open_wide, count=20), top, profile, name="Take", scene=at_50)

    assert found.name == "mouth_sprites"
    at_50.frame_set(12)
    shown = [c.name for c in top.children if not c.hide_render]
    assert shown == ["mouth_D"]
    assert top["mouth"] == list(profile.visemes).index("mouthD")
    curve = fcurves.curves_of(top)['["mouth"]', 0]
    assert {key.interpolation for key in curve.keyframe_points} == {"CONSTANT"}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A file with a face on an armature."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = armature(BONES)
    face = face_with_keys(["jawOpen", "mouthSmileLeft"])
    face.parent = rig
    face.modifiers.new("Armature", "ARMATURE").object = rig
    path = tmp_path / "character.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def linked(path: Path) -> dict[str, bpy.types.Object]:
    with bpy.data.libraries.load(str(path), link=True) as (source, target):
        target.objects = source.objects
    for thing in target.objects:
        bpy.context.scene.collection.objects.link(thing)
    return {thing.name: thing for thing in target.objects}


def test_a_linked_character_is_refused_with_what_to_do(library) -> None:
    things = linked(library)

    with pytest.raises(RigError, match=r"linked from character\.blend.*[Ll]ibrary override"):
        apply.apply_animation(take({"AU27": 1.0}), things["Face"], ARKIT, name="Take")

    assert not bpy.data.actions


def test_an_overridden_character_plays_a_take(library) -> None:
    things = linked(library)
    scene = bpy.context.scene
    set_frame_rate(scene, parse_rate("50"))
    rig = things["Rig"].override_hierarchy_create(scene, bpy.context.view_layer)
    face = next(o for o in bpy.data.objects if o.type == "MESH" and o.library is None)

    with pytest.raises(RigError, match="Override Shapes"):
        apply.apply_animation(take({"AU27": 1.0}), rig, ARKIT, name="Take")

    assert override_shapes(character_of(rig)) == 1
    apply.apply_animation(take({"AU27": 1.0}, rotation=(0.2, 0, 0)), rig, ARKIT, name="Take")
    scene.frame_set(2)

    assert moved_keys(face) == pytest.approx({"jawOpen": 1.0})
    assert rig.animation_data.action.library is None


def test_a_character_without_a_face_says_what_is_missing_and_what_can_be_done(at_50) -> None:
    rig = armature({"spine": "spine", "neck": "neck", "head": "Bip01 Head"})
    stranger = face_with_keys(["Tentacle"])
    stranger.parent = rig

    with pytest.raises(RigError) as caught:
        profiles.detect(character_of(stranger))

    assert "None of its 1 shape keys (Tentacle, ...) is known" in str(caught.value)
    assert "What can be driven: head pose on bone 'Bip01 Head'" in str(caught.value)
