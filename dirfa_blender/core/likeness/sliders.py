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

from ..easing import smoothstep
from ..errors import SettingsError
from ..head import Head
from .ageing import ageing_of

Floats = npt.NDArray[np.float64]

RANGE = (-0.5, 0.6)
UNDOING = 12  # rounds in which sliders are taken off again; each leaves about a third
SOURCE_KEY = "sliders"  # under which a head remembers them
# Landmarks by which the regions are found.
NOSE_TIP, NOSE_BASE, NOSE_ROOT, CHIN = 4, 2, 168, 152
JAW_RIGHT, JAW_LEFT, EAR_RIGHT, EAR_LEFT = 172, 397, 234, 454
CHEEK_RIGHT, CHEEK_LEFT, EYE_CORNER_RIGHT, EYE_CORNER_LEFT = 205, 425, 33, 263
MARKS = (
    NOSE_TIP, NOSE_BASE, NOSE_ROOT, CHIN, JAW_RIGHT, JAW_LEFT, EAR_RIGHT, EAR_LEFT,
    CHEEK_RIGHT, CHEEK_LEFT, EYE_CORNER_RIGHT, EYE_CORNER_LEFT,
)  # fmt: skip


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
    age : how far bags, folds and jowls hang; of what hangs in the oldest face

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
    age: float = 0.0

    def __post_init__(self) -> None:
        for slider in fields(self):
            value = getattr(self, slider.name)
            if not RANGE[0] <= value <= RANGE[1]:
                raise SettingsError(
                    f"Head slider {slider.name} must lie in {RANGE[0]}..{RANGE[1]}, got {value}."
                )


SLIDERS: tuple[str, ...] = tuple(slider.name for slider in fields(HeadSliders))


def parsed_sliders(settings: Iterable[str]) -> HeadSliders:
    """The sliders in texts like ``nose_length=0.2``; a later one of the same name counts.

    Raises
    ------
    SettingsError
        A text is no such pair, or the name or value is none of a slider.
    """
    known = set(SLIDERS)
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
    plain = replace(head, vertices=plain_vertices(head, had).astype(np.float32))
    kept = {name: value for name, value in asdict(sliders).items() if value}
    source = dict(head.source) | {SOURCE_KEY: json.dumps(kept, sort_keys=True)}
    return replace(head, vertices=_moved(plain, sliders).astype(np.float32), source=source)


def plain_vertices(head: Head, had: HeadSliders) -> Floats:
    """(V, 3) vertices, metres, that these sliders turn into those of a head."""
    plain = head
    for _ in range(UNDOING if had != HeadSliders() else 0):
        missed = head.vertices - _moved(plain, had)
        plain = replace(plain, vertices=(plain.vertices + missed).astype(np.float32))
    return plain.vertices.astype(np.float64)


@dataclass(frozen=True)
class Anchors:
    """What the sliders need to know of a head besides its vertices.

    Attributes
    ----------
    marks : (len(MARKS), 3) metres, the landmarks `MARKS` of the head without sliders
    shoulder_z : metres, below which the neck ends
    """

    marks: Floats
    shoulder_z: float

    def __getitem__(self, landmark: int) -> Floats:
        """(3,) place of a landmark."""
        return self.marks[MARKS.index(landmark)]


def anchors_of(head: Head) -> Anchors:
    """The anchors of a head without sliders."""
    bones = head.bone_heads[:, 2]
    shoulder = bones.min() if len(bones) else head.vertices[:, 2].min()
    return Anchors(head.landmarks()[list(MARKS)].astype(np.float64), float(shoulder))


def ears_of(head: Head) -> npt.NDArray[np.bool_]:
    """(V,) mask of the vertices of ears."""
    return head.part("ear*")


def slider_fields(
    anchors: Anchors,
    points: npt.ArrayLike,
    ears: npt.NDArray[np.bool_] | None = None,
    sinks: Floats | None = None,
) -> dict[str, Floats]:
    """Displacement (N, 3), metres, of each slider at 1, at any points near a head: sliders add up.

    Parameters
    ----------
    points : (N, 3) metres, head space: the vertices of a head without sliders, or what grows on them
    ears : (N,) which points are ears; None where none is
    sinks : (N, 3) metres, the points' part in `ageing`; None where they have none
    """
    points = np.asarray(points, np.float64)
    moved = {name: np.zeros_like(points) for name in SLIDERS}
    ear_line = (anchors[EAR_RIGHT] + anchors[EAR_LEFT]) / 2
    eye_span = float(np.linalg.norm(anchors[EYE_CORNER_LEFT] - anchors[EYE_CORNER_RIGHT]))
    chin, nose_tip = anchors[CHIN], anchors[NOSE_TIP]

    behind = points[:, 1] - ear_line[1]
    above_neck = smoothstep((points[:, 2] - chin[2]) / (0.6 * eye_span))
    moved["head_depth"][:, 1] = np.maximum(behind, 0) * above_neck

    nose = _near(points, nose_tip, anchors[NOSE_ROOT], 0.28 * eye_span)
    stand_out = (anchors[CHEEK_RIGHT] + anchors[CHEEK_LEFT])[1] / 2 - nose_tip[1]
    moved["nose_length"][:, 1] = -stand_out * nose

    jaw_depth = (anchors[JAW_RIGHT] + anchors[JAW_LEFT])[1] / 2 - chin[1]
    under_nose = anchors[NOSE_BASE][2]
    lower = smoothstep((under_nose - points[:, 2]) / (under_nose - chin[2]))
    forward = np.clip((anchors[JAW_LEFT][1] - points[:, 1]) / jaw_depth, 0, 1)
    under_chin = smoothstep(1.6 - (chin[2] - points[:, 2]) / (0.5 * eye_span))
    moved["jaw_depth"][:, 1] = -jaw_depth * lower * forward * under_chin

    neck = smoothstep((chin[2] - points[:, 2]) / (0.8 * eye_span))
    neck *= smoothstep((points[:, 2] - anchors.shoulder_z + 0.3 * eye_span) / (0.6 * eye_span))
    middle = np.array([0.0, ear_line[1]])
    moved["neck_width"][:, :2] = (points[:, :2] - middle) * neck[:, None]

    if sinks is not None:
        moved["age"] = sinks
    if ears is None:
        return moved
    for side in (-1.0, 1.0):
        of_ear = ears & (points[:, 0] * side > 0)
        if of_ear.any():
            root = points[of_ear].mean(0)
            root[0] = side * np.abs(points[of_ear, 0]).min()
            moved["ear_size"][of_ear] = points[of_ear] - root
    return moved


def _moved(head: Head, sliders: HeadSliders) -> Floats:
    """(V, 3) vertices of a head without sliders, with these put on."""
    moved = head.vertices.astype(np.float64)
    displaced = slider_fields(anchors_of(head), head.vertices, ears_of(head), ageing_of(head))
    for name, field in displaced.items():
        moved += getattr(sliders, name) * field
    return moved


def _near(points: Floats, start: Floats, end: Floats, reach: float) -> Floats:
    """1 at `start`, falling to 0 at `end` along the segment and within `reach` of it."""
    along = end - start
    share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
    distance = np.linalg.norm(points - start - share[:, None] * along, axis=1)
    return (1.0 - share) * smoothstep(1.0 - distance / (2.0 * reach))
