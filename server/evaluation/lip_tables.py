"""The tables about lips: read sentences, free speech, rig weights, closures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from server.articulation import BILABIALS, LABIODENTALS, VOWELS
from server.audio import SAMPLE_RATE
from server.tracking.curves import best_offset, concordance, correlation
from server.tracking.lips import Lips, bite_gap, lips_of

from .agreement import (
    jerk_ratio,
    lag_seconds,
    loudness_agreement,
    mean_difference,
    temporal_misalignment,
    variance_ratio,
)
from .baselines import animation_of_mouth
from .bench import OURS, Bench, on_times
from .closures import closures
from .lip_error import lip_mesh, lip_vertex_error
from .material import Clip, aligned_clips, by_occasion
from .tables import DASH, Chart, Table, number

Floats = NDArray[np.float64]

OWN_REACH_SECONDS = 0.2
"""How far around the offset of the loudness a method's own is looked for."""
LOOKAHEADS = (None, 0.12, 0.04, 0.0)
"""Seconds of sound that may be heard before the face answers; None as long as it helps."""
LATEST_SECONDS = 0.36
"""The sound of re-encoded film may be this late against the lips."""
ALIGNED = ("kathleen", "ljspeech", "speechocean762", "synthetic")
REST_QUANTILE = 0.02


@dataclass(frozen=True)
class Pair:
    """(T, 2) opening and width, found and true, at the film's rate, the sound's offset taken out."""

    found: Floats
    true: Floats
    fps: float


def read_table(bench: Bench) -> Table:
    """Accuracy on unseen sentences of the filmed talker, every method."""
    clips, mesh = bench.read, lip_mesh(bench.head)
    levels = {
        "s1": [float(np.sqrt(np.mean(clip.samples.astype(np.float64) ** 2))) for clip in clips]
    }
    rows: list[tuple[str, ...]] = []
    shown: dict[str, list[tuple[float, float]]] = {}
    example = clips[0]
    for name, takes in bench.takes_of(clips).items():
        pairs = [
            paired(lips_of(t, bench.head), clip, 0.0) for t, clip in zip(takes, clips, strict=True)
        ]
        lve = [
            lip_vertex_error(mesh, t, clip.tracked)
            for t, clip in zip(takes, clips, strict=True)
            if clip.tracked is not None
        ]
        mtm = [temporal_misalignment(p.found[:, 0], p.true[:, 0], p.fps) for p in pairs]
        speed = {"s1": [float(np.sqrt(np.mean(np.diff(p.found, axis=0) ** 2))) for p in pairs]}
        moves = max(p.found[:, 0].std() for p in pairs) > 1e-6
        rows.append(
            (
                name,
                number(_mean(correlation(p.found[:, 0], p.true[:, 0]) for p in pairs)),
                number(_mean(correlation(p.found[:, 1], p.true[:, 1]) for p in pairs)),
                number(_mean(concordance(p.found[:, 0], p.true[:, 0]) for p in pairs)),
                number(1e3 * _mean(mean_difference(p.found[:, 0], p.true[:, 0]) for p in pairs), 1),
                number(_mean(lve), 1),
                number(_mean(variance_ratio(p.found[:, 0], p.true[:, 0]) for p in pairs)),
                number(_mean(jerk_ratio(p.found[:, 0], p.true[:, 0], p.fps) for p in pairs)),
                number(1e3 * _mean(m for m in mtm if m is not None), 0) if moves else DASH,
                number(
                    1e3 * _mean(lag_seconds(p.found[:, 0], p.true[:, 0], p.fps) for p in pairs), 0
                )
                if moves
                else DASH,
                number(loudness_agreement(speed, levels)) if moves else DASH,
            )
        )
        if not shown:
            shown["film"] = _seconds(pairs[0].true[:, 0], pairs[0].fps)
        if name == OURS or name.startswith("nine"):
            shown[name] = _seconds(pairs[0].found[:, 0], pairs[0].fps)
    return Table(
        "Lips: read sentences the network never heard, of the talker it was filmed from",
        f"GRID, {len(clips)} held-out sentences, against landmarks of the film on the same head. PCC is "
        "Pearson's correlation, CCC Lin's (it also wants the amplitude), MOD the mean difference of the "
        "opening, LVE the mean over frames of the largest distance of a lip vertex (not squared), MTM the "
        "mean mistiming of openings and closings after warping, lag the offset of best correlation within "
        "0.2 s (positive: late), SLCC the correlation over clips of lip speed and loudness. Ratios are to "
        "the film: 1 is human. The two methods with true phones are told what is said and when.",
        ("method", "opening PCC", "width PCC", "opening CCC", "MOD mm", "LVE mm", "variance ratio",
         "jerk ratio", "MTM ms", "lag ms", "SLCC"),
        tuple(rows),
        {"evaluation_lips": Chart("lines", f"Opening, sentence {example.name}", "seconds", "mm", shown)},
    )  # fmt: skip


