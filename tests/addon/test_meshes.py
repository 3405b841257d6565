"""A built head: what is in the scene is what the Head says."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.core.head_template import template
from dirfa_blender.head import head_drivers, materials, meshes
from dirfa_blender.head.head_creases import CREASES, PRESSED_BY
from dirfa_blender.head.head_zones import eye_discs, skin_zones
from dirfa_blender.head.shader_eye import DARKEST_IRIS, iris_colour
from dirfa_blender.head.shader_plan import CREASE_ATTRIBUTE, REST_ATTRIBUTE
from tests.addon.ball_head import MATERIALS, ball_head


def positions(block) -> np.ndarray:
    values = np.empty(len(block) * 3, np.float32)
    block.foreach_get("co", values)
    return values.reshape(-1, 3)


def test_vertices_faces_and_corner_uvs_are_the_heads(scene) -> None:
    head = ball_head()

    face = meshes.build_head(head, "Ball").face

    np.testing.assert_array_equal(positions(face.data.vertices), head.vertices)
    used = head.faces >= 0
    assert [tuple(p.vertices) for p in face.data.polygons] == [tuple(f[f >= 0]) for f in head.faces]
    uvs = np.empty(used.sum() * 2, np.float32)
    face.data.uv_layers[0].uv.foreach_get("vector", uvs)
    np.testing.assert_array_equal(uvs.reshape(-1, 2), head.uvs[used])
    assert not face.data.validate()


def test_every_shape_key_moves_its_vertices_by_its_deltas(scene) -> None:
    head = ball_head()

    blocks = meshes.build_head(head, "Ball").face.data.shape_keys.key_blocks

    assert tuple(blocks.keys())[1 : len(head.shape_names) + 1] == head.shape_names
    for name, deltas in zip(head.shape_names, head.shape_deltas, strict=True):
        np.testing.assert_allclose(
            positions(blocks[name].points), head.vertices + deltas, atol=1e-7
        )
    assert all(blocks[name].value == 0 for name in head.shape_names)


def test_vertex_weights_add_up_to_one_so_that_shoulders_stay(scene) -> None:
    head = ball_head()

    built = meshes.build_head(head, "Ball")

    totals = np.zeros(len(head.vertices))
    for vertex in built.face.data.vertices:
        totals[vertex.index] = sum(group.weight for group in vertex.groups)
    np.testing.assert_allclose(totals, 1.0, atol=2e-3)


def test_turning_the_head_moves_the_head_and_leaves_the_shoulders(scene) -> None:
    head = ball_head()
    built = meshes.build_head(head, "Ball")

    built.rig.pose.bones["head"].rotation_euler = (0.0, 0.6, 0.0)

    graph = bpy.context.evaluated_depsgraph_get()
    moved = positions(built.face.evaluated_get(graph).data.vertices)
    distance = np.linalg.norm(moved - head.vertices, axis=1)
    assert distance[head.bone_weights.sum(0) == 0].max() < 1e-6
    assert distance.max() > 0.03


def test_the_texture_is_packed_with_its_first_row_on_top(scene) -> None:
    head = ball_head()

    meshes.build_head(head, "Ball")

    image = bpy.data.images["Ball albedo"]
    pixels = np.empty(64 * 48 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    shown = np.round(pixels.reshape(64, 48, 4)[::-1, :, :3] * 255).astype(np.uint8)
    np.testing.assert_array_equal(shown, head.albedo)
    assert image.packed_file is not None


def test_the_skin_is_bent_by_the_heads_relief_and_the_relief_is_no_colour(scene) -> None:
    relief = np.arange(-1200, 1200, 2, dtype=np.int16).reshape(40, 30)

    built = meshes.build_head(replace(ball_head(), relief=relief), "Ball")

    nodes = built.face.data.materials[MATERIALS.index("skin")].node_tree.nodes
    bump = nodes["Folds of the photo"]
    image = bump.inputs["Height"].links[0].from_node.image
    pixels = np.empty(40 * 30 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    shown = pixels.reshape(40, 30, 4)[::-1, :, 0]
    metres = bump.inputs["Distance"].default_value * (shown - 0.5)
    np.testing.assert_allclose(1e6 * metres, relief, atol=0.5)
    assert image.colorspace_settings.name == "Non-Color" and image.packed_file is not None
    assert bump.inputs["Normal"].is_linked and bump.outputs[0].is_linked


def test_the_selection_and_mode_of_the_artist_are_put_back(scene) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object

    built = meshes.build_head(ball_head(), "Ball")

    assert bpy.context.view_layer.objects.active == cube
    assert cube.select_get()
    assert not built.rig.select_get()


def test_an_iris_spans_one_radius_of_its_disc() -> None:
    head = ball_head()

    discs = eye_discs(head)

    radius = np.linalg.norm(discs[head.part("iris_*")][:, :2], axis=1)
    assert radius.max() == pytest.approx(1.0, abs=1e-5)
    assert not discs[head.part("neck")].any()


def test_irises_are_given_cooler_and_paler_than_they_are_to_be_seen() -> None:
    red, green, blue = iris_colour((0.09, 0.09, 0.09))
    brown = iris_colour((0.12, 0.06, 0.04))

    assert red == pytest.approx(0.09) and red < green < blue
    assert brown[0] == pytest.approx(0.12) and brown[0] > brown[1] > brown[2]
    assert brown[2] / blue > 1.2 * 0.04 / 0.09
    assert iris_colour((0.01, 0.01, 0.01))[0] == pytest.approx(DARKEST_IRIS)


def test_a_full_sized_head_is_built_within_a_second(scene) -> None:
    head = ball_head(rings=96, segments=120)

    began = time.process_time()
    meshes.build_head(head, "Ball")

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("slot", MATERIALS)
def test_every_material_ends_in_a_surface_shader(scene, slot: str) -> None:
    material = materials.build(slot, slot, {})

    output = next(n for n in material.node_tree.nodes if n.type == "OUTPUT_MATERIAL")
    assert output.inputs["Surface"].is_linked


def test_a_subdivided_head_stays_coarse_in_the_viewport(scene) -> None:
    face = meshes.build_head(ball_head(), "Ball").face

    assert (face.modifiers["Subdivision"].levels, face.modifiers["Subdivision"].render_levels) == (
        0,
        1,
    )


def test_light_comes_through_the_cheeks_to_the_corners_of_the_mouth() -> None:
    head = template()
    wall, marks = head.part("cavity"), head.landmarks()
    lit = skin_zones(head)[:, 1]

    for corner in (78, 308):
        near = wall & (np.linalg.norm(head.vertices - marks[corner], axis=1) < 0.009)
        assert lit[near].mean() > 0.85


def test_teeth_know_their_necks_from_their_biting_edges() -> None:
    head = template()
    height = skin_zones(head)[:, 2]

    for name, up in (("teeth_upper", -1.0), ("teeth_lower", 1.0)):
        row = head.part(name)
        z = up * head.vertices[row, 2]
        assert np.corrcoef(z, height[row])[0, 1] > 0.999, name
        assert (height[row].min(), height[row].max()) == (0.0, 1.0), name


def test_fair_hair_keeps_its_hue_however_strong() -> None:
    from dirfa_blender.head.shader_hair import _fibre
    from dirfa_blender.head.shader_plan import Plan

    plan = Plan(
        bpy.data.node_groups.new("Fair", "ShaderNodeTree"), {"hair": (0.80, 0.66, 0.46)}, None
    )

    red, green, blue, _ = (np.divide(_fibre(plan, 4.0), _fibre(plan, 0.5))).tolist()

    assert red == pytest.approx(green) == pytest.approx(blue)
    assert max(_fibre(plan, 4.0)[:3]) < 1.0


@pytest.mark.parametrize("shape", PRESSED_BY)
def test_each_shape_folds_the_skin_of_its_families_and_a_face_at_rest_is_smooth(
    scene, tmp_path: Path, shape: str
) -> None:
    family, gain = next(iter(PRESSED_BY[shape].items()))
    rest, pressed = (
        _light_on_skin(tmp_path, family, weights) for weights in ({}, {_on_left(shape): 1.0})
    )

    assert np.abs(pressed - rest)[:, 10:22].mean() > 0.02 * gain


def test_the_other_cheek_and_other_families_stay_smooth(scene, tmp_path: Path) -> None:
    weights = {"mouthSmileRight": 1.0, "browInnerUp": 1.0, "browDownLeft": 1.0}
    rest, pressed = (_light_on_skin(tmp_path, "cheek", w) for w in ({}, weights))

    assert np.abs(pressed - rest).mean() < 0.001


def test_a_crease_of_one_line_is_over_within_half_a_period(scene, tmp_path: Path) -> None:
    rest, smiling = (
        _light_on_skin(tmp_path, "cheek", weights) for weights in ({}, {"mouthSmileLeft": 1.0})
    )

    assert np.abs(smiling - rest)[:, 10:22].mean() > 0.05
    assert np.abs(smiling - rest)[:, 28:].mean() < 0.005


def _sided(shape: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shape.replace("*", side) for side in ("Left", "Right")))


def _on_left(shape: str) -> str:
    return _sided(shape)[0]


def _light_on_skin(folder: Path, family: str, weights: dict[str, float]) -> np.ndarray:
    """(32, 32) how bright 16 mm of the left half of a face are, a fold of the family upright in them."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_plane_add(size=0.016)
    skin = bpy.context.object
    skin.shape_key_add(name="Basis")
    for name in (name for shape in PRESSED_BY for name in _sided(shape)):
        skin.shape_key_add(name=name).value = weights.get(name, 0.0)
    at = positions(skin.data.vertices) * 1000.0
    number = np.full(4, float(list(CREASES).index(family)))
    for name, values in (
        (CREASE_ATTRIBUTE, np.stack([at[:, 0] / 2.0, np.ones(4), number], -1)),
        (REST_ATTRIBUTE, at + np.array((30.0, 0.0, 0.0))),
    ):
        made = skin.data.attributes.new(name, "FLOAT_VECTOR", "POINT")
        made.data.foreach_set("vector", values.astype(np.float32).ravel())
    head_drivers.drive_creases(skin)
    skin.data.materials.append(materials.build("skin", "Skin", {}))
    bpy.ops.object.light_add(type="SUN", rotation=(0.0, 1.0, 0.0))
    bpy.ops.object.camera_add(location=(0.0, 0.0, 0.1))
    scene.camera = bpy.context.object
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 0.016
    scene.render.engine, scene.cycles.samples = "CYCLES", 8
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.render.filepath = str(folder / "skin.png")
    scene.render.image_settings.file_format = "PNG"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.empty(32 * 32 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(32, 32, 4)[..., 1]
