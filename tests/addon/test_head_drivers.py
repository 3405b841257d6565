"""Correctives and creases follow the keys of the face that they are on, wherever it goes."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.core.motion.correctives import YIELDING, correctives
from dirfa_blender.export import exports
from dirfa_blender.head import meshes
from dirfa_blender.head.head_creases import PRESSED_BY, pressed_keys
from tests.addon.ball_head import ball_head
from tests.addon.test_exports import faces_with_shapes, opened

BOTH = "eyeBlinkLeft_eyeWideLeft"


def weigh(face: bpy.types.Object, **weights: float) -> None:
    for name, weight in weights.items():
        face.data.shape_keys.key_blocks[name].value = weight
    bpy.context.view_layer.update()


def pressed(face: bpy.types.Object, family: str, side: str) -> float:
    """How much a family of creases is pressed in, as renders see it."""
    shown = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    name, families = next((n, f) for n, f in pressed_keys(side).items() if family in f)
    return float(shown[name][families.index(family)])


def weight(face: bpy.types.Object, name: str) -> float:
    shown = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return float(shown.data.shape_keys.key_blocks[name].value)


def test_a_corrective_weighs_what_both_its_shapes_do_multiplied(scene) -> None:
    face = meshes.build_head(ball_head(), "Ball").face

    for closed, wide in ((0.0, 1.0), (1.0, 0.0), (0.5, 0.4), (1.0, 1.0)):
        weigh(face, eyeBlinkLeft=closed, eyeWideLeft=wide)
        assert weight(face, BOTH) == pytest.approx(closed * wide)
        assert weight(face, BOTH.replace("Left", "Right")) == 0.0


def test_a_wide_eye_that_blinks_is_shaped_as_one_that_blinks(scene) -> None:
    head = ball_head()
    face = meshes.build_head(head, "Ball").face
    lids = ~head.part("eye_*", "cornea_*")

    shown: list[np.ndarray] = []
    for wide in (0.0, 1.0):
        weigh(face, eyeBlinkLeft=1.0, eyeWideLeft=wide)
        mesh = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        points = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", points)
        shown.append(points.reshape(-1, 3)[lids])

    np.testing.assert_allclose(shown[1], shown[0], atol=1e-6)


@pytest.mark.parametrize("shape", PRESSED_BY)
def test_creases_are_pressed_by_their_shapes_on_their_side(scene, shape: str) -> None:
    face = meshes.build_head(ball_head(), "Ball").face

    weigh(face, **{shape.replace("*", "Left"): 0.5})

    for family, gain in PRESSED_BY[shape].items():
        assert pressed(face, family, "left") == pytest.approx(0.5 * gain)
        assert pressed(face, family, "right") == (
            0.0 if "*" in shape else pytest.approx(0.5 * gain)
        )


def test_a_crease_is_pressed_in_wholly_at_most(scene) -> None:
    face = meshes.build_head(ball_head(), "Ball").face

    weigh(face, mouthSmileLeft=1.0, cheekSquintLeft=1.0, eyeSquintLeft=1.0)

    assert pressed(face, "eye", "left") == 1.0


def test_a_copy_of_a_face_folds_and_closes_by_its_own_keys(scene) -> None:
    face = meshes.build_head(ball_head(), "Ball").face
    copy = face.copy()
    copy.data = face.data.copy()
    scene.collection.objects.link(copy)

    weigh(copy, browDownLeft=1.0, eyeBlinkLeft=1.0, eyeWideLeft=1.0)

    assert (pressed(copy, "frown", "left"), weight(copy, BOTH)) == (1.0, 1.0)
    assert (pressed(face, "frown", "left"), weight(face, BOTH)) == (0.0, 0.0)


def test_a_linked_face_folds_and_closes_by_its_action(scene, tmp_path: Path) -> None:
    face = meshes.build_head(ball_head(), "Ball").face
    for name in ("browDownLeft", "eyeBlinkLeft", "eyeWideLeft"):
        key = face.data.shape_keys.key_blocks[name]
        for frame, value in ((1, 0.0), (11, 1.0)):
            key.value = value
            key.keyframe_insert("value", frame=frame)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ball.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "ball.blend"), link=True) as (_, wanted):
        wanted.objects = ["Ball"]
    linked = wanted.objects[0]
    bpy.context.scene.collection.objects.link(linked)

    for frame, brow, both in ((1, 0.0, 0.0), (6, 0.5, 0.25), (11, 1.0, 1.0)):
        bpy.context.scene.frame_set(frame)
        assert pressed(linked, "frown", "left") == pytest.approx(brow, abs=0.01), frame
        assert weight(linked, BOTH) == pytest.approx(both, abs=0.01), frame


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc"])
def test_an_exported_animation_has_its_correctives(scene, tmp_path: Path, suffix: str) -> None:
    made = meshes.build_head(ball_head(), "Head")
    scene.frame_start, scene.frame_end = 1, 10
    for name in ("eyeBlinkLeft", "eyeWideLeft"):
        key = made.face.data.shape_keys.key_blocks[name]
        for frame, value in ((1, 0.0), (10, 0.8)):
            key.value = value
            key.keyframe_insert("value", frame=frame)

    exports.export_objects(tmp_path / f"head{suffix}", [made.rig, made.face], animated=True)
    face = faces_with_shapes(opened(tmp_path / f"head{suffix}"))[0]

    seen: list[float] = []
    for frame in range(bpy.context.scene.frame_start, bpy.context.scene.frame_end + 2):
        bpy.context.scene.frame_set(frame)
        product = weight(face, "eyeBlinkLeft") * weight(face, "eyeWideLeft")
        assert weight(face, BOTH) == pytest.approx(product, abs=0.03), frame
        seen.append(weight(face, BOTH))
    assert max(seen) == pytest.approx(0.64, abs=0.03)


def test_every_shape_that_moves_lids_yields_on_both_sides() -> None:
    named = {corrective.name for corrective in correctives(ball_head())}

    assert named == {f"eyeBlink{s}_{shape}{s}" for shape in YIELDING for s in ("Left", "Right")}
