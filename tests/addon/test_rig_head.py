"""Our own ARKit head, as evaluated by Blender: every unit moves its own side and its own region."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core.action_units import ACTION_UNITS, ActionUnit
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.head import meshes
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from tests.addon.stand_ins import take


@pytest.fixture(scope="module")
def built():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    set_frame_rate(bpy.context.scene, parse_rate("50"))
    head = with_shapes(template())
    yield head, meshes.build_head(head, "Head")
    bpy.ops.wm.read_factory_settings(use_empty=True)


def evaluated(face: bpy.types.Object) -> np.ndarray:
    """(V, 3) evaluated vertices, metres."""
    found = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = found.to_mesh()
    points = np.empty(len(mesh.vertices) * 3)
    mesh.vertices.foreach_get("co", points)
    found.to_mesh_clear()
    return points.reshape(-1, 3)


def motion(built, levels: dict[str, float]) -> np.ndarray:
    scene, objects = bpy.context.scene, built[1]
    profile = profiles.profile_for(objects)
    apply.apply_animation(take(levels), objects, profile, name="Take", scene=scene)
    scene.frame_set(1)
    rest = evaluated(objects.face)
    scene.frame_set(2)
    return evaluated(objects.face) - rest


def test_our_head_is_recognised_whole(built) -> None:
    from dirfa_blender.rig.character import character_of

    profile, covered = profiles.detect(character_of(built[1].face))

    assert profile.name == "arkit"
    assert str(covered) == "all 53 found; head on bone 'head'"


@pytest.mark.parametrize("unit", ACTION_UNITS, ids=lambda unit: unit.code)
def test_a_unit_moves_its_own_side_and_region_of_the_head(built, unit: ActionUnit) -> None:
    head = built[0]
    levels = {unit.code: 1.0} | ({"AU26": 1.0} if unit.code == "AU8" else {})

    moved = np.linalg.norm(motion(built, levels), axis=1)
    if unit.code == "AU8":
        moved = np.linalg.norm(motion(built, levels) - motion(built, {"AU26": 1.0}), axis=1)

    assert moved.max() > 5e-4, unit.code
    much = np.where(moved > 0.3 * moved.max(), moved, 0.0)
    where = (head.vertices * much[:, None]).sum(0) / much.sum()
    eyes = float(head.vertices[head.part("eye_*"), 2].mean())
    # ARKit has one shape for both inner brows, and a jaw moves as a whole.
    if unit.side != "both" and unit.region != "jaw" and unit.code not in ("AU1L", "AU1R"):
        assert where[0] * (1 if unit.side == "left" else -1) > 0.01, where
    if unit.region == "brows":
        assert where[2] > eyes + 0.005
    elif unit.region == "lids":
        assert abs(where[2] - eyes) < 0.02
    elif unit.region in ("cheeks", "nose"):
        assert where[2] < eyes
    else:
        assert where[2] < eyes - 0.03
    # The lower face belongs to the mouth: nothing above the eyes stirs.
    if unit.region in ("lips", "jaw", "tongue"):
        assert moved[head.vertices[:, 2] > eyes + 0.02].max() < 5e-4
