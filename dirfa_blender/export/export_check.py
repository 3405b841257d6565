"""Whether an exported character is what it was: read by a Blender of its own, compared. No bpy."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.command_line.progress import Progress, Stage
from ..rendering.film_process import FilmProcess

MODULE = "dirfa_blender.export.export_reading"


@dataclass(frozen=True)
class CheckOrder:
    """A file and what it must hold.

    Parameters
    ----------
    path : exported file
    fps, fps_base : rate of the scene it came from
    frames : where its motion was looked at
    weights : by mesh and shape key, its weight at each of the frames
    """

    path: str
    fps: int
    fps_base: float
    frames: tuple[int, ...]
    weights: Mapping[str, Mapping[str, Sequence[float]]]


def problems_of(order: CheckOrder, program: Sequence[str] = ()) -> list[str]:
    """Sentences about what is otherwise in the file; empty if it is as it was. Blocks for seconds.

    Raises
    ------
    RenderError
        Blender cannot read the file at all.
    """
    found: list[str] = []
    progress = Progress((Stage("read", "reading", 3.0),), lambda *_: None)
    with (
        tempfile.TemporaryDirectory(prefix="dirfa-check-") as folder,
        FilmProcess(Path(folder), MODULE, program) as blender,
    ):
        blender.fill(order, progress, found.append)
    return found


def compared(
    order: CheckOrder, read: Mapping[str, Mapping[str, Sequence[float]]], tolerance: float
) -> list[str]:
    """Sentences about shapes that are missing or move otherwise.

    Parameters
    ----------
    read : as `CheckOrder.weights`, of the file; programs may rename meshes, so they are matched by keys
    tolerance : largest difference of a weight that is no difference
    """
    sentences: list[str] = []
    for mesh, keys in order.weights.items():
        if not keys:
            continue
        fitting = max(read.values(), key=lambda other: len(keys.keys() & other.keys()), default={})
        missing = sorted(keys.keys() - fitting.keys())
        if missing:
            shown = ", ".join(missing[:5])
            sentences.append(f"'{mesh}' lost {len(missing)} of {len(keys)} shapes, first {shown}.")
        worst, which = 0.0, ""
        for name in keys.keys() & fitting.keys():
            for was, now in zip(keys[name], fitting[name], strict=True):
                # Files for engines keep weights within 0 and 1.
                away = abs(min(max(was, 0.0), 1.0) - now)
                if away > worst:
                    worst, which = away, name
        if worst > tolerance:
            sentences.append(f"'{mesh}' moves otherwise: {which} is off by up to {worst:.3f}.")
    return sentences
