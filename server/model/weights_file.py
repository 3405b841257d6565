"""A file of weights: one safetensors file whose header says what it is.

Safetensors holds plain arrays and text, so loading one runs no code. The header is a dictionary of texts,
``format`` and ``version`` among them; a record such as `NetworkConfig` is a JSON object there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")

VERSION = "2"
HEADER = "dirfa"


def write_weights(
    path: Path, kind: str, weights: Mapping[str, Tensor], about: Mapping[str, str]
) -> None:
    """Writes tensors of the format `kind` and what is known about them, whole or not at all."""
    header = {"format": kind, "version": VERSION, **about}
    tensors = {name: value.detach().contiguous() for name, value in weights.items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    content = save(tensors, {HEADER: json.dumps(header, sort_keys=True)})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def read_weights(path: Path, kind: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Header and tensors of a file of the format `kind`.

    Raises
    ------
    ValueError
        The file is missing, damaged or of another kind; the sentence is fit to be shown.
    """
    if not path.is_file():
        raise ValueError(f"Expected network weights at {path}, found no file.")
    try:
        with safe_open(path, framework="pt") as stored:
            header = _header(stored.metadata() or {})
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(f"Expected network weights in {path}, found a damaged file.") from error
    if header.get("format") != kind or header.get("version") != VERSION:
        raise ValueError(
            f"Expected {kind} version {VERSION} in {path}, found "
            f"{header.get('format', 'another format')} version {header.get('version', 'unknown')}."
        )
    return header, weights


@contextmanager
def fitting(path: Path) -> Generator[None]:
    """Meanwhile what shows that header and weights do not belong together is a ValueError that says so."""
    try:
        yield
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise ValueError(f"The weights in {path} do not fit their header.") from error


def to_json(record: DataclassInstance) -> str:
    """A record as a JSON object, keys sorted."""
    return json.dumps(asdict(record), sort_keys=True)


def from_json(kind: type[Record], text: str) -> Record:
    """The record in a JSON object that `to_json` wrote; what was a list is a tuple, however deep.

    Raises
    ------
    ValueError
        Not such an object, or one with other fields.
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"{kind.__name__} must be a JSON object")
    values: dict[str, Any] = {str(key): _frozen(value) for key, value in found.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{kind.__name__} has other fields: {error}") from error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _header(metadata: Mapping[str, str]) -> dict[str, str]:
    """The entries of our header; empty where the file has none."""
    try:
        found = json.loads(metadata.get(HEADER, "{}"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
