"""Mouth cues: one of nine drawn mouths at a time, as Rhubarb Lip Sync and 2D animators use them.

=====  ==================================  =======================
cue    mouth                               spoken in
=====  ==================================  =======================
A      closed, lips pressed                P B M
B      a little open, teeth together       K S T, EE
C      open                                EH AE
D      wide open                           AA
E      a little round                      AO ER
F      puckered                            UW OW W
G      lower lip under the upper teeth     F V
H      open, tongue raised                 L
X      rest                                silence
=====  ==================================  =======================

Each cue has a mouth in action units, used both ways: cues become a take by moving from one to the next
around their boundary, a take becomes cues by the nearest mouth, none shorter than an animator holds one.
Closed lips are never dropped, as Rhubarb never does [1]_, nor is a lip under the teeth: where they are too
short to be seen they begin earlier, or stay longer. H looks like C but for the tongue, which t, d and n
lift too, so takes do not become H. No bpy.

References
----------
.. [1] Rhubarb Lip Sync 1.13, `timingOptimization.cpp`: a mouth is shown for 0.07 s, a closure of less
   than 0.08 s begins up to 0.06 s earlier.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..action_units import AU_INDEX, AU_NAMES
from ..animation import Animation
from ..errors import FormatError

Array = npt.NDArray[np.float32]
Run = tuple[int, int, int]
"""First sample, the one past the last, and the mouth of a stretch."""

MOUTHS: Mapping[str, Mapping[str, float]] = {
    "A": {"AU24L": 0.35, "AU24R": 0.35},
    "B": {"AU25": 0.5, "AU26": 0.12, "AU20L": 0.2, "AU20R": 0.2},
    "C": {"AU25": 0.5, "AU26": 0.45},
    "D": {"AU25": 0.6, "AU26": 0.95},
    "E": {"AU25": 0.3, "AU26": 0.4, "AU22": 0.45},
    "F": {"AU25": 0.1, "AU26": 0.15, "AU18": 0.75, "AU22": 0.3},
    "G": {"AU26": 0.1, "AU28D": 0.5, "AU10L": 0.2, "AU10R": 0.2},
    "H": {"AU25": 0.5, "AU26": 0.45, "TTU": 0.9},
    "X": {},
}
RATE = 50.0
TURN_SECONDS = 0.08
"""Time in which one mouth becomes the next, centred on their boundary."""
HOLD_SECONDS = 0.07
CLOSED_SECONDS, SOONER_SECONDS = 0.08, 0.06
"""How long closed lips are seen, and how much sooner they may close for it."""
REST_SECONDS = 0.25
"""A mouth at rest for less than this is between two sounds: closed, not X."""
SHOWN = ("AU26", "AU25", "AU18", "AU22", "AU24L", "AU24R", "AU28D", "AU20L", "AU20R", "AU8")
IMPORTANCE: Mapping[str, float] = {
    "AU26": 2.0,
    "AU18": 1.5,
    "AU28D": 2.0,
    "AU20L": 0.3,
    "AU20R": 0.3,
}


@dataclass(frozen=True)
class Cue:
    """One mouth from `start` to `end`, seconds."""

    start: float
    end: float
    value: str


def cue_json(cues: Sequence[Cue]) -> str:
    """Cues as Rhubarb's JSON, of no recording in particular."""
    document = {
        "metadata": {"soundFile": "", "duration": round(cues[-1].end, 4) if cues else 0.0},
        "mouthCues": [
            {"start": round(c.start, 4), "end": round(c.end, 4), "value": c.value} for c in cues
        ],
    }
    return json.dumps(document, indent=2)


def cue_tsv(cues: Sequence[Cue]) -> str:
    """Cues as Rhubarb's table: start and mouth a line, and a last one that ends them."""
    lines = [f"{cue.start:.4f}\t{cue.value}" for cue in cues]
    return "\n".join([*lines, f"{cues[-1].end:.4f}\tX", ""]) if cues else ""


