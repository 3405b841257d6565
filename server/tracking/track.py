"""Video to take: landmarks, pose, units, lids and gaze as one Animation, and what the video lacks.

A film that is cut is tracked shot by shot. A stretch without a face is bridged and named; a film that
shows hardly any is refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.command_line.exit_codes import exit_code
from dirfa_blender.core.command_line.inputs import require_files, require_place
from dirfa_blender.core.command_line.progress import Display, Progress, Stage
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.formats.exchange import encoded_for
from dirfa_blender.core.formats.take_formats import described, format_for
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.npz_io import write_whole

from .alignment import AlignedFace
from .landmarks import FaceTrack, track_landmarks
from .lips import film_lips
from .people import Shot, mean_face, shots_of, strangers
from .performer import animation_of, face_of, performer_of, unit_names
from .solve import Basis, basis_of
from .sound import REACH_SECONDS, SoundOffset, film_sound, sound_offset

Floats = NDArray[np.float64]

LEAST_SEEN = 0.5
"""Share of a film that must show a face."""
OWN_REST_SECONDS = 2.0
"""A shot this long has its own resting face; a shorter one has the film's."""
NOTICED_OFFSET = 0.06
"""Seconds by which sound may be off before it is worth a sentence."""
SHOWN = 4
"""Times named in a sentence."""
MUTE = "No sound could be read from the film, so nothing is known about how it fits the lips."


@dataclass(frozen=True)
class TrackedFilm:
    """A take and the sentences a person should read about the film it came from.

    The take's source names stretches without a face (``unseen``) and, where it is clear, by how much
    the sound is late (``sound_late_seconds``).
    """

    take: Animation
    warnings: tuple[str, ...]


