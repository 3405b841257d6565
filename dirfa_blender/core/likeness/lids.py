"""Eyes at rest: an upper lid lies over the top of the iris. No bpy.

Narrowed eyes of a smiling photo are opened to make the face neutral, and what is taken off too much
leaves a whole iris with white above it, which is how fright looks. In adults the margin of the
upper lid lies about 4 mm over the middle of the pupil [1]_, so over at least one millimetre of the iris.

References
----------
.. [1] A. P. Murchison, B. A. Sires, A. Jian-Amadi, "Margin reflex distance in different ethnic
   groups", Arch. Facial Plast. Surg. 11, 2009.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..head import Head

Floats = npt.NDArray[np.float64]

# Share of the iris's radius that the upper lid covers at least, and the most that a lid is lowered for
# it, as a share of a blink.
COVERED, MOST = 0.26, 0.22
# Shares of an iris's radius beside its middle where the lid's edge is looked for.
BESIDE = 0.25


def relaxed_lids(template: Head, vertices: Floats) -> Floats:
    """(V, 3) the vertices of a head with lids lowered onto irises that stand free of them.

    Parameters
    ----------
    template : the head they were made from, with its shapes
    vertices : (V, 3), in the template's units
    """
    result = vertices.copy()
    for side, name in (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight")):
        if name not in template.shape_names:
            continue
        blink = template.shape_deltas[template.shape_names.index(name)].astype(np.float64)
        result += _lowering(template, vertices, side, blink) * blink
    return result


def _lowering(template: Head, vertices: Floats, side: str, blink: Floats) -> float:
    """Share of a blink by which this eye's lids must close."""
    iris = _iris(template, side)
    lid = template.part(f"lid_upper_{side}")
    if not iris.any() or not lid.any():
        return 0.0
    top, bottom = vertices[iris, 2].max(), vertices[iris, 2].min()
    radius = (top - bottom) / 2
    middle = float(vertices[iris, 0].mean())
    over = lid & (np.abs(vertices[:, 0] - middle) < BESIDE * radius)
    if not over.any():
        return 0.0
    edge = np.flatnonzero(over)[vertices[over, 2].argmin()]
    lacking = vertices[edge, 2] - (top - COVERED * radius)
    way = max(-float(blink[edge, 2]), 1e-6)
    return float(np.clip(lacking / way, 0.0, MOST))


def _iris(head: Head, side: str) -> npt.NDArray[np.bool_]:
    faces = head.faces[head.face_materials == head.materials.index("iris")]
    mask = np.zeros(len(head.vertices), bool)
    mask[faces[faces >= 0]] = True
    return mask & head.part(f"eye_{side}")
