"""``train --footage``: learns an actor from film, writes their file and says what the film brought."""

from __future__ import annotations

from pathlib import Path

import torch

from dirfa_blender.core.command_line.progress import Display, Progress, Stage
from dirfa_blender.core.errors import FormatError, SettingsError
from dirfa_blender.core.file_names import safe_name
from server.config import actor_file
from server.model.checkpoint import SHIPPED, load_checkpoint, save_actor

from .actor_lesson import Adaptation, adapted
from .footage import films_in

SECONDS_PER_MEGABYTE, LEARNING_SECONDS = 15.0, 60.0
"""Guesses for the progress bar, until the work's own speed is known."""


def learn_actor(
    footage: Path, name: str, output: Path | None, cache: Path, display: Display
) -> None:
    """Writes the file of an actor where the server looks for it, or at `output`.

    Parameters
    ----------
    name : of the actor, which is its file's; the folder's or film's if empty

    Raises
    ------
    SettingsError
        The name cannot be a file's.
    FormatError
        There is no film, or too little of it can be learnt from.
    """
    if not footage.exists():
        raise FormatError(f"Expected film at {footage}, found nothing. Check the path.")
    if name and name != safe_name(name):
        raise SettingsError(
            f"An actor's name must be one of a file, such as {safe_name(name)!r}, got {name!r}."
        )
    name = name or safe_name(footage.stem)
    output = output or actor_file(name)
    films = films_in(footage)
    megabytes = sum(film.stat().st_size for film in films) / 1e6
    stages = (
        Stage("track", "watching the film", SECONDS_PER_MEGABYTE * megabytes),
        Stage("learn", "learning", LEARNING_SECONDS),
    )
    progress = Progress(stages, display.show)
    progress.update("track")
    try:
        base = load_checkpoint(SHIPPED, torch.device("cpu"))
    except ValueError as error:
        raise FormatError(str(error)) from error
    found = adapted(base, name, films, cache, progress=progress.update)
    save_actor(output, found.actor, base, {"seconds": f"{found.seconds:.1f}"})
    for sentence in found.remarks:
        display.warn(sentence)
    display.summary(told(found, name), output, progress.finish(), failed=0)


def told(found: Adaptation, name: str) -> str:
    """What the film brought, as a sentence without its full stop."""
    people, own = found.people, found.actor.statistics
    return (
        f"{name} learnt from {found.seconds:.0f} s of film; on pieces kept for measuring, agreement of lip "
        f"opening {found.before[0]:.2f} -> {found.after[0]:.2f}, width {found.before[1]:.2f} -> "
        f"{found.after[1]:.2f}; nods {people.nod_degrees:.1f} -> {own.nod_degrees:.1f} degrees, a blink "
        f"every {people.blink_seconds:.1f} -> {own.blink_seconds:.1f} s"
    )
