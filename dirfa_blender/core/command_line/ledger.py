"""What is done already: a journal of JSON lines beside the outputs, for work that goes on where it stopped.

A record is one line, appended in one write and forced to disk, so a killed program leaves whole records
and at most one torn line, which is ignored. A record counts only while its key is the wanted one and
every output it names is still there with the same content. No bpy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..npz_io import write_whole


@dataclass(frozen=True)
class Record:
    """One thing that was made.

    Parameters
    ----------
    id : which
    key : hash of everything it was made from
    outputs : file name, relative to the output folder -> sha256 of its content
    """

    id: str
    key: str
    outputs: Mapping[str, str]


class Ledger:
    """The records of an output folder; all its journals are read, one is written.

    Parameters
    ----------
    folder : the outputs
    name : journal to write, inside ``.dirfa`` of the folder
    """

    def __init__(self, folder: Path, name: str = "ledger.jsonl") -> None:
        self._folder = folder
        self._path = state_folder(folder) / name
        self._records: dict[tuple[str, str], Record] = {}
        for path in sorted(self._path.parent.glob("ledger*.jsonl")):
            self._records |= {(r.id, r.key): r for r in _read(path).values()}
        own = _read(self._path)
        lines = "".join(_line(record) for record in own.values())
        # Written anew: superseded records and a torn end do not pile up over the years.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, lines.encode())

    def is_done(self, id: str, key: str, outputs: tuple[str, ...]) -> bool:
        """Whether exactly this was made and still lies there unchanged."""
        record = self._records.get((id, key))
        if record is None or set(record.outputs) != set(outputs):
            return False
        return all(sha256_of(self._folder / n) == known for n, known in record.outputs.items())

    def add(self, record: Record) -> None:
        """Remember what was made.

        Raises
        ------
        OutputError
            The disk is full or the folder is gone.
        """
        try:
            with self._path.open("ab") as stream:
                stream.write(_line(record).encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise OutputError(f"Cannot write {self._path}: {error.strerror or error}.") from error
        self._records[record.id, record.key] = record


def state_folder(outputs: Path) -> Path:
    """Where an output folder keeps its journal and lock."""
    return outputs / ".dirfa"


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes; empty where there is no readable file."""
    with contextlib.suppress(OSError), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    return ""


def _line(record: Record) -> str:
    fields = {"id": record.id, "key": record.key, "outputs": dict(record.outputs)}
    return json.dumps(fields, sort_keys=True) + "\n"


def _read(path: Path) -> dict[str, Record]:
    found: dict[str, Record] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            fields: dict[str, Any] = json.loads(line)
            outputs = {str(name): str(value) for name, value in fields["outputs"].items()}
            found[str(fields["id"])] = Record(str(fields["id"]), str(fields["key"]), outputs)
    return found
