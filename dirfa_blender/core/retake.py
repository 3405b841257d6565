"""Another take of a part: what is new, what is locked, and a source that says how it was joined. No bpy."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from .action_units import AU_NAMES
from .animation import Animation
from .control_words import stretch
from .controls import REGIONS, codes_in, combined, region_codes, region_named
from .errors import FormatError, SettingsError

POSE_REGIONS = ("gaze", "head")


@dataclass(frozen=True)
class Retake:
    """Which parts of a kept take are made new; everything else keeps its bits.

    Parameters
    ----------
    regions : regions made new; none means all
    locked : regions and unit codes that are not
    locked_seconds : (begin, end) stretches that are not; the fades lie outside them
    fade_seconds : length of a fade where a stretch begins or ends

    Raises
    ------
    SettingsError
        A region or unit is unknown.
    """

    regions: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    locked_seconds: tuple[tuple[float, float], ...] = ()
    fade_seconds: float = 0.2

    def __post_init__(self) -> None:
        for name in self.regions:
            region_named(name)
        for name in self.locked:
            _locked_codes(name)

    @property
    def parts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Regions of the pose and codes of the units that are made new."""
        regions = self.regions or REGIONS
        locked = {code for name in self.locked for code in _locked_codes(name)}
        chosen = {code for region in regions for code in region_codes(region)} - locked
        pose = tuple(r for r in POSE_REGIONS if r in regions and r not in self.locked)
        return pose, tuple(name for name in AU_NAMES if name in chosen)

    @property
    def free_seconds(self) -> tuple[tuple[float, float], ...]:
        """Stretches between the locked ones."""
        free: list[tuple[float, float]] = []
        begin = -math.inf
        for locked_begin, locked_end in sorted(self.locked_seconds):
            if locked_begin > begin:
                free.append((begin, locked_begin))
            begin = max(begin, locked_end)
        return (*free, (begin, math.inf)) if begin < math.inf else tuple(free)


def retake_of(reroll: Iterable[str], lock: Iterable[str]) -> Retake:
    """The retake in words: regions, and units, regions or stretches such as ``1.5-2.5``.

    Raises
    ------
    SettingsError
        A word is none of these.
    """
    regions = tuple(word.strip() for text in reroll for word in text.split(","))
    words = [word.strip() for text in lock for word in text.split(",")]
    stretches = [(word, stretch(word)) for word in words]
    return Retake(
        regions=regions,
        locked=tuple(word for word, found in stretches if found is None),
        locked_seconds=tuple(found for _, found in stretches if found is not None),
    )


def retaken(kept: Animation, new: Animation, retake: Retake) -> Animation:
    """`kept` with the parts of a retake from `new`; its source tells both.

    Raises
    ------
    FormatError
        The takes belong to different recordings.
    """
    if kept.source.get("audio", "") != new.source.get("audio", "") and kept.source.get("audio"):
        raise FormatError(
            "The take to keep was made from another recording than the new one; "
            "parts of a take must come from the same speech."
        )
    pose, codes = retake.parts
    result = kept
    if pose or codes:
        for begin, end in retake.free_seconds:
            result = combined(
                result,
                new,
                regions=pose,
                units=codes,
                seconds=(begin, end),
                fade_seconds=retake.fade_seconds,
            )
    # A recipe in a recipe stays an object: as text, its quotes would double with every retake.
    source: dict[str, object] = dict(kept.source)
    if "retake" in kept.source:
        source["retake"] = json.loads(kept.source["retake"])
    recipe = {"kept": source, **asdict(retake)}
    # Infinity is not JSON; null is an open end.
    recipe["locked_seconds"] = [
        [None if math.isinf(second) else second for second in pair]
        for pair in retake.locked_seconds
    ]
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
    return result.with_source(**{**new.source, "retake": text})


def _locked_codes(name: str) -> tuple[str, ...]:
    if name in REGIONS:
        return region_codes(name)
    try:
        return codes_in(name)
    except SettingsError as error:
        raise SettingsError(
            f"A lock is a unit such as AU12, one of {', '.join(REGIONS)}, or seconds such as "
            f"1.5-2.5, got {name!r}."
        ) from error
