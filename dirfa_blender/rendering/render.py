"""Engines and videos: settings that suit a talking head, and an H.264 + AAC file that appears whole.

A video is made in two passes. Each frame is rendered to a PNG in a hidden folder beside the target, which
gives progress, cancellation and errors frame by frame; then the scene's own sequencer joins the frames with
its sound strips, so picture and sound share one clock. The file is moved out when it is complete.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import bpy

from ..blender.standard_output import hushed
from ..core import provenance
from ..core.errors import JobCancelled, OutputError, RenderError, SettingsError
from ..core.partials import folder_beside, remove_stale

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
# Part of a film's progress that is over when its frames are; then they are joined with the sound.
FRAMES_SHARE = 0.98
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


def mark_scene(scene: bpy.types.Scene) -> None:
    """Say that what a scene shows is synthetic: in the file, and in every picture rendered from it."""
    scene[provenance.PROPERTY] = provenance.SYNTHETIC
    scene.render.use_stamp_note = True
    if not scene.render.stamp_note_text:
        scene.render.stamp_note_text = provenance.NOTE


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


def render_video(
    scene: bpy.types.Scene,
    path: Path,
    settings: RenderSettings | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    with_sound: bool = True,
) -> None:
    """Render a scene's frame range with its sound to an .mp4 file.

    Parameters
    ----------
    settings : None keeps the scene's own engine and size
    progress : called with 0..1 after each frame
    cancelled : asked before each frame
    with_sound : whether the scene's sound strips go into the film

    Raises
    ------
    OutputError
        The folder cannot be written or the disk is full.
    RenderError
        Engine, camera or video codec is missing.
    JobCancelled
        `cancelled` said so. No file appears.
    """
    path = Path(path)
    if scene.camera is None:
        raise _no_camera(scene)
    remove_stale(path.parent)
    try:
        # Found out before rendering for minutes: whether the result can be written at all.
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        with _borrowed(scene), folder_beside(path) as folder:
            if settings is not None:
                configure(scene, settings)
            made = folder / path.name
            _render_frames(scene, folder, progress, cancelled)
            _join(scene, folder, made, with_sound=with_sound)
            provenance.mark_file(made)
            os.replace(made, path)
    except (RuntimeError, OSError) as error:
        raise _explained(error, path) from error
    if progress is not None:
        progress(1.0)


def render_pictures(
    scene: bpy.types.Scene,
    folder: Path,
    settings: RenderSettings | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Render a scene's frame range to marked .png pictures in a new folder, with alpha.

    Raises
    ------
    OutputError, RenderError, JobCancelled
        As `render_video`. No folder appears.
    """
    if scene.camera is None:
        raise _no_camera(scene)
    with _borrowed(scene):
        if settings is not None:
            configure(scene, settings)
        try:
            if folder.exists():
                raise FileExistsError(None, "it is there already")
            with folder_beside(folder) as made:
                _render_frames(scene, made, progress, cancelled, colours="RGBA")
                for picture in made.iterdir():
                    provenance.mark_file(picture)
                os.replace(made, folder)
        except (RuntimeError, OSError) as error:
            raise _explained(error, folder) from error
    if progress is not None:
        progress(1.0)


def set_video_output(scene: bpy.types.Scene, path: Path, *, with_sound: bool = True) -> None:
    """Make a scene's animation render write H.264 + AAC to exactly this path.

    Raises
    ------
    RenderError
        This Blender was built without the codecs.
    """
    image = scene.render.image_settings
    ffmpeg = scene.render.ffmpeg
    try:
        if hasattr(image, "media_type"):
            image.media_type = "VIDEO"
        image.file_format = "FFMPEG"
        ffmpeg.format = "MPEG4"
        ffmpeg.codec = "H264"
        ffmpeg.audio_codec = "AAC" if with_sound else "NONE"
    except TypeError as error:
        raise RenderError(
            "This Blender was built without FFmpeg's H.264 and AAC, which .mp4 files need. "
            "Use an official Blender build."
        ) from error
    image.color_mode = "RGB"
    ffmpeg.constant_rate_factor = "HIGH"
    ffmpeg.ffmpeg_preset = "GOOD"
    ffmpeg.gopsize = 25
    ffmpeg.audio_bitrate = 192
    ffmpeg.audio_mixrate = 48000
    scene.render.filepath = str(path)
    scene.render.use_file_extension = False


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


