"""The template head morphed to the face in a photo.

One photo tells where features lie across the picture, hardly how deep they are: the landmarks' depth
is mostly the landmark network's average face. So the fit believes x and y, takes `FitSettings.depth` of
the depth and `FitSettings.asymmetry` of the difference between the sides, and leaves the rest to the
template. An expression is told from an identity by what each can do: the template's own shapes move
lips, lids and brows in few ways, each at a price; an identity is a smooth field (see `SPREAD`), which
cannot part two lips that touch. Both are solved together and only the identity stays in the head.
No bpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from . import head_shapes, head_template
from .errors import SettingsError
from .face_landmarks import (
    EYE_LEFT,
    EYE_RIGHT,
    LIPS_OUTER,
    MESH_POINTS,
    OVAL,
    RIGID,
    FaceLandmarks,
)
from .head import Head
from .head_sliders import HeadSliders, slid

Floats = npt.NDArray[np.float64]

SPREAD = 0.09  # metres over which the identity field fades: linear near a point, gone far from it
IDENTITY = 0.004  # metres, standard deviation of the identity field
NOISE = 0.0004  # metres, standard deviation of a landmark inside the face
NOISE_OVAL = 0.004  # the same on the outline, whose points slide with the pose
ROUNDS = 4  # of pose, expression and identity in turn

# Shapes that the expression of a photo is explained with, and how far each usually goes. Lids and
# brows are kept short: a wide eye or a low brow is more often the person than the moment.
EXPRESSIONS = {
    "jawOpen": 0.3, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5, "mouthUpperUpLeft": 0.4,
    "mouthUpperUpRight": 0.4, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4,
    "mouthFrownLeft": 0.15, "mouthFrownRight": 0.15, "mouthStretchLeft": 0.2,
    "mouthStretchRight": 0.2, "mouthDimpleLeft": 0.15, "mouthDimpleRight": 0.15, "mouthPucker": 0.1,
    "mouthFunnel": 0.1, "mouthLeft": 0.15, "mouthRight": 0.15, "cheekSquintLeft": 0.3,
    "cheekSquintRight": 0.3, "eyeSquintLeft": 0.25, "eyeSquintRight": 0.25, "eyeBlinkLeft": 0.1,
    "eyeBlinkRight": 0.1, "eyeWideLeft": 0.15, "eyeWideRight": 0.15, "browInnerUp": 0.2,
    "browDownLeft": 0.15, "browDownRight": 0.15, "browOuterUpLeft": 0.15, "browOuterUpRight": 0.15,
    "noseSneerLeft": 0.15, "noseSneerRight": 0.15,
}  # fmt: skip


@dataclass(frozen=True)
class FitSettings:
    """How far the photo is believed, and what the artist knows that a photo cannot show.

    Attributes
    ----------
    interpupillary_distance_metres : between the pupils; sets the size of the head
    depth : share 0..1 of the landmarks' depth that is believed
    asymmetry : share 0..1 of the difference between left and right that is kept
    sliders : corrections of proportions afterwards

    Raises
    ------
    SettingsError
        When a value is outside its range.
    """

    interpupillary_distance_metres: float = 0.063
    depth: float = 0.4
    asymmetry: float = 0.4
    sliders: HeadSliders = field(default_factory=HeadSliders)

    def __post_init__(self) -> None:
        ranges = {
            "interpupillary_distance_metres": (0.03, 0.12),
            "depth": (0.0, 1.0),
            "asymmetry": (0.0, 1.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"Fit setting {name} must lie in {low}..{high}, got {value}.")


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


@dataclass(frozen=True)
class Fit:
    """A fitted head and how it explains its photo.

    Attributes
    ----------
    head : the neutral head with its 52 shapes
    view : where it stands in the photo
    expression : weight of each shape that the photo shows and the head no longer does
    photo_vertices_px : (V, 3) float64, the vertices as photographed, with the expression; the
        landmarks fall on the photo's
    """

    head: Head
    view: View
    expression: dict[str, float]
    photo_vertices_px: Floats


def fit_head(landmarks: FaceLandmarks, settings: FitSettings) -> Head:
    """The head of the person in the photo: neutral, upright, with its 52 shapes."""
    return fit_photo(landmarks, settings).head


def fit_photo(landmarks: FaceLandmarks, settings: FitSettings) -> Fit:
    """The head of the person in the photo and how it stands there.

    Notes
    -----
    Pose, expression and identity are solved in turn; each round poses the symmetric part of the last
    identity with the last expression, which is what a turned face has to be told from.
    """
    template = _shaped_template()
    basis = _expression_basis()
    rest = template.landmarks().astype(np.float64)
    photo = landmarks.points_px[:MESH_POINTS]
    offsets, weights = np.zeros_like(rest), np.zeros(len(basis.names))
    view = _pose(rest, photo)
    for _ in range(ROUNDS):
        moved = np.einsum("k,kni->ni", weights, basis.deltas)
        view = _pose(rest + _mirrored_mean(offsets) + moved, photo)
        seen = view.to_head(photo) - rest
        weights = basis.solve(seen)
        moved = np.einsum("k,kni->ni", weights, basis.deltas)
        offsets = _believed(seen - moved, view, settings)

    field = _Field(rest, offsets)
    vertices = _morphed(template, field)
    pupils = [vertices[template.part(f"eye_{side}"), 0].mean() for side in ("left", "right")]
    scale = settings.interpupillary_distance_metres / (pupils[0] - pupils[1])
    head = replace(
        template,
        vertices=(vertices * scale).astype(np.float32),
        shape_names=(),
        shape_deltas=np.zeros((0, len(vertices), 3), np.float32),
        bone_heads=_bones(template.bone_heads, field, scale),
        bone_tails=_bones(template.bone_tails, field, scale),
        source={"fit": repr(settings)},
    )
    head = head_shapes.with_shapes(slid(head, settings.sliders))
    view = replace(view, scale=view.scale / scale)
    expression = dict(zip(basis.names, weights.tolist(), strict=True))
    return Fit(head, view, expression, _as_photographed(head, view, expression, photo))


@lru_cache(maxsize=1)
def _shaped_template() -> Head:
    return head_shapes.with_shapes(head_template.template())


@dataclass(frozen=True)
class _ExpressionBasis:
    """The shapes an expression is made of, and the quadratic form that weighs them.

    Attributes
    ----------
    names : K shapes
    deltas : (K, N, 3) metres, motion of the landmarks at weight 1
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
        for _ in range(200):
            before = weights.copy()
            for k in range(len(weights)):
                rest = pull[k] - self.form[k] @ weights + self.form[k, k] * weights[k]
                weights[k] = min(max(rest / self.form[k, k], 0.0), 1.0)
            if np.abs(weights - before).max() < 1e-4:
                break
        return weights


