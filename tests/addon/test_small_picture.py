"""Frames of small films: fewer strands, no pores, the same scene otherwise."""

from __future__ import annotations

import bpy
import numpy as np

from dirfa_blender.core.hair.groom import Strands
from dirfa_blender.head import groom, materials, meshes
from dirfa_blender.rendering import small_picture
from tests.addon.ball_head import ball_head


def test_half_of_the_strands_are_left_and_cover_as_much(scene) -> None:
    points = np.random.default_rng(3).normal(size=(40, 5, 3)).astype(np.float32)
    grown = Strands(
        points, np.linspace(2e-4, 1e-4, 5).astype(np.float32), np.full(len(points), 0.5, np.float32)
    )
    curves = groom.build_curves(grown, "Hair")
    curves.materials.append(materials.build_strands("Hair strands", {}, (0.0, 0.0, 0.0)))
    hair = bpy.data.objects.new("Hair", curves)
    scene.collection.objects.link(hair)

    small_picture.simplify(scene)

    assert len(hair.data.curves) == 20
    places = np.empty(20 * 5 * 3, np.float32)
    hair.data.attributes["position"].data.foreach_get("vector", places)
    np.testing.assert_array_equal(places.reshape(20, 5, 3), points[::2])
    radii = np.empty(20 * 5, np.float32)
    hair.data.attributes["radius"].data.foreach_get("value", radii)
    np.testing.assert_allclose(radii[:5], small_picture.WIDER * grown.radii, rtol=1e-6)
    assert hair.data.materials[0].name == "Hair strands"


def test_the_folds_of_a_face_are_kept(scene) -> None:
    folds = bpy.data.images.new("folds", 4, 4)
    mesh = bpy.data.meshes.new("Face")
    mesh.materials.append(materials.build("skin", "skin", {}, None, folds))
    scene.collection.objects.link(bpy.data.objects.new("Face", mesh))

    small_picture.simplify(scene)

    bumps = [n for n in mesh.materials[0].node_tree.nodes if n.type == "BUMP"]
    assert [node.name for node in bumps if not node.mute] == ["Folds of the photo"]


def test_skin_has_no_pores(scene) -> None:
    mesh = bpy.data.meshes.new("Face")
    mesh.materials.append(materials.build("skin", "skin", {}))
    scene.collection.objects.link(bpy.data.objects.new("Face", mesh))

    small_picture.simplify(scene)

    bumps = [n for n in mesh.materials[0].node_tree.nodes if n.type == "BUMP"]
    assert bumps and all(node.mute for node in bumps)


def test_the_mesh_of_a_head_is_no_finer_than_it_is(scene) -> None:
    face = meshes.build_head(ball_head(rings=8, segments=8), "Ball").face

    small_picture.simplify(scene)

    assert face.modifiers["Subdivision"].render_levels == 0
