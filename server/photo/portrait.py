"""Photos in, one head out: decode, find the face, check, fit, dress in its own skin, look, correct."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core import head_fit
from dirfa_blender.core.errors import PhotoError
from dirfa_blender.core.hair.beard import with_beard
from dirfa_blender.core.head import Head, Heights
from dirfa_blender.core.head_fit import (
    Fit,
    FitSettings,
    Solution,
    bare_fit,
    identity_landmarks,
    shaped_fit,
    solve,
)
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.protocol import PhotoSettings

from . import graphs, texture
from .checks import LARGEST_SIDE_YAW, LARGEST_YAW, expression_warnings, refuse_or_warn
from .closeup import Closeup, closeup
from .decode import Pixels, decode_photo
from .ears import ears_seen
from .exposure import exposure_warnings, lightened, missing_light
from .hair import with_hair
from .hair_reading import hair_in_photo
from .hair_roots import with_hair_roots
from .headwear import HEADWEAR_WARNING
from .landmarks import Detection, detect_face
from .likeness import corrected_by_looking
from .neck import neck_share
from .stubble import with_stubble
from .texture import Skin, skin_from_photo

SKETCH = 512  # texels of the skin that is looked at


@dataclass(frozen=True)
class PhotoResult:
    """What a photo became.

    Attributes
    ----------
    head : neutral, with 52 shapes, albedo and measured colours
    warnings : sentences about what was corrected or is uncertain
    landmarks : of the face that was used, in pixels of the upright photo as decoded
    fit : how the head stands in the photo and which expression was taken out of it
    solution : what the fit was made of
    """

    head: Head
    warnings: tuple[str, ...]
    landmarks: FaceLandmarks
    fit: Fit
    solution: Solution


def prepare(settings: PhotoSettings) -> None:
    """Load and work out everything that does not depend on the photo."""
    graphs.prepare()
    head_fit.prepare()
    _prepare_textures(settings)


def _prepare_textures(settings: PhotoSettings) -> None:
    texture.prepare(SKETCH)
    texture.prepare(settings.texture_pixels)


def head_from_photo(data: bytes, settings: PhotoSettings) -> PhotoResult:
    """The head of the person in a photo; see `head_from_photos`."""
    return head_from_photos([data], settings)


def head_from_photos(
    photos: Sequence[bytes],
    settings: PhotoSettings,
    progress: Callable[[float], None] = lambda _share: None,
) -> PhotoResult:
    """The head of the person in one or more photos.

    Parameters
    ----------
    photos : bytes of picture files; the least turned face gives the skin, the others depth
    progress : called with 0..1 as parts are done; what it raises ends the work

    Raises
    ------
    PhotoError
        When the bytes are no photo, or it holds no face that can be fitted.
    """
    chosen = FitSettings(interpupillary_distance_metres=settings.interpupillary_metres)
    with ThreadPoolExecutor(max_workers=1) as beside:
        # Nothing once `prepare` was called; else it takes longer than finding a face, and waits for none.
        ready = beside.submit(head_fit.prepare)
        beside.submit(_prepare_textures, settings)
        looks = [_looked_at(data, number, len(photos)) for number, data in enumerate(photos, 1)]
        progress(0.1)
        looks.sort(key=lambda look: abs(float(look.found.landmarks.turn()[1])))
        front = looks[0]
        ready.result()
        seen_in = [look.found.landmarks for look in looks]
        seen = closeup(front.pixels, seen_in[0])
        solution = _solved(seen_in, seen, chosen)
        fit = bare_fit(solution, chosen)
        warnings = tuple(said for look in looks for said in look.warnings)
        warnings += expression_warnings(front.found, fit.expression)
        # Beside the skin hair is read and made, beside the looks the whole texture, beside the shapes the
        # final hair: none of these waits for the other, and each takes about as long.
        read = beside.submit(hair_in_photo, fit.head, fit.view, seen)
        haired = beside.submit(lambda head: with_hair(head, read.result()), fit.head)
        skin = skin_from_photo(seen, fit, read)
        warnings += (HEADWEAR_WARNING,) if skin.scalp.is_covered else ()
        solution = replace(solution, age=skin.age)
        dressed = _dressed(haired.result(), skin, skin.albedo(SKETCH))
        laid = beside.submit(skin.textures, settings.texture_pixels)
        solution, fit = corrected_by_looking(
            dressed, fit, solution, seen_in, chosen, lambda share: progress(0.5 + 0.2 * share)
        )
        progress(0.7)
        solution = replace(solution, ears=ears_seen(seen, fit))
        fit = bare_fit(solution, chosen)
        worn = beside.submit(lambda bare: _worn(bare, skin, *laid.result()), fit.head)
        fit = shaped_fit(fit)
        progress(0.95)
        head = _with_shapes_of(worn.result(), fit.head)
        share = _of_head(skin.beard, head, fit.head)
        head = with_beard(head, share, hang_metres=skin.beard_metres)
    digests = " ".join(look.sha256 for look in looks)
    head = replace(head, source={**head.source, "photo_sha256": digests})
    return PhotoResult(head, warnings, seen_in[0], fit, solution)


def _solved(seen_in: Sequence[FaceLandmarks], seen: Closeup, settings: FitSettings) -> Solution:
    """The solution of all photos with the neck of the first, which `seen` shows."""
    solution = solve(seen_in, settings)
    neck = neck_share(seen, identity_landmarks(solution), solution.views[0])
    return replace(solution, neck=neck)


@dataclass(frozen=True)
class _Look:
    """One photo with the face found in it, upright."""

    pixels: Pixels
    found: Detection
    warnings: tuple[str, ...]
    sha256: str


def _looked_at(data: bytes, number: int, count: int) -> _Look:
    """A photo, decoded, searched and checked; of several, its number goes with what is said."""
    which = f"Photo {number}: " if count > 1 else ""
    try:
        photo = decode_photo(data)
        found = detect_face(photo.pixels)
        pixels = np.ascontiguousarray(np.rot90(photo.pixels, found.quarter_turns))
        gain = missing_light(pixels, found.landmarks)
        pixels = lightened(pixels, gain) if gain > 1.0 else pixels
        turned = LARGEST_SIDE_YAW if count > 1 else LARGEST_YAW
        said = refuse_or_warn(found, pixels, largest_yaw=turned)
        said += exposure_warnings(gain)
    except PhotoError as error:
        raise PhotoError(f"{which}{error}") from error
    return _Look(pixels, found, tuple(f"{which}{sentence}" for sentence in said), photo.sha256)


def _of_head(values: npt.NDArray[np.float64], head: Head, bare: Head) -> npt.NDArray[np.float64]:
    """Values (V,) of the vertices of a head before its hair was made for those it has since; 0 on hair."""
    if not head.part("hair").any():
        values = values[~bare.part("hair")]
    return np.concatenate([values, np.zeros(len(head.vertices) - len(values))])


def _worn(bare: Head, skin: Skin, albedo: Pixels, relief: Heights) -> Head:
    """A bare head with hair and skin, and in the skin the hairs that are too short or fine to be more."""
    head = _dressed(with_hair(bare, skin.scalp), skin, albedo, relief)
    return with_stubble(with_hair_roots(head), skin.stubble)


def _dressed(head: Head, skin: Skin, albedo: Pixels, relief: Heights | None = None) -> Head:
    """The head in its own skin."""
    return replace(head, albedo=albedo, relief=relief, colours=skin.colours)


def _with_shapes_of(haired: Head, bare: Head) -> Head:
    """A head with its hair made with the shapes of the same head before that; long hair has none."""
    deltas = bare.shape_deltas
    if not haired.part("hair").any():
        deltas = deltas[:, ~bare.part("hair")]
    new = np.zeros((len(deltas), len(haired.vertices) - deltas.shape[1], 3), np.float32)
    deltas = np.concatenate([deltas, new], axis=1)
    return replace(haired, shape_names=bare.shape_names, shape_deltas=deltas)
