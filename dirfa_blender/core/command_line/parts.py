"""Parts of a long list, for farms: each of n tasks makes one, and all may share a folder. No bpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..errors import SettingsError

Thing = TypeVar("Thing")


def part_of(things: Sequence[Thing], text: str) -> list[Thing]:
    """Every n-th thing, for ``k/n``: what one of n farm tasks makes.

    Raises
    ------
    SettingsError
        The text is not ``k/n`` with 1 <= k <= n.
    """
    first, _, count = text.partition("/")
    if not (first.isdigit() and count.isdigit() and 1 <= int(first) <= int(count)):
        raise SettingsError(f"A part must be such as 3/10, the third of ten, got {text!r}.")
    return list(things[int(first) - 1 :: int(count)])


def name_of_part(text: str) -> str:
    """A part as it is written in names of files."""
    return text.replace("/", "-of-")
