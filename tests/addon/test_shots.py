"""Several lines of several characters in one scene, made without a window as the list makes them."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from dirfa_blender.__main__ import main
from dirfa_blender.blender import fcurves
from dirfa_blender.blender import scene as staging
from dirfa_blender.commands import blender_command
from dirfa_blender.core.npz_io import write_animation
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.performing import acting, takes
from server.batch.lines import read_lines
from tests.addon.stage import character, take_of
from tests.addon.test_scene import write_tone

JAW = ('key_blocks["jawOpen"].value', 0)


@pytest.fixture
def folder(stage, tmp_path: Path) -> Path:
    """A scene with two characters, and takes with their recordings."""
    for name in ("Ann", "Bob"):
        character(name)
    staging.save_blend(tmp_path / "set.blend")
    for seed, name in enumerate(("a1", "a2", "b1", "a1_v2")):
        write_animation(tmp_path / f"{name}.npz", take_of(seed, 1.0))
        write_tone(tmp_path / f"{name}.wav", 1.0)
    return tmp_path


def run(capsys, *words: object) -> tuple[int, list[dict[str, object]]]:
    capsys.readouterr()
    code = main([*(str(word) for word in words), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def said(path: Path) -> list[tuple[str, str, float, list[str]]]:
    """Lines of a file: name, who speaks, first frame, what its takes are made from."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return [
        (line.name, line.character.name, line.frame_start, [take.note for take in line.takes])
        for line in bpy.context.scene.dirfa.lines
    ]


def jaw(name: str, frames: np.ndarray) -> np.ndarray:
    return fcurves.sampled(fcurves.curves_of(bpy.data.objects[name].data.shape_keys)[JAW], frames)


def write_manifest(folder: Path, *rows: str) -> Path:
    manifest = folder / "lines.csv"
    manifest.write_text("\n".join(["id,shot,scene,take,audio,character,frame_start,line", *rows]))
    return manifest


def test_rows_of_a_shot_are_lines_of_one_scene(folder: Path, capsys) -> None:
    manifest = write_manifest(
        folder,
        "a2,s010,set.blend,a2.npz,a2.wav,Ann,101,",
        "a1,s010,set.blend,a1.npz,a1.wav,Ann,11,",
        "b1,s010,set.blend,b1.npz,b1.wav,Bob,40,",
        "x,s020,set.blend,a1.npz,a1.wav,Bob,,",
        "y,s020,set.blend,b1.npz,b1.wav,Bob,,",
    )

    code, events = run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")

    assert code == 0, events
    made = [event["id"] for event in events if event["event"] == "line"]
    assert made == ["a2", "a1", "b1", "x", "y"]
    assert sorted(path.name for path in (folder / "out").glob("*.blend")) == [
        "s010.blend", "s020.blend",
    ]  # fmt: skip
    assert said(folder / "out" / "s010.blend") == [
        ("a2", "Ann", 101.0, ["a2.npz"]), ("a1", "Ann", 11.0, ["a1.npz"]),
        ("b1", "Bob", 40.0, ["b1.npz"]),
    ]  # fmt: skip
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (11, 124)
    strips = scene.sequence_editor.strips
    starts = {strip.name: round(staging.span_of(strip)[0]) for strip in strips}
    assert starts == {"a1": 11, "b1": 40, "a2": 101}
    assert np.ptp(jaw("Ann", np.arange(11.0, 35.0))) > 0.2
    assert np.ptp(jaw("Ann", np.arange(101.0, 125.0))) > 0.2
    assert np.ptp(jaw("Ann", np.arange(50.0, 90.0))) < 1e-3
    assert [start for _, _, start, _ in said(folder / "out" / "s020.blend")] == [1.0, 25.0]


def test_a_scene_made_without_a_window_goes_on_in_one(folder: Path, capsys) -> None:
    manifest = write_manifest(
        folder, "a1,s,set.blend,a1.npz,,Ann,11,", "a2,s,set.blend,a2.npz,,Ann,60,"
    )
    run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")
    said(folder / "out" / "s.blend")
    before = jaw("Ann", np.arange(11.0, 35.0))

    bpy.context.scene.dirfa.lines[0].frame_start = 21.0

    assert np.allclose(jaw("Ann", np.arange(21.0, 45.0)), before, atol=2e-3)


