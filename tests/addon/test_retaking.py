"""Seed, blinks and breath that are followed: what has to be made anew is, and nothing else is asked for."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.operators import speech_operator
from dirfa_blender.performing import acting, takes
from dirfa_blender.session import state
from dirfa_blender.staging import retaking
from tests.addon.stage import QueueServer, character
from tests.addon.test_scene import write_tone


@pytest.fixture
def server(monkeypatch) -> QueueServer:
    made = QueueServer()
    monkeypatch.setattr(speech_operator, "connect", lambda *_: made)
    return made


@pytest.fixture
def stage(scene, server, tmp_path: Path):
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.dirfa.audio = str(write_tone(tmp_path / "line.wav", 1.0))
    scene.dirfa.actor, scene.dirfa.target = "object", character()
    bpy.ops.dirfa.generate()
    yield scene
    dirfa_blender.unregister()


def test_settings_that_a_take_has_ask_nothing(stage, server) -> None:
    bpy.ops.dirfa.another_take()
    asked = len(server.settings)
    stage.dirfa.lines[0].take_index = 1

    stage.dirfa.seed = 0
    retaking.follow()

    assert len(server.settings) == asked
    assert stage.dirfa.lines[0].take_index == 0
    assert retaking.missing_region(stage) == ""


def test_another_seed_makes_exactly_that_take(stage, server) -> None:
    stage.dirfa.seed = 7

    retaking.follow()

    assert [take.seed for take in stage.dirfa.lines[0].takes] == [0, 7]
    assert server.settings[-1].seed == 7


def test_another_rate_of_blinks_makes_only_the_lids_anew(stage, server) -> None:
    line = stage.dirfa.lines[0]
    before = takes.read_take(line.takes[0])
    stage.dirfa.blinks = 0.3

    assert retaking.missing_region(stage) == "lids"
    retaking.follow()

    assert server.settings[-1].blinks == pytest.approx(0.3)
    after = takes.read_take(takes.chosen_take(line))
    lids = [n.startswith(("AU5", "AU7", "AU45")) for n in before.au_names]
    assert np.array_equal(before.au[:, ~np.array(lids)], after.au[:, ~np.array(lids)])
    assert np.array_equal(before.rotation, after.rotation)


def test_another_breath_makes_the_take_anew(stage, server) -> None:
    stage.dirfa.breath = 0.0

    assert retaking.missing_region(stage) == "ALL"
    retaking.follow()

    assert (server.settings[-1].breath, server.settings[-1].seed) == (0.0, 0)
    assert retaking.missing_region(stage) == ""


def test_a_rate_that_gives_the_same_take_is_not_asked_for_again(stage, server) -> None:
    line = stage.dirfa.lines[0]
    stage.dirfa.blinks = 0.3

    retaking.follow()

    assert len(line.takes) == 1, "the small server blinks at no rate, so both takes are one"
    assert line.takes[0].blinks == pytest.approx(0.3)
    assert retaking.missing_region(stage) == ""


def test_a_running_job_is_waited_for(stage, server) -> None:
    stage.dirfa.seed = 3
    state().begin("Listening", lambda: None)

    again = retaking.follow()
    state().end()

    assert again == retaking.SETTLED_SECONDS
    assert len(server.settings) == 1


def test_without_a_take_there_is_nothing_to_follow(stage) -> None:
    stage.dirfa.lines[0].takes.clear()

    assert retaking.missing_region(stage) == ""
    assert acting.current_line(stage) is not None
