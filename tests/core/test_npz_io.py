from __future__ import annotations

import errno
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core import npz_io
from dirfa_blender.core.errors import FormatError, OutputError
from dirfa_blender.core.head import Head
from tests.core.test_animation import animation, same


def small_head() -> Head:
    generator = np.random.default_rng(5)
    return Head(
        vertices=generator.normal(size=(8, 3)),
        faces=np.array([[0, 1, 2, 3], [4, 5, 6, -1]]),
        uvs=generator.uniform(size=(2, 4, 2)),
        materials=("skin", "teeth"),
        face_materials=np.array([0, 1]),
        part_names=("face", "teeth_upper"),
        vertex_parts=np.array([0, 0, 0, 0, 1, 1, 1, 1]),
        shape_names=("jawOpen",),
        shape_deltas=generator.normal(size=(1, 8, 3)),
        landmark_vertices=np.array([[0, 1, 2]]),
        landmark_weights=np.array([[0.2, 0.3, 0.5]]),
        bone_names=("head",),
        bone_heads=np.zeros((1, 3)),
        bone_tails=np.ones((1, 3)),
        bone_weights=np.ones((1, 8)),
        albedo=generator.integers(0, 255, (4, 4, 3), dtype=np.uint8),
        relief=generator.integers(-900, 400, (2, 2), dtype=np.int16),
        colours={"skin": (0.7, 0.5, 0.4)},
        source={"photo": "abc"},
    )


def test_a_take_read_back_is_the_same_take(tmp_path: Path) -> None:
    npz_io.write_animation(tmp_path / "take.npz", animation(start=1.5))

    same(npz_io.read_animation(tmp_path / "take.npz"), animation(start=1.5))


def test_a_head_read_back_is_the_same_head(tmp_path: Path) -> None:
    head = small_head()
    npz_io.write_whole(tmp_path / "head.npz", npz_io.head_bytes(head))

    found = npz_io.read_head(tmp_path / "head.npz")

    assert (found.materials, found.shape_names) == (head.materials, head.shape_names)
    assert (dict(found.colours), dict(found.source)) == (dict(head.colours), dict(head.source))
    for name in ("vertices", "faces", "uvs", "shape_deltas", "bone_weights", "albedo", "relief"):
        np.testing.assert_array_equal(getattr(found, name), getattr(head, name), err_msg=name)


def test_a_head_of_before_there_was_relief_is_read_without_one(tmp_path: Path) -> None:
    npz_io.write_whole(tmp_path / "head.npz", npz_io.head_bytes(replace(small_head(), relief=None)))

    assert npz_io.read_head(tmp_path / "head.npz").relief is None


@pytest.mark.parametrize(
    "relief", [np.zeros((2, 2, 1), np.int16), np.zeros((2, 2)), np.full((2, 2), 2001, np.int16)]
)
def test_relief_that_is_no_map_of_heights_is_refused(relief: np.ndarray) -> None:
    with pytest.raises(FormatError, match=r"Head\.relief must"):
        replace(small_head(), relief=relief)


def test_equal_takes_are_equal_bytes() -> None:
    assert npz_io.animation_bytes(animation()) == npz_io.animation_bytes(animation())
    assert npz_io.animation_bytes(animation()) != npz_io.animation_bytes(animation(seed=2))


def changed_member(data: bytes, name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, content if info.filename == name else old.read(info))
    return buffer.getvalue()


def changed_header(data: bytes, **changes: object) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        header = json.loads(old.read(npz_io.HEADER)) | changes
    return changed_member(data, npz_io.HEADER, json.dumps(header).encode())


def test_a_newer_version_is_refused_by_name_and_number() -> None:
    newer = changed_header(npz_io.animation_bytes(animation()), version=99)

    with pytest.raises(FormatError, match=r"dirfa\.animation version 99.*up to 1"):
        npz_io.animation_from_bytes(newer)


def test_a_head_is_not_taken_for_a_take() -> None:
    with pytest.raises(FormatError, match=r"must hold dirfa\.animation, it holds 'dirfa\.head'"):
        npz_io.animation_from_bytes(npz_io.head_bytes(small_head()))


@pytest.mark.parametrize("cut", [0, 10, 500, -30])
def test_a_cut_off_file_is_refused_in_words(cut: int) -> None:
    with pytest.raises(FormatError, match=r"x\.npz is not a whole"):
        npz_io.animation_from_bytes(npz_io.animation_bytes(animation())[:cut], "x.npz")


class Trap:
    """Says where it was when somebody unpickles it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def test_a_pickle_in_an_otherwise_whole_take_is_refused_and_never_loaded(tmp_path: Path) -> None:
    mark, trap = tmp_path / "loaded", io.BytesIO()
    np.save(trap, np.array([Trap(mark)], dtype=object), allow_pickle=True)
    take = changed_member(npz_io.animation_bytes(animation()), "au.npy", trap.getvalue())

    with pytest.raises(FormatError, match=r"x\.npz is not a whole dirfa\.animation file"):
        npz_io.animation_from_bytes(take, "x.npz")

    assert not mark.exists()
    np.load(io.BytesIO(trap.getvalue()), allow_pickle=True)
    assert mark.exists(), "the trap works"


def test_writing_where_one_cannot_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(OutputError, match="Cannot write"):
        npz_io.write_animation(tmp_path / "file" / "take.npz", animation())
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    target = tmp_path / "shots" / "010" / "take.npz"

    npz_io.write_animation(target, animation())

    assert npz_io.read_animation(target).fps == animation().fps


def test_a_write_that_fails_at_its_end_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "take.npz"
    target.write_bytes(b"old")

    def full(*_paths: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match=r"take\.npz: No space left on device\. Choose another"):
        npz_io.write_animation(target, animation())

    assert [path.name for path in tmp_path.iterdir()] == ["take.npz"]
    assert target.read_bytes() == b"old"


def test_a_take_is_not_written_over_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "take.npz"
    target.mkdir()

    with pytest.raises(OutputError, match=r"Cannot write .*take\.npz"):
        npz_io.write_animation(target, animation())
    assert list(tmp_path.iterdir()) == [target]


def test_a_head_whose_index_points_outside_is_refused() -> None:
    head = small_head()

    with pytest.raises(FormatError, match=r"Head\.faces must lie in"):
        Head(**{**vars(head), "faces": np.array([[0, 1, 2, 99], [4, 5, 6, -1]])})
