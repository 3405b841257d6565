"""Shape keys that a control drives, a bone or a property: how far it must go for each key to be full.

A face board is a set of bones whose places and turns drive the keys, or of custom properties, or an
armature or objects of its own that are pulled about in a plane. What a
person would find by pulling the slider is found by asking the driver: the nearest value, along the one
channel that the driver reads, at which the key's weight is 1. That is a pose of the control, and is blended
like one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import bpy
import numpy as np

from ..core.characters.driver_expression import evaluate
from ..core.characters.spelling import plain_spelling
from .pose_assets import Blend, Pose

_KEY = re.compile(r'^key_blocks\["((?:[^"\\]|\\.)*)"\]\.value$')
_CHANNEL = re.compile(
    r'^pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(location|rotation_euler|scale)\[([012])\]$'
)
_OWN_CHANNEL = re.compile(r"^(?:location|rotation_euler)\[([012])\]$")
_PROPERTY = re.compile(r'^(?:pose\.bones\["(?:[^"\\]|\\.)*"\])?\["(?:[^"\\]|\\.)*"\]$')
_TRANSFORMS = {
    f"{kind}_{axis}": (path, index)
    for kind, path in (("LOC", "location"), ("ROT", "rotation_euler"), ("SCALE", "scale"))
    for index, axis in enumerate("XYZ")
}
# How far from rest a control is pulled in search of the full key: units of the armature, radians, percent.
REACHES = np.geomspace(1e-3, 100.0, 100)
FULL, LITTLE = 0.999, 0.05
NOUGHT = 1e-6
# A control whose utmost brings less than this is not what a person would pull.
LEAST_WEIGHT = 0.3
REFINEMENTS = 24
# A curve that leaves these as they are is the plain one that Blender gives to a new driver.
UNCHANGED = (-20.0, -0.7, 0.0, 0.3, 1.0, 15.0)


@dataclass(frozen=True)
class Source:
    """One channel of one bone, or a custom property where ``bone`` is empty.

    ``rest`` is its value when nothing is posed. ``holder`` is an object that is not the
    character's armature, and whose own channel ``path`` then is.
    """

    bone: str
    path: str
    index: int = 0
    rest: float = 0.0
    holder: bpy.types.Object | None = None


Answer = TypeVar("Answer")
Sources = tuple[tuple[str, Source | None], ...]
"""Variables of a driver, and what each reads."""
Places = tuple[tuple[str, int | None], ...]
"""The same with the number of the source in place of it."""


@dataclass(frozen=True)
class Pull:
    """What brings a driven key from rest to full.

    Parameters
    ----------
    pose : of its control, counted from where that rests
    rest : where the control rests, if not at zero: holds whatever is pulled
    """

    pose: Pose
    rest: Pose | None = None


def driver_pulls(
    rig: bpy.types.Object | None, faces: tuple[bpy.types.Object, ...]
) -> dict[str, Pull]:
    """How controls make each driven key full, by the key's name."""
    driven: list[tuple[str, bpy.types.FCurve, Sources]] = []
    for face in faces:
        data = face.data.shape_keys.animation_data
        for curve in data.drivers if data is not None else ():
            match = _KEY.match(curve.data_path)
            if match:
                sources = _sources(curve, lambda variable: _source_of(variable, rig))
                driven.append((bpy.utils.unescape_identifier(match[1]), curve, sources))
    rests = _rests([(curve, sources) for _, curve, sources in driven])
    found: dict[str, Pull] = {}
    for name, curve, sources in driven:
        if name not in found:
            moved = tuple(
                (v, replace(source, rest=rests[source]) if source in rests else source)
                for v, source in sources
            )
            pull = _solved_for(curve, moved)
            if pull is not None:
                found[name] = pull
    return found


