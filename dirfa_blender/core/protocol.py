"""Requests and answers of the HTTP interface: one definition for server, client and documentation.

Plain frozen dataclasses with JSON-ready fields; `to_json` and `from_json` are strict about names and
types, so a misspelt setting is an error and never silently ignored. No bpy.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from .controls import Controls
from .controls_json import controls_from_fields, controls_to_fields
from .errors import FormatError, SettingsError

PROTOCOL_VERSION = 1

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
FINAL_STATES: tuple[JobState, ...] = ("done", "failed", "cancelled")
MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class AnimateSettings:
    """How speech becomes a take. The same audio, model and settings give the same bytes.

    Parameters
    ----------
    seed : which take; lips do not depend on it
    fps : samples a second of the take; None keeps the model's own rate
    head, brows, gaze : strength of head motion, brows and gaze, 1 = as learnt, 0 = none
    lips : strength of mouth and jaw motion; closures stay closed
    blinks : blink rate relative to a speaking person's, 0 = none
    breath : how far lips part for a breath between phrases, 1 = as people do, 0 = not at all
    lookahead : seconds of sound that may be heard before the face answers; None as long as it helps
    actor : whose mouth, by the name of an actor the server has learnt; empty for the shipped one
    transcript : what is said, in English, where it is known; lips then close where the text says so
    controls : how the finished take is directed: emotion, units, regions, articulation

    Raises
    ------
    SettingsError
        A value is outside its range.
    """

    seed: int = 0
    fps: float | None = None
    head: float = 1.0
    brows: float = 1.0
    gaze: float = 1.0
    lips: float = 1.0
    blinks: float = 1.0
    breath: float = 1.0
    lookahead: float | None = None
    actor: str = ""
    transcript: str = ""
    controls: Controls = field(default_factory=Controls)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise SettingsError(f"The seed must be 0..{MAX_SEED}, got {self.seed}.")
        if self.fps is not None and not (math.isfinite(self.fps) and 0 < self.fps <= 240):
            raise SettingsError(
                f"The frame rate must be above 0 and at most 240 frames a second, got {self.fps:g}."
            )
        for name in ("head", "brows", "gaze", "lips", "blinks", "breath"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= 3):
                raise SettingsError(f"The strength of {name} must be 0..3, got {value:g}.")
        if self.actor and not re.fullmatch(r"[\w -]+", self.actor):
            raise SettingsError(
                f"An actor's name has letters, digits, spaces, - and _, got {self.actor!r}."
            )
        if self.lookahead is not None and not (
            math.isfinite(self.lookahead) and self.lookahead >= 0
        ):
            raise SettingsError(f"The lookahead must be 0 seconds or more, got {self.lookahead:g}.")

    def lookahead_frames(self, rate: float) -> int | None:
        """Whole frames, at a rate, that fit into the lookahead; None for as long as it helps."""
        return None if self.lookahead is None else int(self.lookahead * rate + 1e-6)


@dataclass(frozen=True)
class PhotoSettings:
    """How a photo becomes a head.

    Parameters
    ----------
    interpupillary_metres : distance of the pupils, the only absolute size one photo cannot give
    texture_pixels : edge of the square skin texture
    """

    interpupillary_metres: float = 0.063
    texture_pixels: int = 2048

    def __post_init__(self) -> None:
        if not 0.03 <= self.interpupillary_metres <= 0.12:
            raise SettingsError(
                "The distance of the pupils must be 0.03..0.12 metres, "
                f"got {self.interpupillary_metres:g}."
            )
        if self.texture_pixels not in (512, 1024, 2048, 4096):
            raise SettingsError(
                f"The texture edge must be 512, 1024, 2048 or 4096 pixels, got {self.texture_pixels}."
            )


@dataclass(frozen=True)
class ServerInfo:
    """Answer of the info route: who is there and what it can do.

    Parameters
    ----------
    actors : names of the people it has learnt from film, besides the shipped talker
    """

    protocol: int
    version: str
    model: str
    weights: str
    au_names: tuple[str, ...]
    fps: float
    sample_rate: int
    device: str
    licence: str
    actors: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobStatus:
    """State of one job; `error` is the sentence to show when it failed.

    Parameters
    ----------
    progress : 0..1
    eta_seconds : time left as far as known
    warnings : sentences worth showing although the job succeeds
    """

    id: str
    state: JobState
    progress: float = 0.0
    eta_seconds: float | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in FINAL_STATES


Message = TypeVar("Message", AnimateSettings, PhotoSettings, ServerInfo, JobStatus)


def to_json(message: AnimateSettings | PhotoSettings | ServerInfo | JobStatus) -> str:
    """Compact JSON object of a message, keys sorted; default controls are left out."""
    found = {entry.name: getattr(message, entry.name) for entry in fields(message)}
    controls = found.pop("controls", None)
    if isinstance(controls, Controls) and not controls.is_default:
        found["controls"] = controls_to_fields(controls)
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def from_json(kind: type[Message], text: str | bytes) -> Message:
    """The message in a JSON object.

    Raises
    ------
    FormatError
        Not a JSON object, or a field is unknown, missing or of the wrong type.
    SettingsError
        A setting is out of range.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise FormatError(f"{kind.__name__} must be a JSON object, got {text[:80]!r}.") from error
    if not isinstance(found, dict):
        raise FormatError(f"{kind.__name__} must be a JSON object, got {text[:80]!r}.")
    return from_fields(kind, found)  # pyright: ignore[reportUnknownArgumentType]


def from_fields(kind: type[Message], found: dict[str, Any]) -> Message:
    """The message with these fields; as strict as `from_json`."""
    hints = get_type_hints(kind)
    known = {entry.name: entry for entry in fields(kind)}
    unknown = sorted(set(found) - set(known))
    missing = [
        name
        for name, entry in known.items()
        if entry.default is MISSING and entry.default_factory is MISSING and name not in found
    ]
    if unknown or missing:
        raise FormatError(
            f"{kind.__name__} knows {', '.join(known)}; unknown: {', '.join(unknown) or 'none'}, "
            f"missing: {', '.join(missing) or 'none'}."
        )
    values = {name: _checked(kind, name, value, hints[name]) for name, value in found.items()}
    return kind(**values)


def _checked(kind: type[Message], name: str, value: Any, hint: Any) -> Any:
    allowed = get_args(hint) or (hint,)
    if hint is Controls:
        return controls_from_fields(value, f"{kind.__name__}.{name}")
    if hint == tuple[str, ...]:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):  # pyright: ignore[reportUnknownVariableType]
            return tuple(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    elif value in allowed and isinstance(value, str):
        return value
    elif value is None and type(None) in allowed:
        return None
    elif float in allowed and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    elif type(value) in allowed:
        return value
    raise FormatError(f"{kind.__name__}.{name} must be {_described(hint)}, got {value!r}.")


def _described(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint)) if not get_args(hint) else str(hint)
