"""The three networks that look at a photo, opened offline and without their chatter.

mediapipe 0.10.21 carries its models and calls nobody. Its native code writes to file descriptor 2
whatever Python's logging says, so that descriptor is pointed elsewhere while a graph is open. It imports
matplotlib for drawings that nobody asks for, which takes as long as all the rest of its start; so it is
given an empty module in that place.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.descriptors import turned_away

PLOTTING = ("matplotlib", "matplotlib.pyplot")
_STDERR = threading.RLock()  # graphs are opened inside one another


class Graph(Protocol):
    """A mediapipe solution: an RGB image in, a result object out."""

    def process(self, image: npt.NDArray[np.uint8]) -> Any: ...


@contextmanager
def face_detector(*, long_range: bool) -> Generator[Graph]:
    """Finds faces: near ones (selfies, portraits) or, with `long_range`, those farther away."""
    with _quiet():
        with _without_plotting():
            from mediapipe.python.solutions.face_detection import FaceDetection

        with FaceDetection(model_selection=int(long_range), min_detection_confidence=0.5) as graph:
            yield graph


@contextmanager
def face_mesh() -> Generator[Graph]:
    """Places 478 landmarks on the largest face of a picture, each picture on its own."""
    with _quiet():
        with _without_plotting():
            from mediapipe.python.solutions.face_mesh import FaceMesh

        with FaceMesh(
            static_image_mode=True,
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=0.4,
        ) as graph:
            yield graph


@contextmanager
def person_segmenter() -> Generator[Graph]:
    """Tells people, with hair and clothes, from the background."""
    with _quiet():
        with _without_plotting():
            from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation

        with SelfieSegmentation(model_selection=0) as graph:
            yield graph


@contextmanager
def _quiet() -> Generator[None]:
    """Descriptor 2 leads nowhere inside; one thread at a time, as the descriptor is everybody's."""
    with _STDERR:
        sys.stderr.flush()
        with turned_away(2):
            yield


@contextmanager
def _without_plotting() -> Generator[None]:
    """What is imported inside finds an empty matplotlib, unless the real one is there already."""
    empty = {name: ModuleType(name) for name in PLOTTING if name not in sys.modules}
    sys.modules.update(empty)
    try:
        yield
    finally:
        for name, module in empty.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def prepare() -> None:
    """Load mediapipe and open each network once, so that the first photo does not wait for it."""
    with face_detector(long_range=False), face_mesh(), person_segmenter():
        pass
