"""A head rendered under known curves is tracked back: the whole way from pixels to units and pose."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_INDEX, AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from server.tracking.track import track_video

FRAMES, FPS = 60, 25.0
BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)


def made_up(head: Head, size: int = 1024) -> Head:
    """The head with painted brows and lips: the bare template has none that a network could see."""
    corners = head.faces >= 0
    places = np.zeros((len(head.vertices), 2), np.float32)
    places[head.faces[corners]] = head.uvs[corners]
    marks = np.einsum("nci,nc->ni", places[head.landmark_vertices], head.landmark_weights)
    pixels = np.round(marks * [size, -size] + [0, size]).astype(np.int32)
    skin = np.full((size, size, 3), (196, 150, 128), np.uint8)
    for brow in BROWS:
        cv2.fillPoly(skin, [pixels[list(brow)]], (70, 48, 38))
    cv2.fillPoly(skin, [pixels[list(LIPS)]], (160, 84, 80))
    return replace(head, albedo=np.asarray(cv2.GaussianBlur(skin, (0, 0), size / 600), np.uint8))


def known_take() -> Animation:
    """Jaw, smile, brows, blinks and a turning head, each with a rhythm of its own."""
    time = np.arange(FRAMES) / FPS

    def wave(hertz: float, phase: float, size: float) -> np.ndarray:
        return np.clip(0.5 + 0.6 * np.sin(2 * np.pi * hertz * time + phase), 0.0, 1.0) * size

    units = np.zeros((FRAMES, len(AU_NAMES)), np.float32)
    lids = np.zeros(FRAMES)
    for begin in (9, 26, 44):
        lids[begin : begin + 6] = (0.5, 1.0, 1.0, 0.8, 0.4, 0.1)
    curves = {
        "AU26": wave(1.7, 0.0, 0.7), "AU12": wave(0.6, 1.0, 0.7),
        "AU1": wave(0.9, 3.0, 0.9), "AU2": wave(0.9, 3.0, 0.9), "AU45": lids,
    }  # fmt: skip
    for unit, values in curves.items():
        for name in (unit, unit + "L", unit + "R"):
            if name in AU_INDEX:
                units[:, AU_INDEX[name]] = values
    turned = np.radians([4.0, 7.0, 4.0]) * np.stack(
        [
            np.sin(2 * np.pi * hertz * time + phase)
            for hertz, phase in ((0.5, 1), (0.7, 0), (0.4, 2))
        ],
        axis=1,
    )
    nothing = np.zeros((FRAMES, 3), np.float32)
    return Animation(FPS, 0.0, AU_NAMES, units, nothing[:, :2], turned.astype(np.float32), nothing)


def rendered(take: Animation, path: Path) -> Path:
    """A small Workbench film of the made-up template under a take."""
    bpy = pytest.importorskip("bpy", reason="Blender's module bpy is not installed here")
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        pytest.skip("Workbench needs libEGL.so.1, which this machine lacks")
    from dirfa_blender.blender import scene as staging
    from dirfa_blender.core.mapping import load_profile
    from dirfa_blender.core.timing import parse_rate
    from dirfa_blender.head import meshes
    from dirfa_blender.performing import apply
    from dirfa_blender.rendering import engines, render, shot

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    staging.set_frame_rate(scene, parse_rate("25"))
    staging.set_frame_range(scene, 1, take.duration)
    head = meshes.build_head(made_up(with_shapes(template())), "Head")
    shot.build_shot(scene, head)
    apply.apply_animation(take, head, load_profile("arkit"), name="Known", interpolation="CONSTANT")
    # Rolls highlights off as a camera does, and as the film on which the tracker's response was measured.
    scene.view_settings.view_transform = "AgX"
    render.render_video(scene, path, engines.RenderSettings("workbench", 224, 280, 1, "cpu"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def test_a_rendered_head_is_tracked_back(tmp_path: Path) -> None:
    known = known_take()

    found = track_video(rendered(known, tmp_path / "head.mp4")).take

    count = min(len(found), FRAMES)
    pairs = {
        "jaw": ("AU26",), "lip corners": ("AU12L", "AU12R"), "blink": ("AU45L", "AU45R"),
        "brows up": ("AU1L", "AU1R", "AU2L", "AU2R"),
    }  # fmt: skip
    likeness = {
        name: float(
            np.corrcoef(
                np.mean([found.channel(unit)[:count] for unit in units], axis=0),
                known.channel(units[0])[:count],
            )[0, 1]
        )
        for name, units in pairs.items()
    }
    assert min(likeness.values()) >= 0.9, likeness
    error = np.degrees(found.rotation[:count] - known.rotation[:count])
    error = np.abs(error - error.mean(axis=0))
    assert float(np.sqrt(np.mean(error**2, axis=0)).max()) < 1.5
    # Pitch is guessed from depth: of the three it is the one that a smile or a brow pulls at.
    assert (np.quantile(error, 0.95, axis=0) < 2.0).all(), error.max(axis=0)
