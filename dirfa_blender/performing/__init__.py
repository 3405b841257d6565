"""Takes as curves on characters: directed, composed, written, edited, and heard in the sequencer.

* What a scene keeps: `line_properties`, and in them `takes`. `lines` finds speech in the sequencer and
  casts it, `cues` says where the sound of a line is, `speech` cuts it out for the server, `rate_change`
  puts it back after another frame rate.
* A retimed strip is taken out of its scene (`retimed`) and mixed down (`mixing`) by a Blender of its own
  (`mix_filling`).
* `acting` directs and joins a character's lines (`line_controls`, `directing`), `apply` plans curves,
  `writing` writes them, `refining` finds fewer keys once a slider rests, `edits` keeps what a hand
  changed.
* `layering` pushes layers to the NLA and back; `posed_values` shows a plan without keys;
  `shared_meshes` parts faces that share a mesh.
* `expressions` makes assets of a character's expressions, `asset_pictures` draws them.
"""
