from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dirfa_blender.core.command_line.folder_lock import FolderLock
from dirfa_blender.core.command_line.ledger import Ledger, Record, sha256_of, state_folder
from dirfa_blender.core.command_line.manifest import Problems, read_rows
from dirfa_blender.core.errors import ManifestError, OutputError


def made(folder: Path, name: str, content: bytes) -> Record:
    (folder / name).write_bytes(content)
    return Record(name, f"key of {name}", {name: sha256_of(folder / name)})


def test_what_was_made_is_known_after_a_restart(tmp_path: Path) -> None:
    Ledger(tmp_path).add(made(tmp_path, "a", b"1"))

    found = Ledger(tmp_path)

    assert found.is_done("a", "key of a", ("a",))
    assert not found.is_done("a", "another key", ("a",))
    assert not found.is_done("a", "key of a", ("a", "b"))


def test_an_output_that_changed_or_vanished_is_not_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for name in ("a", "b"):
        ledger.add(made(tmp_path, name, b"1"))

    (tmp_path / "a").write_bytes(b"2")
    (tmp_path / "b").unlink()

    assert not ledger.is_done("a", "key of a", ("a",))
    assert not ledger.is_done("b", "key of b", ("b",))


def test_a_torn_line_of_a_killed_program_is_ignored(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(made(tmp_path, "a", b"1"))
    journal = state_folder(tmp_path) / "ledger.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"id": "b", "key": "k", "outp')

    found = Ledger(tmp_path)
    found.add(made(tmp_path, "c", b"3"))

    assert Ledger(tmp_path).is_done("a", "key of a", ("a",))
    assert Ledger(tmp_path).is_done("c", "key of c", ("c",))


def test_a_lock_is_held_by_one_and_free_again_after(tmp_path: Path) -> None:
    told = re.escape(f"The folder {tmp_path} is in use by process {os.getpid()}")
    with FolderLock(tmp_path), pytest.raises(OutputError, match=told):
        FolderLock(tmp_path).__enter__()

    with FolderLock(tmp_path):
        pass


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "has no rows"),
        ("a.csv", "id,audio\n", "has no rows"),
        (
            "a.csv",
            "id,voice\na,b\n",
            "line 2, column voice: there is no such column. Known are id, audio",
        ),
        ("a.csv", "id,audio\na,b,c\n", "line 2: 3 cells for 2 columns"),
        ("a.csv", "id,id\na,b\n", "the header names 'id' twice"),
        ("a.json", "{", "must be JSON"),
        ("a.json", "7", "must be a list of objects"),
        ("a.json", '[7, {"id": "a"}]', "entry 1: must be an object"),
        ("a.txt", "", r"must be \.csv"),
    ],
)
def test_a_wrong_manifest_is_refused_in_words(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)

    problems = Problems("It")

    with pytest.raises(ManifestError, match=message):
        read_rows(tmp_path / name, ("id", "audio"), problems)
        problems.raise_any()


def test_rows_know_their_line_behind_comments_and_quoted_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('\ufeffid,audio\n# note\n\n"a\nb",c\nd,\n', encoding="utf-8")

    rows = read_rows(tmp_path / "a.csv", ("id", "audio"), Problems("It"))

    assert [row.where for row in rows] == ["line 4", "line 6"]
    assert rows[1].cells == {"id": "d"}
