"""File names from free text: none that a system refuses, loses or takes for a device."""

from __future__ import annotations

import pytest

from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.file_names import checked_place, safe_name, safe_place


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CON", "_CON"),
        ("nul", "_nul"),
        ("aux.", "_aux"),
        ("Prn .take", "_Prn .take"),
        ("com1.v2", "_com1.v2"),
        ("LPT³", "_LPT³"),
        ("conin$", "_conin$"),
        ("console", "console"),
        ("nul_2", "nul_2"),
        ("com10", "com10"),
        ("Bye. ", "Bye"),
        ("who?\n", "who__"),
        ("a/b\\c", "a_b_c"),
        ("...", "_"),
        ("", "_"),
        ("grüße 你好.v2", "grüße 你好.v2"),
        ("caf\udce9", "caf_"),
    ],
)
def test_a_name_is_one_file_on_every_system(text: str, name: str) -> None:
    assert safe_name(text) == name
    assert safe_name(name) == name


def test_a_place_stays_below_its_folder() -> None:
    assert safe_place("../act 1\\./NUL/what?") == "act 1/_NUL/what_"
    assert safe_place("..") == "_"
    assert safe_place("/etc") == "etc"


@pytest.mark.parametrize(
    "text", ["../up.npz", "/up.npz", "C:\\up.npz", "c:up.npz", "a/../../b.npz"]
)
def test_a_chosen_place_outside_the_folder_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="inside the output folder"):
        checked_place(text)


@pytest.mark.parametrize(("text", "better"), [("CON.npz", "_CON.npz"), ("a/b?.npz", "a/b_.npz")])
def test_a_chosen_place_that_some_system_lacks_is_refused(text: str, better: str) -> None:
    with pytest.raises(FormatError) as refused:
        checked_place(text)

    assert repr(better) in str(refused.value)


def test_a_chosen_place_is_kept() -> None:
    assert checked_place("./act 1\\hi.v2.npz") == "act 1/hi.v2.npz"
