"""Descriptors turned away: nothing comes through meanwhile, everything does afterwards."""

from __future__ import annotations

import os
import sys

import pytest

from dirfa_blender.core.descriptors import turned_away


def test_nothing_comes_through_until_it_is_over(capfd: pytest.CaptureFixture[str]) -> None:
    with turned_away(2) as kept:
        os.write(2, b"noise")
        assert kept is not None
        os.write(kept, b"mine ")
    os.write(2, b"after")

    assert capfd.readouterr().err == "mine after"


def test_a_descriptor_that_is_not_open_is_left_alone() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.close(nowhere)

    with turned_away(nowhere) as kept:
        assert kept is None


def test_only_native_noise_is_kept_off_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    from server.native_noise import native_noise_off

    with native_noise_off():
        os.write(2, b"noise")
        sys.stderr.write("a sentence\n")

    assert capfd.readouterr().err == "a sentence\n"
