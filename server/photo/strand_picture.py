"""Strands of hair drawn over a plain picture of a head, so that a sheet shows hair as renders have it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.hair.groom import Strands
from dirfa_blender.core.likeness.view import View

Floats = npt.NDArray[np.float64]

COVER = 0.75  # of a pixel, by the nearest strand through it
HIDDEN_METRES = 0.003  # behind the surface, from which a strand is hidden
DIFFUSE, GLOSS, SHININESS = 0.85, 0.22, 18.0
VARIED = (0.70, 1.30)  # lightness from strand to strand
DARK_ROOT = 0.6


def with_strands(
    image: Floats, depth: Floats, grown: Strands, colour: Floats, view: View, lamp: Floats
) -> Floats:
    """The image (H, W, 3), linear RGB, with strands over it where they lie before what it shows.

    Parameters
    ----------
    depth : (H, W) pixels away from the camera, infinite where nothing is
    colour : (3,) or (S, 3) linear RGB; lamp : (3,) unit direction to it in the photo's frame
    """
    height, width = depth.shape
    places = view.to_photo(grown.points.astype(np.float64))
    tangents = np.gradient(grown.points.astype(np.float64), axis=1) @ view.rotation.T
    tangents /= np.maximum(np.linalg.norm(tangents, axis=-1, keepdims=True), 1e-9)
    steps = np.linalg.norm(np.diff(places[..., :2], axis=1), axis=-1)
    dense = max(1, int(np.ceil(np.percentile(steps, 95))))
    share = np.arange(places.shape[1] * dense - dense) / dense
    low = share.astype(int)
    aside = (share - low)[:, None]
    points = places[:, low] * (1 - aside) + places[:, low + 1] * aside
    # As hair is lit: by the angle to its run, not to a surface.
    along = tangents[:, low] @ lamp
    half = lamp + np.array([0.0, -1.0, 0.0])
    glint = tangents[:, low] @ (half / np.linalg.norm(half))
    light = DIFFUSE * np.sqrt(1 - np.clip(along, -1, 1) ** 2)
    light = light * (DARK_ROOT + (1 - DARK_ROOT) * np.clip(2.5 * share / share[-1], 0, 1))
    random = np.random.default_rng(3).uniform(*VARIED, len(points))
    shine = GLOSS * np.sqrt(1 - np.clip(glint, -1, 1) ** 2) ** SHININESS
    x, y, away = np.moveaxis(points, -1, 0)
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    seen = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    which = np.nonzero(seen)[0]
    pixel = (row * width + column)[seen]
    away = away[seen]
    before = away < depth.ravel()[pixel] + HIDDEN_METRES * view.scale
    pixel, away, which = pixel[before], away[before], which[before]
    bright, white = (light * random[:, None])[seen][before], shine[seen][before]
    order = np.argsort(-away, kind="stable")
    flat = image.reshape(-1, 3).copy()
    shown = np.zeros(len(flat), np.int64) - 1
    shown[pixel[order]] = order
    hit = shown >= 0
    chosen = shown[hit]
    own = np.broadcast_to(colour, (len(points), 3))[which[chosen]]
    lit = own * bright[chosen, None] + white[chosen, None] * (0.3 * own + 0.12)
    flat[hit] += COVER * (lit - flat[hit])
    return flat.reshape(image.shape)
