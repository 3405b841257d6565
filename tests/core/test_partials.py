"""What lies beside a target while it is made, and what of it a later run removes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dirfa_blender.core import partials
from dirfa_blender.core.npz_io import write_whole
from dirfa_blender.core.partials import folder_beside, partial_path, remove_stale


def of_dead_process(path: Path) -> Path:
    """The same name, of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-"))


@pytest.mark.parametrize(
    "name", ["a.mp4", "Szene 1.2.blend", "ä" * 120 + ".glb", "noend", ".a.npz"]
)
def test_a_partial_is_a_hidden_writable_neighbour_with_its_targets_suffix(
    tmp_path: Path, name: str
) -> None:
    partial = partial_path(tmp_path / name)

    partial.touch()
    assert partial.parent == tmp_path
    assert partial.name.startswith(".")
    assert partial.suffix == Path(name).suffix or not Path(name).suffix
    assert partials.PATTERN.fullmatch(partial.name)
    assert partial != partial_path(tmp_path / name)


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    dead_file = of_dead_process(partial_path(tmp_path / "a.blend"))
    being_written = dead_file.with_name(dead_file.name + "@")
    dead_folder = of_dead_process(partial_path(tmp_path / "b.glb", ""))
    own = partial_path(tmp_path / "c.npz")
    kept = [own, tmp_path / "a.blend", tmp_path / ".a.partial-notes.txt", tmp_path / ".hidden"]
    for path in (dead_file, being_written, *kept):
        path.write_bytes(b"x")
    (dead_folder / "textures").mkdir(parents=True)
    (dead_folder / "textures" / "skin.png").write_bytes(b"x")

    remove_stale(tmp_path)

    assert set(tmp_path.iterdir()) == set(kept)


def test_a_partial_of_another_computer_stays_while_it_may_be_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = of_dead_process(partial_path(tmp_path / "a.mp4"))
    partial.touch()
    monkeypatch.setattr("platform.node", lambda: "another computer")

    remove_stale(tmp_path)
    stayed = partial.exists()
    long_ago = time.time() - partials.FOREIGN_SECONDS - 60
    os.utime(partial, (long_ago, long_ago))
    remove_stale(tmp_path)

    assert stayed
    assert not partial.exists()


def test_a_folder_beside_a_target_goes_with_its_block(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), folder_beside(tmp_path / "a.gltf") as folder:
        (folder / "a.bin").touch()
        raise RuntimeError

    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_has_nothing_stale(tmp_path: Path) -> None:
    remove_stale(tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="has no umask")
def test_a_file_written_whole_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a.npz", b"take")
    finally:
        os.umask(before)

    assert (tmp_path / "a.npz").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
