"""Measures takes against recordings, and heads against photos; imported by nothing else.

* `report` is ``evaluate``. It makes `tables` (`lip_tables`, `face_tables`, `trial_tables`, `sound_table`)
  on a `bench` that holds the networks, the `baselines` (`dirfa_engine`) and the `material`.
* A module a measure: `agreement`, `closures` and `lip_error` of lips, `sync` of lips and sound, `motion`,
  `beats`, `diversity`, `emotion` and `frechet` of the rest. `languages` and `noises` make recordings.
* `heads` is ``evaluate-head``, with `head_sheet` and `head_depth`; `seen_shapes` is ``measure-shapes``.
"""
