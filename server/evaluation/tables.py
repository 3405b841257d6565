"""Tables and charts as plain data: kept as JSON while a run goes on, written as Markdown and SVG."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 40, 48
COLOURS = ("#1f5fa8", "#c4512d", "#3f8f4f", "#7a5ba6", "#8a7a3a", "#5f6b76", "#b0418a", "#2f9a9a")


_Place = Callable[[float, float], tuple[float, float]]
"""From a chart's own x and y to points of the picture."""


@dataclass(frozen=True)
class Chart:
    """Lines over x, or bars by name; one series a colour.

    Attributes
    ----------
    series : name -> (x, y) pairs; of bars x counts groups, which `groups` names
    """

    kind: Literal["lines", "bars"]
    title: str
    x_title: str
    y_title: str
    series: dict[str, list[tuple[float, float]]]
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: every cell is text, the first column names the row.

    Attributes
    ----------
    text : what is measured and how to read it; may cite
    charts : file stem -> chart
    """

    title: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    charts: dict[str, Chart] = field(default_factory=dict[str, Chart])


def number(value: float | None, digits: int = 2) -> str:
    """A number for a cell; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    # Adding nothing turns what rounds to minus zero into zero.
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def markdown(table: Table, command: str) -> str:
    """The table as a section, with the command that makes it."""
    lines = [f"## {table.title}", "", table.text, ""]
    lines += ["| " + " | ".join(table.columns) + " |", "|---" * len(table.columns) + "|"]
    lines += [
        "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in table.rows
    ]
    lines += ["", *(f"![{chart.title}]({stem}.svg)\n" for stem, chart in table.charts.items())]
    return "\n".join([*lines, f"`{command}`", ""])


def plain(table: Table) -> str:
    """The table for a terminal."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    text = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([table.title, *(line.rstrip() for line in text), ""])


def write_table(path: Path, table: Table) -> None:
    """Keep a finished table, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(table), ensure_ascii=False), encoding="utf-8")
    partial.replace(path)


def read_table(path: Path) -> Table | None:
    """A kept table; None where there is none, or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        charts = {stem: _chart(chart) for stem, chart in found["charts"].items()}
        rows = tuple(tuple(str(cell) for cell in row) for row in found["rows"])
        return Table(found["title"], found["text"], tuple(found["columns"]), rows, charts)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def svg(chart: Chart) -> str:
    """The chart as a picture."""
    points = [p for pairs in chart.series.values() for p in pairs if math.isfinite(p[1])]
    low_y, high_y = min(0.0, *(y for _, y in points)), max(1e-9, *(y for _, y in points)) * 1.05
    xs = [x for x, _ in points]
    span = (min(xs), max(xs)) if chart.kind == "lines" else (-0.5, len(chart.groups) - 0.5)

    def at(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - span[0]) / max(1e-9, span[1] - span[0]) * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 16, chart.title, anchor="middle", size=14),
        _text(WIDTH / 2, HEIGHT - 6, chart.x_title, anchor="middle"),
        f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {HEIGHT / 2})">{escape(chart.y_title)}</text>',
    ]
    for tick in _ticks(low_y, high_y):
        left, y = at(span[0], tick)
        parts.append(f'<path d="M{left:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{tick:g}", anchor="end"))
    parts += _bars(chart, at) if chart.kind == "bars" else _lines(chart, at, span)
    parts += _legend(list(chart.series))
    return "\n".join([*parts, "</svg>", ""])


def _bars(chart: Chart, at: _Place) -> list[str]:
    share = 0.8 / max(1, len(chart.series))
    parts: list[str] = []
    for place, pairs in enumerate(chart.series.values()):
        for x, y in pairs:
            if math.isfinite(y):
                left, top = at(x - 0.4 + place * share, max(y, 0.0))
                right, bottom = at(x - 0.4 + (place + 1) * share, min(y, 0.0))
                parts.append(
                    f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left - 1:.1f}" '
                    f'height="{max(0.5, bottom - top):.1f}" fill="{_colour(place)}"/>'
                )
    for index, name in enumerate(chart.groups):
        parts.append(_text(at(index, 0)[0], HEIGHT - BOTTOM + 16, name, anchor="middle"))
    return parts


def _lines(chart: Chart, at: _Place, span: tuple[float, float]) -> list[str]:
    parts: list[str] = []
    for place, pairs in enumerate(chart.series.values()):
        path = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in pairs if math.isfinite(y))
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{_colour(place)}" stroke-width="1.8"/>'
        )
    for tick in _ticks(*span):
        parts.append(_text(at(tick, 0)[0], HEIGHT - BOTTOM + 16, f"{tick:g}", anchor="middle"))
    return parts


def _legend(names: Sequence[str]) -> list[str]:
    parts: list[str] = []
    x = float(LEFT)
    for place, name in enumerate(names):
        parts.append(f'<rect x="{x:.0f}" y="24" width="10" height="10" fill="{_colour(place)}"/>')
        parts.append(_text(x + 14, 33, name))
        x += 24 + 6.6 * len(name)
    return parts


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers between two."""
    raw = (high - low) / 5.0
    power = 10.0 ** math.floor(math.log10(max(raw, 1e-12)))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _chart(found: dict[str, Any]) -> Chart:
    series = {
        str(name): [(float(x), float(y)) for x, y in pairs]
        for name, pairs in found["series"].items()
    }
    groups = tuple(str(name) for name in found["groups"])
    return Chart(found["kind"], found["title"], found["x_title"], found["y_title"], series, groups)
