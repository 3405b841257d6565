"""What makes the neutral head somebody's; `core.head_fit` is the place to read from. No bpy.

* Read: `landmarks` of the photo, the `view` it was taken from, the `expression` it shows.
* Moved: `morph` spreads what landmarks say over the head, `lids` are brought to rest, `neck` is
  widened, `ears` set lower and off the head, `ageing` sinks what years make sink.
* Afterwards: `sliders` for what one photo cannot know.
"""
