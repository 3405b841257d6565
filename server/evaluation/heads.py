"""Closed loop of the photo fit: portraits in, heads drawn from the photos' own view, landmarks compared.

Two comparisons a portrait. *Neutral*: the head as it is kept, against the photo's landmarks less the
displacement of the expression that the fit took out (the template's own shapes at their fitted weights,
projected into the photo). *As photographed*: the head with that expression put back on, against the photo's
landmarks as they are; nothing is taken off there, so no modelled smile can flatter the figure.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dirfa_blender.core.errors import DirfaError, PhotoError
from dirfa_blender.core.protocol import PhotoSettings
from server.photo.likeness import Likeness, likeness
from server.photo.portrait import PhotoResult, head_from_photo

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
RMS_LIMIT, WORST_LIMIT = 0.02, 0.06  # eye distances


@dataclass(frozen=True)
class Row:
    """What one portrait came to; a refusal has no figures."""

    name: str
    neutral: Likeness | None
    photographed: Likeness | None
    seconds: float
    said: str


def main(arguments: Sequence[str]) -> int:
    """``evaluate-head``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="dirfa.py evaluate-head", description="Measure how like their photos heads look."
    )
    parser.add_argument("photos", type=Path, help="folder of portraits")
    parser.add_argument("--every", type=int, default=1, help="take every n-th only")
    chosen = parser.parse_args(arguments)
    try:
        rows = [measured(path) for path in portraits(chosen.photos)[:: max(1, chosen.every)]]
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(table(rows)) + "\n")
    return 0


def portraits(folder: Path) -> list[Path]:
    """The pictures in a folder, by name. Raises PhotoError when there is none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not found:
        raise PhotoError(f"Expected a folder of portraits, found no picture in {folder}.")
    return found


def measured(path: Path) -> Row:
    """Fit one portrait and look at the result."""
    started = time.process_time()
    try:
        result = head_from_photo(path.read_bytes(), PhotoSettings(texture_pixels=1024))
    except PhotoError as error:
        return Row(path.stem, None, None, time.process_time() - started, f"refused: {error}")
    seconds = time.process_time() - started
    return Row(
        path.stem,
        _looked_at(result, with_expression=False),
        _looked_at(result, with_expression=True),
        seconds,
        "; ".join(result.warnings),
    )


def _looked_at(result: PhotoResult, *, with_expression: bool) -> Likeness | None:
    return likeness(
        result.head,
        result.fit.view,
        result.solution,
        result.landmarks,
        expression=result.fit.expression if with_expression else None,
        views=9,
    )


def table(rows: Sequence[Row]) -> list[str]:
    """Lines of a Markdown table and its summary, in percent of the eye distance."""
    lines = [
        "| portrait | neutral rms % | worst % | as photographed rms % | worst % |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [_percent(row.neutral), _percent(row.photographed)]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    seen = [(row.neutral, row.photographed) for row in rows if row.neutral and row.photographed]
    for index, kind in enumerate(("neutral", "as photographed")):
        rms = np.array([pair[index].rms for pair in seen])
        worst = np.array([pair[index].worst for pair in seen])
        within = (rms <= RMS_LIMIT) & (worst <= WORST_LIMIT)
        lines.append(
            f"\n{kind}: mean rms {rms.mean():.2%}, highest {rms.max():.2%}; worst point: mean "
            f"{worst.mean():.2%}, highest {worst.max():.2%}; rms <= 2 %: {(rms <= RMS_LIMIT).sum()}, "
            f"worst <= 6 %: {(worst <= WORST_LIMIT).sum()}, both: {within.sum()} of {len(rows)}."
        )
    lines.append(f"processor seconds a head: {np.mean([row.seconds for row in rows]):.1f}")
    lines += [f"{row.name}: {row.said}" for row in rows if row.said.startswith("refused")]
    return lines


def _percent(found: Likeness | None) -> str:
    return f"{found.rms * 100:.2f} | {found.worst * 100:.1f}" if found else "no face seen | "
