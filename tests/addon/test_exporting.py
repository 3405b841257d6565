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

from dirfa_blender.blender import scene as staging
from dirfa_blender.core.errors import OutputError, RigError, SettingsError
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.export import exporting, exports
from dirfa_blender.staging.placement import Placement, place
from tests.addon.ball_head import ball_head, wavy_animation

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
