"""``apply``, ``render`` and ``export`` as a farm calls them: real processes, exit codes, restarts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import bpy
import pytest

from dirfa_blender.__main__ import main
from dirfa_blender.blender import fcurves
from dirfa_blender.blender import scene as staging
from dirfa_blender.commands import scene_command
from dirfa_blender.commands.scene_order import order_from
from dirfa_blender.core import announcement, partials
from dirfa_blender.core.errors import FormatError, SettingsError
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.npz_io import write_animation
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.core.provenance import PROPERTY, SYNTHETIC, digital_source_type
from dirfa_blender.export import exports
from dirfa_blender.head import meshes
from dirfa_blender.rendering import shot
from server.batch.lines import read_lines
from tests.addon.ball_head import ball_head, wavy_animation
from tests.addon.stand_ins import face_with_keys
from tests.addon.test_scene import write_tone
from tests.addon.test_shared_meshes import twin_of


@pytest.fixture
def stage(scene, tmp_path: Path) -> Path:
    """A folder with a scene whose character waits for a take, and a take with its recording."""
    head = meshes.build_head(ball_head(rings=8, segments=8, textured=False), "Ball")
    shot.build_shot(scene, head)
    staging.save_blend(tmp_path / "scene.blend")
    write_animation(tmp_path / "a.npz", wavy_animation(0.12))
    write_tone(tmp_path / "a.wav", 0.12)
    return tmp_path


def run(*words: object) -> int:
    return main([str(word) for word in words])


def follows(face: str) -> bool:
    """Whether the shoulders of a character are animated."""
    curves = fcurves.curves_of(bpy.data.objects[face].parent)
    assert any('"head"' in path for path, _ in curves)
    return any('"root"' in path for path, _ in curves)


def test_a_take_is_applied_rendered_and_exported_without_a_window(stage: Path, capsys) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    applied, film, model = stage / "b.blend", stage / "b.mp4", stage / "b.glb"

    codes = [
        run("apply", stage / "scene.blend", "-o", applied, "--take", stage / "a.npz",
            "--audio", stage / "a.wav", "--character", face, "--fps", "23.976"),
        run("render", applied, "-o", film, "--engine", "cycles", "--size", "32x32",
            "--samples", "1", "--frames", "1-2"),
        run("export", applied, "-o", model, "--json"),
    ]  # fmt: skip

    told = capsys.readouterr()
    assert codes == [0, 0, 0], told.err
    assert json.loads(told.out.splitlines()[-1])["event"] == "done"
    assert digital_source_type(film) == SYNTHETIC
    assert model.read_bytes()[:4] == b"glTF"
    bpy.ops.wm.open_mainfile(filepath=str(applied))
    scene = bpy.context.scene
    assert (scene.render.fps, round(scene.render.fps_base, 6)) == (24, 1.001)
    assert scene.frame_end == 3
    assert scene[PROPERTY] == SYNTHETIC
    assert scene.sequence_editor.strips[0].type == "SOUND"
    assert follows(face)


def test_a_take_begins_with_its_scene_unless_it_is_told_otherwise(stage: Path, capsys) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1001, 1100
    staging.save_blend(stage / "late.blend")
    words = ("--take", stage / "a.npz", "--audio", stage / "a.wav", "--character", face)

    codes = [
        run("apply", stage / "late.blend", "-o", stage / "b.blend", *words),
        run(
            "apply", stage / "late.blend", "-o", stage / "c.blend", *words, "--frame-start", "1010"
        ),
    ]

    assert codes == [0, 0], capsys.readouterr().err
    for name, first in (("b.blend", 1001), ("c.blend", 1010)):
        bpy.ops.wm.open_mainfile(filepath=str(stage / name))
        scene = bpy.context.scene
        curves = fcurves.curves_of(bpy.data.objects[face].data.shape_keys).values()
        assert scene.frame_start == first
        assert {curve.keyframe_points[0].co.x for curve in curves} == {first}


def test_a_take_that_replaces_another_of_the_character_says_so(stage: Path, capsys) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    how = ("--take", stage / "a.npz", "--character", face)
    run("apply", stage / "scene.blend", "-o", stage / "b.blend", *how)
    first = capsys.readouterr().err

    code = run("apply", stage / "b.blend", "-o", stage / "c.blend", *how)

    told = capsys.readouterr().err
    assert code == 0 and "has a performance" not in first
    assert f"'{face}' has a performance" in told and "which this take replaces" in told


def test_the_scene_of_a_file_that_is_meant_is_named(stage: Path, capsys) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    bpy.context.scene.name = "Shot 1"
    bpy.context.window.scene = bpy.data.scenes.new("Office")
    staging.save_blend(stage / "several.blend")
    words = ["apply", stage / "several.blend", "-o", stage / "b.blend", "--take", stage / "a.npz",
             "--character", face]  # fmt: skip

    codes = [run(*words), run(*words, "--in-scene", "Shot 2"), run(*words, "--in-scene", "Shot 1")]

    told = capsys.readouterr().err
    assert codes == [1, 1, 0], told
    assert "Scene 'Office' has no object" in told
    assert "Scene 'Shot 1' has it: name that with --in-scene." in told
    assert "no scene 'Shot 2' in the file; it has Office, Shot 1" in told
    bpy.ops.wm.open_mainfile(filepath=str(stage / "b.blend"))
    assert bpy.context.scene.name == "Shot 1"
    assert len(fcurves.curves_of(bpy.data.objects[face].data.shape_keys)) == 53


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("verb", ["apply", "render", ".gltf", ".usdc"])
def test_a_command_that_is_killed_leaves_the_old_output_and_the_next_run_clears_up(
    stage: Path, verb: str
) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    out = stage / "out"
    out.mkdir()
    suffix = {"apply": ".blend", "render": ".mp4"}.get(verb, verb)
    output = out / f"b{suffix}"
    output.write_bytes(b"the old one")
    words = {
        "apply": ["--take", stage / "a.npz", "--character", face],
        "render": ["--engine", "cycles", "--size", "32x32", "--samples", "1", "--frames", "1-3"],
    }.get(verb, [])
    command = [verb if words else "export", stage / "scene.blend", "-o", output, *words, "--json"]

    for events in (1, 3):
        begun = subprocess.Popen(
            [sys.executable, "-m", "dirfa_blender", *map(str, command)], stdout=subprocess.PIPE
        )
        with begun:
            for _ in range(events):
                begun.stdout.readline()
            begun.kill()
        gone_within(out, 20.0)
        visible = [path.name for path in out.iterdir() if not path.name.startswith(".")]
        assert output.name in visible
        if visible == [output.name] and output.read_bytes() == b"the old one":
            continue
        # It was done by then; whole is what its Blender can read.
        assert whole(output)
        output.write_bytes(b"the old one")

    assert run(*command) == 0
    assert whole(output)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]


def gone_within(folder: Path, seconds: float) -> None:
    """Wait for the Blender of a killed command, which leaves when it finds itself alone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = [partials.PATTERN.fullmatch(path.name) for path in folder.iterdir()]
        if not any(match and announcement.is_running(int(match[2])) for match in found):
            return
        time.sleep(0.1)


