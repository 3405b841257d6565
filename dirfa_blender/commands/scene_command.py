"""``apply``, ``render`` and ``export``: one scene, or a manifest of them, without a window. No bpy.

A manifest's row is an order with an id, and rows that name the same shot are one scene; outputs lie below
the output folder, and a row is done again only when its scene, its take, its recording or the row itself
changed, or that of another row of its shot.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..core.characters.follow_through import NATURAL
from ..core.command_line.folder_lock import FolderLock
from ..core.command_line.inputs import require_files
from ..core.command_line.ledger import Ledger, Record, sha256_of
from ..core.command_line.manifest import Problems, Row, read_rows
from ..core.command_line.parts import name_of_part, part_of
from ..core.command_line.progress import Display, Progress, Stage
from ..core.errors import DirfaError, FormatError, SettingsError
from ..core.file_names import checked_place, safe_place
from ..rendering.film_process import FilmProcess
from ..rendering.outputs import Staging
from .scene_order import SUFFIXES, Orders, SceneOrder, order_from

MODULE = "dirfa_blender.commands.scene_filling"
SECONDS = {"apply": 3.0, "render": 60.0, "export": 8.0}
"""First guess of an order's time; the real speed replaces it soon."""
OPEN_SECONDS = 4.0
DOES = {
    "apply": "Play a take on a character of a scene and save the scene as another file.",
    "render": "Render a scene's frames with its sound to a film.",
    "export": "Export a character with its animation for a game engine.",
}
# Columns that belong to `batch`: one manifest may serve both.
FOREIGN = (
    "emotion",
    "seed",
    "head",
    "brows",
    "gaze",
    "lips",
    "blinks",
    "breath",
    "controls",
    "settings",
)


NEEDED = {
    "id": "the row",
    "scene": "a .blend, from the manifest's folder",
    "take": "a take, or give its folder by --takes",
    "character": "the object that acts",
}


class Ordered(NamedTuple):
    """What a row of a manifest orders: its id, and where it stands."""

    id: str
    where: str
    order: SceneOrder


def main(verb: str, arguments: Sequence[str]) -> int:
    """Exit code of a command: 0 everything is there, 1 something is not."""
    found = parser_of(verb).parse_args(arguments)
    display = Display(as_json=found.json)
    if found.manifest is None:
        if not found.scene:
            raise SettingsError(f"Name the scene to {verb}, or a --manifest.")
        order = order_from(values_of(verb, found))
        seconds = fill(Orders((order,)), display)
        display.done([Path(order.output)], seconds)
        return 0
    return _fill_manifest(verb, found, display)


def parser_of(verb: str) -> argparse.ArgumentParser:
    """The options of a command; inside Blender too, where the scene is the open one."""
    parser = argparse.ArgumentParser(prog=f"dirfa.py {verb}", description=DOES[verb])
    parser.add_argument("scene", nargs="?", default="", help="the .blend")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help=f"{', '.join(SUFFIXES[verb])}; or, with a manifest, a folder",
    )
    parser.add_argument("--manifest", type=Path, help="rows of the same options, as .csv or .json")
    parser.add_argument(
        "--part", default="", help="with a manifest: the k-th of n parts only, such as 3/10"
    )
    parser.add_argument("--in-scene", default="", help="of several in the file; default: the shown")
    parser.add_argument("--character", default="", help="name of the object that acts")
    parser.add_argument("--fps", default="", help="the scene's rate; 23.976 and 29.97 are exact")
    if verb == "apply":
        parser.add_argument("--take", default="", help=".npz, Live Link .csv, ARKit .json, cues")
        parser.add_argument("--takes", default="", help="with a manifest: folder of <id>.npz")
        parser.add_argument("--audio", default="", help="recording: sound strip and frame range")
        parser.add_argument(
            "--frame-start",
            type=int,
            help="frame of the take's start; default: the scene's first, "
            "or behind what the character says in other lines",
        )
        parser.add_argument(
            "--line",
            default="",
            metavar="NAME",
            help="play the take in this line beside the "
            "character's others; default: in place of what the character does",
        )
        parser.add_argument(
            "--follow-through",
            type=float,
            default=NATURAL,
            metavar="X",
            help="how late and little neck and shoulders follow the head, 0..2; 0 is off",
        )
    else:
        parser.add_argument("--frames", default="", help="such as 1-120; default: the scene's")
    if verb == "export":
        parser.add_argument(
            "--from-zero",
            action="store_true",
            help="glTF: let the clip begin at 0 s with the first frame, as engines play it",
        )
    if verb == "render":
        parser.add_argument("--engine", choices=("cycles", "eevee", "workbench"), default="")
        parser.add_argument(
            "--size", default="", help="WIDTHxHEIGHT in pixels; default: the scene's"
        )
        parser.add_argument(
            "--samples", type=int, default=0, help="light paths a pixel; default: the scene's"
        )
        parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    return parser


