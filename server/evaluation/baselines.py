"""What must be beaten: methods with nothing or little learnt, fitted as well as they can be.

All are fitted to the same filmed sentences. The last two are told the true phones and their times, which
the network has to hear for itself: they show how far the shapes alone can go. A fit averages, and averages
do not close, so both also seal p b m and bite f v by rule, as an animator would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dirfa_blender.core.action_units import AU_INDEX
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.mouth_state import JAW_GAIN
from server.articulation import BILABIALS, LABIODENTALS
from server.features import FRAME_RATE
from server.phones import LABEL_RATE, PHONES
from server.postprocess import sided
from server.training.coarticulation import MOUTH, Teacher, fitted_teacher
from server.training.spoken_mouths import mouth_of

from .material import Clip

Floats = NDArray[np.float64]

VISEMES: tuple[tuple[str, ...], ...] = (
    ("SIL",),
    ("P", "B", "M"),
    ("D", "G", "K", "N", "NG", "S", "Z", "T", "TH", "DH", "Y", "HH", "CH", "JH", "SH", "ZH", "IY", "IH"),
    ("EH", "AE", "EY", "AH"),
    ("AA", "AY", "AW"),
    ("AO", "OW", "OY", "ER", "R"),
    ("UW", "UH", "W"),
    ("F", "V"),
    ("L",),
)  # fmt: skip
"""Nine mouth shapes of animators: rest, closed, clenched, half open, wide, rounded, pursed, bite, L."""
CROSSFADE_SECONDS = 0.1
"""Length of the linear passage from one drawn shape to the next."""
VISEME_OF = np.array(
    [next(i for i, group in enumerate(VISEMES) if phone in group) for phone in PHONES]
)


@dataclass(frozen=True)
class Method:
    """Something that moves a mouth; `needs_phones` if it must be told what is said and when."""

    name: str
    mouth: Callable[[Clip], Floats]
    needs_phones: bool = False

    def take(self, clip: Clip) -> Animation:
        """The clip's take: the mouth alone, nothing above it."""
        return animation_of_mouth(self.mouth(clip))


def animation_of_mouth(mouth: Floats) -> Animation:
    """(T, M) intensities of `MOUTH` at 50 frames a second as a take."""
    names = [name for unit in MOUTH for name in sided(unit)]
    columns = [column for column, unit in enumerate(MOUTH) for _ in sided(unit)]
    order = sorted(range(len(names)), key=lambda index: AU_INDEX[names[index]])
    count = len(mouth)
    return Animation(
        fps=float(FRAME_RATE),
        start=0.0,
        au_names=tuple(names[i] for i in order),
        au=np.clip(mouth, 0.0, 1.0)[:, [columns[i] for i in order]].astype(np.float32),
        gaze=np.zeros((count, 2), np.float32),
        rotation=np.zeros((count, 3), np.float32),
        translation=np.zeros((count, 3), np.float32),
    )


def fitted_baselines(clips: Sequence[Clip]) -> list[Method]:
    """Mean face, loudness to jaw, nine visemes, the phonetic teacher; least squares on these clips."""
    mouths = [true_mouth(clip) for clip in clips]
    mean = np.concatenate(mouths).mean(axis=0)
    jaw = MOUTH.index("AU26")
    louds = [loudness(clip, len(mouth)) for clip, mouth in zip(clips, mouths, strict=True)]
    slope, level = np.polyfit(np.concatenate(louds), np.concatenate(mouths)[:, jaw], 1)
    phones = [(labels, mouth) for clip, mouth in zip(clips, mouths, strict=True)
              if (labels := clip.labels) is not None]  # fmt: skip
    shown = np.concatenate([viseme_shares(labels, len(mouth)) for labels, mouth in phones])
    targets = np.linalg.lstsq(shown, np.concatenate([m for _, m in phones]), rcond=None)[0]
    teacher = fitted_teacher([labels for labels, _ in phones], [m for _, m in phones], FRAME_RATE)

    def still(clip: Clip) -> Floats:
        return np.tile(mean, (_frames(clip), 1))

    def loud(clip: Clip) -> Floats:
        mouth = still(clip)
        mouth[:, jaw] = level + slope * loudness(clip, len(mouth))
        return mouth

    def drawn(clip: Clip) -> Floats:
        labels = _phones(clip)
        return with_closures(viseme_shares(labels, _frames(clip)) @ targets, labels)

    return [
        Method("mean face", still),
        Method("loudness to jaw", loud),
        Method("nine visemes, true phones", drawn, needs_phones=True),
        teacher_method(teacher),
    ]


