"""Characters and what a performance can move of them.

* `character` says which objects belong to one, `profiles` which mapping it has, `key_sides` which side keys
  move that do not say it.
* Targets: `bone_curves` for head, neck, eyes and face bones, `carriers` for the head of a body's armature,
  `eye_aims` and `eye_objects` for eyes that turn otherwise, `key_drivers` for keys that a control drives,
  `pose_assets`, and `pictures` for 2D mouths.
"""
