"""Measures takes against recordings, and heads against photos; imported by nothing else.

`report` is ``evaluate``. It makes tables (`lip_tables`, `face_tables`, `trial_tables`, `sound_table`) on a
`bench` that holds the networks, the `baselines` and the `material`; every other module is one measure.
`heads` is ``evaluate-head``, with `head_sheet` and `head_depth`.
"""
