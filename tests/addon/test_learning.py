"""Learning a performer beside the window: the real process, its refusals, and cancelling."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.background import BackgroundJob
from dirfa_blender.core.errors import JobCancelled, ServerError, SettingsError
from dirfa_blender.learning import Footage, Learnt, learn
from dirfa_blender.roots import ROOT
from dirfa_blender.server_process import server_python

FAKE = """
import json, sys
def say(**event): print(json.dumps(event), flush=True)
print("a library's own words", flush=True)
say(event="progress", stage="track", progress=0.5, eta_seconds=3.0, detail="a.mp4")
say(event="warning", message="a.mp4: left out 1 s.")
say(event="done", outputs=[], seconds=1.0, message=" ".join(sys.argv[-8:]))
"""
ENDLESS = """
import json
while True:
    print(json.dumps(dict(event="progress", progress=0.1, eta_seconds=9, detail="")), flush=True)
"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "notes.txt").write_text("no film", "utf-8")
    return tmp_path / "films"


def learnt(footage: Footage, command: list[str]) -> Learnt:
    return BackgroundJob(lambda report: learn(footage, report, command)).wait()


@pytest.mark.parametrize("name", ["", "../anna", "a/b", "anna.", "con", "nul.2", "x" * 80])
def test_a_name_that_cannot_be_a_file_is_refused(film: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="performer's name"):
        Footage(film, name)


def test_film_that_is_not_there_is_named(film: Path) -> None:
    with pytest.raises(SettingsError, match=r"no film or folder gone\.mp4"):
        Footage(film / "gone.mp4", "anna")


def test_what_the_process_says_comes_through(film: Path) -> None:
    found = learnt(Footage(film, "Anna Lee"), [sys.executable, "-c", FAKE])

    assert found.remarks == ("a.mp4: left out 1 s.",)
    assert "--actor Anna Lee" in found.message


def test_the_real_process_refuses_a_folder_without_film(film: Path) -> None:
    if server_python(ROOT) is None:
        pytest.skip("no environment of the server: `python3 dirfa.py setup` makes one")

    with pytest.raises(ServerError, match="Expected film of the actor"):
        learnt(Footage(film, "anna"), [])


def test_cancelling_ends_the_process(film: Path) -> None:
    job = BackgroundJob(
        lambda report: learn(Footage(film, "anna"), report, [sys.executable, "-c", ENDLESS])
    )
    while job.poll().progress < 0.1:
        job.wait_a_moment()

    job.cancel()

    with pytest.raises(JobCancelled):
        job.result()


def test_a_learnt_performer_is_chosen_for_the_next_takes(
    scene, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dirfa_blender.register()
    monkeypatch.setattr(
        "dirfa_blender.operators.learning.learn",
        lambda footage, _report: Learnt(f"{footage.name} learnt", ()),
    )

    result = bpy.ops.dirfa.learn_performer(filepath=str(film), performer="anna")

    assert result == {"FINISHED"}
    assert scene.dirfa.performer == "anna"
    dirfa_blender.unregister()
