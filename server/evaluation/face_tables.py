"""The tables about what speech leaves open: upper face and head, coupling, diversity, emotion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import Controls, directed
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.emotions import EMOTIONS
from server.audio import SAMPLE_RATE
from server.tracking.blinks import blinks_of
from server.tracking.lips import lips_of

from .beats import coupling, motion_beats, voice_events
from .bench import Bench
from .closures import closed_below
from .diversity import relative_diversity
from .emotion import trained_reader, windows_of
from .frechet import relative_distance
from .material import Clip, speech_of
from .motion import (
    COMPARED_FPS,
    JERK_HERTZ,
    REGIONS,
    as_filmed,
    deviation_difference,
    moving_share,
    pooled_deviation,
    region_units,
    slow_jerk,
)
from .tables import DASH, Chart, Table, number

Floats = NDArray[np.float64]

SEEDS = 4
DIVERSE_TAKES = 10
PIECE_SECONDS = 8.0


def upper_table(bench: Bench) -> Table:
    """Amounts of motion above the lips, people against networks, on the same sounds."""
    clips = [clip for clip in bench.free if clip.tracked is not None]
    people = [clip.tracked for clip in clips if clip.tracked is not None]
    # Of people the distance between two halves of their films: what chance makes of so few.
    rows = [_motion_row("people (tracked film)", people, people, people[::2], people[1::2])]
    for name in bench.engines:
        takes = [bench.take(c.samples, name=name, seed=s) for s in range(SEEDS) for c in clips]
        rows.append(_motion_row(name, takes, people * SEEDS, takes, people))
    return Table(
        "Upper face and head",
        f"{len(clips)} films of free speech; networks with {SEEDS} seeds on the same sound. Ratios are "
        "of deviations within clips at 25 frames a second, and of third differences (jerk), to the film's; "
        f"1 is human. Jerk is compared below {JERK_HERTZ:g} Hz, at the film's own rate and after the "
        "tracker's own smoothing on both sides: above, most of the film's power is there in its stillest "
        "passages too and is the tracker's tremble. A third of the power of brows from 1.5 to 3 Hz is such "
        "as well, so 0.8 is all that brows should reach. Landmarks show a quarter of AU4. Frechet: "
        "distance of two-second windows in the principal components of film, over the film's variance; "
        "of people, between two halves of the films. AU-DD is the mean absolute difference of the brow "
        "units' deviations (the unit form of FDD). Moving: head faster than a degree a second. Two talkers "
        "at desks are few people.",
        ("", "head deviation °: pitch, yaw, roll", "head ratio", "head jerk ratio", "brow ratio",
         "brow jerk ratio", "Frechet head", "brows", "AU-DD brows", "moving", "blinks/min", "blink ms"),
        tuple(rows),
    )  # fmt: skip


def coupling_table(bench: Bench) -> Table:
    """Head beats against events of the voice, real against shuffled."""
    pieces = [piece for clip in bench.free for piece in _pieces(clip)]
    events = [voice_events(piece.heard) for piece in pieces]
    sources: dict[str, list[list[Animation]]] = {
        "people (tracked film)": [[p.tracked for p in pieces if p.tracked is not None]]
    }
    for name in bench.engines:
        sources[name] = [
            [bench.take(p.samples, name=name, seed=seed) for p in pieces] for seed in range(SEEDS)
        ]
    rows: list[tuple[str, ...]] = []
    for name, series in sources.items():
        cells: list[str] = []
        for kind in ("pitch accents", "onsets", "energy"):
            scores = [
                coupling([motion_beats(take) for take in takes], [found[kind] for found in events])
                for takes in series
            ]
            mean, effect = np.mean(scores, axis=0)
            cells += [number(float(mean)), number(float(effect))]
        rows.append((name, *cells))
    return Table(
        "Head and voice",
        f"{len(pieces)} pieces of {PIECE_SECONDS:.0f} s of free speech. Beats are peaks of the head's "
        "angular speed; the score is their mean closeness to events of the voice (PBAS, sigma 0.12 s), the "
        "effect is rank-biserial, own sound against everyone else's. Larger studies find 0.36 on pitch "
        "accents and 0.6 on onsets for people; more is a head on a string. The films' own sound offset is "
        "not removed here: it is as large as sigma, so the row of people is a lower bound.",
        (
            "",
            "pitch accents: score",
            "effect",
            "onsets: score",
            "effect",
            "energy: score",
            "effect",
        ),
        tuple(rows),
    )


def diversity_table(bench: Bench) -> Table:
    """Ten takes of one sound, by region."""
    clips = bench.free[:1] if bench.quick else bench.free[:3]
    rows: list[tuple[str, ...]] = []
    for name in bench.engines:
        parts: dict[str, list[float]] = {}
        repeats = True
        for clip in clips:
            takes = [bench.take(clip.samples, name=name, seed=s) for s in range(DIVERSE_TAKES)]
            lips = [lips_of(take, bench.head) for take in takes]
            measured = {
                "lips": [np.stack([x.opening, x.width], axis=1) for x in lips],
                "brows": [region_units(take, "brows") for take in takes],
                "gaze": [take.gaze.astype(np.float64) for take in takes],
                "head": [take.rotation.astype(np.float64) for take in takes],
            }
            for region, motions in measured.items():
                parts.setdefault(region, []).append(relative_diversity(motions))
            again = bench.engines[name].animate(speech_of(clip.samples))
            repeats &= bool(np.array_equal(again.au, takes[0].au))
        rows.append(
            (name, *(number(float(np.mean(parts[r]))) for r in parts), "yes" if repeats else "no")
        )
    return Table(
        f"Diversity of {DIVERSE_TAKES} takes of one recording",
        "Mean distance between takes over the distance of independent motions of the same size: 0 is one "
        "take again and again, about 1 independent takes. Aim: lips at most 0.2, brows, head 0.7 to 1.1. "
        "The last column says whether the same seed gave the same bytes again.",
        ("", "lips", "brows", "gaze", "head", "repeats"),
        tuple(rows),
    )


def emotion_table(bench: Bench) -> Table:
    """Whether emotions are read back, and what they do to the lips."""
    talk = [bench.take(clip.samples) for clip in bench.fitting[: 8 if bench.quick else 24]]
    reader = trained_reader(
        np.concatenate([windows_of(take) for take in talk]), np.random.default_rng(7)
    )
    takes = [bench.take(clip.samples, seed=1) for clip in bench.read[: 8 if bench.quick else 24]]
    before = [lips_of(take, bench.head).opening for take in takes]
    rows: list[tuple[str, ...]] = []
    right: list[float] = []
    for name in EMOTIONS:
        seen: list[str] = []
        change = scale = shut = kept = 0.0
        for level in (0.7, 1.0):
            controls = Controls(emotions=((name, Curve.constant(level)),))
            for take, opening in zip(takes, before, strict=True):
                found = directed(take, controls)
                seen += reader.read(windows_of(found))
                if level == 1.0:
                    after = lips_of(found, bench.head).opening
                    limit = closed_below(opening)
                    change += float(np.abs(after - opening).sum())
                    scale += float(opening.sum())
                    shut += float((opening < 0.5 * limit).sum())
                    kept += float((after[opening < 0.5 * limit] < limit).sum())
        others = sorted({s for s in seen if s != name}, key=lambda s: -seen.count(s))[:2]
        right.append(seen.count(name) / len(seen))
        mistaken = ", ".join(f"{s} {seen.count(s) / len(seen):.2f}" for s in others)
        rows.append(
            (name, number(right[-1]), mistaken or DASH, f"{100 * change / max(scale, 1e-9):.1f} %",
             number(kept / max(1.0, shut)))
        )  # fmt: skip
    rows.append(("mean", number(float(np.mean(right))), "", "", ""))
    drawn = {"read back": [(float(i), value) for i, value in enumerate(right)]}
    return Table(
        "Emotion",
        "Full and 0.7 intensity over talk. Read back: share of seconds in which a classifier sees the "
        "emotion asked for; it learnt from textbook prototypes over emotion-free talk and never saw a "
        "directed take. Units, not pictures, are what it sees: this checks the controls, not the "
        "rendering. Lip change: mean absolute change of the opening at full intensity over the mean "
        "opening. Closures kept: share of frames well under the closing limit that stay under it.",
        ("emotion", "read back", "taken for", "lip change", "closures kept"),
        tuple(rows),
        {"evaluation_emotion": Chart("bars", "Emotions read back", "", "share", drawn, EMOTIONS)},
    )


def _motion_row(
    name: str,
    takes: list[Animation],
    people: list[Animation],
    found: list[Animation],
    film: list[Animation],
) -> tuple[str, ...]:
    """Amounts of takes against people on the same sounds; distributions of `found` against `film`."""
    at = [take.resampled(COMPARED_FPS) for take in takes]
    human = [take.resampled(COMPARED_FPS) for take in people]
    head, human_head = ([np.degrees(t.rotation.astype(np.float64)) for t in s] for s in (at, human))
    brows, human_brows = ([region_units(t, "brows") for t in s] for s in (at, human))
    blinks = [blinks_of(take) for take in takes]
    weights = np.array([take.duration for take in takes])
    lengths = [b.seconds for b in blinks if b.seconds > 0]
    spread = np.sqrt(np.average([h.var(axis=0) for h in head], axis=0, weights=weights))
    apart = [deviation_difference(a, b, REGIONS["brows"]) for a, b in zip(at, human, strict=True)]
    return (
        name,
        ", ".join(number(float(v), 1) for v in spread),
        number(pooled_deviation(head) / pooled_deviation(human_head)),
        number(_jerk_ratio(takes, people, "head")),
        number(pooled_deviation(brows) / pooled_deviation(human_brows)),
        number(_jerk_ratio(takes, people, "brows")),
        *(
            number(relative_distance(*([_motion(t, part) for t in s] for s in (found, film))))
            for part in ("head", "brows")
        ),
        number(float(np.mean(apart)), 3),
        number(float(np.average([moving_share(t) for t in at], weights=weights))),
        number(float(np.average([b.per_minute for b in blinks], weights=weights)), 1),
        number(1e3 * float(np.median(lengths)) if lengths else None, 0),
    )


def _motion(take: Animation, part: str) -> Floats:
    """(T, C) head in degrees or brows at the rate of comparison."""
    at = take.resampled(COMPARED_FPS)
    return np.degrees(at.rotation.astype(np.float64)) if part == "head" else region_units(at, part)


def _jerk_ratio(takes: list[Animation], people: list[Animation], part: str) -> float:
    """Jerk of takes over that of people, both as the tracker would give them."""
    rates = [film.fps for film in people]
    # What was tracked went through the tracker once already.
    seen = [
        film if take is film else as_filmed(take, film.fps)
        for take, film in zip(takes, people, strict=True)
    ]
    jerks: list[float] = []
    for shown in (seen, people):
        motions = [
            np.degrees(t.rotation.astype(np.float64)) if part == "head" else region_units(t, part)
            for t in shown
        ]
        jerks.append(slow_jerk(motions, rates))
    return jerks[0] / jerks[1]


def _pieces(clip: Clip) -> list[Clip]:
    """The clip cut into pieces of equal length; what is left over at the end is dropped."""
    if clip.tracked is None:
        return []
    size = int(PIECE_SECONDS * SAMPLE_RATE)
    found: list[Clip] = []
    for count, first in enumerate(range(0, len(clip.samples) - size + 1, size)):
        begin = first / SAMPLE_RATE
        shown = clip.tracked.sliced(begin, begin + PIECE_SECONDS)
        if len(shown) > 0.9 * PIECE_SECONDS * shown.fps:
            found.append(
                replace(
                    clip,
                    name=f"{clip.name} {count}",
                    samples=clip.samples[first : first + size],
                    tracked=replace(shown, start=0.0),
                )
            )
    return found