def full_values(faces: tuple[bpy.types.Object, ...]) -> dict[tuple[int, str], float]:
    """Value of custom properties at which the key that each drives is full, at most their greatest.

    Returns
    -------
    (session uid of the property's datablock, path there) -> value: 100 for a slider in percent. Of several
    keys the one named as the property counts, else the one that is full first.
    """
    found: dict[tuple[int, str], dict[str, float]] = {}
    holders: dict[int, bpy.types.ID] = {}
    for face in faces:
        data = face.data.shape_keys.animation_data
        for curve in data.drivers if data is not None else ():
            match = _KEY.match(curve.data_path)
            for holder, path in _properties_read(curve.driver) if match else ():
                pull = _solved_for(curve, _sources(curve, lambda v, h=holder: _read_of(v, h)))
                value = pull.pose.others.get((False, path, 0), 0.0) if pull is not None else 0.0
                if match and value:
                    key = plain_spelling(bpy.utils.unescape_identifier(match[1]))
                    found.setdefault((holder.session_uid, path), {})[key] = value
                    holders[holder.session_uid] = holder
    full: dict[tuple[int, str], float] = {}
    for (uid, path), values in found.items():
        prefix, _, name = path.removesuffix('"]').rpartition('["')
        own = values.get(plain_spelling(bpy.utils.unescape_identifier(name)))
        value = own or min((v for v in values.values() if v > 0), default=0.0)
        if value:
            full[uid, path] = min(value, _greatest(holders[uid], prefix, name))
    return full


def merged(blends: Sequence[Blend]) -> list[Blend]:
    """Blends of controls in which each control has one for each direction.

    Keys that one control drives together, such as both corners of a mouth, ask for the same: it goes as far
    as the key that asks for most, not as far as all of them together.
    """
    asked: dict[tuple[str, int, bool], list[tuple[float, Blend]]] = {}
    for blend in blends:
        control, index, reach = control_of(blend.pose)
        asked.setdefault((control, index, reach > 0), []).append((abs(reach), blend))
    result: list[Blend] = []
    for group in asked.values():
        longest, first = max(group, key=lambda entry: entry[0])
        weights = np.max([blend.weights * (reach / longest) for reach, blend in group], axis=0)
        result.append(replace(first, weights=weights))
    return result


def control_of(pose: Pose) -> tuple[str, int, float]:
    """The one channel that a control's pose moves, and how far from rest."""
    for (_, path, index), value in pose.others.items():
        return path, index, value
    for (thing, path, index), value in pose.elsewhere.items():
        return f"{thing.session_uid} {path}", index, value
    parts = (("turn", pose.turns, 0.0), ("move", pose.moves, 0.0), ("scale", pose.scales, 1.0))
    kind, bone, moved = next((k, b, v - rest) for k, part, rest in parts for b, v in part.items())
    index = int(np.abs(moved).argmax())
    return f"{kind} {bone}", index, float(moved[index])


def _sources(
    curve: bpy.types.FCurve, source_of: Callable[[bpy.types.DriverVariable], Source | None]
) -> Sources:
    return tuple((v.name, source_of(v)) for v in curve.driver.variables)


def _rests(driven: Sequence[tuple[bpy.types.FCurve, Sources]]) -> dict[Source, float]:
    """Where controls rest that do not at zero: where most of the keys that each drives are nought.

    A slider whose middle is its rest, an object that was put on a board and left where it is: the drivers
    alone tell, whatever the pose is now. A bone rests where clearing its transforms puts it, unless two
    keys say otherwise.
    """
    asked: dict[Source, list[tuple[bpy.types.FCurve, Places]]] = {}
    for curve, sources in driven:
        read = {source for _, source in sources if source is not None}
        if len(read) == 1 and next(iter(read)).path != "scale":
            places = tuple((name, None if own is None else 0) for name, own in sources)
            asked.setdefault(next(iter(read)), []).append((curve, places))
    found: dict[Source, float] = {}
    for source, readers in asked.items():
        toes = [_asked_of(curve, own, source.rest, _toe, _toe_before) for curve, own in readers]
        begun = dict.fromkeys(round(toe, 7) for toe in toes if toe is not None)
        if not begun:
            continue
        counts = {
            value: sum(_is_nought(curve, own, value) for curve, own in readers)
            for value in [source.rest, *begun]
        }
        at_rest = counts.pop(source.rest)
        best = max(counts, key=lambda value: counts[value], default=source.rest)
        is_object = source.holder is not None and source.path == "location"
        is_bone = source.bone or source.path.startswith("pose.bones")
        least = 2 if is_bone else at_rest if is_object else at_rest + 1
        if counts and counts[best] >= max(least, at_rest + 1 if is_bone else 1):
            found[source] = best
    return found


