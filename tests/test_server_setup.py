"""Setting the server up: a real environment from a bundle of one tiny wheel, broken and mended again."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from dirfa_blender import diagnostics
from dirfa_blender.blender.text_lines import wrapped
from dirfa_blender.core.errors import FormatError, JobCancelled, OutputError, ServerError
from dirfa_blender.server_watch import LOOKS, PROCESS_STATES, RETRIES, Watch
from dirfa_blender.setup import bundle as bundles
from dirfa_blender.setup import (
    doctor,
    installation,
    interpreters,
    removal,
    setup_lock,
    system,
    verification,
)
from dirfa_blender.setup import environment as environments
from dirfa_blender.setup.bundle import Bundle
from dirfa_blender.setup.environment import LOCK, SERVER, Environment
from dirfa_blender.setup.installation import Source, Step
from tests.permissions import permissions_count

PROJECT = """
[project]
dependencies = ["tinything==1.0"]
[project.optional-dependencies]
blender = []
blender52 = []
"""


def write_wheel(folder: Path) -> Path:
    """A package of one module, as pip wants it."""
    files = {
        "tinything.py": "SIZE = 'tiny'\n",
        "tinything_old/kept.pyc": "compiled elsewhere",
        "tinything-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinything\nVersion: 1.0\n",
        "tinything-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    path = folder / "tinything-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            record += f"{name},sha256={digest.decode()},{len(text)}\n"
            file.writestr(name, text)
        file.writestr(
            "tinything-1.0.dist-info/RECORD", record + "tinything-1.0.dist-info/RECORD,,\n"
        )
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


@pytest.fixture(scope="module")
def bundle(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / bundles.WHEELS).mkdir()
    write_wheel(folder / bundles.WHEELS)
    pins = environments.pins_hash(environments.requirements(root, 11)[SERVER])
    made = Bundle(folder, bundles.this_platform(), 11, pins, "cpu", bundles.hashes(folder))
    bundles.write(made)
    return bundles.read(folder)


@pytest.fixture(scope="module")
def python() -> system.Python:
    found = system.probe(Path(sys.executable))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def made(
    root: Path, bundle: Bundle, python: system.Python, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """A finished environment, and on the way every step was reported."""
    home = Environment(tmp_path_factory.mktemp("data") / "environment", root)
    steps: list[Step] = []
    installation.install(home, (SERVER,), python, steps.append, source=Source("cpu", bundle=bundle))
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    return home


def test_a_bundle_installs_without_any_network(made: Environment) -> None:
    answer = subprocess.run(
        [str(made.python), "-c", "import tinything; print(tinything.SIZE)"],
        capture_output=True,
        check=True,
    )

    assert answer.stdout.strip() == b"tiny"
    assert made.condition() == "ready"
    assert "tinything" in (made.folder / "setup.log").read_text()


def test_a_damaged_file_is_found_by_its_package_and_repaired(
    made: Environment, bundle: Bundle, python: system.Python
) -> None:
    module = made.site_packages()[0] / "tinything.py"
    # As Python does with the compiled files that some wheels bring.
    (made.site_packages()[0] / "tinything_old" / "kept.pyc").write_text("compiled here")
    assert "tinything" not in verification.verify(made.python, lambda *_: None).damaged

    module.write_text("SIZE = 'broken'\n")
    verdict = verification.verify(made.python, lambda *_: None)
    verification.make_torn(made.site_packages(), verdict.damaged)
    made.forget_marker()

    assert verdict.damaged == ("tinything",)
    assert made.condition() == "incomplete"
    installation.install(
        made, (SERVER,), python, lambda _: None, source=Source("cpu", bundle=bundle)
    )
    assert (made.condition(), module.read_text()) == ("ready", "SIZE = 'tiny'\n")


def test_an_interpreter_in_a_closed_home_of_another_user_counts_as_none(tmp_path: Path) -> None:
    closed = tmp_path / "home of another"
    closed.mkdir()
    (closed / "python").touch()
    environment = Environment(tmp_path / "shared", tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.write_marker({"minor": 11})

    with permissions_count():
        environment.python.symlink_to(closed / "python")
        closed.chmod(0)
        found = environment.condition()
        told = doctor.found_environment(environment)
        closed.chmod(0o700)

    assert found == "incomplete"
    assert "cannot be run by this user" in told.found and "DIRFA_ENVIRONMENT" in told.remedy


def test_changed_pins_are_an_update(made: Environment, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace("1.0", "2.0"))

    assert Environment(made.folder, tmp_path).condition() == "outdated"


def test_a_cancelled_set_up_leaves_something_to_finish(
    root: Path, bundle: Bundle, python: system.Python, tmp_path: Path
) -> None:
    home = Environment(tmp_path / "environment", root)

    def stop_at_packages(step: Step) -> None:
        if step.index == step.count:
            raise JobCancelled("enough")

    with pytest.raises(JobCancelled):
        installation.install(
            home, (SERVER,), python, stop_at_packages, source=Source("cpu", bundle=bundle)
        )

    assert home.condition() == "incomplete"
    assert not setup_lock.is_held(home.folder / LOCK)


def test_what_the_bundle_lacks_is_said_with_what_to_do(
    made: Environment, bundle: Bundle, python: system.Python, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace("tinything", "otherthing"))

    with pytest.raises(ServerError, match=r"otherthing.*make the bundle again"):
        installation.install(
            Environment(made.folder, tmp_path), (SERVER,), python, lambda _: None,
            source=Source("cpu", bundle=bundle),
        )  # fmt: skip


def test_a_lock_of_another_process_is_seen_and_falls_with_it(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\nfrom dirfa_blender.setup.setup_lock import held\n"
        "with held(pathlib.Path(sys.argv[1]), lambda: None):\n print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / LOCK)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1],
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()

        assert setup_lock.is_held(tmp_path / LOCK)
        other.kill()

    assert not setup_lock.is_held(tmp_path / LOCK)


def test_a_damaged_foreign_or_old_bundle_is_refused_by_name(
    root: Path, bundle: Bundle, tmp_path: Path
) -> None:
    def check(changed: Bundle) -> None:
        changed.check(root, lambda _: None)

    check(bundle)
    with pytest.raises(FormatError, match="is for amiga"):
        check(replace(bundle, platform="amiga"))
    with pytest.raises(FormatError, match="another version"):
        check(replace(bundle, pins="old"))
    with pytest.raises(FormatError, match="damaged"):
        check(replace(bundle, files=dict.fromkeys(bundle.files, "0")))
    with pytest.raises(FormatError, match="not a finished offline bundle"):
        bundles.read(tmp_path)


def bundle_with_a_python(root: Path, folder: Path) -> Bundle:
    """A bundle with an interpreter that a stick has made no program any more."""
    home = folder / bundles.PYTHONS / f"cpython-3.{sys.version_info.minor}.0-somewhere" / "bin"
    home.mkdir(parents=True)
    (folder / bundles.WHEELS).mkdir()
    write_wheel(folder / bundles.WHEELS)
    program = home / f"python3.{sys.version_info.minor}"
    program.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).resolve()}" "$@"\n')
    program.chmod(0o644)
    pins = environments.pins_hash(environments.requirements(root, 11)[SERVER])
    hashes = bundles.hashes(folder)
    bundles.write(Bundle(folder, bundles.this_platform(), 11, pins, "cpu", hashes))
    return bundles.read(folder)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder on a computer without a Python."""
    if sys.platform == "win32" or sys.version_info[1] not in environments.SERVER_MINORS:
        pytest.skip("the program in the bundle is a script that starts a Python for the server")
    home = tmp_path / "home"
    monkeypatch.setattr(interpreters, "private_folder", lambda: home / "python")
    monkeypatch.setattr(interpreters.system, "find_python", lambda _minors: None)
    monkeypatch.setattr(removal, "user_folder", lambda: home / "environment")
    monkeypatch.setattr(removal, "data_folder", lambda: home)
    return home


