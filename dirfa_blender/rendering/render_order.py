"""What a process of its own renders: a copy of the file, which scene of it, how, and into what. No bpy."""

from __future__ import annotations

from dataclasses import dataclass

FILM, PICTURES = "film", "pictures"


@dataclass(frozen=True)
class RenderOrder:
    """One render; an empty engine keeps the scene's own engine, size and samples.

    Parameters
    ----------
    file : .blend that is opened; scene : name of the one in it that is meant
    output : .mp4 to write, or the folder of the pictures
    kind : `FILM` with sound, or `PICTURES`: a .png a frame, transparent where the scene's film is
    frame_start, frame_end : both included
    quality : as `engines.RenderSettings`, like engine, width, height, samples (0 is the default), device
    with_sound : whether the sound strips go into the film
    with_scripts : whether scripts of the file may run, as they do where it is open
    """

    file: str
    scene: str
    output: str
    kind: str
    frame_start: int
    frame_end: int
    engine: str = ""
    quality: str = "preview"
    width: int = 0
    height: int = 0
    samples: int = 0
    device: str = "auto"
    with_sound: bool = True
    with_scripts: bool = False

    def __post_init__(self) -> None:
        if self.kind not in (FILM, PICTURES) or self.frame_end < self.frame_start:
            raise ValueError(f"no such render: {self.kind}, {self.frame_start}-{self.frame_end}")

    @property
    def frame_count(self) -> int:
        """How many frames are rendered."""
        return self.frame_end - self.frame_start + 1
