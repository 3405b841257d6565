"""A head leaves for other programs and comes back whole: names, displacements, colours, motion."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils.kdtree import KDTree

from dirfa_blender.core.errors import OutputError, SettingsError
from dirfa_blender.core.formats.exchange import encoded_take
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.head_template import template
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.rotation import to_matrix
from dirfa_blender.export import exports
from dirfa_blender.head import meshes
from dirfa_blender.performing import apply
from tests.addon.ball_head import ball_head, wavy_animation

SUFFIXES = (".glb", ".fbx", ".usdc")


def opened(path: Path) -> list[bpy.types.Object]:
    """Everything in an exported file, in an otherwise empty scene."""
    import addon_utils

    bpy.ops.wm.read_factory_settings(use_empty=True)
    if path.suffix in (".glb", ".gltf"):
        addon_utils.enable("io_scene_gltf2")
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif path.suffix == ".fbx":
        addon_utils.enable("io_scene_fbx")
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    return list(bpy.context.scene.objects)


def faces_with_shapes(objects: list[bpy.types.Object]) -> list[bpy.types.Object]:
    return [o for o in objects if o.type == "MESH" and o.data.shape_keys is not None]


def coordinates(key: bpy.types.ShapeKey) -> np.ndarray:
    flat = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def displaced(face: bpy.types.Object) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """World places of the vertices and how each shape moves them."""
    world = np.array(face.matrix_world)
    blocks = face.data.shape_keys.key_blocks
    rest = coordinates(blocks[0])
    moved = {key.name: (coordinates(key) - rest) @ world[:3, :3].T for key in blocks[1:]}
    return rest @ world[:3, :3].T + world[:3, 3], moved


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_all_52_shapes_come_back_by_name_and_move_as_they_did(
    scene, tmp_path: Path, suffix: str
) -> None:
    head = ball_head()
    made = meshes.build_head(head, "Head")
    bpy.context.view_layer.update()

    exports.export_objects(tmp_path / f"head{suffix}", [made.rig, made.face], animated=False)
    faces = faces_with_shapes(opened(tmp_path / f"head{suffix}"))

    assert len(faces) == 1
    places, moved = displaced(faces[0])
    assert set(ARKIT_NAMES) <= set(moved)
    tree = KDTree(len(head.vertices))
    for index, place in enumerate(head.vertices):
        tree.insert(place, index)
    tree.balance()
    found = [tree.find(place) for place in places]
    assert max(distance for _, _, distance in found) < 1e-4, "a vertex came back elsewhere"
    nearest = np.array([index for _, index, _ in found])
    for name, deltas in zip(head.shape_names, head.shape_deltas, strict=True):
        # Vertices of two balls that touch share a place: those are told apart by their motion.
        missed = np.linalg.norm(moved[name] - deltas[nearest], axis=1)
        assert np.percentile(missed, 99) < 1e-4, f"{name} moves otherwise in {suffix}"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_skin_texture_comes_along(scene, tmp_path: Path, suffix: str) -> None:
    made = meshes.build_head(ball_head(), "Head")

    exports.export_objects(tmp_path / f"head{suffix}", [made.rig, made.face], animated=False)
    opened(tmp_path / f"head{suffix}")

    skins = [m for m in bpy.data.materials if m.name.startswith("Head") and "skin" in m.name]
    assert skins
    pictures = [n.image for n in skins[0].node_tree.nodes if n.type == "TEX_IMAGE"]
    assert pictures and tuple(pictures[0].size) == (48, 64)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_hair_comes_along_as_cards_that_are_cut_out_of_their_picture(
    scene, tmp_path: Path, suffix: str
) -> None:
    made = meshes.build_head(template(), "Head")
    cards = next(child for child in made.rig.children if child.name == "Head Hair Cards")
    count = len(cards.data.polygons)

    exports.export_objects(tmp_path / f"head{suffix}", [made.rig, made.face, cards], animated=False)
    assert cards.hide_render and cards.hide_select
    read = opened(tmp_path / f"head{suffix}")

    hair = next(o for o in read if o.type == "MESH" and "Cards" in o.name)
    shader = next(n for n in hair.data.materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    picture = shader.inputs["Base Color"].links[0].from_node.image
    assert len(hair.data.polygons) in (count, 2 * count)
    assert tuple(picture.size) == (512, 512) and picture.channels == 4
    assert shader.inputs["Alpha"].is_linked
    assert not hair.data.materials[0].use_backface_culling


@pytest.mark.parametrize("suffix", [".gltf", ".usdc", ".usda"])
def test_two_characters_in_one_folder_keep_a_face_each(scene, tmp_path: Path, suffix: str) -> None:
    made = meshes.build_head(ball_head(), "Head")
    skin = next(i for i in bpy.data.images if tuple(i.size) == (48, 64))
    for name, shade in (("ann", 0.25), ("ben", 0.5), ("ann", 0.75)):
        skin.pixels.foreach_set([shade, shade, shade, 1.0] * (48 * 64))
        skin.pack()
        exports.export_objects(tmp_path / f"{name}{suffix}", [made.rig, made.face], animated=False)

    shades = []
    for name in ("ann", "ben"):
        opened(tmp_path / f"{name}{suffix}")
        picture = next(i for i in bpy.data.images if tuple(i.size) == (48, 64))
        shades.append(picture.pixels[0])

    assert shades == pytest.approx([0.75, 0.5], abs=0.02)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_animated_head_comes_back_moving(scene, tmp_path: Path, suffix: str) -> None:
    made = meshes.build_head(ball_head(), "Head")
    scene.frame_start, scene.frame_end = 1, 10
    key = made.face.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((1, 0.0), (10, 0.8)):
        key.value = value
        key.keyframe_insert("value", frame=frame)

    exports.export_objects(tmp_path / f"head{suffix}", [made.rig, made.face], animated=True)
    face = faces_with_shapes(opened(tmp_path / f"head{suffix}"))[0]

    values = []
    for frame in (bpy.context.scene.frame_start, bpy.context.scene.frame_end, 10):
        bpy.context.scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        values.append(face.evaluated_get(graph).data.shape_keys.key_blocks["jawOpen"].value)
    assert max(values) == pytest.approx(0.8, abs=0.02)


def test_the_scene_is_as_it_was_after_an_export(scene, tmp_path: Path) -> None:
    made = meshes.build_head(ball_head(), "Head")
    made.face.modifiers["Subdivision"].levels = 1
    before = [m.name for m in made.face.data.materials]
    shaders = [len(m.node_tree.nodes) for m in made.face.data.materials]

    exports.export_objects(tmp_path / "head.glb", [made.rig, made.face], animated=False)

    assert [m.name for m in made.face.data.materials] == before
    assert [len(m.node_tree.nodes) for m in made.face.data.materials] == shaders
    assert made.face.modifiers["Subdivision"].levels == 1
    assert made.face.modifiers["Subdivision"].show_viewport
    assert len(bpy.data.materials) == len(before)


def test_another_suffix_is_refused_with_those_that_work(scene, tmp_path: Path) -> None:
    made = meshes.build_head(ball_head(), "Head")

    with pytest.raises(SettingsError, match=r"exported as \.glb, .*'head\.obj'"):
        exports.export_objects(tmp_path / "head.obj", [made.face], animated=False)


def test_a_blender_without_an_exporter_says_so(scene, tmp_path: Path, monkeypatch) -> None:
    head = meshes.build_head(ball_head(), "Ball")

    def absent(path: Path, animated: bool) -> None:
        bpy.ops.wm.no_such_export(filepath=str(path))

    monkeypatch.setitem(exports.WRITERS, ".usdc", absent)

    with pytest.raises(OutputError, match=r"built without what writes \.usdc files"):
        exports.export_objects(tmp_path / "ball.usdc", [head.rig, head.face], animated=False)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_place_that_cannot_be_written_is_told(scene, tmp_path: Path, suffix: str) -> None:
    made = meshes.build_head(ball_head(), "Head")
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(OutputError, match=rf"head\{suffix}"):
        exports.export_objects(tmp_path / "file" / f"head{suffix}", [made.face], animated=False)


def test_a_head_from_another_program_animates_by_its_shape_names(scene, tmp_path: Path) -> None:
    made = meshes.build_head(ball_head(), "Head")
    exports.export_objects(tmp_path / "theirs.glb", [made.face], animated=False)
    face = faces_with_shapes(opened(tmp_path / "theirs.glb"))[0]

    apply.apply_animation(wavy_animation(), face, load_profile("arkit"), name="Take")

    bpy.context.scene.frame_set(10)
    graph = bpy.context.evaluated_depsgraph_get()
    blocks = face.evaluated_get(graph).data.shape_keys.key_blocks
    assert sum(blocks[name].value > 0.01 for name in ARKIT_NAMES) > 40


def test_blender_reads_a_vrm_animation_as_a_skeleton_that_nods_and_speaks(
    scene, tmp_path: Path
) -> None:
    take = wavy_animation(1.0)
    (tmp_path / "a.glb").write_bytes(encoded_take(take, "vrma", ".vrma"))

    nodes = {thing.name: thing for thing in opened(tmp_path / "a.glb")}

    scene = bpy.context.scene
    assert (
        nodes["head"].parent == nodes["neck"] and nodes["leftHand"].parent == nodes["leftLowerArm"]
    )
    profile = load_profile("vrm")
    weights = profile.apply(take).weights[:, profile.shapes.index("aa")]
    for index in (0, 11, 25, 40):
        frame = index / take.fps * scene.render.fps / scene.render.fps_base
        # The importer puts time 0 on frame 0.
        scene.frame_set(int(frame), subframe=frame % 1)
        assert nodes["aa"].location.x == pytest.approx(weights[index], abs=1e-4)
        turn = np.array(nodes["head"].matrix_world.to_3x3())
        np.testing.assert_allclose(turn, to_matrix(take.rotation[index]), atol=1e-4)
