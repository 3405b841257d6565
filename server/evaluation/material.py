"""What is measured on: filmed clips with their lips, and what each clip may be scored for.

Nothing here was seen in training: GRID sentences and the Mandarin take are held out by name, the free
speech is of talkers that no step uses. `fitted` material is the opposite: the training side of GRID, from
which baselines get their constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from server.audio import SAMPLE_RATE, Speech
from server.features import Features, features
from server.tracking.alignment import AlignedFace
from server.tracking.lips import Lips, film_lips, unit_geometry
from server.tracking.performer import animation_of, face_of, performer_of
from server.tracking.solve import basis_of
from server.tracking.track_store import kept_track
from server.training.aligned_speech import aligned_speech
from server.training.coarticulation import MOUTH
from server.training.corpora import Utterance, read_samples, utterances
from server.training.spoken_mouths import GRID_FPS, facegood_rig

Floats = NDArray[np.float64]

WEEKLY_ADDRESS = ("Obama_clip1", "obama_weekly_address_256", "obama_weekly_address_450_20s")
"""Three films of one occasion, which count once."""


@dataclass(frozen=True)
class Clip:
    """A recording with what is known of the face that made it.

    Attributes
    ----------
    name, talker, occasion : clips of one occasion count once
    samples : (S,) float32 at 16 kHz
    lips : opening and width in the film, or under the rig's weights
    tracked : the performance the film shows, for what is above the lips
    labels : phone numbers every 10 ms, where there is a transcript
    sound_may_be_late : whether the film's sound has an offset that must be found first
    """

    name: str
    talker: str
    occasion: str
    samples: NDArray[np.float32]
    lips: Lips
    tracked: Animation | None
    labels: NDArray[np.uint8] | None
    sound_may_be_late: bool = False

    @cached_property
    def heard(self) -> Features:
        """Features of the sound, 50 frames a second."""
        return features(self.samples)


def speech_of(samples: NDArray[np.float32]) -> Speech:
    """Samples (S,) at 16 kHz as a recording."""
    return Speech(samples, SAMPLE_RATE, len(samples) / SAMPLE_RATE, "")


def read_clips(data: Path, cache: Path, head: Head, *, held_out: bool, most: int) -> list[Clip]:
    """Filmed sentences of the one talker: unseen ones, or those baselines are fitted to."""
    entries = [entry for entry in utterances("grid", data) if entry.held_out == held_out]
    sound = aligned_speech("grid", data, cache)
    found: list[tuple[Utterance, AlignedFace]] = []
    for entry in entries[:: max(1, len(entries) // most)]:
        track = kept_track(entry.path, cache)
        if track.seen.all() and entry.name in sound.place:
            found.append((entry, face_of(track.at_rate(GRID_FPS))))
    found = found[:most]
    performer, basis = performer_of([face for _, face in found]), basis_of(head)
    return [
        Clip(
            entry.name,
            entry.talker,
            entry.name,
            read_samples(entry.path),
            film_lips(face.points, GRID_FPS),
            animation_of(face, performer, basis, GRID_FPS),
            sound.phones(sound.place[entry.name]),
        )
        for entry, face in found
    ]


def free_clips(data: Path, cache: Path, head: Head) -> list[Clip]:
    """Addresses of two presidents."""
    clips: list[Clip] = []
    basis = basis_of(head)
    for entry in utterances("usgov", data):
        track = kept_track(entry.path, cache)
        fps = (len(track.times) - 1) / float(track.times[-1])
        face = face_of(track.at_rate(fps))
        clips.append(
            Clip(
                entry.name,
                entry.talker,
                "weekly address" if entry.name in WEEKLY_ADDRESS else entry.name,
                read_samples(entry.path),
                film_lips(face.points, fps),
                animation_of(face, performer_of([face]), basis, fps),
                None,
                sound_may_be_late=True,
            )
        )
    return clips


def rig_clips(data: Path, head: Head) -> list[Clip]:
    """The unseen takes with rig weights, lips as our head shows them."""
    geometry = unit_geometry(head, MOUTH)
    clips: list[Clip] = []
    for take in facegood_rig(data):
        if take.held_out:
            shown = np.asarray(take.mouth, np.float64) @ geometry
            lips = Lips(shown[:, 0], shown[:, 1], 50.0)
            clips.append(Clip(take.name, "facegood", take.name, take.samples, lips, None, None))
    return clips


def aligned_clips(
    source: str, data: Path, cache: Path, most: int
) -> list[tuple[NDArray[np.float32], NDArray[np.uint8]]]:
    """Held-out speech without film: samples and phone labels, spread over the corpus."""
    corpus = aligned_speech(source, data, cache)
    chosen = np.flatnonzero(corpus.held_out)
    chosen = chosen[:: max(1, len(chosen) // most)][:most]
    return [(corpus.sound(int(i)), corpus.phones(int(i))) for i in chosen]


def by_occasion(clips: list[Clip], values: list[float]) -> float:
    """Mean over occasions of the mean over their clips."""
    found: dict[str, list[float]] = {}
    for clip, value in zip(clips, values, strict=True):
        found.setdefault(clip.occasion, []).append(value)
    return float(np.mean([np.mean(group) for group in found.values()]))
