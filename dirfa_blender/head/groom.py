"""Strands of hair as curves objects on the bones, for renders; windows and exporters have cards.

Bone parenting rather than deformation: no expression moves the scalp, so hair turns as a whole and
Cycles keeps its tree of strands from frame to frame. The outliner's screen icon shows strands in a window
too.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from ..blender.made_blocks import MadeBlocks
from ..blender.pieces import Steps
from ..core.hair.groom import Strands
from .head_parts import HEAD_BONE
from .materials import build_strands
from .shader_plan import SIDES_ATTRIBUTE, TONE_ATTRIBUTE, Colour


def hair_steps(
    grown: Strands,
    colours: Mapping[str, Colour],
    rig: bpy.types.Object,
    name: str,
    made: MadeBlocks,
    bone_name: str = HEAD_BONE,
    *,
    hangs: bool = False,
) -> Steps[bpy.types.Object]:
    """Strands, carried by a bone of `rig`, of a head whose hair `hangs` or is short; in no scene yet."""
    curves = made.add(build_curves(grown, name))
    yield False
    curves.materials.append(
        made.add(build_strands(f"{name} strands", colours, _middle(grown.points), hangs=hangs))
    )
    hair = made.add(bpy.data.objects.new(name, curves))
    bone = rig.data.bones[bone_name]
    hair.parent, hair.parent_type, hair.parent_bone = rig, "BONE", bone_name
    # A child of a bone sits at its tail.
    tail = bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))
    hair.matrix_parent_inverse = tail.inverted()
    hair.hide_select = True
    # A window shows cards instead: strands take ten times as long to draw as all of the head, and
    # without shadows between them they only look ragged.
    hair.hide_viewport = True
    return hair


def build_curves(grown: Strands, name: str) -> bpy.types.HairCurves:
    """Curves data of these strands."""
    count, points = grown.points.shape[:2]
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([points] * count)
    # Through their attributes: a hundred times faster than `points`.
    place = curves.attributes["position"]
    place.data.foreach_set("vector", np.ascontiguousarray(grown.points).ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    fine = np.ones(count, np.float32) if grown.fine is None else grown.fine
    radius.data.foreach_set("value", np.outer(fine, grown.radii).ravel())
    tone = curves.attributes.new(TONE_ATTRIBUTE, "FLOAT", "CURVE")
    tone.data.foreach_set("value", grown.tones)
    if grown.sides is not None:
        domain = "CURVE" if grown.sides.ndim == 1 else "POINT"
        sides = curves.attributes.new(SIDES_ATTRIBUTE, "FLOAT", domain)
        sides.data.foreach_set("value", np.ascontiguousarray(grown.sides).ravel())
    return curves


def _middle(points: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Metres, the middle of hair (S, P, 3) across and in depth, and half its width below its top."""
    low, high = points.min((0, 1)), points.max((0, 1))
    x, y, _ = ((low + high) / 2).tolist()
    return x, y, float(high[2] - (high[0] - low[0]) / 2)
