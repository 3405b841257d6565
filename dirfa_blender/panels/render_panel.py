"""Render in the DIRFA tab: quality, engine, frames, rate and file; how far it is, and where it went."""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text, is_narrow
from ..performing import rate_change
from ..rendering.render_order import FILM
from ..session import state
from ..settings import film_choice
from .panels import Tab


class DIRFA_PT_render(Tab, bpy.types.Panel):
    bl_label = "Render"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.dirfa
        layout.row().prop(settings, "quality", expand=True)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "engine")
        if settings.engine != "scene":
            column.prop(settings, "size")
            text = "Samples" if settings.samples else "Samples (Auto)"
            column.prop(settings, "samples", text=text)
        column.prop(settings, "rate")
        rate_change.draw_offer(column, context.scene)
        if is_narrow(context):
            column.prop(settings, "film_range")
            column.prop(settings, "film_kind")
        else:
            column.row().prop(settings, "film_range", expand=True)
            column.row().prop(settings, "film_kind", expand=True)
        if settings.film_kind == FILM:
            column.prop(settings, "film_sound")
        column.prop(settings, "output", placeholder=_place(context.scene))
        _draw_job(layout)
        layout.operator("dirfa.use_render_settings", icon="SCENE_DATA")


def _place(scene: bpy.types.Scene) -> str:
    """Where a film goes whose name was left empty."""
    folder = film_choice.films_folder().name
    place = "Beside this file" if bpy.data.is_saved else f"In {folder}"
    return place if scene.dirfa.film_kind == FILM else f"{place}, as a folder"


def _draw_job(layout: bpy.types.UILayout) -> None:
    shown = state()
    row = layout.row(align=True)
    row.scale_y = 1.5
    if shown.film is not None:
        report = shown.film.poll()
        text = f"{report.text} {report.progress:.0%}"
        if report.eta_seconds is not None:
            text += f", {_time_left(report.eta_seconds)} left"
        row.progress(factor=report.progress, type="BAR", text=text)
        row.operator("dirfa.cancel_render", text="", icon="X")
        return
    row.operator("dirfa.render", icon="RENDER_ANIMATION")
    text = shown.film_error or shown.film_note
    if not text:
        return
    box = layout.box().column(align=True)
    box.alert = bool(shown.film_error)
    draw_text(box, text, "ERROR" if shown.film_error else "INFO")
    if not shown.film_error and shown.film_note.find("ready") > 0:
        box.operator("wm.path_open", text="Open", icon="PLAY").filepath = shown.film_path


def _time_left(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 5400 else f"{whole / 3600:.1f} h"


CLASSES = (DIRFA_PT_render,)
