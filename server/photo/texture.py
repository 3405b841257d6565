"""The skin texture of a fitted head from its photo.

The photo is taken apart into an even skin colour and the detail over it (`complexion`). The even colour is
rid of light and of differences between the sides, completed over the whole surface and pulled toward
the person's mean tone; over it goes the detail where the surface faces the camera, failing that the
other side's. So nothing wide comes from the photo but the tone of the person's skin, and what the
photo does not show has no seam. All sums are in linear light or its logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.anatomy.surface import RADIUS
from dirfa_blender.core.anatomy.uv import FRONT_GAIN
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.hair.greying import SIDES
from dirfa_blender.core.hair.hairline import bare_crown, grown_over
from dirfa_blender.core.head import MOST_RELIEF, Head, Heights
from dirfa_blender.core.head_fit import Fit
from dirfa_blender.core.head_template import template

from .age import age_seen
from .beard import beard_expected, beard_shade, bearded
from .closeup import Closeup
from .colours import Colour, as_hair_colour, measured_colours
from .complexion import Complexion, Worn, as_hair, complexion
from .grain import GRAIN, Grain, below_jaw, grain
from .greying import hair_colours, hair_tones
from .hair import Scalp
from .makeup import lips_over_skin, painted, photo_share, plausible_lips, zones
from .mask import FaceMasks, Shares
from .shading import levelling_gain, lightness, to_linear, to_srgb, to_srgb_bytes, white_balance
from .stubble import Stubble, in_shadow, read_stubble
from .surface import Neighbours, mirror_images, sampled
from .texels import TexelMap, texel_map

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]

FACING = (0.22, 0.55)  # cosine to the camera from which, and at which fully, the photo is trusted
# Of the light of somebody's hair, that brows behind glasses have at least: a rim over them may be black.
BROW_OF_HAIR = 0.5
# Power of what a pixel of a white brow is over skin, that a hair is, and share of its colour: a pixel shows
# skin beside it.
WHITE_HAIR, WHITE_HUE = 1.4, 0.5
# CIELAB lightness and chroma of hair, from none to surely grey: only with grey hair brows are white.
GREY_LIGHT, GREY_CHROMA = (33.0, 50.0), (6.0, 11.0)
# Luminance up to which a photo is believed, and by how much more the fairest skin reflects.
FAIR_SKIN, FAIREST_MORE = 0.40, 0.15
# Luminance from which down highlights count for more of what dark skin shows, and from which they do fully.
DARK_SKIN = (0.26, 0.12)
MIRRORED = 0.004  # linear light, grey, that is left of highlights where dark skin shines least
# Percentiles by lightness that give the tone.
MIDDLE_HALF, BELOW_HIGHLIGHTS = (25.0, 75.0), (20.0, 65.0)
SHADE_KEPT, TINT_KEPT = 0.3, 0.45  # share of wide differences that are kept, of light and of colour
WIDEST_TINT = 0.10  # logarithm, of a colour beside the light
SHINES = 0.25  # logarithm over the tone, from which a colour is the lamp's
WHOLE_BEARD = 0.4  # logarithm by which a beard differs from skin, from which it hides it
HAIR_CONTRAST = 0.22  # logarithm, standard deviation, from hair to hair of a beard
UNDER_HAIR = 0.8  # of hair's light, that the scalp under it has
ROOTS = 0.9  # of the scalp's colour that roots of hair give, wherever it grows
# Factors on linear red, green and blue that skin of an ear, full of blood and thin, has beside the face's.
EAR_FLUSH = (0.99, 0.90, 0.90)
SHORN = 0.75  # of the scalp's colour that short hair round a bald crown gives
BAND = 64  # rows of a texture made together: more would not stay where a processor is fast


@dataclass(frozen=True)
class _Sight:
    """How the photo sees each vertex.

    Attributes
    ----------
    places : (V, 2) pixels of the working picture
    facing : (V,) 0..1 trust by angle and region
    """

    places: Floats
    facing: Floats


@dataclass(frozen=True)
class _Surface:
    """What the texture is put together from.

    Attributes
    ----------
    taken : the working picture taken apart
    sight : how the picture sees the vertices
    base : (V, 3) linear RGB, the completed even skin
    beard : (V, 3) logarithm of what a beard leaves of it where the picture does not reach
    mirror : (V,) number of each vertex's mirror image
    unit_metres : the eye distance of the head
    """

    taken: Complexion
    sight: _Sight
    base: Floats
    beard: Floats
    mirror: npt.NDArray[np.int64]
    unit_metres: float


@dataclass(frozen=True)
class Skin:
    """What a photo says about a head's surface.

    Attributes
    ----------
    colours : sRGB 0..1 of skin, lips, iris and hair where seen
    scalp : whether and how far hair stands off
    beard : (V,) 0..1, where on the face one is expected
    beard_metres : by which it hangs below the chin
    age : 0..1, how far years have made the face sink
    surface : what a texture is put together from
    stubble : the shadow of a shaved beard
    """

    colours: dict[str, Colour]
    scalp: Scalp
    beard: Floats
    beard_metres: float
    age: float
    surface: _Surface
    stubble: Stubble

    def albedo(self, size: int) -> npt.NDArray[np.uint8]:
        """(size, size, 3) uint8 sRGB, in the head's layout, row 0 at v = 1."""
        texels = _texels(size // 2)
        return _composed(texels, size, self.surface, _sights(texels, self.surface))

    def textures(self, size: int) -> tuple[npt.NDArray[np.uint8], Heights]:
        """The albedo, and (size / 2, size / 2) int16 micrometres by which skin stands out of the mesh."""
        texels = _texels(size // 2)
        sights = _sights(texels, self.surface)
        return _composed(texels, size, self.surface, sights), _raised(self.surface, sights)


@dataclass(frozen=True)
class _Layout:
    """What depends on the template alone, kept for the next photo.

    Attributes
    ----------
    faces : (F, 4) faces of the skin; uvs : (F, 4, 2) of their corners; near : their edges
    mirror : (V,) number of each vertex's mirror image
    """

    faces: npt.NDArray[np.int32]
    uvs: npt.NDArray[np.float32]
    near: Neighbours
    mirror: npt.NDArray[np.int64]


@lru_cache(maxsize=1)
def _layout() -> _Layout:
    head = template()
    of_skin = head.face_materials == head.materials.index("skin")
    faces = head.faces[of_skin]
    return _Layout(
        faces,
        head.uvs[of_skin],
        Neighbours(faces, len(head.vertices)),
        mirror_images(head.vertices.astype(np.float64)),
    )


@lru_cache(maxsize=3)
def _texels(size: int) -> TexelMap:
    layout = _layout()
    return texel_map(layout.faces, layout.uvs, size)


@lru_cache(maxsize=3)
def _grain(size: int) -> Grain:
    """The grain of skin for a texture of this size."""
    small = _texels(size // 2)
    face = 2 * np.pi * RADIUS / (1.0 + FRONT_GAIN) / 0.996  # millimetres over the texture's width
    places = below_jaw()
    spread = small.spread(np.c_[places.around * size / face, places.share])
    return grain(size, spread[..., :2], spread[..., 2])


def prepare(size: int) -> None:
    """Work out what depends on the size of the texture alone."""
    _texels(size // 2)
    _grain(size)


def skin_from_photo(seen_in: Closeup, fit: Fit, hair_read: Future[Scalp]) -> Skin:
    """The skin and colours of the head fitted to a photo; what it says about hair is read meanwhile."""
    picture, moved, masks = seen_in.picture, seen_in.landmarks, seen_in.masks
    enlarged = float(seen_in.to_picture[0, 0])
    colours = measured_colours(picture, moved, masks, enlarged=enlarged)
    lips = lips_over_skin(colours)
    head = fit.head
    layout = _layout()
    near, mirror = layout.near, layout.mirror
    normals = vertex_normals(head.vertices.astype(np.float64), layout.faces)
    places = seen_in.moved(fit.photo_vertices_px)[:, :2]
    facing = near.smoothed(_facing(head, normals @ fit.view.rotation.T)[:, None], 3)[:, 0]

    hair_light = float(lightness(to_linear(colours["hair"]))) if "hair" in colours else 0.0
    worn = None if seen_in.frames is None else Worn(seen_in.frames, BROW_OF_HAIR * hair_light)
    taken = complexion(picture, moved, masks, _smile(fit), enlarged=enlarged, worn=worn,
                       grey_hair=_greyness(colours.get("hair")))  # fmt: skip
    grown = bearded(taken, moved.eye_distance_px, places)
    share = photo_share(grown)
    facing *= near.smoothed(share[:, None], 1)[:, 0]
    sight = _Sight(places, facing)
    trust = sampled(taken.sure, places)[:, 0] * sight.facing
    of_tone = trust * ~head.part("lips_*", "lid_*")
    seen = sampled(taken.even, places)
    balance = white_balance(_tone(seen, of_tone))
    seen = seen * balance
    gain = near.smoothed(levelling_gain(seen, normals, of_tone)[:, None], 6)
    level = seen * gain * _exposure(seen * gain, of_tone)
    tone = _tone(level, of_tone)
    base = _completed(layout, level, trust, tone)
    red = tone * plausible_lips(lips, float(lightness(tone)))
    colours["lips"] = _as_colour(red)
    base = painted(base, red, lips, near.smoothed(zones().lips[:, None], 1)[:, 0])
    base *= np.array(EAR_FLUSH) ** near.smoothed(head.part("ear_*").astype(float)[:, None], 3)
    scalp = hair_read.result()
    metres_per_px = 1.0 / (fit.view.scale * enlarged)
    if scalp.is_covered or (scalp.is_bald and not scalp.has_sides):
        colours.pop("hair", None)
    elif "hair" in colours:
        colours.update(hair_colours(seen_in, scalp, metres_per_px, colours["hair"]))
    for name in {"hair", SIDES} & set(colours):
        # What takes the lamp's orange from skin would leave grey hair blue.
        colours[name] = as_hair_colour(_as_colour(to_linear(colours[name]) * balance**0.5))
    age = age_seen(taken.lines, colours.get("hair"))
    colours["skin"] = _as_colour(tone)
    stubble = read_stubble(seen_in, grown)
    base *= near.smoothed(in_shadow(tone, stubble), 2)
    if taken.white_brows is not None:
        white = tone * np.array(taken.white_brows) ** WHITE_HAIR
        light = float(lightness(white))
        colours["brows"] = _as_colour(light + WHITE_HUE * (white - light))
    hair = _hair_on_scalp(head, sight, masks, scalp)
    base += near.smoothed(hair[:, None], 3) * (UNDER_HAIR * hair_tones(head, colours) - base)

    beard = beard_shade(taken, moved.eye_distance_px, places, facing, near)
    expected = beard_expected(taken, moved.eye_distance_px, places, facing, beard)
    unit_metres = moved.eye_distance_px * metres_per_px
    surface = _Surface(taken, sight, base, beard, mirror, unit_metres)
    return Skin(colours, scalp, expected, taken.beard_hangs * unit_metres, age, surface, stubble)


def _greyness(hair: Colour | None) -> float:
    """0..1, how grey hair of a colour is; 1 for a head without, of which nothing else is known."""
    if hair is None:
        return 1.0
    light, a, b = cv2.cvtColor(np.array([[hair]], np.float32), cv2.COLOR_RGB2LAB)[0, 0].tolist()
    is_pale = 1.0 - smoothstep(np.hypot(a, b), *GREY_CHROMA)
    return float(smoothstep(np.array(light), *GREY_LIGHT) * is_pale)


def _completed(layout: _Layout, level: Floats, trust: Floats, tone: Floats) -> Floats:
    """(V, 3) even skin of the whole head: both sides alike, wide differences in light kept in part.

    Parameters
    ----------
    level : (V, 3) linear RGB, levelled, believed by `trust` (V,); tone : (3,) of the person
    """
    off = np.log(np.maximum(level, 1e-4)) - np.log(tone)
    shade = off @ np.array([0.3, 0.55, 0.15])
    tint = np.clip(off - shade[:, None], -WIDEST_TINT, WIDEST_TINT)
    # What is brighter than the rest shines, and a shine has the colour of the lamp.
    tint *= np.clip(1.0 - shade / SHINES, 0.0, 1.0)[:, None]
    off = SHADE_KEPT * shade[:, None] + TINT_KEPT * tint
    both = trust + trust[layout.mirror]
    off = (trust[:, None] * off + trust[layout.mirror, None] * off[layout.mirror]) / np.maximum(
        both, 1e-6
    )[:, None]
    off = layout.near.completed(off, np.clip(both, 0, 1), np.zeros(3), 0.004)
    return tone * np.exp(layout.near.smoothed(off, 4))


def _smile(fit: Fit) -> float:
    """0..1, how much of a smile was taken out of the face."""
    sides = [fit.expression.get(f"mouthSmile{side}", 0.0) for side in ("Left", "Right")]
    return float(np.clip(1.5 * np.mean(sides), 0, 1))


def _facing(head: Head, normals: Floats) -> Floats:
    """(V,) trust by angle to the camera, none where the photo must not be used at all."""
    share = smoothstep(-normals[:, 1], *FACING)
    share[head.part("ear_*", "bust", "neck", "nostril_*", "hair")] = 0.0
    return share


def _hair_on_scalp(head: Head, sight: _Sight, masks: FaceMasks, scalp: Scalp) -> Floats:
    """(V,) share of hair colour painted on each vertex: as seen, and wherever hair will grow."""
    person = sampled(masks.person, sight.places)[:, 0]
    shown = np.clip(sight.facing * person, 0, 1)
    hair = shown * sampled(masks.hair, sight.places)[:, 0] + (1 - shown)
    if scalp.is_bald:
        hair = SHORN * (1 - bare_crown(head, head.vertices.astype(np.float64)))
        there = np.where(head.part("face"), grown_over(head, None), head.part("scalp"))
        return hair * there * scalp.has_sides
    hair = np.where(head.part("scalp"), hair, 0.0)
    grown = np.where(head.part("scalp", "face"), ROOTS * grown_over(head, scalp.hairline), 0.0)
    return np.maximum(hair, grown)


def _exposure(colours: Floats, weights: Floats) -> float:
    """Factor that brings skin as bright as a flash makes it back to what skin reflects at most."""
    light = float(lightness(_tone(colours, weights)))
    beyond = max(light - FAIR_SKIN, 0.0) / FAIREST_MORE
    return min(1.0, (FAIR_SKIN + FAIREST_MORE * float(np.tanh(beyond))) / max(light, 1e-6))


def _tone(colours: Floats, weights: Floats) -> Floats:
    """(3,) weighted mean of the middle half of the colours (V, 3) by lightness, of dark skin of less.

    Notes
    -----
    Skin mirrors a few hundredths of the light whatever its colour: little beside what fair skin gives back,
    as much again as dark skin does. So dark skin is looked for where it shines least.
    """
    light = lightness(colours)
    used = weights > 0.4
    if used.sum() < 20:
        return to_linear((0.7, 0.55, 0.47)).astype(np.float64)
    dark = np.interp(-np.median(light[used]), [-DARK_SKIN[0], -DARK_SKIN[1]], [0.0, 1.0])
    share = (1.0 - dark) * np.array(MIDDLE_HALF) + dark * np.array(BELOW_HIGHLIGHTS)
    low, high = np.percentile(light[used], share)
    used &= (light >= low) & (light <= high)
    tone = np.average(colours[used], axis=0, weights=weights[used])
    return tone - min(MIRRORED * dark, 0.5 * float(tone.min()))


def _as_colour(linear: Floats) -> Colour:
    red, green, blue = to_srgb(linear).tolist()
    return red, green, blue


def _sights(texels: TexelMap, surface: _Surface) -> list[Image]:
    """(S, S, 3) where the photo sees a texel, x and y, and trust: its mirror image's, then its own."""
    everywhere = np.arange(len(surface.mirror))
    return [
        texels.spread(np.c_[surface.sight.places[here], surface.sight.facing[here]])
        for here in (surface.mirror, everywhere)
    ]


def _composed(
    texels: TexelMap, size: int, surface: _Surface, sights: Sequence[Image]
) -> npt.NDArray[np.uint8]:
    """(S, S, 3) uint8 sRGB: the even skin, over it the other side's detail, over that the photo's.

    Notes
    -----
    Where no photo reaches, the even skin is made sRGB at the size of its map and only its grain is as
    fine as the texture: that part is the larger one.
    """
    small = texels.spread(surface.base)
    beard = texels.spread(surface.beard)
    plain = _enlarged(to_srgb(small * np.exp(beard)) * np.float32(255), size, size)
    result = cv2.multiply(plain, _grain(size).of_bytes, dtype=cv2.CV_8UC3)
    rows, columns = _bounds(np.maximum(sights[0][..., 2], sights[1][..., 2]) > 0)
    step = size // texels.covered.shape[0]
    high, wide = step * (rows.stop - rows.start), step * (columns.stop - columns.start)
    there = (
        slice(step * rows.start, step * rows.stop),
        slice(step * columns.start, step * columns.stop),
    )
    shade, even = (_enlarged(part[rows, columns], high, wide) for part in (beard, small))
    seen = [_seen_there(sight[rows, columns], high, wide, surface, size) for sight in sights]
    light, face = _grain(size).of_light[there], result[there]
    for first in range(0, high, BAND):
        band = slice(first, first + BAND)
        places = [tuple(part[band] for part in parts) for parts in seen]
        detail, hairy = _detailed(shade[band], light[band], places, surface.taken)
        detail *= even[band]
        detail *= light[band, :, None]
        face[band] = to_srgb_bytes(as_hair(detail, np.minimum(3 * hairy, 1)))
    return np.asarray(result, np.uint8)


def _raised(surface: _Surface, sights: Sequence[Image]) -> Heights:
    """(S, S) micrometres by which folds stand out; what the photo does not see is as on the other side."""
    total = np.zeros(sights[0].shape[:2], np.float32)
    for seen in sights:
        x, y = np.ascontiguousarray(seen[..., 0]), np.ascontiguousarray(seen[..., 1])
        folds = cv2.remap(surface.taken.folds, x, y, cv2.INTER_LINEAR)
        total += seen[..., 2] * (folds - total)
    micrometres = total * np.float32(1e6 * surface.unit_metres)
    return np.round(np.clip(micrometres, -MOST_RELIEF, MOST_RELIEF)).astype(np.int16)


def _seen_there(
    sight: Image, high: int, wide: int, surface: _Surface, size: int
) -> tuple[Shares, Shares, Shares]:
    """(H, W) where a texture's texels are seen in the picture, x and y, and how far that is believed."""
    maps = _enlarged(sight, high, wide)
    x, y = np.ascontiguousarray(maps[..., 0]), np.ascontiguousarray(maps[..., 1])
    weight = cv2.remap(surface.taken.usable, x, y, cv2.INTER_LINEAR) * maps[..., 2]
    return x, y, np.asarray(cv2.GaussianBlur(weight, (0, 0), size / 700), np.float32)


def _detailed(
    shade: Image, light: Shares, places: Sequence[tuple[Shares, ...]], taken: Complexion
) -> tuple[Image, Shares]:
    """What of a band's even skin its detail leaves (H, W, 3), and 0..1 where that is hair (H, W).

    Parameters
    ----------
    shade : logarithm of a beard; light : factors of the grain
    places : of the other side and of the own one, as `_seen_there`
    """
    red, green, blue = np.moveaxis(np.abs(shade), -1, 0)
    hairy = np.clip(np.maximum(np.maximum(red, green), blue) / WHOLE_BEARD, 0, 1)
    # Where hairs of a beard are not seen, noise stands for them.
    detail = np.exp(shade + (HAIR_CONTRAST / GRAIN * hairy * (light - 1))[..., None])
    for x, y, weight in places:
        over = cv2.remap(taken.detail, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        np.maximum(over, 0, out=over)
        over -= detail
        over *= weight[..., None]
        detail += over
        hairy += weight * (cv2.remap(taken.hairy, x, y, cv2.INTER_LINEAR) - hairy)
    return detail, hairy


def _bounds(mask: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns that hold everything true, or one texel when nothing is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _enlarged(values: Image, high: int, wide: int) -> Image:
    return np.asarray(cv2.resize(values, (wide, high), interpolation=cv2.INTER_LINEAR), np.float32)
