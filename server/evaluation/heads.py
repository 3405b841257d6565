"""Closed loop of the photo fit: portraits in, heads drawn from the photos' own view, landmarks compared.

Two comparisons a portrait. *Neutral*: the head as it is kept, against the photo's landmarks less the
displacement of the expression that the fit took out (the template's own shapes at their fitted weights,
projected into the photo). *As photographed*: the head with that expression put back on, against the photo's
landmarks as they are; nothing is taken off there, so no modelled smile can flatter the figure.

Beside them the neutral one with the points of the face's outline counted across it only. Where along a jaw
a point lies is nothing that can be seen: the network goes by ear and hair there, and by the smile.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.errors import DirfaError, PhotoError
from dirfa_blender.core.head_fit import neutral_landmarks_px
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import MESH_POINTS
from dirfa_blender.core.protocol import PhotoSettings
from server.photo.decode import decode_photo
from server.photo.likeness import Likeness, across_outline, likeness
from server.photo.portrait import PhotoResult, head_from_photo

from .head_depth import depth_row, depth_table
from .head_sheet import blank_cell, head_cell, read_cell, write_sheet

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
SMILING = 0.3  # weight of a smile from which a portrait smiles
RMS_LIMIT, WORST_LIMIT = 0.02, 0.06  # eye distances


@dataclass(frozen=True)
class Row:
    """What one portrait came to; a refusal has no figures.

    Attributes
    ----------
    neutral, photographed : rms and greatest miss of the landmarks, in eye distances, and the number of
        the landmark that is missed most
    smile : 0..1 that the fit took out of the photo
    corners : height of the mouth's corners over the middle of the lips, in mouth widths, of the neutral
        head and of the photo
    outlined : as `neutral`, with the outline counted across only
    """

    name: str
    neutral: Misses | None
    photographed: Misses | None
    smile: float
    corners: tuple[float, float]
    seconds: float
    said: str
    outlined: Misses | None = None


Misses = tuple[float, float, int]


def main(arguments: Sequence[str]) -> int:
    """``evaluate-head``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py evaluate-head", description="Measure how like their photos heads look."
    )
    parser.add_argument("photos", type=Path, help="folder of portraits")
    parser.add_argument("--every", type=int, default=1, help="take every n-th only")
    parser.add_argument("--keep", type=Path, help="folder of results; a later run goes on from it")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--sheet", type=Path, help="picture of all heads from five sides")
    parser.add_argument(
        "--depth", action="store_true", help="measure depth from known heads instead"
    )
    chosen = parser.parse_args(arguments)
    ends = time.monotonic() + 60 * chosen.minutes
    try:
        if chosen.depth:
            chosen_ones = portraits(chosen.photos)[:: max(1, chosen.every)]
            found = [depth_row(path, seed) for seed, path in enumerate(chosen_ones)]
            sys.stdout.write("\n".join(depth_table([row for row in found if row])) + "\n")
            return 0
        rows: list[Row] = []
        cells: list[Pixels] = []
        for path in portraits(chosen.photos)[:: max(1, chosen.every)]:
            if time.monotonic() > ends:
                break
            row, cell = kept(path, chosen.keep)
            rows.append(row)
            cells.append(cell)
        if chosen.sheet is not None:
            write_sheet(chosen.sheet, cells)
    except (DirfaError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(table(rows)) + "\n")
    return 0


def kept(path: Path, folder: Path | None) -> tuple[Row, Pixels]:
    """Row and pictures of a portrait, from an earlier run where there are any."""
    if folder is None:
        return measured(path)
    folder.mkdir(parents=True, exist_ok=True)
    notes, picture = folder / f"{path.stem}.json", folder / f"{path.stem}.png"
    if notes.is_file() and picture.is_file():
        return Row(**json.loads(notes.read_text())), read_cell(picture)
    row, cell = measured(path)
    write_sheet(picture, [cell])
    notes.write_text(json.dumps(asdict(row)))
    return row, cell


