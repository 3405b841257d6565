"""The queue as a window shows it: where each line stands, and which of them to leave out. No bpy.

The worker thread writes it and the panel reads it; single entries are replaced whole, so no lock is
needed and drawing never waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LineState = Literal["waiting", "working", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Entry:
    """One line of the queue."""

    state: LineState = "waiting"
    progress: float = 0.0
    text: str = ""


@dataclass
class Board:
    """Entries by line uid, in the order of the queue."""

    entries: dict[int, Entry] = field(default_factory=dict[int, Entry])
    left_out: set[int] = field(default_factory=set[int])

    def begin(self, uids: list[int]) -> None:
        """A new queue; what the last one left is forgotten."""
        self.entries = {uid: Entry() for uid in uids}
        self.left_out = set()

    def show(self, uid: int, state: LineState, progress: float = 0.0, text: str = "") -> None:
        """A line of the queue has come this far."""
        self.entries[uid] = Entry(state, progress, text)

    def leave_out(self, uid: int) -> None:
        """Cancel one line; the others go on."""
        self.left_out.add(uid)

    def clear(self) -> None:
        """No queue."""
        self.begin([])
