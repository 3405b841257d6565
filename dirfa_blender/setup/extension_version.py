"""The version in the manifest, the only place that has one. No bpy, standard library only."""

from __future__ import annotations

import tomllib

from ..roots import ROOT

MANIFEST = ROOT / "blender_manifest.toml"


def version() -> str:
    """Three numbers with dots."""
    return str(tomllib.loads(MANIFEST.read_text("utf-8"))["version"])
