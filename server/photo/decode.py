"""A photo file's bytes as upright 8-bit sRGB pixels.

Pictures are decoded at no more than `LARGEST_SIDE` pixels: the face texture has no use for more,
and a 100-megapixel photo must not need gigabytes. JPEG is decoded at a fraction of its size by the
decoder itself; the other formats are shrunk by whole factors before anything is converted.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, UnidentifiedImageError

from dirfa_blender.core.errors import PhotoError

Pixels = npt.NDArray[np.uint8]

LARGEST_SIDE = 4096  # pixels
LARGEST_PHOTO = 170_000_000  # pixels; below the limit at which Pillow itself refuses a file
SMALLEST_SIDE = 32  # pixels
BACKDROP = (200, 200, 200)  # what shows through transparent pixels, sRGB
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
ORIENTATION_TAG = 0x0112  # EXIF
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WANTED = "a JPEG, PNG or WebP photo"


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Attributes
    ----------
    pixels : (H, W, 3) uint8, sRGB, upright, read-only.
    reduction : how many pixels of the file one decoded pixel stands for, along one side.
    sha256 : hex digest of the file's bytes.
    """

    pixels: Pixels
    reduction: float
    sha256: str


def decode_photo(data: bytes) -> Photo:
    """The photo in `data`, upright, in 8-bit sRGB.

    Raises
    ------
    PhotoError
        When the bytes are empty, no picture, damaged, or beyond the size limits.
    """
    if not data:
        raise PhotoError(f"The photo is empty (0 bytes); expected {WANTED}.")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftyphevc"):
        raise PhotoError(
            "The photo is in HEIC or AVIF format, which cannot be read here. "
            "Export it as JPEG or PNG and use that."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image.size)
                width, height = image.size
                pixels = _pixels(image)
    except UnidentifiedImageError as error:
        raise PhotoError(
            f"The photo is not a picture that can be read ({len(data)} bytes); expected {WANTED}."
        ) from error
    except Image.DecompressionBombError as error:
        raise PhotoError(
            f"The photo is too large: more than {LARGEST_PHOTO // 1_000_000} "
            "megapixels. Save it smaller and try again."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError) as error:
        raise PhotoError(
            f"The photo is damaged or incomplete: {error}. "
            "Open it in a picture editor and save it again."
        ) from error
    pixels.setflags(write=False)
    reduction = max(width, height) / max(pixels.shape[:2])
    return Photo(pixels, reduction, hashlib.sha256(data).hexdigest())


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > LARGEST_PHOTO:
        raise PhotoError(
            f"The photo is too large: {width} x {height} pixels, more than "
            f"{LARGEST_PHOTO // 1_000_000} megapixels. Save it smaller."
        )
    if min(width, height) < SMALLEST_SIDE:
        raise PhotoError(
            f"The photo is too small: {width} x {height} pixels; a face needs at "
            "least 60 pixels across, and 400 for a good texture."
        )


def _pixels(image: Image.Image) -> Pixels:
    """(H, W, 3) uint8 sRGB, upright, at most `LARGEST_SIDE` on a side."""
    orientation = image.getexif().get(ORIENTATION_TAG)
    profile = image.info.get("icc_profile")
    image.draft(None, (LARGEST_SIDE, LARGEST_SIDE))  # JPEG only; the other decoders ignore it
    image.load()
    image = _eight_bit(image) if image.mode[:1] in "IF" else image
    factor = -(-max(image.size) // (2 * LARGEST_SIDE))
    if factor > 1 and image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image = image.reduce(factor)
    image = _in_srgb(_flattened(image), profile)
    if max(image.size) > LARGEST_SIDE:
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)
    turn = UPRIGHT.get(orientation or 1)
    return np.array(image if turn is None else image.transpose(turn))


def _eight_bit(image: Image.Image) -> Image.Image:
    """A 16-bit, 32-bit or float grey picture as 8-bit grey.

    The range is the smallest usual one (1, 255, 65535) that holds the values: the modes do not
    say how many bits are in use.
    """
    step = max(1, -(-max(image.size) // LARGEST_SIDE))
    values = np.asarray(image)[::step, ::step].astype(np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(values.max(initial=0.0))
    full = next((top for top in (1.0, 255.0, 65535.0) if largest <= top), largest)
    if not image.mode.startswith("F"):
        full = max(full, 65535.0)
    return Image.fromarray(np.clip(values * (255.0 / full), 0, 255).astype(np.uint8))


def _flattened(image: Image.Image) -> Image.Image:
    """The picture without transparency or palette: mode L, RGB or CMYK."""
    if image.mode in ("L", "RGB", "CMYK") and "transparency" not in image.info:
        return image
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        backdrop = Image.new("RGB", image.size, BACKDROP)
        backdrop.paste(image, mask=image.getchannel("A"))
        return backdrop
    return image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB; a colour profile that cannot be used is left out of account."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")
