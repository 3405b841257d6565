"""Makes the shipped weights: align, teach phones, track film, fit the teacher, teach the mouth, save.

Everything slow is kept in the cache folder and never made twice: alignments, landmarks, the taught
encoder. ``--mouth-only`` repeats what depends on the head template alone.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from dirfa_blender.core.errors import DirfaError, FormatError
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from server.evaluation.lips import unit_geometry
from server.model.checkpoint import SHIPPED, save_checkpoint
from server.model.config import NetworkConfig
from server.model.network import FaceNetwork
from server.model.statistics import MotionStatistics

from .cache import AlignedSpeech, aligned_speech
from .faces import GRID_FPS, STYLES, SpokenMouth, facegood_rig, grid_film
from .mouth import MouthBatches, MouthSchedule, teach_mouth
from .phones import PhoneSchedule, teach_phones
from .teacher import MOUTH, Teacher, fitted_teacher

log = logging.getLogger(__name__)

SPOKEN = ("speechocean762", "kathleen", "ljspeech", "grid", "synthetic")
TAUGHT = ("speechocean762", "kathleen", "ljspeech", "synthetic")
ABOUT = {
    "model_id": "dirfa-first-light-1",
    "licence": "GPL-3.0-or-later",
    "languages": "en zh",
}


def main(arguments: Sequence[str]) -> int:
    """``train --data D``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="train", description="Train the shipped network.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"))
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED)
    parser.add_argument("--phone-steps", type=int, default=PhoneSchedule().steps)
    parser.add_argument("--mouth-steps", type=int, default=MouthSchedule().steps)
    parser.add_argument(
        "--mouth-only", action="store_true", help="keep the encoder of the last training"
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    try:
        network = taught_encoder(
            chosen.data, chosen.cache, chosen.phone_steps, again=not chosen.mouth_only
        )
        teach_face(network, chosen.data, chosen.cache, chosen.mouth_steps)
        save_checkpoint(chosen.output, network, MotionStatistics(), ABOUT)
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    log.info("%s: %d bytes", chosen.output, chosen.output.stat().st_size)
    return 0


def taught_encoder(data: Path, cache: Path, steps: int, *, again: bool) -> FaceNetwork:
    """A network whose encoder knows phones: from the cache, or taught now."""
    network = FaceNetwork(NetworkConfig(mouth=MOUTH, styles=STYLES))
    path = cache / "encoder.pt"
    if not again:
        if not path.is_file():
            raise FormatError(
                f"Expected a taught encoder at {path}, found none. Leave out --mouth-only."
            )
        stored = torch.load(path, weights_only=True)
        own = network.state_dict()
        known = {n: v for n, v in stored.items() if n in own and own[n].shape == v.shape}
        network.load_state_dict(known, strict=False)
        return network

    def keep(taught: FaceNetwork) -> None:
        torch.save(taught.state_dict(), path.with_suffix(".partial"))
        os.replace(path.with_suffix(".partial"), path)

    corpora = [aligned_speech(source, data, cache) for source in SPOKEN]
    teach_phones(network, corpora, PhoneSchedule(steps=steps), keep)
    keep(network)
    return network


def teach_face(network: FaceNetwork, data: Path, cache: Path, steps: int) -> None:
    """Teaches the head on everything that shows a mouth."""
    head = shaped_head()
    filmed = grid_film(data, cache, head)
    teacher = teacher_of(filmed, data, cache)
    corpora: list[AlignedSpeech] = [aligned_speech(source, data, cache) for source in TAUGHT]
    batches = MouthBatches(filmed, facegood_rig(data), teacher, corpora, MouthSchedule().seed)
    teach_mouth(network, batches, unit_geometry(head, MOUTH), MouthSchedule(steps=steps))


def teacher_of(filmed: Sequence[SpokenMouth], data: Path, cache: Path) -> Teacher:
    """The coarticulation teacher fitted to the film that training may see."""
    sound = aligned_speech("grid", data, cache)
    number = {name: index for index, name in enumerate(sound.names)}
    seen = [one for one in filmed if not one.held_out]
    labels = [sound.phones(number[one.name]) for one in seen]
    stride = int(50 / GRID_FPS)
    mouths = [np.asarray(one.mouth[::stride], np.float64) for one in seen]
    return fitted_teacher(labels, mouths, GRID_FPS)


def shaped_head() -> Head:
    """The head template with its shapes."""
    return with_shapes(template())
