"""One face photo: decoded, measured, cut out and laid over the fitted head.

`portrait` goes through all of it and is the place to read from; the fit itself is `core.head_fit`.

* The photo: `decode` reads it, `landmarks` finds the face with the networks of `graphs`, `exposure`
  lightens a dark one, `checks` refuses or warns, `closeup` cuts it out: `mask` says what each pixel shows,
  `hair_share` of hair, and `glasses` go. `neck` and `ears`, by the person's `outline`, and `age` measure
  what landmarks do not.
* The skin: `texture` lays it on, over `surface` and `texels`: from its `complexion` (`face_zones`, `brows`,
  `tints`, `wrinkles`, `blurs`), without its `shading`, with `grain`, `makeup` and `beard`, which ends where
  `beard_outline` says; `stubble` is left of one that is shaved. `colours` and `irises` measure what
  materials need.
* The hair: `hair_reading` asks `hair` for its volume, then `hairline`, `tresses`, `curl` and `lie`, unless
  `headwear` covers it; `greying` tells its colours above and beside the face apart, and `hair_roots` paints
  single hairs along its line (`painted_hairs`).
* The result: `likeness` looks at a `picture` of it (`strand_picture`) and corrects it.
"""
