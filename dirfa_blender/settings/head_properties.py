"""The head's sliders in the panel: they hold nothing, they read and move the head that is meant."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import FloatProperty

from ..core.errors import DirfaError
from ..core.likeness.sliders import RANGE, SLIDERS
from ..session import state
from ..staging import head_form

TEXTS = {
    "head_depth": ("Head Depth", "From the ears to the back of the skull"),
    "nose_length": ("Nose Length", "How far the nose stands out"),
    "ear_size": ("Ear Size", "Ears about their roots"),
    "neck_width": ("Neck Width", "The neck about its axis"),
    "jaw_depth": ("Jaw Depth", "How far the chin stands forward of the ears"),
    "age": ("Age", "How far bags, folds and jowls hang"),
}


class DIRFA_PG_head(bpy.types.PropertyGroup):
    """Shares by which parts of the head grow; a slider moves shapes, hair and chin along."""


def _getter(name: str) -> Callable[[bpy.types.PropertyGroup], float]:
    def get(_group: bpy.types.PropertyGroup) -> float:
        face = head_form.current_head(bpy.context)
        return getattr(head_form.sliders_of(face), name) if face is not None else 0.0

    return get


def _setter(name: str) -> Callable[[bpy.types.PropertyGroup, float], None]:
    def set_(_group: bpy.types.PropertyGroup, value: float) -> None:
        face = head_form.current_head(bpy.context)
        if face is None:
            return
        try:
            head_form.set_slider(face, name, round(min(max(value, RANGE[0]), RANGE[1]), 4))
        except DirfaError as error:
            state().error = str(error)

    return set_


DIRFA_PG_head.__annotations__ |= {
    name: FloatProperty(
        name=TEXTS[name][0],
        description=f"{TEXTS[name][1]}, as a share of what the photo gave",
        min=RANGE[0],
        max=RANGE[1],
        subtype="FACTOR",
        options=set(),
        get=_getter(name),
        set=_setter(name),
    )
    for name in SLIDERS
}

CLASSES = (DIRFA_PG_head,)
