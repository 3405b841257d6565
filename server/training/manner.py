"""Learns how people move above the lips from tracked film: `MotionStatistics` for a checkpoint's header.

What two or three minutes of film can tell is measured: the spectrum of every channel of head and brows,
how strongly accents move them, how often and how fast lids close. What it cannot tell (looking away, rest
in silence, chances) keeps the values of the literature. A generator trained on so little film would learn
four occasions by heart; a process with their spectra does not.

``python -m server.training.manner --data D --cache C -o face.safetensors`` measures and rewrites the
header of that checkpoint; its weights stay as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.signal import welch

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.head_shapes import shaped_template
from server.model.checkpoint import load_checkpoint, save_checkpoint
from server.model.noise import power
from server.model.statistics import KNOTS, MotionStatistics
from server.model.weights_file import to_json
from server.tracking.blinks import blinks_of
from server.tracking.performer import animation_of, face_of, performer_of
from server.tracking.solve import basis_of
from server.tracking.track_store import kept_track

Floats = NDArray[np.float64]

RATE = 25.0
OCCASIONS: tuple[str, ...] = (
    "Obama_clip2.mp4", "Obama_clip3.mp4", "obama_weekly_address_256.mov", "reagan_clip1.mp4",
)  # fmt: skip
"""Film of free speech; of several films of one occasion only the longest."""
SEGMENT = 256
"""Frames of one spectrum: ten seconds."""
FLOOR_HERTZ = 5.0
"""Above this a spectrum shows the tracker's tremble, which is not learnt."""
HUMAN_BLINKS = (12.0, 20.0)
"""Blinks a minute of most people who speak; film of a few is held within, and drawn to the middle."""
HURRY = 1.1
"""Mean pace of the blink clock in speech with its pauses and looks away."""
NOISE_SHARES = np.array([[1.07], [1.07], [0.91], [0.7], [0.2]])
"""Share of each measured band of head rotation that stays noise: accents make the rest of the fast
ones, and the slow ones make up for calmer pauses. Set so that variance and jerk of takes are the film's."""
ASYMMETRY_SHARE = 0.4
"""Share of the measured asymmetry of brows that is the person's: a turned head feigns the rest."""
BROW_FLICK_SHARE = 0.65
"""Share of the fastest band of brows, 1.5 to 4 Hz, that is the person's: where brows are stillest a third
to a half of its power is still there, and that is the tracker's."""
PLACE_SHARE = np.array([[1.0], [1.0], [1.0], [1.0], [0.3]])
ACTOR_SECONDS = 20.0
"""Film of an actor that counts as much as all that is known of people."""
POSSIBLE_BLINKS = (4.0, 30.0)
"""Blinks a minute that one person may have."""
BROW_GAIN = 1.56
"""Brow noise over measured lift: intensities saturate and stop at 0."""


def filmed_takes(data: Path, cache: Path) -> list[Animation]:
    """The film of free speech, tracked at `RATE`."""
    basis = basis_of(shaped_template())
    found: list[Animation] = []
    for name in OCCASIONS:
        face = face_of(kept_track(data / "usgov" / name, cache).at_rate(RATE))
        found.append(animation_of(face, performer_of([face]), basis, RATE))
    return found


def learnt_statistics(takes: Sequence[Animation]) -> MotionStatistics:
    """Statistics of people in general, from takes at `RATE`; each weighs as long as it lasts."""
    head, face = _bands_of(takes)
    rate = float(np.sqrt(np.clip(_blink_rate(takes), *HUMAN_BLINKS) * np.mean(HUMAN_BLINKS)))
    return replace(
        MotionStatistics(),
        head_bands=_rows(head),
        face_bands=_rows(face),
        blink_seconds=round(60.0 * HURRY / rate, 3),
    )


def statistics_of_actor(takes: Sequence[Animation], people: MotionStatistics) -> MotionStatistics:
    """The manner of one person, as far as the film is long enough to tell; the rest is people's.

    Film of `ACTOR_SECONDS` counts for half. Accents move head and brows as much more or less than
    people's as all else does.

    Parameters
    ----------
    takes : at `RATE`
    people : statistics of people in general
    """
    seconds = sum(take.duration for take in takes)
    share = seconds / (seconds + ACTOR_SECONDS)
    head, face = _bands_of(takes)
    shipped_head, shipped_face = np.asarray(people.head_bands), np.asarray(people.face_bands)
    # Variances, not deviations, are what adds up.
    head = np.sqrt(share * head**2 + (1.0 - share) * shipped_head**2)
    face = np.sqrt(share * face**2 + (1.0 - share) * shipped_face**2)
    nods = _size_of(head[:, :3]) / _size_of(shipped_head[:, :3])
    raises = _size_of(face[:, :1]) / _size_of(shipped_face[:, :1])
    rate = float(np.clip(_blink_rate(takes), *POSSIBLE_BLINKS))
    interval = (60.0 * HURRY / rate) ** share * people.blink_seconds ** (1.0 - share)
    return replace(
        people,
        head_bands=_rows(head),
        face_bands=_rows(face),
        blink_seconds=round(interval, 3),
        nod_degrees=round(people.nod_degrees * nods, 3),
        turn_degrees=round(people.turn_degrees * nods, 3),
        close_degrees=round(people.close_degrees * nods, 3),
        brow_lift=round(people.brow_lift * raises, 3),
    )


