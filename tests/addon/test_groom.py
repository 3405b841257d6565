"""Hair in Blender: a curves object that the head bone carries."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from dirfa_blender.core.hair.beard import with_beard
from dirfa_blender.core.hair.greying import SIDES
from dirfa_blender.core.hair.groom import strands
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.head import meshes
from dirfa_blender.head.hair_cards import CARDS_KEY
from dirfa_blender.head.head_parts import head_parts
from dirfa_blender.head.materials import build_strands
from dirfa_blender.head.shader_hair import HANGING_GAIN
from dirfa_blender.head.shader_plan import SIDES_ATTRIBUTE
from dirfa_blender.rendering import engines

from .ball_head import ball_head

MIDDLE = (0.0, 0.02, 0.1)  # metres, of a head of hair


def positions(hair: bpy.types.Object) -> np.ndarray:
    values = np.empty(3 * len(hair.data.points), np.float32)
    hair.data.points.foreach_get("position", values)
    return values.reshape(-1, 3)


def test_a_head_with_hair_gets_its_strands_where_they_grow(scene) -> None:
    head = template()
    made = meshes.build_head(head, "Head")

    hair = next(child for child in made.rig.children if child.type == "CURVES")
    assert hair.hide_viewport
    assert not hair.hide_render
    hair.hide_viewport = False
    bpy.context.view_layer.update()
    grown = strands(head)
    assert grown is not None
    assert np.allclose(positions(hair), grown.points.reshape(-1, 3), atol=1e-6)
    assert np.allclose(np.array(hair.matrix_world), np.eye(4), atol=1e-5)


def test_strands_have_a_tone_each_and_a_shader_for_either_engine(scene) -> None:
    made = meshes.build_head(template(), "Head")
    hair = next(child for child in made.rig.children if child.type == "CURVES")
    tones = np.empty(len(hair.data.curves), np.float32)
    hair.data.attributes["strand_tone"].data.foreach_get("value", tones)

    outputs = {
        node.target: node.inputs["Surface"].links[0].from_node
        for node in hair.data.materials[0].node_tree.nodes
        if node.type == "OUTPUT_MATERIAL"
    }

    assert set(outputs) == {"CYCLES", "EEVEE"}
    assert outputs["EEVEE"].type == "BSDF_PRINCIPLED"
    assert tones.min() >= 0 and tones.max() <= 1 and tones.std() > 0.1


def test_strands_of_hair_that_is_grey_at_the_sides_know_it_and_others_do_not(scene) -> None:
    greying = {"hair": (0.1, 0.08, 0.06), SIDES: (0.7, 0.7, 0.7)}
    plain, made = (
        meshes.build_head(replace(template(), colours=colours), "Head")
        for colours in ({"hair": greying["hair"]}, greying)
    )
    of_one, hair = (
        next(child for child in built.rig.children if child.type == "CURVES")
        for built in (plain, made)
    )
    sides = np.empty(len(hair.data.curves), np.float32)
    hair.data.attributes[SIDES_ATTRIBUTE].data.foreach_get("value", sides)

    read = {
        node.attribute_name
        for node in hair.data.materials[0].node_tree.nodes
        if node.type == "ATTRIBUTE"
    }

    assert SIDES_ATTRIBUTE in read and SIDES_ATTRIBUTE not in of_one.data.attributes
    assert sides.min() == 0.0 and sides.max() == 1.0


def test_renders_show_strands_without_the_cap_that_windows_show(scene) -> None:
    head = template()
    face = meshes.build_head(head, "Head").face

    mask = face.modifiers[meshes.CAP_GROUP]
    group = face.vertex_groups[mask.vertex_group].index
    hidden = [any(g.group == group for g in vertex.groups) for vertex in face.data.vertices]

    assert mask.show_render and not mask.show_viewport and mask.invert_vertex_group
    assert (np.array(hidden) == head.part("hair")).all()


def test_hair_turns_with_the_head_bone(scene) -> None:
    made = meshes.build_head(template(), "Head")
    hair = next(child for child in made.rig.children if child.type == "CURVES")
    assert hair.hide_viewport
    assert not hair.hide_render
    hair.hide_viewport = False

    bone = made.rig.pose.bones["head"]
    bone.rotation_euler[1] = 0.5
    bpy.context.view_layer.update()

    moved = np.array(bone.matrix @ bone.bone.matrix_local.inverted())
    assert np.allclose(np.array(hair.matrix_world), moved, atol=1e-5)


def test_a_head_without_the_cap_gets_no_strands(scene) -> None:
    made = meshes.build_head(ball_head(), "Ball")

    assert [child.type for child in made.rig.children] == ["MESH"]
    assert head_parts(ball_head()).hair is None
    assert head_parts(ball_head()).cards is None


def cards_of(made: meshes.HeadObjects) -> bpy.types.Object:
    return next(child for child in made.rig.children if CARDS_KEY in child)


def test_a_window_shows_cards_where_a_render_shows_strands(scene) -> None:
    made = meshes.build_head(template(), "Head")
    cards = cards_of(made)
    cut = head_parts(template()).cards
    assert cut is not None

    points = np.empty(3 * len(cards.data.vertices), np.float32)
    cards.data.vertices.foreach_get("co", points)

    assert cards.name == "Head Hair Cards"
    assert cards.hide_render and cards.visible_get()
    assert np.allclose(points.reshape(-1, 3), cut.points)
    assert not cards.data.validate()
    assert cards.data.has_custom_normals


def test_cards_and_the_cap_under_them_show_one_picture_with_its_opacity(scene) -> None:
    made = meshes.build_head(template(), "Head")
    (material,) = cards_of(made).data.materials
    nodes = material.node_tree.nodes
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")

    sources = {name: shader.inputs[name].links[0] for name in ("Base Color", "Alpha")}

    assert material in made.face.data.materials.values()
    assert {link.from_socket.name for link in sources.values()} == {"Color", "Alpha"}
    assert nodes.active.image.packed_file is not None
    assert tuple(nodes.active.image.size) == (512, 512) and nodes.active.image.channels == 4


def test_cards_turn_with_the_head_bone(scene) -> None:
    made = meshes.build_head(template(), "Head")
    cards = cards_of(made)
    before = np.array([vertex.co for vertex in cards.data.vertices])
    top = before[:, 2] > np.quantile(before[:, 2], 0.5)

    bone = made.rig.pose.bones["head"]
    bone.rotation_euler[1] = 0.5
    graph = bpy.context.evaluated_depsgraph_get()
    after = np.array([v.co for v in cards.evaluated_get(graph).data.vertices])

    moved = np.array(bone.matrix @ bone.bone.matrix_local.inverted())
    assert np.allclose(after[top], before[top] @ moved[:3, :3].T + moved[:3, 3], atol=1e-4)


def test_a_beard_takes_its_colour_from_the_texture_and_moves_by_the_same_keys(scene) -> None:
    albedo = np.full((64, 64, 3), 40, np.uint8)
    plain = replace(with_shapes(template()), albedo=albedo, colours={"skin": (0.8, 0.6, 0.5)})
    lower = plain.part("face") & (plain.vertices[:, 2] < plain.landmarks()[2, 2])
    head = with_beard(plain, np.where(lower, 1.0, 0.0))

    made = meshes.build_head(head, "Head")

    beard = next(m for m in made.face.data.materials if m.name.endswith("beard"))
    pictures = [n.image for n in beard.node_tree.nodes if n.type == "TEX_IMAGE"]
    assert [picture.name for picture in pictures] == ["Head albedo"]
    assert len(made.face.data.vertices) == len(head.vertices) > len(plain.vertices)
    assert set(made.face.data.shape_keys.key_blocks.keys()) >= set(plain.shape_names)


def test_hair_that_hangs_in_its_own_shadow_is_lit_by_as_much_more(scene) -> None:
    def fairest(*, hangs: bool) -> float:
        """Green of the fairest strands."""
        tree = build_strands("fair", {"hair": (0.56, 0.44, 0.3)}, MIDDLE, hangs=hangs).node_tree
        diffuse = next(node for node in tree.nodes if node.type == "BSDF_DIFFUSE")
        seen = diffuse.inputs["Color"].links[0].from_node.inputs[6].links[0].from_node
        tones = seen.inputs[6].links[0].from_node
        return tones.inputs[7].default_value[1]

    assert fairest(hangs=True) == pytest.approx(HANGING_GAIN * fairest(hangs=False), rel=1e-3)


def test_white_hair_throws_no_more_light_on_than_falls_on_it(scene) -> None:
    tree = build_strands("white", {"hair": (0.93, 0.92, 0.90)}, MIDDLE).node_tree
    diffuse = next(node for node in tree.nodes if node.type == "BSDF_DIFFUSE")
    chosen = diffuse.inputs["Color"].links[0].from_node

    by_ray, seen, thrown = (
        next(link.from_socket for link in chosen.inputs[k].links) for k in (0, 6, 7)
    )

    def most(socket: bpy.types.NodeSocket) -> float:
        """Highest channel of the two colours of strands, before their roots darken them."""
        tones = socket.node.inputs[6].links[0].from_node
        return max(max(tones.inputs[k].default_value[:3]) for k in (6, 7))

    assert by_ray.name == "Is Diffuse Ray"
    assert most(thrown) < 1.0 < most(seen)


def test_strands_are_one_volume_of_light_to_eevee_and_each_its_own_to_cycles(scene) -> None:
    tree = build_strands("brown", {"hair": (0.4, 0.3, 0.2)}, MIDDLE).node_tree
    by_engine = {
        node.target: node.inputs["Surface"].links[0].from_node
        for node in tree.nodes
        if node.type == "OUTPUT_MATERIAL"
    }

    assert by_engine["CYCLES"].type == "MIX_SHADER"
    volume = by_engine["EEVEE"]
    assert volume.inputs["Normal"].is_linked
    middles = [n.inputs[1].default_value[:] for n in tree.nodes if n.type == "VECT_MATH"]
    assert any(middle == pytest.approx(MIDDLE) for middle in middles)


def shown_by(face: bpy.types.Object) -> tuple[bool, bool, bool]:
    """Whether renders show a head's strands, its cards and its cap."""
    strands = [child for child in face.parent.children if child.type == "CURVES"]
    cards = [child for child in face.parent.children if CARDS_KEY in child]
    cap = not face.modifiers[meshes.CAP_GROUP].show_render
    return any(not t.hide_render for t in strands), any(not t.hide_render for t in cards), cap


def test_workbench_shows_the_cards_of_windows_and_other_engines_strands_again(scene) -> None:
    made = meshes.build_head(template(), "Head")
    meshes.link(made, scene.collection)
    shown = []

    for engine in ("workbench", "workbench", "cycles", "workbench", "eevee"):
        engines.configure(scene, engines.RenderSettings(engine, 64, 64))
        shown.append(shown_by(made.face))

    plain, full = (False, True, True), (True, False, False)
    assert shown == [plain, plain, full, plain, full]


def test_hair_that_an_artist_hides_stays_hidden_in_every_engine(scene) -> None:
    made = meshes.build_head(template(), "Head")
    meshes.link(made, scene.collection)
    for child in made.rig.children:
        if child.type == "CURVES":
            child.hide_render = True

    for engine in ("workbench", "cycles"):
        engines.configure(scene, engines.RenderSettings(engine, 64, 64))

        assert shown_by(made.face) == (False, False, False)
