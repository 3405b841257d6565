"""Directing a take: emotion, units, strength by region, articulation; and joining takes by parts.

Everything here is Animation in, Animation out, so that a slider works on a finished take without the
network. Order: the take's own motion is scaled (articulation, regions), emotion is laid over it
(`expression`), single units are set, and last the lips are closed again where the take had closed them.
Equal controls on equal takes give equal bytes, and each sample depends on its own time only: a chunk
directed is a chunk of the take directed. No bpy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from .action_units import ACTION_UNITS, AU_INDEX, AU_NAMES, codes_of, expand_code
from .animation import Animation
from .curves import Curve
from .emotions import EMOTIONS
from .errors import SettingsError
from .expression import expressed, pose_of
from .mouth_state import MouthState, articulated, mouth_state, over_teeth, resealed

Array = npt.NDArray[np.float32]

REGIONS = ("jaw", "lips", "cheeks", "brows", "lids", "gaze", "head")
"""What a strength may name. The nose counts as cheeks, the tongue as lips."""
FOLDED = {"nose": "cheeks", "tongue": "lips"}
LARGEST_STRENGTH = 3.0
GAZE_LIMIT = 0.5
"""Radians an eye turns at most, either way."""
HEAD_SHARE = 0.9
"""Share of a head turn that the eyes take back to keep aiming where they aim."""


@dataclass(frozen=True)
class UnitControl:
    """One unit: ``clip(gain * intensity + offset, low, high)``.

    Raises
    ------
    SettingsError
        gain is outside 0..3, offset outside -1..1, or low and high not within 0..1 in this order.
    """

    gain: float = 1.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        _check("gain", self.gain, 0.0, LARGEST_STRENGTH)
        _check("offset", self.offset, -1.0, 1.0)
        _check("lower limit", self.low, 0.0, 1.0)
        _check("upper limit", self.high, 0.0, 1.0)
        if self.low > self.high:
            raise SettingsError(
                f"The lower limit of a unit must not be above its upper one, got {self.low:g} "
                f"and {self.high:g}."
            )


@dataclass(frozen=True)
class Controls:
    """How a take is to be directed; the default changes nothing.

    Parameters
    ----------
    emotions : (name, intensity 0..1 over time) of `EMOTIONS`, each once, mixable, in any order
    units : unit code -> its control; ``AU12`` is both sides, ``AU12L`` goes before it
    regions : name of `REGIONS` -> strength 0..3 of all motion there, 0 = off
    jaw, lips : articulation, 0..3: how far the jaw opens, how far the lips shape; below 1 is mumbling.
        Closures stay closures at any strength
    head : strength 0..3 of head motion
    gaze : strength 0..3 of looking about; at 0 the eyes stay on the viewer

    Raises
    ------
    SettingsError
        A name is unknown or a value outside its range.
    """

    emotions: tuple[tuple[str, Curve], ...] = ()
    units: Mapping[str, UnitControl] = field(default_factory=dict[str, UnitControl])
    regions: Mapping[str, float] = field(default_factory=dict[str, float])
    jaw: float = 1.0
    lips: float = 1.0
    head: float = 1.0
    gaze: float = 1.0

    def __post_init__(self) -> None:
        # In the order of the table, so that the order in which they were named cannot matter.
        emotions = tuple(sorted(((str(n), c) for n, c in self.emotions), key=_emotion_order))
        names = [name for name, _ in emotions]
        for name, curve in emotions:
            if names.count(name) > 1:
                raise SettingsError(f"Emotion {name} is given more than once.")
            for value in curve.values:
                _check(f"intensity of {name}", value, 0.0, 1.0)
        units = {str(code).upper(): control for code, control in sorted(self.units.items())}
        for code in units:
            codes_in(code)
        regions = {str(name): float(value) for name, value in sorted(self.regions.items())}
        for name, value in regions.items():
            region_named(name)
            _check(f"strength of {name}", value, 0.0, LARGEST_STRENGTH)
        for name in ("jaw", "lips", "head", "gaze"):
            object.__setattr__(self, name, float(getattr(self, name)))
            _check(f"strength of {name}", getattr(self, name), 0.0, LARGEST_STRENGTH)
        object.__setattr__(self, "emotions", emotions)
        object.__setattr__(self, "units", MappingProxyType(units))
        object.__setattr__(self, "regions", MappingProxyType(regions))

    def strength(self, region: str) -> float:
        """Strength of a region, 1 unless it is named."""
        return self.regions.get(region, 1.0)

    @property
    def is_default(self) -> bool:
        """Whether these controls change nothing."""
        return self == Controls()

    @property
    def unit_rows(self) -> dict[int, UnitControl]:
        """Canonical index -> control, a side's own before that of both sides."""
        found: dict[int, UnitControl] = {}
        for code in sorted(self.units, key=lambda code: code in AU_INDEX):
            for name in codes_in(code):
                found[AU_INDEX[name]] = self.units[code]
        return found


