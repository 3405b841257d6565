"""Editing a performance: layers to the NLA and back, bake, hand edits, frame rate, assets."""

from __future__ import annotations

from abc import abstractmethod

import bpy

from ..blender import fcurves
from ..blender.labels import spoken
from ..blender.scene import usable_rate
from ..performing import acting, directing, edits, layering
from .button import Button


class _NeedsPerformance(Button):
    """Base of a button on the performance of the chosen line's character."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        record = acting.current_record(context.scene)
        is_there = record is not None and record.action is not None
        return super().disabled_reason(context) or (
            "" if is_there else "Generate a performance first"
        )

    def act(self, context: bpy.types.Context) -> None:
        self.change(context.scene, acting.current_record(context.scene))

    @abstractmethod
    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        """What the operator does."""


class DIRFA_OT_push_down(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.push_down"
    bl_label = "Layers to NLA Tracks"
    bl_description = (
        "Make a track of each layer, to be muted, scaled and moved in the NLA editor; sliders and "
        "takes go on working"
    )
    bl_options = {"REGISTER", "UNDO"}

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        layering.push_down(scene, record)


class DIRFA_OT_pull_up(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.pull_up"
    bl_label = "Layers to One Action"
    bl_description = (
        "Bring the layers back from their tracks to one Action; mutes and strengths stay"
    )
    bl_options = {"REGISTER", "UNDO"}

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        layering.pull_up(scene, record)


class DIRFA_OT_bake(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.bake"
    bl_label = "Bake to One Action"
    bl_description = (
        "Write everything these datablocks do, NLA tracks included, to one new Action; the next "
        "slider brings the live performance back"
    )
    bl_options = {"REGISTER", "UNDO"}

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        action = layering.bake(scene, record)
        self.report({"INFO"}, spoken(f"Baked to Action '{action.name}'"))


class DIRFA_OT_clear_edits(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.clear_edits"
    bl_label = "Drop Hand Edits"
    bl_description = (
        "Remove what was changed by hand and bring deleted curves back; the performance as directed "
        "plays again"
    )
    bl_options = {"REGISTER", "UNDO"}

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        plan = acting.planned(scene, record.target)
        acting.collect_edits(record)
        layer = record.edits
        if layer is not None:
            record.edits = None
            bpy.data.actions.remove(layer)
        edits.keep_deleted(record.action, set())
        acting.commit(scene, plan)


class DIRFA_OT_retime(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.retime"
    bl_label = "Fit to Frame Rate"
    bl_description = "Write every performance again at the scene's frame rate; takes are in seconds"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        reason = super().disabled_reason(context)
        fits = (
            "" if is_out_of_time(context.scene) else "Every performance fits the scene's frame rate"
        )
        return reason or fits

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:  # noqa: ARG002
        for each in scene.dirfa.characters:
            if each.target is not None and each.action is not None:
                acting.retime(scene, each)


class DIRFA_OT_refresh(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.refresh"
    bl_label = "Write Again"
    bl_description = (
        "Write the performance as lines, strips, sliders and their keyframes are now; hand edits "
        "stay"
    )
    bl_options = {"REGISTER", "UNDO"}

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        directing.follow_strips(scene, record.target)
        acting.perform(scene, record.target)


class DIRFA_OT_mark_asset(_NeedsPerformance, bpy.types.Operator):
    bl_idname = "dirfa.mark_asset"
    bl_label = "Mark as Asset"
    bl_description = (
        "Offer this performance in the asset browser, as a copy that sliders leave alone"
    )
    bl_options = {"REGISTER", "UNDO"}

    def change(self, scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
        line = acting.current_line(scene)
        copy = record.action.copy()
        copy.name = f"{record.target.name} {line.name}"
        for key in (edits.INDEX_KEY, edits.POINTS_KEY, edits.DELETED_KEY, fcurves.OWNER_KEY):
            if key in copy:
                del copy[key]
        copy.asset_mark()
        copy.asset_data.description = f"Speech: {line.name}"
        for tag in ("speech", record.target.name):
            copy.asset_data.tags.new(tag, skip_if_exists=True)
        self.report({"INFO"}, spoken(f"Action '{copy.name}' is in the asset browser"))


def is_out_of_time(scene: bpy.types.Scene) -> bool:
    """Whether a performance was written at another frame rate than the scene's."""
    rate = usable_rate(scene)
    return any(
        record.action is not None and (rate is None or abs(record.fps - rate.per_second) > 1e-3)
        for record in scene.dirfa.characters
    )


CLASSES = (
    DIRFA_OT_push_down,
    DIRFA_OT_pull_up,
    DIRFA_OT_bake,
    DIRFA_OT_clear_edits,
    DIRFA_OT_retime,
    DIRFA_OT_refresh,
    DIRFA_OT_mark_asset,
)
