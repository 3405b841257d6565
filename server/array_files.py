"""Arrays kept on disk: an ``.npz`` file that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


def write_arrays(path: Path, **arrays: ArrayLike) -> None:
    """Writes named arrays beside `path`, then moves them there; a folder that is missing is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)  # pyright: ignore[reportArgumentType]
    partial.replace(path)
