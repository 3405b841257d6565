"""Which profile a plain list of names calls for, as the add-on finds out a profile at a time."""

from __future__ import annotations

from collections.abc import Sequence

from dirfa_blender.core.characters.inventory import Coverage, Inventory, best, coverage
from dirfa_blender.core.characters.profile import MappingProfile


def detected(
    profiles: Sequence[MappingProfile], inventory: Inventory
) -> tuple[MappingProfile, Coverage]:
    found = [(p, coverage(p, inventory, only_own_names=True)) for p in profiles]
    profile, _ = best(found, inventory)
    return profile, coverage(profile, inventory)
