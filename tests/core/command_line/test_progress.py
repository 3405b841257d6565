"""One estimate over all stages, and how it is shown."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path

from dirfa_blender.core.command_line.progress import Display, Progress, Stage, spoken_seconds

STAGES = (Stage("a", "first", 10.0), Stage("b", "second", 90.0))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Seen:
    """Collects what `Progress` shows."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.lefts: list[float] = []

    def __call__(self, _stage: Stage, share: float, left: float, _detail: str) -> None:
        self.shares.append(share)
        self.lefts.append(left)


def test_the_share_never_goes_back_and_ends_at_one() -> None:
    clock, seen = Clock(), Seen()
    progress = Progress(STAGES, seen, clock)

    for stage, speed in (("a", 3.0), ("b", 0.4)):
        for step in range(11):
            progress.update(stage, step / 10)
            clock.now += speed
    progress.update("b", 1.0)

    assert seen.shares == sorted(seen.shares)
    assert seen.shares[-1] == 1.0


def test_the_time_left_follows_the_real_speed() -> None:
    clock, seen = Clock(), Seen()
    progress = Progress(STAGES, seen, clock)

    progress.update("a")
    progress.update("b")
    clock.now = 5.0
    progress.update("b", 0.5)

    assert seen.lefts == [100.0, 90.0, 5.0]


def test_a_better_guess_replaces_the_first() -> None:
    seen = Seen()
    progress = Progress(STAGES, seen, Clock())

    progress.expect("b", 20.0)
    progress.update("a")

    assert seen.lefts == [30.0]


def test_the_seconds_of_every_stage_are_kept() -> None:
    clock = Clock()
    progress = Progress(STAGES, lambda *_: None, clock)

    progress.update("a")
    clock.now = 3.0
    progress.update("b")
    clock.now = 10.0
    total = progress.finish()

    assert (progress.spent, total) == ({"a": 3.0, "b": 7.0}, 10.0)


def test_programs_get_json_lines_and_nothing_else_on_stdout() -> None:
    errors, output = io.StringIO(), io.StringIO()
    display = Display(as_json=True, errors=errors, output=output)

    display.show(STAGES[0], 0.25, 30.0, "half of it")
    display.warn("Mind this.")
    display.done([Path("talk.mp4")], 12.0)
    display.error("It failed.")

    events = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["progress", "warning", "done", "error"]
    assert events[0] == {
        "event": "progress", "stage": "a", "progress": 0.25, "eta_seconds": 30.0, "detail": "half of it",
    }  # fmt: skip
    assert errors.getvalue() == "It failed.\n"


class FullDisk(io.StringIO):
    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_progress_that_cannot_be_written_stops_no_work() -> None:
    output = FullDisk()

    display = Display(as_json=True, output=output, errors=FullDisk())
    display.show(STAGES[0], 0.25, 30.0, "")
    display.error("It failed.")

    assert '"message": "It failed."' in output.getvalue()


def test_people_without_a_terminal_get_a_line_a_stage() -> None:
    errors, output = io.StringIO(), io.StringIO()
    display = Display(errors=errors, output=output)

    for share in (0.0, 0.01, 0.02):
        display.show(STAGES[0], share, 100.0, "")
    display.show(STAGES[1], 0.1, 90.0, "frame 1 of 9")

    assert output.getvalue() == ""
    assert errors.getvalue().splitlines() == [
        "  0%  1 min 40 s left  first",
        " 10%  1 min 30 s left  second: frame 1 of 9",
    ]


def test_durations_read_as_people_say_them() -> None:
    for seconds, expected in ((-1, "0 s"), (8.4, "8 s"), (125, "2 min 05 s"), (4200, "1 h 10 min")):
        assert spoken_seconds(seconds) == expected, seconds
