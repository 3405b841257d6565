"""Layers as NLA tracks, and NLA tracks baked to one Action in numpy.

Pushed down, every layer of a character is a track of its own that plays its slot of the one Action: it
can be muted, made solo, scaled by its influence, moved in time and entered for editing with Blender's own
tools. What an artist keyed in that Action besides has a track of its own, and hand edits are the track on
top, added. The track at the bottom holds the rest pose, because Blender leaves a property that no track
plays as it last was. Blender bakes no NLA of shape keys, and bakes bones a frame at a time through the
whole scene; here each curve is evaluated by itself, so minutes take seconds.

References
----------
.. [1] Blender manual, Nonlinear Animation: strips, blending and extrapolation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..core.errors import RigError
from . import fcurves

Floats = npt.NDArray[np.float64]
Channel = tuple[str, int]

EDITS_TRACK = "Hand Edits"
REST_TRACK = "Rest"
OWN_TRACK = "Own Keys"
# A strip is as long as what it plays, within this, frames.
LENGTH_TOLERANCE = 0.01


@dataclass(frozen=True)
class LayerStrip:
    """One track to be: its name, the slot it plays, and how it combines with what is below.

    ``span`` are the frames it covers, where those are not the performance's.
    """

    title: str
    action: bpy.types.Action
    slot: bpy.types.ActionSlot
    blend: str = "REPLACE"
    span: tuple[float, float] | None = None


def lay_out(
    id_block: bpy.types.ID, wanted: Sequence[LayerStrip], span: tuple[float, float]
) -> None:
    """Give a datablock these tracks over whatever it has; those that are there keep their settings.

    One that an artist deleted comes back where it was, or it would hide what lies below. The rest pose does
    not: it can only be put on top, where it would hide everything.
    """
    data = id_block.animation_data or id_block.animation_data_create()
    ours = {layer.action for layer in wanted}
    if data.action in ours:
        data.action = None
    present = {
        (strip.action, strip.action_slot.identifier): (track, strip)
        for track in data.nla_tracks
        for strip in track.strips
        if strip.action in ours and strip.action_slot is not None
    }
    below: bpy.types.NlaTrack | None = None
    for layer in wanted:
        begin, end = layer.span or span
        end = max(end, begin + 1.0)
        track, strip = present.get((layer.action, layer.slot.identifier), (None, None))
        if strip is None:
            if layer.title == REST_TRACK and present:
                continue
            track = data.nla_tracks.new(prev=below)
            track.name = layer.title
            strip = track.strips.new(layer.title, round(begin), layer.action)
            strip.action_slot = layer.slot
            strip.blend_type = layer.blend
            strip.extrapolation = "HOLD"
            _scalable(strip)
            _cover(strip, begin, end)
        elif (strip.action_frame_start, strip.action_frame_end) != (begin, end):
            _cover(strip, begin, end, shift=_distance(strip))
        below = track


def take_down(id_block: bpy.types.ID, ours: Sequence[bpy.types.Action]) -> list[bpy.types.NlaTrack]:
    """Remove the tracks that play one of these Actions only."""
    data = id_block.animation_data
    if data is None:
        return []
    gone = [
        track
        for track in data.nla_tracks
        if len(track.strips) and all(strip.action in ours for strip in track.strips)
    ]
    for track in gone:
        data.nla_tracks.remove(track)
    return gone


def track_strength(id_block: bpy.types.ID, action: bpy.types.Action, title: str) -> float | None:
    """What a layer's track lets through, 0 when it is muted; None if there is no such track."""
    data = id_block.animation_data
    for track in data.nla_tracks if data is not None else ():
        for strip in track.strips:
            if strip.action == action and strip.name.startswith(title):
                if track.mute or strip.mute:
                    return 0.0
                return float(_influence(strip, np.array([strip.frame_start + 1.0]))[0])
    return None


