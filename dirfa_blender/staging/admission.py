"""Who may speak: what would keep a performance from being written is said before anybody works for it."""

from __future__ import annotations

import bpy

from ..core.errors import RigError
from ..performing import acting, apply
from ..performing.shared_meshes import refuse_beside, refuse_performed
from ..rig import profiles
from ..rig.character import Character, character_of
from .staging import refuse_stranger


class Cast:
    """Characters of one scene that are to speak together, each looked at once."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene = scene
        self._speakers: dict[bpy.types.Object, Character] = {}
        self._refused: dict[bpy.types.Object, RigError] = {}

    def admit(self, thing: bpy.types.Object) -> None:
        """Raise RigError where a performance of a character could not be written, or not be kept."""
        if thing in self._refused:
            raise self._refused[thing]
        if thing in self._speakers:
            return
        try:
            refuse_stranger(self._scene, thing)
            acting.refuse_linked_action(self._scene, thing)
            character = character_of(thing)
            apply.refuse_linked(character, profiles.profile_of(character))
            if bpy.app.background:
                # Nobody is there to press Give Own Mesh afterwards.
                refuse_performed(character)
                refuse_beside(character, self._speakers.values())
        except RigError as error:
            self._refused[thing] = error
            raise
        self._speakers[thing] = character
