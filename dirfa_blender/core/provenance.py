"""The mark that says a face is synthetic, in the files that show it, where programs look for it.

It is XMP with IPTC's ``DigitalSourceType`` [1]_, the value being that of media made by a trained model: a
``uuid`` box at the end of an .mp4 and an ``iTXt`` chunk of a .png, the places the XMP standard names [2]_.
An .mp4 also gets the words as its comment, which every player shows. They are added to a finished file
and change no picture or sound in it; whoever cuts or re-encodes the file may lose them, so they inform
and prove nothing. No bpy.

References
----------
.. [1] IPTC NewsCodes, Digital Source Type: trainedAlgorithmicMedia.
.. [2] Adobe XMP Specification Part 3, 2020: embedding in PNG and MPEG-4.
"""

from __future__ import annotations

import os
import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import FormatError, OutputError
from .partials import partial_path

TOOL = "DIRFA for Blender"
SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
NOTE = f"Synthetic face animation ({TOOL}). DigitalSourceType: {SYNTHETIC}"
"""The same in words, for comments and stamps."""
PROPERTY = "DigitalSourceType"
"""Name of the custom property of scenes, and of the entry of a take's source."""
XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEY = b"XML:com.adobe.xmp"
MAX_PACKET_BYTES = 1 << 20
_SPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def xmp_packet() -> bytes:
    """The mark as an XMP packet."""
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="{_SPACES["x"]}"><rdf:RDF xmlns:rdf="{_SPACES["rdf"]}">'
        f'<rdf:Description rdf:about="" xmlns:xmp="{_SPACES["xmp"]}" '
        f'xmlns:Iptc4xmpExt="{_SPACES["ext"]}" xmp:CreatorTool="{TOOL}" '
        f'Iptc4xmpExt:DigitalSourceType="{SYNTHETIC}"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
    return text.encode()


def mark_file(path: Path) -> None:
    """Put the mark into a finished .mp4 or .png that has none.

    Raises
    ------
    FormatError
        The file is neither.
    OutputError
        It cannot be written to.
    """
    if digital_source_type(path):
        return
    try:
        if path.suffix.lower() == ".png":
            _mark_png(path, xmp_packet())
        else:
            _mark_mp4(path, xmp_packet())
    except OSError as error:
        raise OutputError(
            f"Cannot write the mark into {path}: {error.strerror or error}."
        ) from error


def digital_source_type(path: Path) -> str:
    """The IPTC value that a .mp4 or .png states about itself; empty if none.

    Raises
    ------
    FormatError
        The file is neither, or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            begin = stream.read(8)
            stream.seek(0)
            if begin == PNG_SIGNATURE:
                found = _png_packet(stream)
            elif begin[4:8] == b"ftyp":
                found = _mp4_packet(stream)
            else:
                raise FormatError(f"{path.name} must be an .mp4 or .png to carry the mark.")
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    return _value(found) if found else ""


def _mark_mp4(path: Path, packet: bytes) -> None:
    box = struct.pack(">I4s", 8 + len(XMP_BOX) + len(packet), b"uuid") + XMP_BOX + packet
    with path.open("r+b") as stream:
        for kind, start, size in _boxes(stream):
            if size == 0 and kind != b"":
                # The last box reaches to the end of the file: it must say its size first.
                stream.seek(0, os.SEEK_END)
                whole = stream.tell() - start
                stream.seek(start)
                stream.write(struct.pack(">I", whole))
        last = list(_boxes(stream))[-1]
        place = end = stream.seek(0, os.SEEK_END)
        stream.seek(last[1])
        was = stream.read(end - last[1]) if last[0] == b"moov" else b""
        if was:
            # Nothing lies behind the index, so it may grow without moving what it points at.
            place, box = last[1], _with_comment(was) + box
        try:
            stream.seek(place)
            stream.write(box)
            stream.flush()
        except OSError:
            stream.seek(place)
            stream.write(was)
            stream.truncate(end)
            raise


def _with_comment(moov: bytes) -> bytes:
    """The index of a film with `NOTE` as comment; as it was where it has no list of such entries."""
    text = NOTE.encode()
    data = struct.pack(">I4sII", 16 + len(text), b"data", 1, 0) + text
    item = struct.pack(">I4s", 8 + len(data), b"\xa9cmt") + data
    grown = bytearray(moov)
    begin, end = 8, len(moov)
    headers = [0]
    # A meta box carries four bytes of version before its content.
    for wanted, skipped in ((b"udta", 8), (b"meta", 12), (b"ilst", 8)):
        while begin + 8 <= end:
            size, kind = struct.unpack(">I4s", moov[begin : begin + 8])
            if kind == wanted or size < 8:
                break
            begin += size
        if begin + 8 > end or moov[begin + 4 : begin + 8] != wanted:
            return moov
        headers.append(begin)
        begin, end = begin + skipped, begin + struct.unpack(">I", moov[begin : begin + 4])[0]
    for header in headers:
        size = struct.unpack(">I", moov[header : header + 4])[0]
        grown[header : header + 4] = struct.pack(">I", size + len(item))
    grown[end:end] = item
    return bytes(grown)


def _mp4_packet(stream: BinaryIO) -> bytes:
    for kind, start, size in _boxes(stream):
        if kind == b"uuid" and 24 < size < MAX_PACKET_BYTES:
            stream.seek(start + 8)
            if stream.read(16) == XMP_BOX:
                return stream.read(size - 24)
    return b""


def _boxes(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and stated size of each top-level box; size 0 means to the end."""
    end = stream.seek(0, os.SEEK_END)
    place = 0
    while place + 8 <= end:
        stream.seek(place)
        size, kind = struct.unpack(">I4s", stream.read(8))
        if size == 1:
            size = struct.unpack(">Q", stream.read(8))[0]
        yield kind, place, size
        if size < 8:
            return
        place += size


def _mark_png(path: Path, packet: bytes) -> None:
    data = path.read_bytes()
    content = b"iTXt" + PNG_KEY + b"\x00\x00\x00\x00\x00" + packet
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    # Right after the header chunk, whose length is fixed.
    place = len(PNG_SIGNATURE) + 25
    partial = partial_path(path)
    try:
        partial.write_bytes(data[:place] + chunk + data[place:])
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _png_packet(stream: BinaryIO) -> bytes:
    stream.seek(len(PNG_SIGNATURE))
    while len(head := stream.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"iTXt" and size < MAX_PACKET_BYTES:
            content = stream.read(size)
            if content.startswith(PNG_KEY + b"\x00\x00"):
                return content[len(PNG_KEY) + 5 :]
            stream.seek(4, os.SEEK_CUR)
        else:
            stream.seek(size + 4, os.SEEK_CUR)
    return b""


def _value(packet: bytes) -> str:
    text = re.sub(r"<\?xpacket.*?\?>", "", packet.decode("utf-8", "replace")).strip("\ufeff\x00 \n")
    if "<!" in text:
        return ""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return ""
    name = f"{{{_SPACES['ext']}}}DigitalSourceType"
    for entry in root.iter():
        if name in entry.attrib:
            return entry.attrib[name]
        if entry.tag == name:
            return (entry.text or "").strip()
    return ""