def _is_nought(curve: bpy.types.FCurve, places: Places, value: float) -> bool:
    """Whether a driver of one source leaves its key alone at a value of it."""
    try:
        return abs(_weight(curve, places, value)) <= LITTLE
    except ValueError:
        return False


def _weight(curve: bpy.types.FCurve, places: Places, value: float) -> float:
    """What a driver of one source comes to."""
    values = {name: value if read is not None else 0.0 for name, read in places}
    result = _output(curve.driver.type, curve.driver.expression, values)
    return curve.evaluate(result) if _is_shaped(curve) else result


def _is_shaped(curve: bpy.types.FCurve) -> bool:
    has_shape = len(curve.keyframe_points) or len(curve.modifiers)
    return bool(has_shape and any(abs(curve.evaluate(value) - value) > 1e-4 for value in UNCHANGED))


def _solved_for(curve: bpy.types.FCurve, sources: Sources) -> Pull | None:
    read = tuple(dict.fromkeys(source for _, source in sources if source is not None))
    places = tuple((name, read.index(source) if source else None) for name, source in sources)
    rests = tuple(source.rest for source in read)
    found = _asked_of(curve, places, rests, _reached, _reached_before)
    return _pulled(read[found[0]], found[1]) if found is not None else None


def _asked_of(
    curve: bpy.types.FCurve,
    places: Places,
    rest: float | tuple[float, ...],
    ask: Callable[..., Answer],
    ask_before: Callable[..., Answer],
) -> Answer:
    """What `ask` says of a driver, or `ask_before`, which remembers it, where no curve is in the way."""
    driver = curve.driver
    if _is_shaped(curve):
        return ask(driver.type, driver.expression, places, rest, shaped=curve.evaluate)
    return ask_before(driver.type, driver.expression, places, rest)


def _reached(
    kind: str,
    expression: str,
    variables: tuple[tuple[str, int | None], ...],
    rests: tuple[float, ...],
    shaped: Callable[[float], float] = float,
) -> tuple[int, float] | None:
    """Which source makes a driver full, and at what value; None if none does.

    Parameters
    ----------
    variables : name, and which source it reads, if any
    rests : value of each source at rest
    shaped : what the driver's curve makes of its value
    """
    for wanted, rest in enumerate(rests):

        def weight(value: float, wanted: int = wanted) -> float:
            values = {
                name: 0.0 if read is None else value if read == wanted else rests[read]
                for name, read in variables
            }
            return shaped(_output(kind, expression, values))

        try:
            full = _full(weight, rest)
        except ValueError:
            return None
        if full is not None:
            return wanted, full
    return None


