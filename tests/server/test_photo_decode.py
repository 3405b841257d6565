"""Photo bytes become upright 8-bit sRGB pixels, or a sentence saying why they do not."""

from __future__ import annotations

import io
import resource
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from dirfa_blender.core.errors import PhotoError
from server.photo.decode import BACKDROP, LARGEST_SIDE, decode_photo


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def quarters(width: int = 120, height: int = 80) -> Image.Image:
    """A picture whose four quarters differ, so that every turn and flip shows."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = 250, 20, 20
    pixels[: height // 2, width // 2 :] = 20, 250, 20
    pixels[height // 2 :, : width // 2] = 20, 20, 250
    pixels[height // 2 :, width // 2 :] = 250, 250, 250
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"lossless": True}), ("BMP", {})],
)
def test_each_usual_format_gives_the_same_picture(kind: str, options: dict[str, object]) -> None:
    expected = np.asarray(quarters())

    photo = decode_photo(encoded(quarters(), kind, **options))

    assert photo.pixels.shape == (80, 120, 3)
    assert np.abs(photo.pixels.astype(int) - expected)[10:30, 10:50].max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation: int) -> None:
    inverse = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = quarters() if inverse is None else quarters().transpose(inverse)
    exif = Image.Exif()
    exif[0x0112] = orientation

    photo = decode_photo(encoded(stored, "PNG", exif=exif))

    np.testing.assert_array_equal(photo.pixels, np.asarray(quarters()))


def test_a_grey_photo_becomes_three_equal_channels() -> None:
    photo = decode_photo(encoded(quarters().convert("L")))

    assert photo.pixels.shape == (80, 120, 3)
    assert np.ptp(photo.pixels, axis=2).max() == 0


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    photo = decode_photo(encoded(quarters().convert("CMYK"), "JPEG", quality=95))

    red, green = photo.pixels[20, 20].astype(int), photo.pixels[20, 100].astype(int)
    assert red[0] > 200 > 80 > red[1]
    assert green[1] > 200 > 80 > green[0]


def test_sixteen_bit_photos_keep_their_brightness() -> None:
    ramp = np.linspace(0, 65535, 200).astype(np.uint16)
    grey = np.repeat(ramp[None], 100, axis=0)
    colour = np.dstack([grey, grey // 2, grey // 4])

    decoded_grey = decode_photo(cv2.imencode(".png", grey)[1].tobytes()).pixels
    decoded_colour = decode_photo(cv2.imencode(".png", colour)[1].tobytes()).pixels

    np.testing.assert_allclose(decoded_grey[0, :, 0], ramp / 257, atol=1)
    np.testing.assert_allclose(decoded_colour[0, :, ::-1], colour[0] / 257, atol=1)


def test_transparent_pixels_show_a_plain_backdrop() -> None:
    image = quarters().convert("RGBA")
    image.putalpha(Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8).repeat(60, 1), 80, 0)))

    photo = decode_photo(encoded(image))

    np.testing.assert_array_equal(photo.pixels[10, 10], BACKDROP)
    np.testing.assert_array_equal(photo.pixels[10, 110], (20, 250, 20))


def test_a_palette_picture_with_a_transparent_colour_is_read() -> None:
    photo = decode_photo(encoded(quarters().quantize(4), transparency=0))

    assert photo.pixels.shape == (80, 120, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_hundred_megapixels_are_decoded_small_and_in_bounded_memory(kind: str) -> None:
    data = encoded(quarters(12000, 8400), kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    photo = decode_photo(data)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    grown_megabytes = grown / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    assert max(photo.pixels.shape) <= LARGEST_SIDE
    assert photo.reduction == pytest.approx(12000 / photo.pixels.shape[1])
    assert photo.pixels[100, 100, 0] > 230
    assert grown_megabytes < 700


def test_the_same_bytes_give_the_same_digest() -> None:
    data = encoded(quarters())

    assert decode_photo(data).sha256 == decode_photo(data).sha256


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"this is a text file, not a photo\n" * 20, "not a picture"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (encoded(quarters(), "JPEG")[:900], "damaged or incomplete"),
        (encoded(quarters(400, 300))[:300], "damaged or incomplete"),
        (encoded(quarters(16, 16)), "too small: 16 x 16"),
    ],
)
def test_bytes_that_are_no_whole_photo_are_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(PhotoError, match=said):
        decode_photo(data)


def test_a_photo_beyond_the_size_limit_is_refused_before_it_is_decoded() -> None:
    header = bytearray(encoded(Image.new("1", (64, 64)), "BMP"))
    header[18:22] = (20000).to_bytes(4, "little")
    header[22:26] = (9999).to_bytes(4, "little")

    with pytest.raises(PhotoError, match="too large"):
        decode_photo(bytes(header))
