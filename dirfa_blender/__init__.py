"""DIRFA for Blender: speech and a photo become an animated head.

Importing this package needs no Blender; ``register`` does. Each room below says in its own ``__init__``
what lies where; imports go from the later rooms to the earlier ones, never back (`core` needs numpy
only).

* `core`: what needs no Blender, and the server uses too. `setup`: the server's environment.
* `blender`: Blender itself, asked for in one way. `head`: a head built in it. `rig`: what moves of a
  character. `rendering`: portraits and films.
* `performing`: takes as curves on characters. `staging`: performances and heads come into a scene.
  `live`: speech as it is spoken. `export`: characters for other programs.
* `settings`, `operators`, `panels`: what an artist chooses, does and sees; `addon` registers it all,
  `preferences` has what holds for every scene, `session` knows what runs.
* `commands`: the same without a window, begun in `__main__`.
* The server as seen from here: `server_process` starts and stops it, `client` asks it, `connection`
  says which one, `server_watch` what an artist is told.
"""

from __future__ import annotations


def register() -> None:
    """Add every class and property of the add-on to Blender."""
    from . import addon

    addon.register()


def unregister() -> None:
    """Take back everything `register` added, in reverse."""
    from . import addon

    addon.unregister()
