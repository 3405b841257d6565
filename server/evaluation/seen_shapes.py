"""How the landmark network sees a shape move, beside how the mesh moves: what the photo fit goes by.

The network answers with whole faces it knows, so its points follow a jaw that opens by two thirds of the
way, raise the chin with a smile that leaves it where it is, and so on. Here every shape that a photo's
expression is explained with is put on fitted heads and drawn, and what is seen of it beyond the motion of
the mesh is kept: ``rigs/head/seen_shapes.npz``, which `core.likeness.expression` reads.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.errors import DirfaError, PhotoError
from dirfa_blender.core.head_fit import neutral_landmarks_px
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.likeness.expression import SEEN_SHAPES_PATH, USUAL_WEIGHTS
from dirfa_blender.core.likeness.landmarks import MESH_POINTS
from dirfa_blender.core.npz_io import write_whole
from dirfa_blender.core.protocol import PhotoSettings
from server.photo.likeness import likeness
from server.photo.portrait import PhotoResult, head_from_photo
from server.photo.surface import mirror_images

from .heads import portraits

Floats = npt.NDArray[np.float64]

# Shapes are put on by what portraits show of them, by this at least: less drowns in noise.
LEAST = 0.3
SHOWN = {"jawOpen": 0.25, "mouthSmile": 0.8}
ONE_SIDED = ("mouthLeft", "mouthRight")  # shapes of the whole mouth, each the other's mirror image
MIDDLE_METRES = 0.012  # beside the midline, over which one side's shape gives way to the other's


def main(arguments: Sequence[str]) -> int:
    """``measure-shapes``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py measure-shapes",
        description="Measure how the landmark network sees the shapes of fitted heads.",
    )
    parser.add_argument("photos", type=Path, help="folder of portraits")
    parser.add_argument("--every", type=int, default=10, help="take every n-th only")
    parser.add_argument("-o", "--output", type=Path, default=SEEN_SHAPES_PATH)
    chosen = parser.parse_args(arguments)
    try:
        heads = [
            result
            for path in portraits(chosen.photos)[:: max(1, chosen.every)]
            if (result := _fitted(path)) is not None
        ]
        if not heads:
            raise PhotoError(f"Expected portraits with faces in {chosen.photos}, found none.")
        seen = seen_beyond(heads)
        file = io.BytesIO()
        np.savez_compressed(file, names=list(seen), mm=np.array(list(seen.values())))
        write_whole(chosen.output, file.getvalue())
    except (DirfaError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def seen_beyond(heads: Sequence[PhotoResult]) -> dict[str, npt.NDArray[np.float16]]:
    """Of each shape, (N, 2) millimetres right and up that the network sees beyond the mesh at weight 1.

    Notes
    -----
    The median over the heads and both sides. A shape and its mirror image are put on together: a network
    that knows few one-sided faces would answer for both anyway.
    """
    points = shaped_template().landmarks().astype(np.float64)
    mirror = mirror_images(points)
    left = 0.5 + 0.5 * np.tanh(points[:, :1] / MIDDLE_METRES)
    at_rest = [_missed(head, {}) for head in heads]
    seen: dict[str, npt.NDArray[np.float16]] = {}
    for name in USUAL_WEIGHTS:
        pair = name.removesuffix("Left") if name not in ONE_SIDED else name
        if name.endswith("Right"):
            continue
        names = (name, f"{pair}Right") if pair != name else (name,)
        weight = SHOWN.get(pair, max(LEAST, USUAL_WEIGHTS[name]))
        each = zip(heads, at_rest, strict=True)
        beyond = np.median([_beyond(head, rest, names, weight) for head, rest in each], axis=0)
        mirrored = beyond[mirror] * (-1.0, 1.0)
        if name in ONE_SIDED:
            seen[ONE_SIDED[0]], seen[ONE_SIDED[1]] = (
                m.astype(np.float16) for m in (beyond, mirrored)
            )
            continue
        both = (beyond + mirrored) / 2
        shares = (left, 1.0 - left) if len(names) == 2 else (1.0,)
        seen |= {
            one: (both * share).astype(np.float16) for one, share in zip(names, shares, strict=True)
        }
    return {name: seen[name] for name in USUAL_WEIGHTS}


def _beyond(result: PhotoResult, rest_px: Floats, names: Sequence[str], weight: float) -> Floats:
    """(N, 2) millimetres of the template, right and up, beyond the mesh at weight 1, on one head.

    `rest_px` is what the head is missed by at rest.
    """
    head, view = result.head, result.fit.view
    rows = [head.shape_names.index(name) for name in names]
    mesh = head.landmark_deltas()[rows, :MESH_POINTS].sum(0).astype(np.float64) @ view.rotation.T
    moved_px = rest_px - _missed(result, dict.fromkeys(names, weight))
    seen = moved_px / (view.scale * weight) * (1.0, -1.0)
    return (seen - mesh[:, [0, 2]]) * 1e3 / result.fit.scale


def _missed(result: PhotoResult, expression: Mapping[str, float]) -> Floats:
    """(N, 2) pixels by which the head with an expression is missed where the photo's rest would be."""
    wanted = neutral_landmarks_px(result.solution)
    found = likeness(result.head, result.fit.view, wanted, result.landmarks, expression=expression)
    if found is None:
        shown = " and ".join(expression) or "no expression"
        raise PhotoError(f"Expected a face in the drawing of a head with {shown}, found none.")
    return found.missed_px


def _fitted(path: Path) -> PhotoResult | None:
    try:
        return head_from_photo(path.read_bytes(), PhotoSettings(texture_pixels=1024))
    except PhotoError:
        return None
