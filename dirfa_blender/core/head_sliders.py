"""Corrections of a head's proportions: what one photo cannot know and an artist can.

Each slider is a share, 0 for the head as the photo gave it, 0.2 for a fifth more. A slider moves one
region and fades smoothly into its neighbours, whatever the head looks like, because the regions are
found by the landmarks. A head remembers its sliders, so they can be moved again later. No bpy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from .errors import SettingsError
from .head import Head

Floats = npt.NDArray[np.float64]

RANGE = (-0.5, 0.6)
UNDOING = 12  # rounds in which sliders are taken off again; each leaves about a third
SOURCE_KEY = "sliders"  # under which a head remembers them
NOSE_TIP, NOSE_ROOT, CHIN, JAW_RIGHT, JAW_LEFT, EAR_RIGHT, EAR_LEFT = (
    4,
    168,
    152,
    172,
    397,
    234,
    454,
)


@dataclass(frozen=True)
class HeadSliders:
    """Shares by which parts of a head grow, -0.5 to 0.6, where 0 changes nothing.

    Attributes
    ----------
    head_depth : from the ears to the back of the skull
    nose_length : how far the nose stands out
    ear_size : ears about their roots
    neck_width : neck about its axis
    jaw_depth : how far the chin stands forward of the ears

    Raises
    ------
    SettingsError
        When a share is outside its range.
    """

    head_depth: float = 0.0
    nose_length: float = 0.0
    ear_size: float = 0.0
    neck_width: float = 0.0
    jaw_depth: float = 0.0

    def __post_init__(self) -> None:
        for slider in fields(self):
            value = getattr(self, slider.name)
            if not RANGE[0] <= value <= RANGE[1]:
                raise SettingsError(
                    f"Head slider {slider.name} must lie in {RANGE[0]}..{RANGE[1]}, got {value}."
                )


def parsed_sliders(settings: Iterable[str]) -> HeadSliders:
    """The sliders in texts like ``nose_length=0.2``; a later one of the same name counts.

    Raises
    ------
    SettingsError
        A text is no such pair, or the name or value is none of a slider.
    """
    known = {slider.name for slider in fields(HeadSliders)}
    found: dict[str, float] = {}
    for text in settings:
        name, _, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known:
            raise SettingsError(f"There is no head slider {name!r}: {', '.join(sorted(known))}.")
        try:
            found[name] = float(value)
        except ValueError as error:
            raise SettingsError(f"Head slider {name} must be a number, got {value!r}.") from error
    return HeadSliders(**found)


def sliders_of(head: Head) -> HeadSliders:
    """The sliders a head was given; all 0 when it was given none."""
    return HeadSliders(**json.loads(head.source.get(SOURCE_KEY, "{}")))


def slid(head: Head, sliders: HeadSliders) -> Head:
    """The head with these sliders in place of those it had; its shapes are left as they are.

    Notes
    -----
    Sliders already on are taken off first: the form is sought that they turn into this head, by adding
    what is missed until nothing is. Shapes belong to the form they were made for: give the result to
    `head_shapes.with_shapes`.
    """
    had = sliders_of(head)
    if sliders == had:
        return head
    plain = head
    if had != HeadSliders():
        for _ in range(UNDOING):
            missed = head.vertices - _moved(plain, had)
            plain = replace(plain, vertices=(plain.vertices + missed).astype(np.float32))
    kept = {name: value for name, value in asdict(sliders).items() if value}
    source = dict(head.source) | {SOURCE_KEY: json.dumps(kept, sort_keys=True)}
    return replace(head, vertices=_moved(plain, sliders).astype(np.float32), source=source)


def _moved(head: Head, sliders: HeadSliders) -> Floats:
    """(V, 3) vertices of a head without sliders, with these put on."""
    points = head.landmarks().astype(np.float64)
    vertices = head.vertices.astype(np.float64)
    ear_line = (points[EAR_RIGHT] + points[EAR_LEFT]) / 2
    eye_span = float(np.linalg.norm(points[263] - points[33]))
    moved = vertices.copy()

    behind = vertices[:, 1] - ear_line[1]
    above_neck = _rise((vertices[:, 2] - points[CHIN, 2]) / (0.6 * eye_span))
    moved[:, 1] += sliders.head_depth * np.maximum(behind, 0) * above_neck

    nose = _near(vertices, points[NOSE_TIP], points[NOSE_ROOT], 0.28 * eye_span)
    stand_out = points[[205, 425], 1].mean() - points[NOSE_TIP, 1]
    moved[:, 1] -= sliders.nose_length * stand_out * nose

    jaw_depth = points[[JAW_RIGHT, JAW_LEFT], 1].mean() - points[CHIN, 1]
    lower = _rise((points[2, 2] - vertices[:, 2]) / (points[2, 2] - points[CHIN, 2]))
    forward = np.clip((points[JAW_LEFT, 1] - vertices[:, 1]) / jaw_depth, 0, 1)
    under_chin = _rise(1.6 - (points[CHIN, 2] - vertices[:, 2]) / (0.5 * eye_span))
    moved[:, 1] -= sliders.jaw_depth * jaw_depth * lower * forward * under_chin

    neck = _rise((points[CHIN, 2] - vertices[:, 2]) / (0.8 * eye_span))
    shoulder = head.bone_heads[:, 2].min() if len(head.bone_heads) else vertices[:, 2].min()
    neck *= _rise((vertices[:, 2] - shoulder + 0.3 * eye_span) / (0.6 * eye_span))
    middle = np.array([0.0, ear_line[1]])
    moved[:, :2] += sliders.neck_width * (vertices[:, :2] - middle) * neck[:, None]

    for name in head.part_names:
        if name.startswith("ear"):
            for side in (-1.0, 1.0):
                of_ear = head.part(name) & (vertices[:, 0] * side > 0)
                if of_ear.any():
                    root = vertices[of_ear].mean(0)
                    root[0] = side * np.abs(vertices[of_ear, 0]).min()
                    moved[of_ear] += sliders.ear_size * (vertices[of_ear] - root)
    return moved


def _rise(share: Floats) -> Floats:
    """Smooth step from 0 at 0 to 1 at 1."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _near(points: Floats, start: Floats, end: Floats, reach: float) -> Floats:
    """1 at `start`, falling to 0 at `end` along the segment and within `reach` of it."""
    along = end - start
    share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
    distance = np.linalg.norm(points - start - share[:, None] * along, axis=1)
    return (1.0 - share) * _rise(1.0 - distance / (2.0 * reach))
