"""Controls as JSON: in requests, in the source of a take, in manifests. Strict about names and types.

::

    {"emotions": {"happy": {"times": [0, 1.5], "values": [0, 0.8]}, "sad": 0.2},
     "units": {"AU12": {"offset": 0.2}, "AU15": {"gain": 0}},
     "regions": {"brows": 0.5}, "jaw": 0.8, "lips": 1.2, "head": 1, "gaze": 1}

Every key may be left out. A number in place of a curve is a constant. What is written holds only what
differs from the default, so default controls are ``{}``. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .controls import Controls, UnitControl
from .curves import Curve
from .errors import FormatError

NUMBERS = ("jaw", "lips", "head", "gaze")
UNIT_KEYS = tuple(entry.name for entry in fields(UnitControl))


def controls_to_fields(controls: Controls) -> dict[str, Any]:
    """JSON-ready object of the controls, only what differs from the default."""
    found: dict[str, Any] = {}
    if controls.emotions:
        found["emotions"] = {name: _curve_out(curve) for name, curve in controls.emotions}
    units = {code: _unit_out(control) for code, control in controls.units.items()}
    if units:
        found["units"] = units
    if controls.regions:
        found["regions"] = dict(controls.regions)
    return found | {n: getattr(controls, n) for n in NUMBERS if getattr(controls, n) != 1.0}


def controls_from_fields(found: object, where: str = "Controls") -> Controls:
    """The controls in a JSON object.

    Raises
    ------
    FormatError
        A key is unknown or a value of the wrong type; `where` begins the sentence.
    SettingsError
        A name is unknown or a value outside its range.
    """
    data = _object(found, where, ("emotions", "units", "regions", *NUMBERS))
    emotions = _object(data.get("emotions", {}), f"{where}.emotions")
    units = _object(data.get("units", {}), f"{where}.units")
    regions = _object(data.get("regions", {}), f"{where}.regions")
    return Controls(
        emotions=tuple((n, _curve_in(v, f"{where}.emotions.{n}")) for n, v in emotions.items()),
        units={code: _unit_in(v, f"{where}.units.{code}") for code, v in units.items()},
        regions={n: _number(v, f"{where}.regions.{n}") for n, v in regions.items()},
        **{n: _number(data[n], f"{where}.{n}") for n in NUMBERS if n in data},
    )


def _curve_out(curve: Curve) -> float | dict[str, list[float]]:
    if curve == Curve.constant(curve.values[0]):
        return curve.values[0]
    return {"times": list(curve.times), "values": list(curve.values)}


def _curve_in(value: object, where: str) -> Curve:
    if not isinstance(value, dict):
        return Curve.constant(_number(value, where))
    data = _object(value, where, ("times", "values"))
    return Curve(*(_numbers(data.get(key), f"{where}.{key}") for key in ("times", "values")))


def _unit_out(control: UnitControl) -> dict[str, float]:
    default = UnitControl()
    return {n: getattr(control, n) for n in UNIT_KEYS if getattr(control, n) != getattr(default, n)}


def _unit_in(value: object, where: str) -> UnitControl:
    data = _object(value, where, UNIT_KEYS)
    return UnitControl(**{key: _number(number, f"{where}.{key}") for key, number in data.items()})


def _object(
    value: object, where: str, known: tuple[str, ...] | None = None
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise FormatError(f"{where} must be an object, got {value!r}.")
    data: dict[str, object] = {str(key): item for key, item in value.items()}
    unknown = sorted(set(data) - set(known)) if known is not None else []
    if unknown:
        raise FormatError(f"{where} knows {', '.join(known or ())}; unknown: {', '.join(unknown)}.")
    return data


def _numbers(value: object, where: str) -> tuple[float, ...]:
    if not isinstance(value, (list, tuple)):
        raise FormatError(f"{where} must be a list of numbers, got {value!r}.")
    return tuple(_number(item, where) for item in value)


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FormatError(f"{where} must be a number, got {value!r}.")
    return float(value)
