"""A quick picture of a head as a photo's camera saw it, for looking at and measuring, without Blender.

Triangles are drawn into a depth buffer with the head's own texture, flat colours for eyes, teeth and
hair, and a soft lamp beside the camera. It is no render worth showing, but it has what a landmark
network looks at, and takes a fraction of a second.

References
----------
.. [1] T. Luft, C. Colditz, O. Deussen, "Image enhancement by unsharp masking the depth buffer",
   ACM Trans. Graph. 25, 2006.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.anatomy.hair_cap import HAIR_BOX
from dirfa_blender.core.hair.greying import SIDES
from dirfa_blender.core.hair.groom import Strands
from dirfa_blender.core.head import Head
from dirfa_blender.core.likeness.view import View

from .shading import to_linear, to_srgb_bytes
from .strand_picture import with_strands

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float32]

UNDRAWN = ("cornea", "lashes", "brows", "beard")
COLOURS = {
    "mouth": (0.35, 0.12, 0.12), "teeth": (0.85, 0.82, 0.75), "gums": (0.65, 0.35, 0.35),
    "tongue": (0.65, 0.32, 0.32), "sclera": (0.86, 0.83, 0.80), "pupil": (0.02, 0.02, 0.02),
    "cloth": (0.22, 0.22, 0.24),
}  # fmt: skip
UNNAMED = (0.2, 0.15, 0.12)
BACKDROP = (0.45, 0.47, 0.50)
LAMP = np.array([0.25, -0.8, 0.55])  # direction to the lamp in the photo's frame
THIN_EDGE = 0.09  # of the cap's layout from its hairline, where strands alone are drawn
AMBIENT = 0.4  # share of the light that comes from everywhere
STEP = 1.3  # from one size of triangles that are drawn together to the next
# Hollows are darker: metres over which surroundings count, and the share of the light that is lost where a
# place lies deeper than they do by as much. Without it eyes and jaws are seen smaller than they are.
HOLLOW_METRES, HOLLOW_DARK = 0.0025, 0.6
EDGE = np.float32(1e-5)  # weight by which a pixel may lie outside, so that no seam is missed


@dataclass(frozen=True)
class _Candidates:
    """(N,) pixels, triangles over them, depths there, and the weights of the second and third corner."""

    pixel: Indices
    triangle: Indices
    depth: Floats
    second: Weights
    third: Weights


def picture(
    head: Head,
    view: View,
    size: tuple[int, int],
    expression: Mapping[str, float] | None = None,
    *,
    hair: Sequence[Strands] = (),
) -> Pixels:
    """(H, W, 3) uint8 sRGB of the head in the photo's own view.

    Parameters
    ----------
    size : width and height in pixels
    expression : weights of the head's shapes; none is the neutral head
    hair : strands of the head, drawn over its plain hair
    """
    width, height = size
    vertices = head.posed(expression or {}).astype(np.float64)
    places = view.to_photo(vertices)
    drawn = ~np.isin(head.face_materials, [_slot(head, name) for name in UNDRAWN])
    if hair:
        low = HAIR_BOX[1] + THIN_EDGE * (HAIR_BOX[3] - HAIR_BOX[1])
        is_thin = head.uvs[..., 1].mean(1) < low
        drawn &= ~(is_thin & (head.face_materials == _slot(head, "hair")))
    faces, uvs, slots = head.faces[drawn], head.uvs[drawn], head.face_materials[drawn]
    quads = np.flatnonzero(faces[:, 3] >= 0)
    corners = np.concatenate([faces[:, :3], faces[quads][:, [0, 2, 3]]])
    corner_uvs = np.concatenate([uvs[:, :3], uvs[quads][:, [0, 2, 3]]])
    slots = np.concatenate([slots, slots[quads]])
    hit, owner, weights = _visible(places[corners], width, height)
    normals = vertex_normals(vertices, head.faces) @ view.rotation.T
    normal = _between(weights, corners[owner], normals)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    lamp = LAMP / np.linalg.norm(LAMP)
    light = AMBIENT + (1.15 - AMBIENT) * np.clip(normal @ lamp, 0, 1)
    depth = np.full(width * height, np.inf)
    depth[hit] = (weights * places[corners[owner], 2]).sum(1)
    depth = depth.reshape(height, width)
    # Hair is full of hollows that no cap has, and is not darkened by those that it has.
    of_hair = slots[owner] == _slot(head, "hair")
    light *= np.where(of_hair, 1.0, unshaded(depth, view.scale).ravel()[hit])
    colours = _material_colours(head)[slots[owner]]
    if head.albedo is not None:
        skin = slots[owner] == _slot(head, "skin")
        place = _between(
            weights[skin], 3 * owner[skin, None] + np.arange(3), corner_uvs.reshape(-1, 2)
        )
        colours[skin] = _looked_up(head.albedo, place)
    image = np.broadcast_to(to_linear(BACKDROP), (width * height, 3)).copy()
    image[hit] = (colours * light[:, None]).astype(np.float32)
    image = image.reshape(height, width, 3).astype(np.float64)
    for grown in hair:
        colour = _strand_colours(head, grown)
        image = with_strands(image, depth, grown, colour, view, lamp)
    return to_srgb_bytes(image.astype(np.float32))


def unshaded(depth: Floats, scale: float) -> Floats:
    """(H, W) share of the light that reaches each place of a depth buffer, whose background is infinite.

    Parameters
    ----------
    depth : (H, W) pixels; scale : pixels a metre

    Notes
    -----
    What lies deeper than its surroundings sees less of the sky: the unsharp mask of its depth [1]_.
    """
    seen = np.isfinite(depth)
    reach = HOLLOW_METRES * scale
    weight = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), reach)
    around = cv2.GaussianBlur(np.where(seen, depth, 0.0).astype(np.float32), (0, 0), reach)
    deeper = np.where(seen, depth, 0.0) - around / np.maximum(weight, 1e-6)
    return 1.0 - HOLLOW_DARK * np.clip(deeper / reach, 0.0, 1.0)


def _slot(head: Head, name: str) -> int:
    return head.materials.index(name) if name in head.materials else -1


def _material_colours(head: Head) -> Floats:
    """(M, 3) linear RGB of the head's materials."""
    named = [head.colours.get(name, COLOURS.get(name, UNNAMED)) for name in head.materials]
    return to_linear(named).astype(np.float64)


