"""Moments of a take as VMC protocol messages, which programs that show avatars receive: OSC over UDP.

A moment is sent whole and in order: that data is valid, the time, the bones, every expression, then the
word to apply them. Programs of VRM 0 and 1 alike take the names of VRM 0, which the protocol asks for;
those of VRM 1 are for a receiver that hands names on to an avatar as they come. ARKit shapes are sent as
the clips of Perfect Sync are spelt. Case counts in both.

Unity's space is left-handed, Y up, and an avatar faces +Z, so that its left is -X. A point (x, y, z) of
Blender's, where the face looks along -Y and its left is +X, lies there at (-x, z, -y). That is a
reflection, under which the axis of a turn changes its sign once more: the quaternion (w, x, y, z) becomes
(x, -z, y, w) in Unity's order. Turns start at rest, where the axes of a VRM bone are those of the space.

Positions are sent as zero: where a bone sits in its parent is known to the avatar alone.

References
----------
.. [1] VMC Protocol specification 3.1 (2024), https://protocol.vmc.info: Marionette.
.. [2] Open Sound Control 1.0 (2002), bundles and type tags.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.follow_through import Trail
from dirfa_blender.core.characters.profile import GAZE_INPUTS, INPUTS, MappingProfile
from dirfa_blender.core.errors import OutputError, SettingsError
from dirfa_blender.core.formats.avatar_pose import bone_turns

PORT = 39539
"""Where receivers of whole avatars listen unless told otherwise."""
PACKET_BYTES = 1400
"""Most in one packet: what fits into an Ethernet frame, so that none is split on the way."""
BUNDLE_BYTES, ELEMENT_BYTES = 16, 4
"""What a bundle adds, and each message in it."""
BONES = {"neck": "Neck", "head": "Head", "eye_left": "LeftEye", "eye_right": "RightEye"}
"""Part of a profile -> bone of Unity's HumanBodyBones."""
VRM_0_NAMES = {
    "happy": "Joy", "sad": "Sorrow", "relaxed": "Fun",
    "aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O",
    "blinkLeft": "Blink_L", "blinkRight": "Blink_R",
}  # fmt: skip
"""Expressions that VRM 1 renamed."""
LIDS = ("AU45L", "AU45R")
"""A blink closes the eye at any strength."""
MOST_STRENGTH = 3.0
REST = (0.0, 0.0, 0.0)
Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True)
class Moment:
    """One sample of a take as a receiver sees it.

    Parameters
    ----------
    seconds : of the sound
    bones : bone of HumanBodyBones -> its turn (x, y, z, w) in Unity's space
    expressions : name -> weight, 0..1 where the profile has no other limits
    """

    seconds: float
    bones: Mapping[str, Quaternion]
    expressions: Mapping[str, float]


@dataclass(frozen=True)
class Style:
    """How expressions are sent.

    Parameters
    ----------
    strength : times the weight of each, but for lids that close and looks, within the profile's limits
    vrm : whose names they have, VRM 0's or VRM 1's
    """

    strength: float = 1.0
    vrm: Literal[0, 1] = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= MOST_STRENGTH:
            raise SettingsError(
                f"The strength must be 0..{MOST_STRENGTH:g}, got {self.strength:g}."
            )