def test_takes_of_one_line_lie_side_by_side(folder: Path, capsys) -> None:
    manifest = write_manifest(
        folder,
        "a1,s,set.blend,a1.npz,a1.wav,Ann,11,hello",
        "a1_v2,s,set.blend,a1_v2.npz,a1.wav,Ann,,hello",
    )

    code, events = run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")

    assert code == 0, events
    assert said(folder / "out" / "s.blend") == [("hello", "Ann", 11.0, ["a1.npz", "a1_v2.npz"])]
    line = bpy.context.scene.dirfa.lines[0]
    assert line.take_index == 1
    assert len(bpy.context.scene.sequence_editor.strips) == 1
    shown = jaw("Ann", np.arange(11.0, 35.0))
    line.take_index = 0
    assert takes.chosen_take(line).note == "a1.npz"
    assert not np.allclose(jaw("Ann", np.arange(11.0, 35.0)), shown, atol=0.1)


def test_a_line_joins_what_an_artist_has_directed(folder: Path, capsys) -> None:
    """Lines, sliders and hand edits of the file stay, and a line of the name gets one take more."""
    manifest = write_manifest(folder, "a1,s,set.blend,a1.npz,a1.wav,Ann,11,")
    run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")
    first = folder / "out" / "s.blend"
    said(first)
    bpy.context.scene.dirfa.lines[0].controls.jaw = 0.5
    before = jaw("Ann", np.arange(11.0, 35.0))
    bpy.ops.wm.save_mainfile()
    second, third = folder / "second.blend", folder / "third.blend"

    code, _ = run(capsys, "apply", first, "-o", second, "--take", folder / "a2.npz", "--audio",
                  folder / "a2.wav", "--character", "Ann", "--line", "a2")  # fmt: skip
    again, _ = run(capsys, "apply", second, "-o", third, "--take", folder / "a1_v2.npz", "--audio",
                   folder / "a1_v2.wav", "--character", "Ann", "--line", "a1",
                   "--frame-start", 111)  # fmt: skip

    assert code == again == 0
    assert said(second) == [("a1", "Ann", 11.0, ["a1.npz"]), ("a2", "Ann", 35.0, ["a2.npz"])]
    assert bpy.context.scene.dirfa.lines[0].controls.jaw == 0.5
    assert np.allclose(jaw("Ann", np.arange(11.0, 25.0)), before[:14], atol=2e-3)
    assert said(third)[0] == ("a1", "Ann", 111.0, ["a1.npz", "a1_v2.npz"])
    strips = bpy.context.scene.sequence_editor.strips
    heard = {Path(strip.sound.filepath).name: round(staging.span_of(strip)[0]) for strip in strips}
    assert heard == {"a1_v2.wav": 111, "a2.wav": 35}


def test_lines_of_a_file_stay_where_a_take_is_applied_in_their_place(folder: Path, capsys) -> None:
    manifest = write_manifest(folder, "a1,s,set.blend,a1.npz,,Ann,11,")
    run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")

    code, events = run(capsys, "apply", folder / "out" / "s.blend", "-o", folder / "n.blend",
                       "--take", folder / "b1.npz", "--character", "Bob")  # fmt: skip

    assert code == 0, events
    assert said(folder / "n.blend") == [("a1", "Ann", 11.0, ["a1.npz"])]
    face = bpy.data.objects["Ann"]
    assert acting.record_of(bpy.context.scene, face).action is not None


def test_a_shot_is_made_again_when_one_of_its_rows_changed(folder: Path, capsys) -> None:
    rows = ["a1,s,set.blend,a1.npz,,Ann,11,", "b1,s,set.blend,b1.npz,,Bob,40,",
            "x,,set.blend,a1.npz,,Ann,,"]  # fmt: skip
    how = ("apply", "--manifest", write_manifest(folder, *rows), "-o", folder / "out")
    states = []
    for change in ("", "", "50"):
        if change:
            write_manifest(folder, rows[0], rows[1].replace("40", change), rows[2])
        _, events = run(capsys, *how)
        states.append([event["state"] for event in events if event["event"] == "line"])

    assert states == [["made"] * 3, ["skipped"] * 3, ["made", "made", "skipped"]]


