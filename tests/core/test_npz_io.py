from __future__ import annotations

import io
import json
import zipfile
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
    for name in ("vertices", "faces", "uvs", "shape_deltas", "bone_weights", "albedo"):
        np.testing.assert_array_equal(getattr(found, name), getattr(head, name), err_msg=name)


def test_equal_takes_are_equal_bytes() -> None:
    assert npz_io.animation_bytes(animation()) == npz_io.animation_bytes(animation())
    assert npz_io.animation_bytes(animation()) != npz_io.animation_bytes(animation(seed=2))


def changed_header(data: bytes, **changes: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == npz_io.HEADER:
                content = json.dumps(json.loads(content) | changes).encode()
            new.writestr(info.filename, content)
    return buffer.getvalue()


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


def test_a_pickle_is_never_loaded() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, au=np.array([{"a": 1}], dtype=object))

    with pytest.raises(FormatError):
        npz_io.animation_from_bytes(buffer.getvalue())


def test_writing_where_one_cannot_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(OutputError, match="Cannot write"):
        npz_io.write_animation(tmp_path / "file" / "take.npz", animation())
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    target = tmp_path / "shots" / "010" / "take.npz"

    npz_io.write_animation(target, animation())

    assert npz_io.read_animation(target).fps == animation().fps


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "take.npz"
    target.mkdir()

    with pytest.raises(OutputError):
        npz_io.write_animation(target, animation())
    assert list(tmp_path.iterdir()) == [target]


def test_a_head_whose_index_points_outside_is_refused() -> None:
    head = small_head()

    with pytest.raises(FormatError, match=r"Head\.faces must lie in"):
        Head(**{**vars(head), "faces": np.array([[0, 1, 2, 99], [4, 5, 6, -1]])})
