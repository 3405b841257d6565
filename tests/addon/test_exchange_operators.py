"""The import and export entries: what they do, and that they name what stands in the way."""

from __future__ import annotations

import threading
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.commands import blender_command
from dirfa_blender.core.formats.exchange import encoded_take
from dirfa_blender.core.formats.interchange import read_arkit_json
from dirfa_blender.core.formats.take_formats import SUFFIXES, TITLES
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.npz_io import write_animation
from dirfa_blender.head import meshes
from dirfa_blender.operators import take
from dirfa_blender.performing import acting
from tests.addon.ball_head import ball_head, wavy_animation
from tests.addon.stage import line_with_take, take_of


@pytest.fixture
def face(scene):
    dirfa_blender.register()
    head = meshes.build_head(ball_head(rings=8, segments=8, textured=False), "Ball")
    bpy.context.view_layer.objects.active = head.face
    yield head.face
    dirfa_blender.unregister()


def test_a_live_link_file_plays_on_the_selected_character(face, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(encoded_take(wavy_animation(0.5), "live_link", ".csv"))

    assert bpy.ops.dirfa.import_take(filepath=str(path)) == {"FINISHED"}

    assert any("jawOpen" in curve for curve, _ in fcurves.curves_of(face.data.shape_keys))


def test_a_wrong_file_changes_nothing_and_says_why(face, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("hello")

    with pytest.raises(RuntimeError, match="none of the formats"):
        bpy.ops.dirfa.import_take(filepath=str(path))

    assert not len(bpy.data.actions)


def test_a_take_of_another_program_is_read_in_a_thread_and_enters_in_pieces(
    face, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(encoded_take(wavy_animation(2.0), "live_link", ".csv"))
    threads, pieces = [], []
    whole = take.read_take
    steps = take.take_steps

    def read_take(*words):
        threads.append(threading.current_thread())
        return whole(*words)

    def take_steps(*words):
        result = yield from map_steps(steps(*words), pieces)
        return result

    monkeypatch.setattr(take, "read_take", read_take)
    monkeypatch.setattr(take, "take_steps", take_steps)

    assert bpy.ops.dirfa.import_take(filepath=str(path)) == {"FINISHED"}

    assert threads and threads[0] is not threading.main_thread()
    assert len(pieces) > 5


def map_steps(steps, pieces: list):
    """The steps as they are, each noted."""
    try:
        while True:
            pieces.append(next(steps))
            yield pieces[-1]
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize(
    "name", ["export_character", "export_take", "import_take", "save_take", "apply_take"]
)
@pytest.mark.parametrize("empty", ["", "folder", "folder/"])
def test_a_folder_without_a_name_is_no_file_to_write_or_read(
    face, tmp_path: Path, name: str, empty: str
) -> None:
    line_with_take(face)
    (tmp_path / "folder").mkdir()

    with pytest.raises(RuntimeError, match="only a folder was given"):
        getattr(bpy.ops.dirfa, name)(filepath=str(tmp_path / empty) + "/" * (empty[-1:] == "/"))
    with pytest.raises(RuntimeError, match="only a folder was given"):
        getattr(bpy.ops.dirfa, name)(filepath="")

    assert [entry.name for entry in tmp_path.rglob("*")] == ["folder"]


def test_the_selected_character_is_exported(face, tmp_path: Path) -> None:
    assert bpy.ops.dirfa.export_character(filepath=str(tmp_path / "a")) == {"FINISHED"}

    assert (tmp_path / "a.glb").read_bytes()[:4] == b"glTF"


def test_the_command_inside_blender_works_on_the_open_scene(face, tmp_path: Path, capsys) -> None:
    write_animation(tmp_path / "a.npz", wavy_animation(0.2))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    out = tmp_path / "b.blend"
    words = ["-o", str(out), "--take", str(tmp_path / "a.npz"), "--character"]

    codes = [
        blender_command.run(["apply", *words, face.name]),
        blender_command.run(["apply", *words, "Nobody"]),
        blender_command.run(["dance"]),
    ]

    assert codes == [0, 1, 2]
    assert out.is_file()
    assert "no object 'Nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("kind", list(TITLES))
def test_a_take_is_written_for_another_program_and_comes_back(
    face, tmp_path: Path, kind: str
) -> None:
    scene = bpy.context.scene
    scene.dirfa.rate = "29.97"
    line_with_take(face, take_of(0, 1.0))
    path = tmp_path / f"a{SUFFIXES[kind][0]}"

    assert bpy.ops.dirfa.export_take(filepath=str(path), kind=kind) == {"FINISHED"}
    assert bpy.ops.dirfa.import_take(filepath=str(path)) == {"FINISHED"}

    first, second = scene.dirfa.lines
    assert second.takes[0].seconds == pytest.approx(first.takes[0].seconds, abs=0.05)
    assert second.frame_start == 31
    wrote, read = (
        acting.take_of_line(scene, index, directed=False).resampled(30000 / 1001)
        for index in (0, 1)
    )
    if kind in ("live_link", "arkit"):
        profile = load_profile("arkit")
        before, after = profile.apply(wrote), profile.apply(read)
        away = np.abs(after.weights[: len(before.weights)] - before.weights).max(0)
        assert np.median(away) < 1e-4
        assert np.abs(after.rotation[: len(before.weights)] - before.rotation).max() < 1e-4


def test_sliders_of_the_line_are_in_what_is_written_unless_refused(face, tmp_path: Path) -> None:
    line = line_with_take(face, take_of(0, 1.0))
    line.controls.jaw = 0.0
    jaws = {}

    for is_directed in (True, False):
        path = tmp_path / f"{is_directed}.json"
        bpy.ops.dirfa.export_take(filepath=str(path), kind="arkit", is_directed=is_directed)
        track = read_arkit_json(path.read_text())
        jaws[is_directed] = float(track.weights[:, track.names.index("jawOpen")].max())

    assert jaws[True] < 0.05 < 0.5 < jaws[False]


def test_a_name_of_another_kind_gets_the_formats_suffix(face, tmp_path: Path) -> None:
    line_with_take(face, take_of(0, 0.4))

    bpy.ops.dirfa.export_take(filepath=str(tmp_path / "a.txt"), kind="meta_visemes")

    assert (tmp_path / "a.csv").read_text().startswith("seconds,sil,PP")


def test_without_a_take_the_button_says_so(face) -> None:
    with pytest.raises(RuntimeError, match="Generate a first take of the line"):
        bpy.ops.dirfa.export_take(filepath="/tmp/a.csv")
