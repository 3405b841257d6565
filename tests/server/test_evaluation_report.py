"""The report: tables survive a stop, text and charts are whole, words that mean nothing are refused."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.errors import AudioError
from dirfa_blender.core.mouth_state import lip_opening
from server.engine import Engine
from server.evaluation import report
from server.evaluation.baselines import (
    VISEME_OF,
    VISEMES,
    animation_of_mouth,
    viseme_shares,
    with_closures,
)
from server.evaluation.bench import OURS, Bench
from server.evaluation.tables import Chart, Table, markdown, number, read_table, svg, write_table
from server.phones import PHONES
from server.training.coarticulation import MOUTH

CHART = Chart("lines", "Lines & more", "x", "y", {"a": [(0.0, 1.0), (1.0, 3.0)]})
TABLE = Table(
    "Title", "Text.", ("a", "b"), (("one", number(0.5)), ("two", number(None))), {"c": CHART}
)


def test_a_kept_table_comes_back_the_same(tmp_path: Path) -> None:
    write_table(tmp_path / "kept" / "t.json", TABLE)

    assert read_table(tmp_path / "kept" / "t.json") == TABLE


@pytest.mark.parametrize("text", ["", "{", "[]", '{"title": 1}'])
def test_what_is_no_kept_table_is_made_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)

    assert read_table(tmp_path / "t.json") is None


def test_a_section_holds_every_cell_and_its_command() -> None:
    text = markdown(TABLE, "python3 dirfa.py evaluate")

    assert "| one | 0.50 |" in text
    assert "![Lines & more](c.svg)" in text
    assert "`python3 dirfa.py evaluate`" in text


@pytest.mark.parametrize("kind", ["lines", "bars"])
def test_a_chart_is_a_whole_picture(kind: str) -> None:
    chart = Chart(kind, "T <b>", "x", "y", {"a": [(0.0, -1.0), (1.0, 2.0)]}, ("p", "q"))  # type: ignore[arg-type]

    found = ElementTree.fromstring(svg(chart))

    assert found.tag.endswith("svg")
    assert len(found) > 6


def test_a_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def table(name: str):
        def make(_bench: Bench) -> Table:
            made.append(name)
            if name == "second" and made.count("second") == 1:
                raise KeyboardInterrupt
            return TABLE

        return make

    monkeypatch.setattr(report, "TABLES", {n: table(n) for n in ("first", "second")})
    bench = Bench({OURS: Engine("cpu")}, tmp_path, tmp_path, quick=True)

    with pytest.raises(KeyboardInterrupt):
        report.made_tables(bench, ["first", "second"], tmp_path)
    found = report.made_tables(bench, ["first", "second"], tmp_path)

    assert made == ["first", "second", "second"]
    assert list(found) == ["first", "second"]


def test_a_table_that_cannot_be_made_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_bench: Bench) -> Table:
        raise AudioError("No synthesiser here.")

    monkeypatch.setattr(report, "TABLES", {"first": fails, "second": lambda _bench: TABLE})

    code = report.main(
        ["--data", str(tmp_path), "--cache", str(tmp_path), "-o", str(tmp_path / "e.md")]
    )

    assert code == 1
    assert "first is left out: No synthesiser here." in capsys.readouterr().err
    assert "| one | 0.50 |" in (tmp_path / "e.md").read_text("utf-8")
    assert (tmp_path / "c.svg").is_file()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--table", "nonsense"], "A table is one of read, free"),
        (["--compare", "shipped=x"], "--compare expects NAME=WEIGHTS"),
        (["--compare", "bare"], "--compare expects NAME=WEIGHTS"),
    ],
)
def test_wrong_words_are_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    code = report.main(["--data", str(tmp_path), "--cache", str(tmp_path), *words])

    assert code == 2
    assert expected in capsys.readouterr().err


def test_every_phone_has_one_of_nine_shapes_and_shares_add_up() -> None:
    labels = np.repeat(np.arange(len(PHONES), dtype=np.uint8), 10)

    shares = viseme_shares(labels, 200)

    assert len(VISEMES) == 9
    assert len(VISEME_OF) == len(PHONES)
    assert shares.sum(axis=1) == pytest.approx(np.ones(200))


def test_told_baselines_seal_their_closures() -> None:
    labels = np.zeros(100, np.uint8)
    labels[40:50] = PHONES.index("B")
    open_mouth = np.full((50, len(MOUTH)), 0.0)
    open_mouth[:, [MOUTH.index("AU26"), MOUTH.index("AU22")]] = 0.5

    au = animation_of_mouth(with_closures(open_mouth, labels)).canonical().au

    opening = lip_opening(au)
    assert opening[20:25].max() < 1e-4
    assert opening[5:15].min() > 0.008
    assert opening[35:].min() > 0.008


def test_a_mouth_becomes_a_take_with_both_sides() -> None:
    mouth = np.zeros((10, len(MOUTH)))
    mouth[:, MOUTH.index("AU12")] = 0.4

    found = animation_of_mouth(mouth)

    assert found.channel("AU12L")[0] == found.channel("AU12R")[0] == pytest.approx(0.4)


def test_a_missing_folder_for_the_report_is_a_sentence_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = report.main(["--data", str(tmp_path), "-o", str(tmp_path / "no" / "e.md")])

    assert code == 1
    assert "Expected a folder at" in capsys.readouterr().err