def portraits(folder: Path) -> list[Path]:
    """The pictures in a folder, by name. Raises PhotoError when there is none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not found:
        raise PhotoError(f"Expected a folder of portraits, found no picture in {folder}.")
    return found


def measured(path: Path) -> tuple[Row, Pixels]:
    """Fit one portrait and look at the result."""
    started = time.process_time()
    data = path.read_bytes()
    try:
        result = head_from_photo(data, PhotoSettings(texture_pixels=1024))
    except PhotoError as error:
        spent = time.process_time() - started
        refused = Row(path.stem, None, None, 0.0, (0.0, 0.0), spent, f"refused: {error}")
        return refused, blank_cell()
    seconds = time.process_time() - started
    expression = result.fit.expression
    smile = (expression["mouthSmileLeft"] + expression["mouthSmileRight"]) / 2
    wanted = neutral_landmarks_px(result.solution)
    neutral = _looked_at(result, wanted)
    head = result.head.landmarks()[:, [0, 2]].astype(np.float64)
    photo = result.landmarks.points_px[:, :2] * (1.0, -1.0)
    row = Row(
        path.stem,
        _misses(neutral),
        _misses(_looked_at(result, result.landmarks.points_px[:MESH_POINTS, :2], expression)),
        smile,
        (corner_height(head), corner_height(photo)),
        seconds,
        "; ".join(result.warnings),
        _misses(replace(neutral, missed_px=across_outline(neutral.missed_px, wanted)))
        if neutral is not None
        else None,
    )
    return row, head_cell(path, decode_photo(data).pixels, result)


def corner_height(points: Floats) -> float:
    """How far the mouth's corners lie above the middle of the lips, in mouth widths; of (N, 2), y up."""
    right, left, upper, lower = points[61], points[291], points[13], points[14]
    across = left - right
    width = float(np.linalg.norm(across))
    up = np.array([-across[1], across[0]]) / width
    return float(((right + left) / 2 - (upper + lower) / 2) @ up / width)


def _looked_at(
    result: PhotoResult, wanted_px: Floats, expression: Mapping[str, float] | None = None
) -> Likeness | None:
    return likeness(
        result.head,
        result.fit.view,
        wanted_px,
        result.landmarks,
        expression=expression,
        views=9,
    )


def _misses(found: Likeness | None) -> Misses | None:
    if found is None:
        return None
    return found.rms, found.worst, int(np.linalg.norm(found.missed_px, axis=1).argmax())


def table(rows: Sequence[Row]) -> list[str]:
    """Lines of a Markdown table and its summary, in percent of the eye distance."""
    lines = [
        "| portrait | neutral rms % | worst % | as photographed rms % | worst % |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [_percent(row.neutral), _percent(row.photographed)]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    kinds = {
        "neutral": [row.neutral for row in rows],
        "as photographed": [row.photographed for row in rows],
        "neutral, the outline across only": [row.outlined for row in rows],
    }
    for kind, found in kinds.items():
        seen = [misses for misses in found if misses is not None]
        if not seen:
            continue
        rms = np.array([misses[0] for misses in seen])
        worst = np.array([misses[1] for misses in seen])
        within = (rms <= RMS_LIMIT) & (worst <= WORST_LIMIT)
        lines.append(
            f"\n{kind}: rms mean {rms.mean():.2%}, 90th percentile {np.percentile(rms, 90):.2%}, highest "
            f"{rms.max():.2%}; worst point: mean "
            f"{worst.mean():.2%}, highest {worst.max():.2%}; rms <= 2 %: {(rms <= RMS_LIMIT).sum()}, "
            f"worst <= 6 %: {(worst <= WORST_LIMIT).sum()}, both: {within.sum()} of {len(rows)}."
        )
    smiling = np.array([row.corners for row in rows if row.smile > SMILING]).reshape(-1, 2)
    if len(smiling):
        lines.append(
            f"{len(smiling)} smiling portraits: corners of the mouth over the middle of the lips, in "
            f"mouth widths: photo {smiling[:, 1].mean():+.3f}, neutral head {smiling[:, 0].mean():+.3f} "
            f"(highest {smiling[:, 0].max():+.3f}); the template {corner_height(_template_points()):+.3f}"
        )
    farthest = Counter(
        row.neutral[2] for row in rows if row.neutral and row.neutral[1] > WORST_LIMIT
    )
    if farthest:
        listed = ", ".join(f"{point} ({count})" for point, count in farthest.most_common(12))
        lines.append(f"landmarks missed by more than {WORST_LIMIT:.0%}: {listed}")
    lines.append(f"processor seconds a head: {np.mean([row.seconds for row in rows]):.1f}")
    lines += [f"{row.name}: {row.said}" for row in rows if row.said.startswith("refused")]
    return lines


def _template_points() -> Floats:
    return template().landmarks()[:, [0, 2]].astype(np.float64)


def _percent(found: Misses | None) -> str:
    return f"{found[0] * 100:.2f} | {found[1] * 100:.1f}" if found else "no face seen | "