def whole(path: Path) -> bool:
    """Whether a file has what its format begins and ends with."""
    data = path.read_bytes()
    begins = {".mp4": data[4:8] == b"ftyp", ".glb": data[:4] == b"glTF", ".gltf": data[:1] == b"{"}
    if path.suffix == ".gltf":
        named = json.loads(data)["buffers"][0]
        return (path.parent / named["uri"]).stat().st_size == named["byteLength"]
    return begins.get(path.suffix, True) and exports._is_whole(path)


def test_a_manifest_goes_on_where_it_stopped(stage: Path, capsys) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    manifest = stage / "lines.csv"
    manifest.write_text(
        "id,scene,take,character,emotion,follow_through\n"
        f"one,scene.blend,a.npz,{face},happy,0\n"
        "two,scene.blend,a.npz,Nobody,,\n"
    )

    code = run("apply", "--manifest", manifest, "-o", stage / "out", "--json")
    first = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    again = run("apply", "--manifest", manifest, "-o", stage / "out", "--json")
    second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert (code, again) == (1, 1)
    assert [e["state"] for e in first if e["event"] == "line"] == ["made", "failed"]
    assert [e["state"] for e in second if e["event"] == "line"] == ["skipped", "failed"]
    failure = next(e["message"] for e in first if e.get("state") == "failed")
    assert "no object 'Nobody'" in failure
    assert face in failure
    assert "line 3" in failure
    bpy.ops.wm.open_mainfile(filepath=str(stage / "out" / "one.blend"))
    assert not follows(face)


