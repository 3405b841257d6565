"""``batch``: a folder or manifest of lines to takes, restartable, one ledger a folder.

A line is made again only when its recording, the model, its settings or the program changed, or its
output is not what was written. One that cannot be made does not stop the others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dirfa_blender.core.command_line.folder_lock import FolderLock
from dirfa_blender.core.command_line.ledger import Ledger, Record, sha256_of, state_folder
from dirfa_blender.core.command_line.parts import name_of_part, part_of
from dirfa_blender.core.command_line.progress import Display, Progress, Stage
from dirfa_blender.core.errors import DirfaError, OutputError, SettingsError
from dirfa_blender.core.formats.take_formats import FORMATS
from dirfa_blender.core.npz_io import write_whole
from dirfa_blender.core.partials import remove_stale
from dirfa_blender.core.project_version import project_version
from dirfa_blender.core.protocol import AnimateSettings, to_json
from dirfa_blender.core.timing import parse_rate
from server.config import actor_file

from .crew import Crew, CrewSettings, OwnCrew, ProcessCrew
from .lines import Line, read_lines, with_texts
from .making import Made, Order
from .store import DEFAULT_BYTES, TakeStore, default_folder, take_key

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "face.safetensors"
NEEDED_BYTES = 50_000_000
"""Room asked for on the output's disk before starting."""
START_SECONDS, SECONDS_PER_MEGABYTE = 5.0, 1.0
"""First guess of the time, by the recordings' size; the real speed replaces it soon."""


@dataclass(frozen=True)
class Batch:
    """What to make and how.

    Parameters
    ----------
    output : folder of the takes
    workers : processes; 1 makes the lines in this one
    store : takes made before, or None
    anew : make lines even where they are done
    send : hand recordings over as bytes and write what comes back here
    journal : name of the ledger's journal; parts of one batch each have their own
    """

    lines: tuple[Line, ...]
    output: Path
    store: TakeStore | None
    journal: str = "ledger.jsonl"
    anew: bool = False
    send: bool = False


