"""Shots by name: lamps that turn together, backgrounds, depth of field."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.core.errors import SettingsError
from dirfa_blender.head import meshes
from dirfa_blender.rendering import engines, shot
from dirfa_blender.rendering.shot_presets import SHOTS

from .ball_head import ball_head
from .test_operators import refused


def subject() -> meshes.HeadObjects:
    return meshes.build_head(ball_head(rings=12, segments=12), "Ball")


@pytest.mark.parametrize("name", SHOTS)
def test_every_shot_is_built_as_its_preset_says(scene, name: str) -> None:
    made = shot.build_shot(scene, subject(), preset=name)

    look = SHOTS[name]
    assert len(made.lights) == len(look.lamps)
    assert made.camera.data.dof.use_dof == (look.aperture > 0)
    assert scene.render.film_transparent == (look.background == "transparent")
    assert (made.backdrop is None) == (look.background == "transparent")


def test_turning_the_light_rig_walks_every_lamp_round_the_face(scene) -> None:
    made = shot.build_shot(scene, subject())
    bpy.context.view_layer.update()
    middle = np.array(made.light_rig.location)
    before = [np.array(light.matrix_world.translation) - middle for light in made.lights]

    made.light_rig.rotation_euler[2] = np.pi / 2

    bpy.context.view_layer.update()
    for light, was in zip(made.lights, before, strict=True):
        now = np.array(light.matrix_world.translation) - middle
        assert np.allclose(now, [-was[1], was[0], was[2]], atol=1e-5)


def test_lamps_aim_at_the_face(scene) -> None:
    made = shot.build_shot(scene, subject())

    bpy.context.view_layer.update()
    for light in made.lights:
        way = np.array(made.light_rig.location) - np.array(light.matrix_world.translation)
        ahead = -np.array(light.matrix_world.col[2])[:3]
        assert ahead @ way / np.linalg.norm(way) > 0.999, light.name


def test_the_photo_stands_behind_the_head_too_small_to_be_sharp(scene, tmp_path: Path) -> None:
    source = bpy.data.images.new("source", 300, 200)
    source.filepath_raw, source.file_format = str(tmp_path / "photo.png"), "PNG"
    source.save()

    made = shot.build_shot(scene, subject(), preset="on location", photo=tmp_path / "photo.png")

    nodes = made.backdrop.data.materials[0].node_tree.nodes
    image = next(node.image for node in nodes if node.type == "TEX_IMAGE")
    assert max(image.size) == shot.BLURRED_PIXELS
    assert image.packed_file is not None


def test_an_unreadable_photo_leaves_the_gradient(scene, tmp_path: Path) -> None:
    made = shot.build_shot(scene, subject(), preset="on location", photo=tmp_path / "none.png")

    nodes = made.backdrop.data.materials[0].node_tree.nodes
    assert not any(node.type == "TEX_IMAGE" for node in nodes)


def test_render_settings_leave_the_film_as_the_shot_set_it(scene) -> None:
    shot.build_shot(scene, subject(), preset="cut-out")

    engines.configure(scene, engines.RenderSettings())

    assert scene.render.film_transparent


def test_an_unknown_shot_names_those_there_are(scene) -> None:
    with pytest.raises(SettingsError, match=r"must be one of soft studio, .*got 'noir'"):
        shot.build_shot(scene, subject(), preset="noir")


def test_a_subject_without_height_is_refused_before_the_old_shot_goes(stage) -> None:
    stage.dirfa.actor, stage.dirfa.target = "object", subject().face
    bpy.ops.dirfa.build_shot()
    before = sorted(thing.name for thing in bpy.data.objects if shot.SHOT_KEY in thing)
    empty = bpy.data.objects.new("Nothing", None)
    stage.collection.objects.link(empty)
    stage.dirfa.target = empty

    assert "no height to be framed" in refused(bpy.ops.dirfa.build_shot)

    assert sorted(thing.name for thing in bpy.data.objects if shot.SHOT_KEY in thing) == before
    assert len(before) == 6
