"""A smooth displacement known at a few places, and the template moved by it.

The displacement is a Gaussian process with the kernel exp(-r / SPREAD): linear in r near a landmark, as
radial basis functions would be, gone at the back of the skull and the base of the neck where those
would go on growing. It cannot part two lips that touch, so an expression never hides in it. No bpy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..head import Head
from .landmarks import EYE_LEFT, EYE_RIGHT, LIPS_OUTER, MESH_POINTS, OVAL

Floats = npt.NDArray[np.float64]

SPREAD = 0.09  # metres over which the identity field fades
IDENTITY = 0.004  # metres, standard deviation of the identity field
NOISE = 0.0004  # metres, standard deviation of a landmark inside the face
SLIT = (13, 14)  # landmarks in the middle of the slit between the lips
NOISE_OVAL = 0.004  # the same on the outline, whose points slide with the pose


class Field:
    """A smooth displacement known at the landmarks.

    Parameters
    ----------
    sites : (N, 3) metres, where it is known; pulls : (N, D) how strongly each site draws
    """

    def __init__(self, sites: Floats, pulls: Floats) -> None:
        self.sites = sites
        self.pulls = pulls

    @classmethod
    def through(cls, sites: Floats, offsets: Floats, noise: Floats) -> Field:
        """The field that is `offsets` (N, D) at the sites, give or take `noise` (N,) metres."""
        return cls(sites, np.linalg.solve(_system(sites, noise), offsets))

    def at(self, points: npt.ArrayLike) -> Floats:
        """(M, D) displacement at points (M, 3)."""
        return self.with_reach(reach(points, self.sites))

    def with_reach(self, reached: npt.NDArray[np.float32]) -> Floats:
        """(M, D) displacement at points whose `reach` to the sites is known."""
        return (reached @ self.pulls.astype(np.float32)).astype(np.float64)


def answer(sites: Floats, noise: Floats) -> Floats:
    """(N, N) that makes pulls of offsets, for sites at which many fields are wanted."""
    return np.linalg.inv(_system(sites, noise))


def reach(points: npt.ArrayLike, sites: Floats) -> npt.NDArray[np.float32]:
    """(M, N) float32, how strongly each site is felt at each of the points (M, 3)."""
    places = np.asarray(points, np.float32)
    square = (places**2).sum(1)[:, None] + (sites**2).sum(1).astype(np.float32)
    square -= 2 * places @ sites.T.astype(np.float32)
    return np.exp(np.sqrt(np.maximum(square, 0)) * np.float32(-1 / SPREAD))


def kernel(sites: Floats) -> Floats:
    """(N, N) covariance of the identity field among the sites, square metres."""
    distance = np.linalg.norm(sites[:, None] - sites[None], axis=-1)
    return IDENTITY**2 * np.exp(-distance / SPREAD)


def landmark_noise() -> Floats:
    """(N,) metres, how far each landmark is usually off."""
    noise = np.full(MESH_POINTS, NOISE)
    noise[list(OVAL)] = NOISE_OVAL
    return noise


def morphed(template: Head, field: Field, reached: npt.NDArray[np.float32] | None = None) -> Floats:
    """(V, 3) template vertices moved by the field; globes, teeth and tongue move as wholes.

    Parameters
    ----------
    reached : `reach` of the template's vertices to the field's sites, where it is known already

    Notes
    -----
    Lids keep their template distance from the globe, so they go on hugging it wherever the field
    took them. Teeth, gums and tongue follow the mean of the mouth and half of its change in width; in
    height they follow the slit, because what a mouth shows of its teeth is measured from there.
    """
    rest = template.vertices.astype(np.float64)
    vertices = rest + (field.at(rest) if reached is None else field.with_reach(reached))
    landmarks = template.landmarks().astype(np.float64)
    for side, ring in (("right", EYE_RIGHT), ("left", EYE_LEFT)):
        globe = template.part(f"eye_{side}", f"cornea_{side}")
        lids = template.part("face", f"lid_upper_{side}", f"lid_lower_{side}", "nose")
        centre, radius = _globe(rest[template.part(f"eye_{side}")])
        shift = field.at(landmarks[list(ring)]).mean(0)
        vertices[globe] = rest[globe] + shift
        before = np.linalg.norm(rest[lids] - centre, axis=1)
        outward = vertices[lids] - centre - shift
        after = np.linalg.norm(outward, axis=1)
        hug = np.clip((1.6 - before / radius) / 0.4, 0.0, 1.0) * np.ones_like(after)
        wanted = after + hug * (before - after)
        vertices[lids] = centre + shift + outward * (wanted / after)[:, None]
    mouth = landmarks[list(LIPS_OUTER)]
    moved = mouth + field.at(mouth)
    width = np.sqrt(np.ptp(moved[:, 0]) / np.ptp(mouth[:, 0]))
    inside = template.part("teeth_*", "gums_*", "tongue")
    slit = landmarks[list(SLIT)]
    here = np.append(mouth.mean(0)[:2], slit[:, 2].mean())
    there = np.append(moved.mean(0)[:2], (slit + field.at(slit))[:, 2].mean())
    vertices[inside] = (rest[inside] - here) * np.clip(width, 0.9, 1.1) + there
    return vertices


def moved_bones(ends: npt.ArrayLike, field: Field, scale: float) -> npt.NDArray[np.float32]:
    """(B, 3) bone ends that went with the flesh, kept in the plane of symmetry."""
    places = np.asarray(ends, np.float64)
    shift = field.at(places) * (0.0, 1.0, 1.0)
    return ((places + shift) * scale).astype(np.float32)


def _system(sites: Floats, noise: Floats) -> Floats:
    return kernel(sites) / IDENTITY**2 + np.diag((noise / IDENTITY) ** 2)


def _globe(points: Floats) -> tuple[Floats, float]:
    """Centre (3,) and radius of an eyeball's vertices, which are widest across its middle."""
    low, high = points.min(0), points.max(0)
    radius = float((high - low)[[0, 2]].mean() / 2)
    middle = (low + high) / 2
    return np.array([middle[0], low[1] + radius, middle[2]]), radius
