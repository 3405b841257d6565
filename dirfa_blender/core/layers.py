"""The layers of a performance: what an artist mutes, scales or makes anew by itself.

Every animated channel belongs to exactly one layer, so the layers of a performance never fight over a
property and their sum is the performance. A shape that several action units move belongs to the layer
that moves it most. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from .action_units import ACTION_UNITS, Region
from .characters.profile import HEAD_INPUTS, INPUTS, MappingProfile

Layer = Literal["lips", "upper_face", "blinks", "gaze", "head"]
LAYERS: tuple[Layer, ...] = ("lips", "upper_face", "blinks", "gaze", "head")
# What a channel group and an NLA track are called.
TITLES: Mapping[Layer, str] = {
    "lips": "Lips",
    "upper_face": "Upper Face",
    "blinks": "Blinks",
    "gaze": "Gaze",
    "head": "Head",
}
_BY_REGION: Mapping[Region, Layer] = {
    "brows": "upper_face",
    "lids": "upper_face",
    "cheeks": "upper_face",
    "nose": "upper_face",
    "lips": "lips",
    "jaw": "lips",
    "tongue": "lips",
}
_BLINKS = ("AU45L", "AU45R")


def layer_of_input(name: str) -> Layer:
    """Layer of an action unit or of a gaze or head input of a profile."""
    if name in _BLINKS:
        return "blinks"
    if name in HEAD_INPUTS:
        return "head"
    for unit in ACTION_UNITS:
        if unit.code == name:
            return _BY_REGION[unit.region]
    return "gaze"


def layers_of_shapes(profile: MappingProfile) -> dict[str, Layer]:
    """Layer of each shape of a profile: the one whose inputs have the most gain on it."""
    owners = np.array([LAYERS.index(layer_of_input(name)) for name in INPUTS])
    gains = np.abs(profile.gains)
    totals = np.stack([gains[owners == index].sum(0) for index in range(len(LAYERS))])
    return {
        shape: LAYERS[index]
        for shape, index in zip(profile.shapes, totals.argmax(0).tolist(), strict=True)
    }
