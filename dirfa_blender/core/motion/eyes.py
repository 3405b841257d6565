"""Eye shapes: eyeballs turn rigidly, lids slide round them.

A lid point turns about the eyeball's sideways axis by a share of the lid opening beside it, which is
nothing at the corners, so the margins meet on one line without leaving the ball. A shape key moves a point
along the chord of that turn; the end is moved outwards until all of it clears eyeball and cornea. No bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..anatomy.corners import Evening
from ..anatomy.face_view import Anatomy, Array, Fields, Indices, Mask, turn, turn_level
from ..easing import smoothstep
from .mouth import Moves

LOOKS = {  # pitch and yaw of the eyeball, radians, down and outward positive
    "eyeLookUpLeft": (-np.radians(25.0), 0.0),
    "eyeLookDownLeft": (np.radians(25.0), 0.0),
    "eyeLookOutLeft": (0.0, np.radians(30.0)),
    "eyeLookInLeft": (0.0, -np.radians(30.0)),
}
CLEARANCE = 0.15  # millimetres kept between lid and eyeball all the way
# Millimetres along which a lid goes along with what has to clear the eye; over which that is evened out.
TAKEN_ALONG, EVENED = 9.0, 2.5
LID_UPPER = (362, 398, 384, 385, 386, 387, 388, 466, 263)  # from the inner to the outer corner
LID_LOWER = (362, 382, 381, 380, 374, 373, 390, 249, 263)
BLINKS = "eyeBlinkLeft"
BLINK = (-0.84, 0.16)  # shares of the opening by which the upper and the lower lid rise
# Millimetres by which the upper lid of a blink goes past the line where the lids meet, and outwards over
# the lower one: margins that only touch show wet edge and cornea from below, or subdivided.
OVERLAP, OVER = 0.9, 1.6
OVERLAP_FROM = 0.15  # radians of opening beside which lids overlap wholly; not in the corners
# Where the skin of a closed upper lid is evened out: millimetres from the margin and, beside it, beyond the
# outer corner over which that begins, before the margin over which it ends. How thick the lid is.
EVEN_FROM, EVEN_BESIDE, EVEN_REACH = (0.5, 2.0), (0.5, 3.0), (4.0, 9.0)
EVEN_ROUNDS, EVEN_SWEEPS = 20, 6
UNDER_LID = 1.5
WIDE = (0.22, -0.07)
SQUINT = (-0.15, 0.30)
CHEEK_SQUINT = (-0.03, 0.17)  # under a raised cheek
LOOK_DOWN = (-0.46, -0.2)
LOOK_UP = (0.15, 0.08)
LID_BLUR = 3.0  # millimetres across which skin off the margin evens out the lid's motion
LASH_DROOP = 1.3  # times the lid's turn
LASH_ROUNDS = 16  # enough for a label to run along a lash from vertex to vertex
UPPER_REACH = (1.5, 11.5)  # millimetres from the margin: goes along wholly, stays
LOWER_REACH = (1.5, 10.0)

STILL = (
    10, 9, 8, 168, 6, 197, 356, 251, 284, 332, 334, 296, 293, 336, 447, 280, 330, 425, 266, 371, 343,
    362, 263, 385, 386, 387, 374, 380, 373,
)  # fmt: skip
WIDE_BROW: Moves = {
    282: (0.0, 0.0, 0.9),
    283: (0.0, 0.0, 0.9),
    295: (0.0, 0.0, 0.8),
    285: (0, 0, 0.4),
}
SQUINT_SKIN: Moves = {
    450: (0.0, 0.6, 1.5), 449: (0.0, 0.6, 1.6), 448: (-0.4, 0.5, 1.4), 451: (0.0, 0.5, 1.2),
    347: (0.0, 0.8, 1.8), 330: (0.0, 0.7, 1.4), 346: (-0.3, 0.6, 1.6), 261: (-0.8, 0.2, 0.7),
    340: (-0.6, 0.2, 1.0), 353: (-0.8, 0.1, -0.2), 282: (0.0, 0.1, -0.8), 283: (-0.2, 0.1, -1.0),
    259: (0.0, 0.1, -0.8), 257: (0.0, 0.1, -0.6), 260: (-0.3, 0.1, -0.7), 280: (0.0, 0.6, 1.0),
}  # fmt: skip


def eye_shapes(anatomy: Anatomy) -> dict[str, Array]:
    """Shapes of the left eye as (V, 3) displacements in metres; none without an eyeball."""
    eye = Eye.of(anatomy)
    if eye is None:
        return {}
    squint = anatomy.motion(SQUINT_SKIN, _without(STILL, SQUINT_SKIN))
    brow = anatomy.motion(WIDE_BROW, (*STILL, 300, 276))
    return {
        BLINKS: eye.blink(),
        "eyeWideLeft": eye.lids(*WIDE) + brow,
        "eyeSquintLeft": eye.lids(*SQUINT) + squint,
        "eyeLookUpLeft": eye.look(*LOOKS["eyeLookUpLeft"], LOOK_UP),
        "eyeLookDownLeft": eye.look(*LOOKS["eyeLookDownLeft"], LOOK_DOWN),
        "eyeLookOutLeft": eye.look(*LOOKS["eyeLookOutLeft"], (0.0, 0.0)),
        "eyeLookInLeft": eye.look(*LOOKS["eyeLookInLeft"], (0.0, 0.0)),
    }


def lids_over_cheek(anatomy: Anatomy) -> Array:
    """(V, 3) metres: what a raised left cheek does to the lids above it."""
    eye = Eye.of(anatomy)
    return np.zeros_like(anatomy.vertices) if eye is None else eye.lids(*CHEEK_SQUINT)


@dataclass(frozen=True)
class Eye:
    """The subject's left eye.

    Parameters
    ----------
    anatomy : the head
    centre : (3,) float64, metres
    ball : (V,) mask of all that turns with the eye
    """

    anatomy: Anatomy
    centre: Array
    ball: Mask

    @classmethod
    def of(cls, anatomy: Anatomy) -> Eye | None:
        parts = [f"{name}_left" for name in ("eye", "sclera", "iris", "pupil", "cornea")]
        ball = anatomy.part(*parts)
        white = anatomy.part("eye_left", "sclera_left")
        return cls(anatomy, sphere_centre(anatomy.vertices[white]), ball) if white.any() else None

    def lids(self, upper: float, lower: float) -> Array:
        """Both lids with lashes, raised by shares of the opening."""
        return self._slid(self._turned(upper, lower))

    def blink(self) -> Array:
        """Both lids closed: the margins meet on one line, and the upper lid lies over the lower."""
        closed = self._slid(self._turned(*BLINK, meet=True))
        arm = self.anatomy.vertices + closed - self.centre
        away = arm / np.maximum(np.linalg.norm(arm, axis=1, keepdims=True), 1e-9)
        lower, upper = self._margin_radius(LID_LOWER), self._margin_radius(LID_UPPER)
        lift = np.maximum(lower - upper, 0.0) + OVER * self.anatomy.unit
        closed += (lift * self._overlap * self._on_margin)[:, None] * away
        return self._evened(closed)

    def look(self, pitch: float, yaw: float, lids: tuple[float, float]) -> Array:
        """The eyeball turned, and the lids that follow; radians, down and outward are positive."""
        count = len(self.anatomy.vertices)
        ball = turn(self.anatomy.vertices, self.centre, np.full(count, pitch))
        ball += turn_level(self.anatomy.vertices, self.centre, np.full(count, yaw))
        return np.where(self.ball[:, None], ball, self.lids(*lids))

    def attend(self, fields: Fields, names: Sequence[str], side: float) -> None:
        """Keep lids out of the eye at any weight of any shape, and lashes on their lids.

        The way out is shared by neighbours, so that a lid keeps its thickness. In a blink, which goes right
        over the cornea, rim and lining go with the skin before them: to clear it by themselves they would
        be lifted so far that the wet edge showed under the closed lid.

        Parameters
        ----------
        fields : (K, V, 3) metres, changed in place
        names : the K shape names, this eye's called left
        side : -1 where the fields' head is the mirror image of this eye's, else 1
        """
        flip = np.array([side, 1.0, 1.0])
        lid, (lashes, roots) = self._lid, self._lashes
        arm = self.anatomy.vertices[lid] - self.centre
        wanted = np.minimum(self._room(arm, 0.0, 0.0), CLEARANCE * self.anatomy.unit)
        for k, name in enumerate(names):
            pitch, yaw = LOOKS.get(name, (0.0, 0.0))
            slide = fields[k, lid] * flip
            if np.abs(slide).max(initial=0.0) < 1e-7 and name not in LOOKS:
                continue
            end = arm + slide
            away = end / np.linalg.norm(end, axis=1, keepdims=True)
            outward = np.zeros(len(arm))
            clears = self._looks_out[lid] | (name != BLINKS)
            for weight in np.linspace(0.1, 1.0, 10):
                there = arm + weight * (slide + outward[:, None] * away)
                lacking = wanted - self._room(there, weight * pitch, weight * yaw)
                outward += np.where(clears, np.maximum(lacking, 0.0), 0.0) / weight
            fields[k, lid] += self._shared(outward)[:, None] * away * flip
            fields[k, lashes] += fields[k, lid][roots]

    @cached_property
    def margins(self) -> tuple[Array, Array, Array]:
        """Elevations of the two lid margins, radians, over x in metres."""
        points = self.anatomy.points
        x = np.linspace(points[362, 0], points[263, 0], 41)
        upper = self._margin("lid_upper_left", LID_UPPER, x, -1.0)
        lower = self._margin("lid_lower_left", LID_LOWER, x, 1.0)
        lower = np.minimum(lower, upper)
        return x, upper, lower

    @cached_property
    def _outside(self) -> Mask:
        """(V,) skin but for the lining of the lids: what looks at the eye from as near as the margins."""
        arm = self.anatomy.vertices - self.centre
        behind = np.linalg.norm(arm, axis=1) < self._margin_radius(LID_UPPER)
        return self.anatomy.skin & (self._looks_out | ~behind)

    @cached_property
    def _looks_out(self) -> Mask:
        """(V,) what is turned away from the eye."""
        arm = self.anatomy.vertices - self.centre
        return np.asarray((arm * self.anatomy.normals).sum(1) > 0.0)

    def _margin_radius(self, landmarks: Sequence[int]) -> Array:
        """(V,) metres from the eye's centre to a lid's margin above or below each vertex."""
        marks = self.anatomy.points[list(landmarks)]
        away = np.linalg.norm(marks - self.centre, axis=1)
        return np.interp(self.anatomy.vertices[:, 0], marks[:, 0], away)

    @cached_property
    def _elevation(self) -> Array:
        return elevation(self.anatomy.vertices - self.centre)

    @cached_property
    def _above(self) -> Mask:
        x, upper, lower = self.margins
        middle = np.interp(self.anatomy.vertices[:, 0], x, (upper + lower) / 2)
        above = self._elevation >= middle
        above[self.anatomy.part("lid_upper_left", "lashes_upper_left")] = True
        above[self.anatomy.part("lid_lower_left", "lashes_lower_left")] = False
        return above

    def _margin(self, part: str, landmarks: Sequence[int], x: Array, sign: float) -> Array:
        """The lid's edge: its landmarks, moved to the vertices that reach farthest beside them."""
        marks = self.anatomy.points[list(landmarks)]
        rough = np.interp(x, marks[:, 0], elevation(marks - self.centre))
        lid = self.anatomy.vertices[self.anatomy.part(part)]
        behind = (lid[:, 1] - np.interp(lid[:, 0], marks[:, 0], marks[:, 1])) / self.anatomy.unit
        lid = lid[(np.abs(behind) < 2.4) & (lid[:, 0] >= x[0]) & (lid[:, 0] <= x[-1])]
        if not len(lid):
            return rough
        beyond = (elevation(lid - self.centre) - np.interp(lid[:, 0], x, rough)) * sign
        near = np.abs(lid[:, None, 0] - lid[None, :, 0]) < 0.9 * self.anatomy.unit
        edge = beyond >= np.where(near, beyond, -np.inf).max(1) - 1e-9
        order = np.argsort(lid[edge, 0])
        offset = np.interp(x, lid[edge, 0][order], beyond[edge][order] * sign)
        return rough + offset

    @cached_property
    def _opening(self) -> Array:
        """(V,) radians between the margins above or below each vertex."""
        x, top, bottom = self.margins
        return np.interp(self.anatomy.vertices[:, 0], x, top - bottom, left=0.0, right=0.0)

    @cached_property
    def _radius(self) -> Array:
        """(V,) metres from the ball's sideways axis."""
        return np.linalg.norm(self.anatomy.vertices[:, 1:] - self.centre[1:], axis=1)

    @cached_property
    def _edge(self) -> Array:
        """(V,) radians: elevation of the margin of each vertex's own lid."""
        x, top, bottom = self.margins
        across = self.anatomy.vertices[:, 0]
        return np.where(self._above, np.interp(across, x, top), np.interp(across, x, bottom))

    @cached_property
    def _away(self) -> Array:
        """(V,) millimetres of an adult's face along the lid from its margin."""
        unit = self.anatomy.unit
        return np.abs(self._elevation - self._edge) * np.minimum(self._radius, 16.0 * unit) / unit

    @cached_property
    def _overlap(self) -> Array:
        """(V,) shares 0..1 of the overlap in a blink: of the upper lid, and not in the corners."""
        wide = smoothstep(self._opening, 0.0, OVERLAP_FROM)
        return np.where(self._above & self.anatomy.skin, wide, 0.0)

    @cached_property
    def _on_margin(self) -> Array:
        """(V,) shares 0..1 of what belongs to the margin of a lid, and none of what lies deep."""
        near = 1.0 - smoothstep(self._away, 1.0, 4.0)
        return np.where(np.abs(self._radius / self.anatomy.unit - 13.0) < 5.0, near, 0.0)

    def _evened(self, closed: Array) -> Array:
        """The motion (V, 3) of a blink that ends in one smooth lid.

        Points that lie at unlike depths over an open eye still do when they have turned, which draws ridges
        and pits over a closed one. So does a cornea under a lid that lies close to the ball beside it.
        """
        anatomy, unit = self.anatomy, self.anatomy.unit
        share = self._evening_share
        on_skin = anatomy.edges[anatomy.skin[anatomy.edges].all(1)]
        evening = Evening.of(anatomy.vertices, on_skin, share)
        least = self._profile[1].max() + UNDER_LID * unit
        ended = anatomy.vertices + closed
        for _ in range(EVEN_ROUNDS):
            ended[evening.moved] = evening.swept(ended[evening.used], EVEN_SWEEPS)
            arm = ended[evening.moved] - self.centre
            length = np.linalg.norm(arm, axis=1, keepdims=True)
            out = np.maximum(least - length, 0.0) * share[evening.moved, None]
            ended[evening.moved] += out * arm / length
        return ended - anatomy.vertices

    @cached_property
    def _evening_share(self) -> Array:
        """(V,) shares 0..1 by which the skin of a closed upper lid, and beside its corner, is evened."""
        anatomy, unit = self.anatomy, self.anatomy.unit
        away = np.linalg.norm(anatomy.vertices - self.centre, axis=1)
        out = (away - self._margin_radius(LID_UPPER)) / unit
        lid = np.where(self._above, smoothstep(self._away, *EVEN_FROM), 0.0)
        beyond = (anatomy.vertices[:, 0] - self.margins[0][-1]) / unit
        share = np.maximum(lid, smoothstep(beyond, *EVEN_BESIDE))
        share *= 1.0 - smoothstep(out, *EVEN_REACH)
        before = anatomy.vertices[:, 1] < self.centre[1]
        return np.where(self._outside & before, share, 0.0)

    def _turned(self, upper: float, lower: float, *, meet: bool = False) -> Array:
        """(V,) radians each lid point turns about the ball's sideways axis, down is positive."""
        anatomy, unit = self.anatomy, self.anatomy.unit
        points = anatomy.vertices
        x, top, bottom = self.margins
        opening = self._opening.copy()
        radius, edge, away = self._radius, self._edge, self._away
        upper_reach = 1.0 - smoothstep(away, *UPPER_REACH)
        reach = np.where(self._above, upper_reach, 1.0 - smoothstep(away, *LOWER_REACH))
        reach *= 1.0 - smoothstep(radius / unit, 15.5, 20.0)
        wide = _blurred(x, top - bottom, LID_BLUR * unit)
        opening += smoothstep(away, 1.5, 6.0) * (np.interp(points[:, 0], *wide) - opening)
        rise = np.where(self._above, upper, lower) * opening * reach
        if meet:
            on_edge = np.where(radius > 4.0 * unit, 1.0 - smoothstep(away, 0.6, 2.0), 0.0)
            rise += on_edge * np.where(opening > 0.0, edge - self._elevation, 0.0)
            rise -= OVERLAP * unit / radius * self._overlap * reach
        taken = anatomy.skin & (points[:, 1] < self.centre[1] + 4.0 * unit)
        return np.where(taken, -rise, 0.0)

    def _slid(self, angle: Array) -> Array:
        """Lids turned by these angles about the ball; each lash turned alike, about its own root."""
        points = self.anatomy.vertices
        moved = turn(points, self.centre, angle)
        lashes, roots = self._lashes
        held, about = np.zeros(len(points)), points.copy()
        held[lashes] = LASH_DROOP * angle[self._lid][roots]
        about[lashes] = points[self._lid][roots]
        moved[lashes] = turn(points, about, held)[lashes]
        return moved

    @cached_property
    def _lid(self) -> Indices:
        """Skin vertices close enough to the eye to be kept out of it."""
        arm = self.anatomy.vertices - self.centre
        near = np.linalg.norm(arm, axis=1) < 19.0 * self.anatomy.unit
        return np.flatnonzero(self.anatomy.skin & near & (arm[:, 1] < 0.0))

    @cached_property
    def _neighbours(self) -> tuple[Array, Array]:
        """(L, L) shares 0..1: of a lid vertex's way out that others take, and of theirs in its evening."""
        points, above = self.anatomy.vertices[self._lid], self._above[self._lid]
        apart = np.linalg.norm(points[:, None] - points, axis=-1) / self.anatomy.unit
        alike = above[:, None] == above
        near = np.where(alike & (apart < EVENED), 1.0, 0.0)
        return np.where(alike, 1.0 - smoothstep(apart, EVENED, TAKEN_ALONG), 0.0), near / near.sum(
            1
        )

    def _shared(self, outward: Array) -> Array:
        """What is largest nearby, evened out: a lid that a cornea lifts is a dome, and no bump."""
        if not outward.any():
            return outward
        taken, near = self._neighbours
        return near @ (taken * outward).max(1)

    @cached_property
    def _lashes(self) -> tuple[Indices, Indices]:
        """Lash vertices, and for each the lid vertex (row of `_lid`) its own lash grows from."""
        anatomy = self.anatomy
        mask = anatomy.part("lashes_upper_left", "lashes_lower_left")
        lashes = np.flatnonzero(mask)
        sides = anatomy.edges[mask[anatomy.edges].all(1)]
        label = np.arange(len(mask))
        for _ in range(LASH_ROUNDS):
            low = label[sides].min(1)
            np.minimum.at(label, sides[:, 0], low)
            np.minimum.at(label, sides[:, 1], low)
        reach = np.linalg.norm(anatomy.vertices[lashes] - self.centre, axis=1)
        order = np.lexsort((reach, label[lashes]))
        strands, first, which = np.unique(
            label[lashes][order], return_index=True, return_inverse=True
        )
        roots = anatomy.vertices[lashes[order[first]]]
        above = self._above[lashes[order[first]]]
        gap = np.linalg.norm(roots[:, None] - anatomy.vertices[self._lid], axis=-1)
        gap += np.where(above[:, None] == self._above[self._lid], 0.0, 1.0)
        nearest = gap.argmin(1) if len(strands) else np.zeros(0, np.int64)
        return lashes[order], nearest[which]

    def _room(self, arms: Array, pitch: float, yaw: float) -> Array:
        """(N,) metres between points about the centre and the surface of the eye turned so far."""
        axis = np.array([np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), -np.sin(pitch)])
        length = np.linalg.norm(arms, axis=1)
        angle = np.arccos(np.clip(arms @ axis / length, -1.0, 1.0))
        angles, radii = self._profile
        return length - np.interp(angle, angles, radii)

    @cached_property
    def _profile(self) -> tuple[Array, Array]:
        """The eye's radius over the angle from its axis: the cornea, and the ball round it."""
        anatomy = self.anatomy
        cornea = anatomy.part("cornea_left")
        angle, radius = _polar(anatomy.vertices[cornea] - self.centre)
        ball_angle, ball_radius = _polar(anatomy.vertices[self.ball & ~cornea] - self.centre)
        beyond = ball_angle > angle.max(initial=0.0)
        angle = np.concatenate([angle, ball_angle[beyond]])
        radius = np.concatenate([radius, ball_radius[beyond]])
        rings = np.round(angle, 3)
        places, first = np.unique(rings, return_index=True)
        highest = np.zeros(len(places))
        np.maximum.at(highest, np.searchsorted(places, rings), radius)
        return angle[first], highest


