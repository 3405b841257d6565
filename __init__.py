"""The extension's door: Blender looks for it beside the manifest.

Everything is imported inside the functions, so that test runners and command lines, which meet this
file on their way, need no Blender.
"""


def register() -> None:
    from .dirfa_blender import register as register_addon

    register_addon()


def unregister() -> None:
    from .dirfa_blender import unregister as unregister_addon

    unregister_addon()
