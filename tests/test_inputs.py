"""What a command is given: missing files are named together and at once; the sample needs no advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirfa_blender.commands import scene_command
from dirfa_blender.commands.scene_order import Orders, SceneOrder
from dirfa_blender.core.command_line.inputs import require_files, require_place
from dirfa_blender.core.command_line.progress import Display
from dirfa_blender.core.errors import AudioError, FormatError, OutputError, PhotoError
from dirfa_blender.samples import advice, sample_photo
from tests.permissions import permissions_count

ADVICE = ("The face is 92 pixels wide.",)


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    expected = r"no\.wav, found nothing and at .*, found a folder\. Check the paths\."

    with pytest.raises(AudioError, match=expected):
        require_files(
            (Path(__file__), PhotoError), (tmp_path / "no.wav", AudioError), (tmp_path, PhotoError)
        )


def test_what_is_there_is_no_error() -> None:
    require_files((Path(__file__), AudioError))


def test_a_file_that_may_not_be_read_is_said_to_be_one(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    for name in ("closed/a.wav", "b.wav"):
        (tmp_path / name).touch()
    (tmp_path / "b.wav").chmod(0)
    closed.chmod(0)

    with permissions_count():
        for path in (closed / "a.wav", tmp_path / "b.wav"):
            with pytest.raises(
                AudioError, match=r"found one that cannot be read \(Permission denied"
            ):
                require_files((path, AudioError))
    closed.chmod(0o700)


def test_a_place_that_may_not_be_written_to_is_known_before_the_work(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o500)

    with permissions_count():
        require_place(tmp_path / "new" / "folder" / "take.npz")
        for output in (closed / "take.npz", closed / "new" / "folder" / "take.npz"):
            with pytest.raises(OutputError, match=r"Cannot write .*take\.npz: Permission denied"):
                require_place(output)


@pytest.mark.parametrize("command", ["animate", "track"])
def test_a_missing_recording_is_noticed_before_anything_is_loaded(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="the server's packages are not installed for this Python")
    from server.__main__ import main

    assert main([command, "gone.mp4"]) == 1

    assert capfd.readouterr().err == "Expected a file at gone.mp4, found nothing. Check the path.\n"


def test_a_missing_take_is_noticed_before_blender_starts(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scene = tmp_path / "a.blend"
    scene.touch()
    order = SceneOrder("apply", str(scene), "b.blend", take="no.npz", character="Ann")

    with pytest.raises(FormatError, match="no\\.npz, found nothing"):
        scene_command.fill(Orders((order,)), Display())

    assert capfd.readouterr().err == ""


def test_the_sample_portrait_needs_no_advice(tmp_path: Path) -> None:
    (tmp_path / "skimage" / "data").mkdir(parents=True)
    (tmp_path / "skimage" / "data" / "astronaut.png").touch()

    found = sample_photo([tmp_path / "elsewhere", tmp_path])

    assert advice(ADVICE, found) == ()
    assert advice(ADVICE, tmp_path / "astronaut.png") == ADVICE


def test_without_the_package_the_sample_portrait_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="comes with the server"):
        sample_photo([tmp_path])
