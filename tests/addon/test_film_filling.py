"""Scenes that are only saved, for an artist to go on with."""

from __future__ import annotations

from pathlib import Path

import bpy

from dirfa_blender.commands.film_filling import fill
from dirfa_blender.commands.film_order import FilmOrder
from dirfa_blender.core.head_template import template
from dirfa_blender.core.npz_io import head_bytes


def test_a_head_in_a_saved_scene_is_smooth_however_near_it_is_looked_at(tmp_path: Path) -> None:
    head, saved = tmp_path / "head.npz", tmp_path / "head.blend"
    head.write_bytes(head_bytes(template()))

    fill(FilmOrder(head=str(head), blend=str(saved)), lambda **_: None)

    bpy.ops.wm.open_mainfile(filepath=str(saved))
    subdivided = [
        modifier
        for thing in bpy.context.scene.objects
        for modifier in thing.modifiers
        if modifier.type == "SUBSURF"
    ]
    assert len(subdivided) == 1
    assert (subdivided[0].levels, subdivided[0].render_levels) == (0, 1)
