"""``fit``: a photo in; a head out: ``.npz``, a .blend with shape keys and rig, or ``.glb``. No bpy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .core.errors import PhotoError, SettingsError
from .core.progress import Display, Progress, Stage
from .core.protocol import PhotoSettings
from .film import FilmOrder
from .film_process import FilmProcess
from .outputs import Staging, follow
from .server_process import ServerProcess
from .talk import sample_photo

SUFFIXES = (".npz", ".blend", ".glb")


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``fit``."""
    parser = argparse.ArgumentParser(prog="dirfa.py fit", description="Turn a photo into a head.")
    parser.add_argument(
        "photo", type=Path, nargs="?", help="portrait from the front; default: a sample"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("head.npz"), help=".npz, .blend or .glb"
    )
    parser.add_argument(
        "--texture", type=int, default=2048, help="edge of the skin texture in pixels"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    found = parser.parse_args(arguments)
    output: Path = found.output
    if output.suffix.lower() not in SUFFIXES:
        raise SettingsError(
            f"A head is written as {', '.join(SUFFIXES)}, got {output.name!r}. Change the suffix."
        )
    photo: Path = found.photo or sample_photo()
    settings = PhotoSettings(texture_pixels=found.texture)
    display = Display(as_json=found.json)
    seconds = fit(photo, output, settings, display, device=found.device)
    display.done([output], seconds)
    return 0


def fit(
    photo: Path, output: Path, settings: PhotoSettings, display: Display, *, device: str = "auto"
) -> float:
    """Make the head file; the seconds it took.

    Raises
    ------
    DirfaError
        Anything that stands in the way, as a sentence; the output has not changed then.
    """
    if not photo.is_file():
        found = "a folder" if photo.is_dir() else "nothing"
        raise PhotoError(f"Expected a file at {photo}, found {found}. Check the path.")
    stages = (
        Stage("start", "starting the inference server", 4.0),
        Stage("fit", "fitting a head to the photo", 6.0),
        Stage("build", "building it in Blender", 3.0),
    )
    suffix = output.suffix.lower()
    progress = Progress(stages[: 2 if suffix == ".npz" else 3], display.show)
    progress.update("start")
    with Staging(output) as staging:
        made = staging.path(output.name)
        raw = made if suffix == ".npz" else staging.path("head.npz")
        with ServerProcess(device=device) as client:
            job = client.fit(photo, settings)
            staging.write(raw.name, follow(client, job.id, "fit", progress, display))
        if suffix != ".npz":
            blend, glb = (str(made), "") if suffix == ".blend" else ("", str(made))
            with FilmProcess(staging.folder) as blender:
                blender.fill(FilmOrder(head=str(raw), blend=blend, glb=glb), progress)
        staging.publish([output])
    return progress.finish()
