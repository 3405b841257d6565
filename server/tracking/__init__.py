"""Video to Animation: the inverse of the rig.

`track` is the command: `landmarks` of every frame (kept by `track_store`), `alignment` takes the pose away,
`people` tells shots and persons apart, `performer` knows a person's rest, `solve` finds the units, by the
`response` that `calibration` measured, and `sound` says whether the sound fits. What training and
evaluation measure alike is here too: `lips`, `blinks` and `curves`.
"""