def _strand_colours(head: Head, grown: Strands) -> Floats:
    """(3,) linear RGB of a head's strands, (S, 3) where they have not all the same."""
    crown = _material_colours(head)[_slot(head, "hair")]
    if grown.sides is None:
        return crown
    sides = to_linear(head.colours[SIDES]).astype(np.float64)
    share = grown.sides.reshape(len(grown.sides), -1).mean(1, dtype=np.float64)
    return crown + share[:, None] * (sides - crown)


def _between(
    weights: Weights, corners: Indices | npt.NDArray[np.int32], values: Floats | Weights
) -> Floats:
    """(P, C) means of values (V, C) at three corners (P, 3) each, by weights (P, 3)."""
    return sum(
        (weights[:, [k]] * values.take(corners[:, k], axis=0) for k in (1, 2)),
        start=weights[:, [0]] * values.take(corners[:, 0], axis=0),
    )


def _looked_up(albedo: Pixels, uvs: Floats) -> Floats:
    """(N, 3) linear RGB of the texture at uvs (N, 2)."""
    height, width = albedo.shape[:2]
    x = (uvs[:, 0] * width - 0.5).astype(np.float32)
    y = ((1 - uvs[:, 1]) * height - 0.5).astype(np.float32)
    rows = [
        cv2.remap(albedo, x[k : k + 30000, None], y[k : k + 30000, None], cv2.INTER_LINEAR)
        for k in range(0, len(x), 30000)
    ]
    return to_linear(np.concatenate(rows).reshape(-1, 3) / 255.0).astype(np.float64)


def _visible(corners: Floats, width: int, height: int) -> tuple[Indices, Indices, Weights]:
    """(P,) pixels that show a triangle, (P,) the nearest one there, and its (P, 3) barycentric weights.

    Parameters
    ----------
    corners : (F, 3, 3) pixels x, y and depth away from the camera
    """
    flat = corners[..., :2]
    edges = flat[:, 1:] - flat[:, :1]
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    low = np.ceil(flat.min(1) - 0.5).astype(np.int64)
    high = np.floor(flat.max(1) - 0.5).astype(np.int64)
    inside = (high >= 0).all(1) & (low[:, 0] < width) & (low[:, 1] < height) & (high >= low).all(1)
    # Counter-clockwise from outside turns clockwise with y down: the others face away.
    turned = np.flatnonzero(inside & (area < -1e-9))
    extent = (high - low).max(1) + 1
    found: list[_Candidates] = []
    smaller, reach = 0, 1
    while smaller < extent[turned].max(initial=1):
        group = turned[(extent[turned] <= reach) & (extent[turned] > smaller)]
        for part in np.array_split(group, max(1, len(group) * reach * reach // 1_000_000)):
            found.append(_candidates(part, corners[part], low[part], reach, (width, height)))
        smaller, reach = reach, 1 + int(STEP * reach)
    pixel = np.concatenate([one.pixel for one in found])
    nearest = np.full(width * height, -1, np.int64)
    nearest[pixel] = np.arange(len(pixel))
    # Where several lie over one another the nearest is written last and stays.
    several = np.flatnonzero((np.bincount(pixel, minlength=width * height) > 1)[pixel])
    depth = np.concatenate([one.depth for one in found])[several]
    order = several[np.argsort(-depth, kind="stable")]
    nearest[pixel[order]] = order
    chosen = nearest[nearest >= 0]
    triangle = np.concatenate([one.triangle for one in found])[chosen]
    second = np.concatenate([one.second for one in found])[chosen]
    third = np.concatenate([one.third for one in found])[chosen]
    return pixel[chosen], triangle, np.stack([1 - second - third, second, third], -1)


def _candidates(
    numbers: Indices, corners: Floats, low: Indices, reach: int, size: tuple[int, int]
) -> _Candidates:
    """Every pixel under triangles no wider than `reach`."""
    step = np.arange(reach)
    x, y = low[:, :1] + step, low[:, 1:] + step
    first = corners[:, 0]
    (bx, by, b_depth), (cx, cy, c_depth) = ((corners[:, k] - first).T[..., None] for k in (1, 2))
    area = bx * cy - by * cx
    right, down = x + 0.5 - first[:, :1], y + 0.5 - first[:, 1:2]
    # A weight is what is right and what is down, times a slope each.
    rows = ((right * cy / area, down * -cx / area), (right * -by / area, down * bx / area))
    second, third = (
        along.astype(np.float32)[:, None, :] + across.astype(np.float32)[:, :, None]
        for along, across in rows
    )
    inside = (second >= -EDGE) & (third >= -EDGE) & (second + third <= 1 + EDGE)
    inside &= ((x >= 0) & (x < size[0]))[:, None, :] & ((y >= 0) & (y < size[1]))[:, :, None]
    which, row, column = np.nonzero(inside)
    second, third = second[inside], third[inside]
    depth = first[which, 2] + second * b_depth[which, 0] + third * c_depth[which, 0]
    pixel = y[which, row] * size[0] + x[which, column]
    return _Candidates(pixel, numbers[which], depth, second, third)
