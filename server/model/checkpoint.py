"""Weights on disk: one safetensors file whose header says what it is.

Safetensors holds plain arrays and text, so loading a checkpoint runs no code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from .config import NetworkConfig
from .network import FaceNetwork
from .statistics import MotionStatistics

FORMAT = "dirfa.network"
VERSION = "1"
HEADER = "dirfa"
SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "face.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to run and what is known about it.

    Attributes
    ----------
    model_id : name and version, such as ``dirfa-first-light-1``
    licence, languages : as the model card states them
    sha256 : of the file
    """

    network: FaceNetwork
    statistics: MotionStatistics
    model_id: str
    licence: str
    languages: tuple[str, ...]
    sha256: str


def save_checkpoint(
    path: Path,
    network: FaceNetwork,
    statistics: MotionStatistics,
    about: Mapping[str, str],
) -> None:
    """Writes network, statistics and `about` (model_id, licence, languages) whole or not at all."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "config": network.config.to_json(),
        "motion": statistics.to_json(),
        **about,
    }
    tensors = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    content = save(tensors, {HEADER: json.dumps(header, sort_keys=True)})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """The checkpoint in a file, its network in evaluation mode on a device.

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
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        raise ValueError(
            f"Expected {FORMAT} version {VERSION} in {path}, found "
            f"{header.get('format', 'another format')} version {header.get('version', 'unknown')}."
        )
    try:
        network = FaceNetwork(NetworkConfig.from_json(header["config"]))
        network.load_state_dict(weights)
        statistics = _statistics(header)
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise ValueError(f"The weights in {path} do not fit their header.") from error
    return Checkpoint(
        network=network.to(device).eval(),
        statistics=statistics,
        model_id=header.get("model_id", path.stem),
        licence=header.get("licence", "unknown"),
        languages=tuple(header.get("languages", "").split()),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _header(metadata: Mapping[str, str]) -> dict[str, str]:
    """The entries of our header; empty where the file has none."""
    try:
        found = json.loads(metadata.get(HEADER, "{}"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _statistics(header: Mapping[str, str]) -> MotionStatistics:
    """Those of the header; checkpoints from before motion was learnt from film carry none."""
    stored = header.get("motion")
    return MotionStatistics() if stored is None else MotionStatistics.from_json(stored)
