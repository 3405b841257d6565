"""How a head stands in a photo: a weak-perspective camera, and how it is found and put right. No bpy.

References
----------
.. [1] Umeyama: Least-squares estimation of transformation parameters between two point patterns, IEEE
   Trans. Pattern Anal. Mach. Intell. 13, 1991.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .landmarks import RIGID

Floats = npt.NDArray[np.float64]

# A look's say over the pose: share that is made good, radians at most, and what holds it back.
POSE_GAIN, POSE_LIMIT, POSE_RIDGE = 0.9, 0.06, 0.02


@dataclass(frozen=True)
class View:
    """How the head stands in the photo: a weak-perspective camera.

    Attributes
    ----------
    rotation : (3, 3) float64, head frame to the photo's (x right, y away, z up)
    scale : pixels a metre
    origin : (3,) float64, where the head's origin falls, in pixels: x right, y away, z up
    """

    rotation: Floats
    scale: float
    origin: Floats

    def to_photo(self, points: npt.ArrayLike) -> Floats:
        """(..., 3) pixels (x right, y down, z away) of points (..., 3) in metres, head frame."""
        turned = np.asarray(points, np.float64) @ self.rotation.T * self.scale + self.origin
        return np.stack([turned[..., 0], -turned[..., 2], turned[..., 1]], -1)

    def to_head(self, points_px: npt.ArrayLike) -> Floats:
        """(..., 3) metres in the head frame of pixels (..., 3), the inverse of `to_photo`."""
        x, down, away = np.moveaxis(np.asarray(points_px, np.float64), -1, 0)
        return (np.stack([x, away, -down], -1) - self.origin) / self.scale @ self.rotation


def view_over(model: Floats, photo_px: Floats) -> View:
    """The view that lays the rigid points of the model over those of the photo.

    Parameters
    ----------
    model : (N, 3) metres, head frame
    photo_px : (N, 3) pixels: right, down, away

    Notes
    -----
    The least squares of a rotation, a scale and a shift [1]_.
    """
    chosen = list(RIGID)
    here = model[chosen]
    x, down, away = photo_px[chosen].T
    there = np.stack([x, away, -down], -1)
    here_mean, there_mean = here.mean(0), there.mean(0)
    u, d, vt = np.linalg.svd((there - there_mean).T @ (here - here_mean))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs) @ vt
    scale = float((d * signs).sum() / ((here - here_mean) ** 2).sum())
    return View(rotation, scale, there_mean - scale * here_mean @ rotation.T)


def nudged(
    view: View, model: Floats, missed_px: Floats, weights: Floats | None = None
) -> tuple[View, Floats]:
    """A view turned, shifted and grown toward misses, and (N, 2) pixels that this moves each landmark.

    Parameters
    ----------
    model : (N, 3) metres, the landmarks
    weights : (N,) how much each miss counts; None is all alike
    """
    share = np.ones(len(model)) if weights is None else weights
    placed = model @ view.rotation.T
    middle = np.average(placed, axis=0, weights=share)
    x, away, up = (placed - middle).T * view.scale
    none, one = np.zeros_like(x), np.ones_like(x)
    # Columns: shift right and down, growth, turns about x (right), y (away) and z (up).
    across = np.stack([one, none, x, none, up, -away], -1)
    down = np.stack([none, one, -up, -away, x, none], -1)
    basis = np.concatenate([across, down])
    weighed = basis * np.concatenate([share, share])[:, None]
    ridge = np.diag([0.0, 0.0, 1.0, 1.0, 1.0, 1.0]) * (POSE_RIDGE * share @ x**2)
    step = np.linalg.solve(weighed.T @ basis + ridge, weighed.T @ missed_px.T.ravel()) * POSE_GAIN
    turned = _turn(np.clip(step[3:], -POSE_LIMIT, POSE_LIMIT))
    scale = view.scale * (1.0 + step[2])
    origin = view.origin + np.array([step[0], 0.0, -step[1]])
    origin = origin + view.scale * middle - scale * (turned @ middle)
    return View(turned @ view.rotation, scale, origin), (basis @ step).reshape(2, -1).T


def _turn(angles: Floats) -> Floats:
    """(3, 3) rotation by small angles about x, y and z."""
    a, b, c = angles
    skew = np.array([[0.0, -c, b], [c, 0.0, -a], [-b, a, 0.0]])
    u, _, vt = np.linalg.svd(np.eye(3) + skew)
    return np.asarray(u @ vt, np.float64)