@lru_cache(maxsize=1)
def _expression_basis() -> _ExpressionBasis:
    template = _shaped_template()
    chosen = [name for name in EXPRESSIONS if name in template.shape_names]
    rows = [template.shape_names.index(name) for name in chosen]
    deltas = template.landmark_deltas()[rows].astype(np.float64)
    kernel = _kernel(template.landmarks().astype(np.float64))
    noise = _landmark_noise()
    # Depth is doubted by as much again as the whole identity may vary.
    doubt = (0.0, IDENTITY, 0.0)
    whitener = np.stack([np.linalg.inv(kernel + np.diag(noise**2 + extra**2)) for extra in doubt])
    usual = np.array([EXPRESSIONS[name] for name in chosen])
    form = np.einsum("kni,inm,lmi->kl", deltas, whitener, deltas, optimize=True)
    return _ExpressionBasis(tuple(chosen), deltas, whitener, form + np.diag(usual**-2.0))


class _Field:
    """A smooth displacement known at the landmarks.

    Notes
    -----
    The kernel exp(-r / SPREAD) is the linear kernel of radial basis functions as long as r is small
    against SPREAD, and fades where that one would go on growing: at the back of the skull and at
    the base of the neck.
    """

    def __init__(self, sites: Floats, offsets: Floats) -> None:
        noise = np.diag((_landmark_noise() / IDENTITY) ** 2)
        self.sites = sites
        self.pulls = np.linalg.solve(_kernel(sites) / IDENTITY**2 + noise, offsets)

    def at(self, points: npt.ArrayLike) -> Floats:
        """(M, D) displacement at points (M, 3)."""
        places = np.asarray(points, np.float32)
        square = (places**2).sum(1)[:, None] + (self.sites**2).sum(1).astype(np.float32)
        square -= 2 * places @ self.sites.T.astype(np.float32)
        reach = np.exp(np.sqrt(np.maximum(square, 0)) * np.float32(-1 / SPREAD))
        return (reach @ self.pulls.astype(np.float32)).astype(np.float64)