def keep_below(id_block: bpy.types.ID, last_frame: int) -> None:
    """Let an artist's own Action go on playing below ours: as a strip, the Action itself untouched."""
    data = id_block.animation_data
    if data is None or data.action is None or fcurves.is_ours(data.action):
        return
    action, slot = data.action, data.action_slot
    if slot is None or not fcurves.slot_curves(action, slot):
        return
    data.use_nla = True
    begin, end = action.frame_range
    track = data.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, round(begin), action)
    strip.action_slot = slot
    # Cycles and other modifiers go beyond the last key.
    _cover(strip, float(begin), float(max(end, last_frame, begin + 1)))


def refuse_tweaked(id_block: bpy.types.ID) -> None:
    """Raise RigError while a strip of a datablock is being edited: its Action is another one then."""
    data = id_block.animation_data
    if data is not None and data.use_tweak_mode:
        raise RigError(
            f"A strip of '{id_block.name}' is being edited, so its Action cannot be changed. Leave "
            "tweak mode first: press Tab in the NLA editor."
        )


def sampled_stack(id_block: bpy.types.ID, frames: Floats) -> dict[Channel, Floats]:
    """Every animated channel of a datablock over `frames` (T,), NLA tracks and Action together.

    Raises
    ------
    RigError
        A strip is of a kind that only Blender can evaluate.
    """
    data = id_block.animation_data
    if data is None:
        return {}
    refuse_tweaked(id_block)
    stack: dict[Channel, Floats] = {}
    if data.use_nla:
        has_solo = any(track.is_solo for track in data.nla_tracks)
        for track in data.nla_tracks:
            if not track.mute and (track.is_solo or not has_solo):
                _add_track(stack, track, frames, id_block.name)
    if data.action is not None and data.action_slot is not None:
        curves = fcurves.slot_curves(data.action, data.action_slot)
        share = np.full(len(frames), float(data.action_influence))
        blend = data.action_blend_type if stack else "REPLACE"
        _blend(stack, _values(curves, frames), share, blend, np.ones(len(frames), bool))
    return stack


def rest_value(path: str, index: int) -> float:
    """Value of a property that nothing animates."""
    if path.endswith("scale") or (path.endswith("rotation_quaternion") and index == 0):
        return 1.0
    return 1.0 if path.endswith("rotation_axis_angle") and index == 2 else 0.0


def _add_track(
    stack: dict[Channel, Floats], track: bpy.types.NlaTrack, frames: Floats, owner: str
) -> None:
    strips = [strip for strip in track.strips if not strip.mute]
    for strip in strips:
        if strip.type != "CLIP" or strip.use_animated_time or strip.action is None:
            raise RigError(
                f"Strip '{strip.name}' of '{owner}' is a {strip.type.lower()} strip or has its own "
                "time curve, which cannot be baked here. Mute it, or use Blender's Bake Action."
            )
    for strip, heard in zip(strips, _heard(strips, frames), strict=True):
        if heard.any() and strip.action_slot is not None:
            local = _local_frames(strip, frames)
            values = _values(fcurves.slot_curves(strip.action, strip.action_slot), local)
            _blend(stack, values, _influence(strip, frames), strip.blend_type, heard)


def _heard(strips: Sequence[bpy.types.NlaStrip], frames: Floats) -> Iterator[npt.NDArray[np.bool_]]:
    """For each strip of a track, the frames at which it counts."""
    for index, strip in enumerate(strips):
        heard = (frames >= strip.frame_start) & (frames <= strip.frame_end)
        following = strips[index + 1].frame_start if index + 1 < len(strips) else np.inf
        if strip.extrapolation in ("HOLD", "HOLD_FORWARD"):
            heard |= (frames > strip.frame_end) & (frames < following)
        if strip.extrapolation == "HOLD" and index == 0:
            heard |= frames < strip.frame_start
        if index and strip.frame_start == strips[index - 1].frame_end:
            heard &= frames > strip.frame_start
        yield heard


