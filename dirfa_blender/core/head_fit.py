"""The template head morphed to the face in a photo.

One photo tells where features lie across the picture, hardly how deep they are: the landmarks' depth
is mostly the landmark network's average face. So the fit believes x and y, takes `FitSettings.depth` of
the depth and `FitSettings.asymmetry` of the difference between the sides, and leaves the rest to the
template. An expression is told from an identity by what each can do: the template's own shapes move
lips, lids and brows in few ways, each at a price; an identity is a smooth field (`likeness.morph`),
which cannot part two lips that touch. Both are solved together and only the identity stays in the head.
Further photos of the same face, turned, share the identity and settle the depth. No bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from .anatomy.corners import Evening, eased_corners, evening_at_rest
from .anatomy.lower_profile import forward
from .errors import SettingsError
from .head import Head
from .head_shapes import shaped_template, with_shapes
from .likeness.ageing import ageing_field
from .likeness.ears import EarPose, follows, with_ears
from .likeness.expression import expression_basis
from .likeness.landmarks import LIPS_OUTER, MESH_POINTS, OVAL, RIGID, FaceLandmarks
from .likeness.lids import relaxed_lids
from .likeness.morph import Field, answer, landmark_noise, morphed, moved_bones, reach
from .likeness.neck import neck_field
from .likeness.sliders import HeadSliders, slid
from .likeness.view import View, nudged, view_over

Floats = npt.NDArray[np.float64]

ROUNDS = 4  # of pose, expression and identity in turn
PRIOR = 0.001  # weight of the template's own place against a landmark seen face on
ALONG = 0.1  # weight of what is seen along a line of sight, against across it
TURNED_ROUNDS = 5  # of the pose of a turned photo
# A fit that pays for expressions finds too little of a smile: over 121 portraits the corners of the fitted
# neutral mouth still rose by a third of what the smile had been found to lift them.
SMILE_FOUND = 0.85  # share of a smile that the fit finds
BROADEST = 1.4  # weight of a laugh's smile, where 1 is a full smile of closed lips
# Round the lips, over which a correction by looking fades into one that moves the mouth as a whole.
MOUTH_REACH = 0.018  # metres
MOUTH_WHOLE = 0.8  # share of it on the lips
# How a correction by looking at the result spreads: metres, inside the face and on the outline.
CORRECTION_NOISE, CORRECTION_NOISE_OVAL = 0.0012, 0.0015


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
    asymmetry: float = 0.5
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
class Solution:
    """What was read off the photos, before a mesh is made of it; the template's size.

    Attributes
    ----------
    offsets : (N, 3) float64, metres, identity at the landmarks, head frame
    correction : (N, 3) float64, metres, what looking at the result added to it
    views, expressions : a view and (K,) weights of `likeness.expression.USUAL_WEIGHTS` for each photo
    photos_px : (N, 3) float64, the landmarks of each photo
    neck : share by which the neck is wider than the template's
    age : 0..1, what of `ageing` the face has
    ears : how they sit on the head, in the template's size
    """

    offsets: Floats
    correction: Floats
    views: tuple[View, ...]
    expressions: tuple[Floats, ...]
    photos_px: tuple[Floats, ...]
    neck: float = 0.0
    age: float = 0.0
    ears: EarPose = field(default_factory=EarPose)


@dataclass(frozen=True)
class Fit:
    """A fitted head and how it explains its photo.

    Attributes
    ----------
    head : the neutral head; with its 52 shapes unless it came from `bare_fit`
    view : where it stands in the photo
    expression : weight of each shape that the photo shows and the head no longer does
    scale : of the head, against the template
    photo_px : (N, 3) float64, the landmarks of the photo
    """

    head: Head
    view: View
    expression: dict[str, float]
    scale: float
    photo_px: Floats

    def seen(self, view: View) -> View:
        """A view of the template's size as one of the head."""
        return replace(view, scale=view.scale / self.scale)

    @cached_property
    def posed_vertices(self) -> Floats:
        """(V, 3) metres, the vertices with the photo's expression, as the template's shapes move them."""
        template = shaped_template()
        rows = [template.shape_names.index(name) for name in self.expression]
        weights = np.array(list(self.expression.values()), np.float32)
        moved = np.einsum("k,kvi->vi", weights, template.shape_deltas[rows])
        return self.head.vertices.astype(np.float64) + moved * self.scale

    @cached_property
    def photo_vertices_px(self) -> Floats:
        """(V, 3) the vertices as photographed; inside the face the landmarks fall on the photo's."""
        posed = self.posed_vertices
        missed = self.photo_px - self.view.to_photo(self.head.landmarks(posed.astype(np.float32)))
        missed[:, 2] = 0.0
        spread = Field.through(self.head.landmarks().astype(np.float64), missed, landmark_noise())
        # The template's reach: a vertex is as near to a landmark on the head as it was there.
        return self.view.to_photo(posed) + spread.with_reach(_template_reach())