def _kernel(sites: Floats) -> Floats:
    """(N, N) covariance of the identity field among the sites, square metres."""
    distance = np.linalg.norm(sites[:, None] - sites[None], axis=-1)
    return IDENTITY**2 * np.exp(-distance / SPREAD)


def _landmark_noise() -> Floats:
    noise = np.full(MESH_POINTS, NOISE)
    noise[list(OVAL)] = NOISE_OVAL
    return noise


def _pose(model: Floats, photo_px: Floats) -> View:
    """The view that lays the rigid points of the model over those of the photo."""
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


@lru_cache(maxsize=1)
def _mirror() -> npt.NDArray[np.int64]:
    """(N,) number of each landmark's mirror image; the template is symmetric."""
    points = _shaped_template().landmarks().astype(np.float64)
    flipped = points * (-1.0, 1.0, 1.0)
    return np.linalg.norm(flipped[:, None] - points[None], axis=-1).argmin(1)


def _mirrored_mean(offsets: Floats) -> Floats:
    return (offsets + offsets[_mirror()] * (-1.0, 1.0, 1.0)) / 2


def _believed(offsets: Floats, view: View, settings: FitSettings) -> Floats:
    """Offsets (N, 3) with depth (as the photo sees it) and asymmetry cut to what is believed."""
    seen = offsets @ view.rotation.T * (1.0, settings.depth, 1.0)
    offsets = seen @ view.rotation
    even = _mirrored_mean(offsets)
    return even + settings.asymmetry * (offsets - even)


def _morphed(template: Head, field: _Field) -> Floats:
    """(V, 3) template vertices moved by the field; globes, teeth and tongue move as wholes.

    Notes
    -----
    Lids keep their template distance from the globe, so they go on hugging it wherever the field
    took them. Teeth, gums and tongue follow the mean of the mouth and half of its change in width.
    """
    rest = template.vertices.astype(np.float64)
    vertices = rest + field.at(rest)
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
    vertices[inside] = (rest[inside] - mouth.mean(0)) * np.clip(width, 0.9, 1.1) + moved.mean(0)
    return vertices


def _bones(ends: npt.ArrayLike, field: _Field, scale: float) -> npt.NDArray[np.float32]:
    """(B, 3) bone ends that went with the flesh, kept in the plane of symmetry."""
    places = np.asarray(ends, np.float64)
    shift = field.at(places) * (0.0, 1.0, 1.0)
    return ((places + shift) * scale).astype(np.float32)


def _globe(points: Floats) -> tuple[Floats, float]:
    """Centre (3,) and radius of an eyeball's vertices, which are widest across its middle."""
    low, high = points.min(0), points.max(0)
    radius = float((high - low)[[0, 2]].mean() / 2)
    middle = (low + high) / 2
    return np.array([middle[0], low[1] + radius, middle[2]]), radius


def _as_photographed(
    head: Head, view: View, expression: dict[str, float], photo_px: Floats
) -> Floats:
    """(V, 3) pixels of the vertices with the photo's expression, landmarks laid on the photo's."""
    posed = head.posed(expression).astype(np.float64)
    projected = view.to_photo(posed)
    sites = head.landmarks().astype(np.float64)
    missed = photo_px - view.to_photo(head.landmarks(posed.astype(np.float32)))
    missed[:, 2] = 0.0
    return projected + _Field(sites, missed).at(head.vertices)
