"""Portraits, pictures and films.

* `shot` places camera, lamps and backdrop as `shot_presets` say; `engines` sets how frames are rendered,
  `render` writes videos and pictures, `small_picture` leaves out what cannot be seen, `plain_hair` shows
  cards where an engine cannot draw strands.
* A film beside the window: `film_job` has a `render_order` filled (`render_filling`) by a Blender of
  its own. `film_process` is such a Blender as seen from outside, `order_process` from inside.
* `outputs` appear whole or not at all.
"""
