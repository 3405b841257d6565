"""Mapping profiles by name or file: the shipped ones of ``rigs/``, and any that a user saved. No bpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from .characters.profile import MappingProfile
from .characters.profile_format import parse_profile
from .characters.vocabulary import VOCABULARY_FILE
from .errors import ProfileError

RIGS_FOLDER = Path(__file__).resolve().parents[2] / "rigs"
VISEMES_FILE = RIGS_FOLDER / "visemes.json"


@lru_cache(maxsize=64)
def load_profile(name_or_path: str | Path = "arkit") -> MappingProfile:
    """The profile in a file, or the shipped one of that name; read once.

    Raises
    ------
    ProfileError
        Missing, no JSON, or something is wrong; the sentence lists every problem with its path.
    """
    path = Path(name_or_path)
    if path.suffix != ".json":
        if name_or_path not in shipped_profiles():
            raise ProfileError(
                f"There is no profile {str(name_or_path)!r}. Give a profile's .json file, or one of "
                f"{', '.join(shipped_profiles())}."
            )
        path = RIGS_FOLDER / f"{name_or_path}.json"
    return read_profile(path)


def read_profile(path: Path) -> MappingProfile:
    """The profile in a file as it is now. Raises ProfileError as `load_profile` does."""
    return parse_profile(_document(path), f"Profile {path.name}", _shipped_document, prototypes())


def parse_text(text: str, where: str) -> MappingProfile:
    """The profile in a JSON text. Raises ProfileError as `load_profile` does."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ProfileError(f"{where} must be JSON: {error}.") from error
    return parse_profile(found, where, _shipped_document, prototypes())


@lru_cache(maxsize=1)
def shipped_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with the program, ``arkit`` first."""
    names = {path.stem for path in RIGS_FOLDER.glob("*.json")} - {
        VISEMES_FILE.stem,
        VOCABULARY_FILE.stem,
    }
    return ("arkit", *sorted(names - {"arkit"}))


@lru_cache(maxsize=1)
def prototypes() -> Mapping[str, Mapping[str, float]]:
    """Units and levels of every viseme that profiles may name. Raises ProfileError."""
    found = _document(VISEMES_FILE)
    if not isinstance(found, dict) or found.get("format") != "dirfa.visemes":
        raise ProfileError(f"{VISEMES_FILE.name} must be an object with format 'dirfa.visemes'.")
    return dict(found["visemes"])


@lru_cache(maxsize=32)
def _shipped_document(name: str) -> Mapping[str, Any]:
    return _document(RIGS_FOLDER / f"{name}.json")


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(
            f"Cannot read profile {path.name}: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise ProfileError(f"Profile {path.name} must be JSON: {error}.") from error
