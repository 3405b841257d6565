"""Long work in the main thread, done in pieces: a result enters the scene without holding up the window.

A step ends at each ``yield``, and what it yields says whether the scene is changed in part by now, or is
None where nothing is to be done before a thread has ended.
Until then the work can be withdrawn, and it takes back what it made; from then on it is brought to its end
before anything else may rely on the scene: saving, switching the add-on off. Undo makes every reference
to Blender's data worthless, so after it the work begins anew. No bpy.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from ..core.errors import DirfaError, RigError

Result = TypeVar("Result")
Steps = Generator[bool | None, None, Result]
"""Work in pieces: yields whether the scene is changed in part, or None to wait; returns its result."""

# How often undo or a deletion may send the work back to its start.
MAX_RESTARTS = 5
# How long to wait for a thread where nothing else wants the time.
WAIT_SECONDS = 0.01


class Stale(BaseException):
    """Thrown into steps whose references to Blender's data are worthless: they may not touch any."""


def finished(steps: Steps[Result]) -> Result:
    """What the steps come to, all of them done at once."""
    while True:
        try:
            if next(steps) is None:
                time.sleep(WAIT_SECONDS)
        except StopIteration as end:
            return end.value


class Entering:
    """Steps that are under way.

    Parameters
    ----------
    begin : makes the steps, again if they have to start anew; None where nothing is to do

    Attributes
    ----------
    longest_seconds : processor time of the longest call of `advance` so far
    """

    def __init__(self, begin: Callable[[], Iterator[bool | None] | None]) -> None:
        self._begin = begin
        self._steps: Iterator[bool | None] | None = None
        self._restarts = 0
        self._error: BaseException | None = None
        self._is_stale = True
        self.is_open = False
        self.is_done = False
        self.longest_seconds = 0.0

    def forget_references(self) -> None:
        """Undo has replaced Blender's data: what the steps hold of it is worthless."""
        self._is_stale = True

    def advance(self, seconds: float = float("inf")) -> bool:
        """Whether all is done, after as many steps as fit into the time, at least one.

        Parameters
        ----------
        seconds : of this thread's own work: what a busy computer adds says nothing about the steps

        Raises
        ------
        DirfaError
            A step cannot be done; what the steps made is taken back.
        """
        if self._error is not None:
            raise self._error
        began = time.thread_time()
        while not self.is_done:
            try:
                waits = self._step()
            except BaseException as error:
                # Kept for the operator, where somebody else was running the steps.
                self._error = error
                self.is_open = False
                raise
            if time.thread_time() - began >= seconds or (waits and seconds < float("inf")):
                break
            if waits:
                time.sleep(WAIT_SECONDS)
        self.longest_seconds = max(self.longest_seconds, time.thread_time() - began)
        return self.is_done

    def withdraw(self) -> None:
        """Take back what was made so far, if the scene is not changed in part; else stop here."""
        self._close(Stale() if self._is_stale else None)
        self.is_done = True

    def settle(self) -> None:
        """Leave the scene whole, now: to the end if it is changed in part, else back."""
        if not self.is_open:
            self.withdraw()
            return
        with contextlib.suppress(DirfaError):
            self.advance()

    def _step(self) -> bool:
        """Whether there is nothing to do for now."""
        if self._is_stale:
            self._restart()
        if self._steps is None:
            self.is_done = True
            return False
        try:
            said = next(self._steps)
            self.is_open = bool(said)
            return said is None
        except StopIteration:
            self.is_done, self.is_open = True, False
        except ReferenceError:
            # Something that the steps hold was deleted between two of them.
            self._is_stale = True
        return False

    def _restart(self) -> None:
        if self._restarts > MAX_RESTARTS:
            raise RigError(
                "What the result was meant for kept disappearing while it entered the scene. "
                "Generate again."
            )
        self._restarts += 1
        self._close(Stale() if self._is_stale else None)
        self._is_stale = self.is_open = False
        self._steps = self._begin()

    def _close(self, why: Stale | None) -> None:
        steps, self._steps = self._steps, None
        if not isinstance(steps, Generator):
            return
        with contextlib.suppress(ReferenceError, Stale, StopIteration):
            if why is None:
                steps.close()
            else:
                steps.throw(why)
