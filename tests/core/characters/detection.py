"""Which profile a plain list of names calls for, as the add-on finds out a profile at a time."""

from __future__ import annotations

from collections.abc import Sequence

from dirfa_blender.core.characters.inventory import Coverage, Inventory, best, coverage
from dirfa_blender.core.characters.profile import MappingProfile


def detected(
    profiles: Sequence[MappingProfile], inventory: Inventory
) -> tuple[MappingProfile, Coverage]:
    return best([(profile, coverage(profile, inventory)) for profile in profiles], inventory)
