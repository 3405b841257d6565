"""Mouth and lips of one person in their films, at the network's rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from server.features import FRAME_RATE
from server.tracking.alignment import AlignedFace
from server.tracking.lips import film_lips
from server.tracking.performer import animation_of, performer_of
from server.tracking.solve import Basis

from .footage import ActorFilm
from .spoken_mouths import lips_on_head, mouth_of


@dataclass(frozen=True)
class FilmedMouth:
    """What a film shows, T frames at `FRAME_RATE`.

    Attributes
    ----------
    take : the tracked performance, at the film's rate
    mouth : (T, M) float32, channels of `coarticulation.MOUTH`
    lips : (T, 2) float32 metres of opening and width, as far as the head goes
    usable : (T,) frames that may be learnt from
    """

    film: ActorFilm
    take: Animation
    mouth: NDArray[np.float32]
    lips: NDArray[np.float32]
    usable: NDArray[np.bool_]


def filmed_mouths(
    footage: Sequence[ActorFilm], basis: Basis, geometry: NDArray[np.float64]
) -> list[FilmedMouth]:
    """One person's films, on a head with shapes.

    Parameters
    ----------
    geometry : (M, 2) metres of lip opening and width that each unit adds
    """
    if not footage:
        return []
    performer = performer_of([_usable_part(film) for film in footage])
    takes = [animation_of(film.face, performer, basis, film.rate) for film in footage]
    mouths = [mouth_of(take.resampled(FRAME_RATE)) for take in takes]
    filmed = [film_lips(film.face.points, film.rate) for film in footage]
    lips = lips_on_head(filmed, mouths, geometry)
    return [
        FilmedMouth(film, take, mouth, moved, _at_frame_rate(film, len(mouth)))
        for film, take, mouth, moved in zip(footage, takes, mouths, lips, strict=True)
    ]


def _usable_part(film: ActorFilm) -> AlignedFace:
    face = film.face
    return AlignedFace(
        face.points[film.usable], face.rotation[film.usable], face.pivot[film.usable]
    )


def _at_frame_rate(film: ActorFilm, count: int) -> NDArray[np.bool_]:
    frames = np.round(np.arange(count) * film.rate / FRAME_RATE).astype(int)
    return film.usable[np.minimum(frames, len(film.usable) - 1)]