def lookahead_table(bench: Bench) -> Table:
    """The read sentences with less and less sound ahead, as live speech has it."""
    rows: list[tuple[str, ...]] = []
    for seconds in LOOKAHEADS:
        pairs = [
            paired(lips_of(bench.take(c.samples, lookahead=seconds), bench.head), c, 0.0)
            for c in bench.read
        ]
        rows.append(
            (
                "a file, all that helps" if seconds is None else f"{1e3 * seconds:.0f} ms",
                number(_mean(correlation(p.found[:, 0], p.true[:, 0]) for p in pairs)),
                number(_mean(correlation(p.found[:, 1], p.true[:, 1]) for p in pairs)),
                number(
                    1e3 * _mean(lag_seconds(p.found[:, 0], p.true[:, 0], p.fps) for p in pairs), 0
                ),
            )
        )
    return Table(
        "Lips: less lookahead",
        "The same sentences where the face must answer before it has heard more, as in live speech.",
        ("sound ahead", "opening PCC", "width PCC", "lag ms"),
        tuple(rows),
    )


def free_table(bench: Bench) -> Table:
    """Free speech of talkers never seen before."""
    clips = bench.free
    offsets = [sound_offset(clip) for clip in clips]
    rows: list[tuple[str, ...]] = []
    for name, takes in bench.takes_of(clips).items():
        lips = [lips_of(take, bench.head) for take in takes]
        pairs = [paired(*each) for each in zip(lips, clips, offsets, strict=True)]
        best = [best_paired(*each) for each in zip(lips, clips, offsets, strict=True)]
        columns = [
            [correlation(p.found[:, 0], p.true[:, 0]) for p in pairs],
            [correlation(p.found[:, 1], p.true[:, 1]) for p in pairs],
            [correlation(p.found[:, 0], p.true[:, 0]) for p in best],
            [correlation(p.found[:, 1], p.true[:, 1]) for p in best],
            [concordance(p.found[:, 0], p.true[:, 0]) for p in pairs],
            [variance_ratio(p.found[:, 0], p.true[:, 0]) for p in pairs],
            [variance_ratio(p.found[:, 1], p.true[:, 1]) for p in pairs],
        ]
        rows.append((name, *(number(by_occasion(clips, column)) for column in columns)))
        if name == OURS:
            singles = zip(clips, *columns, strict=True)
            rows.extend((f"  {clip.name}", *map(number, values)) for clip, *values in singles)
    late = ", ".join(f"{clip.name} {-o:.2f}" for clip, o in zip(clips, offsets, strict=True))
    known = sorted({clip.talker for clip in clips} - set(bench.engines[OURS].actors))
    doubt = (
        f"**No head without {' and '.join(known)} lies beside the weights: if they saw these films, "
        "nothing here is of a stranger.** "
    )
    return Table(
        "Lips: free speech of talkers never seen before",
        (doubt if known else "")
        + "Addresses of two US presidents, head moving; three films of one occasion count once. Weights "
        "that learnt from these films are measured on each talker with the face head that learnt in the "
        "same way without him; the head in use learnt from both. How long that lesson lasts, and how much "
        "further lips open for low vowels and narrow in rounded ones than the network says, were chosen "
        "with these figures in view. "
        "The sound of these re-encodings is late. Its offset is read from the "
        "loudness against the filmed lips, which knows nothing of the model and is rough; it favours the "
        "loudness row, which is scored at its own best offset. The columns *best* take, for every method "
        f"alike, the offset within {OWN_REACH_SECONDS:g} s of that at which its openings agree most, which "
        "flatters a little. That lips part for breath in pauses was seen in these films and found in the "
        f"literature; how far was not fitted to them. Seconds late: {late}. Few occasions: rows vary.",
        ("method", "opening PCC", "width PCC", "opening, best", "width, best", "opening CCC",
         "opening variance ratio", "width variance ratio"),
        tuple(rows),
    )  # fmt: skip


