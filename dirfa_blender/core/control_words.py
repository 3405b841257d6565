"""Controls as a person writes them on a command line or in a manifest. No bpy.

======================  ==================================  ===========================================
what                    example                             meaning
======================  ==================================  ===========================================
emotion                 ``happy=0.6,sad=0.2``               intensities 0..1, mixed
emotion over time       ``happy=0:0,1.5:0.8``               seconds:intensity keys, smooth in between
unit                    ``AU12=+0.2``  ``AU15=*0``           add, multiply
unit limits             ``AU26=0.1..0.8``                   clamp
all three               ``AU12=*0.5+0.1,0..0.8``            in this order
region                  ``brows=0.5,gaze=0``                strength 0..3
articulation            ``jaw=0.8,lips=1.2``                strength 0..3
lock                    ``AU12``  ``brows``  ``1.5-2.5``    a unit, a region, a stretch of seconds
======================  ==================================  ===========================================
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from .controls import Controls, UnitControl
from .curves import Curve
from .errors import SettingsError

_NUMBER = r"\d*\.?\d+(?:[eE][-+]?\d+)?"
_CHANGE = re.compile(rf"(?:\*({_NUMBER}))?([-+]{_NUMBER})?")
_LIMITS = re.compile(rf"({_NUMBER})\.\.({_NUMBER})")
_STRETCH = re.compile(rf"({_NUMBER})?\s*-\s*({_NUMBER})?")
AXES = ("jaw", "lips")


def emotions(texts: Iterable[str]) -> tuple[tuple[str, Curve], ...]:
    """Emotions in ``name=intensity`` or ``name=time:intensity,...``. Raises SettingsError."""
    return tuple((name, _curve(name, parts)) for name, parts in _entries(texts, "--emotion"))


def units(texts: Iterable[str]) -> dict[str, UnitControl]:
    """Unit controls in ``AU12=+0.2``. Raises SettingsError."""
    found: dict[str, UnitControl] = {}
    for code, parts in _entries(texts, "--au"):
        control = found.get(code.upper(), UnitControl())
        for part in parts:
            control = _changed(control, code, part)
        found[code.upper()] = control
    return found


def strengths(texts: Iterable[str], option: str) -> dict[str, float]:
    """Numbers in ``name=0.5``; `option` names their option in sentences. Raises SettingsError."""
    found: dict[str, float] = {}
    for name, parts in _entries(texts, option):
        if len(parts) != 1:
            raise SettingsError(f"{option} expects {name}=NUMBER, got {','.join(parts)!r}.")
        found[name] = _number(parts[0], f"{option} {name}")
    return found


def articulation(texts: Iterable[str]) -> dict[str, float]:
    """Strengths of the two axes of articulation. Raises SettingsError."""
    found = strengths(texts, "--articulation")
    for name in found:
        if name not in AXES:
            raise SettingsError(f"--articulation knows {' and '.join(AXES)}, got {name!r}.")
    return found


def controls(
    *,
    emotion: Iterable[str] = (),
    au: Iterable[str] = (),
    region: Iterable[str] = (),
    articulate: Iterable[str] = (),
    base: Controls | None = None,
) -> Controls:
    """Controls in words, over those of `base`. Raises SettingsError."""
    base = base or Controls()
    axes: Mapping[str, float] = articulation(articulate)
    return replace(
        base,
        emotions=emotions(emotion) or base.emotions,
        units={**base.units, **units(au)},
        regions={**base.regions, **strengths(region, "--region")},
        jaw=axes.get("jaw", base.jaw),
        lips=axes.get("lips", base.lips),
    )


def stretch(text: str) -> tuple[float, float] | None:
    """(begin, end) seconds in ``1.5-2.5``, open where a number is left out; None if it is no stretch.

    Raises
    ------
    SettingsError
        It ends before it begins.
    """
    match = _STRETCH.fullmatch(text.strip())
    if match is None or (match[1] is None and match[2] is None):
        return None
    begin = -math.inf if match[1] is None else float(match[1])
    end = math.inf if match[2] is None else float(match[2])
    if not begin < end:
        raise SettingsError(f"A stretch of seconds must end after it begins, got {text!r}.")
    return begin, end


def _entries(texts: Iterable[str], option: str) -> list[tuple[str, list[str]]]:
    """Name and values of ``a=1,2,b=3``: what has no name belongs to the one before."""
    found: list[tuple[str, list[str]]] = []
    for text in texts:
        for place, part in enumerate(text.split(",")):
            name, equals, value = part.partition("=")
            if equals and name.strip():
                found.append((name.strip(), [value.strip()]))
            elif place and not equals:
                found[-1][1].append(part.strip())
            else:
                raise SettingsError(f"{option} expects NAME=VALUE, got {text!r}.")
    return found


def _curve(name: str, parts: list[str]) -> Curve:
    what = f"--emotion {name}"
    if len(parts) == 1 and ":" not in parts[0]:
        return Curve.constant(_number(parts[0], what))
    keys = [part.partition(":") for part in parts]
    if any(not colon for _, colon, _ in keys):
        raise SettingsError(
            f"{what} expects an intensity or keys such as 0:0,1.5:0.8, got {','.join(parts)!r}."
        )
    times = tuple(_number(time, what) for time, _, _ in keys)
    return Curve(times, tuple(_number(value, what) for _, _, value in keys))


def _changed(control: UnitControl, code: str, text: str) -> UnitControl:
    limits = _LIMITS.fullmatch(text)
    if limits is not None:
        return replace(control, low=float(limits[1]), high=float(limits[2]))
    change = _CHANGE.fullmatch(text)
    if change is None or not text:
        raise SettingsError(
            f"--au {code} expects +0.2, -0.2, *0.5 or limits such as 0.1..0.8, got {text!r}."
        )
    gain = control.gain if change[1] is None else float(change[1])
    offset = control.offset if change[2] is None else float(change[2])
    return replace(control, gain=gain, offset=offset)


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise SettingsError(f"{where} must be a number, got {text!r}.") from error
