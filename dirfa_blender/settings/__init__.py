"""What an artist chooses, as properties of a scene, and what happens when a choice changes.

* `properties` is ``scene.dirfa``; `head_properties`, `live_properties` and `mapping_editor` are parts
  of it; `presets` keeps sliders in the user's folder.
* `film_choice` says what the choices for a render come to. `key_watch` and `rate_watch` notice what is
  changed elsewhere in Blender, `saved_paths` keeps relative paths right in another folder.
"""
