"""The mark in files that real programs wrote and read back."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.provenance import NOTE, SYNTHETIC, digital_source_type, mark_file

FILM = Path(__file__).resolve().parents[2] / "docs" / "talk.mp4"


def plain_film(path: Path) -> Path:
    """The documentation's film without what lies behind its index."""
    data = FILM.read_bytes()
    place, kept = 0, b""
    while place + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind != b"uuid":
            kept += data[place : place + size]
        place += size
    path.write_bytes(kept)
    return path


def picture(path: Path) -> Path:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00ab\x00cd")
    parts = chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize("make", [plain_film, picture])
def test_the_mark_is_read_back_and_added_once(tmp_path: Path, make) -> None:
    path = make(tmp_path / ("a.png" if make is picture else "a.mp4"))

    assert digital_source_type(path) == ""
    mark_file(path)
    size = path.stat().st_size
    mark_file(path)

    assert digital_source_type(path) == SYNTHETIC
    assert path.stat().st_size == size


def test_a_marked_film_plays_as_before_and_shows_its_comment(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is not installed: nothing else here plays films")
    path = plain_film(tmp_path / "a.mp4")

    def packets() -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux() if packet.size]

    before = packets()
    mark_file(path)

    assert packets() == before
    with av.open(str(path)) as container:
        assert NOTE in container.metadata["comment"]


def test_a_marked_picture_opens_as_before(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    path = picture(tmp_path / "a.png")

    mark_file(path)

    with image.open(path) as opened:
        assert opened.tobytes() == b"abcd"
        assert SYNTHETIC in str(opened.info["XML:com.adobe.xmp"])


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film at all")

    with pytest.raises(FormatError, match=r"must be an \.mp4 or \.png"):
        mark_file(tmp_path / "a.mp4")
