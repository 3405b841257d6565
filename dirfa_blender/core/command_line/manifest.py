"""Manifests: many things to make, one a row, as CSV with a header or as JSON. No bpy.

A manifest is read whole before anything starts, and every bad cell is named with its row and column,
because a list of a thousand lines that stops at its first mistake costs a thousand runs. CSV rows are
named by their line in the file, JSON entries by their place in the list and their line. CSV is taken as
spreadsheets write it: with commas, semicolons or tabs, in UTF-8 or UTF-16, the header in any case.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import json
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DirfaError, FormatError, ManifestError

SUFFIXES = (".csv", ".tsv", ".json")
DELIMITERS = (",", ";", "\t")
# More than anybody reads at once; the count says how many there are.
MOST_SHOWN = 40


@dataclass(frozen=True)
class Row:
    """One row: where it stands, and its cells by column; an empty cell is left out."""

    where: str
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One mistake: the row, the column if it is one cell's, and a sentence."""

    where: str
    column: str
    sentence: str

    def __str__(self) -> str:
        place = f"{self.where}, column {self.column}" if self.column else self.where
        return f"{place}: {self.sentence}"


@dataclass
class Problems:
    """What is wrong with a manifest, collected over all its rows and cells.

    Parameters
    ----------
    source : what messages call the manifest
    file : path of it, for programs
    """

    source: str
    file: str = ""
    found: list[Problem] = field(default_factory=list[Problem])

    def add(self, where: str, sentence: str, column: str = "") -> None:
        """One more problem of a row, or of a cell in it."""
        self.found.append(Problem(where, column, sentence))

    @contextmanager
    def at(self, where: str, column: str = "") -> Generator[None]:
        """What is refused in here is a problem of this row, or of this cell."""
        try:
            yield
        except DirfaError as error:
            self.add(where, str(error), column)

    def raise_any(self) -> None:
        """Raise ManifestError with every problem on a line of its own, if there is one."""
        if self.found:
            count = "1 problem" if len(self.found) == 1 else f"{len(self.found)} problems"
            shown = [str(problem) for problem in self.found[:MOST_SHOWN]]
            if len(self.found) > MOST_SHOWN:
                shown.append(f"and {len(self.found) - MOST_SHOWN} more")
            listed = "\n  ".join(shown)
            parts = (
                {"file": self.file, "where": p.where, "column": p.column, "message": p.sentence}
                for p in self.found
            )
            raise ManifestError(
                f"{self.source} has {count}; nothing was started.\n  {listed}", tuple(parts)
            )


def guess_at(name: str, known: Iterable[str]) -> str:
    """What a name that nobody knows may have been meant to be, as a sentence; empty without a guess."""
    near = difflib.get_close_matches(name.lower(), list(known), 1, cutoff=0.7)
    return f"Did you mean {near[0]}? " if near else ""


