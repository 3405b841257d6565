"""The version in Blender's manifest, the only place that has one. Standard library only. No bpy."""

from __future__ import annotations

import tomllib
from pathlib import Path

MANIFEST = Path(__file__).resolve().parents[2] / "blender_manifest.toml"


def project_version() -> str:
    """Three numbers with dots."""
    return str(tomllib.loads(MANIFEST.read_text("utf-8"))["version"])
