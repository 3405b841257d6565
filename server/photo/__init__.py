"""One face photo: decoded, measured, cut out and laid over the fitted head.

`portrait` goes through all of it: `decode`, `landmarks`, `checks` and `mask` look at the photo, the fit
itself is `core.head_fit`, `texture` lays the skin on, from its `complexion` and without its `shading` and
`glasses`, `colours` and `hair_reading` measure, `likeness` looks at the result and corrects it.
"""