def _polar(arms: Array) -> tuple[Array, Array]:
    """Angles from straight ahead and lengths of points about the eye's centre."""
    length = np.linalg.norm(arms, axis=1)
    return np.arccos(np.clip(-arms[:, 1] / np.maximum(length, 1e-9), -1.0, 1.0)), length


def _blurred(x: Array, values: Array, width: float) -> tuple[Array, Array]:
    """A function that is zero outside its places, evened out over a width, on a wider line."""
    margin = 3.0 * width
    line = np.linspace(x[0] - margin, x[-1] + margin, 81)
    shares = np.exp(-0.5 * ((line[:, None] - line) / width) ** 2)
    return line, shares @ np.interp(line, x, values, left=0.0, right=0.0) / shares.sum(1)


def elevation(arms: Array) -> Array:
    """(N,) radians about the X axis: 0 straight ahead, up is positive."""
    return np.arctan2(arms[:, 2], -arms[:, 1])


def sphere_centre(points: Array) -> Array:
    """(3,) centre of the sphere nearest to the back half of an eyeball, which no iris dents."""
    back = points[points[:, 1] >= (points[:, 1].min() + points[:, 1].max()) / 2]
    system = np.c_[2.0 * back, np.ones(len(back))]
    return np.linalg.lstsq(system, (back**2).sum(1), rcond=None)[0][:3]


def _without(landmarks: Sequence[int], gone: Moves) -> tuple[int, ...]:
    return tuple(index for index in landmarks if index not in gone)