def solve(photos: Sequence[FaceLandmarks], settings: FitSettings) -> Solution:
    """Pose and expression of every photo, and the identity they share.

    Parameters
    ----------
    photos : landmarks of one person's face; the first is the one seen from the front

    Notes
    -----
    Pose, expression and identity are solved in turn; each round poses the symmetric part of the last
    identity with the last expression, which is what a turned face has to be told from.
    """
    basis = expression_basis()
    rest = _mean_as_seen()
    pictures = [photo.points_px[:MESH_POINTS] for photo in photos]
    offsets = np.zeros_like(rest)
    weights = [np.zeros(len(basis.names)) for _ in pictures]
    views = [view_over(rest, picture) for picture in pictures]
    unexplained: list[Floats] = []
    for _ in range(ROUNDS):
        unexplained = []
        for k, picture in enumerate(pictures):
            moved = np.einsum("k,kni->ni", weights[k], basis.deltas)
            views[k] = view_over(rest + _mirrored_mean(offsets) + moved, picture)
            if k:
                views[k] = _posed_across(rest + _mirrored_mean(offsets) + moved, picture, views[k])
            seen = views[k].to_head(picture) - rest
            weights[k] = basis.solve(seen)
            unexplained.append(seen - np.einsum("k,kni->ni", weights[k], basis.deltas))
        offsets = _believed(unexplained, views, settings)
    smiles = np.array([name.startswith("mouthSmile") for name in basis.names])
    for k, found in enumerate(weights):
        whole = np.where(smiles, np.minimum(found / SMILE_FOUND, BROADEST), found)
        unexplained[k] = unexplained[k] - np.einsum("k,kni->ni", whole - found, basis.deltas)
        weights[k] = whole
    offsets = _believed(unexplained, views, settings)
    still = np.zeros_like(offsets)
    return Solution(offsets, still, tuple(views), tuple(weights), tuple(pictures))


def neutral_landmarks_px(solution: Solution, number: int = 0) -> Floats:
    """(N, 2) pixels of a photo where its landmarks would lie without the expression."""
    basis, view = expression_basis(), solution.views[number]
    moved = np.einsum("k,kni->ni", solution.expressions[number], basis.deltas)
    turned = moved @ view.rotation.T * view.scale
    return solution.photos_px[number][:, :2] - turned[:, [0, 2]] * (1.0, -1.0)


def identity_landmarks(solution: Solution) -> Floats:
    """(N, 3) metres, landmarks of the solution's neutral face in the template's size."""
    return shaped_template().landmarks().astype(np.float64) + solution.offsets


def reposed(solution: Solution, missed_px: Floats, number: int = 0) -> tuple[Solution, Floats]:
    """The solution with the head turned and shifted as misses ask for, and (N, 2) what then is missed.

    Parameters
    ----------
    missed_px : (N, 2) pixels of a photo: where each landmark should be seen less where it is
    number : of the photo

    Notes
    -----
    A camera near by shows what lies farther back smaller and nearer to its axis. To a view without
    perspective that is a turn, which the network's depth does not tell but what is seen does. The outline
    does not count, whose points slide.
    """
    view = solution.views[number]
    model = identity_landmarks(solution)
    inside = np.ones(len(model))
    inside[list(OVAL)] = 0.0
    moved, shown = nudged(view, model + solution.correction, missed_px, inside)
    views = (*solution.views[:number], moved, *solution.views[number + 1 :])
    return replace(solution, views=views), missed_px - shown


