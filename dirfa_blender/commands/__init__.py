"""Commands without a window: ``python -m dirfa_blender <command>`` and ``blender --command dirfa <verb>``.

* `talk` makes a film of speech and a photo and `fit` a head of photos: each writes a `film_order`, and
  a Blender of its own fills it (`film_filling`).
* `scene_command` is ``apply``, ``render`` and ``export`` on one .blend or a manifest of them, by
  `scene_order` and `scene_filling`; `blender_command` is the same inside the open Blender.
* `convert` needs no Blender at all. `extension` builds the extension's zip.
"""
