"""Profiles of rigs, and what of them a character has; `core.mapping` is the place to read from. No bpy.

* A `profile` is a file: `profile_format` and `profile_reader` read it, by `json_values`, `profile_writer`
  writes it.
* A character's names: `inventory` finds what a profile wants, by `recognition`, `spelling`, `vocabulary`
  and `driver_expression`.
* Its bones: `skeleton` tells them by part, a `pose` turns them, `follow_through` lets neck and shoulders
  come after.
* Few mouths instead of many shapes: `visemes`, and back by `viseme_mouths`.
"""
