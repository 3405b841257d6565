"""The one training loop: schedule, resume, log.

A batch depends on its number and the seed alone, and everything else that is random is stored, so a run
that was cut off goes on to the same weights as one that was not. A network that lies on a graphics card is
taught there; batches are made on the processor meanwhile. Products are made in bfloat16 where that is
fast: on a card, and on processors with matrix units, which take a third of the time so. What is kept is a
running mean of the weights: the steps of small batches stray, their mean does not.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from .prefetch import prefetched

log = logging.getLogger(__name__)

KEEP_STEPS = 100
"""Steps between two stored states, and two lines of the log."""
MAKERS = max(1, min(8, (os.cpu_count() or 2) - 1))
"""Threads that make batches for a graphics card, which uses them up faster than one can."""
CLIP = 2.0
"""Largest norm of a gradient."""
NEWEST_SHARE = 0.002
"""Of the newest weights in the running mean, once there are many."""

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Lesson:
    """How long and how fast something is learnt.

    Attributes
    ----------
    name : of its files in the run's folder
    steps, peak_rate, warm_up : optimiser steps, highest learning rate, steps up to it
    seed : of everything random
    """

    name: str
    steps: int
    peak_rate: float
    warm_up: int
    seed: int


def teach(
    network: nn.Module,
    groups: list[tuple[list[nn.Parameter], float]],
    lesson: Lesson,
    draw: Callable[[int], Batch],
    loss_of: Callable[[Batch], tuple[Tensor, dict[str, float]]],
    folder: Path,
    keep: Callable[[int], None] | None = None,
) -> None:
    """Trains in place, on the network's device; goes on where an interrupted run of the lesson stopped.
    What is left in the network is the running mean of its weights.

    Parameters
    ----------
    groups : parameters and their share of the learning rate
    draw : the batch of a number
    loss_of : loss of a batch and figures for the log
    folder : of ``<name>.state.pt`` and the log ``<name>.jsonl``, one object every `KEEP_STEPS` steps
    keep : called with the step whenever the state is stored
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(lesson.seed)
    optimiser = torch.optim.AdamW(
        [{"params": weights, "share": share} for weights, share in groups],
        lr=lesson.peak_rate,
        weight_decay=0.03,
    )
    trained = [weight for weights, _ in groups for weight in weights]
    state_path = folder / f"{lesson.name}.state.pt"
    mean = AveragedModel(network, avg_fn=_drawn_nearer)
    first = _resumed(network, optimiser, mean, lesson, state_path)
    history: list[dict[str, float]] = []
    began = time.monotonic()
    device = trained[0].device
    on_card = device.type == "cuda"
    network.train()
    for step, drawn in prefetched(draw, first, lesson.steps, MAKERS if on_card else 1):
        batch = moved(drawn, device) if on_card else drawn
        share = learning_rate_share(step, lesson.steps, lesson.warm_up)
        for group in optimiser.param_groups:
            group["lr"] = lesson.peak_rate * float(group["share"]) * share
        with torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bfloat16(device)):
            loss, figures = loss_of(batch)
        optimiser.zero_grad()
        torch.autograd.backward([loss])
        torch.nn.utils.clip_grad_norm_(trained, CLIP)
        optimiser.step()
        mean.update_parameters(network)
        history.append({"loss": float(loss.detach()), **figures})
        if (step + 1) % KEEP_STEPS == 0 or step + 1 == lesson.steps:
            _store(network, optimiser, mean, lesson, step + 1, state_path)
            pace = (time.monotonic() - began) / (step + 1 - first)
            _report(lesson, step + 1, history, pace, folder / f"{lesson.name}.jsonl")
            history = []
            if keep is not None:
                keep(step + 1)
    network.load_state_dict(mean.module.state_dict())
    network.eval()


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether products are much faster in bfloat16 there."""
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def moved(batch: Batch, device: torch.device) -> Batch:
    """A tensor, or a tuple or dataclass of them, on a device."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)  # pyright: ignore[reportReturnType]
    if isinstance(batch, tuple):
        return tuple(moved(part, device) for part in batch)  # pyright: ignore[reportReturnType, reportUnknownVariableType, reportUnknownArgumentType]
    if is_dataclass(batch) and not isinstance(batch, type):
        parts = {entry.name: moved(getattr(batch, entry.name), device) for entry in fields(batch)}
        return replace(batch, **parts)
    raise TypeError(f"a batch must be made of tensors, got {type(batch).__name__}")


def learning_rate_share(step: int, steps: int, warm_up: int) -> float:
    """Share of the peak rate: a linear rise, then half a cosine down to nearly nothing."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * done))


def _drawn_nearer(mean: Tensor, newest: Tensor, count: Tensor | int) -> Tensor:
    """A running mean, drawn towards the newest weight; in a short lesson, faster."""
    return torch.lerp(mean, newest, max(NEWEST_SHARE, 10.0 / (10.0 + float(count))))


def _resumed(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    mean: AveragedModel,
    lesson: Lesson,
    path: Path,
) -> int:
    """The step to go on from; 0 where there is no state of this very lesson."""
    if not path.is_file():
        return 0
    stored = torch.load(path, weights_only=True, map_location="cpu")
    if stored["lesson"] != repr(lesson):
        log.info("%s: the stored state is of another lesson; beginning anew", lesson.name)
        return 0
    network.load_state_dict(stored["network"])
    optimiser.load_state_dict(stored["optimiser"])
    mean.load_state_dict(stored["mean"])
    torch.set_rng_state(stored["random"])
    if torch.cuda.is_available() and stored["card_random"]:
        torch.cuda.set_rng_state_all(stored["card_random"])
    log.info("%s: going on from step %d", lesson.name, stored["step"])
    return int(stored["step"])


def _store(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    mean: AveragedModel,
    lesson: Lesson,
    step: int,
    path: Path,
) -> None:
    state = {
        "lesson": repr(lesson),
        "step": step,
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "mean": mean.state_dict(),
        "random": torch.get_rng_state(),
        "card_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def _report(
    lesson: Lesson, step: int, history: list[dict[str, float]], pace: float, path: Path
) -> None:
    """One line for people and one for plots: means since the last, and the time left."""
    means = {name: float(np.mean([entry[name] for entry in history])) for name in history[-1]}
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"step": step, **means}) + "\n")
    told = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
    left = pace * (lesson.steps - step)
    log.info("%s %d/%d: %s; %.0f s left", lesson.name, step, lesson.steps, told, left)
