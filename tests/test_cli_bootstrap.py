"""The one command before and beside its environment: no network, nothing installed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dirfa
from dirfa_blender.core.errors import DirfaError, OutputError
from dirfa_blender.setup import doctor, environment, installation, system
from dirfa_blender.setup.environment import Environment
from dirfa_blender.setup.installation import Source, Step

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "dirfa.py"), *arguments],
        env=dict(os.environ, **surroundings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def finished(folder: Path, minor: int = 11, **changes: str) -> Environment:
    """An environment that looks set up with today's pins."""
    made = Environment(folder, ROOT)
    made.python.parent.mkdir(parents=True)
    made.python.touch()
    pins = environment.requirements(ROOT, minor)
    groups = {name: environment.pins_hash(entries) for name, entries in pins.items()} | changes
    marker = {"groups": groups, "minor": minor, "torch": "cpu"}
    (folder / environment.MARKER).write_text(json.dumps(marker))
    return made


def test_help_and_unknown_commands_need_no_environment(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none")

    assert "talk" in run("--help", DIRFA_ENVIRONMENT=nowhere).stdout
    wrong = run("sing", DIRFA_ENVIRONMENT=nowhere)
    assert (wrong.returncode, "'sing'" in wrong.stderr) == (2, True)
    assert run(DIRFA_ENVIRONMENT=nowhere).returncode == 2
    assert "--engine" in run("talk", "--help", DIRFA_ENVIRONMENT=nowhere).stdout
    assert not (tmp_path / "none").exists()


def test_help_on_a_python_without_packages_says_what_a_command_does(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none")

    for command in set(dirfa.COMMANDS) - {"setup", "doctor", "bundle"}:
        # -I and -S: as on a computer where nothing was ever installed.
        asked = subprocess.run(
            [sys.executable, "-I", "-S", str(ROOT / "dirfa.py"), command, "--help"],
            env=dict(os.environ, DIRFA_ENVIRONMENT=nowhere), capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert (asked.returncode, asked.stderr) == (0, ""), command
        assert dirfa.COMMANDS[command][1] in asked.stdout
        assert "dirfa.py setup" in asked.stdout
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", ["setup", "doctor"])
def test_a_misspelt_option_does_nothing_and_help_lists_the_right_ones(
    command: str, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "none")

    wrong = run(command, "--bundel", "folder", DIRFA_ENVIRONMENT=nowhere)
    asked = run(command, "--help", DIRFA_ENVIRONMENT=nowhere)

    assert (wrong.returncode, "--bundel" in wrong.stderr) == (2, True)
    assert (asked.returncode, "--json" in asked.stdout) == (0, True)
    assert ("--bundle" in asked.stdout) == (command == "setup")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", dirfa.LISTABLE)
def test_options_are_listed_where_numpy_is_the_only_package(command: str) -> None:
    package = dirfa.COMMANDS[command][0]
    code = (
        "import sys, runpy\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        top = name.split('.')[0]\n"
        f"        if top not in {{*sys.stdlib_module_names, 'numpy', {package!r}, 'dirfa_blender'}}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        f"sys.argv = ['', {command!r}, '--help']\n"
        f"runpy.run_module({package!r}, run_name='__main__')\n"
    )

    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert f"usage: dirfa.py {command} " in listed.stdout, listed.stderr


@pytest.mark.parametrize(
    ("words", "groups"),
    [
        ("animate a.wav", ("server",)),
        ("serve", ("server",)),
        ("talk", ("base",)),
        ("setup", ("base",)),
        ("setup --bundle=folder", ("server",)),
        ("train --footage film", ("server",)),
        ("train --data folder", ("server", "train")),
        ("test", ("base", "test")),
    ],
)
def test_only_what_shows_a_head_asks_for_blender(words: str, groups: tuple[str, ...]) -> None:
    command, *rest = words.split()

    assert dirfa._groups(command, rest) == groups


def test_a_set_up_from_what_is_no_bundle_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    new = tmp_path / "environment"

    done = run("setup", "--bundle", str(tmp_path), DIRFA_ENVIRONMENT=str(new))

    assert done.returncode == 1
    assert "not a finished offline bundle" in done.stderr
    assert not new.exists()


def test_what_runs_before_set_up_needs_no_package() -> None:
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('numpy', 'bpy'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import dirfa_blender.setup.doctor, dirfa_blender.setup.bundling, dirfa_blender.setup.setup_report"
        ", dirfa_blender.setup.bundle, dirfa_blender.setup.interpreters"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_the_bootstrap_parses_on_old_pythons() -> None:
    source = (ROOT / "dirfa.py").read_text("utf-8")

    ast.parse(source, feature_version=(3, 7))


def test_a_finished_environment_is_ready_and_a_changed_pin_is_not(tmp_path: Path) -> None:
    good = finished(tmp_path / "good")
    changed = finished(tmp_path / "changed", base="another hash")

    assert good.is_ready(("base", "test"))
    assert not changed.is_ready(("base",))
    assert changed.is_made()
    assert not Environment(tmp_path / "none", ROOT).is_ready(("base",))


def test_an_update_brings_all_that_was_there_before(tmp_path: Path) -> None:
    old = finished(tmp_path / "old", base="another hash", gone="a group of an older version")

    assert {"base", "test"} <= set(old.with_former(("server",)))
    assert not {"server", "gone"} & set(old.with_former(("server",)))
    assert Environment(tmp_path / "none", ROOT).with_former(("server",)) == ("server",)


def test_asking_for_a_gpu_replaces_the_cpu_build(tmp_path: Path) -> None:
    made = finished(tmp_path / "made")

    assert made.is_ready(("base",), needs_cuda=False)
    assert not made.is_ready(("base",), needs_cuda=True)


def test_an_environment_without_its_python_is_not_ready(tmp_path: Path) -> None:
    made = finished(tmp_path / "made")
    made.python.unlink()

    assert not made.is_ready(("base",))


def test_torn_packages_are_forgotten_and_whole_ones_kept(tmp_path: Path) -> None:
    made = finished(tmp_path / "made")
    site = made.folder / "lib" / "python3.11" / "site-packages"
    for name, is_whole in (
        ("whole-1.dist-info", True),
        ("torn-1.dist-info", False),
        ("~old", False),
    ):
        (site / name).mkdir(parents=True)
        if is_whole:
            (site / name / "INSTALLER").touch()

    installation.drop_torn_packages(made)

    assert [path.name for path in site.iterdir()] == ["whole-1.dist-info"]


def test_a_full_disk_is_a_sentence_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "free_bytes", lambda _folder: 1_000_000)
    python = system.Python(Path(sys.executable), "3.11.0", True)

    with pytest.raises(OutputError, match=r"needs 4\.5 GB of free space, the disk has 0\.0 GB"):
        installation.install(
            Environment(tmp_path / "e", ROOT),
            ("base",),
            python,
            lambda _step: None,
            source=Source("cpu"),
        )

    assert not (tmp_path / "e").exists()


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    steps: list[Step] = []
    python = system.Python(Path(sys.executable), "3.11.0", True)

    with pytest.raises(DirfaError, match="file"):
        installation.install(
            Environment(tmp_path / "file" / "e", ROOT),
            ("base",),
            python,
            steps.append,
            source=Source("cpu"),
        )

    assert steps == []


def test_every_pin_is_exact() -> None:
    for name, entries in environment.requirements(ROOT, 11).items():
        for entry in entries:
            assert entry.count("==") == 1, (name, entry)


def test_an_interpreter_that_answers_nonsense_is_not_a_python(tmp_path: Path) -> None:
    fake = tmp_path / "python3.11"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)

    assert system.probe(fake) is None
    assert system.probe(tmp_path / "missing") is None
    assert system.probe(Path(sys.executable)) is not None


def test_a_folder_on_path_that_may_not_be_entered_holds_no_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)

    assert system.find_python((11,)) is None


def test_doctor_names_every_missing_thing_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = system.Library("libNowhere.so.7", "libnowhere7", "nobody")
    monkeypatch.setattr(system, "LIBRARIES", (missing,))
    monkeypatch.setenv("DIRFA_ENVIRONMENT", str(tmp_path / "none"))

    code = doctor.report(ROOT)

    told = capsys.readouterr().out
    if sys.platform.startswith("linux"):
        assert "libNowhere.so.7" in told
        assert "apt-get install -y --no-install-recommends libnowhere7" in told
    assert "python3 dirfa.py setup" in told
    assert code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for the interpreter")
def test_doctor_misses_nothing_where_only_what_needs_no_blender_was_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Environment(tmp_path / "node", ROOT)
    node.python.parent.mkdir(parents=True)
    pins = environment.requirements(ROOT, 11)[environment.SERVER]
    versions = "\n".join(pin.replace("==", " ").lower() for pin in pins)
    node.python.write_text(f"#!/bin/sh\ncat <<'END'\n{versions}\nEND\n")
    node.python.chmod(0o755)
    groups = {environment.SERVER: environment.pins_hash(pins)}
    node.write_marker({"groups": groups, "minor": 11, "torch": "cpu"})
    monkeypatch.setenv("DIRFA_ENVIRONMENT", str(node.folder))

    doctor.report(ROOT)

    told = capsys.readouterr().out
    assert "ok    Environment" in told
    assert "no Blender" in told
    assert f"all {len(pins)} pinned packages" in told
