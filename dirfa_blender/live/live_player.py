"""Live speech on a character: values without keys while it plays, then the scene as it was, or a new take.

Values are set as a hand on a slider sets them, through the character's own mapping. Datablocks are found
again after an undo; what the file holds when it is saved is the character as it was before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import bpy
import numpy as np
from bpy.app.translations import pgettext_iface

from ..blender import fcurves
from ..blender.pieces import Steps
from ..core.action_units import AU_NAMES
from ..core.animation import Animation
from ..core.characters.follow_through import Trail
from ..core.errors import RigError
from ..performing import acting, apply, lines
from ..performing.posed_values import key_of, read_values, write_values
from ..rig import profiles
from ..rig.bone_curves import Follow
from ..staging.staging import take_steps
from .live_session import LiveSession, Phase

FADE_SECONDS = 0.4
"""Way from the last picture back to how the character was."""
SENTENCES: dict[Phase, str] = {
    "connecting": "Waiting for the server",
    "listening": "Listening",
    "ending": "Playing the rest",
    "over": "Playing the rest",
}


class LivePlayer:
    """Plays a session on a character; `tick` is called as often as pictures are drawn.

    Raises
    ------
    RigError
        The character has nothing to drive, or may not be changed; nothing was.
    """

    def __init__(
        self,
        session: LiveSession,
        scene: bpy.types.Scene,
        target: bpy.types.Object,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self._clock = clock
        target = lines.known_as(scene, target)
        self._scene_uid, self._target_uid = scene.session_uid, target.session_uid
        self._strength, self._trail = acting.follow_through_of(scene, target), Trail()
        self._found: apply.Target | None = None
        self._profile = profiles.profile_for(target)
        self._find()
        self._before = read_values(self._slots_of_rest())
        self._shown: Animation | None = None
        self._fade_begun: float | None = None
        # Drawn mouths that are shown, and since when on the sample's clock.
        self._mouths: dict[str, float] = {}
        self._mouths_since = -np.inf
        for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
            handlers.append(self._forget)
        bpy.app.handlers.save_pre.append(self._show_before)

    def tick(self) -> bool:
        """Show what is to be seen now; whether there is more to come.

        Raises
        ------
        RigError
            The character is gone.
        """
        if self._fade_begun is not None:
            return self._fade()
        if self.session.is_played:
            self._fade_begun = self._clock()
            return self._fade()
        sample = self.session.due()
        if sample is not None and (self._shown is None or sample.start != self._shown.start):
            self._show(sample)
            self._shown = sample
        return True

    def end(self, *, restores: bool = True) -> None:
        """Stop hearing, and leave the character as it was; safe to call twice."""
        self.session.stop()
        for handlers, own in (
            (bpy.app.handlers.undo_post, self._forget),
            (bpy.app.handlers.redo_post, self._forget),
            (bpy.app.handlers.save_pre, self._show_before),
        ):
            if own in handlers:
                handlers.remove(own)
        if restores:
            self._show_before()

    def record_steps(self, name: str) -> Steps[bool]:
        """A new line with the take that was played, in pieces; whether there was one. Raises RigError."""
        performance = self.session.performance()
        if performance is None:
            return False
        scene = next((s for s in bpy.data.scenes if s.session_uid == self._scene_uid), None)
        target = self._target()
        if scene is None or target is None:
            raise RigError("The character was deleted while it spoke; nothing was recorded.")
        yield from take_steps(scene, target, performance, name)
        return True

    def _show(self, sample: Animation) -> None:
        try:
            write_values(self._slots(sample))
        except ReferenceError:
            # A datablock was removed, or read anew by an undo.
            self._find()
            write_values(self._slots(sample))

    def _fade(self) -> bool:
        """One step of the way back; whether there is more of it."""
        assert self._fade_begun is not None
        share = (self._clock() - self._fade_begun) / FADE_SECONDS
        if self._shown is None or share >= 1:
            return False
        weight = share * share * (3 - 2 * share)
        slots = self._slots(self._shown)
        write_values(slots)
        last = read_values(slots)
        before = self._before
        mixed = {
            key: value + (before.get(key, value) - value) * weight for key, value in last.items()
        }
        # Between two drawn mouths there is no way that would not show others.
        mixed |= {key: before[key] for key in _stepped(slots) if key in before}
        write_values(slots, mixed)
        return True

    def _show_before(self, *_: object) -> None:
        """As it was before; a character that is gone stays so."""
        try:
            write_values(self._slots_of_rest(), self._before)
        except (ReferenceError, RigError):
            self._found = None

    def _forget(self, *_: object) -> None:
        self._found = None

    def _slots(self, sample: Animation) -> list[apply.Slot]:
        """What a sample comes to after all that were shown before it."""
        follow = Follow(self._strength, sample.times, self._trail)
        slots = apply.planned(sample, self._found or self._find(), follow)
        stepped = self._profile.stepped
        return slots if stepped is None else self._held(slots, sample.start, stepped.hold_seconds)

    def _held(self, slots: list[apply.Slot], now: float, hold_seconds: float) -> list[apply.Slot]:
        """The same with drawn mouths kept as long as a recorded performance would keep them."""
        wanted = _stepped(slots)
        if wanted != self._mouths and now - self._mouths_since >= hold_seconds - 1e-6:
            self._mouths, self._mouths_since = wanted, now
        return [
            replace(
                slot, channels=tuple(self._shown_in(slot, channel) for channel in slot.channels)
            )
            for slot in slots
        ]

    def _shown_in(self, slot: apply.Slot, channel: fcurves.Channel) -> fcurves.Channel:
        kept = self._mouths.get(key_of(slot, channel.path, channel.index))
        if not channel.is_stepped or kept is None:
            return channel
        return replace(channel, values=np.full_like(channel.values, kept))

    def _slots_of_rest(self) -> list[apply.Slot]:
        still = neutral()
        return apply.planned(
            still, self._found or self._find(), Follow(self._strength, still.times)
        )

    def _find(self) -> apply.Target:
        target = self._target()
        if target is None:
            raise RigError("The character was deleted while it spoke; live speech was ended.")
        self._found = apply.find_target(target, self._profile)
        return self._found

    def _target(self) -> bpy.types.Object | None:
        scene = next((s for s in bpy.data.scenes if s.session_uid == self._scene_uid), None)
        things = scene.objects if scene is not None else ()
        return next((o for o in things if o.session_uid == self._target_uid), None)


def _stepped(slots: Sequence[apply.Slot]) -> dict[str, float]:
    """Values of channels that have no way between two of them."""
    return {
        key_of(slot, channel.path, channel.index): float(channel.values[0])
        for slot in slots
        for channel in slot.channels
        if channel.is_stepped
    }


def neutral() -> Animation:
    """One sample of a face at rest."""
    still = np.zeros((1, 3), np.float32)
    return Animation(
        fps=50.0,
        start=0.0,
        au_names=AU_NAMES,
        au=np.zeros((1, len(AU_NAMES)), np.float32),
        gaze=still[:, :2],
        rotation=still,
        translation=still,
    )


def describe(session: LiveSession) -> str:
    """Where a session stands, with the measured delay once there is one."""
    sentence = pgettext_iface(SENTENCES[session.phase])
    if session.delay_seconds:
        sentence += f", {session.delay_seconds:.2f} s {pgettext_iface('behind the sound')}"
    return sentence
