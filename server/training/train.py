"""Makes the shipped weights: align, teach phones, track film, fit the teacher, teach the mouth, save.

Everything slow is kept in the cache folder and never made twice: alignments, landmarks, the state of each
lesson.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from server.evaluation.lips import unit_geometry
from server.model.checkpoint import SHIPPED, save_checkpoint
from server.model.config import NetworkConfig
from server.model.network import FaceNetwork
from server.model.sampling import MotionStatistics

from . import mouth, phones
from .cache import AlignedSpeech, aligned_speech
from .faces import GRID_FPS, STYLES, SpokenMouth, facegood_rig, grid_film
from .teacher import MOUTH, Teacher, fitted_teacher

log = logging.getLogger(__name__)

SPOKEN = ("speechocean762", "kathleen", "ljspeech", "grid", "synthetic")
TAUGHT = ("speechocean762", "kathleen", "ljspeech", "synthetic")
ABOUT = {
    "model_id": "dirfa-mapping-2",
    "licence": "GPL-3.0-or-later",
    "languages": "en zh de es fr ja ru ar hi it pt tr nl",
}


def main(arguments: Sequence[str]) -> int:
    """``train --data D``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="train",
        description="Train the network on the corpora, or adapt it to an actor from film.",
        epilog="An interrupted training goes on where it stopped when the command is given again.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache/training"), help="alignments, tracks and states"
    )
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED, help="weights to write")
    parser.add_argument("--phone-steps", type=int, default=phones.LESSON.steps)
    parser.add_argument("--mouth-steps", type=int, default=mouth.LESSON.steps)
    parser.add_argument("--threads", type=int, default=1, help="of the processor, for the products")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    try:
        network = FaceNetwork(NetworkConfig(mouth=MOUTH, styles=STYLES))
        teach_hearing(network, chosen.data, chosen.cache, chosen.phone_steps)
        teach_face(network, chosen.data, chosen.cache, chosen.mouth_steps)
        save_checkpoint(chosen.output, network, MotionStatistics(), ABOUT)
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    log.info("%s: %d bytes", chosen.output, chosen.output.stat().st_size)
    return 0


def teach_hearing(network: FaceNetwork, data: Path, cache: Path, steps: int) -> None:
    """Teaches the encoder phones in every voice there is."""
    corpora = [aligned_speech(source, data, cache) for source in SPOKEN]
    lesson = replace(phones.LESSON, steps=steps)
    phones.teach_phones(network, corpora, lesson, cache / "runs")


def teach_face(network: FaceNetwork, data: Path, cache: Path, steps: int) -> None:
    """Teaches the whole network on everything that shows a mouth."""
    head = shaped_head()
    filmed = grid_film(data, cache, head)
    teacher = teacher_of(filmed, data, cache)
    corpora: list[AlignedSpeech] = [aligned_speech(source, data, cache) for source in TAUGHT]
    batches = mouth.MouthBatches(filmed, facegood_rig(data), teacher, corpora, mouth.LESSON.seed)
    lesson = replace(mouth.LESSON, steps=steps)
    geometry = unit_geometry(head, MOUTH)
    mouth.teach_mouth(network, batches.draw, geometry, lesson, cache / "runs")


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
