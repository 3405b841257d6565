"""A head in Blender, from what the server or the core fitted.

* `photo_reading` asks for it and `head_parts` prepares it in a thread: `head_zones` and `head_creases`
  say what shaders must know of each vertex.
* `meshes` makes armature, mesh, shape keys and texture, `groom` the strands of hair that renders show,
  `hair_cards` the cards that windows and exports do; `mesh_filling` is what meshes are written with.
* `materials` has one node tree for each part, written with `shader_plan` in `shader_skin`,
  `shader_eye`, `shader_mouth` and `shader_hair`.
"""
