"""PNG files written with the standard library: what Blender's and other readers see is what was given."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from dirfa_blender.core.png import SIGNATURE, png_bytes


def decoded(data: bytes) -> np.ndarray:
    """Pixels of a PNG whose rows are all differences to the row above."""
    assert data.startswith(SIGNATURE)
    chunks: dict[bytes, bytes] = {}
    place = len(SIGNATURE)
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        (checksum,) = struct.unpack(">I", data[place + 8 + size : place + 12 + size])
        assert checksum == zlib.crc32(kind + content)
        chunks[kind] = content
        place += 12 + size
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, -1)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_picture_comes_back_bit_for_bit(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, channels), dtype=np.uint8)

    np.testing.assert_array_equal(decoded(png_bytes(pixels)), pixels)


def test_heights_come_back_to_the_last_of_their_16_bits() -> None:
    heights = np.random.default_rng(1).integers(0, 65536, (7, 5), dtype=np.uint16)

    data = png_bytes(heights)

    assert data[24:26] == bytes([16, 0])  # bits and colour type of the header
    pairs = decoded(data).reshape(7, 5, 2).astype(np.uint16)
    np.testing.assert_array_equal(256 * pairs[..., 0] + pairs[..., 1], heights)


@pytest.mark.parametrize("pixels", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.float32)])
def test_other_shapes_and_types_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"needs \(H, W, 3 or 4\) uint8"):
        png_bytes(pixels)