def fill(orders: Orders, display: Display) -> float:
    """Fill orders in a Blender of their own; the seconds it took.

    Raises
    ------
    DirfaError
        Anything that stands in the way, as a sentence; the output has not changed then.
    """
    order = orders.orders[0]
    inputs = [name for own in orders.orders for name in (own.scene, own.take, own.audio) if name]
    require_files(*((Path(name), FormatError) for name in dict.fromkeys(inputs)))
    stages = (
        Stage("open", "opening the scene", OPEN_SECONDS),
        Stage("work", f"{order.verb}ing", SECONDS[order.verb]),
    )
    progress = Progress(stages, display.show)
    progress.update("open")
    with Staging(Path(order.output)) as staging:
        absolute = Orders(tuple(_absolute(own) for own in orders.orders))
        with FilmProcess(staging.folder, MODULE) as blender:
            blender.fill(absolute, progress, display.warn)
    return progress.finish()


def _absolute(order: SceneOrder) -> SceneOrder:
    names = ("scene", "output", "take", "audio")
    found = {name: Path(value) for name in names if (value := getattr(order, name))}
    return replace(order, **{name: str(path.resolve()) for name, path in found.items()})


def _fill_manifest(verb: str, found: argparse.Namespace, display: Display) -> int:
    folder = Path(found.output)
    orders = _orders(verb, found)
    shots = shots_of(orders)
    task = verb
    if found.part:
        # Shots, not rows: one scene is one task's.
        shots = part_of(shots, found.part)
        task = f"{verb}-{name_of_part(found.part)}"
    count = sum(map(len, shots))
    done = failed = skipped = 0
    seconds = 0.0
    with FolderLock(folder, f"lock-{task}"):
        ledger = Ledger(folder, f"ledger-{task}.jsonl")
        place = 0
        for rows in shots:
            place += len(rows)
            output = Path(rows[0].order.output)
            name = output.relative_to(folder).as_posix()
            key = _key([row.order for row in rows])
            if all(ledger.is_done(row.id, key, (name,)) for row in rows):
                skipped += len(rows)
                for row in rows:
                    display.line(row.id, "skipped")
                continue
            try:
                output.parent.mkdir(parents=True, exist_ok=True)
                seconds += fill(Orders(tuple(row.order for row in rows)), display)
                made = {name: sha256_of(output)}
                for row in rows:
                    ledger.add(Record(row.id, key, made))
            except (DirfaError, OSError) as error:
                failed += len(rows)
                for row in rows:
                    display.line(row.id, "failed", f"{error} ({row.where})")
                continue
            done += len(rows)
            for row in rows:
                display.line(row.id, "made", f"{place} of {count}")
    counts = ((done, "made"), (skipped, "done before"), (failed, "failed"))
    text = ", ".join(f"{n} {what}" for n, what in counts if n)
    display.summary(text, folder, seconds, failed=failed)
    return 1 if failed else 0


def shots_of(rows: Sequence[Ordered]) -> list[list[Ordered]]:
    """Rows of one shot together, at the place of the first; every other row by itself."""
    found: dict[str, list[Ordered]] = {}
    for row in rows:
        found.setdefault(row.order.output.casefold(), []).append(row)
    return list(found.values())


