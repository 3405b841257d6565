"""Takes as weights of visemes over time, and back: the fifteen of Meta and the twenty-two of Microsoft.

A take is more than a row of mouths, so the way out leaves brows, lids, gaze and head behind. The way back
seeks the mouth whose own visemes are the ones that were read: tables of takes come back exactly, tables of
other programs as near as a mouth comes. Names are read in any of the spellings that programs give
them. No bpy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..action_units import AU_NAMES
from ..animation import Animation
from ..characters.profile import ShapeTrack
from ..characters.viseme_mouths import mouths_of
from ..characters.visemes import viseme_weights
from ..errors import FormatError
from ..mapping import load_profile
from .viseme_track import META_VISEMES

Array = npt.NDArray[np.float64]
VisemeSet = Literal["meta_visemes", "microsoft_visemes"]

# What Ready Player Me and MPFB2 call the engine's last vowels.
ALIASES = {"i": "ih", "o": "oh", "u": "ou"}
_META_PREFIX = re.compile(r"^(viseme_|vrc\.v_|v_)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:^|[_.\s])(\d{1,2})$")


def viseme_names(kind: VisemeSet) -> tuple[str, ...]:
    """Names of a set as its tables have them."""
    return META_VISEMES if kind == "meta_visemes" else tuple(load_profile(kind).visemes)


def viseme_track(take: Animation, kind: VisemeSet) -> ShapeTrack:
    """The mouth of a take as weights of a set's visemes, head at rest."""
    weights = viseme_weights(take.canonical().au, _prototypes(kind))
    still = np.zeros((len(take), 3), np.float32)
    return ShapeTrack(
        take.fps, take.start, viseme_names(kind), weights.astype(np.float32), still, still.copy()
    )


def take_of_visemes(track: ShapeTrack, *, source: Mapping[str, str] | None = None) -> Animation:
    """The take whose mouth shows the visemes of a track: lips, jaw and tongue only.

    Parameters
    ----------
    track : names of one of the sets in any spelling; those it lacks are 0

    Raises
    ------
    FormatError
        The names are of neither set.
    """
    kind, columns = _recognised(track.names)
    rows = _prototypes(kind)
    wanted = np.zeros((len(track.weights), len(rows)))
    for place, column in columns.items():
        wanted[:, place] = np.clip(track.weights[:, column], 0.0, 1.0)
    rest = ~(rows != 0).any(1)
    spoken = wanted[:, ~rest]
    # Together they are one mouth: a louder sum is the same mixture.
    spoken /= np.maximum(spoken.sum(1, keepdims=True), 1.0)
    mixed = mouths_of(spoken, rows[~rest])
    still = np.zeros((len(mixed), 3), np.float32)
    return Animation(
        track.fps,
        track.start,
        AU_NAMES,
        mixed.astype(np.float32),
        still[:, :2],
        still,
        still,
        dict(source or {}),
    )


def viseme_set(names: Sequence[str]) -> VisemeSet:
    """The set that names are of, in any spelling. Raises FormatError for neither."""
    return _recognised(names)[0]


def _prototypes(kind: VisemeSet) -> Array:
    return np.array(list(load_profile(kind).visemes.values()), np.float64)


def _recognised(names: Sequence[str]) -> tuple[VisemeSet, dict[int, int]]:
    """The set that names are of, and by a viseme's place in it the column that it has."""
    meta = {name.lower(): place for place, name in enumerate(META_VISEMES)}
    found: dict[int, int] = {}
    for column, name in enumerate(names):
        plain = _META_PREFIX.sub("", name.strip()).lower()
        place = meta.get(ALIASES.get(plain, plain))
        if place is not None:
            found[place] = column
    if len(found) >= min(5, len(names)) and found:
        return "meta_visemes", found
    numbered: dict[int, int] = {}
    for column, name in enumerate(names):
        number = _NUMBER.search(name.strip())
        if number is not None and int(number[1]) < len(viseme_names("microsoft_visemes")):
            numbered[int(number[1])] = column
    if len(numbered) >= min(5, len(names)) and numbered:
        return "microsoft_visemes", numbered
    raise FormatError(
        f"The table must have visemes of Meta ({', '.join(META_VISEMES[:4])}, ...) or Microsoft "
        f"({', '.join(viseme_names('microsoft_visemes')[:2])}, ...), it has {', '.join(names[:4])}, ..."
    )
