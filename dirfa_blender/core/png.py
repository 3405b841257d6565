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
GREY = 0


def png_bytes(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """A PNG file of (H, W, 3) uint8 pixels, sRGB, (H, W, 4) with opacity, or (H, W) uint16, top row first.

    Raises
    ------
    ValueError
        The pixels have another shape or type, or there are none.
    """
    is_grey = pixels.ndim == 2 and pixels.dtype == np.uint16
    is_coloured = pixels.ndim == 3 and pixels.shape[2] in COLOUR_TYPES and pixels.dtype == np.uint8
    if not pixels.size or not (is_grey or is_coloured):
        raise ValueError(
            f"A PNG needs (H, W, 3 or 4) uint8 or (H, W) uint16, got {pixels.shape} {pixels.dtype}."
        )
    height, width = pixels.shape[:2]
    kind = GREY if is_grey else COLOUR_TYPES[pixels.shape[2]]
    # Of 16 bits the greater byte comes first [1].
    flat = (pixels.astype(">u2") if is_grey else pixels).reshape(height, -1).view(np.uint8)
    rows = np.empty((height, 1 + flat.shape[1]), np.uint8)
    rows[:, 0] = UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, kind, 0, 0, 0)
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
