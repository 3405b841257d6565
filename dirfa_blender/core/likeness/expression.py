"""Which expression a photo shows, told from whose face it is by what each can do.

The template's own shapes move lips, lids and brows in few ways, each at a price; an identity is a smooth
field (see `morph`), which cannot part two lips that touch. What a photo tells of them went through a
landmark network, whose points follow a face only in part and move along with what it expects of one. So
shapes count as it sees them, which was measured on drawn heads (``measure-shapes``). No bpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..head_shapes import shaped_template
from .morph import IDENTITY, kernel, landmark_noise

Floats = npt.NDArray[np.float64]

SEEN_SHAPES_PATH = Path(__file__).resolve().parents[3] / "rigs" / "head" / "seen_shapes.npz"
# Shapes that the expression of a photo is explained with, and how far each usually goes. Lids and
# brows are kept short: a wide eye or a low brow is more often the person than the moment, and nobody's
# portrait is taken in a blink.
USUAL_WEIGHTS = {
    "jawOpen": 0.3, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthUpperUpLeft": 0.4,
    "mouthUpperUpRight": 0.4, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4,
    "mouthFrownLeft": 0.15, "mouthFrownRight": 0.15, "mouthStretchLeft": 0.2,
    "mouthStretchRight": 0.2, "mouthDimpleLeft": 0.15, "mouthDimpleRight": 0.15, "mouthPucker": 0.1,
    "mouthFunnel": 0.1, "mouthLeft": 0.15, "mouthRight": 0.15, "cheekSquintLeft": 0.3,
    "cheekSquintRight": 0.3, "eyeSquintLeft": 0.15, "eyeSquintRight": 0.15, "eyeBlinkLeft": 0.03,
    "eyeBlinkRight": 0.03, "eyeWideLeft": 0.15, "eyeWideRight": 0.15, "browInnerUp": 0.2,
    "browDownLeft": 0.15, "browDownRight": 0.15, "browOuterUpLeft": 0.15, "browOuterUpRight": 0.15,
    "noseSneerLeft": 0.15, "noseSneerRight": 0.15,
}  # fmt: skip
# Rounds of a descent along one weight after another, and the change below which it has arrived.
MAX_SWEEPS, SMALLEST_CHANGE = 200, 1e-4


@dataclass(frozen=True)
class ExpressionBasis:
    """The shapes an expression is made of, and the quadratic form that weighs them.

    Attributes
    ----------
    names : K shapes
    deltas : (K, N, 3) metres, motion of the landmarks at weight 1, as the landmark network sees it
    whitener : (3, N, N) inverse covariance of what identity and noise do along each axis
    form : (K, K) of the quadratic whose bounded minimum is sought
    """

    names: tuple[str, ...]
    deltas: Floats
    whitener: Floats
    form: Floats

    def solve(self, seen: Floats) -> Floats:
        """(K,) weights in 0..1 that best explain the offsets `seen` (N, 3), identity paid for."""
        pull = np.einsum("kni,inm,mi->k", self.deltas, self.whitener, seen, optimize=True)
        weights = np.zeros(len(self.names))
        for _ in range(MAX_SWEEPS):
            before = weights.copy()
            for k in range(len(weights)):
                rest = pull[k] - self.form[k] @ weights + self.form[k, k] * weights[k]
                weights[k] = min(max(rest / self.form[k, k], 0.0), 1.0)
            if np.abs(weights - before).max() < SMALLEST_CHANGE:
                break
        return weights


@lru_cache(maxsize=1)
def expression_basis() -> ExpressionBasis:
    """The template's, made once."""
    template = shaped_template()
    rows = [template.shape_names.index(name) for name in USUAL_WEIGHTS]
    deltas = template.landmark_deltas()[rows].astype(np.float64) + _seen_beyond_the_mesh()
    covariance = kernel(template.landmarks().astype(np.float64))
    noise = landmark_noise()
    # Depth is doubted by as much again as the whole identity may vary.
    doubt = (0.0, IDENTITY, 0.0)
    whitener = np.stack(
        [np.linalg.inv(covariance + np.diag(noise**2 + extra**2)) for extra in doubt]
    )
    usual = np.array(list(USUAL_WEIGHTS.values()))
    form = np.einsum("kni,inm,lmi->kl", deltas, whitener, deltas, optimize=True)
    return ExpressionBasis(tuple(USUAL_WEIGHTS), deltas, whitener, form + np.diag(usual**-2.0))


def _seen_beyond_the_mesh() -> Floats:
    """(K, N, 3) metres that the network sees shapes move otherwise than the mesh; none in depth."""
    with np.load(SEEN_SHAPES_PATH) as file:
        rows = dict(zip(file["names"].tolist(), file["mm"].astype(np.float64), strict=True))
    across = np.array([rows[name] for name in USUAL_WEIGHTS]) * 1e-3
    return np.stack([across[..., 0], np.zeros(across.shape[:2]), across[..., 1]], -1)