def _local_frames(strip: bpy.types.NlaStrip, frames: Floats) -> Floats:
    """Frames of the strip's Action that play at frames of the scene."""
    length = strip.action_frame_end - strip.action_frame_start
    inside = np.clip(frames, strip.frame_start, strip.frame_end) - strip.frame_start
    along = inside / max(strip.scale, 1e-6)
    if strip.repeat != 1.0 and length > 0:
        wrapped = np.mod(along, length)
        at_end = (
            (along > 0) & np.isclose(wrapped, 0.0) & (inside >= strip.frame_end - strip.frame_start)
        )
        along = np.where(at_end, length, wrapped)
    if strip.use_reverse:
        along = length - along
    return strip.action_frame_start + along


def _influence(strip: bpy.types.NlaStrip, frames: Floats) -> Floats:
    """(T,) 0..1: its curve, or else its ramps."""
    if strip.use_animated_influence:
        curve = next((c for c in strip.fcurves if c.data_path.endswith("influence")), None)
        if curve is not None and len(curve.keyframe_points):
            return np.clip(fcurves.sampled(curve, frames), 0.0, 1.0)
        return np.full(len(frames), float(strip.influence))
    share = np.ones(len(frames))
    if strip.blend_in > 0:
        share = np.minimum(share, np.clip((frames - strip.frame_start) / strip.blend_in, 0, 1))
    if strip.blend_out > 0:
        share = np.minimum(share, np.clip((strip.frame_end - frames) / strip.blend_out, 0, 1))
    return share


def _values(curves: dict[Channel, bpy.types.FCurve], frames: Floats) -> dict[Channel, Floats]:
    return {
        channel: fcurves.sampled(curve, frames)
        for channel, curve in curves.items()
        if not curve.mute and not (curve.group is not None and curve.group.mute)
    }


def _blend(
    stack: dict[Channel, Floats],
    values: dict[Channel, Floats],
    share: Floats,
    blend: str,
    heard: npt.NDArray[np.bool_],
) -> None:
    """Lay values over the stack where they are heard."""
    for channel, above in values.items():
        below = stack.get(channel)
        if below is None:
            below = np.full(len(above), rest_value(*channel))
        if blend == "REPLACE":
            result = below + share * (above - below)
        elif blend == "SUBTRACT":
            result = below - share * above
        elif blend == "MULTIPLY" or (blend == "COMBINE" and channel[0].endswith("scale")):
            result = below + share * (below * above - below)
        else:
            result = below + share * above
        stack[channel] = np.where(heard, result, below)


def _cover(strip: bpy.types.NlaStrip, begin: float, end: float, *, shift: float = 0.0) -> None:
    """Let a strip play its Action from `begin` to `end`, moved by `shift` frames."""
    scale = strip.scale
    # Blender lets neither pass the other, and a new strip's end at the first slot's: whichever way it goes.
    strip.action_frame_end = end
    strip.action_frame_start, strip.action_frame_end = begin, end
    strip.frame_start_raw = begin + shift
    strip.frame_end_raw = begin + shift + (end - begin) * scale * strip.repeat


def _distance(strip: bpy.types.NlaStrip) -> float:
    """By how many frames an artist has moved a strip from the keys it plays.

    Versions before laid strips out whose Action's first frame stayed 1, so that all of them played late;
    they are told by a length that no tool of Blender gives a strip, and their ends are where they belong.
    """
    length = (strip.action_frame_end - strip.action_frame_start) * strip.scale * strip.repeat
    if abs(strip.frame_end - strip.frame_start - length) > LENGTH_TOLERANCE:
        return strip.frame_end - strip.action_frame_end
    return strip.frame_start - strip.action_frame_start


def _scalable(strip: bpy.types.NlaStrip) -> None:
    """Give a strip an influence that can be changed and keyed, at full strength."""
    strip.use_animated_influence = True
    for curve in strip.fcurves:
        if curve.data_path.endswith("influence") and len(curve.keyframe_points):
            curve.keyframe_points[0].co[1] = 1.0
            curve.update()
