"""Mouths to learn from: tracked film, an actress's rig weights, and the coarticulation teacher.

All three become the same thing, sound with mouth channels at 50 frames a second, marked with whose mouth
it is: talkers differ in how far they open, and one network must not average them away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.speech_level import speech_gain
from server.features import FRAME_RATE
from server.postprocess import sided
from server.tracking.landmarks import FaceTrack
from server.tracking.lips import Lips, film_lips, unit_geometry
from server.tracking.performer import animation_of, face_of, performer_of
from server.tracking.solve import basis_of
from server.tracking.track_store import kept_track

from .aligned_speech import AlignedSpeech, aligned_speech
from .coarticulation import MOUTH, Teacher
from .corpora import read_samples, utterances

Array = NDArray[np.float32]

STYLES = ("grid", "facegood", "plain")
"""Whose mouth: the filmed talker's, which unknown voices get; the actress's; the teacher's."""
GRID_FPS = 25.0
LEAST_SEEN = 0.97
"""Share of frames that must show a face; film with less is left out."""

# Controls of the actress's rig: what each adds to which units.
_FACEGOOD: dict[str, dict[str, float]] = {
    "mouth_stretch_c": {"AU26": 1.25},
    "tooth_d_d": {"AU26": 0.8},
    "mouth_oh_c": {"AU26": 0.35, "AU22": 0.45, "AU18": 0.25},
    "mouth_oo_c": {"AU18": 0.7, "AU22": 0.35},
    "mouth_funnel_dl": {"AU22": 0.25}, "mouth_funnel_dr": {"AU22": 0.25},
    "mouth_funnel_ul": {"AU22": 0.25}, "mouth_funnel_ur": {"AU22": 0.25},
    "mouth_pucker_l": {"AU18": 0.5}, "mouth_pucker_r": {"AU18": 0.5},
    "mouth_lowerLipDepress_l": {"AU16": 0.6}, "mouth_lowerLipDepress_r": {"AU16": 0.6},
    "mouth_upperLipRaise_l": {"AU10": 0.6}, "mouth_upperLipRaise_r": {"AU10": 0.6},
    "mouth_lipCornerPull_l": {"AU12": 0.6}, "mouth_lipCornerPull_r": {"AU12": 0.6},
    "mouth_lipStretch_l": {"AU20": 0.6}, "mouth_lipStretch_r": {"AU20": 0.6},
    "mouth_press_l": {"AU24": 0.5}, "mouth_press_r": {"AU24": 0.5},
    "mouth_suck_dl": {"AU28D": 0.6}, "mouth_suck_dr": {"AU28D": 0.6},
    "mouth_suck_ul": {"AU28U": 0.6}, "mouth_suck_ur": {"AU28U": 0.6},
    "mouth_chinRaise_u": {"AU17": 0.8},
}  # fmt: skip
_FACEGOOD_UNSEEN = ("AU8", "AU15")


@dataclass(frozen=True)
class SpokenMouth:
    """Sound with the mouth that made it.

    Attributes
    ----------
    samples : (S,) float32 at 16 kHz, speech at the target level
    mouth : (T, M) float32 at 50 frames a second, channels of `coarticulation.MOUTH`
    known : (M,) float32, 0 for channels this source cannot show
    style : index into `STYLES`
    phones : (T,) uint8 labels every 10 ms, None where nobody aligned them
    filmed : (T, 2) float32 metres of lip opening and width in the film, as far as the head goes; None
        where units are all there is
    talker : who speaks, where a source has more than one
    """

    name: str
    samples: Array
    mouth: Array
    known: Array
    style: int
    held_out: bool
    phones: NDArray[np.uint8] | None = None
    filmed: Array | None = None
    talker: str = ""


Source = Callable[[np.random.Generator], SpokenMouth]
"""Draws an example."""


def grid_film(data: Path, cache: Path, head: Head) -> list[SpokenMouth]:
    """The filmed sentences, tracked on a head with shapes."""
    sound = aligned_speech("grid", data, cache)
    entries = [entry for entry in utterances("grid", data) if entry.name in sound.place]
    tracks: dict[str, FaceTrack] = {}
    for entry in entries:
        track = kept_track(entry.path, cache)
        if track.seen.mean() >= LEAST_SEEN:
            tracks[entry.name] = track
    faces = {name: face_of(track.at_rate(GRID_FPS)) for name, track in tracks.items()}
    performer = performer_of(list(faces.values()))
    basis = basis_of(head)
    mouths = [
        mouth_of(animation_of(face, performer, basis, GRID_FPS).resampled(FRAME_RATE))
        for face in faces.values()
    ]
    filmed = lips_on_head(
        [film_lips(face.points, GRID_FPS) for face in faces.values()],
        mouths,
        unit_geometry(head, MOUTH),
    )
    return [
        SpokenMouth(
            name,
            levelled(sound.sound(number)),
            mouth,
            np.ones(len(MOUTH), np.float32),
            STYLES.index("grid"),
            bool(sound.held_out[number]),
            sound.phones(number),
            lips,
        )
        for name, mouth, lips in zip(faces, mouths, filmed, strict=True)
        for number in (sound.place[name],)
    ]