def _orders(verb: str, found: argparse.Namespace) -> list[Ordered]:
    """The order of each row; every bad cell is named."""
    own = [entry.name for entry in fields(SceneOrder) if entry.name not in ("verb", "device")]
    problems = Problems(f"Manifest {found.manifest.name}", str(found.manifest))
    orders: list[Ordered] = []
    shots: dict[str, SceneOrder] = {}
    seen: dict[tuple[str, str], str] = {}
    for row in read_rows(found.manifest, ("id", *own, *FOREIGN), problems):
        order = None
        with problems.at(row.where):
            order = _order_of(verb, row, found, problems)
        id = str(row.cells.get("id", ""))
        taken = [("id", id, f"the id {id!r}")] if id else []
        if order is not None:
            orders.append(Ordered(id, row.where, order))
            output = Path(order.output).name
            first = shots.setdefault(order.shot, order) if order.shot else order
            if first is order:
                taken.append(("output", order.output.casefold(), f"the output {output}"))
            else:
                with problems.at(row.where):
                    Orders((first, order))
        for column, value, what in taken:
            if (column, value) in seen:
                problems.add(
                    row.where, f"{what} is taken by {seen[column, value]} already.", column
                )
            seen.setdefault((column, value), row.where)
    problems.raise_any()
    return orders


def _order_of(
    verb: str, row: Row, found: argparse.Namespace, problems: Problems
) -> SceneOrder | None:
    """The order of a row; what is wrong in it is added to `problems`, cell by cell, and there is none.

    Raises
    ------
    DirfaError
        The whole is refused: the cells, or the options that the command has besides.
    """
    beside, folder = found.manifest.parent, Path(found.output)
    cells: dict[str, Any] = {n: v for n, v in row.cells.items() if n not in FOREIGN}
    id = str(cells.pop("id", ""))
    values = values_of(verb, found)
    own = {n: v for n, v in cells.items() if n in values or n == "scene"}
    before = len(problems.found)
    for name, value in own.items():
        if name != "output":
            with problems.at(row.where, name):
                order_from(_plain(verb) | {name: value})
    values |= own
    for name in ("scene", "take", "audio"):
        if name in values and (name in cells) and values[name]:
            values[name] = str(beside / str(values[name]))
    if verb == "apply" and not values["take"] and found.takes:
        values["take"] = str(Path(found.takes) / f"{safe_place(id)}.npz")
    shot = str(cells.get("shot", "")) if verb == "apply" else ""
    if shot:
        values |= {"shot": shot, "line": values["line"] or id}
    needed = {"id": id, "scene": values["scene"]}
    if verb == "apply":
        needed |= {"take": values["take"], "character": values["character"]}
    for name, value in needed.items():
        if not value:
            problems.add(row.where, f"must name {NEEDED[name]}, got nothing.", name)
    # Rows of a shot have takes of their own, whose places `batch` reads in the same column.
    named = "" if shot else cells.get("output", "")
    output = str(named or safe_place(shot or id) + SUFFIXES[verb][0])
    if not output.lower().endswith(SUFFIXES[verb]):
        # The column may be meant for another command of the same manifest.
        output = str(PurePosixPath(output).with_suffix(SUFFIXES[verb][0]))
    values["output"] = str(folder / output)
    with problems.at(row.where, "output"):
        checked_place(output)
    return order_from(values) if len(problems.found) == before else None


def _plain(verb: str) -> dict[str, Any]:
    """Values of an order with which nothing is wrong."""
    suffix = SUFFIXES[verb][0]
    return {
        "verb": verb, "scene": "scene.blend", "output": f"output{suffix}", "take": "take.npz",
        "character": "Character",
    }  # fmt: skip


def values_of(verb: str, found: argparse.Namespace) -> dict[str, Any]:
    """The values of a command line that an order takes."""
    names = {entry.name for entry in fields(SceneOrder)}
    values = {name: value for name, value in vars(found).items() if name in names}
    return values | {"verb": verb}


def _key(orders: Sequence[SceneOrder]) -> str:
    hashes = [
        [asdict(own), [sha256_of(Path(p)) if p else "" for p in (own.scene, own.take, own.audio)]]
        for own in orders
    ]
    text = json.dumps(hashes, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
