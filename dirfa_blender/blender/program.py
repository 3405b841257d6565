"""How this very Blender is started once more, without a window."""

from __future__ import annotations

import bpy


def program(*, with_scripts: bool) -> tuple[str, ...]:
    """Executable and options of a second Blender; empty where it is a module."""
    if not bpy.app.binary_path:
        return ()
    scripts = "--enable-autoexec" if with_scripts else "--disable-autoexec"
    return (bpy.app.binary_path, "-b", scripts, "--python-exit-code", "3")