def _toe(
    kind: str,
    expression: str,
    places: Places,
    rest: float,
    shaped: Callable[[float], float] = float,
) -> float | None:
    """Where a driver of one source begins to move its key, if that is clearly not at rest.

    It is not where the key is moved at rest, or where the way there is longer than the way from there on.
    """

    def weight(value: float) -> float:
        values = {name: value if read is not None else 0.0 for name, read in places}
        return shaped(_output(kind, expression, values))

    try:
        at_rest = weight(rest)
        if abs(at_rest) <= LITTLE:
            full = _full(weight, rest)
            if full is None:
                return None
            toe = _crossing(weight, full, rest, NOUGHT)
            return toe if abs(toe - rest) >= abs(full - toe) else None
        reaches = [rest + sign * reach for reach in REACHES.tolist() for sign in (1.0, -1.0)]
        beyond = next(
            (r for r in reaches if weight(r) * at_rest <= 0 or abs(weight(r)) <= NOUGHT), None
        )
        return None if beyond is None else _crossing(weight, rest, beyond, 0.0)
    except ValueError:
        return None


def _crossing(weight: Callable[[float], float], moved: float, still: float, nought: float) -> float:
    """Where between two values a key stops being moved, from the one at which it is."""
    sign = 1.0 if weight(moved) > 0 else -1.0
    for _ in range(2 * REFINEMENTS):
        middle = (moved + still) / 2
        moved, still = (middle, still) if sign * weight(middle) > nought else (moved, middle)
    return still


# A slider asks again at every step, and of a face board's hundred drivers most have one formula.
_reached_before = lru_cache(maxsize=2048)(_reached)
_toe_before = lru_cache(maxsize=2048)(_toe)


def _full(weight: Callable[[float], float], rest: float) -> float | None:
    """The value nearest to rest at which a key is full, or as full as it gets; None if it hardly moves."""
    if abs(weight(rest)) > LITTLE:
        return None
    reaches = [sign * reach for reach in REACHES.tolist() for sign in (1.0, -1.0)]
    weights = [weight(rest + reach) for reach in reaches]
    best = max(weights)
    if best < LEAST_WEIGHT:
        return None
    goal = FULL * min(best, 1.0)
    outer = next(r for r, found in zip(reaches, weights, strict=True) if found >= goal)
    inner = 0.0
    for _ in range(REFINEMENTS):
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if weight(rest + middle) >= goal else (middle, outer)
    return rest + outer / FULL


def _source_of(variable: bpy.types.DriverVariable, rig: bpy.types.Object | None) -> Source | None:
    """What a variable reads: of this armature a bone's channel in its own space, or a property."""
    target = variable.targets[0]
    if len(variable.targets) != 1:
        return None
    if rig is None or target.id != rig:
        return _source_elsewhere(variable.type, target)
    if variable.type == "TRANSFORMS":
        is_own = target.transform_space == "LOCAL_SPACE" and target.bone_target in rig.pose.bones
        if not is_own or target.transform_type not in _TRANSFORMS:
            return None
        return _channel(target.bone_target, *_TRANSFORMS[target.transform_type])
    if variable.type != "SINGLE_PROP":
        return None
    match = _CHANNEL.match(target.data_path)
    if match is not None:
        bone = bpy.utils.unescape_identifier(match[1])
        return _channel(bone, match[2], int(match[3])) if bone in rig.pose.bones else None
    return _property(target.data_path, rig)


def _source_elsewhere(kind: str, target: bpy.types.DriverTarget) -> Source | None:
    """What a variable reads of another object: where it or a bone of it is, its turn, or a property.

    It rests at zero, as controls do on their board, and nothing else may drive it.
    """
    holder = target.id
    if not isinstance(holder, bpy.types.Object):
        return None
    bone, path, index = "", target.data_path, 0
    if kind == "TRANSFORMS":
        is_own = target.transform_space == "LOCAL_SPACE"
        is_own |= target.transform_space == "WORLD_SPACE" and _is_alone(holder, target.bone_target)
        if not is_own or target.transform_type not in _TRANSFORMS:
            return None
        bone, (path, index) = target.bone_target, _TRANSFORMS[target.transform_type]
    elif kind != "SINGLE_PROP":
        return None
    elif found := _CHANNEL.match(path) or _OWN_CHANNEL.match(path):
        path, index = path[: -len("[0]")], int(found[found.lastindex or 0])
    elif not _PROPERTY.match(path):
        return None
    if bone:
        path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{path}'
    data = holder.animation_data
    is_driven = data is not None and data.drivers.find(path, index=index) is not None
    if is_driven or not _is_pulled(holder, path):
        return None
    return Source("", path, index, holder=holder)


