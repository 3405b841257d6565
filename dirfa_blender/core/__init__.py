"""The animation types and their arithmetic: numpy and the standard library only, no bpy, no torch.

* A performance: `animation` (in `action_units`, `rotation`, `timing`), directed by `controls`
  (`emotions`, `expression`, `mouth_state`, `curves`), in words `control_words` and `controls_json`;
  joined by `composition` and `retake` in `layers`, kept by `npz_io`, asked for in the words of
  `protocol`.
* On a character: `mapping` finds a `profile` (`profile_format` with `profile_reader` and `json_values`;
  `profile_writer`), `inventory` what of it a character has (by `recognition` of names, `spelling`,
  `vocabulary`, `driver_expression`), `skeleton` its bones, which take a `pose` and follow through
  (`follow_through`); `visemes` (`viseme_mouths`, `linear`) are what some rigs have instead of shapes;
  `key_reduction` thins the keys.
* In other formats: `take_formats` names them, `exchange` knows them all: `interchange`, `a2f_json`,
  `cues`, `viseme_exchange` (`viseme_track`), `vmd` and `vrma` (`vrma_reading`, `avatar_pose`); `recovery`
  turns shapes into units again.
* The head: `head_template` is the neutral one, from the ``head_`` modules, `head_shapes` moves it, from
  the ``shape_`` modules, `head_fit` fits it to a face (`face_landmarks`) without its `head_expression`;
  `head_groom` is its hair, `head_cards` (`hair_bundles`, `hair_atlas`) what games can show of it. `head` is
  the type, `easing`, `directions` and `thumbnail` serve it.
* Sound: `speech_level`, `transcripts`, and `live_source` as it happens.
* Command lines: `progress`, `exit_codes`, `take_options`, `inputs`, `manifest`, `ledger`, `folder_lock`,
  `partials`, `file_names`. All errors: `errors`. Files and processes: `announcement` of a server,
  `descriptors`, `png`, `project_version`, and `provenance`, which marks what is synthetic.
"""