def lips_on_head(
    filmed: Sequence[Lips], mouths: Sequence[Array], geometry: NDArray[np.float64]
) -> list[Array]:
    """One person's filmed lips as the head shows them: (T, 2) metres from rest, a row for each of `mouths`.

    Units say how far that is, one scale and one rest for all clips; how the lips move, the film says
    itself, where no unit of the tracker explains all of it.

    Parameters
    ----------
    filmed : of the clips, at the film's rate; NaN where no face was seen
    mouths : (T, M) units found in the same clips, at `FRAME_RATE`
    geometry : (M, 2) metres of lip opening and width that each unit adds
    """
    shown = [mouth.astype(np.float64) @ geometry for mouth in mouths]
    lips = [_seen_lips(one, len(rows)) for one, rows in zip(filmed, shown, strict=True)]
    every, told = np.concatenate(lips), np.concatenate(shown)
    slope, rest = np.transpose([np.polyfit(every[:, k], told[:, k], 1) for k in range(2)])
    return [(rows * slope + rest).astype(np.float32) for rows in lips]


def _seen_lips(lips: Lips, count: int) -> NDArray[np.float64]:
    """(T, 2) opening and width at `FRAME_RATE`; where no face was seen, between those before and after."""
    times = np.arange(count) / FRAME_RATE
    seen = np.flatnonzero(np.isfinite(lips.opening))
    curves = (lips.opening, lips.width)
    return np.stack([np.interp(times, seen / lips.fps, curve[seen]) for curve in curves], axis=1)


def facegood_rig(data: Path) -> list[SpokenMouth]:
    """The takes with rig weights."""
    known = np.ones(len(MOUTH), np.float32)
    known[[MOUTH.index(unit) for unit in _FACEGOOD_UNSEEN]] = 0.0
    taken: list[SpokenMouth] = []
    for entry in utterances("facegood", data):
        with np.load(entry.path.with_suffix(".npz"), allow_pickle=False) as stored:
            weights = np.asarray(stored["weights"], np.float64)
            names = [str(name) for name in stored["names"]]
            fps = float(stored["fps"])
        units = np.zeros((len(weights), len(MOUTH)))
        for control, gains in _FACEGOOD.items():
            for unit, gain in gains.items():
                units[:, MOUTH.index(unit)] += gain * weights[:, names.index(control)]
        times = np.arange(int(len(units) / fps * FRAME_RATE)) / FRAME_RATE
        mouth = np.stack(
            [np.interp(times * fps, np.arange(len(units)), column) for column in units.T], axis=1
        )
        taken.append(
            SpokenMouth(
                entry.name,
                levelled(read_samples(entry.path)),
                np.clip(mouth, 0.0, 1.0).astype(np.float32),
                known,
                STYLES.index("facegood"),
                entry.held_out,
            )
        )
    return taken


def of_film(filmed: Sequence[SpokenMouth]) -> Source:
    """Filmed sentences, each as often as any other."""
    seen = [one for one in filmed if not one.held_out]
    return lambda rng: seen[int(rng.integers(len(seen)))]


def of_rig(rigged: Sequence[SpokenMouth]) -> Source:
    """Takes with rig weights, a longer one more often."""
    seen = [one for one in rigged if not one.held_out]
    shares = np.array([len(one.mouth) for one in seen], np.float64)
    shares /= shares.sum()
    return lambda rng: seen[int(rng.choice(len(seen), p=shares))]


def of_teacher(teacher: Teacher, corpora: Sequence[AlignedSpeech]) -> Source:
    """Voices with phone times, and the mouth that the coarticulation teacher gives them."""
    seen = [
        (corpus, int(number)) for corpus in corpora for number in np.flatnonzero(~corpus.held_out)
    ]

    def taught(rng: np.random.Generator) -> SpokenMouth:
        corpus, number = seen[int(rng.integers(len(seen)))]
        labels = corpus.phones(number)
        times = np.arange(len(labels) // 2) / FRAME_RATE
        return SpokenMouth(
            corpus.names[number],
            levelled(corpus.sound(number)),
            teacher.mouth(labels, times).astype(np.float32),
            np.ones(len(MOUTH), np.float32),
            STYLES.index("plain"),
            held_out=False,
            phones=labels,
        )

    return taught


def mouth_of(take: Animation) -> Array:
    """(T, M) mouth channels of a take, sides averaged."""
    return np.stack(
        [np.mean([take.channel(name) for name in sided(unit)], axis=0) for unit in MOUTH], axis=1
    ).astype(np.float32)


def levelled(samples: Array) -> Array:
    """Samples whose speech is at the target level."""
    return samples * np.float32(speech_gain(samples))
