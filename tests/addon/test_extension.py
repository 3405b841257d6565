"""The zip: what is in it, that Blender takes it, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from dirfa_blender.commands.extension import ROOT, build_extension, find_builder
from dirfa_blender.core.errors import OutputError, RenderError
from dirfa_blender.core.project_version import project_version

IN_BLENDER = """
import json, sys
import bpy
bpy.ops.extensions.package_install_files(
    filepath=sys.argv[1], repo="user_default", enable_on_install=True
)
module = "bl_ext.user_default.dirfa"
found = {
    "enabled": module in bpy.context.preferences.addons,
    "classes": sorted(name for name in dir(bpy.types) if name.startswith("DIRFA")),
    "property": hasattr(bpy.types.Scene, "dirfa"),
}
addon = bpy.context.preferences.addons[module]
found["preferences"] = addon.preferences is not None and addon.preferences.connection
found["rigs"] = bpy.context.scene.dirfa.seed == 0
import importlib
mapping = importlib.import_module(module + ".dirfa_blender.core.mapping")
found["shapes"] = len(mapping.load_profile("arkit").shapes)
roots = importlib.import_module(module + ".dirfa_blender.roots")
found["server"] = (roots.ROOT / "server" / "__main__.py").is_file()
bpy.ops.preferences.addon_disable(module=module)
found["classes_after"] = [name for name in dir(bpy.types) if name.startswith("DIRFA")]
found["property_after"] = hasattr(bpy.types.Scene, "dirfa")
bpy.ops.preferences.addon_enable(module=module)
found["enabled_again"] = hasattr(bpy.types.Scene, "dirfa")
bpy.ops.preferences.addon_disable(module=module)
with open(sys.argv[2], "w") as file:
    json.dump(found, file)
"""


@pytest.fixture(scope="module")
def zip_path(tmp_path_factory) -> Path:
    return build_extension(tmp_path_factory.mktemp("extension"))


@pytest.fixture(scope="module")
def installed(zip_path: Path, tmp_path_factory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("resources")
    answer = folder / "found.json"
    run = subprocess.run(
        [sys.executable, "-c", IN_BLENDER, str(zip_path), str(answer)],
        env=dict(os.environ, BLENDER_USER_RESOURCES=str(folder)),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(answer.read_text())


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        return [name for name in file.namelist() if not name.endswith("/")]


def test_the_zip_is_named_after_id_and_version(zip_path: Path) -> None:
    assert zip_path.name == f"dirfa-{project_version()}.zip"


def test_the_zip_carries_addon_core_server_and_rigs(zip_path: Path) -> None:
    found = set(names(zip_path))

    wanted = {"__init__.py", "blender_manifest.toml", "pyproject.toml", "rigs/arkit.json",
              "dirfa_blender/addon.py", "dirfa_blender/core/animation.py", "server/__main__.py",
              "LICENSE", "samples/speech.flac",
              "docs/manual/server.md", "dirfa_blender/translations/de_DE.json"}  # fmt: skip
    wanted |= {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "server" / "weights").glob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert wanted <= found


def test_the_zip_leaves_out_what_users_do_not_need(zip_path: Path) -> None:
    pattern = re.compile(r"(^|/)(\.|__pycache__|tests/|docs/(?!manual))|\.pyc$")

    assert not [name for name in names(zip_path) if pattern.search(name)]


def test_no_file_in_the_zip_names_a_package_outside(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path) as file:
        for name in file.namelist():
            if name.startswith("dirfa_blender/") and name.endswith(".py"):
                text = file.read(name).decode()
                assert not re.search(r"^\s*(from|import) dirfa_blender", text, re.M), name


def test_blender_installs_and_enables_it(installed: dict[str, object]) -> None:
    assert installed["enabled"]
    assert installed["property"]
    assert len(installed["classes"]) > 8  # type: ignore[arg-type]


def test_its_preferences_are_found_by_blender(installed: dict[str, object]) -> None:
    assert installed["preferences"] == "local"


def test_it_finds_its_own_rigs_and_server(installed: dict[str, object]) -> None:
    assert installed["shapes"] == 53
    assert installed["server"]


def test_disabling_leaves_nothing_and_it_can_be_enabled_again(installed: dict[str, object]) -> None:
    assert installed["classes_after"] == []
    assert not installed["property_after"]
    assert installed["enabled_again"]


def test_the_manifest_keeps_to_blenders_lengths() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))

    for text in (manifest["tagline"], *manifest["permissions"].values()):
        assert len(text) <= 64
        assert text[-1].isalnum()
    assert "wheels" not in manifest


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OutputError, match="Cannot write dirfa"):
        build_extension(tmp_path / "file")


def test_a_python_without_blender_is_a_sentence(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(RenderError, match="needs Blender's module bpy"):
        find_builder()


def test_the_zip_is_at_most_ten_megabytes_without_the_weights(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path) as file:
        packed = sum(
            i.compress_size for i in file.infolist() if not i.filename.endswith(".safetensors")
        )

    assert packed < 10_000_000
