"""Synthetic talkers: known text spoken by the free synthesisers espeak-ng and flite.

Synthetic voices are what many users will bring, and no recording corpus has them. Texts are those of
the transcribed corpora; voices, speed and pitch are drawn from a seeded generator.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import AudioError
from server.audio import read_speech

ESPEAK_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
ESPEAK_VARIANTS = (
    "", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+klatt", "+klatt3",
    "+Andrea", "+Annie", "+Denis", "+Alicia", "+steph", "+anika", "+Michael", "+John",
)  # fmt: skip
FLITE_VOICES = ("kal16", "awb", "rms", "slt")


def speak(text: str, rng: np.random.Generator) -> tuple[str, NDArray[np.float32]]:
    """The name of a random synthetic talker and its samples at 16 kHz.

    Raises
    ------
    AudioError
        Neither synthesiser is installed, or it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        if rng.random() < 0.4 and shutil.which("flite"):
            talker = FLITE_VOICES[int(rng.integers(len(FLITE_VOICES)))]
            stretch = f"duration_stretch={rng.uniform(0.85, 1.2):.2f}"
            mean = f"int_f0_target_mean={rng.uniform(85, 220):.0f}"
            command = ["flite", "-voice", talker, "--setf", stretch, "--setf", mean]
            command += ["-t", text, "-o", str(path)]
        else:
            accent = ESPEAK_ACCENTS[int(rng.integers(len(ESPEAK_ACCENTS)))]
            talker = accent + ESPEAK_VARIANTS[int(rng.integers(len(ESPEAK_VARIANTS)))]
            speed, pitch = int(rng.integers(130, 200)), int(rng.integers(20, 80))
            command = ["espeak-ng", "-v", talker, "-s", str(speed), "-p", str(pitch)]
            command += ["-w", str(path), text]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise AudioError("Synthetic talkers need espeak-ng or flite; install one.") from error
        return talker, read_speech(path).samples