def _bands_of(takes: Sequence[Animation]) -> tuple[Floats, Floats]:
    """(5, 6) head and (5, 5) face bands of takes at `RATE`."""
    pose = [
        np.concatenate([np.degrees(take.rotation), 1000.0 * _unbound(take)], axis=1)
        for take in takes
    ]
    head = np.asarray(fitted_bands([one.astype(np.float64) for one in pose]))
    head[:, :3] *= NOISE_SHARES
    # The place of the head trembles with the tracker, not with the person.
    head[:, 3:] *= PLACE_SHARE
    face = BROW_GAIN * np.asarray(fitted_bands([_brow_channels(take) for take in takes]))
    face[:, 1] *= ASYMMETRY_SHARE
    face[-1] *= BROW_FLICK_SHARE
    # Cheeks and lower lids are not seen by landmarks: they keep the plain values.
    return head, np.concatenate([face, np.asarray(MotionStatistics().face_bands)[:, 3:]], axis=1)


def _blink_rate(takes: Sequence[Animation]) -> float:
    """Blinks a minute over all takes."""
    seconds = sum(take.duration for take in takes)
    return sum(blinks_of(take).per_minute * take.duration for take in takes) / seconds


def _size_of(bands: Floats) -> float:
    """Deviation of the sum of all bands and channels."""
    return float(np.sqrt((bands**2).sum()))


def fitted_bands(clips: Sequence[Floats]) -> tuple[tuple[float, ...], ...]:
    """(5 bands, C) deviations whose noise has the mean spectrum of these clips (T, C).

    Non-negative least squares on the spectra, weighted so that every octave counts alike.
    """
    weights = np.array([len(clip) for clip in clips], np.float64)
    hertz = np.fft.rfftfreq(SEGMENT, 1.0 / RATE)
    spectra: list[Floats] = []
    for clip in clips:
        size = min(SEGMENT, len(clip))
        _, density = welch(clip, RATE, nperseg=size, nfft=SEGMENT, axis=0, detrend="constant")
        spectra.append(density)
    mean = np.einsum("n,nfc->fc", weights / weights.sum(), np.stack(spectra))
    inside = (hertz > 0.0) & (hertz <= FLOOR_HERTZ)
    shapes = np.stack(
        [power(torch.from_numpy(hertz[inside]), knot).numpy() for knot in KNOTS], axis=1
    )
    bands = np.zeros((len(KNOTS), mean.shape[1]))
    for channel in range(mean.shape[1]):
        wanted = mean[inside, channel]
        scale = 1.0 / (wanted + 1e-4 * wanted.max() + 1e-12)
        variance, _ = nnls(shapes * scale[:, None], wanted * scale)
        total = np.mean([clip[:, channel].var() for clip in clips])
        found = float(variance.sum())
        if found > 0.0:
            # The slowest band takes the variance that ten-second segments cannot show.
            variance[0] += max(0.0, total - found)
        bands[:, channel] = np.sqrt(variance)
    return _rows(bands)


def _rows(bands: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 4) for value in row) for row in bands)


def _brow_channels(take: Animation) -> Floats:
    """(T, 3) lift, asymmetry, inner against outer, in intensity."""
    inner = 0.5 * (take.channel("AU1L") + take.channel("AU1R"))
    left, right = take.channel("AU2L"), take.channel("AU2R")
    lower = 0.5 * (take.channel("AU4L") + take.channel("AU4R"))
    outer = 0.5 * (left + right)
    lift = 0.5 * (inner + outer) - lower
    return np.stack([lift, 0.5 * (left - right), 0.5 * (inner - outer)], axis=1).astype(np.float64)


def _unbound(take: Animation) -> Floats:
    """(T, 3) translation less what turning about the neck makes of it."""
    turned = np.asarray(take.rotation - take.rotation.mean(axis=0), np.float64)
    moved = np.asarray(take.translation - take.translation.mean(axis=0), np.float64)
    share = np.linalg.lstsq(turned, moved, rcond=None)[0]
    return moved - turned @ share


def main(arguments: Sequence[str]) -> int:
    """``--data D -o CHECKPOINT``: exit code 0 done, 1 failed."""
    parser = argparse.ArgumentParser(prog="motion", description="Learn motion above the lips.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"))
    parser.add_argument("-o", "--output", type=Path, help="checkpoint whose header is rewritten")
    chosen = parser.parse_args(arguments)
    try:
        statistics = learnt_statistics(filmed_takes(chosen.data, chosen.cache))
        if chosen.output is not None:
            old = load_checkpoint(chosen.output, torch.device("cpu"))
            about = {
                "model_id": old.model_id,
                "licence": old.licence,
                "languages": " ".join(old.languages),
            }
            save_checkpoint(chosen.output, old.network, statistics, about)
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(to_json(statistics) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
