"""What the neutral head is built of; `core.head_template` puts it together. No bpy.

* The skin: `surface` is its smooth form, `grid` its quads laid out flat, `skin` lifts them and turns the
  openings inward, `sculpt` adds what is too fine for landmarks, `lower_profile` sets lips and chin forward,
  `corners` evens the corners of the mouth, `uv` is the flat layout.
* Sewn in or set on: `ears`, `eyes`, `mouth`, `brows`, `hair_cap`, `cloth`. Each grows as the left half of
  a mesh, a `piece`, and is mirrored.
* `face_view` is a finished head as motion and hair see it.
"""