def track_video(
    video: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TrackedFilm:
    """The performance in a video at the video's own mean rate, and what was wrong with the video.

    Raises
    ------
    FormatError
        The file is no video, or shows too little of a face.
    JobCancelled
        `cancelled` answered True.
    """
    require_files((video, FormatError))
    return film_of(track_landmarks(video, progress=progress, cancelled=cancelled), video)


def film_of(track: FaceTrack, video: Path) -> TrackedFilm:
    """The performance in a video whose landmarks are known; FormatError as in `track_video`."""
    if len(track.times) < 2:
        raise FormatError(f"Expected a film of at least two frames, found one in {video}.")
    fps = track.rate
    even = track.at_rate(fps)
    gaps = gaps_of(even.seen, fps)
    if even.seen.mean() < LEAST_SEEN:
        raise FormatError(
            f"Expected a face in at least {LEAST_SEEN:.0%} of {video}, found one in "
            f"{even.seen.mean():.0%}; it is missing at {spoken_gaps(gaps)}. Cut the film to the "
            "stretch that shows the face."
        )
    face = face_of(even)
    shots = shots_of(even)
    take = _joined(face, shots, fps)
    take = take.with_source(model="tracked", film=video.name, unseen=_stored_gaps(gaps))
    samples = film_sound(video)
    heard = (
        None if samples is None else sound_offset(samples, film_lips(face.points, fps).opening, fps)
    )
    if heard is not None and heard.is_clear:
        take = take.with_source(sound_late_seconds=f"{heard.seconds:.2f}")
    silent = () if samples is not None else (MUTE,)
    company = _company(face, shots, fps)
    return TrackedFilm(take, (*warnings_of(track, gaps, heard), *company, *silent))


def main(arguments: Sequence[str]) -> int:
    """``track FILM -o TAKE``: exit code 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py track", description="Turn film of a face into a take."
    )
    parser.add_argument("film", type=Path, help="mp4, mov, webm or what else OpenCV reads")
    told = f"default: the film's name with .npz, here; format by its name: {described()}"
    parser.add_argument("-o", "--output", type=Path, help=told)
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    chosen = parser.parse_args(arguments)
    display = Display(as_json=chosen.json)
    output: Path = chosen.output or Path(chosen.film.stem + ".npz")
    return exit_code(
        lambda: _write_take(chosen.film, output, display),
        display,
        "Interrupted; nothing was written.",
    )


def _write_take(film: Path, output: Path, display: Display) -> int:
    format_for(output.name)
    require_files((film, FormatError))
    require_place(output)
    stages = (Stage("track", "following the face", 20.0), Stage("write", "writing", 0.5))
    progress = Progress(stages, display.show)
    progress.update("track")
    tracked = track_video(film, progress=lambda share: progress.update("track", 0.97 * share))
    for sentence in tracked.warnings:
        display.warn(sentence)
    progress.update("write")
    write_whole(output, encoded_for(tracked.take, output.name))
    display.done([output], progress.finish())
    return 0


def gaps_of(seen: NDArray[np.bool_], fps: float) -> tuple[tuple[float, float], ...]:
    """Begin and end in seconds of the stretches without a face; `seen` is (T,)."""
    edges = np.diff(np.concatenate([[0], (~seen).astype(int), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return tuple((float(a / fps), float(b / fps)) for a, b in zip(begins, ends, strict=True))


def warnings_of(
    track: FaceTrack, gaps: tuple[tuple[float, float], ...], heard: SoundOffset | None
) -> tuple[str, ...]:
    """Sentences on all that may have spoilt a take."""
    found: list[str] = []
    if track.quarters:
        found.append(f"The film lies on its side; it was turned by {90 * track.quarters} degrees.")
    if track.breaks_off:
        found.append(
            f"The film should last {track.expected_seconds:.1f} s but can be decoded only up to "
            f"{track.times[-1]:.1f} s: the file is damaged or cut short."
        )
    if not track.has_even_times:
        found.append(
            f"The film's frame rate varies; it was sampled evenly at {track.rate:.2f} a second."
        )
    if gaps:
        found.append(
            f"No face was seen at {spoken_gaps(gaps)}; the take goes straight from before to after."
        )
    if track.crowded:
        found.append(
            "A second face was seen at "
            f"{_spoken_times(track.crowded)}; the take follows the one found first."
        )
    if track.cuts:
        found.append(
            f"The film is cut at {_spoken_times(track.cuts)}; each shot has its own resting face, "
            "and nothing is smoothed across."
        )
    if heard is not None and heard.is_clear and abs(heard.seconds) >= NOTICED_OFFSET:
        side = "late" if heard.seconds > 0 else "early"
        found.append(
            f"The sound comes about {abs(heard.seconds):.2f} s {side} against the lips: move it by "
            "that before it is played with the take or learnt from."
        )
    if heard is not None and heard.is_foreign:
        found.append(
            f"The sound fits the lips nowhere within {REACH_SECONDS:g} s: it is of another film, or "
            "the one seen is not the one heard."
        )
    return tuple(found)


def spoken_gaps(gaps: Sequence[tuple[float, float]]) -> str:
    """Stretches as a person reads them, the first few."""
    shown = ", ".join(f"{begin:.1f}-{end:.1f} s" for begin, end in gaps[:SHOWN])
    return shown + (f" and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else "")


def _company(face: AlignedFace, shots: Sequence[Shot], fps: float) -> tuple[str, ...]:
    """A sentence on shots that show somebody else."""
    means = [mean_face(shot.of(face), fps) for shot in shots]
    others = strangers(means, [(shot.last - shot.first) / fps for shot in shots])
    if not others:
        return ()
    spans = [(shots[number].first / fps, shots[number].last / fps) for number in others]
    return (
        f"Another person is seen at {spoken_gaps(spans)} than in the rest of the film; the take "
        "acts both. Cut the film to the shots of one of them.",
    )


def _joined(face: AlignedFace, shots: Sequence[Shot], fps: float) -> Animation:
    """The take of a film, shot by shot: nothing crosses a cut."""
    basis = basis_of(shaped_template())
    whole = performer_of([face])
    parts: list[Animation] = []
    for shot in shots:
        part = shot.of(face)
        seen = int(np.isfinite(part.points[:, 0, 0]).sum())
        if seen == 0:
            parts.append(_absent(len(part.points), parts, basis, fps))
            continue
        performer = performer_of([part]) if seen >= OWN_REST_SECONDS * fps else whole
        parts.append(animation_of(part, performer, basis, fps))
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        au=np.concatenate([part.au for part in parts]),
        gaze=np.concatenate([part.gaze for part in parts]),
        rotation=np.concatenate([part.rotation for part in parts]),
        translation=np.concatenate([part.translation for part in parts]),
    )


def _absent(count: int, before: Sequence[Animation], basis: Basis, fps: float) -> Animation:
    """A shot without a face: rest."""
    names = before[0].au_names if before else unit_names(basis)
    zeros = np.zeros((count, 3), np.float32)
    units = np.zeros((count, len(names)), np.float32)
    return Animation(fps, 0.0, names, units, zeros[:, :2], zeros, zeros)


def _stored_gaps(gaps: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{begin:.3f}-{end:.3f}" for begin, end in gaps)


def _spoken_times(times: Sequence[float]) -> str:
    shown = ", ".join(f"{seconds:.1f} s" for seconds in times[:SHOWN])
    return shown + (f" and {len(times) - SHOWN} more times" if len(times) > SHOWN else "")
