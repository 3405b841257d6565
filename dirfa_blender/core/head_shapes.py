"""The 52 ARKit shapes of a head and a raised tongue, made from its neutral form alone.

Shapes are built as anatomy in the `shape_*` modules, for the left side and the midline; the right side is
the left side of the mirror image, so a symmetric head gets exact mirrors and an asymmetric one its own two
sides. Then closed lips are sealed, crossing lips parted and the cavity wall drawn along. No bpy.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from .head import Head
from .shape_anatomy import Anatomy, Array, Fields, measure, swapped
from .shape_brows import brow_shapes
from .shape_eyes import Eye, eye_shapes, lids_over_cheek
from .shape_interior import settle, tongue_out, tongue_up
from .shape_jaw import jaw_shapes
from .shape_lips import lip_shapes, parted, sealed
from .shape_mouth import mouth_shapes

# Apple's names in its own order.
ARKIT_NAMES = (
    *(
        f"eye{move}{side}"
        for side in ("Left", "Right")
        for move in ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
    ),
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
HEAD_SHAPES = (*ARKIT_NAMES, "tongueUp")
"""What our heads have: ARKit knows a tongue that is put out, but speech lifts its tip."""


def with_shapes(head: Head) -> Head:
    """The head with all of `HEAD_SHAPES` in place of those it had."""
    anatomy = measure(head)
    with ThreadPoolExecutor(max_workers=1) as beside:
        mirrored = beside.submit(_left_shapes, anatomy.mirrored())
        left, right = _left_shapes(anatomy), mirrored.result()
    flip = np.array([-1.0, 1.0, 1.0])
    fields = {swapped(name): field * flip for name, field in right.items()} | left
    still = np.zeros_like(anatomy.vertices)
    # A hundredth of a micrometre is lost, and half of the memory that everything below goes through.
    deltas = np.stack([fields.get(name, still) for name in HEAD_SHAPES], dtype=np.float32)
    deltas = parted(sealed(deltas, HEAD_SHAPES, anatomy), HEAD_SHAPES, anatomy)
    deltas = settle(_attended(deltas, anatomy), anatomy)
    return replace(head, shape_names=HEAD_SHAPES, shape_deltas=deltas.astype(np.float32))


def _attended(deltas: Fields, anatomy: Anatomy) -> Fields:
    """Shapes whose lids keep out of both eyes and carry their lashes."""
    flip = np.array([-1.0, 1.0, 1.0], np.float32)
    names = tuple(swapped(name) for name in HEAD_SHAPES)
    left, right = Eye.of(anatomy), Eye.of(anatomy.mirrored())
    if left is not None:
        deltas = left.attended(deltas, HEAD_SHAPES)
    if right is not None:
        deltas = right.attended(deltas * flip, names) * flip
    return deltas


def _left_shapes(anatomy: Anatomy) -> dict[str, Array]:
    brows = brow_shapes(anatomy)
    return {
        **eye_shapes(anatomy),
        **jaw_shapes(anatomy),
        **mouth_shapes(anatomy),
        **lip_shapes(anatomy),
        **brows,
        "cheekSquintLeft": brows["cheekSquintLeft"] + lids_over_cheek(anatomy),
        "tongueOut": tongue_out(anatomy),
        "tongueUp": tongue_up(anatomy),
    }
