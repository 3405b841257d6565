"""Makes the shipped weights: align, teach phones, track film, fit the teacher, teach the mouth, save.

Everything slow is kept in the cache folder and never made twice: alignments, landmarks, the state of each
lesson.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.progress import Display
from server.devices import chosen_device
from server.model.checkpoint import GATE, SHIPPED, save_checkpoint, save_gate
from server.model.config import NetworkConfig
from server.model.network import FaceNetwork
from server.starter import leave_with_starter
from server.tracking.lips import unit_geometry
from server.tracking.performer import animation_of, face_of, performer_of
from server.tracking.solve import basis_of
from server.tracking.track_store import kept_track

from . import dirfa_lesson, gate_lesson, mouth_lesson, phone_lesson
from .actor_command import learn_actor
from .aligned_speech import aligned_speech
from .coarticulation import MOUTH, Teacher, fitted_teacher
from .corpora import utterances
from .dirfa_lesson import filmed_motion, train_dirfa
from .dirfa_network import DirfaNetwork, save_dirfa
from .distillation import networks_in, of_networks
from .loop import Lesson
from .manner import filmed_takes, learnt_statistics
from .readout import refit
from .spoken_mouths import (
    GRID_FPS,
    STYLES,
    SpokenMouth,
    facegood_rig,
    grid_film,
    levelled,
    of_film,
    of_rig,
    of_teacher,
)

log = logging.getLogger(__name__)

UNSEEN = ("speechocean762", "kathleen", "ljspeech", "synthetic")
"""Voices without film."""
SPOKEN = (*UNSEEN, "grid")
ABOUT = {
    "model_id": "dirfa-mapping-4",
    "licence": "GPL-3.0-or-later",
    "languages": "en zh de es fr ja ru ar hi it pt tr nl",
}


def main(arguments: Sequence[str]) -> int:
    """``train --data D`` or ``train --footage F``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if (chosen.data is None) == (chosen.footage is None):
        parser.error("give either --data, to train anew, or --footage, to adapt to an actor")
    if chosen.until_stdin_closes:
        leave_with_starter()
    torch.set_num_threads(chosen.threads)
    display = Display(as_json=chosen.json)
    try:
        if chosen.footage is not None:
            learn_actor(chosen.footage, chosen.actor, chosen.output, chosen.cache, display)
            return 0
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        if chosen.config == "dirfa":
            output = chosen.output or chosen.cache / "dirfa.safetensors"
            save_dirfa(
                output, taught_dirfa(chosen.data, chosen.cache, chosen_device(chosen.device))
            )
        elif chosen.config == "gate":
            output = chosen.output or GATE
            lesson = replace(gate_lesson.LESSON, steps=chosen.gate_steps)
            save_gate(output, gate_lesson.taught_gate(chosen.data, chosen.cache, lesson))
        else:
            output = chosen.output or SHIPPED
            teachers = networks_in(chosen.teachers)
            network = taught_hearing(chosen)
            teach_face(network, chosen, teachers)
            manner = learnt_statistics(filmed_takes(chosen.data, chosen.cache))
            save_checkpoint(output, network.cpu(), manner, ABOUT)
    except DirfaError as error:
        display.error(str(error))
        return 1
    log.info("%s: %d bytes", output, output.stat().st_size)
    return 0


def taught_hearing(chosen: argparse.Namespace) -> FaceNetwork:
    """A network whose encoder tells phones in every voice there is."""
    torch.manual_seed(chosen.seed)
    config = NetworkConfig(mouth=MOUTH, styles=STYLES)
    network = FaceNetwork(replace(config, dilations=config.dilations[: phone_lesson.FIRST_LAYERS]))
    network.to(chosen_device(chosen.device))
    corpora = [aligned_speech(source, chosen.data, chosen.cache) for source in SPOKEN]
    first = _lesson(phone_lesson.LESSON, chosen.phone_steps, chosen.seed)
    batches = phone_lesson.PhoneBatches(corpora, first.seed)
    phone_lesson.fit_normalisation(network, batches)
    phone_lesson.teach_phones(network, batches, first, _runs(chosen))
    deeper = _lesson(phone_lesson.DEEPER, chosen.deeper_steps, chosen.seed)
    network = network.deepened(config.dilations)
    batches = phone_lesson.PhoneBatches(corpora, deeper.seed)
    phone_lesson.teach_phones(network, batches, deeper, _runs(chosen))
    return network


