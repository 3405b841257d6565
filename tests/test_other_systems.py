"""What differs on Windows and macOS, as far as it can be asked anywhere: places, names, ways to start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dirfa_blender.setup import environment, interpreters, system
from dirfa_blender.setup.environment import Environment


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's folder of programs' data on a Windows."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local Data"))
    monkeypatch.delenv("DIRFA_ENVIRONMENT", raising=False)
    return tmp_path / "Local Data"


def test_windows_keeps_the_interpreter_of_an_environment_in_scripts(windows: Path) -> None:
    home = Environment(windows / "environment", windows)

    assert home.python == windows / "environment" / "Scripts" / "python.exe"


def test_windows_keeps_packages_below_lib(windows: Path) -> None:
    site = windows / "environment" / "Lib" / "site-packages"
    site.mkdir(parents=True)

    assert Environment(windows / "environment", windows).site_packages() == [site]


def test_each_system_has_the_users_data_where_it_is_used_to(
    windows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment.user_folder() == windows / "dirfa" / "environment"

    monkeypatch.setattr(sys, "platform", "darwin")
    library = Path.home() / "Library" / "Application Support"
    assert environment.user_folder() == library / "dirfa" / "environment"

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert environment.user_folder() == Path("/data/dirfa/environment")


def test_windows_finds_the_interpreter_that_uv_put_beside_us(
    windows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = interpreters.private_folder() / "cpython-3.11.9-windows-x86_64-none"
    home.mkdir(parents=True)
    (home / "python.exe").touch()
    asked: list[Path] = []

    def probe(path: Path) -> system.Python:
        asked.append(path)
        return system.Python(path, "3.11.9", True)

    monkeypatch.setattr(system, "probe", probe)
    monkeypatch.setattr(system, "find_python", lambda _minors: None)

    found = interpreters.available(interpreters.Source())

    assert found is not None
    assert found.path == home / "python.exe"
    assert asked == [home / "python.exe"]


def test_windows_looks_where_its_installers_put_pythons(
    windows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = windows.parent
    installed = home / "AppData" / "Local" / "Programs" / "Python" / "Python311" / "python.exe"
    installed.parent.mkdir(parents=True)
    installed.touch()
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setenv("PATH", "")

    assert installed in list(system._candidates(11))


def test_shared_libraries_are_only_asked_for_on_linux(windows: Path) -> None:
    assert system.missing_libraries() == []
    assert not system.has_apt()
