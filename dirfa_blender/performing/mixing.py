"""What is heard of a retimed strip, as a recording: Blender mixes it, in a process of its own. No bpy.

Blender tells no script where in the recording a retiming key lies, but it plays the strip. So a file with
such strips alone (`retimed`) is mixed down by a Blender beside the window (`mix_filling`): the lips then
follow what is heard at the frame where it is heard, whatever the keys do.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.command_line.progress import Progress, Stage
from ..core.errors import AudioError, JobCancelled, RenderError
from ..rendering.film_process import FilmProcess

MODULE = "dirfa_blender.performing.mix_filling"
SCENE = "scene.blend"
# How soon a cancelled mix ends, seconds.
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class MixOrder:
    """One strip to be mixed down.

    Parameters
    ----------
    file : .blend with the scene
    scene : its name; its strips have lost their sounds
    strip : its name
    sound : the recording
    output : .wav to be written
    frame_start, frame_end : what of the scene is mixed, the last frame included
    """

    file: str
    scene: str
    strip: str
    sound: str
    output: str
    frame_start: int
    frame_end: int


@dataclass(frozen=True)
class Mix:
    """A retimed strip, taken out of its scene.

    Parameters
    ----------
    data : bytes of the .blend for a `MixOrder`
    scene, strip : their names in it
    frames : first frame to be mixed and the last one
    program : the Blender that is started, as for `FilmProcess`
    """

    data: bytes
    scene: str
    strip: str
    frames: tuple[int, int]
    program: tuple[str, ...] = ()

    def written(self, sound: Path, folder: Path, is_cancelled: Callable[[], bool]) -> Path:
        """A recording of what is heard, in `folder`; blocks for seconds.

        Parameters
        ----------
        sound : the recording that the strip plays
        is_cancelled : asked while it is mixed; the process ends when it says so

        Raises
        ------
        AudioError
            It cannot be mixed.
        JobCancelled
            It was cancelled meanwhile.
        """
        output = folder / "mix.wav"
        first, last = self.frames
        try:
            room = Path(tempfile.mkdtemp(dir=folder))
            file = room / SCENE
            file.write_bytes(self.data)
        except OSError as error:
            raise AudioError(
                f"Cannot mix strip '{self.strip}' in {folder}: {error.strerror or error}."
            ) from error
        order = MixOrder(str(file), self.scene, self.strip, str(sound), str(output), first, last)
        blender = FilmProcess(room, MODULE, self.program)
        ended = threading.Event()

        def end_when_cancelled() -> None:
            while not ended.wait(POLL_SECONDS):
                if is_cancelled():
                    blender.stop()

        watch = threading.Thread(target=end_when_cancelled, name="dirfa-mix")
        try:
            with blender:
                watch.start()
                blender.fill(order, Progress((Stage("mix", "Mixing", 1.0),), lambda *_: None))
        except RenderError as error:
            if is_cancelled():
                raise JobCancelled("The job was cancelled.") from error
            raise AudioError(f"Retimed strip '{self.strip}' cannot be mixed: {error}") from error
        finally:
            ended.set()
            if watch.is_alive():
                watch.join()
        return output