def rig_table(bench: Bench) -> Table:
    """Rig weights of unseen takes of the Mandarin talker."""
    clips = bench.rig
    rows: list[tuple[str, ...]] = []
    methods = bench.takes_of(clips)
    own_mouth = f"{OURS}, with the mouth it learnt from her"
    methods[own_mouth] = [bench.take(clip.samples, actor=clip.talker) for clip in clips]
    for name, takes in methods.items():
        pairs = [paired(lips_of(t, bench.head), c, 0.0) for t, c in zip(takes, clips, strict=True)]
        scores = np.array(
            [
                (
                    correlation(p.found[:, 0], p.true[:, 0]),
                    correlation(p.found[:, 1], p.true[:, 1]),
                    variance_ratio(p.found[:, 0], p.true[:, 0]),
                )
                for p in pairs
            ]
        )
        rows.append((name, *map(number, scores.mean(axis=0))))
        if name in (OURS, own_mouth):
            rows.extend(
                (f"  take {clip.name}", *map(number, score))
                for clip, score in zip(clips, scores, strict=True)
            )
    return Table(
        "Lips: rig weights of the Mandarin talker, takes the network never heard",
        "Weights of the actress's own rig, carried over to action units and shown on our head: one take "
        "in the manner of those it learnt from, one (3_15) in another. Unnamed voices get the filmed "
        "talker's mouth; the last rows are hers, learnt from three other takes (`--actor facegood`).",
        ("method", "opening PCC", "width PCC", "opening variance ratio"),
        tuple(rows),
    )


def closure_table(bench: Bench) -> Table:
    """Closures of p b m and bites of f v where the aligner says they are spoken."""
    rows: list[tuple[str, ...]] = []
    drawn: dict[str, list[tuple[float, float]]] = {}
    for place, source in enumerate(ALIGNED):
        clips = aligned_clips(source, bench.data, bench.cache, 8 if bench.quick else 120)
        if not clips:
            continue
        for name in (*(m.name for m in bench.baselines if m.needs_phones), *bench.engines):
            takes = [_spoken(bench, name, samples, labels) for samples, labels in clips]
            labels = [phones for _, phones in clips]
            shut = _pooled(
                [lips_of(t, bench.head).opening for t in takes], takes, labels, BILABIALS
            )
            bitten = _pooled([bite_gap(t, bench.head) for t in takes], takes, labels, LABIODENTALS)
            drawn.setdefault(name, []).append((place, shut[0]))
            rows.append(
                (source, name, number(shut[0]), number(shut[1]), f"{shut[2]:.0f}",
                 number(bitten[0]), number(bitten[1]), f"{bitten[2]:.0f}")
            )  # fmt: skip
    chart = Chart("bars", "Closures of p b m that are met", "", "share", drawn, tuple(ALIGNED))
    return Table(
        "Closures",
        "Held-out speech with phone times from an aligner. A closure of p b m is met if the lips open by "
        "less than a tenth of the clip's 95th percentile at any time from 40 ms before the phone to its "
        "end; one inside the middle third of a vowel is false, given a second of vowel. Recall without "
        "false closures would mean nothing: a shut mouth scores 1. f v the same with the gap between lower "
        "lip and upper teeth. The aligner errs too, most of all for accented children (speechocean762).",
        ("speech", "method", "p b m recall", "false a second", "phones", "f v recall", "false a second",
         "phones"),
        tuple(rows),
        {"evaluation_closures": chart},
    )  # fmt: skip


