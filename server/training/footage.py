"""Film of an actor, and which of its frames may be learnt from.

People's film is not made for learning: it is cut, shows others, loses the face, breaks off, or its sound is
of another take. What is doubtful is left out, and every such thing becomes a sentence: nothing is learnt
from, or passed over, in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import DirfaError, FormatError
from server.audio import SAMPLE_RATE
from server.tracking.alignment import AlignedFace
from server.tracking.landmarks import FaceTrack
from server.tracking.lips import film_lips
from server.tracking.people import mean_face, shots_of, strangers
from server.tracking.performer import face_of
from server.tracking.sound import film_sound, sound_offset
from server.tracking.track import gaps_of, spoken_gaps
from server.tracking.track_store import kept_track

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

FILM_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
LEAST_SEEN = 0.5
"""Share of a film that must show a face."""
EDGE_SECONDS = 0.2
"""Around a cut or a gap landmarks are guesses, and smoothing mixes what lies on both sides."""
CROWD_SECONDS = 0.75
"""Around a look at which a second face was seen; the film is looked at every half second."""
UNSURE = " does not tell whether its sound fits the lips; taken as it is."
MOST_UNSURE = 3
"""More films than this of which that is true are said in one sentence."""
LEAST_SECONDS = 2.0
"""A usable stretch of less is left out: it says little, and its edges are most of it."""


@dataclass(frozen=True)
class ActorFilm:
    """One film of the actor.

    Attributes
    ----------
    face : aligned landmarks at `rate`, NaN where no face was seen
    usable : (T,) frames that may be learnt from
    samples : (S,) float32, the sound at 16 kHz
    """

    path: Path
    rate: float
    face: AlignedFace
    usable: Flags
    samples: Array


def films_in(folder: Path) -> list[Path]:
    """The films of a folder, or the one film given.

    Raises
    ------
    FormatError
        There are none.
    """
    if folder.is_file():
        return [folder]
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in FILM_SUFFIXES)
    if not found:
        kinds = ", ".join(FILM_SUFFIXES)
        raise FormatError(f"Expected film of the actor ({kinds}) in {folder}, found none.")
    return found


def footage_of(
    films: Sequence[Path],
    cache: Path,
    progress: Callable[[float, str], None] = lambda _share, _film: None,
) -> tuple[list[ActorFilm], list[str]]:
    """What can be learnt from, and a sentence for all that was left out or put right.

    Parameters
    ----------
    cache : folder in which tracks are kept, by what is in the film
    progress : takes the share of all films that was watched, and the name of the one at hand
    """
    remarks: list[str] = []
    read: list[ActorFilm] = []
    for number, path in enumerate(films):

        def show(share: float, number: int = number, name: str = path.name) -> None:
            progress((number + share) / len(films), name)

        show(0.0)
        try:
            read.append(_read(path, cache, remarks, show))
        except DirfaError as error:
            remarks.append(f"Left out: {error}")
    kept = _of_one_person(read, remarks)
    return kept, _summed(remarks)


def _summed(remarks: list[str]) -> list[str]:
    """The remarks, those on sound that nobody can judge as one where they are many."""
    unsure = [sentence for sentence in remarks if sentence.endswith(UNSURE)]
    if len(unsure) <= MOST_UNSURE:
        return remarks
    others = [sentence for sentence in remarks if sentence not in unsure]
    return [
        *others,
        f"{len(unsure)} films do not tell whether their sound fits the lips; taken as is. "
        "Longer films would tell.",
    ]


def runs_of(usable: Flags, least: float) -> list[slice]:
    """The stretches of frames that are usable, of at least so many frames."""
    edges = np.diff(np.concatenate([[0], usable.astype(int), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [slice(int(a), int(b)) for a, b in zip(begins, ends, strict=True) if b - a >= least]


def _read(
    path: Path, cache: Path, remarks: list[str], progress: Callable[[float], None]
) -> ActorFilm:
    """A film with its doubtful frames marked; FormatError where all of it is doubtful."""
    track = kept_track(path, cache, progress)
    if len(track.times) < 2:
        raise FormatError(f"{path.name} has one picture only.")
    samples = film_sound(path)
    if samples is None:
        raise FormatError(f"{path.name} has no sound that can be read.")
    rate = track.rate
    even = track.at_rate(rate)
    if even.seen.mean() < LEAST_SEEN:
        raise FormatError(f"{path.name} shows a face in only {even.seen.mean():.0%} of its length.")
    face = face_of(even)
    usable = _usable(even, rate)
    said = _remarks_on(path.name, track, even, rate)
    opening = np.where(usable, film_lips(face.points, rate).opening, np.nan)
    heard = sound_offset(samples, opening, rate)
    if heard is not None and heard.is_foreign:
        raise FormatError(f"{path.name}: sound and lips do not belong together.")
    late = heard.seconds if heard is not None and heard.is_clear else 0.0
    if heard is None or not heard.is_clear:
        said.append(path.name + UNSURE)
    if abs(late) > 1.0 / rate:
        side = "late" if late > 0 else "early"
        said.append(f"{path.name}: the sound is {abs(late):.2f} s {side}; put right.")
    remarks.extend(said)
    samples = _moved(samples, late)
    usable &= even.times < len(samples) / SAMPLE_RATE
    return ActorFilm(path, rate, face, usable, samples)


def _usable(track: FaceTrack, rate: float) -> Flags:
    """(T,) frames of an even track that show one face, away from cuts and gaps."""
    times = track.times
    doubtful = _widened(~track.seen, round(EDGE_SECONDS * rate))
    for shot in shots_of(track)[1:]:
        doubtful |= np.abs(times - times[shot.first]) < EDGE_SECONDS
    for look in track.crowded:
        doubtful |= np.abs(times - look) < CROWD_SECONDS
    return ~doubtful


def _remarks_on(name: str, track: FaceTrack, even: FaceTrack, rate: float) -> list[str]:
    """A sentence for each thing that is wrong with a film."""
    found: list[str] = []
    if track.breaks_off:
        found.append(
            f"{name} should last {track.expected_seconds:.1f} s but is damaged or cut short: it is "
            f"learnt from up to {track.times[-1]:.1f} s."
        )
    if not track.has_even_times:
        found.append(f"{name}: the frame rate varies; sampled evenly at {rate:.2f} a second.")
    gaps = gaps_of(even.seen, rate)
    if gaps:
        found.append(f"{name}: left out {spoken_gaps(gaps)}, where no face is seen.")
    if track.crowded:
        end = float(track.times[-1])
        looks = [
            (max(0.0, look - CROWD_SECONDS), min(end, look + CROWD_SECONDS))
            for look in track.crowded
        ]
        found.append(f"{name}: left out {spoken_gaps(_merged(looks))}, where two people are seen.")
    return found


def _of_one_person(films: list[ActorFilm], remarks: list[str]) -> list[ActorFilm]:
    """The films without the shots that show others than the person seen longest in all of them."""
    runs = [
        (film, run) for film in films for run in runs_of(film.usable, LEAST_SECONDS * film.rate)
    ]
    parts = [
        AlignedFace(film.face.points[run], film.face.rotation[run], film.face.pivot[run])
        for film, run in runs
    ]
    means = [mean_face(part, film.rate) for part, (film, _) in zip(parts, runs, strict=True)]
    others = strangers(means, [(run.stop - run.start) / film.rate for film, run in runs])
    kept: list[ActorFilm] = []
    for film in films:
        own = [number for number, (other, _) in enumerate(runs) if other is film]
        usable = np.zeros_like(film.usable)
        for number in own:
            usable[runs[number][1]] = number not in others
        spans = [runs[number][1] for number in own if number in others]
        if spans:
            seconds = [(span.start / film.rate, span.stop / film.rate) for span in spans]
            remarks.append(
                f"{film.path.name}: left out {spoken_gaps(seconds)}, where another person is seen."
            )
        if usable.any():
            kept.append(replace(film, usable=usable))
        elif not spans:
            remarks.append(
                f"Left out: {film.path.name} has no {LEAST_SECONDS:g} s in one piece that show "
                "one face."
            )
    return kept


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans in order, those that touch made one."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _widened(flags: Flags, frames: int) -> Flags:
    """Flags set for so many frames more on either side."""
    kernel = np.ones(2 * frames + 1)
    return np.convolve(flags.astype(float), kernel, "same") > 0.5 if frames else flags.copy()


def _moved(samples: Array, late: float) -> Array:
    """The sound earlier by so many seconds."""
    count = round(abs(late) * SAMPLE_RATE)
    if late > 0.0:
        return samples[count:]
    return np.concatenate([np.zeros(count, np.float32), samples]) if count else samples