class Sender:
    """Sends moments to one receiver; whether anybody listens is not known, for UDP does not tell.

    Parameters
    ----------
    receiver : ``HOST``, ``HOST:PORT`` or ``[IPv6]:PORT``

    Raises
    ------
    SettingsError
        It is no address, or there is no such host.
    """

    def __init__(self, receiver: str) -> None:
        self.host, self.port = address_of(receiver)
        # Receivers listen on IPv4; "localhost" alone would often be taken for IPv6.
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            found = socket.getaddrinfo(self.host, self.port, family, socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise SettingsError(
                f"There is no host {self.host!r} to send to. Give the name or the address of the computer "
                f"that shows the avatar, such as 127.0.0.1:{PORT} for this one."
            ) from error
        self._address = found[0][4]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)

    def send(self, moment: Moment) -> None:
        """Send it. Raises OutputError where the network does not take it."""
        try:
            for packet in packets(moment):
                self._socket.sendto(packet, self._address)
        except OSError as error:
            raise OutputError(
                f"Nothing can be sent to {self.host}:{self.port}: {error.strerror or error}. Check the "
                "address and the network."
            ) from error

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def address_of(receiver: str) -> tuple[str, int]:
    """Host and port of what a person wrote; the port may be left out. Raises SettingsError."""
    try:
        parts = urlsplit(f"//{receiver}")
        host, port = parts.hostname, parts.port
        is_whole = parts.netloc == receiver and parts.username is None
    except ValueError:
        host, port, is_whole = None, None, False
    if not host or not is_whole or port == 0:
        raise SettingsError(
            f"A receiver is HOST:PORT with a port of 1..65535, such as 127.0.0.1:{PORT}, got {receiver!r}."
        )
    return host, PORT if port is None else port


def moments(
    take: Animation,
    profile: MappingProfile,
    trail: Trail | None = None,
    style: Style | None = None,
) -> Iterator[Moment]:
    """Every sample of a take, as a profile maps it; the neck goes on from where a trail left it."""
    style = style or Style()
    weights = _strengthened(profile.apply(take).weights, profile, style.strength).tolist()
    names = [expression_name(profile.name, channel, style.vrm) for channel in profile.shapes]
    parts = bone_turns(take, profile, trail)
    turns = {BONES[part]: _in_unity(rows).tolist() for part, rows in parts.items()}
    for index, seconds in enumerate(take.times.tolist()):
        yield Moment(
            seconds=seconds,
            bones={bone: tuple(rows[index]) for bone, rows in turns.items()},
            expressions=dict(zip(names, weights[index], strict=True)),
        )


def packets(moment: Moment) -> list[bytes]:
    """The datagrams of a moment, in the order in which they are sent."""
    messages = [_message("/VMC/Ext/OK", 1), _message("/VMC/Ext/T", moment.seconds)]
    messages += [
        _message("/VMC/Ext/Bone/Pos", bone, *REST, *turn) for bone, turn in moment.bones.items()
    ]
    messages += [
        _message("/VMC/Ext/Blend/Val", name, weight) for name, weight in moment.expressions.items()
    ]
    messages.append(_message("/VMC/Ext/Blend/Apply"))
    groups: list[list[OscMessage]] = [[]]
    size = BUNDLE_BYTES
    for message in messages:
        added = message.size + ELEMENT_BYTES
        if size + added > PACKET_BYTES:
            groups.append([])
            size = BUNDLE_BYTES
        groups[-1].append(message)
        size += added
    return [_bundle(group) for group in groups]


def expression_name(profile: str, channel: str, vrm: int = 0) -> str:
    """What receivers call a channel of a profile; the same where no convention says otherwise."""
    if profile not in ("arkit", "vrm") or (profile == "vrm" and vrm == 1):
        return channel
    renamed = VRM_0_NAMES if profile == "vrm" else {}
    return renamed.get(channel, channel[0].upper() + channel[1:])


def _strengthened(
    weights: NDArray[np.float32], profile: MappingProfile, strength: float
) -> NDArray[np.float64]:
    kept = [INPUTS.index(name) for name in (*LIDS, *GAZE_INPUTS)]
    factors = np.where(profile.gains[kept].any(0), 1.0, strength)
    limits = np.array([profile.limits.get(name, (0.0, 1.0)) for name in profile.shapes]).T
    return np.clip(weights.astype(np.float64) * factors, *limits)


def _in_unity(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turns (T, 4) w, x, y, z of Blender's space as x, y, z, w of Unity's."""
    w, x, y, z = turns.T
    return np.stack([x, -z, y, w], 1)


def _message(address: str, *values: str | int | float) -> OscMessage:
    builder = OscMessageBuilder(address=address)
    for value in values:
        builder.add_arg(value)
    return builder.build()


def _bundle(messages: list[OscMessage]) -> bytes:
    builder = OscBundleBuilder(IMMEDIATELY)
    for message in messages:
        builder.add_content(message)
    return builder.build().dgram
