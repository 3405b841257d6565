"""The worker beside the interface."""

from __future__ import annotations

import threading

import pytest

from dirfa_blender.background import BackgroundJob, Reporter
from dirfa_blender.core.errors import AudioError, JobCancelled


def test_the_result_is_what_the_work_gave() -> None:
    job = BackgroundJob(lambda _report: 41 + 1)

    assert job.wait() == 42


def test_an_error_of_the_work_is_the_job_s() -> None:
    def fail(report: Reporter) -> None:
        raise AudioError("Nothing to hear.")

    job = BackgroundJob(fail)

    with pytest.raises(AudioError, match="Nothing to hear"):
        job.wait()


def test_polling_gives_the_newest_report_and_never_blocks() -> None:
    reported, release = threading.Event(), threading.Event()

    def work(report: Reporter) -> None:
        for step in range(10):
            report(step / 10, f"step {step}", 3.0)
        reported.set()
        release.wait(10)

    job = BackgroundJob(work)
    reported.wait(10)
    latest = job.poll()
    again = job.poll()
    release.set()
    job.wait()

    assert (latest.progress, latest.text, latest.eta_seconds) == (0.9, "step 9", 3.0)
    assert again == latest


def test_cancelling_stops_the_work_at_its_next_report() -> None:
    started = threading.Event()

    def work(report: Reporter) -> None:
        while True:
            report(0.5)
            started.set()

    job = BackgroundJob(work)
    started.wait(10)
    job.cancel()

    with pytest.raises(JobCancelled):
        job.result()
    assert not job.is_running


def test_an_interruption_while_waiting_cancels_the_work() -> None:
    def work(report: Reporter) -> None:
        while True:
            report(0.5)

    def interrupt(_report: object) -> None:
        raise KeyboardInterrupt

    job = BackgroundJob(work)

    with pytest.raises(KeyboardInterrupt):
        job.wait(interrupt)
    assert not job.is_running
