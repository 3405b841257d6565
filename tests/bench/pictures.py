"""``python -m tests.bench.pictures``: render the pictures of the head in docs/.

``shapes`` is a contact sheet of the 52 shapes at full weight with the combinations speech uses, in the
plain preview engine; ``turntable`` a fitted head from -60 to 60 degrees; ``talking`` close-ups of the
sample speech at closures, openings and a blink. The last two render in Cycles and take minutes. Fits go
through the product's own functions; ImageMagick's ``montage`` puts the sheets together.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import bpy
import numpy as np

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import ARKIT_NAMES, with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.protocol import AnimateSettings, PhotoSettings
from dirfa_blender.head import meshes
from dirfa_blender.performing import apply
from dirfa_blender.rendering import engines, shot
from dirfa_blender.samples import sample_photo

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BOTH = ("Left", "Right")
SPEECH: dict[str, dict[str, float]] = {
    "m": {"jawOpen": 0.1, "mouthClose": 0.1, "mouthPressLeft": 0.5, "mouthPressRight": 0.5},
    "f": {"jawOpen": 0.09, "mouthRollLower": 0.6, **{f"mouthUpperUp{s}": 0.25 for s in BOTH}},
    "o": {"jawOpen": 0.35, "mouthFunnel": 0.5, "mouthPucker": 0.3},
    "u": {"jawOpen": 0.15, "mouthPucker": 0.8},
    "open + wide": {"jawOpen": 0.5, **{f"mouthStretch{s}": 0.6 for s in BOTH}},
    "open + pucker": {"jawOpen": 0.5, "mouthPucker": 0.7},
    "smile + closed": {
        "jawOpen": 0.4, "mouthClose": 0.4, **{f"mouthSmile{s}": 0.7 for s in BOTH},
    },
    "laugh": {
        "jawOpen": 0.45,
        **{f"mouthSmile{s}": 0.9 for s in BOTH},
        **{f"cheekSquint{s}": 0.7 for s in BOTH},
        **{f"mouthUpperUp{s}": 0.55 for s in BOTH},
        **{f"eyeSquint{s}": 0.5 for s in BOTH},
    },
}  # fmt: skip
YAWS = (-60, -45, -30, 0, 30, 45, 60)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.pictures", description=__doc__)
    parser.add_argument("what", choices=("shapes", "turntable", "talking"))
    parser.add_argument("--photo", type=Path, help="portrait; default is the sample's")
    parser.add_argument("--size", type=int, default=0, help="width of one picture, pixels")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    target: Path = options.output or DOCS / f"{options.what}.jpg"
    with tempfile.TemporaryDirectory(prefix="dirfa-pictures-") as scratch:
        folder = Path(scratch)
        if options.what == "shapes":
            labels, files = _shapes(folder, options.size or 140)
            _join(labels, files, target, columns=12)
        elif options.what == "turntable":
            head = _fitted(options.photo or sample_photo())
            files = _turntable(head, folder, options.size or 280, options.samples)
            _join([""] * len(files), files, target, columns=len(files))
        else:
            head = _fitted(options.photo or sample_photo())
            files = _talking(head, folder, options.size or 280, options.samples)
            _join([""] * len(files), files, target, columns=len(files))
    return 0


def _shapes(folder: Path, size: int) -> tuple[list[str], list[Path]]:
    head = with_shapes(template())
    actor = _staged(head, "close-up")
    engines.configure(bpy.context.scene, engines.RenderSettings("workbench", size, size))
    shading = bpy.context.scene.display.shading
    shading.color_type, shading.show_cavity, shading.cavity_type = "MATERIAL", True, "BOTH"
    labels, files = [], []
    for name, weights in {**{n: {n: 1.0} for n in ARKIT_NAMES}, **SPEECH}.items():
        _pose(actor, weights)
        labels.append(name)
        files.append(_still(folder / f"{len(files):03d}.png"))
    return labels, files


def _turntable(head: Head, folder: Path, size: int, samples: int) -> list[Path]:
    actor = _staged(head, "soft studio")
    _configure(size, samples)
    files = []
    for yaw in YAWS:
        actor.rig.rotation_euler[2] = math.radians(yaw)
        files.append(_still(folder / f"{yaw + 90:03d}.png"))
    return files


def _talking(head: Head, folder: Path, size: int, samples: int) -> list[Path]:
    from server.audio import read_speech
    from server.engine import Engine

    engine = Engine(device="cpu")
    speech = read_speech(ROOT / "samples" / "speech.flac")
    take = engine.animate(speech, AnimateSettings(), lambda _share: None, lambda: False)
    actor = _staged(head, "close-up")
    scene = bpy.context.scene
    apply.apply_animation(
        take, actor, load_profile("arkit"), name="take", frame_start=1, scene=scene
    )
    _configure(size, samples)
    files = []
    for seconds in telling_moments(take):
        scene.frame_set(1 + round((seconds - take.start) * scene.render.fps))
        files.append(_still(folder / f"{round(seconds * 1000):06d}.png"))
    return files


def telling_moments(take: Animation, count: int = 4) -> list[float]:
    """Seconds at which a talking face is hardest: its widest openings, closures between, and a blink."""
    jaw = take.au[:, take.au_names.index("AU26")]
    blink = take.au[:, take.au_names.index("AU45L")]
    apart = round(0.25 * take.fps)
    chosen: list[int] = [int(blink.argmax())]
    for sign in (1, -1):
        left = np.where(_spoken(jaw), sign * jaw, -np.inf)
        for _ in range(count):
            best = int(left.argmax())
            chosen.append(best)
            left[max(0, best - apart) : best + apart] = -np.inf
    return sorted(take.start + index / take.fps for index in set(chosen))


def _spoken(jaw: np.ndarray) -> np.ndarray:
    """(T,) whether the mouth moves near here."""
    moving = np.flatnonzero(jaw > 0.25 * jaw.max())
    inside = np.zeros(len(jaw), bool)
    inside[moving[0] : moving[-1] + 1] = True
    return inside


def _fitted(photo: Path) -> Head:
    from server.photo.portrait import head_from_photo

    return head_from_photo(photo.read_bytes(), PhotoSettings()).head


def _staged(head: Head, preset: str) -> meshes.HeadObjects:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 25
    actor = meshes.build_head(head, "Head")
    shot.build_shot(bpy.context.scene, actor, preset=preset)
    return actor


def _configure(size: int, samples: int) -> None:
    settings = engines.RenderSettings("cycles", size, round(size * 1.25), samples)
    engines.configure(bpy.context.scene, settings)


def _pose(actor: meshes.HeadObjects, weights: Mapping[str, float]) -> None:
    for key in actor.face.data.shape_keys.key_blocks[1:]:
        key.value = weights.get(key.name, 0.0)


def _still(path: Path) -> Path:
    bpy.context.scene.render.filepath = str(path)
    bpy.context.scene.render.image_settings.file_format = "PNG"
    bpy.ops.render.render(write_still=True)
    return path


def _join(labels: Sequence[str], files: Sequence[Path], target: Path, *, columns: int) -> None:
    command = ["montage", "-background", "#1b1e22", "-fill", "#d8d8d8", "-pointsize", "11"]
    for label, file in zip(labels, files, strict=True):
        command += ["-label", label, str(file)] if label else [str(file)]
    command += ["-tile", f"{columns}x", "-geometry", "+2+2", "-quality", "88", str(target)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
