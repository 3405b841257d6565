"""Weights of visemes over time as a table: seconds, then a column for each viseme. No bpy.

The fifteen of the Meta (Oculus) set are the usual columns, but any names are carried; their order is free
and read by the header.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from ..characters.profile import ShapeTrack
from ..errors import FormatError

META_VISEMES: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
)  # fmt: skip
TIME_COLUMN = "seconds"


def viseme_csv(track: ShapeTrack) -> str:
    """A track as a table of seconds and weights."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([TIME_COLUMN, *track.names])
    for time, row in zip(track.times.tolist(), track.weights.tolist(), strict=True):
        writer.writerow([f"{time:.9g}", *(f"{value:.8g}" for value in row)])
    return buffer.getvalue()


def read_viseme_csv(text: str, where: str = "The CSV") -> ShapeTrack:
    """The track in such a table; head at rest.

    Raises
    ------
    FormatError
        No header, a row of another length, a value that is no number, or times that are not even.
    """
    rows = [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if row]
    if not rows or rows[0][0].strip() != TIME_COLUMN or len(rows[0]) < 2:
        raise FormatError(f"{where} must begin with the header {TIME_COLUMN},sil,PP,...")
    names = tuple(name.strip() for name in rows[0][1:])
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise FormatError(
                f"{where}, line {number}: expected {len(rows[0])} values, got {len(row)}."
            )
    try:
        values = np.array([[float(cell) for cell in row] for row in rows[1:]])
    except ValueError as error:
        raise FormatError(f"{where}: a value is no number: {error}.") from error
    if len(values) < 2:
        raise FormatError(f"{where} must have at least two rows, got {len(values)}.")
    times, weights = values[:, 0], values[:, 1:].astype(np.float32)
    rate = (len(times) - 1) / (times[-1] - times[0]) if times[-1] > times[0] else 0.0
    uneven = np.abs(times - times[0] - np.arange(len(times)) / rate).max() if rate else 1.0
    if not np.isfinite(values).all() or uneven > 0.5 / max(rate, 1e-9):
        raise FormatError(f"{where}: the seconds must rise by equal steps.")
    still = np.zeros((len(weights), 3), np.float32)
    return ShapeTrack(float(rate), float(times[0]), names, weights, still, still.copy())
