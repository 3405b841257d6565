"""``evaluate``: every table, one after the other, each kept as it is done, then one Markdown report.

A run that was stopped goes on where it was: finished tables are kept by the weights and programs they
belong to. Lips are compared with landmarks of film, not with units, so the tracker's solver is no judge in
its own case, and every table holds baselines: whoever cannot beat loudness has learnt nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dirfa_blender.core.errors import DirfaError, OutputError, SettingsError
from dirfa_blender.core.npz_io import write_whole
from server.engine import Engine
from server.model.checkpoint import SHIPPED, left_out_folder

from .bench import OURS, Bench
from .dirfa_engine import DirfaEngine
from .face_tables import coupling_table, diversity_table, emotion_table, upper_table
from .lip_tables import closure_table, free_table, lookahead_table, read_table, rig_table
from .sound_table import noise_table
from .tables import Table, markdown, plain, svg, write_table
from .tables import read_table as kept_table
from .trial_tables import language_table, speed_table, sync_table

TABLES: dict[str, Callable[[Bench], Table]] = {
    "read": read_table,
    "free": free_table,
    "rig": rig_table,
    "closures": closure_table,
    "lookahead": lookahead_table,
    "languages": language_table,
    "emotion": emotion_table,
    "upper": upper_table,
    "coupling": coupling_table,
    "diversity": diversity_table,
    "noise": noise_table,
    "sync": sync_table,
    "speed": speed_table,
}
"""Name -> what makes it, in the order of the report, which is that of importance."""
ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT / "server", ROOT / "dirfa_blender" / "core")
"""Folders whose programs make the figures: a change there makes kept tables stale."""
DIRFA = "dirfa.safetensors"
"""Weights of DIRFA's design in the cache, where ``train --config dirfa`` writes them; compared if there."""


def main(arguments: Sequence[str]) -> int:
    """``evaluate --data D``: exit code 0 done, 1 failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        if options.output is not None and not options.output.parent.is_dir():
            raise OutputError(
                f"Expected a folder at {options.output.parent}, found none. Make it first."
            )
        bench = Bench(_engines(options), options.data, options.cache, options.quick)
        names = options.tables or list(TABLES)
        found = made_tables(bench, names, options.cache / "evaluation")
        for table in found.values():
            sys.stdout.write(plain(table) + "\n")
        if options.output is not None:
            write_report(options.output, found, bench, _command(options))
            sys.stdout.write(f"Wrote {options.output}.\n")
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if len(found) == len(set(names)) else 1


def made_tables(bench: Bench, names: Sequence[str], kept: Path) -> dict[str, Table]:
    """The tables of these names, kept or new; a new one is kept as soon as it is done.

    One that cannot be made is left out, and stderr says why.

    Raises
    ------
    SettingsError
        There is no such table.
    """
    for name in names:
        if name not in TABLES:
            raise SettingsError(f"A table is one of {', '.join(TABLES)}, got {name!r}.")
    found: dict[str, Table] = {}
    for name in (name for name in TABLES if name in names):
        path = kept / f"{name}-{_key(bench)}.json"
        table = kept_table(path)
        if table is None:
            began = time.monotonic()
            try:
                table = TABLES[name](bench)
            except DirfaError as error:
                # What one table lacks, such as a synthesiser, is no reason to lose the others.
                sys.stderr.write(f"{name} is left out: {error}\n")
                continue
            write_table(path, table)
            sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        found[name] = table
    return found


def write_report(output: Path, tables: dict[str, Table], bench: Bench, command: str) -> None:
    """The Markdown report, and its charts beside it.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    lines = [
        "# Evaluation",
        "",
        "What the network does on material that no training step has seen, measured by one command. "
        "Each section names the command that makes its table alone.",
        "",
        *(
            f"* **{name}**: `{engine.model_info.model_id}`, weights `{engine.model_info.weights[:12]}`"
            for name, engine in bench.engines.items()
        ),
        "",
    ]
    if bench.quick:
        lines += ["This is a quick run on a fraction of the clips.", ""]
    for name, table in tables.items():
        lines.append(markdown(table, f"{command} --table {name}"))
        for stem, chart in table.charts.items():
            write_whole(output.with_name(f"{stem}.svg"), svg(chart).encode())
    write_whole(output, "\n".join(lines).encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirfa.py evaluate",
        description="Measure the network on talkers and sentences it never saw, against baselines.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(".cache/training"),
        help="folder of alignments and landmarks, and of the tables done so far",
    )
    parser.add_argument("--checkpoint", type=Path, help="weights to measure; default: the shipped")
    parser.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="NAME=WEIGHTS",
        help="measure these too, such as an ablation; may be repeated",
    )
    parser.add_argument("--quick", action="store_true", help="a fraction of the clips")
    parser.add_argument(
        "--table",
        dest="tables",
        action="append",
        metavar="NAME",
        help=f"only this one of {', '.join(TABLES)}; may be repeated",
    )
    parser.add_argument(
        "-o", "--output", type=Path, help="Markdown report to write, charts beside it"
    )
    return parser


def _engines(options: argparse.Namespace) -> dict[str, Engine | DirfaEngine]:
    engines: dict[str, Engine | DirfaEngine] = {OURS: _engine(options.checkpoint or SHIPPED)}
    for text in options.compare:
        name, equals, path = text.partition("=")
        if not equals or not name or name == OURS:
            raise SettingsError(f"--compare expects NAME=WEIGHTS, got {text!r}.")
        engines[name] = _engine(Path(path))
    dirfa = options.cache / DIRFA
    if dirfa.is_file() and "dirfa" not in engines:
        engines["dirfa"] = DirfaEngine(dirfa)
    return engines


def _engine(weights: Path) -> Engine:
    """Weights, with the heads that never saw one of their talkers for actors."""
    return Engine("cpu", weights, actors=left_out_folder(weights))


def _command(options: argparse.Namespace) -> str:
    words = ["python3 dirfa.py evaluate --data D"]
    words += ["--quick"] if options.quick else []
    words += [f"--compare {text.partition('=')[0]}=W" for text in options.compare]
    return " ".join(words)


def _key(bench: Bench) -> str:
    """What a kept table belongs to: the program, the size, the recordings and the weights compared."""
    weights = [
        f"{name}={engine.model_info.weights} {engine.actors}"
        for name, engine in bench.engines.items()
    ]
    text = "|".join([str(bench.quick), os.fspath(bench.data), *weights])
    digest = hashlib.sha256(text.encode())
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
