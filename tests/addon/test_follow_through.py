"""Neck and shoulders follow the head on a character: the head's own turn stays, and off means off."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from dirfa_blender.blender import fcurves
from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core import rotation
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters import follow_through
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.head import meshes
from dirfa_blender.performing import acting, apply
from tests.addon.ball_head import ball_head, wavy_animation
from tests.addon.stage import character, line_with_take, take_of

PROFILE = load_profile("arkit")
TURN = 0.4


def turning(axis: int, fps: float = 50.0) -> Animation:
    """Straight for half a second, turned within a quarter, and held for three seconds."""
    times = np.arange(round(3.75 * fps) + 1) / fps
    base = wavy_animation(len(times) / fps, fps)
    turn = np.zeros((len(base), 3))
    turn[:, axis] = TURN * np.clip((np.arange(len(base)) / fps - 0.5) / 0.25, 0, 1)
    return replace(base, rotation=turn, translation=np.zeros_like(base.translation))


def built(scene, fps: str) -> meshes.HeadObjects:
    set_frame_rate(scene, parse_rate(fps))
    return meshes.build_head(ball_head(rings=6, segments=8, textured=False), "Ball")


def angle_of(rig: bpy.types.Object, bone: str) -> float:
    """Radians by which a bone is turned from rest, in the armature."""
    found = rig.pose.bones[bone]
    return (found.matrix @ found.bone.matrix_local.inverted()).to_quaternion().angle


def angles(scene, head: meshes.HeadObjects, fps: float, seconds: float) -> dict[str, float]:
    frame = 1 + seconds * fps
    scene.frame_set(int(frame), subframe=frame % 1)
    return {bone: angle_of(head.rig, bone) for bone in ("root", "neck", "head")}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_shoulders_follow_late_and_little_and_the_neck_in_between(scene, axis: int) -> None:
    head = built(scene, "50")
    apply.apply_animation(turning(axis), head, PROFILE, name="Take", follow_through=1.0)

    during, after = (angles(scene, head, 50, seconds) for seconds in (0.76, 3.5))

    assert after["root"] == pytest.approx(follow_through.SHOULDER_SHARE * TURN, abs=1e-4)
    assert after["neck"] == pytest.approx(PROFILE.head_bones["neck"] * TURN, abs=1e-4)
    reached = {bone: during[bone] / after[bone] for bone in after}
    assert reached["head"] == pytest.approx(1.0, abs=1e-4)
    assert 0.1 < reached["root"] < reached["neck"] < 0.9


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_the_head_turns_as_the_take_says_at_any_strength(scene, strength: float) -> None:
    head = built(scene, "50")
    take = wavy_animation()
    apply.apply_animation(take, head, PROFILE, name="Take", follow_through=strength)
    expected = rotation.to_matrix(take.rotation)

    for sample in (0, 13, 31, 49):
        scene.frame_set(sample + 1)
        bone = head.rig.pose.bones["head"]
        turned = np.array((bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3())
        np.testing.assert_allclose(turned, expected[sample], atol=2e-5)


@pytest.mark.parametrize("fps", ["24", "25", "29.97", "60"])
def test_the_same_moment_looks_the_same_at_any_rate(scene, fps: str) -> None:
    fine, head = built(scene, "240"), built(scene, fps)
    moments = (0.5, 0.7, 0.9, 1.3)
    set_frame_rate(scene, parse_rate("240"))
    apply.apply_animation(turning(1), fine, PROFILE, name="Fine", follow_through=1.0)
    truth = [angles(scene, fine, 240, moment) for moment in moments]
    set_frame_rate(scene, parse_rate(fps))
    apply.apply_animation(turning(1), head, PROFILE, name="Take", follow_through=1.0)

    rate = parse_rate(fps).per_second
    found = [angles(scene, head, rate, moment) for moment in moments]

    # What is left is the chord between two frames of a slow scene.
    for bone in ("root", "neck"):
        np.testing.assert_allclose(
            [row[bone] for row in found], [row[bone] for row in truth], atol=0.01 * TURN
        )


def test_off_leaves_the_shoulders_without_a_curve_and_the_neck_with_its_plain_share(scene) -> None:
    head = built(scene, "50")
    take = wavy_animation()
    apply.apply_animation(take, head, PROFILE, name="Take", follow_through=0.0)

    scene.frame_set(20)

    assert not any('"root"' in path for path, _ in fcurves.curves_of(head.rig))
    whole = Matrix(rotation.to_matrix(take.rotation[19])).to_quaternion().angle
    share = PROFILE.head_bones["neck"]
    assert angle_of(head.rig, "neck") == pytest.approx(share * whole, abs=1e-5)


def test_switched_off_on_a_character_nothing_of_it_is_left(stage) -> None:
    face = character()
    line_with_take(face, take_of(0, 2.0))
    acting.perform(stage, face)
    record, rig = acting.record_of(stage, face), face.parent
    stage.frame_set(20)
    assert record.follow_through == follow_through.NATURAL
    assert angle_of(rig, "root") > 0.005

    record.follow_through = 0.0

    assert not any('"root"' in path for path, _ in fcurves.curves_of(rig))
    stage.frame_set(21)
    assert angle_of(rig, "root") == 0.0
    record.follow_through = 1.0
    stage.frame_set(20)
    assert angle_of(rig, "root") > 0.005


def test_two_lines_far_apart_do_not_lean_on_each_other(stage) -> None:
    face = character()
    for start in (1.0, 400.0):
        line_with_take(face, take_of(0, 2.0), start)
    acting.perform(stage, face)
    rig = face.parent

    stage.frame_set(395)

    assert angle_of(rig, "root") < 0.002


def test_an_artists_own_body_is_left_alone(scene) -> None:
    head = built(scene, "50")
    head.rig.data.bones["root"].name = "spine"
    apply.apply_animation(turning(1), head, PROFILE, name="Take", follow_through=1.0)

    scene.frame_set(100)

    assert not any('"spine"' in path for path, _ in fcurves.curves_of(head.rig))
    assert angle_of(head.rig, "head") == pytest.approx(TURN, abs=1e-4)
