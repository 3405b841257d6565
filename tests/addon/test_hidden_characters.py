"""A character that nobody sees: said wherever it is hidden, and animated as if it were seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from dirfa_blender.blender import fcurves
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.staging.hindrances import hindrances_of
from tests.addon.stand_ins import face_with_keys, rigged_face, take
from tests.addon.test_operators import refused

LEANING_METRES = np.array([[0, 0, 0], [0.01, 0.005, 0.02]])


@pytest.fixture
def cast(scene) -> bpy.types.Collection:
    """A collection inside another one, which is in the scene."""
    outer, inner = bpy.data.collections.new("Set"), bpy.data.collections.new("Cast")
    bpy.context.scene.collection.children.link(outer)
    outer.children.link(inner)
    return inner


def put_into(collection: bpy.types.Collection, *things: bpy.types.Object) -> None:
    for thing in things:
        for before in list(thing.users_collection):
            before.objects.unlink(thing)
        collection.objects.link(thing)


def outer_layer() -> bpy.types.LayerCollection:
    return bpy.context.view_layer.layer_collection.children["Set"]


def exclude(_face: bpy.types.Object) -> None:
    outer_layer().exclude = True


def close_eye_of_collection(_face: bpy.types.Object) -> None:
    outer_layer().children["Cast"].hide_viewport = True


def switch_monitor_of_collection_off(_face: bpy.types.Object) -> None:
    outer_layer().collection.hide_viewport = True


def close_eye(face: bpy.types.Object) -> None:
    face.hide_set(True)


def switch_monitor_off(face: bpy.types.Object) -> None:
    face.hide_viewport = True


def switch_camera_off(face: bpy.types.Object) -> None:
    face.hide_render = True


def switch_camera_of_collection_off(_face: bpy.types.Object) -> None:
    outer_layer().children["Cast"].collection.hide_render = True


@pytest.mark.parametrize(
    ("hide", "said"),
    [
        (exclude, "'Face' is in collection 'Set', which view layer 'ViewLayer' leaves out: tick"),
        (close_eye_of_collection, "in collection 'Cast', which is hidden: switch its eye on"),
        (switch_monitor_of_collection_off, "'Set', which is hidden: switch its monitor on"),
        (close_eye, "'Face' is hidden: switch its eye on"),
        (switch_monitor_off, "'Face' is hidden in viewports: switch its monitor on"),
        (switch_camera_off, "'Face' is left out of renders: switch its camera on"),
        (switch_camera_of_collection_off, "collection 'Cast', which is left out of renders"),
    ],
)
def test_what_hides_a_character_is_said_with_the_switch(
    cast, hide: Callable[[bpy.types.Object], None], said: str
) -> None:
    face = face_with_keys(ARKIT_NAMES)
    put_into(cast, face)
    assert hindrances_of(face) == ()

    hide(face)

    assert len(hindrances_of(face)) == 1 and said in hindrances_of(face)[0]


def test_a_character_that_one_view_layer_shows_is_seen(cast) -> None:
    face = face_with_keys(ARKIT_NAMES)
    put_into(cast, face)
    bpy.context.scene.view_layers.new("Backdrop").layer_collection.children["Set"].exclude = True

    assert hindrances_of(face) == ()


def test_a_hidden_part_beside_a_face_that_is_seen_is_nothing_to_say(cast) -> None:
    face = face_with_keys(ARKIT_NAMES)
    proxy = face_with_keys(ARKIT_NAMES[:10], "Proxy")
    proxy.parent = face
    proxy.hide_set(True)
    proxy.hide_render = True

    assert hindrances_of(face) == ()


def test_a_finer_face_that_is_hidden_beside_a_coarse_one_is_nothing_to_say(cast) -> None:
    coarse = face_with_keys(ARKIT_NAMES[:40], "Coarse")
    fine = face_with_keys(ARKIT_NAMES, "Fine")
    fine.parent = coarse
    fine.hide_set(True)

    assert hindrances_of(coarse) == ()


def test_a_character_of_another_scene_is_refused_with_its_scene(stage, server) -> None:
    other = bpy.data.scenes.new("Other")
    face = face_with_keys(ARKIT_NAMES)
    stage.collection.objects.unlink(face)
    other.collection.objects.link(face)
    stage.dirfa.actor, stage.dirfa.target = "object", face
    stage.dirfa.audio = __file__

    said = refused(bpy.ops.dirfa.generate)

    assert "'Face' is in scene 'Other' and not in scene 'Scene'" in said
    assert not server.settings


def curves_by_name(face: bpy.types.Object) -> dict[tuple[str, int], np.ndarray]:
    """Keys of all curves of a face and its rig."""
    return {
        (path, index): fcurves.read_keys(curve)
        for block in (face.data.shape_keys, face.parent)
        for (path, index), curve in fcurves.curves_of(block).items()
    }


@pytest.mark.parametrize("hide", [exclude, switch_monitor_off])
def test_a_hidden_character_of_an_opened_file_performs_as_if_it_were_seen(
    cast, hide: Callable[[bpy.types.Object], None], tmp_path: Path
) -> None:
    face = rigged_face({"spine": "spine", "neck": "neck", "head": "head"})
    rig = face.parent
    # As importers of games leave them: in centimetres, below an object that says so.
    carrier = bpy.data.objects.new("Carrier", None)
    put_into(cast, carrier, rig, face)
    carrier.scale = (0.01, 0.01, 0.01)
    rig.parent = carrier
    rig.matrix_parent_inverse = Matrix.Rotation(0.5, 4, "Z")
    leaning = replace(take({"AU12L": 0.5}, rotation=(0.1, 0.2, 0.05)), translation=LEANING_METRES)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "seen.blend"))
    for part in (face, rig):
        hide(part)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hidden.blend"))

    found = {}
    for name in ("seen", "hidden"):
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / f"{name}.blend"))
        opened = bpy.data.objects["Face"]
        apply.apply_animation(leaning, opened, profiles.profile_for(opened), name="Take")
        found[name] = curves_by_name(opened)

    assert found["seen"].keys() == found["hidden"].keys() and len(found["seen"]) > 50
    for curve, keys in found["seen"].items():
        np.testing.assert_allclose(found["hidden"][curve], keys, atol=1e-6, err_msg=str(curve))


def test_of_two_hidden_heads_below_one_empty_the_chosen_one_speaks(cast, tmp_path: Path) -> None:
    top = bpy.data.objects.new("Cast", None)
    heads = [face_with_keys(ARKIT_NAMES, name) for name in ("Anna", "Bert")]
    put_into(cast, top, *heads)
    for place, head in enumerate(heads):
        head.parent = top
        head.location.x = 3.0 * place
    exclude(heads[0])
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "cast.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "cast.blend"))

    character = character_of(bpy.data.objects["Anna"])

    assert [face.name for face in character.faces] == ["Anna"]