def _render_frames(
    scene: bpy.types.Scene,
    folder: Path,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
    *,
    colours: str = "RGB",
) -> None:
    render = scene.render
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = colours
    render.image_settings.compression = 15
    render.use_sequencer = False
    render.use_file_extension = True
    frames = range(scene.frame_start, scene.frame_end + 1)
    for done, frame in enumerate(frames):
        if cancelled is not None and cancelled():
            raise JobCancelled(f"Rendering was cancelled after {done} of {len(frames)} frames.")
        scene.frame_set(frame)
        render.filepath = str(folder / f"{frame:07d}.png")
        with hushed(is_wanted=_is_hushed()):
            bpy.ops.render.render(write_still=True, scene=scene.name)
        if progress is not None:
            progress((done + 1) / len(frames) * FRAMES_SHARE)


def _join(scene: bpy.types.Scene, folder: Path, film: Path, *, with_sound: bool) -> None:
    """Write frames and sound as one video by the scene's own sequencer."""
    files = sorted(folder.glob("*.png"))
    editor = scene.sequence_editor or scene.sequence_editor_create()
    top = max((strip.channel for strip in editor.strips), default=0) + 1
    picture = editor.strips.new_image(
        "Frames", str(files[0]), channel=top, frame_start=scene.frame_start
    )
    try:
        for file in files[1:]:
            picture.elements.append(file.name)
        picture.blend_type = "REPLACE"
        # The frames carry the view transform already.
        scene.view_settings.view_transform = "Standard"
        scene.view_settings.look = "None"
        scene.view_settings.exposure, scene.view_settings.gamma = 0.0, 1.0
        scene.render.use_sequencer = True
        scene.render.use_compositing = False
        set_video_output(scene, film, with_sound=with_sound)
        with hushed(is_wanted=_is_hushed()):
            bpy.ops.render.render(animation=True, scene=scene.name)
    finally:
        editor.strips.remove(picture)
    if not film.is_file() or not film.stat().st_size:
        raise RenderError("Blender wrote no video although it reported no error.")


def _is_hushed() -> bool:
    """Whether the lines that Blender prints for each frame are kept off standard output."""
    return bpy.app.background and not log.isEnabledFor(logging.DEBUG)


@contextmanager
def _borrowed(scene: bpy.types.Scene) -> Iterator[None]:
    """Put back every setting that rendering changes, in the order in which they may depend."""
    places = (
        (scene.render, ("filepath", "use_sequencer", "use_compositing", "use_file_extension")),
        (scene.view_settings, ("view_transform", "look", "exposure", "gamma")),
        (scene.render.image_settings, ("media_type", "file_format", "color_mode", "compression")),
    )
    kept = [
        (owner, name, getattr(owner, name))
        for owner, names in places
        for name in names
        if hasattr(owner, name)
    ]
    frame = scene.frame_current
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
        scene.frame_set(frame)


def _no_camera(scene: bpy.types.Scene) -> RenderError:
    return RenderError(f"Scene '{scene.name}' needs a camera to render; add one or build a shot.")


def _explained(error: Exception, path: Path) -> OutputError | RenderError:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    reason = " ".join(text.removeprefix("Error: ").split()).rstrip(".")
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else None
    if isinstance(error, OSError) or "No space" in reason or "rite" in reason or free == 0:
        return OutputError(
            f"Cannot write {path.name} in {path.parent}: {reason or 'unknown reason'}. "
            "Choose a folder you may write to, or free some space."
        )
    return RenderError(f"Rendering {path.name} failed: {reason}.")
