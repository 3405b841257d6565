"""Where the add-on lies: its folder, and the package Blender knows it by. No bpy, stdlib only."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `server/` and this package: a checkout or an installed extension."""
ROOT_PACKAGE = __package__.rpartition(".")[0] or __package__
"""The extension's package, one above this one; in a checkout there is none above."""