def directed(take: Animation, controls: Controls) -> Animation:
    """The take under the controls; the very same object where they change nothing."""
    if controls.is_default or not len(take):
        return take
    rotation, gaze = _directed_pose(take, controls)
    result = replace(
        take,
        rotation=rotation,
        translation=take.translation * np.float32(controls.head * controls.strength("head")),
        gaze=gaze,
    )
    if not _moves_units(controls):
        return result
    own = take.canonical().au
    state = mouth_state(own)
    au = articulated(
        own,
        jaw=controls.jaw * controls.strength("jaw"),
        lips=controls.lips * controls.strength("lips"),
    )
    strengths = _unit_strengths(controls)
    au *= np.where(_of_mouth(), np.float32(1.0), strengths)
    if controls.emotions:
        au = expressed(au, take.times, controls.emotions, strengths, state)
    au = _with_units(au, controls, state, own)
    return replace(result, au_names=AU_NAMES, au=np.clip(au, 0.0, 1.0))


def combined(
    kept: Animation,
    new: Animation,
    *,
    regions: Iterable[str] = (),
    units: Iterable[str] = (),
    seconds: tuple[float, float] | None = None,
    fade_seconds: float = 0.2,
) -> Animation:
    """`kept` with some regions or units, in some stretch of time, taken from `new`.

    Everything else is the very bits of `kept`: the cross-fade lies inside the stretch.

    Parameters
    ----------
    regions, units : what to take; neither means everything
    seconds : (begin, end) of the stretch; either may be infinite; None is the whole take
    fade_seconds : length of the fade at each end of the stretch, at most half of it

    Raises
    ------
    SettingsError
        A region or unit is unknown, or the stretch ends before it begins.
    """
    begin, end = seconds or (-math.inf, math.inf)
    if not begin < end:
        raise SettingsError(f"A stretch must end after it begins, got {begin:g} to {end:g} s.")
    regions, units = tuple(regions), tuple(units)
    everything = not regions and not units
    wanted = set(REGIONS if everything else map(region_named, regions))
    codes = {name for code in units for name in codes_in(code)}
    codes |= {name for region in wanted for name in region_codes(region)}
    if not len(new):
        return kept
    same_grid = new.fps == kept.fps and new.start == kept.start and len(new) == len(kept)
    other = new if same_grid else new.sampled(kept.times, kept.fps)
    if kept.au_names != other.au_names:
        kept, other = kept.canonical(), other.canonical()
    share = _share(kept.times, begin, end, fade_seconds)
    columns = np.array([name in codes for name in kept.au_names])
    return replace(
        kept,
        au=_blended(kept.au, other.au, share, columns),
        gaze=_blended(kept.gaze, other.gaze, share, "gaze" in wanted),
        rotation=_blended(kept.rotation, other.rotation, share, "head" in wanted),
        translation=_blended(kept.translation, other.translation, share, "head" in wanted),
    )


def region_codes(region: str) -> tuple[str, ...]:
    """Units of one of `REGIONS`, with those of the regions folded into it."""
    names = [name for name in (region, *FOLDED) if name == region or FOLDED.get(name) == region]
    return tuple(code for unit in ACTION_UNITS if unit.region in names for code in (unit.code,))


