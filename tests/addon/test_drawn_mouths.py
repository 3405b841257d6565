"""2D mouths of which a number shows one, and Grease Pencil drawings: what an animator of cut-outs has."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.core.mapping import load_profile
from dirfa_blender.performing import acting, apply, lines
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.staging import hindrances
from dirfa_blender.staging.hindrances import report_of
from tests.addon.stage import line_with_take, take_of
from tests.addon.stand_ins import armature, bone_turn, face_with_keys, moved_keys, take

OPEN_WIDE = {"AU26": 0.8, "AU10L": 0.25, "AU10R": 0.25, "AU16L": 0.5, "AU16R": 0.5}
CLOSED = {"AU26": 0.12, "AU24L": 0.45, "AU24R": 0.45, "AU17": 0.12}
ORDER = list(load_profile("mouth_sprites").visemes)


def object_of(data: bpy.types.ID | None, name: str = "Toon") -> bpy.types.Object:
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def drawing(frames: tuple[int, ...], layers: tuple[str, ...] = ("Lines",)) -> bpy.types.Object:
    """A Grease Pencil object with drawings on some frames."""
    # Blender 4.5 calls those of before by the shorter name.
    is_old = hasattr(bpy.data, "grease_pencils_v3")
    pencils = bpy.data.grease_pencils_v3 if is_old else bpy.data.grease_pencils
    pencil = pencils.new("Mouth")
    for name in layers:
        layer = pencil.layers.new(name)
        for frame in frames:
            layer.frames.new(frame)
    return object_of(pencil, "Mouth")


def played(thing: bpy.types.Object, levels: dict[str, float]) -> None:
    profile = profiles.profile_for(thing)
    assert profile.name == "mouth_sprites"
    apply.apply_animation(take(levels, count=20), thing, profile, name="Take")
    bpy.context.scene.frame_set(12)


@pytest.mark.parametrize("kind", ["empty", "card", "armature"])
def test_a_number_alone_shows_the_mouths(at_50, kind: str) -> None:
    if kind == "armature":
        thing = armature({"head": "head"})
    else:
        thing = object_of(bpy.data.meshes.new("Card") if kind == "card" else None)
    thing["mouth_index"] = 0

    for levels, mouth in ((OPEN_WIDE, "mouthD"), (CLOSED, "mouthA")):
        played(thing, levels)
        assert thing["mouth_index"] == ORDER.index(mouth)
    character = character_of(thing)
    profile = profiles.profile_of(character)
    told = report_of(character, profile, profiles.covered(character, profile))
    assert "a number shows one of 9 mouths" in told


@pytest.mark.parametrize("how", ["number", "objects"])
def test_lids_and_brows_of_a_cut_out_are_keys_beside_its_drawn_mouth(at_50, how: str) -> None:
    face = face_with_keys(["blink_L", "blink_R", "brow_up"], "Card")
    mouths: dict[str, bpy.types.Object] = {}
    if how == "number":
        face["mouth_index"] = 0
    else:
        for letter in "XABCDEFGH":
            mouths[letter] = object_of(bpy.data.meshes.new("Card"), f"mouth_{letter}")
            mouths[letter].parent = face

    for levels, mouth in ((OPEN_WIDE, "mouthD"), (CLOSED, "mouthA")):
        played(face, {**levels, "AU45L": 0.5})
        assert moved_keys(face) == pytest.approx({"blink_L": 0.5}, abs=1e-3)
        if how == "number":
            assert face["mouth_index"] == ORDER.index(mouth)
        else:
            shown = {letter for letter, thing in mouths.items() if not thing.hide_viewport}
            assert shown == {mouth[-1]}
    told = hindrances.report_of(
        character_of(face),
        profiles.profile_for(face),
        profiles.covered(character_of(face), profiles.profile_for(face)),
    )
    if how == "number":
        assert told.startswith("a number shows one of 9 mouths; beside it eyeBlinkLeft")


def test_a_number_beside_a_face_that_speaks_by_its_keys_switches_nothing(at_50) -> None:
    face = face_with_keys(["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"])
    face["mouth"] = 3

    apply.apply_animation(take(OPEN_WIDE), face, profiles.profile_for(face), name="Take")
    at_50.frame_set(2)

    assert face["mouth"] == 3 and "jawOpen" in moved_keys(face)


def test_pictures_that_are_counted_from_one_are_shown_from_one(at_50) -> None:
    thing = object_of(None)
    thing["mouth"] = 1
    thing.id_properties_ui("mouth").update(min=1, max=9)

    played(thing, OPEN_WIDE)

    assert thing["mouth"] == ORDER.index("mouthD") + 1


def test_a_number_elsewhere_does_not_make_a_face_a_cut_out(at_50) -> None:
    thing = object_of(None)
    thing["mouth_width"] = 0

    assert profiles.profile_for(thing).name == "arkit"


def test_a_face_of_bones_is_no_cut_out_for_a_property_of_such_a_name(at_50) -> None:
    rig = armature({"head": "head", "jaw": "jaw"})
    rig["mouth"] = 0.0

    apply.apply_animation(take({"AU27": 1.0}), rig, profiles.profile_for(rig), name="Take")

    at_50.frame_set(2)
    assert profiles.profile_for(rig).name != "mouth_sprites"
    assert not np.allclose(bone_turn(rig, "jaw"), np.eye(3), atol=0.05)
    assert rig["mouth"] == 0.0


def test_drawings_of_one_object_are_shown_by_their_frames(at_50) -> None:
    mouth = drawing((1, 5, 9, 13, 17, 21, 25, 29, 33))
    modifier = mouth.modifiers.new("Time Offset", "GREASE_PENCIL_TIME")
    modifier.mode = "FIX"

    for levels, index in ((OPEN_WIDE, 4), (CLOSED, 1)):
        played(mouth, levels)
        assert modifier.offset == 1 + 4 * index


def test_layers_of_a_drawing_are_shown_one_at_a_time(at_50) -> None:
    mouth = drawing((1,), (*(f"mouth_{letter}" for letter in "XABCDEFGH"), "Outline"))

    for levels, wanted in ((OPEN_WIDE, "mouth_D"), (CLOSED, "mouth_A")):
        played(mouth, levels)
        assert [layer.name for layer in mouth.data.layers if not layer.hide] == [wanted, "Outline"]


def test_a_drawn_mouth_below_an_armature_moves_with_its_head(at_50) -> None:
    rig = armature({"neck": "neck", "head": "head"})
    mouth = drawing((1,), tuple(f"mouth_{letter}" for letter in "XABCDEFGH"))
    mouth.parent, mouth.parent_type, mouth.parent_bone = rig, "BONE", "head"

    played(rig, OPEN_WIDE)

    assert [layer.name for layer in mouth.data.layers if not layer.hide] == ["mouth_D"]


def test_an_image_sequence_alone_shows_the_mouths(at_50, tmp_path: Path) -> None:
    card = object_of(bpy.data.meshes.new("Card"))
    material = bpy.data.materials.new("Mouth")
    if material.node_tree is None:
        material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.label, node.image = "mouth", bpy.data.images.new("mouths", 4, 4)
    node.image.source = "SEQUENCE"
    card.data.materials.append(material)

    played(card, OPEN_WIDE)

    assert node.image_user.frame_offset == ORDER.index("mouthD")


def test_a_line_is_given_to_a_drawing_and_directed(stage) -> None:
    mouth = drawing(tuple(range(1, 10)))
    mouth.modifiers.new("mouth", "GREASE_PENCIL_TIME").mode = "FIX"
    line_with_take(mouth, take_of(1, 2.0), 10.0)

    acting.perform(stage, mouth)

    stage.dirfa.target = mouth
    shown = []
    for frame in range(10, 58):
        stage.frame_set(frame)
        shown.append(mouth.modifiers[0].offset)
    assert len(set(shown)) > 2
    assert np.isin(shown, range(1, 10)).all()


@pytest.mark.parametrize("kind", ["CURVE", "SURFACE", "LATTICE"])
def test_faces_that_are_no_meshes_are_cast_and_speak(stage, kind: str) -> None:
    if kind == "LATTICE":
        data = bpy.data.lattices.new("Cage")
    else:
        data = bpy.data.curves.new("Mouth", kind)
        data.splines.new("NURBS" if kind == "SURFACE" else "POLY").points.add(3)
    face = object_of(data, "Ann")
    face.shape_key_add(name="Basis")
    for name in ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "mouthSmileLeft", "mouthSmileRight",
                 "eyeBlinkLeft", "eyeBlinkRight", "browInnerUp"):  # fmt: skip
        face.shape_key_add(name=name, from_mix=False).value = 0.0

    assert lines.characters_in(stage) == [face]
    stage.dirfa.target = face
    line_with_take(face, take_of(1, 1.0))
    acting.perform(stage, face)

    stage.frame_set(12)
    assert face.data.shape_keys.key_blocks["jawOpen"].value > 0.05


def test_cut_outs_are_cast_by_name(stage) -> None:
    card = object_of(None, "Ann")
    card["mouth"] = 0
    mouth = drawing((1, 2, 3))
    mouth.modifiers.new("mouth", "GREASE_PENCIL_TIME").mode = "FIX"
    object_of(None, "Nobody")["size"] = 0

    found = lines.characters_in(stage)

    assert {thing.name for thing in found} == {"Ann", "Mouth"}
    assert lines.character_for(stage, ("ann_012",), found) == card


def test_a_drawn_mouth_beside_keys_is_edited_as_one_mapping(at_50) -> None:
    face = face_with_keys(["blink_L", "blink_R"], "Card")
    face["mouth_index"] = 0
    profile = profiles.profile_for(face)

    profiles.keep(character_of(face), profile)
    again = profiles.profile_for(face)

    assert again is not profile and again.shapes == profile.shapes
    played(face, {**OPEN_WIDE, "AU45R": 0.4})
    assert moved_keys(face) == pytest.approx({"blink_R": 0.4}, abs=1e-3)
    assert face["mouth_index"] == ORDER.index("mouthD")