def _is_alone(thing: bpy.types.Object, bone: str) -> bool:
    """Whether where an object is in the world is what its own channels say."""
    return not bone and thing.parent is None and not thing.constraints


def _is_pulled(holder: bpy.types.Object, path: str) -> bool:
    """Whether a channel is one that pulls a control: a place, angles, or a number without steps."""
    name = path.rpartition(".")[2]
    try:
        value = holder.path_resolve(path)
    except ValueError:
        return False
    if path.endswith("]"):
        return isinstance(value, float)
    if name != "rotation_euler":
        return name == "location"
    owner = holder.path_resolve(path.rpartition(".")[0]) if "." in path else holder
    return owner.rotation_mode not in ("QUATERNION", "AXIS_ANGLE")


def _channel(bone: str, path: str, index: int) -> Source:
    return Source(bone, path, index, 1.0 if path == "scale" else 0.0)


def _properties_read(driver: bpy.types.Driver) -> set[tuple[bpy.types.ID, str]]:
    """Custom properties that a driver reads: datablock and path."""
    targets = [v.targets[0] for v in driver.variables if v.type == "SINGLE_PROP"]
    return {(t.id, t.data_path) for t in targets if t.id and _PROPERTY.match(t.data_path)}


def _greatest(holder: bpy.types.ID, prefix: str, name: str) -> float:
    """The greatest value that a custom property takes."""
    owner = holder.path_resolve(prefix) if prefix else holder
    try:
        return float(owner.id_properties_ui(bpy.utils.unescape_identifier(name)).as_dict()["max"])
    except (TypeError, KeyError):
        return float("inf")


def _read_of(variable: bpy.types.DriverVariable, holder: bpy.types.ID) -> Source | None:
    """The custom property of a datablock that a variable reads, with or without steps."""
    target = variable.targets[0]
    is_read = variable.type == "SINGLE_PROP" and target.id == holder
    return Source("", target.data_path) if is_read and _PROPERTY.match(target.data_path) else None


def _property(path: str, rig: bpy.types.Object) -> Source | None:
    """A custom property of the armature or of a bone, if it is a number without steps."""
    if not _PROPERTY.match(path):
        return None
    try:
        value = rig.path_resolve(path)
    except ValueError:
        return None
    return Source("", path) if isinstance(value, float) else None


def _output(kind: str, expression: str, values: dict[str, float]) -> float:
    """What a driver makes of its variables. Raises ValueError where it is no formula of them."""
    if kind == "SCRIPTED":
        return evaluate(expression, values)
    given = list(values.values())
    if not given:
        raise ValueError("the driver reads nothing")
    return {"AVERAGE": sum(given) / len(given), "SUM": sum(given), "MIN": min(given),
            "MAX": max(given)}[kind]  # fmt: skip


def _pulled(source: Source, value: float) -> Pull:
    """The way of a control from its rest to a value."""
    if source.path == "scale" or not source.rest:
        return Pull(_posed(source, value))
    zero = replace(source, rest=0.0)
    return Pull(_posed(zero, value - source.rest), _posed(zero, source.rest))


def _posed(source: Source, value: float) -> Pose:
    if source.holder is not None:
        return Pose(elsewhere={(source.holder, source.path, source.index): value})
    if not source.bone:
        return Pose(others={(False, source.path, 0): value})
    vector = np.full(3, source.rest)
    vector[source.index] = value
    if source.path == "location":
        return Pose(moves={source.bone: vector})
    if source.path == "scale":
        return Pose(scales={source.bone: vector})
    return Pose(turns={source.bone: vector})