@dataclass
class Tally:
    """How many lines ended how."""

    made: int = 0
    known: int = 0
    skipped: int = 0
    failed: int = 0

    def __str__(self) -> str:
        parts = (
            (self.made, "made"),
            (self.known, "from the cache"),
            (self.skipped, "done before"),
            (self.failed, "failed"),
        )
        return ", ".join(f"{count} {what}" for count, what in parts if count) or "nothing to do"


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``batch``: 0 every line is there, 1 some are not."""
    found = _parser().parse_args(arguments)
    words = [name.strip().lstrip(".") for name in found.format.split(",")]
    wrong = [word for word in words if word not in FORMATS]
    if wrong:
        raise SettingsError(f"The formats are {', '.join(FORMATS)}, got {wrong[0]!r}.")
    formats = tuple(FORMATS[word].ending for word in words)
    if found.workers is not None and not 1 <= found.workers <= 256:
        raise SettingsError(f"The workers must be 1..256, got {found.workers}.")
    if not 0 < found.cache_size <= 1e6:
        raise SettingsError(f"The cache size must be above 0 GB, got {found.cache_size:g}.")
    display = Display(as_json=found.json)
    lines = read_lines(found.source, _defaults(found), formats, seed=found.seed, warn=display.warn)
    if found.texts:
        lines = with_texts(lines)
    journal = "ledger.jsonl"
    if found.part:
        lines = part_of(lines, found.part)
        journal = f"ledger-{name_of_part(found.part)}.jsonl"
    store = None
    if not found.no_cache:
        store = TakeStore(found.cache or default_folder(), round(found.cache_size * 1e9))
    batch = Batch(tuple(lines), found.output, store, journal, found.force, found.ray is not None)
    tally = run(batch, _crew(found, len(lines), store), display)
    return 1 if tally.failed else 0


def run(batch: Batch, crew: Crew, display: Display) -> Tally:
    """Make every line of a batch that is not done yet.

    Raises
    ------
    OutputError
        The output folder cannot be written to, is full, or in use by another batch.
    ServerError
        The makers cannot be started.
    """
    lock = batch.journal.replace("ledger", "lock").removesuffix(".jsonl")
    with FolderLock(batch.output, lock):
        _require_room(batch.output)
        places = {(batch.output / name).parent for line in batch.lines for name in line.outputs}
        for folder in (state_folder(batch.output), *places):
            remove_stale(folder)
        ledger = Ledger(batch.output, batch.journal)
        tally = Tally()
        seconds = _run(batch, crew, ledger, tally, display)
    if batch.store is not None:
        batch.store.sweep()
    display.summary(str(tally), batch.output, seconds, failed=tally.failed)
    return tally


def _run(batch: Batch, crew: Crew, ledger: Ledger, tally: Tally, display: Display) -> float:
    sizes = {index: _size(line.audio) for index, line in enumerate(batch.lines)}
    whole = max(1, sum(sizes.values()))
    stage = Stage("animate", "animating", START_SECONDS + whole / 1e6 * SECONDS_PER_MEGABYTE)
    progress = Progress((stage,), display.show)
    weights, version = sha256_of(SHIPPED), project_version()
    records: dict[int, Record] = {}
    over = 0

    def end(index: int, state: str, message: str = "") -> None:
        nonlocal over
        over += sizes[index]
        display.line(batch.lines[index].id, state, message)
        done = tally.made + tally.known + tally.skipped + tally.failed
        progress.update("animate", over / whole, f"line {done} of {len(batch.lines)}")

    def orders() -> Iterator[Order]:
        for index, line in enumerate(batch.lines):
            heard = sha256_of(line.audio)
            actor = sha256_of(actor_file(line.settings.actor)) if line.settings.actor else ""
            take = take_key(heard, weights, line.settings, version, actor)
            key = hashlib.sha256(f"{take}\n{line.id}\n{line.character}".encode()).hexdigest()
            if not batch.anew and heard and ledger.is_done(line.id, key, line.outputs):
                tally.skipped += 1
                end(index, "skipped")
                continue
            records[index] = Record(line.id, key, {})
            yield _order(index, line, take, batch)

    progress.update("animate", 0.0, f"{len(batch.lines)} lines")
    with crew:
        for made in crew.run(orders()):
            line, record = batch.lines[made.number], records.pop(made.number)
            error = made.error or _written(made, line, batch)
            if error:
                tally.failed += 1
                end(made.number, "failed", f"{error} ({line.where})" if line.where else error)
                continue
            hashes = {name: made.hashes[_target(name, batch)] for name in line.outputs}
            ledger.add(Record(record.id, record.key, hashes))
            for sentence in made.warnings:
                display.warn(f"{line.id}: {sentence}")
            if made.is_fresh:
                tally.made += 1
            else:
                tally.known += 1
            end(made.number, "made" if made.is_fresh else "known")
    return progress.finish()


def _order(index: int, line: Line, take: str, batch: Batch) -> Order:
    source = {"line": line.id} | ({"character": line.character} if line.character else {})
    data = None
    if batch.send:
        try:
            data = line.audio.read_bytes()
        except OSError:
            data = b""  # its maker says what is wrong with it
    return Order(
        number=index,
        audio=str(line.audio),
        settings=json.loads(to_json(line.settings)),
        outputs=tuple(_target(name, batch) for name in line.outputs),
        source=source,
        key=take,
        data=data,
    )


def _target(name: str, batch: Batch) -> str:
    return name if batch.send else str(batch.output.resolve() / name)


def _written(made: Made, line: Line, batch: Batch) -> str:
    """Write the files a maker sent back; why that failed, or nothing."""
    try:
        for name, data in made.files.items():
            path = batch.output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
    except DirfaError as error:
        return str(error)
    except OSError as error:
        return f"Cannot write the outputs of {line.id}: {error.strerror or error}."
    return ""


def _require_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise OutputError(
            f"The disk of {folder} has {free / 1e6:.0f} MB left; {NEEDED_BYTES / 1e6:.0f} MB are "
            "needed. Make room or choose another folder."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 1


def _crew(found: argparse.Namespace, count: int, store: TakeStore | None) -> Crew:
    settings = CrewSettings(found.device, store)
    if found.ray is not None:
        from server.scale.crew import RayCrew

        return RayCrew(settings, address=found.ray or None, count=found.workers)
    wanted = found.workers or (os.cpu_count() or 1)
    return (
        ProcessCrew(settings, min(wanted, count)) if min(wanted, count) > 1 else OwnCrew(settings)
    )


def _defaults(found: argparse.Namespace) -> AnimateSettings:
    stated: dict[str, Any] = {
        name: getattr(found, name)
        for name in ("head", "brows", "gaze", "lips", "blinks", "breath")
        if getattr(found, name) is not None
    }
    if found.fps:
        stated["fps"] = parse_rate(found.fps).per_second
    return AnimateSettings(**stated)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirfa.py batch",
        description="Turn many lines of speech into takes. Run it again and it goes on where it stopped; "
        "only changed lines are made anew.",
    )
    parser.add_argument(
        "source",
        type=Path,
        help="folder of recordings, or manifest: .csv, .tsv or .json with the columns id, audio, "
        "character, output, and any setting (seed, fps, head, ...)",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the takes")
    parser.add_argument(
        "--format",
        default="npz",
        help=f"what lines become that name no output, several with commas: {', '.join(FORMATS)}",
    )
    parser.add_argument("--workers", type=int, help="processes; default: one a processor core")
    parser.add_argument("--part", help="make the k-th of n parts only, such as 3/10: one farm task")
    parser.add_argument("--seed", type=int, help="of every line; default: one from each line's id")
    parser.add_argument("--fps", help="samples a second, such as 25 or 29.97; default: the model's")
    for name, what in (
        ("head", "head motion"), ("brows", "brow motion"), ("gaze", "gaze"),
        ("lips", "mouth motion"), ("blinks", "blinking"), ("breath", "breath"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=float, help=f"strength of {what}, 0..3")
    parser.add_argument(
        "--texts",
        action="store_true",
        help="close lips where the .txt beside a recording says so; for lines without a transcript",
    )
    parser.add_argument("--force", action="store_true", help="write every line anew")
    parser.add_argument("--cache", type=Path, help="folder of takes made before")
    parser.add_argument(
        "--cache-size", type=float, default=DEFAULT_BYTES / 1e9, metavar="GB", help="its limit"
    )
    parser.add_argument("--no-cache", action="store_true", help="neither use nor fill the cache")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="use a Ray cluster; needs ray installed",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    return parser
