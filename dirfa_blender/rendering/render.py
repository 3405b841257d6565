"""Pictures and videos of a scene: an H.264 + AAC file, or a folder of pictures, that appears whole.

A video is made in two passes. Each frame is rendered to a PNG in a hidden folder beside the target, which
gives progress, cancellation and errors frame by frame; then the scene's own sequencer joins the frames with
its sound strips, so picture and sound share one clock. The file is moved out when it is complete.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..blender.standard_output import hushed
from ..core import provenance
from ..core.errors import JobCancelled, OutputError, RenderError
from ..core.partials import folder_beside, remove_stale
from .engines import RenderSettings, configure

log = logging.getLogger(__name__)

# Part of a film's progress that is over when its frames are; then they are joined with the sound.
FRAMES_SHARE = 0.98


def mark_scene(scene: bpy.types.Scene) -> None:
    """Say that what a scene shows is synthetic: in the file, and in every picture rendered from it."""
    scene[provenance.PROPERTY] = provenance.SYNTHETIC
    scene.render.use_stamp_note = True
    if not scene.render.stamp_note_text:
        scene.render.stamp_note_text = provenance.NOTE


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
