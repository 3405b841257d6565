"""Pictures to PNG with the standard library, so that a thread may encode while Blender draws. No bpy.

Rows are stored as differences to the row above, which suits skin and costs one subtraction; the level
of compression is the one at which a texture of 2048 pixels is smaller than Blender's own and takes a
third of a second.

References
----------
.. [1] ISO/IEC 15948:2004, Portable Network Graphics.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 3
# Filter type of a row [1]: each byte less the one above it.
UP = 2
# Colour types [1]: red, green, blue; and opacity.
COLOUR_TYPES = {3: 2, 4: 6}


def png_bytes(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file of (H, W, 3) uint8 pixels, sRGB, or (H, W, 4) with opacity, top row first.

    Raises
    ------
    ValueError
        The pixels have another shape or type, or there are none.
    """
    is_drawable = pixels.ndim == 3 and pixels.shape[2] in COLOUR_TYPES and pixels.size
    if not is_drawable or pixels.dtype != np.uint8:
        raise ValueError(f"A PNG needs (H, W, 3 or 4) uint8, got {pixels.shape} {pixels.dtype}.")
    height, width, channels = pixels.shape
    flat = pixels.reshape(height, channels * width)
    rows = np.empty((height, 1 + channels * width), np.uint8)
    rows[:, 0] = UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows.data, LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
