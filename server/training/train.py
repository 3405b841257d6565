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

import torch

from dirfa_blender.core.command_line.progress import Display
from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.head_shapes import shaped_template
from server.devices import chosen_device
from server.model.checkpoint import (
    GATE,
    SHIPPED,
    Actor,
    left_out_folder,
    load_checkpoint,
    save_actor,
    save_checkpoint,
    save_gate,
)
from server.model.network import FaceNetwork
from server.starter import leave_with_starter
from server.tracking.performer import animation_of, face_of, performer_of
from server.tracking.solve import basis_of
from server.tracking.track_store import kept_track

from . import dirfa_lesson, gate_lesson, mouth_lesson, phone_lesson
from .actor_command import learn_actor
from .aligned_speech import aligned_speech
from .corpora import utterances
from .dirfa_lesson import filmed_motion, train_dirfa
from .dirfa_network import DirfaNetwork, save_dirfa
from .distillation import networks_in
from .manner import filmed_takes, learnt_statistics
from .recipe import NOBODY, taught_faces, taught_hearing
from .spoken_mouths import GRID_FPS, levelled

log = logging.getLogger(__name__)

ABOUT = {
    "model_id": "dirfa-mapping-5",
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
            _save(taught_faces(taught_hearing(chosen), chosen, teachers), chosen, output)
    except DirfaError as error:
        display.error(str(error))
        return 1
    log.info("%s: %d bytes", output, output.stat().st_size)
    return 0


def _save(faces: dict[str, FaceNetwork], chosen: argparse.Namespace, output: Path) -> None:
    """Writes the weights, and beside them the heads that never saw one of the talkers."""
    manner = learnt_statistics(filmed_takes(chosen.data, chosen.cache))
    save_checkpoint(output, faces.pop(NOBODY).cpu(), manner, ABOUT)
    base = load_checkpoint(output, torch.device("cpu"))
    folder = left_out_folder(output)
    folder.mkdir(exist_ok=True)
    for talker, network in faces.items():
        actor = Actor(network.cpu().in_style(0, talker), manner)
        save_actor(folder / f"{talker}.safetensors", actor, base, {})


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
    parser.add_argument("--free-steps", type=int, default=mouth_lesson.FREE.steps)
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