def read_rows(path: Path, columns: Sequence[str], problems: Problems) -> list[Row]:
    """The rows of a manifest, without what is wrong with them.

    Parameters
    ----------
    columns : names a row may use; any other is a problem, because it may be a misspelt setting
    problems : gets what is wrong; the caller adds its own and raises

    Raises
    ------
    FormatError
        It cannot be read now.
    ManifestError
        It is no manifest, or empty.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ManifestError(f"A manifest must be {', '.join(SUFFIXES)}, got {path.name}.")
    text = _text(path)
    rows = _json_rows(text, problems) if suffix == ".json" else _csv_rows(text, columns, problems)
    known = set(columns)
    uses = Counter(name for row in rows for name in row.cells if name not in known)
    for name, count in uses.items():
        # Once for all rows: it is the header that is wrong, or what wrote them.
        first = next(row for row in rows if name in row.cells)
        also = f", and in {count - 1} more" if count > 1 else ""
        problems.add(
            first.where,
            f"there is no such column{also}. {guess_at(name, columns)}Known are {', '.join(columns)}.",
            name,
        )
    if not rows and not problems.found:
        raise ManifestError(f"Manifest {path.name} has no rows: there is nothing to make.")
    return [Row(row.where, {n: c for n, c in row.cells.items() if n in known}) for row in rows]


def _text(path: Path) -> str:
    """What a manifest says, in whichever Unicode a spreadsheet wrote it."""
    try:
        data = path.read_bytes()
        is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except OSError as error:
        raise FormatError(f"Cannot read manifest {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"Cannot read manifest {path}: it is not UTF-8 text. Save it as UTF-8; spreadsheets call "
            "that CSV UTF-8."
        ) from error
    if "\0" in text:
        raise ManifestError(f"Cannot read manifest {path}: it holds zero bytes, so it is no text.")
    return text


def _delimiter(text: str) -> str:
    """What separates the cells of the header."""
    lines = (line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#")
    header = next(lines, "")
    return max(DELIMITERS, key=header.count)


def _csv_rows(text: str, columns: Sequence[str], problems: Problems) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    plain = {name.lower(): name for name in columns}
    header: list[str] = []
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            where, line = f"line {line}", reader.line_num + 1
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if not header:
                header = [plain.get(cell.strip().lower(), cell.strip()) for cell in cells]
                doubled = sorted({name for name in header if header.count(name) > 1})
                if doubled:
                    problems.add(where, f"the header names {', '.join(map(repr, doubled))} twice.")
            elif len(cells) > len(header):
                problems.add(
                    where, f"{len(cells)} cells for {len(header)} columns; quote cells with commas."
                )
            else:
                values = zip(header, cells, strict=False)
                rows.append(Row(where, {name: c.strip() for name, c in values if c.strip()}))
    except csv.Error as error:
        problems.add(f"line {line}", f"not CSV: {error}; a cell that opens a quote must close it.")
    return rows


def _json_rows(text: str, problems: Problems) -> list[Row]:
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise ManifestError(f"{problems.source} must be JSON: {error}.") from error
    if isinstance(found, dict):
        found = found.get("lines")  # pyright: ignore[reportUnknownMemberType]
    if not isinstance(found, list):
        raise ManifestError(f'{problems.source} must be a list of objects, or {{"lines": [...]}}.')
    entries: list[Any] = found  # pyright: ignore[reportUnknownVariableType]
    rows: list[Row] = []
    lines = _entry_lines(text)
    for number, entry in enumerate(entries, 1):
        where = f"entry {number}"
        if len(lines) == len(entries) and lines[-1] > 1:
            where += f", line {lines[number - 1]}"
        if isinstance(entry, dict):
            cells: dict[str, Any] = entry  # pyright: ignore[reportUnknownVariableType]
            kept = {str(name): value for name, value in cells.items() if value not in (None, "")}
            rows.append(Row(where, kept))
        else:
            problems.add(where, f"must be an object, got {entry!r}.")
    return rows


def _entry_lines(text: str) -> list[int]:
    """Line of a JSON text at which each entry of its list begins; none where that cannot be told."""
    decoder = json.JSONDecoder()
    places: list[int] = []
    try:
        at = _behind_blanks(text, 0)
        while text[at] != "[":
            # Into the object, to its member "lines".
            name, at = decoder.raw_decode(text, _behind_blanks(text, at + 1))
            at = _behind_blanks(text, _behind_blanks(text, at) + 1)
            if name != "lines":
                _, at = decoder.raw_decode(text, at)
                at = _behind_blanks(text, at)
        at = _behind_blanks(text, at + 1)
        while text[at] != "]":
            places.append(at)
            _, at = decoder.raw_decode(text, at)
            at = _behind_blanks(text, at)
            if text[at] == ",":
                at = _behind_blanks(text, at + 1)
    except (ValueError, IndexError):
        return []
    return [text.count("\n", 0, place) + 1 for place in places]


def _behind_blanks(text: str, at: int) -> int:
    while text[at].isspace():
        at += 1
    return at
