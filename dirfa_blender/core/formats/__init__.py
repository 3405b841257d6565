"""Takes in other programs' formats; `exchange` is the place to read from. No bpy.

* `take_formats` names them all: one table for commands, routes and the panel.
* Face capture: `interchange` (Live Link Face, ARKit) and `a2f_json`. `recovery` turns their shapes into
  action units again.
* Mouths: `cues` of drawn ones, `viseme_exchange` over a `viseme_track`.
* Avatars: `vmd`, `vrma` and `vrma_reading`, whose bones `avatar_pose` turns.
"""
