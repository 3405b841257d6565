"""From one Blender to the next: the extension, its settings and the server stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dirfa_blender.commands.extension import build_extension
from tests.addon.newest_blender import PYTHON

FIRST = """
import sys, bpy
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
chosen = bpy.context.preferences.addons["bl_ext.user_default.dirfa"].preferences
chosen.proxy, chosen.device, chosen.show_first_run = "http://proxy:3128", "cpu", False
bpy.ops.wm.save_userpref()
"""
SECOND = """
import json, sys, bpy
bpy.ops.wm.read_userpref()
addon = bpy.context.preferences.addons.get("bl_ext.user_default.dirfa")
found = {"version": bpy.app.version[:2], "enabled": addon is not None and hasattr(bpy.types.Scene, "dirfa")}
if addon is not None and addon.preferences is not None:
    found |= {name: getattr(addon.preferences, name) for name in ("proxy", "device", "show_first_run")}
module = sys.modules.get("bl_ext.user_default.dirfa.dirfa_blender.setup.environment")
found["server"] = str(module.user_folder()) if module else ""
print("FOUND" + json.dumps(found))
"""


def test_an_upgrade_keeps_the_extension_its_settings_and_the_place_of_the_server(
    tmp_path: Path,
) -> None:
    if not PYTHON.exists() or sys.version_info >= (3, 13):
        pytest.skip("needs both Blenders: see `python3 dirfa.py doctor`")
    built = build_extension(tmp_path)
    resources = tmp_path / "resources"
    resources.mkdir()
    surroundings = dict(
        os.environ, BLENDER_USER_RESOURCES=str(resources), XDG_DATA_HOME=str(tmp_path)
    )

    for python, code in ((Path(sys.executable), FIRST), (PYTHON, SECOND)):
        run = subprocess.run(
            [str(python), "-c", code, str(built)],
            env=surroundings, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr

    found = json.loads(run.stdout.partition("FOUND")[2].splitlines()[0])
    assert found == {
        "version": [5, 2], "enabled": True, "proxy": "http://proxy:3128", "device": "cpu",
        "show_first_run": False, "server": str(tmp_path / "dirfa" / "environment"),
    }  # fmt: skip
