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
from functools import lru_cache, partial

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


def driver_poses(
    rig: bpy.types.Object | None, faces: tuple[bpy.types.Object, ...]
) -> dict[str, Pose]:
    """Pose of the controls at which a driven key is full, by the key's name."""
    found: dict[str, Pose] = {}
    for face in faces:
        data = face.data.shape_keys.animation_data
        for curve in data.drivers if data is not None else ():
            match = _KEY.match(curve.data_path)
            name = bpy.utils.unescape_identifier(match[1]) if match else ""
            if name and name not in found:
                pose = _pose_of(curve, rig)
                if pose is not None:
                    found[name] = pose
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
                pose = _solved_for(curve, _sources(curve, lambda v, h=holder: _read_of(v, h)))
                value = pose.others.get((False, path, 0), 0.0) if pose is not None else 0.0
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
        control, index, reach = _control(blend.pose)
        asked.setdefault((control, index, reach > 0), []).append((abs(reach), blend))
    result: list[Blend] = []
    for group in asked.values():
        longest, first = max(group, key=lambda entry: entry[0])
        weights = np.max([blend.weights * (reach / longest) for reach, blend in group], axis=0)
        result.append(replace(first, weights=weights))
    return result


def _control(pose: Pose) -> tuple[str, int, float]:
    """The one channel that a control's pose moves, and how far from rest."""
    for (_, path, index), value in pose.others.items():
        return path, index, value
    for (thing, path, index), value in pose.elsewhere.items():
        return f"{thing.session_uid} {path}", index, value
    parts = (("turn", pose.turns, 0.0), ("move", pose.moves, 0.0), ("scale", pose.scales, 1.0))
    kind, bone, moved = next((k, b, v - rest) for k, part, rest in parts for b, v in part.items())
    index = int(np.abs(moved).argmax())
    return f"{kind} {bone}", index, float(moved[index])


def _pose_of(curve: bpy.types.FCurve, rig: bpy.types.Object | None) -> Pose | None:
    return _solved_for(curve, _sources(curve, lambda variable: _source_of(variable, rig)))


def _sources(
    curve: bpy.types.FCurve, source_of: Callable[[bpy.types.DriverVariable], Source | None]
) -> tuple[tuple[str, Source | None], ...]:
    return tuple((v.name, source_of(v)) for v in curve.driver.variables)


def _solved_for(
    curve: bpy.types.FCurve, sources: tuple[tuple[str, Source | None], ...]
) -> Pose | None:
    driver = curve.driver
    has_shape = len(curve.keyframe_points) or len(curve.modifiers)
    if has_shape and any(abs(curve.evaluate(value) - value) > 1e-4 for value in UNCHANGED):
        shaped = partial(_reached, shaped=curve.evaluate)
        return _solved(driver.type, driver.expression, sources, shaped)
    return _solved(driver.type, driver.expression, sources, _reached_before)


def _solved(
    kind: str,
    expression: str,
    sources: tuple[tuple[str, Source | None], ...],
    reached: Callable[..., tuple[int, float] | None],
) -> Pose | None:
    """The pose for a driver of these variables, by `_reached` or what remembers it."""
    read = tuple(dict.fromkeys(source for _, source in sources if source is not None))
    places = tuple((name, read.index(source) if source else None) for name, source in sources)
    found = reached(kind, expression, places, tuple(source.rest for source in read))
    return _posed(read[found[0]], found[1]) if found is not None else None


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


# A slider asks again at every step, and of a face board's hundred drivers most have one formula.
_reached_before = lru_cache(maxsize=2048)(_reached)


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
