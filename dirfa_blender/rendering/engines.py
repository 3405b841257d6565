"""Engines and how they are set for a talking head: quick enough to look at, or as good as a film.

A preview takes few samples and a quick denoiser; a final picture follows light further and is cleaned with
more care, at several times the time.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from dataclasses import dataclass
from typing import Literal

import bpy

from ..core.errors import RenderError, SettingsError
from .plain_hair import show_hair_for

log = logging.getLogger(__name__)

WORKBENCH_SAMPLES = (5, 8, 11, 16, 32)
"""What Workbench can take a pixel; fewer are one, smoothed afterwards."""
EngineName = Literal["cycles", "eevee", "workbench"]
Device = Literal["auto", "cpu", "gpu"]
Quality = Literal["preview", "final"]

# Light paths a pixel, by quality and engine.
SAMPLES: dict[str, dict[str, int]] = {
    "preview": {"cycles": 4, "eevee": 16, "workbench": 8},
    "final": {"cycles": 96, "eevee": 64, "workbench": 16},
}
GPU_KINDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")
# Pixels at most along an edge: what H.264 level 6 can hold.
MAX_EDGE = 8192


@dataclass(frozen=True)
class RenderSettings:
    """How frames are rendered.

    Parameters
    ----------
    width, height : pixels; odd numbers are raised by one, because H.264 stores colour in 2 x 2 blocks
    samples : light paths a pixel; None is what the quality means for the engine
    device : where Cycles computes; ``auto`` takes a graphics card if Blender finds one
    quality : ``final`` follows light further and cleans noise with more care, at several times the time

    Raises
    ------
    SettingsError
        A value is out of range.
    """

    engine: EngineName = "cycles"
    width: int = 384
    height: int = 480
    samples: int | None = None
    device: Device = "auto"
    quality: Quality = "preview"

    def __post_init__(self) -> None:
        if self.engine not in SAMPLES["preview"]:
            raise SettingsError(
                f"The engine must be cycles, eevee or workbench, got {self.engine!r}."
            )
        if self.device not in ("auto", "cpu", "gpu"):
            raise SettingsError(f"The device must be auto, cpu or gpu, got {self.device!r}.")
        if self.quality not in SAMPLES:
            raise SettingsError(f"The quality must be preview or final, got {self.quality!r}.")
        for name in ("width", "height"):
            value = getattr(self, name)
            if not 16 <= value <= MAX_EDGE:
                raise SettingsError(f"The {name} must be 16..{MAX_EDGE} pixels, got {value}.")
            object.__setattr__(self, name, value + value % 2)
        if self.samples is not None and not 1 <= self.samples <= 16384:
            raise SettingsError(f"The samples must be 1..16384, got {self.samples}.")


def configure(scene: bpy.types.Scene, settings: RenderSettings) -> None:
    """Give a scene an engine and the settings that suit a talking head.

    Raises
    ------
    RenderError
        This machine lacks what the engine needs.
    """
    check_engine(settings.engine)
    samples = settings.samples or SAMPLES[settings.quality][settings.engine]
    scene.render.resolution_x, scene.render.resolution_y = settings.width, settings.height
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    scene.render.use_motion_blur = False
    show_hair_for(scene, plainly=settings.engine == "workbench")
    if settings.engine == "cycles":
        _configure_cycles(scene, samples, settings.device)
        if settings.quality == "final":
            _refine_cycles(scene)
    elif settings.engine == "eevee":
        scene.render.engine = (
            "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
        )
        scene.eevee.taa_render_samples = samples
    else:
        scene.render.engine = "BLENDER_WORKBENCH"
        _configure_workbench(scene, samples)


def check_engine(engine: str) -> None:
    """Refuse an engine whose libraries are missing.

    Raises
    ------
    RenderError
        EEVEE or Workbench without EGL: Blender would end the whole process.
    """
    if engine == "cycles" or not bpy.app.background or not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError as error:
        raise RenderError(
            f"Engine {engine} needs the library libEGL.so.1, which this machine lacks. "
            "Install it (Debian, Ubuntu: apt-get install libegl1) or render with cycles."
        ) from error


def _configure_cycles(scene: bpy.types.Scene, samples: int, device: Device) -> None:
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.samples = samples
    # Few samples: adaptive sampling has nothing to decide on below its minimum.
    cycles.use_adaptive_sampling = samples > 32
    cycles.adaptive_threshold = 0.02
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 2, 1
    cycles.transmission_bounces, cycles.transparent_max_bounces = 0, 6
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    cycles.blur_glossy = 0.5
    cycles.use_light_tree = False
    # Flat strands: hair is thinner than a pixel, its roundness is in its shader.
    scene.cycles_curves.shape = "RIBBONS"
    scene.cycles_curves.subdivisions = 1
    # The same noise in every frame: what denoising leaves of it stands still instead of boiling.
    cycles.use_animated_seed = False
    cycles.use_denoising = _choose_denoiser(cycles)
    cycles.device = "GPU" if device != "cpu" and _enable_gpu(device) else "CPU"


def _refine_cycles(scene: bpy.types.Scene) -> None:
    """What a final picture is worth: more bounces, less clamping, denoising that keeps pores."""
    cycles = scene.cycles
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 8, 3, 3
    cycles.sample_clamp_indirect = 8.0
    cycles.blur_glossy = 0.2
    cycles.adaptive_threshold = 0.01
    scene.cycles_curves.subdivisions = 2
    if cycles.use_denoising:
        cycles.denoising_prefilter = "ACCURATE"
        cycles.denoising_quality = "HIGH"


def _choose_denoiser(cycles: bpy.types.PropertyGroup) -> bool:
    try:
        cycles.denoiser = "OPENIMAGEDENOISE"
    except TypeError:
        log.warning("This Blender has no OpenImageDenoise: frames stay grainy, raise the samples.")
        return False
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "FAST"
    cycles.denoising_quality = "FAST"
    return True


def _enable_gpu(device: Device) -> bool:
    """Switch Cycles to the first kind of graphics card found; say so where one was demanded."""
    addon = bpy.context.preferences.addons.get("cycles")
    for kind in GPU_KINDS if addon is not None else ():
        preferences = addon.preferences
        try:
            preferences.compute_device_type = kind
            devices = [d for d in preferences.get_devices_for_type(kind) if d.type == kind]
        except (TypeError, ValueError):
            continue
        if devices:
            for entry in devices:
                entry.use = True
            return True
    if addon is not None:
        addon.preferences.compute_device_type = "NONE"
    if device == "gpu":
        raise RenderError(
            "Cycles finds no graphics card it can use here. Render with device cpu or auto."
        )
    return False


def _configure_workbench(scene: bpy.types.Scene, samples: int) -> None:
    shading = scene.display.shading
    shading.light, shading.studio_light = "STUDIO", "paint.sl"
    shading.color_type = "TEXTURE"
    shading.show_cavity = False
    shading.show_specular_highlight = True
    fitting = [steps for steps in WORKBENCH_SAMPLES if steps <= samples]
    scene.display.render_aa = str(fitting[-1]) if fitting else "FXAA"