def teacher_method(teacher: Teacher) -> Method:
    """The coarticulation model told the true phones."""

    def taught(clip: Clip) -> Floats:
        labels = _phones(clip)
        return with_closures(teacher.mouth(labels, np.arange(_frames(clip)) / FRAME_RATE), labels)

    return Method("phonetic teacher, true phones", taught, needs_phones=True)


def true_mouth(clip: Clip) -> Floats:
    """(T, M) mouth of the film at 50 frames a second."""
    if clip.tracked is None:
        raise ValueError(f"clip {clip.name} has no tracked performance")
    return mouth_of(clip.tracked.resampled(FRAME_RATE)).astype(np.float64)


def loudness(clip: Clip, count: int) -> Floats:
    """(T,) level of the sound in natural logarithms, not below a quiet room, a tenth of a second wide."""
    level = np.maximum(clip.heard.prosody[:, 0].astype(np.float64), -7.0)
    return ndimage.uniform_filter1d(_resized(level, count), 5)


def viseme_shares(labels: NDArray[np.uint8], count: int) -> Floats:
    """(T, 9) share of each drawn shape at 50 frames a second, passing linearly from one to the next."""
    shown = np.eye(len(VISEMES))[VISEME_OF[labels]]
    shown = ndimage.uniform_filter1d(shown, round(CROSSFADE_SECONDS * LABEL_RATE), axis=0)
    step = LABEL_RATE // FRAME_RATE
    return _resized(shown[::step], count)


def with_closures(mouth: Floats, labels: NDArray[np.uint8]) -> Floats:
    """(T, M) mouth with the lips sealed on p b m and the lower lip under the teeth on f v."""
    shut, bitten = (_spoken(labels, phones, len(mouth)) for phones in (BILABIALS, LABIODENTALS))
    column = {unit: index for index, unit in enumerate(MOUTH)}
    sealed = mouth.copy()
    for unit, share in (("AU10", 1.0), ("AU16", 1.0), ("AU22", 1.0), ("AU26", 0.5), ("AU18", 0.6)):
        sealed[:, column[unit]] *= 1.0 - share * shut
    for unit, share in (("AU16", 0.9), ("AU26", 0.7)):
        sealed[:, column[unit]] *= 1.0 - share * bitten
    jaw = JAW_GAIN * sealed[:, column["AU26"]]
    for unit, least in (("AU8", shut * jaw), ("AU24", 0.35 * shut), ("AU28D", 0.45 * bitten)):
        sealed[:, column[unit]] = np.maximum(sealed[:, column[unit]], least)
    return sealed


def _spoken(labels: NDArray[np.uint8], phones: tuple[int, ...], count: int) -> Floats:
    """(T,) 0..1 whether one of these is spoken, from 40 ms before it, eased at both ends."""
    said = np.isin(labels, phones).astype(np.float64)
    early = ndimage.maximum_filter1d(said, 5, origin=2)
    eased = np.maximum(ndimage.uniform_filter1d(early, 7), said)
    return _resized(eased[:: LABEL_RATE // FRAME_RATE], count)


def _phones(clip: Clip) -> NDArray[np.uint8]:
    if clip.labels is None:
        raise ValueError(f"clip {clip.name} has no phone labels")
    return clip.labels


def _frames(clip: Clip) -> int:
    return len(clip.heard.prosody)


def _resized(values: Floats, count: int) -> Floats:
    """The first `count` rows, the last one held."""
    return values[np.minimum(np.arange(count), len(values) - 1)]
