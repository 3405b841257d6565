"""What ``talk`` and ``fit`` want made: a head, perhaps with a take, and the files it goes into. No bpy."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.characters.follow_through import NATURAL
from ..rendering.shot_presets import DEFAULT_SHOT


@dataclass(frozen=True)
class FilmOrder:
    """What to make; an empty path means: not that one.

    Parameters
    ----------
    head, take : ``.npz`` files; without a take the head is built alone, at rest
    audio : recording that belongs to the take
    audio_seconds : its exact length; 0 takes the length Blender finds
    blend, video, export : files to write; the export's suffix says its format (see `exports`)
    fps, fps_base : the scene's rate
    engine, width, height, samples, device : as `engines.RenderSettings`; 0 samples is the default
    shot : name of a preset; photo : picture that some presets show behind the head
    follow_through : how strongly neck and shoulders follow the head, 0..2
    """

    head: str
    take: str = ""
    audio: str = ""
    audio_seconds: float = 0.0
    blend: str = ""
    video: str = ""
    export: str = ""
    fps: int = 25
    fps_base: float = 1.0
    engine: str = "cycles"
    width: int = 0
    height: int = 0
    samples: int = 0
    device: str = "auto"
    shot: str = DEFAULT_SHOT
    photo: str = ""
    follow_through: float = NATURAL
