"""Exports read back by Blender's own importers: names, weights at frames, and what stays behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Vector
from mathutils.kdtree import KDTree

import dirfa_blender
from dirfa_blender.blender import scene as staging
from dirfa_blender.core.errors import OutputError, RigError, SettingsError
from dirfa_blender.core.provenance import PROPERTY, SYNTHETIC
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.export import exporting, exports
from dirfa_blender.performing import acting, layering
from dirfa_blender.staging.placement import Placement, place
from tests.addon.ball_head import ball_head, wavy_animation
from tests.addon.stage import character, line_with_take, speaking_character, take_of
from tests.addon.stand_ins import JOINTS, armature

FRAMES = (1, 7, 13)


def performed(scene) -> bpy.types.Object:
    staging.set_frame_rate(scene, parse_rate("24"))
    head = ball_head(rings=12, segments=12, textured=False)
    place(scene, wavy_animation(0.6), head, Placement("Ball", duration=0.6, with_shot=False))
    return next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys)


def weights(face: bpy.types.Object, scene) -> dict[str, np.ndarray]:
    keys = face.data.shape_keys.key_blocks[1:]
    found = {key.name: [] for key in keys}
    for frame in FRAMES:
        scene.frame_set(frame)
        bpy.context.view_layer.update()
        for key in keys:
            found[key.name].append(key.value)
    return {name: np.array(values) for name, values in found.items()}


def imported(path: Path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    staging.set_frame_rate(scene, parse_rate("24"))
    if path.suffix == ".glb":
        exports._enable("io_scene_gltf2")
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif path.suffix == ".fbx":
        exports._enable("io_scene_fbx")
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    return scene


# Blender 5.2's FBX exporter sets array shapes, which its own numpy warns of.
@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc"])
def test_shapes_keep_their_names_and_weights(scene, tmp_path: Path, suffix: str) -> None:
    face = performed(scene)
    before = weights(face, scene)
    path = tmp_path / f"ball{suffix}"

    exporting.export_character(scene, exporting.export_of(scene, face), path)

    scene = imported(path)
    face = next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys)
    after = weights(face, scene)
    assert set(after) == set(before)
    assert "tongueOut" in after
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=1e-4, err_msg=name)


# Blender 5.2's FBX exporter sets array shapes, which its own numpy warns of.
@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc"])
@pytest.mark.parametrize("walks", [False, True])
def test_bones_move_what_they_carry_as_before(
    scene, tmp_path: Path, suffix: str, walks: bool
) -> None:
    face, tree = boned_face()
    if walks:
        # What the artist animated goes on below the take.
        body = face.parent.pose.bones["spine"]
        for frame, turn_radians in ((FRAMES[0], 0.0), (FRAMES[-1], 0.6)):
            body.rotation_euler.y = turn_radians
            body.keyframe_insert("rotation_euler", frame=frame)
    place(scene, wavy_animation(0.6), None, Placement("Face", target=face.parent, duration=0.6))
    before = [places(face, scene, frame) for frame in FRAMES]
    path = tmp_path / f"face{suffix}"

    exporting.export_character(scene, exporting.export_of(scene, face), path)

    scene = imported(path)
    face = next(o for o in scene.objects if o.type == "MESH")
    rig = face.find_armature()
    rig.data.pose_position = "REST"
    order = [tree.find(place)[1] for place in places(face, scene, 1)]
    rig.data.pose_position = "POSE"
    after = [places(face, scene, frame) for frame in FRAMES]
    assert sorted(order) == list(range(len(order)))
    for was, now in zip(before, after, strict=True):
        np.testing.assert_allclose(now, was[order], atol=1e-4)
    for bone in range(0 if walks else 1, len(JOINTS)):
        moved = np.ptp([was[3 * bone : 3 * bone + 3] for was in before], axis=0).max()
        assert moved > 1e-3, f"bone {bone} rests"


def boned_face() -> tuple[bpy.types.Object, KDTree]:
    """A face of one triangle a bone, on a turned and scaled armature; and where its vertices rest."""
    rig = armature({name: name for name in JOINTS}, mode="XYZ")
    points = np.concatenate(
        [np.array(head) + 0.02 * np.eye(3) for head, _, _ in JOINTS.values()], dtype=np.float64
    )
    points += 1e-3 * np.arange(len(points))[:, None]
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata(points.tolist(), [], np.arange(len(points)).reshape(-1, 3).tolist())
    face = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(face)
    for index, name in enumerate(JOINTS):
        group = face.vertex_groups.new(name=name)
        group.add([3 * index, 3 * index + 1, 3 * index + 2], 1.0, "REPLACE")
    face.parent = rig
    face.modifiers.new("Rig", "ARMATURE").object = rig
    rig.scale, rig.rotation_euler, rig.location = (2.0,) * 3, (0, 0, 0.4), (1, 2, 0.3)
    bpy.context.view_layer.update()
    tree = KDTree(len(points))
    for index, point in enumerate(points):
        tree.insert(face.matrix_world @ Vector(point), index)
    tree.balance()
    return face, tree


def places(face: bpy.types.Object, scene, frame: int) -> np.ndarray:
    """(V, 3) world places of a mesh's vertices in a frame."""
    scene.frame_set(frame)
    seen = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    flat = np.empty(3 * len(seen.data.vertices), np.float32)
    seen.data.vertices.foreach_get("co", flat)
    world = np.array(seen.matrix_world)
    return flat.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]