def test_a_bundle_brings_the_python_of_its_environment_and_removal_takes_both(
    root: Path, bare: Path, tmp_path: Path
) -> None:
    source = Source("cpu", bundle=bundle_with_a_python(root, tmp_path / "stick"))

    python = interpreters.provide(source, lambda *_: None)
    home = Environment(bare / "environment", root)
    installation.install(home, (SERVER,), python, lambda _: None, source=source)
    (bare / "profile.json").write_text("{}")
    made = home.condition(), python.path.is_relative_to(bare / "python")
    removal.remove(home, lambda *_: None)

    assert made == ("ready", True)
    assert [entry.name for entry in bare.iterdir()] == ["profile.json"]


def test_a_python_in_a_bundle_that_does_not_run_is_told_from_none(
    root: Path, bare: Path, tmp_path: Path
) -> None:
    bundle = bundle_with_a_python(root, tmp_path / "stick")
    (program,) = (bundle.pythons).glob("*/bin/*")
    program.write_text("no program")
    with pytest.raises(ServerError, match="of the offline bundle does not run here"):
        interpreters.provide(Source("cpu", bundle=bundle), lambda *_: None)

    shutil.rmtree(bundle.pythons)
    shutil.rmtree(bare)

    with pytest.raises(ServerError, match="the offline bundle carries none"):
        interpreters.provide(Source("cpu", bundle=bundle), lambda *_: None)


