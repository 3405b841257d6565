"""The recordings the network learns from and is measured on: where they lie, and how each is split.

==============  ======================================  ====================  =========================
source          what it is                              licence               teaches
==============  ======================================  ====================  =========================
speechocean762  read English, 250 talkers, half of      free for all use      phones
                them children                           (Zhang 2021)
kathleen        ARCTIC prompts, one woman               CC0                   phones
ljspeech        read books, one woman                   public domain         phones
grid            899 filmed sentences, one man           CC BY 4.0 (Cooke      phones, lips
                                                        2006)
facegood        rig weights of a Mandarin actress,      MIT                   lips
                five takes
usgov           films of two presidents, free speech    public domain         lips; motion above them
==============  ======================================  ====================  =========================

The split is by name, so that a figure measured on "held out" material means talkers (or, where there is but
one, sentences) that no training step has seen. Of the presidents nothing is held out: there are but two,
so each is measured with what learnt from the other (`recipe`).
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.audio import read_speech

FACEGOOD_HELD = ("2_05", "3_15")
"""Takes of the actress that nothing learns from: one like the others, one in another manner."""
FOLDERS: dict[str, str] = {
    "speechocean762": "speech/speechocean762",
    "kathleen": "speech/kathleen_en",
    "ljspeech": "speech/ljspeech",
    "grid": "grid_s1",
    "facegood": "facegood",
    "usgov": "usgov",
}
"""Where each source lies under the data folder."""


@dataclass(frozen=True)
class Utterance:
    """One recording: `text` where it is transcribed, `held_out` where training must not see it."""

    source: str
    name: str
    path: Path
    talker: str
    text: str | None
    held_out: bool


def utterances(source: str, data: Path) -> list[Utterance]:
    """The recordings of one source under the data folder, in a fixed order."""
    folder = data / FOLDERS[source]
    if source == "grid":
        return [_grid(folder, path) for path in sorted((folder / "video").glob("*.mp4"))]
    if source == "facegood":
        return [
            Utterance(source, path.stem, path, "facegood", None, path.stem in FACEGOOD_HELD)
            for path in sorted(folder.glob("*.flac"))
        ]
    if source == "usgov":
        paths = sorted(p for p in folder.iterdir() if p.suffix in (".mp4", ".mov"))
        return [
            Utterance(source, p.stem, p, p.stem.split("_")[0].lower(), None, False) for p in paths
        ]
    with (folder / "utterances.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [_transcribed(source, folder, row) for row in rows]


def lexicon(data: Path) -> dict[str, str]:
    """Pronunciations that speechocean762 adds: word in lower case to phones without stress."""
    words: dict[str, str] = {}
    for line in (data / "speech/speechocean762/lexicon.txt").read_text("utf-8").splitlines():
        word, _, phones = line.partition("\t")
        plain = " ".join(phone.rstrip("012") for phone in phones.split())
        words.setdefault(word.lower(), plain)
    return words


def read_samples(path: Path) -> NDArray[np.float32]:
    """(S,) float32 at 16 kHz of a recording or a film.

    Raises
    ------
    AudioError
        The file holds no sound.
    """
    return read_speech(path).samples


def _grid(folder: Path, path: Path) -> Utterance:
    lines = (folder / "align" / f"{path.stem}.align").read_text("utf-8").splitlines()
    words = [line.split()[2] for line in lines]
    text = " ".join(word for word in words if word not in ("sil", "sp"))
    return Utterance("grid", path.stem, path, "s1", text, _hash(path.stem) % 10 == 0)


def _transcribed(source: str, folder: Path, row: dict[str, str]) -> Utterance:
    talker = row.get("speaker", source)
    held_out = _hash(talker) % 12 == 0 if "speaker" in row else _hash(row["file"]) % 20 == 0
    name = Path(row["file"]).stem
    return Utterance(source, name, folder / row["file"], talker, row["text"], held_out)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
