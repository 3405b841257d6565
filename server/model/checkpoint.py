"""What is kept of a training: the network with its statistics, an actor's part of it, the voice gate.

Each is a file of weights (`weights_file`) of a format of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from .config import NetworkConfig
from .network import HEARING, MOVING, FaceNetwork
from .statistics import MotionStatistics
from .voice_gate import VoiceGate
from .weights_file import fitting, from_json, read_weights, to_json, write_weights

FORMAT = "dirfa.network"
ACTOR_FORMAT = "dirfa.actor"
GATE_FORMAT = "dirfa.voice"
WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
SHIPPED, GATE = WEIGHTS / "face.safetensors", WEIGHTS / "voice.safetensors"
"""The network and the voice gate that come with the program."""


def left_out_folder(weights: Path) -> Path:
    """Where the face heads lie that learnt as these weights did, but never saw the talker they are named
    by: what the weights are worth to somebody they never saw is measured with them."""
    return weights.with_name(f"{weights.stem}-left-out")


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to run and what is known about it.

    Attributes
    ----------
    model_id : name and version, such as ``dirfa-mapping-5``
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
    header = {"config": to_json(network.config), "motion": to_json(statistics), **about}
    write_weights(path, FORMAT, network.state_dict(), header)


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """The checkpoint in a file, its network in evaluation mode on a device.

    Raises
    ------
    ValueError
        The file is missing, damaged or of another kind; the sentence is fit to be shown.
    """
    header, weights = read_weights(path, FORMAT)
    with fitting(path):
        network = FaceNetwork(from_json(NetworkConfig, header["config"]))
        network.load_state_dict(weights)
        statistics = _statistics(header, MotionStatistics())
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
        "base": base.sha256,
        "actor": network.config.styles[0],
        "motion": to_json(actor.statistics),
        **about,
    }
    write_weights(path, ACTOR_FORMAT, network.tensors_of(MOVING), header)


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
    with fitting(path):
        network.load_state_dict({**shared, **weights})
        statistics = _statistics(header, base.statistics)
    for name in HEARING:
        setattr(network, name, getattr(base.network, name))
    return Actor(network.to(base.network.feature_mean.device).eval(), statistics)


def save_gate(path: Path, gate: VoiceGate) -> None:
    """Writes a voice gate whole or not at all."""
    write_weights(path, GATE_FORMAT, gate.state_dict(), {})


def load_gate(path: Path, device: torch.device) -> VoiceGate:
    """The voice gate in a file, in evaluation mode.

    Raises
    ------
    ValueError
        The file is missing, damaged or of another kind; the sentence is fit to be shown.
    """
    _, weights = read_weights(path, GATE_FORMAT)
    with fitting(path):
        gate = VoiceGate(len(weights["feature_mean"]), len(weights["out.bias"]))
        gate.load_state_dict(weights)
    return gate.to(device).eval()


def _statistics(header: Mapping[str, str], otherwise: MotionStatistics) -> MotionStatistics:
    """Those of the header; files from before motion was learnt from film carry none."""
    stored = header.get("motion")
    return otherwise if stored is None else from_json(MotionStatistics, stored)