def test_layers_in_the_nla_are_exported_as_they_are_seen(scene, tmp_path: Path) -> None:
    dirfa_blender.register()
    try:
        scene = bpy.context.scene
        staging.set_frame_rate(scene, parse_rate("24"))
        face = character()
        line_with_take(face, take_of(0, 1.0))
        acting.perform(scene, face)
        layering.push_down(scene, scene.dirfa.characters[0])
        scene.frame_start, scene.frame_end = FRAMES[0], FRAMES[-1]
        before = weights(face, scene)
        exporting.export_character(scene, exporting.export_of(scene, face), tmp_path / "face.glb")
    finally:
        dirfa_blender.unregister()

    scene = imported(tmp_path / "face.glb")
    face = next(o for o in scene.objects if o.type == "MESH" and o.data.shape_keys)
    after = weights(face, scene)
    assert max(np.abs(values).max() for values in before.values()) > 0.05
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=1e-4)


# Blender 5.2's FBX exporter sets array shapes, which its own numpy warns of.
@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc", ".blend"])
def test_a_file_says_that_the_performance_in_it_is_synthetic(
    scene, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"face{suffix}"
    dirfa_blender.register()
    try:
        scene = bpy.context.scene
        face = speaking_character(scene, 0.4)
        exporting.export_character(scene, exporting.export_of(scene, face), path)
        kept = [block.name for block in (scene, *scene.objects) if PROPERTY in block]
    finally:
        dirfa_blender.unregister()

    if suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(path))
    scene = bpy.context.scene if suffix == ".blend" else imported(path)
    assert SYNTHETIC in [block.get(PROPERTY) for block in (scene, *scene.objects)]
    assert not kept


def test_a_character_without_a_performance_is_not_called_synthetic(scene, tmp_path: Path) -> None:
    dirfa_blender.register()
    try:
        scene = bpy.context.scene
        export = exporting.export_of(scene, character())
        exporting.export_character(scene, export, tmp_path / "face.glb")
    finally:
        dirfa_blender.unregister()

    assert SYNTHETIC.encode() not in (tmp_path / "face.glb").read_bytes()


def test_selection_and_range_are_put_back(scene, tmp_path: Path) -> None:
    face = performed(scene)
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object

    exporting.export_character(scene, exporting.export_of(scene, face), tmp_path / "a.glb")

    assert [o for o in bpy.context.view_layer.objects if o.select_get()] == [cube]
    assert bpy.context.view_layer.objects.active == cube
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.glb"]


def test_what_an_export_loses_is_said(scene) -> None:
    face = performed(scene)
    face.modifiers.new("Smooth", "SUBSURF")

    sentences = exporting.lost_in_export(exporting.export_of(scene, face))

    assert any("Smooth" in sentence for sentence in sentences)


def test_what_smooths_in_renders_alone_is_no_loss(scene) -> None:
    face = performed(scene)
    smooth = face.modifiers.new("Smooth", "SUBSURF")
    smooth.levels, smooth.render_levels = 0, 1

    assert exporting.lost_in_export(exporting.export_of(scene, face)) == ()


def test_a_wrong_format_and_a_missing_folder_are_sentences(scene, tmp_path: Path) -> None:
    export = exporting.export_of(scene, performed(scene))

    with pytest.raises(SettingsError, match="exported as"):
        exporting.export_character(scene, export, tmp_path / "a.obj")
    with pytest.raises(OutputError, match="could not write"):
        exporting.export_character(scene, export, tmp_path / "gone" / "a.glb")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that a character does not fit on."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("making a small disk needs root on Linux")
    words = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(tmp_path)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts nothing")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


# Blender's exporters leave their files open when they fail.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc", ".usda", ".blend"])
def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(
    scene, full_disk: Path, suffix: str
) -> None:
    export = exporting.export_of(scene, performed(scene))

    with pytest.raises(OutputError) as caught:
        exporting.export_character(scene, export, full_disk / f"hero{suffix}")

    sentence = str(caught.value)
    assert f"hero{suffix}" in sentence and ".part" not in sentence
    assert "No space left on device" in sentence or "the disk may be full" in sentence
    gc.collect()
    assert "Traceback" not in sentence and "\n" not in sentence
    assert list(full_disk.iterdir()) == []


def test_a_character_without_a_mesh_is_a_sentence(scene) -> None:
    empty = bpy.data.objects.new("Nothing", None)
    scene.collection.objects.link(empty)

    with pytest.raises(RigError, match="must have a mesh"):
        exporting.export_of(scene, empty)
