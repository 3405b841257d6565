"""Weights on disk: one safetensors file whose header says what it is.

Safetensors holds plain arrays and text, so loading a checkpoint runs no code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .config import NetworkConfig
from .network import FaceNetwork
from .statistics import MotionStatistics
from .voice_gate import VoiceGate

FORMAT = "dirfa.network"
ACTOR_FORMAT = "dirfa.actor"
GATE_FORMAT = "dirfa.voice"
VERSION = "2"
HEADER = "dirfa"
WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
SHIPPED, GATE = WEIGHTS / "face.safetensors", WEIGHTS / "voice.safetensors"
"""The network and the voice gate that come with the program."""


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to run and what is known about it.

    Attributes
    ----------
    model_id : name and version, such as ``dirfa-mapping-3``
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
    write_weights(path, network.state_dict(), header)


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """The checkpoint in a file, its network in evaluation mode on a device.

    Raises
    ------
    ValueError
        The file is missing, damaged or of another kind; the sentence is fit to be shown.
    """
    header, weights = read_weights(path, FORMAT)
    try:
        network = FaceNetwork(NetworkConfig.from_json(header["config"]))
        network.load_state_dict(weights)
        statistics = _statistics(header, MotionStatistics())
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


@dataclass(frozen=True)
class Actor:
    """One person's mouth and manner: a network whose face head is theirs, and how they move."""

    network: FaceNetwork
    statistics: MotionStatistics


def save_actor(path: Path, actor: Actor, base: Checkpoint, about: Mapping[str, str]) -> None:
    """Writes an actor's face head and manner, to be used with `base` alone; whole or not at all."""
    network = actor.network
    header = {
        "format": ACTOR_FORMAT,
        "version": VERSION,
        "base": base.sha256,
        "actor": network.config.styles[0],
        "motion": actor.statistics.to_json(),
        **about,
    }
    write_weights(path, _head_tensors(network), header)


def load_actor(path: Path, base: Checkpoint) -> Actor:
    """The network of `base` with the actor's face head, and their manner; what both share is stored once.

    Raises
    ------
    ValueError
        The file is missing, damaged, or made for other weights; the sentence is fit to be shown.
    """
    header, weights = read_weights(path, ACTOR_FORMAT)
    if header.get("base") != base.sha256:
        raise ValueError(
            f"The actor in {path.name} was trained on other weights than the ones loaded. "
            "Train it again with this version."
        )
    network = FaceNetwork(replace(base.network.config, styles=(header.get("actor", path.stem),)))
    shared = base.network.state_dict()
    try:
        network.load_state_dict({**shared, **weights})
        statistics = _statistics(header, base.statistics)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"The weights in {path} do not fit their header.") from error
    for name in ("entry", "encoder", "encoder_norm", "phones"):
        setattr(network, name, getattr(base.network, name))
    return Actor(network.to(base.network.feature_mean.device).eval(), statistics)


def _head_tensors(network: FaceNetwork) -> dict[str, Tensor]:
    heads = ("bridge", "style", "head", "mouth")
    return {n: v for n, v in network.state_dict().items() if n.split(".")[0] in heads}


def save_gate(path: Path, gate: VoiceGate) -> None:
    """Writes a voice gate whole or not at all."""
    write_weights(path, gate.state_dict(), {"format": GATE_FORMAT, "version": VERSION})


def load_gate(path: Path, device: torch.device) -> VoiceGate:
    """The voice gate in a file, in evaluation mode.

    Raises
    ------
    ValueError
        The file is missing, damaged or of another kind; the sentence is fit to be shown.
    """
    _, weights = read_weights(path, GATE_FORMAT)
    try:
        gate = VoiceGate(len(weights["feature_mean"]), len(weights["out.bias"]))
        gate.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"The weights in {path} are of another voice gate.") from error
    return gate.to(device).eval()


def write_weights(path: Path, weights: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Writes tensors and what they are, ``format`` and ``version`` among it, whole or not at all."""
    tensors = {name: value.detach().contiguous() for name, value in weights.items()}
    # One entry: safetensors writes several in an order that changes from run to run.
    content = save(tensors, {HEADER: json.dumps(dict(header), sort_keys=True)})
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


def _header(metadata: Mapping[str, str]) -> dict[str, str]:
    """The entries of our header; empty where the file has none."""
    try:
        found = json.loads(metadata.get(HEADER, "{}"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _statistics(header: Mapping[str, str], otherwise: MotionStatistics) -> MotionStatistics:
    """Those of the header; files from before motion was learnt from film carry none."""
    stored = header.get("motion")
    return otherwise if stored is None else MotionStatistics.from_json(stored)
