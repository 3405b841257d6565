"""Mouths for voices that nobody filmed, from networks that were taught before.

Networks taught alike but for their seeds err apart, and the mean of their mouths is nearer to film than
each of them (deep ensembles; Lakshminarayanan, Pritzel, Blundell 2017). One network that hears the same
voices through noise and rooms, where its teachers heard them plainly, learns that mean and keeps most of
the gain (distillation; Hinton, Vinyals, Dean 2015; noisy student: Xie, Luong, Hovy, Le 2020).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.errors import FormatError
from server.array_files import write_arrays
from server.features import features
from server.model.checkpoint import load_checkpoint
from server.model.network import FaceNetwork

from .aligned_speech import AlignedSpeech
from .coarticulation import MOUTH
from .spoken_mouths import STYLES, Source, SpokenMouth, levelled

log = logging.getLogger(__name__)

FILMED = STYLES.index("grid")
"""Whose mouth the teachers give to every voice: the filmed talker's."""


@dataclass(frozen=True)
class AgreedSpeech:
    """Utterances of a corpus with the mouths that teachers agreed on.

    Attributes
    ----------
    corpus : sound and phones
    index : (U,) numbers of the utterances within the corpus
    mouth : (T, M) float16 at 50 frames a second, one utterance after another
    offsets : (U + 1,) their boundaries in `mouth`
    """

    corpus: AlignedSpeech
    index: NDArray[np.int64]
    mouth: NDArray[np.float16]
    offsets: NDArray[np.int64]

    def example(self, number: int) -> SpokenMouth:
        """One of the utterances, by its place in `index`."""
        utterance = int(self.index[number])
        return SpokenMouth(
            self.corpus.names[utterance],
            levelled(self.corpus.sound(utterance)),
            self.mouth[self.offsets[number] : self.offsets[number + 1]].astype(np.float32),
            np.ones(len(MOUTH), np.float32),
            FILMED,
            held_out=False,
            phones=self.corpus.phones(utterance),
        )


def networks_in(paths: Sequence[Path]) -> list[FaceNetwork]:
    """The networks that are to teach.

    Raises
    ------
    FormatError
        A file is missing, damaged, or of a network with another mouth or other styles.
    """
    networks: list[FaceNetwork] = []
    for path in paths:
        try:
            network = load_checkpoint(path, torch.device("cpu")).network
        except ValueError as error:
            raise FormatError(str(error)) from error
        if network.config.mouth != MOUTH or network.config.styles != STYLES:
            raise FormatError(
                f"Expected weights that ``train --data`` made in {path}, found a network with another "
                "mouth or other styles. Teach it again with this version."
            )
        networks.append(network)
    return networks


def of_networks(
    teachers: Sequence[FaceNetwork], corpora: Sequence[AlignedSpeech], cache: Path
) -> Source:
    """Voices, and the mouths that these networks agree on; a corpus four times as long is drawn twice as
    often."""
    heard = [agreed_speech(teachers, corpus, cache) for corpus in corpora]
    shares = np.sqrt([len(speech.mouth) for speech in heard])
    shares /= shares.sum()

    def agreed(rng: np.random.Generator) -> SpokenMouth:
        speech = heard[int(rng.choice(len(heard), p=shares))]
        return speech.example(int(rng.integers(len(speech.index))))

    return agreed


def agreed_speech(
    teachers: Sequence[FaceNetwork], corpus: AlignedSpeech, cache: Path
) -> AgreedSpeech:
    """The utterances of a corpus that training may see, heard by all teachers, now or once before."""
    index = np.flatnonzero(~corpus.held_out)
    path = cache / f"agreed_{_digest(teachers, corpus)}.npz"
    if not path.exists():
        mouths = [_agreed(teachers, levelled(corpus.sound(int(number)))) for number in index]
        write_arrays(
            path,
            mouth=np.concatenate(mouths),
            offsets=np.cumsum([0, *(len(mouth) for mouth in mouths)]),
        )
        log.info("%d utterances heard by %d teachers", len(index), len(teachers))
    with np.load(path) as stored:
        return AgreedSpeech(corpus, index, stored["mouth"], stored["offsets"])


@torch.inference_mode()
def _agreed(teachers: Sequence[FaceNetwork], samples: NDArray[np.float32]) -> NDArray[np.float16]:
    """(T, M) mean of the teachers' mouths at the longest lookahead, 0..1."""
    mel = features(samples, 1.0).mel
    total = np.zeros((len(mel), len(MOUTH)))
    style = torch.tensor([FILMED])
    for network in teachers:
        delay = network.config.mouth_delays[-1]
        heard = np.concatenate([mel, np.repeat(mel[-1:], delay, axis=0)])
        out, _ = network(torch.from_numpy(heard)[None], style, network.initial())
        total += out.mouth[0, delay:, -1].double().numpy()
    return np.clip(total / len(teachers), 0.0, 1.0).astype(np.float16)


def _digest(teachers: Sequence[FaceNetwork], corpus: AlignedSpeech) -> str:
    """Names who heard what."""
    summed = hashlib.sha256()
    for network in teachers:
        for weight in network.state_dict().values():
            summed.update(weight.numpy().tobytes())
    summed.update("".join(corpus.names).encode())
    return summed.hexdigest()[:16]