def test_a_studio_s_own_blender_joins_lines_in_the_open_scene(folder: Path, capsys) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(folder / "set.blend"))
    how = ["--character", "Ann", "--audio", str(folder / "a1.wav")]
    words = ["apply", "-o", str(folder / "n.blend"), *how, "--line"]

    codes = [
        blender_command.run([*words, line, "--take", str(folder / f"{take}.npz")])
        for line, take in (("a", "a1"), ("b", "a2"))
    ]

    assert codes == [0, 0], capsys.readouterr().err
    assert [(name, start) for name, _, start, _ in said(folder / "n.blend")] == [
        ("a", 1.0), ("b", 25.0),
    ]  # fmt: skip


def test_tasks_of_a_farm_make_every_scene_once(folder: Path, capsys) -> None:
    manifest = write_manifest(
        folder,
        "a1,s,set.blend,a1.npz,,Ann,11,",
        "x,,set.blend,a1.npz,,Ann,,",
        "b1,s,set.blend,b1.npz,,Bob,40,",
        "y,,set.blend,a1.npz,,Bob,,",
    )
    how = ("apply", "--manifest", manifest, "-o", folder / "out")
    made = []
    for part in ("1/2", "2/2"):
        _, events = run(capsys, *how, "--part", part)
        made.append({event["id"]: event["state"] for event in events if event["event"] == "line"})
    _, events = run(capsys, *how)

    assert made == [dict.fromkeys(("a1", "b1", "y"), "made"), {"x": "made"}]
    assert {event["state"] for event in events if event["event"] == "line"} == {"skipped"}
    assert run(capsys, *how, "--part", "3/2")[0] == 2


def test_a_row_that_fails_fails_its_shot_alone_and_says_why(folder: Path, capsys) -> None:
    (folder / "bad.npz").write_bytes(b"no take")
    manifest = write_manifest(
        folder,
        "a1,s,set.blend,a1.npz,,Ann,11,",
        "b1,s,set.blend,bad.npz,,Bob,40,",
        "x,t,set.blend,a1.npz,,Ann,,",
    )

    code, events = run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")

    ended = {event["id"]: event for event in events if event["event"] == "line"}
    assert code == 1
    assert [ended[id]["state"] for id in ("a1", "b1", "x")] == ["failed", "failed", "made"]
    assert "bad.npz" in ended["a1"]["message"]
    assert not (folder / "out" / "s.blend").exists()


def test_rows_of_a_shot_must_begin_with_one_scene(folder: Path, capsys) -> None:
    manifest = write_manifest(
        folder, "a1,s,set.blend,a1.npz,,Ann,11,", "b1,s,other.blend,b1.npz,,Bob,40,"
    )

    code, events = run(capsys, "apply", "--manifest", manifest, "-o", folder / "out")

    told = " ".join(str(event.get("message")) for event in events)
    assert code == 2
    assert "All rows of shot 's' must have the same scene" in told


def test_one_manifest_serves_the_batch_and_the_scenes(folder: Path, capsys) -> None:
    manifest = write_manifest(
        folder, "a1,s,set.blend,,a1.wav,Ann,11,", "b1,s,set.blend,,b1.wav,Bob,40,"
    )

    lines = read_lines(manifest, AnimateSettings(), (".npz",))
    code, events = run(
        capsys, "apply", "--manifest", manifest, "--takes", folder, "-o", folder / "out"
    )

    assert [line.outputs for line in lines] == [("a1.npz",), ("b1.npz",)]
    assert code == 0, events
    assert len(said(folder / "out" / "s.blend")) == 2


def test_a_performance_that_is_no_line_is_named_where_lines_replace_it(
    folder: Path, capsys
) -> None:
    plain = folder / "plain.blend"
    run(capsys, "apply", folder / "set.blend", "-o", plain, "--take", folder / "a1.npz",
        "--character", "Ann")  # fmt: skip

    code, events = run(capsys, "apply", plain, "-o", folder / "n.blend", "--take",
                       folder / "a2.npz", "--character", "Ann", "--line", "a2")  # fmt: skip

    told = [event["message"] for event in events if event["event"] == "warning"]
    assert code == 0
    assert any("which is no line of the scene" in sentence for sentence in told)
    assert said(folder / "n.blend") == [("a2", "Ann", 1.0, ["a2.npz"])]
