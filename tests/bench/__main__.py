"""``python3 dirfa.py bench``: measure this machine and write docs/benchmarks.md.

Every figure is taken by running the product's own commands; ``--setup`` also times a cold set-up in a
temporary folder, which takes minutes and downloads.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.command_line.progress import Display, Progress
from dirfa_blender.core.protocol import AnimateSettings, PhotoSettings
from dirfa_blender.samples import sample_photo

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "samples" / "speech.flac"
TARGET = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dirfa.py bench", description=__doc__)
    parser.add_argument("--setup", action="store_true", help="also time a cold set-up")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    options = parser.parse_args()
    rows: list[tuple[str, str, str]] = []

    def add(name: str, value: str, goal: str = "") -> None:
        rows.append((name, value, goal))
        sys.stderr.write(f"{name}: {value}\n")

    with tempfile.TemporaryDirectory(prefix="dirfa-bench-") as scratch:
        folder = Path(scratch)
        if options.setup:
            add("cold set-up", f"{cold_setup(folder):.0f} s")
        add("second call of dirfa.py until it hands over", f"{overhead():.0f} ms", "100 ms")
        speech_rows(folder, add)
        photo_row(add)
        add("curves: 60 s onto 52 keys", f"{curves_seconds(folder):.2f} s", "0.2 s")
        talk_rows(folder, add)
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(page(rows), "utf-8")
    return 0


def speech_rows(folder: Path, add: Callable[..., None]) -> None:
    """Audio to take, decode included, and the memory it took."""
    from server.audio import read_speech
    from server.engine import Engine

    began = time.perf_counter()
    engine = Engine(device="cpu")
    add("load the model", f"{time.perf_counter() - began:.2f} s")
    samples, rate = soundfile.read(SPEECH)
    for seconds in (6, 60):
        path = folder / f"{seconds}.wav"
        soundfile.write(path, np.resize(samples, seconds * rate), rate)
        best, decode = np.inf, np.inf
        for _ in range(3):
            began = time.perf_counter()
            speech = read_speech(path)
            decoded = time.perf_counter()
            engine.animate(speech, AnimateSettings(), lambda _share: None, lambda: False)
            decode = min(decode, decoded - began)
            best = min(best, time.perf_counter() - began)
        add(f"{seconds} s of speech: decode", f"{decode * 1000:.0f} ms")
        add(
            f"{seconds} s of speech to take",
            f"{best:.2f} s, {seconds / best:.0f} x real time",
            "20 x",
        )


def photo_row(add: Callable[..., None]) -> None:
    """Photo to head, and the peak memory of everything so far, which is the server's work."""
    from server.photo.portrait import head_from_photo

    data = sample_photo().read_bytes()
    began = time.perf_counter()
    head_from_photo(data, PhotoSettings())
    add("photo to head, first", f"{time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    head_from_photo(data, PhotoSettings())
    add("photo to head, next", f"{time.perf_counter() - began:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    add("peak memory, speech and photo, no Blender", f"{peak / 1e6:.2f} GB", "1.5 GB")


def overhead() -> float:
    """Milliseconds of the bootstrap on top of the interpreter it starts, once set up."""
    command = [sys.executable, str(ROOT / "dirfa.py"), "setup"]
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def cold_setup(folder: Path) -> float:
    """Seconds from nothing to a complete environment."""
    began = time.perf_counter()
    surroundings = dict(os.environ, DIRFA_ENVIRONMENT=str(folder / "environment"))
    subprocess.run([sys.executable, str(ROOT / "dirfa.py"), "setup"], env=surroundings, check=True)
    return time.perf_counter() - began


def curves_seconds(folder: Path) -> float:
    """Seconds to write a minute of a take as curves onto a head, in a Blender of its own."""
    from dirfa_blender.core.action_units import AU_NAMES
    from dirfa_blender.core.head_shapes import with_shapes
    from dirfa_blender.core.head_template import template
    from dirfa_blender.core.npz_io import head_bytes, write_animation, write_whole

    write_whole(folder / "bench-head.npz", head_bytes(with_shapes(template())))
    random = np.random.default_rng(0)
    count = 60 * 50
    write_animation(
        folder / "minute.npz",
        Animation(
            fps=50.0,
            start=0.0,
            au_names=AU_NAMES,
            au=random.random((count, len(AU_NAMES)), np.float32),
            gaze=random.normal(0, 0.1, (count, 2)).astype(np.float32),
            rotation=random.normal(0, 0.1, (count, 3)).astype(np.float32),
            translation=np.zeros((count, 3), np.float32),
            source={},
        ),
    )
    code = (
        "import bpy, os, sys, time; from pathlib import Path\n"
        "from dirfa_blender.blender import scene; from dirfa_blender.head import meshes\n"
        "from dirfa_blender.performing import apply\n"
        "from dirfa_blender.core import npz_io; from dirfa_blender.core.mapping import load_profile\n"
        "from dirfa_blender.core.timing import FrameRate\n"
        "folder = Path(sys.argv[1]); bpy.ops.wm.read_factory_settings(use_empty=True)\n"
        "scene.set_frame_rate(bpy.context.scene, FrameRate(30))\n"
        "head = meshes.build_head(npz_io.read_head(folder / 'bench-head.npz'), 'Head')\n"
        "take = npz_io.read_animation(folder / 'minute.npz'); profile = load_profile('arkit')\n"
        "began = time.perf_counter()\n"
        "apply.apply_animation(take, head, profile, name='Speech')\n"
        "print(time.perf_counter() - began, file=sys.stderr, flush=True); os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    return float(done.stderr.split()[-1])


def talk_rows(folder: Path, add: Callable[..., None]) -> None:
    """The built-in sample with every default, by stage."""
    from dirfa_blender.commands import talk as talking

    spent: dict[str, float] = {}

    class Kept(Progress):
        """Keeps the seconds of every stage for the table."""

        def finish(self) -> float:
            total = super().finish()
            spent.update(self.spent)
            return total

    original, talking.Progress = talking.Progress, Kept  # type: ignore[misc]
    try:
        options, _ = talking._parsed(["-o", str(folder / "talk.mp4")])
        total = talking.talk(options, Display())
    finally:
        talking.Progress = original  # type: ignore[misc]
    frames = options.rate.frame_count(soundfile.info(SPEECH).duration)
    titles = {
        "start": "start the server", "animate": "animate", "fit": "fit the head",
        "build": "build and save the scene", "render": "render and join",
    }  # fmt: skip
    for name, title in titles.items():
        add(f"talk: {title}", f"{spent.get(name, 0.0):.1f} s")
    add("talk: render a frame", f"{spent.get('render', 0.0) / frames:.2f} s")
    add(f"talk: the sample in all ({frames} frames)", f"{total:.0f} s", "180 s")


def page(rows: list[tuple[str, str, str]]) -> str:
    """The report."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `python3 dirfa.py bench` (`--setup` adds a cold set-up). Defaults everywhere; the "
        "sample line and portrait.",
        "",
        f"Machine: {os.cpu_count()} processor cores ({platform.machine()}), {platform.system()}, "
        f"Python {platform.python_version()}.",
        "",
        "| what | measured | to reach |",
        "|---|---|---|",
        *(f"| {name} | {value} | {goal} |" for name, value, goal in rows),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
