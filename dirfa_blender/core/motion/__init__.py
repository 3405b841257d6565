"""How the head's parts move, one shape at a time; `core.head_shapes` makes the shape keys of it. No bpy.

* By muscle: `brows`, `eyes`, `mouth` (corners and lip raisers), `lips` (the ring).
* By bone: `jaw`, and behind the lips `interior`.
* `correctives` put right what two shapes do together.
"""
