"""One face photo: decoded, measured, cut out and laid over the fitted head.

`portrait` goes through all of it: `decode`, `landmarks`, `checks` and `closeup` (`mask`, `glasses`) look at
the photo, the fit itself is `core.head_fit`, `texture` lays the skin on, from its `complexion` and without
its `shading`, `colours` and `hair_reading` measure, `likeness` looks at the result and corrects it.
"""
