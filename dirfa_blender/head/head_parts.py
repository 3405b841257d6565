"""A head made ready for Blender in a worker thread: everything that takes long and needs no bpy. No bpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.hair.atlas import HAIR_COLOUR, hair_atlas
from ..core.hair.cards import Cards, cards, under_cards
from ..core.hair.curtain import carried_hair
from ..core.hair.greying import SIDES
from ..core.hair.groom import Strands, curl_of, wave_of
from ..core.hair.locks import locks
from ..core.head import MOST_RELIEF, Head, Heights
from ..core.motion.correctives import Corrective, correctives
from ..core.png import png_bytes
from .head_creases import creases
from .head_zones import eye_discs, skin_zones

Singles = npt.NDArray[np.float32]
Weights = tuple[tuple[float, list[int]], ...]
"""Vertices of one bone, by the weight they share."""

ROOT_BONE = "root"
HEAD_BONE = "head"
NECK_BONE = "neck"
WEIGHT_DECIMALS = 3


@dataclass(frozen=True)
class HeadParts:
    """What of a head goes into Blender as it is.

    Parameters
    ----------
    shape_points : (K, V, 3) float32 metres, vertices of each shape
    correctives : what follows by drivers from shapes that are on together
    eye_discs, skin_zones, creases, rest_mm : (V, 3) float32, what shaders read
    weights : bone name -> its vertices, the root first
    albedo_png, relief_png : the skin texture and its relief as files, if there are such
    hair, long_hair : strands on the skull and below it, if it has any
    cards : what windows and exports show of them
    atlas_png : the picture on cards and on the cap under them
    """

    head: Head
    shape_points: Singles
    correctives: tuple[Corrective, ...]
    eye_discs: Singles
    skin_zones: Singles
    creases: Singles
    rest_mm: Singles
    weights: dict[str, Weights]
    albedo_png: bytes | None
    relief_png: bytes | None
    hair: Strands | None
    long_hair: Strands | None
    cards: Cards | None
    atlas_png: bytes | None


def head_parts(head: Head) -> HeadParts:
    """The parts of a head.

    Raises
    ------
    ValueError
        The head has no bone or no face: not a head at all.
    """
    if not len(head.bone_names) or not len(head.faces):
        raise ValueError("A head needs at least one bone and one face.")
    hair = carried_hair(head) if HEAD_BONE in head.bone_names else None
    long_hair = locks(head) if NECK_BONE in head.bone_names else None
    made = cards(head, [grown for grown in (hair, long_hair) if grown is not None])
    atlas = None
    if made is not None:
        curl = max(curl_of(head), wave_of(head))
        colour, sides = head.colours.get("hair", HAIR_COLOUR), head.colours.get(SIDES)
        atlas = png_bytes(hair_atlas(colour, curl, sides=sides))
        head = under_cards(head)
    rest = np.clip(1.0 - head.bone_weights.sum(0), 0.0, 1.0)
    rows = [(ROOT_BONE, rest), *zip(head.bone_names, head.bone_weights, strict=True)]
    return HeadParts(
        head=head,
        shape_points=(head.vertices + head.shape_deltas).astype(np.float32),
        correctives=correctives(head),
        eye_discs=eye_discs(head).astype(np.float32),
        skin_zones=skin_zones(head).astype(np.float32),
        creases=creases(head).astype(np.float32),
        rest_mm=(head.vertices * 1000.0).astype(np.float32),
        weights={name: shared_weights(weights) for name, weights in rows},
        albedo_png=None if head.albedo is None else png_bytes(head.albedo),
        relief_png=None if head.relief is None else png_bytes(relief_grey(head.relief)),
        hair=hair,
        long_hair=long_hair,
        cards=made,
        atlas_png=atlas,
    )


def relief_grey(relief: Heights) -> npt.NDArray[np.uint16]:
    """(H, W) grey of heights in micrometres: black `MOST_RELIEF` under the mesh, white as far above it."""
    share = (relief.astype(np.float32) + MOST_RELIEF) / (2 * MOST_RELIEF)
    return np.round(share * 65535).astype(np.uint16)


def shared_weights(weights: npt.NDArray[np.floating]) -> Weights:
    """Vertices of one weight together, of weights (V,): most are wholly still or wholly the head's."""
    rounded = np.round(weights, WEIGHT_DECIMALS)
    order = np.argsort(rounded, kind="stable")
    values, starts = np.unique(rounded[order], return_index=True)
    groups = zip(values.tolist(), np.split(order, starts[1:]), strict=True)
    return tuple((value, indices.tolist()) for value, indices in groups if value > 0)
