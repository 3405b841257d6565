"""An underexposed photo, brightened until its lightest parts are as light as any photo's.

How dark a face is, is told from a photo as it is exposed: nothing else in it says whether skin is dark or
only in too little light. But every portrait has something nearly white, a collar, teeth, an eye, a wall.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.easing import smoothstep

from .shading import to_linear, to_srgb

Pixels = npt.NDArray[np.uint8]

# sRGB 0..1 of the lightest part, in share of pixels: what portraits have at least; from where less is too
# little for sure.
LIGHTEST, ENOUGH, TOO_LITTLE = 0.005, 0.84, 0.60
MOST = 12.0  # times the linear light, at most: what is darker is no photo but noise
FEW = 200_000  # pixels that are looked at


def exposed(pixels: Pixels) -> Pixels:
    """(H, W, 3) uint8 sRGB, the photo as light as portraits are; the same where it is."""
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / FEW) ** 0.5))
    lightest = float(np.percentile(pixels[::step, ::step].max(-1), 100.0 * (1.0 - LIGHTEST))) / 255
    if lightest >= ENOUGH:
        return pixels
    surely = float(smoothstep(np.array((ENOUGH - lightest) / (ENOUGH - TOO_LITTLE))))
    wanted = lightest + surely * (ENOUGH - lightest)
    before, after = to_linear([max(lightest, 1e-3), wanted]).tolist()
    gain = min(after / before, MOST)
    table = to_srgb(gain * to_linear(np.arange(256) / 255.0))
    return np.round(255 * table).astype(np.uint8)[pixels]