def test_an_id_that_is_no_file_name_everywhere_finds_the_take_of_its_batch(
    stage: Path, capsys
) -> None:
    face = next(o.name for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
    (stage / "a.wav").rename(stage / "hi.wav")
    manifest = stage / "lines.csv"
    manifest.write_text(
        f"id,audio,scene,character\nCON,hi.wav,scene.blend,{face}\nwho?,hi.wav,scene.blend,{face}\n"
    )
    made = [
        name for line in read_lines(manifest, AnimateSettings(), (".npz",)) for name in line.outputs
    ]
    for name in made:
        write_animation(stage / name, wavy_animation(0.12))

    code = run("apply", "--manifest", manifest, "--takes", stage, "-o", stage / "out")

    assert code == 0, capsys.readouterr().err
    assert sorted(made) == ["_CON.npz", "who_.npz"]
    assert sorted(path.name for path in (stage / "out").glob("*.blend")) == [
        "_CON.blend",
        "who_.blend",
    ]


def test_every_bad_row_of_a_manifest_is_named(tmp_path: Path, capsys) -> None:
    manifest = tmp_path / "lines.json"
    rows = [
        {"id": "a", "scene": "a.blend", "frames": "9-1"},
        {"id": "b"},
        {"id": "c", "scene": "a.blend", "output": "../c.mp4"},
        {"id": "d", "scene": "a.blend", "samples": "many"},
    ]
    manifest.write_text(json.dumps(rows))

    code = run("render", "--manifest", manifest, "-o", tmp_path / "out")

    told = capsys.readouterr().err
    assert code == 2
    assert "4 problems" in told
    for part in (
        "entry 1, column frames: The frames must be",
        "entry 2, column scene: ",
        "entry 3, column output: ",
        "entry 4, column samples: ",
    ):
        assert part in told
    assert not (tmp_path / "out").exists()


def test_a_performance_never_replaces_that_of_a_character_with_the_same_mesh(
    scene, tmp_path: Path, capsys
) -> None:
    twin_of(face_with_keys(ARKIT_NAMES, "Hero"))
    staging.save_blend(tmp_path / "scene.blend")
    write_animation(tmp_path / "a.npz", wavy_animation(0.12))
    manifest = tmp_path / "lines.csv"
    manifest.write_text(
        "id,scene,take,character\n"
        "one,scene.blend,a.npz,Hero\n"
        "two,out/one.blend,a.npz,Twin\n"
        "three,out/one.blend,a.npz,Hero\n"
    )
    capsys.readouterr()

    code = run("apply", "--manifest", manifest, "-o", tmp_path / "out", "--json")

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ended = {e["id"]: e for e in told if e["event"] == "line"}
    assert code == 1
    assert [ended[id]["state"] for id in ("one", "two", "three")] == ["made", "failed", "made"]
    assert "'Twin' has one mesh with 'Hero', whose performance" in ended["two"]["message"]
    assert "Give Own Mesh" in ended["two"]["message"]
    assert not (tmp_path / "out" / "two.blend").exists()


@pytest.mark.parametrize(
    ("verb", "change", "message"),
    [
        ("render", {"output": "a.avi"}, "ends in .mp4"),
        ("apply", {"output": "a.blend"}, "name both"),
        ("render", {"engine": "luxcore"}, "engine must be"),
        ("render", {"size": "big"}, "size must be"),
        ("export", {"fps": "fast"}, "frame rate must be"),
        ("apply", {"take": "a", "character": "b", "follow_through": "3"}, r"must be 0\.\.2, got 3"),
    ],
)
def test_an_order_out_of_range_is_refused(verb: str, change: dict[str, str], message: str) -> None:
    outputs = {"render": "a.mp4", "apply": "a.blend", "export": "a.glb"}
    values = {"verb": verb, "scene": "a.blend", "output": outputs[verb]} | change

    with pytest.raises(SettingsError, match=message):
        order_from(values)


@pytest.mark.parametrize(
    ("cell", "meant"), [("yes", True), ("1", True), ("", False), ("No", False), (True, True)]
)
def test_a_switch_in_a_manifest_is_yes_or_no(cell: object, meant: bool) -> None:
    values = {"verb": "export", "scene": "a.blend", "output": "a.glb"}

    assert order_from(values | {"from_zero": cell}).from_zero is meant
    with pytest.raises(FormatError, match="from_zero must be yes or no, got 'maybe'"):
        order_from(values | {"from_zero": "maybe"})


def test_usage_without_a_scene_has_exit_code_2(tmp_path: Path) -> None:
    assert run("render", "-o", tmp_path / "a.mp4") == 2
    assert scene_command.parser_of("apply").prog.endswith("apply")
    assert "bpy" in sys.modules


def test_every_bad_cell_of_a_row_is_named_by_its_column(tmp_path: Path, capsys) -> None:
    manifest = tmp_path / "lines.csv"
    manifest.write_text(
        "id,scene,character,fps,frame_start,follow_through\na,a.blend,,fast,1.5,7\na,,Ann,24,1,\n"
    )

    code = run("apply", "--manifest", manifest, "-o", tmp_path / "out", "--json")

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    places = [(event["where"], event["column"]) for event in events if event["event"] == "problem"]
    assert code == 2
    assert sorted(places) == [
        ("line 2", "character"), ("line 2", "follow_through"), ("line 2", "fps"),
        ("line 2", "frame_start"), ("line 2", "take"), ("line 3", "id"), ("line 3", "scene"),
        ("line 3", "take"),
    ]  # fmt: skip