def region_named(name: str) -> str:
    """The region of that name. Raises SettingsError."""
    if name not in REGIONS:
        raise SettingsError(f"A region is one of {', '.join(REGIONS)}, got {name!r}.")
    return name


def codes_in(code: str) -> tuple[str, ...]:
    """Units that a written code means. Raises SettingsError."""
    try:
        return expand_code(code)
    except KeyError as error:
        raise SettingsError(
            f"Expected an action unit such as AU12 or AU12L, got {code!r}."
        ) from error


def _directed_pose(take: Animation, controls: Controls) -> tuple[Array, Array]:
    """Rotation and gaze; eyes keep their aim when the head moves more or less than it did."""
    strength = controls.head * controls.strength("head")
    posture, look_shift = pose_of(take.times, controls.emotions)
    rotation = take.rotation * np.float32(strength) + posture * np.float32(
        controls.strength("head")
    )
    looking = controls.gaze * controls.strength("gaze")
    if strength == 1.0 and looking == 1.0 and not controls.emotions:
        return take.rotation, take.gaze
    share = np.float32(HEAD_SHARE)
    look = take.gaze + share * take.rotation[:, :2]
    look = look * np.float32(looking) + look_shift * np.float32(controls.strength("gaze"))
    gaze = np.clip(look - share * rotation[:, :2], -GAZE_LIMIT, GAZE_LIMIT)
    return rotation.astype(np.float32), gaze.astype(np.float32)


def _moves_units(controls: Controls) -> bool:
    bare = {"gaze", "head"} >= set(controls.regions)
    return bool(
        controls.emotions or controls.units or not bare or (controls.jaw, controls.lips) != (1, 1)
    )


def _unit_strengths(controls: Controls) -> Array:
    """(A,) strength of each unit's region."""
    return np.array(
        [controls.strength(FOLDED.get(unit.region, unit.region)) for unit in ACTION_UNITS],
        np.float32,
    )


def _of_mouth() -> npt.NDArray[np.bool_]:
    mouth = {*codes_of("jaw"), *codes_of("lips"), *codes_of("tongue")}
    return np.array([name in mouth for name in AU_NAMES])


def _with_units(au: Array, controls: Controls, state: MouthState, own: Array) -> Array:
    """The unit controls, then what no other control may undo: closures, and the tongue's way over teeth."""
    rows = controls.unit_rows
    for index, control in rows.items():
        au[:, index] = np.clip(
            au[:, index] * control.gain + control.offset, control.low, control.high
        )
    free = frozenset(AU_NAMES[index] for index in rows)
    return over_teeth(resealed(au, own, state, free), own, free)


def _share(times: npt.NDArray[np.float64], begin: float, end: float, fade_seconds: float) -> Array:
    """(T, 1) 0 outside the stretch, 1 inside, along half a cosine within its ends."""
    fade = min(max(fade_seconds, 0.0), (end - begin) / 2.0)
    inside = (times >= begin) & (times < end)
    share = np.ones(len(times))
    if fade > 0.0:
        edge = np.minimum(times - begin, end - times) / fade
        share = 0.5 - 0.5 * np.cos(np.pi * np.clip(edge, 0.0, 1.0))
    return np.where(inside, share, 0.0).astype(np.float32)[:, None]


def _blended(kept: Array, new: Array, share: Array, chosen: bool | npt.NDArray[np.bool_]) -> Array:
    """Between two, exact at either end of the share."""
    mixed = np.where(share >= 1.0, new, kept + share * (new - kept))
    return np.where((share > 0.0) & chosen, mixed, kept)


def _emotion_order(entry: tuple[str, Curve]) -> int:
    if entry[0] not in EMOTIONS:
        raise SettingsError(f"An emotion is one of {', '.join(EMOTIONS)}, got {entry[0]!r}.")
    return EMOTIONS.index(entry[0])


def _check(what: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise SettingsError(f"The {what} must be {low:g}..{high:g}, got {value:g}.")