def paired(lips: Lips, clip: Clip, offset: float) -> Pair:
    """Lips found and true over the same moments, both from their rest; `offset` as `best_offset`."""
    fps = clip.lips.fps
    count = min(len(clip.lips.opening), int(len(clip.samples) / SAMPLE_RATE * fps))
    found = on_times(lips, fps, count)
    true = np.stack([clip.lips.opening[:count], clip.lips.width[:count]], axis=1)
    lag = round(offset * fps)
    found = found[max(0, -lag) : count - max(0, lag)]
    true = true[max(0, lag) : count + min(0, lag)]
    found[:, 0] -= np.quantile(found[:, 0], REST_QUANTILE)
    true[:, 0] -= np.quantile(true[:, 0], REST_QUANTILE)
    return Pair(found, true, fps)


def best_paired(lips: Lips, clip: Clip, offset: float) -> Pair:
    """As `paired`, at the offset around this one at which the openings agree most."""
    step = 1.0 / clip.lips.fps
    reach = round(OWN_REACH_SECONDS / step)
    pairs = [paired(lips, clip, offset + k * step) for k in range(-reach, reach + 1)]
    return max(pairs, key=lambda pair: correlation(pair.found[:, 0], pair.true[:, 0]))


def sound_offset(clip: Clip) -> float:
    """Seconds by which the film's lips are late against its sound, by loudness alone; below 0 as a rule."""
    if not clip.sound_may_be_late:
        return 0.0
    level = clip.heard.prosody[:, 0].astype(np.float64)
    count = min(len(clip.lips.opening), int(len(clip.samples) / SAMPLE_RATE * clip.lips.fps))
    loud = on_times(Lips(level, level, 50.0), clip.lips.fps, count)[:, 0]
    return best_offset(loud, clip.lips.opening[:count], clip.lips.fps, LATEST_SECONDS)[0]


def _spoken(
    bench: Bench, name: str, samples: NDArray[np.float32], labels: NDArray[np.uint8]
) -> Animation:
    if name in bench.engines:
        return bench.take(samples, name=name)
    method = next(m for m in bench.baselines if m.name == name)
    still = Lips(np.zeros(2), np.zeros(2), 50.0)
    return animation_of_mouth(method.mouth(Clip("", "", "", samples, still, None, labels)))


def _pooled(
    gaps: list[Floats],
    takes: list[Animation],
    labels: list[NDArray[np.uint8]],
    phones: tuple[int, ...],
) -> tuple[float, float, float]:
    """Recall, false closures a second of vowel, and the number of phones, over all clips."""
    met = total = false = seconds = 0.0
    for gap, take, marked in zip(gaps, takes, labels, strict=True):
        found = closures(gap, take.fps, marked, phones, VOWELS)
        spoken = float(np.isin(marked, VOWELS).sum()) / 100.0
        met += found.recall * found.phones
        total += found.phones
        false += found.false_per_second * spoken
        seconds += spoken
    return met / max(1.0, total), false / max(1e-9, seconds), total


def _mean(values: object) -> float:
    found = list(values)  # type: ignore[call-overload]
    return float(np.mean(found)) if found else float("nan")


def _seconds(metres: Floats, fps: float) -> list[tuple[float, float]]:
    return [(round(i / fps, 3), round(1e3 * float(v), 3)) for i, v in enumerate(metres)]
