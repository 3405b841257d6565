"""The animation types and their arithmetic: numpy and the standard library only, no bpy, no torch.

* A performance: `animation` (in `action_units`, `rotation`, `timing`), directed by `controls`, joined by
  `composition` and `retake`, kept by `npz_io`, asked for in the words of `protocol`.
* On a character: `mapping` finds a `profile` (`profile_format`), `inventory` what of it a character has,
  `skeleton` its bones; `key_reduction` thins the keys.
* In other formats: `exchange` knows them all.
* The head: `head_template` is the neutral one, from the ``head_`` modules, `head_shapes` moves it, from the
  ``shape_`` modules, `head_fit` fits it to a face; `head_groom` is its hair.
* Command lines: `progress`, `exit_codes`, `take_options`, `manifest`, `ledger`. All errors: `errors`.
"""
