"""The server's buttons without a window: what they say, and that one at a time works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender.server_watch import watch
from dirfa_blender.session import state


@pytest.fixture(autouse=True)
def nothing_installed(
    scene: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setenv("DIRFA_ENVIRONMENT", str(tmp_path / "environment"))
    dirfa_blender.register()
    watch().clear()
    yield
    dirfa_blender.unregister()


def refused(operator: object, *arguments: object) -> str:
    with pytest.raises(RuntimeError) as caught:
        operator(*arguments)  # type: ignore[operator]
    return str(caught.value)


def test_nothing_installed_cannot_be_verified_or_removed() -> None:
    assert "nothing to verify" in refused(bpy.ops.dirfa.server_verify)
    assert "chosen in DIRFA_ENVIRONMENT" in refused(bpy.ops.dirfa.server_remove)
    assert watch().error
    assert watch().task is None


def test_a_damaged_interpreter_is_reported_by_verify(tmp_path: Path) -> None:
    folder = tmp_path / "environment" / ("Scripts" if sys.platform == "win32" else "bin")
    folder.mkdir(parents=True)
    (folder / "python").write_text("not a program")
    (folder / "python.exe").write_text("not a program")

    assert "python does not load" in refused(bpy.ops.dirfa.server_verify)


def test_a_second_task_waits_for_the_first_and_says_so() -> None:
    watch().task = "installing"

    assert "being looked after" in refused(bpy.ops.dirfa.server_start)

    watch().clear()


def test_cancel_without_a_task_says_why() -> None:
    assert "Nothing is being done" in refused(bpy.ops.dirfa.server_cancel)


def test_diagnostics_reach_the_clipboard_without_private_folders() -> None:
    assert bpy.ops.dirfa.copy_diagnostics() == {"FINISHED"}

    assert watch().note == "The diagnostics are on the clipboard"


def test_a_set_up_that_has_no_bundle_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dirfa_blender.operators import server

    class Chosen:
        bundle, device, proxy = str(tmp_path), "cpu", ""

    monkeypatch.setattr(server, "preferences_of", lambda _context: Chosen)

    assert "not a finished offline bundle" in refused(bpy.ops.dirfa.server_setup)
    assert watch().failed_task == "installing"
    assert state().server.state in ("not_installed", "stopped")


def test_the_sample_needs_the_server_and_says_so() -> None:
    assert "comes with the server" in refused(bpy.ops.dirfa.use_sample)