def cue_xml(cues: Sequence[Cue]) -> str:
    """Cues as Rhubarb's XML, of no recording in particular."""
    root = ElementTree.Element("rhubarbResult")
    about = ElementTree.SubElement(root, "metadata")
    ElementTree.SubElement(about, "soundFile")
    ElementTree.SubElement(about, "duration").text = f"{cues[-1].end if cues else 0.0:.4f}"
    rows = ElementTree.SubElement(root, "mouthCues")
    for cue in cues:
        times = {"start": f"{cue.start:.4f}", "end": f"{cue.end:.4f}"}
        ElementTree.SubElement(rows, "mouthCue", times).text = cue.value
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def read_cues(text: str, where: str = "The cue file") -> list[Cue]:
    """The cues in Rhubarb's JSON, XML or table, told apart by how they begin.

    Raises
    ------
    FormatError
        None of these; times that do not rise; or a mouth that does not exist.
    """
    begin = text.lstrip("\ufeff \r\n\t")[:1]
    try:
        if begin == "{":
            cues = _json_cues(json.loads(text))
        elif begin == "<":
            cues = _xml_cues(text)
        else:
            cues = _table_cues(text)
    except (ValueError, KeyError, TypeError, AttributeError, ElementTree.ParseError) as error:
        raise FormatError(f"{where} holds no mouth cues: {error}.") from error
    if not cues:
        raise FormatError(f"{where} holds no mouth cues.")
    for number, cue in enumerate(cues, 1):
        if cue.value not in MOUTHS:
            known = ", ".join(MOUTHS)
            raise FormatError(
                f"{where}, cue {number}: the mouth must be {known}, got {cue.value!r}."
            )
        if not 0 <= cue.start < cue.end < 1e6 or (
            number > 1 and cue.start < cues[number - 2].start
        ):
            raise FormatError(
                f"{where}, cue {number}: times must rise, got {cue.start:g} to {cue.end:g} s."
            )
    return cues


def take_of_cues(cues: Sequence[Cue], *, source: Mapping[str, str] | None = None) -> Animation:
    """The take that shows the cues: mouth only, head and eyes at rest."""
    count = max(1, int(np.ceil(cues[-1].end * RATE - 1e-6)))
    times = np.arange(count) / RATE
    starts = np.array([cue.start for cue in cues])
    mouths = np.array([_mouth(cue.value) for cue in cues])
    current = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, len(cues) - 1)
    au = mouths[current]
    for index in range(1, len(cues)):
        # Short neighbours get a short turn, so that every mouth is reached.
        longest = min(cues[index].end - cues[index].start, starts[index] - starts[index - 1])
        turn = max(min(TURN_SECONDS, 0.8 * float(longest)), 1e-3)
        near = slice(*np.searchsorted(times, starts[index] + turn * np.array([-0.5, 0.5])))
        share = (times[near] - starts[index]) / turn + 0.5
        eased = (share * share * (3 - 2 * share))[:, None]
        au[near] = mouths[index - 1] * (1 - eased) + mouths[index] * eased
    still = np.zeros((count, 3), np.float32)
    return Animation(RATE, 0.0, AU_NAMES, au, still[:, :2], still, still, dict(source or {}))


def cues_of_take(take: Animation) -> list[Cue]:
    """The mouths that a take shows, one after another without a gap."""
    if not len(take):
        return []
    columns = [AU_INDEX[name] for name in SHOWN]
    scale = np.sqrt([IMPORTANCE.get(name, 1.0) for name in SHOWN])
    letters = [letter for letter in MOUTHS if letter != "H"]
    seen = take.canonical().au[:, columns] * scale
    # Lips that meet over an open jaw are as closed as they are over a shut one.
    sealed = np.minimum(seen[:, SHOWN.index("AU8")] / np.maximum(seen[:, 0], 1e-6), 1.0)
    seen[:, 0] *= 1 - sealed
    seen[:, SHOWN.index("AU8")] = 0.0
    known = np.array([_mouth(letter)[columns] for letter in letters]) * scale
    distance = ((seen[:, None] - known) ** 2).sum(axis=2)
    chosen = np.argmin(distance, axis=1)
    pressed, bitten, rest = (letters.index(letter) for letter in "AGX")
    is_kept_at = np.zeros(distance.shape, bool)
    for mouth in (pressed, bitten):
        is_kept_at[:, mouth] = chosen == mouth
    # Before short mouths go: lips that are pressed for a part of a closure are one closed mouth.
    for first, last, is_shut in _runs(np.isin(chosen, (pressed, rest)).astype(np.int64)):
        inside = first > 0 and last < len(take)
        if is_shut and inside and last - first < REST_SECONDS * take.fps:
            chosen[first:last] = pressed
    least = max(1, math.floor(HOLD_SECONDS * take.fps + 1e-6))
    runs = _absorbed(_runs(chosen), least, is_kept_at)
    wanted = {pressed: round(CLOSED_SECONDS * take.fps), bitten: least}
    longer = _lengthened(runs, wanted, least, round(SOONER_SECONDS * take.fps))
    cues: list[Cue] = []
    for first, last, letter in longer:
        value = letters[letter]
        start, end = take.start + first / take.fps, take.start + last / take.fps
        if cues and cues[-1].value == value:
            cues[-1] = Cue(cues[-1].start, end, value)
        else:
            cues.append(Cue(start, end, value))
    return cues


