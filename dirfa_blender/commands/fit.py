"""``fit``: photos in; a head out: ``.npz``, a .blend with shape keys and rig, or a file for other programs.

Sliders are put on here, on the head that comes back: they are arithmetic and need no server. No bpy.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..core.command_line.inputs import require_files
from ..core.command_line.progress import Display, Progress, Stage
from ..core.errors import PhotoError, SettingsError
from ..core.head_anew import with_shapes_anew
from ..core.likeness.sliders import HeadSliders, parsed_sliders, slid
from ..core.npz_io import head_bytes, head_from_bytes
from ..core.protocol import PhotoSettings
from ..rendering.film_process import FilmProcess
from ..rendering.outputs import Staging, follow
from ..samples import advice, sample_photo
from ..server_process import ServerProcess
from .film_order import FilmOrder

SUFFIXES = (".npz", ".blend", ".glb", ".fbx", ".usdc")


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``fit``."""
    parser = argparse.ArgumentParser(prog="dirfa.py fit", description="Turn a photo into a head.")
    parser.add_argument(
        "photos",
        type=Path,
        nargs="*",
        metavar="photo",
        help="portrait from the front, then others of the same person turned; default: a sample",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("head.npz"),
        help=f"{', '.join(SUFFIXES)}; default: head.npz",
    )
    parser.add_argument(
        "--texture",
        type=int,
        default=2048,
        help="edge of the skin texture in pixels; default: 2048",
    )
    parser.add_argument(
        "--slider",
        action="append",
        default=[],
        metavar="NAME=SHARE",
        help="head_depth, nose_length, ear_size, neck_width, jaw_depth or age, -0.5..0.6: "
        "nose_length=0.2 is a fifth longer",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    found = parser.parse_args(arguments)
    output: Path = found.output
    if output.suffix.lower() not in SUFFIXES:
        raise SettingsError(
            f"A head is written as {', '.join(SUFFIXES)}, got {output.name!r}. Change the suffix."
        )
    photos: list[Path] = found.photos or [sample_photo()]
    sliders = parsed_sliders(found.slider)
    settings = PhotoSettings(texture_pixels=found.texture)
    display = Display(as_json=found.json)
    seconds = fit(photos, output, settings, display, sliders=sliders, device=found.device)
    display.done([output], seconds)
    return 0


def fit(
    photos: Sequence[Path],
    output: Path,
    settings: PhotoSettings,
    display: Display,
    *,
    sliders: HeadSliders | None = None,
    device: str = "auto",
) -> float:
    """Make the head file; the seconds it took.

    Parameters
    ----------
    photos : of one person; the first is the one from the front
    sliders : put on the fitted head

    Raises
    ------
    DirfaError
        Anything that stands in the way, as a sentence; the output has not changed then.
    """
    require_files(*((photo, PhotoError) for photo in photos))
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
            job = client.fit(photos[0], settings, photos[1:])
            data, notes = follow(client, job.id, "fit", progress)
        for note in advice(notes, photos[0]):
            display.warn(note)
        staging.write(raw.name, _with_sliders(data, sliders or HeadSliders()))
        if suffix != ".npz":
            blend, export = (str(made), "") if suffix == ".blend" else ("", str(made))
            with FilmProcess(staging.folder) as blender:
                blender.fill(FilmOrder(head=str(raw), blend=blend, export=export), progress)
        staging.publish([output])
    return progress.finish()


def _with_sliders(data: bytes, sliders: HeadSliders) -> bytes:
    """The head's file with sliders put on, its shapes made anew for the form they give."""
    if sliders == HeadSliders():
        return data
    return head_bytes(with_shapes_anew(slid(head_from_bytes(data, "the server's head"), sliders)))
