"""Manifests as spreadsheets and scripts write them, and each way in which they can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirfa_blender.core.command_line.manifest import MOST_SHOWN, Problems, read_rows
from dirfa_blender.core.errors import FormatError, ManifestError

COLUMNS = ("id", "audio", "seed")


def cells(folder: Path, data: bytes, name: str = "lines.csv") -> list[dict[str, object]]:
    path = folder / name
    path.write_bytes(data)
    problems = Problems(f"Manifest {name}")
    rows = read_rows(path, COLUMNS, problems)
    problems.raise_any()
    return [dict(row.cells) for row in rows]


@pytest.mark.parametrize(
    "data",
    [
        b"id,audio,seed\r\nx,a.wav,3\r\n",
        b"id;audio;seed\nx;a.wav;3\n",
        b"id\taudio\tseed\nx\ta.wav\t3\n",
        b"\xef\xbb\xbfid,audio,seed\nx,a.wav,3\n",
        "id\taudio\tseed\nx\ta.wav\t3\n".encode("utf-16"),
        b"# made by hand\n ID , Audio , Seed \n\nx, a.wav ,3\n,,\n",
    ],
    ids=["commas", "semicolons", "tabs", "byte order mark", "UTF-16", "capitals and blanks"],
)
def test_csv_is_taken_as_spreadsheets_write_it(tmp_path: Path, data: bytes) -> None:
    assert cells(tmp_path, data) == [{"id": "x", "audio": "a.wav", "seed": "3"}]


def test_an_empty_json_value_is_an_empty_cell(tmp_path: Path) -> None:
    rows = cells(tmp_path, b'[{"id": "x", "audio": "a.wav", "seed": ""}]', "lines.json")

    assert rows == [{"id": "x", "audio": "a.wav"}]


def test_a_manifest_that_is_not_there_yet_is_no_mistake_in_it(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Cannot read manifest") as caught:
        read_rows(tmp_path / "lines.csv", COLUMNS, Problems("Manifest"))

    assert not isinstance(caught.value, ManifestError)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("id,audio\nx,J\u00fcrgen.wav\n".encode("cp1252"), "Save it as UTF-8"),
        (b"id,audio\nx,a.wav\0\n", "zero bytes"),
        (b'id,audio\nx,"a.wav\ny,b.wav\n', "line 2: not CSV: .*must close it"),
        (b"id,audio\nx,a.wav,3\n", "line 2: 3 cells for 2 columns"),
        (b"id,audio,id\nx,a.wav,y\n", "names 'id' twice"),
        (b"", "no rows"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        cells(tmp_path, data)


def test_an_unknown_column_is_named_once(tmp_path: Path) -> None:
    rows = "".join(f"x{n},a.wav,1\n" for n in range(50))

    with pytest.raises(
        ManifestError,
        match=r"has 1 problem.*\n  line 2, column sed: .* and in 49 more\. Did you mean seed\?",
    ):
        cells(tmp_path, f"id,audio,sed\n{rows}".encode())


def test_a_thousand_problems_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    rows = "x,a.wav,1,2\n" * 1000

    with pytest.raises(ManifestError, match="has 1000 problems") as caught:
        cells(tmp_path, f"id,audio,seed\n{rows}".encode())

    assert str(caught.value).endswith(f"and {1000 - MOST_SHOWN} more")


@pytest.mark.parametrize(
    "text",
    [
        '[\n  {"id": "a"},\n  7\n]',
        '{"made by": ["x", {"lines": []}],\n "lines": [\n  {"id": "[,\\"]"}, 7]}',
    ],
)
def test_a_json_entry_is_named_by_its_line_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(ManifestError, match=r"entry 2, line 3: must be an object, got 7"):
        cells(tmp_path, text.encode(), "lines.json")
