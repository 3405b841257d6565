"""The animation types and their arithmetic: numpy and the standard library only, no bpy, no torch.

* A performance: `animation` (in `action_units`, `rotation`, `timing`), directed by `controls`
  (`emotions`, `expression`, `mouth_state`, `curves`), in words `control_words` and `controls_json`;
  joined by `composition` and `retake` in `layers`, kept by `npz_io`, asked for in the words of
  `protocol`; `key_reduction` thins its keys.
* On a character: `mapping` finds a profile; the room `characters` reads it and looks what of it a
  character has.
* In other programs' formats: `formats`.
* The head: `head` is the type, `head_template` the neutral one, built in `anatomy`; `head_shapes` moves
  it, by what is in `motion`; `head_fit` fits it to a face, by what is in `likeness`; `hair` grows on it.
  `head_anew` reads it back from a mesh and makes its shapes anew. `easing`, `directions` and `thumbnail`
  serve it.
* Sound: `recordings`, `speech_level`, `transcripts`, and `live_source` as it happens.
* Command lines: `command_line`. All errors: `errors`.
* Files and processes: `partials` writes a file whole or not at all, `file_names`, `png`, `descriptors`,
  `announcement` of a server, `project_version`, and `provenance`, which marks what is synthetic. Small
  systems of equations: `linear`.
"""
