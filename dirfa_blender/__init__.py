"""DIRFA for Blender: speech and a photo become an animated head.

Importing this package needs no Blender; ``register`` does. `core` needs numpy only. Where a change belongs:

* A take into the scene: `admission` says who may speak, `performance` asks the server through `client`,
  `staging` brings what came into the scene, `acting` directs and joins a character's `lines`, `apply` plans
  curves, `writing` writes them by `fcurves`. What bones do is `bone_curves`, hand edits are `edits`, NLA
  tracks `layering` and `nla`.
* A character: `character` says what belongs to one, `profiles` which mapping it has, `mapping_editor` edits
  that.
* A built head: `photo_reading` and `head_parts` prepare it, `meshes` makes it with `materials` (the
  ``shader_`` modules) and `groom`, `head_form` and `head_change` alter it, `shot` sets the portrait.
* A film or file: `render`, `exports`. An ``_order`` says what is to be done, a ``_filling`` does it in this
  Blender, a ``_process`` or ``_job`` in one of its own.
* Live speech: the ``live_`` modules. The server as seen from here: `server_process` with `environment` and
  `installation`, `server_watch` for what an artist is told.
* The interface: `addon` lists the classes; ``..._panel`` modules and `panels` draw, `properties` hold,
  `operators` act, `session` knows what runs. Commands without a window begin in `__main__`.
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