def corrected(solution: Solution, missed_px: Sequence[Floats], settings: FitSettings) -> Solution:
    """The solution moved so that landmarks fall where they should.

    Parameters
    ----------
    missed_px : for the first photos, (N, 2) pixels: where each landmark should be seen less where it is

    Notes
    -----
    The mouth moves as a whole: a network that saw the lips of a smile sees others in the closed mouth of
    a drawing, and making that good would thin the lips by a sixth and widen the mouth by 3 mm.
    A photo says nothing along its line of sight; what several say is agreed as in `solve`.
    """
    near = _near_mouth()[:, None]
    moves: list[Floats] = []
    for missed, view in zip(missed_px, solution.views, strict=False):
        whole = (near * missed).sum(0) / near.sum()
        x, down = (missed + near * (whole - missed)).T
        moves.append(np.stack([x, np.zeros_like(x), -down], -1) / view.scale @ view.rotation)
    moved = moves[0] if len(moves) == 1 else _agreed(moves, solution.views, 0.0)
    even = _mirrored_mean(moved)
    moved = even + settings.asymmetry * (moved - even)
    return replace(solution, correction=solution.correction + moved)


def bare_fit(solution: Solution, settings: FitSettings) -> Fit:
    """The neutral head of a solution, without shapes: those are made last, from its final form."""
    template = shaped_template()
    basis = expression_basis()
    rest = template.landmarks().astype(np.float64)
    pulls = _identity_answer() @ solution.offsets
    if solution.correction.any():
        pulls = pulls + _correction_answer() @ solution.correction
    field = Field(rest, pulls)
    vertices = relaxed_lids(template, morphed(template, field, _template_reach()))
    vertices = eased_corners(_evening(), vertices)
    vertices += solution.neck * neck_field() + solution.age * ageing_field()
    vertices = with_ears(vertices, solution.ears)
    pupils = [vertices[template.part(f"eye_{side}"), 0].mean() for side in ("left", "right")]
    scale = settings.interpupillary_distance_metres / (pupils[0] - pupils[1])
    head = replace(
        template,
        vertices=(vertices * scale).astype(np.float32),
        shape_names=(),
        shape_deltas=np.zeros((0, len(vertices), 3), np.float32),
        bone_heads=moved_bones(template.bone_heads, field, scale),
        bone_tails=moved_bones(template.bone_tails, field, scale),
        source={"fit": repr(replace(settings, sliders=HeadSliders()))},
    )
    view = replace(solution.views[0], scale=solution.views[0].scale / scale)
    expression = dict(zip(basis.names, solution.expressions[0].tolist(), strict=True))
    return Fit(slid(head, settings.sliders), view, expression, float(scale), solution.photos_px[0])


def shaped_fit(fit: Fit) -> Fit:
    """The fit with the 52 shapes of its head."""
    return replace(fit, head=with_shapes(fit.head))


def prepare() -> None:
    """Work out what every fit needs of the template, a second and a half, before the first one asks."""
    expression_basis()
    _template_reach()
    _identity_answer()
    _correction_answer()
    _evening()
    _mirror()
    neck_field()
    ageing_field()
    follows()


@lru_cache(maxsize=1)
def _mean_as_seen() -> Floats:
    """(N, 3) metres, landmarks of the template as the network knows them: lips and chin further back."""
    points = shaped_template().landmarks().astype(np.float64)
    return points + forward(points * 1e3)[:, None] * (0.0, 1e-3, 0.0)


@lru_cache(maxsize=1)
def _template_reach() -> npt.NDArray[np.float32]:
    """(V, N) float32, kept because every correction of a fit moves the same template."""
    template = shaped_template()
    return reach(template.vertices, template.landmarks().astype(np.float64))


