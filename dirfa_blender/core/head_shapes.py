"""The 52 ARKit shapes of a head and a raised tongue, made from its neutral form alone.

Shapes are built as anatomy in the `shape_*` modules, for the left side and the midline; the right side is
the left side of the mirror image, so a symmetric head gets exact mirrors and an asymmetric one its own two
sides. Then closed lips are sealed, crossing lips parted and the cavity wall drawn along. No bpy.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache

import numpy as np

from .anatomy.corners import ease_motions
from .anatomy.face_view import Anatomy, Array, measure, swapped
from .head import Head
from .head_template import template
from .motion.brows import brow_shapes
from .motion.eyes import Eye, eye_shapes, lids_over_cheek
from .motion.interior import settle, tongue_out, tongue_up
from .motion.jaw import jaw_shapes
from .motion.lips import lip_shapes, part, seal
from .motion.mouth import mouth_shapes

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


@lru_cache(maxsize=1)
def shaped_template() -> Head:
    """The head template with its shapes, made once: what faces are fitted with, and film is read on."""
    return with_shapes(template())


def with_shapes(head: Head) -> Head:
    """The head with all of `HEAD_SHAPES` in place of those it had."""
    anatomy = measure(head)
    mirrored = anatomy.mirrored()
    with ThreadPoolExecutor(max_workers=1) as beside:
        others = beside.submit(_left_shapes, mirrored)
        left, right = _left_shapes(anatomy), others.result()
    flip = np.array([-1.0, 1.0, 1.0])
    fields = {swapped(name): field * flip for name, field in right.items()} | left
    # A hundredth of a micrometre is lost, and half of the memory that everything below goes through.
    deltas = np.zeros((len(HEAD_SHAPES), *anatomy.vertices.shape), np.float32)
    for k, name in enumerate(HEAD_SHAPES):
        if name in fields:
            deltas[k] = fields[name]
    ease_motions(deltas, HEAD_SHAPES, anatomy)
    seal(deltas, HEAD_SHAPES, anatomy)
    part(deltas, HEAD_SHAPES, anatomy)
    for side, seen in ((1.0, anatomy), (-1.0, mirrored)):
        eye = Eye.of(seen)
        if eye is not None:
            names = HEAD_SHAPES if side > 0 else tuple(swapped(name) for name in HEAD_SHAPES)
            eye.attend(deltas, names, side)
    settle(deltas, anatomy)
    return replace(head, shape_names=HEAD_SHAPES, shape_deltas=deltas)


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
