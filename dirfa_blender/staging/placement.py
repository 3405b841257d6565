"""A performance comes into the scene: head, Action, sound, frame range and shot, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..blender import scene
from ..core.animation import Animation
from ..core.characters.follow_through import NATURAL
from ..core.head import Head
from ..head import meshes
from ..performing import apply
from ..rendering import shot
from ..rendering.shot_presets import DEFAULT_SHOT
from ..rig import profiles
from ..rig.character import extent

# Profile of the heads built here.
PROFILE = "arkit"
# Free space between a new head and what was there.
ROOM_METRES = 0.5
# Kinds of datablock that a placement makes.
MADE = ("objects", "meshes", "hair_curves", "armatures", "actions", "materials", "images", "cameras",
        "lights", "worlds", "sounds")  # fmt: skip


@dataclass(frozen=True)
class Placement:
    """How a performance is put into a scene.

    ``target`` is who speaks when no head comes with the performance; ``duration`` is the recording's,
    seconds, or None to leave the frame range alone. ``preset`` is the shot of a new head; ``photo``, which
    it was made from, stands behind it where the shot asks for that. ``follow_through`` is how strongly neck
    and shoulders follow the head.
    """

    name: str
    target: bpy.types.Object | None = None
    audio: Path | None = None
    duration: float | None = None
    with_shot: bool = True
    preset: str = DEFAULT_SHOT
    photo: Path | None = None
    frame_start: int = 1
    follow_through: float = NATURAL


def place(
    where: bpy.types.Scene, animation: Animation, head: Head | None, how: Placement
) -> bpy.types.Action:
    """The Action of a performance, now playing in the scene.

    Raises
    ------
    DirfaError
        A part cannot be done; the scene is as it was.
    """
    with all_or_nothing(where):
        actor = how.target
        if head is not None:
            actor = meshes.build_head(head, how.name, where.collection)
            meshes.place(actor, free_place(where, actor.face))
        action = apply.apply_animation(
            animation,
            actor,
            profiles.profile_for(actor),
            name=f"{how.name} take {animation.source.get('seed', '')}".strip(),
            frame_start=how.frame_start,
            scene=where,
            follow_through=how.follow_through,
        )
        if how.audio is not None:
            scene.place_sound(where, how.audio, how.frame_start)
        if how.duration is not None:
            scene.set_frame_range(where, how.frame_start, how.duration)
        if head is not None and how.with_shot:
            shot.build_shot(where, actor, preset=how.preset, photo=how.photo)
    where.frame_set(where.frame_current)
    return action


def free_place(where: bpy.types.Scene, face: bpy.types.Object) -> float:
    """Where along X a new head at the origin has to stand so as not to be inside something, metres."""
    low, high = extent(face)
    others = [
        extent(other)
        for other in where.objects
        if other.type == "MESH" and other != face and other.visible_get() and not other.hide_select
    ]
    crowded = any((a < high).all() and (b > low).all() for a, b in others)
    if not crowded:
        return 0.0
    return float(max(b[0] for _, b in others) + ROOM_METRES - low[0])


@contextmanager
def all_or_nothing(where: bpy.types.Scene) -> Iterator[None]:
    """Take back what was made and set if the block fails."""
    before = {kind: {block.session_uid for block in getattr(bpy.data, kind)} for kind in MADE}
    kept = (where.frame_start, where.frame_end, where.camera, where.world, where.sync_mode)
    frame = where.frame_current
    try:
        yield
    except BaseException:
        made = [
            block
            for kind in MADE
            for block in getattr(bpy.data, kind)
            if block.session_uid not in before[kind]
        ]
        _remove_strips(where, made)
        bpy.data.batch_remove(made)
        where.frame_start, where.frame_end, where.camera, where.world, where.sync_mode = kept
        where.frame_set(frame)
        raise


def _remove_strips(where: bpy.types.Scene, made: list[bpy.types.ID]) -> None:
    strips = where.sequence_editor.strips if where.sequence_editor else ()
    for strip in list(strips):
        if strip.type == "SOUND" and strip.sound in made:
            strips.remove(strip)