def teach_face(
    network: FaceNetwork, chosen: argparse.Namespace, teachers: Sequence[FaceNetwork]
) -> None:
    """Teaches the whole network on everything that shows a mouth, and last, if there are teachers, on what
    they agree on for voices that nobody filmed; then fits the last layer to what is filmed."""
    head = shaped_template()
    filmed, rigged = grid_film(chosen.data, chosen.cache, head), facegood_rig(chosen.data)
    voices = [aligned_speech(source, chosen.data, chosen.cache) for source in UNSEEN]
    teacher = teacher_of(filmed, chosen.data, chosen.cache)
    sources = [of_film(filmed), of_rig(rigged), of_teacher(teacher, voices)]
    geometry = unit_geometry(head, MOUTH)
    together = _lesson(mouth_lesson.LESSON, chosen.mouth_steps, chosen.seed)
    batches = mouth_lesson.MouthBatches(sources, mouth_lesson.SHARES, geometry, together.seed)
    mouth_lesson.teach_mouth(
        network, batches.draw, geometry, together, _runs(chosen), mouth_lesson.ENCODER_SHARE
    )
    shares = mouth_lesson.POLISH_SHARES
    if teachers:
        sources.append(of_networks(teachers, voices, chosen.cache))
        shares = mouth_lesson.AGREED_SHARES
    last = _lesson(mouth_lesson.POLISH, chosen.polish_steps, chosen.seed)
    batches = mouth_lesson.MouthBatches(sources, shares, geometry, last.seed)
    mouth_lesson.teach_mouth(
        network, batches.draw, geometry, last, _runs(chosen), mouth_lesson.POLISH_ENCODER_SHARE
    )
    refit(network, [one for one in (*filmed, *rigged) if not one.held_out], voices, geometry)


def _lesson(lesson: Lesson, steps: int, seed: int) -> Lesson:
    return replace(lesson, steps=steps, seed=lesson.seed + 100 * seed)


def _runs(chosen: argparse.Namespace) -> Path:
    return chosen.cache / f"runs-{chosen.seed}"


def taught_dirfa(data: Path, cache: Path, device: torch.device) -> DirfaNetwork:
    """DIRFA's design, learnt from the same film."""
    sound = aligned_speech("grid", data, cache)
    entries = [e for e in utterances("grid", data) if e.name in sound.place and not e.held_out]
    tracks = [(e, kept_track(e.path, cache)) for e in entries]
    faces = {e.name: face_of(t.at_rate(GRID_FPS)) for e, t in tracks if t.seen.all()}
    performer, basis = performer_of(list(faces.values())), basis_of(shaped_template())
    clips = [
        filmed_motion(
            levelled(sound.sound(sound.place[name])), animation_of(face, performer, basis, GRID_FPS)
        )
        for name, face in faces.items()
    ]
    return train_dirfa(clips, dirfa_lesson.LESSON, cache / "runs", device)


def teacher_of(filmed: Sequence[SpokenMouth], data: Path, cache: Path) -> Teacher:
    """The coarticulation teacher fitted to the film that training may see."""
    sound = aligned_speech("grid", data, cache)
    seen = [one for one in filmed if not one.held_out]
    labels = [sound.phones(sound.place[one.name]) for one in seen]
    stride = int(50 / GRID_FPS)
    mouths = [np.asarray(one.mouth[::stride], np.float64) for one in seen]
    return fitted_teacher(labels, mouths, GRID_FPS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirfa.py train",
        description="Train the network on the corpora, or adapt it to an actor from film.",
        epilog="An interrupted training goes on where it stopped when the command is given again.",
    )
    parser.add_argument("--data", type=Path, help="folder of the corpora")
    parser.add_argument("--footage", type=Path, help="film of an actor, or a folder of it")
    parser.add_argument("--actor", default="", help="name of the actor; the folder's by default")
    parser.add_argument(
        "--config",
        choices=("face", "gate", "dirfa"),
        default="face",
        help="the shipped network, its gate that tells voices from music, or DIRFA's own design to "
        "compare with",
    )
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache/training"), help="alignments, tracks and states"
    )
    parser.add_argument("-o", "--output", type=Path, help="weights to write")
    parser.add_argument(
        "--teachers",
        nargs="+",
        type=Path,
        default=[],
        help="weights taught before, of other seeds (--seed): what they agree on is learnt too",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the beginning and of all that is drawn"
    )
    parser.add_argument("--phone-steps", type=int, default=phone_lesson.LESSON.steps)
    parser.add_argument("--deeper-steps", type=int, default=phone_lesson.DEEPER.steps)
    parser.add_argument("--mouth-steps", type=int, default=mouth_lesson.LESSON.steps)
    parser.add_argument("--polish-steps", type=int, default=mouth_lesson.POLISH.steps)
    parser.add_argument("--gate-steps", type=int, default=gate_lesson.LESSON.steps)
    parser.add_argument("--threads", type=int, default=1, help="of the processor, for the products")
    parser.add_argument(
        "--device",
        default="auto",
        help="cpu or cuda, for --data; auto takes a graphics card",
    )
    parser.add_argument(
        "--json", action="store_true", help="progress with film as JSON lines on stdout"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="leave with the starter")
    return parser