def test_a_stick_that_is_pulled_out_is_a_sentence(
    root: Path, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise shutil.Error([("a", "b", "Input/output error")])

    bundle = bundle_with_a_python(root, tmp_path / "stick")
    monkeypatch.setattr(interpreters.shutil, "copytree", gone)

    with pytest.raises(OutputError, match=r"cannot be copied to .*Input/output error"):
        interpreters.provide(Source("cpu", bundle=bundle), lambda *_: None)


def test_only_the_add_ons_own_environment_is_removed(
    made: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputError, match="belongs to a checkout"):
        removal.remove(made, lambda *_: None)
    assert made.condition() == "ready"

    monkeypatch.setattr(removal, "user_folder", lambda: made.folder)
    monkeypatch.setattr(removal, "data_folder", lambda: made.folder.parent)
    removal.remove(made, lambda *_: None)

    assert not made.folder.exists()
    assert not list(made.folder.parent.glob("removed-*"))


def test_diagnostics_hide_folders_names_tokens_and_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics.getpass, "getuser", lambda: "annabel")
    monkeypatch.setattr(diagnostics.Path, "home", lambda: Path("/secret/annabel"))

    text = diagnostics.redact(
        "at /secret/annabel/.local, C:\\Users\\bob\\x, annabel's, token: abcdef123456, "
        "http://farm.studio.example:80/v1 http://127.0.0.1:8765"
    )

    assert "http://127.0.0.1:8765" in text
    for private in ("annabel", "bob", "abcdef", "studio"):
        assert private not in text, text


def test_every_state_has_a_look_and_every_error_a_way_on() -> None:
    assert set(PROCESS_STATES.values()) <= set(LOOKS)
    for name, look in LOOKS.items():
        assert look.colour and look.operator.startswith("dirfa.") and look.label, name
        assert not look.sentence.endswith("."), name
    for task, look in RETRIES.items():
        watch = Watch(error="It broke.", failed_task=task)
        shown = watch.look("stopped", is_remote=False)
        assert (shown.sentence, shown.label) == ("It broke.", look.label)
    assert Watch().look("failed", is_remote=False).label == "Start Again"
    assert Watch().shown("running", is_remote=True) == "remote"


def test_text_wraps_between_words_and_cuts_what_is_too_long() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("abcdefgh", 3) == ["abc", "def", "gh"]
    assert wrapped("", 5) == []