def _mouth(letter: str) -> Array:
    values = np.zeros(len(AU_NAMES), np.float32)
    for name, amount in MOUTHS[letter].items():
        values[AU_INDEX[name]] = amount
    return values


def _runs(chosen: npt.NDArray[np.int64]) -> list[Run]:
    """First, past-the-last and value of each stretch of equal entries."""
    edges = [0, *(np.flatnonzero(np.diff(chosen)) + 1).tolist(), len(chosen)]
    return [(a, b, int(chosen[a])) for a, b in itertools.pairwise(edges)]


def _lengthened(runs: list[Run], wanted: Mapping[int, int], least: int, reach: int) -> list[Run]:
    """The stretches with some mouths long enough to be seen, as far as their neighbours have time for it.

    They begin sooner, by `reach` samples at most; where that does not make `least` of them, they stay
    longer.
    """
    result: list[Run] = []
    for number, (first, last, value) in enumerate(runs):
        begin, end = first, last
        if result:
            start, begin, before = result[-1]
            if value in wanted:
                begin -= max(0, min(wanted[value] - (end - begin), reach, begin - start - least))
                result[-1] = (start, begin, before)
        if value in wanted and number + 1 < len(runs):
            _, limit, after = runs[number + 1]
            can_wait = after not in wanted
            end += max(0, min(least - (end - begin), limit - end - least)) if can_wait else 0
        result.append((begin, end, value))
    return result


def _absorbed(runs: list[Run], least: int, is_kept_at: npt.NDArray[np.bool_]) -> list[Run]:
    """The stretches with none shorter than `least`: short ones go to their longer neighbour.

    Shortest first, one pass a length, so an hour takes no longer than its number of stretches. One that is
    kept at any sample stays, however short it is.

    Parameters
    ----------
    is_kept_at : (T, K) bool, by mouth
    """
    for length in range(1, least):
        kept: list[tuple[int, int, int]] = []
        for place, (_, last, value) in enumerate(runs):
            before = kept[-1] if kept else None
            after = runs[place + 1] if place + 1 < len(runs) else None
            start = runs[0][0] if before is None else before[1]
            is_kept = is_kept_at[start:last, value].any()
            if last - start <= length and (before or after) and not is_kept:
                back = before[1] - before[0] if before else -1
                ahead = after[1] - after[0] if after else -1
                if before and back >= ahead:
                    kept[-1] = (before[0], last, before[2])
                # Otherwise the next stretch begins where this one would have.
                continue
            if before and before[2] == value:
                kept[-1] = (before[0], last, value)
            else:
                kept.append((start, last, value))
        runs = kept
    return runs


def _json_cues(document: dict[str, Any]) -> list[Cue]:
    return [Cue(float(c["start"]), float(c["end"]), str(c["value"])) for c in document["mouthCues"]]


def _xml_cues(text: str) -> list[Cue]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("a document type is not allowed")
    found = ElementTree.fromstring(text).iter("mouthCue")
    return [Cue(float(c.get("start", "")), float(c.get("end", "")), c.text or "") for c in found]


def _table_cues(text: str) -> list[Cue]:
    rows = [row for row in csv.reader(io.StringIO(text), delimiter="\t") if row]
    starts = [(float(start), value.strip()) for start, value in rows]
    ends = [start for start, _ in starts[1:]]
    return [Cue(s, e, v) for (s, v), e in zip(starts, ends, strict=False)]
