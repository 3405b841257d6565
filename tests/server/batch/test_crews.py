"""Who makes the lines: a worker that dies, a full disk, a cluster."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dirfa_blender.core.errors import ServerError
from dirfa_blender.core.npz_io import animation_from_bytes
from dirfa_blender.core.protocol import AnimateSettings
from server.batch import making
from server.batch.crew import CrewSettings, OwnCrew, ProcessCrew
from server.batch.making import Order
from server.batch.store import TakeStore, take_key
from server.scale.crew import RayCrew

from .test_batch_command import record


def orders(tmp_path: Path, count: int, *, send: bool = False) -> list[Order]:
    audio = record(tmp_path / "a.wav")
    data = audio.read_bytes() if send else None
    return [
        Order(
            number=number,
            audio=str(audio),
            settings={"seed": number},
            outputs=(f"{number}.npz" if send else str(tmp_path / f"{number}.npz"),),
            source={},
            key=f"{number:064d}",
            data=data,
        )
        for number in range(count)
    ]


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_a_worker_that_is_killed_costs_its_line_only(tmp_path: Path, monkeypatch) -> None:
    wanted = iter(orders(tmp_path, 3))
    started: list[subprocess.Popen[str]] = []

    class Watched(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)

    with ProcessCrew(CrewSettings("cpu"), 1) as crew:
        answers = crew.run(wanted)
        first = next(answers)
        started[0].kill()
        rest = list(answers)

    assert first.error == ""
    assert sorted(made.number for made in rest) == [1, 2]
    assert sum("SIGKILL" in made.error for made in rest) <= 1
    assert sum(not made.error for made in rest) >= 1


def test_a_full_disk_is_the_answer_of_a_line(tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "write_whole", full)
    with OwnCrew(CrewSettings("cpu")) as crew:
        made = next(crew.run(iter(orders(tmp_path, 1))))

    assert "No space left on device" in made.error
    assert not list(tmp_path.glob("*.npz"))


def test_a_cluster_without_ray_is_a_sentence(monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(ServerError, match="needs Ray, which is not installed"):
        RayCrew(CrewSettings("cpu"))


def test_a_cluster_of_two_gives_the_bytes_of_one_process(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("ray", reason="ray is not installed: it is the extra named scale")
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")
    sent = orders(tmp_path, 4, send=True)
    with OwnCrew(CrewSettings("cpu")) as crew:
        alone = {made.number: made.files for made in crew.run(iter(sent))}

    with RayCrew(CrewSettings("cpu"), count=2) as crew:
        together = {made.number: made.files for made in crew.run(iter(sent))}

    assert together == alone


def test_the_store_keeps_within_its_limit_and_forgets_the_longest_unused(tmp_path: Path) -> None:
    with OwnCrew(CrewSettings("cpu")) as crew:
        made = next(crew.run(iter(orders(tmp_path, 1, send=True))))
    data = made.files["0.npz"]
    store = TakeStore(tmp_path / "store", max_bytes=int(2.5 * len(data)))
    for number in range(3):
        store.put(f"{number:064d}", data)
        os.utime(tmp_path / "store" / "00" / f"{number:064d}.npz", (number, number))
    store.get(f"{0:064d}")

    store.sweep()

    assert store.get(f"{0:064d}") == data
    assert store.get(f"{1:064d}") is None


def test_a_damaged_take_in_the_store_is_a_miss(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    store.put("ab", b"not a take")

    assert store.get("ab") is None


def test_the_key_depends_on_recording_weights_settings_and_version() -> None:
    keys = {
        take_key("a", "w", AnimateSettings(), "1"),
        take_key("b", "w", AnimateSettings(), "1"),
        take_key("a", "v", AnimateSettings(), "1"),
        take_key("a", "w", AnimateSettings(seed=1), "1"),
        take_key("a", "w", AnimateSettings(), "2"),
    }

    assert len(keys) == 5


def test_a_take_made_elsewhere_says_what_made_it(tmp_path: Path) -> None:
    with OwnCrew(CrewSettings("cpu")) as crew:
        made = next(crew.run(iter(orders(tmp_path, 1, send=True))))

    take = animation_from_bytes(made.files["0.npz"])
    assert take.source["synthetic"] == "true"