@lru_cache(maxsize=1)
def _evening() -> Evening:
    return evening_at_rest(shaped_template())


@lru_cache(maxsize=1)
def _identity_answer() -> Floats:
    return answer(shaped_template().landmarks().astype(np.float64), landmark_noise())


@lru_cache(maxsize=1)
def _correction_answer() -> Floats:
    noise = np.full(MESH_POINTS, CORRECTION_NOISE)
    noise[list(OVAL)] = CORRECTION_NOISE_OVAL
    return answer(shaped_template().landmarks().astype(np.float64), noise)


def _posed_across(model: Floats, photo_px: Floats, view: View) -> View:
    """The view that lays the model over a turned photo by what is seen across it alone.

    Notes
    -----
    A network that takes a turned face for less turned says so in the depth of its points.
    """
    rigid = np.zeros(len(model))
    rigid[list(RIGID)] = 1.0
    for _ in range(TURNED_ROUNDS):
        missed = (photo_px - view.to_photo(model))[:, :2]
        view, _shown = nudged(view, model, missed, rigid * _facing(view))
    return view


@lru_cache(maxsize=1)
def _mirror() -> npt.NDArray[np.int64]:
    """(N,) number of each landmark's mirror image; the template is symmetric."""
    points = shaped_template().landmarks().astype(np.float64)
    flipped = points * (-1.0, 1.0, 1.0)
    return np.linalg.norm(flipped[:, None] - points[None], axis=-1).argmin(1)


@lru_cache(maxsize=1)
def _near_mouth() -> Floats:
    """(N,) `MOUTH_WHOLE` on the lips, falling to 0 at `MOUTH_REACH` from them."""
    points = shaped_template().landmarks().astype(np.float64)
    lips = points[list(LIPS_OUTER)]
    gap = np.linalg.norm(points[:, None] - lips[None], axis=-1).min(1)
    return MOUTH_WHOLE * np.clip(1.0 - gap / MOUTH_REACH, 0.0, 1.0)


def _mirrored_mean(offsets: Floats) -> Floats:
    return (offsets + offsets[_mirror()] * (-1.0, 1.0, 1.0)) / 2


def _believed(offsets: Sequence[Floats], views: Sequence[View], settings: FitSettings) -> Floats:
    """Offsets (N, 3) that the photos agree on, cut to what of depth and asymmetry is believed.

    Notes
    -----
    What one photo sees as depth another, turned, sees across. But the network's points on a turned face
    keep much of its average face, so depth keeps its doubt.
    """
    seen: list[Floats] = []
    for offset, view in zip(offsets, views, strict=True):
        local = offset @ view.rotation.T * (1.0, settings.depth, 1.0)
        seen.append(local @ view.rotation)
    agreed = _agreed(seen, views, ALONG)
    even = _mirrored_mean(agreed)
    return even + settings.asymmetry * (agreed - even)


def _agreed(offsets: Sequence[Floats], views: Sequence[View], along: float) -> Floats:
    """(N, 3) offsets that the photos agree on; each counts for `along` in its line of sight."""
    pulls = np.broadcast_to(PRIOR * np.eye(3), (len(offsets[0]), 3, 3)).copy()
    sums = np.zeros((len(offsets[0]), 3))
    for seen, view in zip(offsets, views, strict=False):
        form = view.rotation.T @ np.diag([1.0, along, 1.0]) @ view.rotation
        # A lone photo is believed on its far side too: nothing else shows it.
        share = _facing(view) if len(offsets) > 1 else np.ones(len(seen))
        pulls += share[:, None, None] * form
        sums += share[:, None] * (seen @ form)
    return np.linalg.solve(pulls, sums[..., None])[..., 0]


def _facing(view: View) -> Floats:
    """(N,) 0..1 how well a photo sees each landmark, by the direction it looks on an upright oval."""
    points = shaped_template().landmarks().astype(np.float64)
    outward = points[:, :2] - (0.0, points[list(OVAL), 1].max())
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    toward = -(outward @ view.rotation[1, :2])
    return np.clip(1.5 * toward + 0.2, 0.02, 1.0)
