"""The formats a take is written in: one table for every command, every route and the panel. No bpy.

A name ends in what the format is. Where several share a suffix, the less usual ones put a word before it,
``line.a2f.json``, so that files of one line lie side by side and each says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from ..errors import SettingsError

Kind = Literal[
    "take", "live_link", "arkit", "a2f", "cues", "meta_visemes", "microsoft_visemes",
    "vmd", "vrma", "vrma_arkit",
]  # fmt: skip
TITLES: Mapping[Kind, str] = {
    "take": "take (.npz)",
    "live_link": "Live Link Face (.csv)",
    "arkit": "ARKit frames (.json)",
    "a2f": "Audio2Face (.json)",
    "cues": "mouth cues of Rhubarb (.json, .tsv, .xml)",
    "meta_visemes": "weights of Meta's 15 visemes (.csv)",
    "microsoft_visemes": "weights of Microsoft's 22 visemes (.csv)",
    "vmd": "motion of MikuMikuDance (.vmd)",
    "vrma": "VRM animation of an avatar's own expressions (.vrma)",
    "vrma_arkit": "VRM animation of ARKit's shapes, Perfect Sync (.vrma)",
}
BYTES, JSON, GLTF = "application/octet-stream", "application/json", "model/gltf-binary"


@dataclass(frozen=True)
class TakeFormat:
    """A way to write a take.

    Attributes
    ----------
    kind : what it is
    ending : of the names of such files
    media_type : by which HTTP calls it
    """

    kind: Kind
    ending: str
    media_type: str

    @property
    def suffix(self) -> str:
        """The last part of the ending, which other programs go by."""
        return PurePath(f"take{self.ending}").suffix

    def numbered(self, name: str, number: int) -> str:
        """The name of one of several files, the number before its ending: ``line-2.a2f.json``."""
        ending = self.ending if name.lower().endswith(self.ending) else self.suffix
        return f"{name[: -len(ending)]}-{number}{name[-len(ending) :]}"


FORMATS: Mapping[str, TakeFormat] = {
    "npz": TakeFormat("take", ".npz", BYTES),
    "csv": TakeFormat("live_link", ".csv", "text/csv"),
    "json": TakeFormat("arkit", ".json", JSON),
    "a2f": TakeFormat("a2f", ".a2f.json", JSON),
    "cues": TakeFormat("cues", ".cues.json", JSON),
    "tsv": TakeFormat("cues", ".tsv", "text/tab-separated-values"),
    "xml": TakeFormat("cues", ".xml", "application/xml"),
    "meta_visemes": TakeFormat("meta_visemes", ".meta_visemes.csv", "text/csv"),
    "microsoft_visemes": TakeFormat("microsoft_visemes", ".microsoft_visemes.csv", "text/csv"),
    "vmd": TakeFormat("vmd", ".vmd", BYTES),
    "vrma": TakeFormat("vrma", ".vrma", GLTF),
    "vrma_arkit": TakeFormat("vrma_arkit", ".vrma_arkit.vrma", GLTF),
}
"""By the word that asks for it; the last suffix alone means the first that ends in it."""
SUFFIXES: Mapping[Kind, tuple[str, ...]] = {
    kind: tuple(known.suffix for known in FORMATS.values() if known.kind == kind) for kind in TITLES
}


def format_for(name: str, wanted: str = "") -> TakeFormat:
    """The format to write a file of this name in: the wanted one, or what the name ends in.

    Parameters
    ----------
    wanted : word of `FORMATS` or a `Kind`; the name then needs no more than a fitting suffix

    Raises
    ------
    SettingsError
        There is no such format, or its files end otherwise.
    """
    lower = name.lower()
    if wanted:
        fitting = [
            known
            for word, known in FORMATS.items()
            if wanted in (word, known.kind) and lower.endswith(known.suffix)
        ]
    else:
        fitting = [known for known in FORMATS.values() if lower.endswith(known.ending)]
        fitting.sort(key=lambda known: len(known.ending), reverse=True)
    if not fitting:
        raise SettingsError(
            f"{PurePath(name).name} cannot be written as {wanted or PurePath(name).suffix!r}. "
            f"Formats: {described()}."
        )
    return fitting[0]


def described() -> str:
    """Every ending with what it means, for help and messages."""
    return "; ".join(
        f"{known.ending} = {TITLES[known.kind].partition(' (')[0]}" for known in FORMATS.values()
    )
