"""``stream``: live speech to a program that shows an avatar, over the VMC protocol; no server needed.

One thread hears, computes and sends. A moment is sent when the sound it belongs to is as old as the
longest delay so far: that keeps an even pace, and a delay that once grew is kept, for a face that catches
up would stutter. Ctrl-C ends it as the end of a recording does: what was heard is still shown, then the
face comes to rest; pressed once more, it ends at once.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import numpy as np

from dirfa_blender.core.characters.follow_through import Trail
from dirfa_blender.core.characters.profile import MappingProfile
from dirfa_blender.core.command_line.progress import Display
from dirfa_blender.core.command_line.take_options import add_take_options, settings_from
from dirfa_blender.core.errors import ServerError
from dirfa_blender.core.live_source import (
    SAMPLE_RATE,
    MicrophoneSource,
    RecordingSource,
    Source,
    recorder_command,
)
from dirfa_blender.core.mapping import load_profile, shipped_profiles
from dirfa_blender.core.protocol import AnimateSettings

from .postponed import short_start
from .vmc import MOST_STRENGTH, PORT, Moment, Sender, Style, moments

if TYPE_CHECKING:
    from .sessions import Session

ROOT = Path(__file__).resolve().parents[1]
LOOKAHEAD_SECONDS = 0.12
"""Unless told otherwise: half the delay of the longest, at nearly its exactness."""
LONGEST_SECONDS = 4 * 3600.0
MOST_DELAY_SECONDS = 6.0
"""A computer further behind cannot follow."""


def main(arguments: Sequence[str]) -> int:
    """Exit code of ``stream``."""
    options = _parser().parse_args(arguments)
    settings = settings_from(options, base=AnimateSettings(lookahead=LOOKAHEAD_SECONDS))
    profile = load_profile(options.rig)
    style = Style(options.strength, options.vrm)
    sender = Sender(options.vmc)
    display = Display(as_json=options.json)
    try:
        source = _source(options, display)
        with short_start():
            from .engine import Engine
            from .sessions import Session
        engine = Engine(device=options.device)
        # The first steps of a network are slow, and what they are late is never caught up with.
        engine.live(settings, 1.0).push(np.zeros(SAMPLE_RATE, np.float32))
        session = Session(engine.live(settings, source.gain), SAMPLE_RATE, time.monotonic)
        display.streaming(f"{sender.host}:{sender.port}", profile.title, session.delay_seconds)
        with _ended_politely(source):
            perform(source, session, profile, sender.send, style=style)
    finally:
        sender.close()
    return 0


def perform(
    source: Source,
    session: Session,
    profile: MappingProfile,
    send: Callable[[Moment], None],
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
    style: Style | None = None,
) -> None:
    """Hear a source to its end and send each moment of the take when it is due.

    Parameters
    ----------
    clock, wait : seconds, the source's

    Raises
    ------
    AudioError
        No sound comes.
    ServerError
        This computer cannot follow.
    """
    delay = session.delay_seconds
    begun, trail = source.begin(), Trail()
    try:
        is_over = False
        while not is_over:
            pcm = source.read()
            is_over = pcm is None
            take = session.push(pcm or b"", last=is_over)
            for moment in moments(take, profile, trail, style) if take is not None else ():
                early = begun + moment.seconds + delay - clock()
                if early > 0:
                    wait(early)
                delay += max(0.0, -early)
                send(moment)
            if delay > MOST_DELAY_SECONDS:
                raise ServerError(
                    f"The face is {delay:.0f} s behind the speech: this computer is too slow, or too busy, "
                    "to animate it live. Stop other work, or make a take of a recording with animate."
                )
    finally:
        source.close()


@contextlib.contextmanager
def _ended_politely(source: Source) -> Generator[None]:
    """Meanwhile the first Ctrl-C or polite kill stops the source; the second is as it was before."""
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    def stop(_number: int, _frame: FrameType | None) -> None:
        restore()
        source.stop()

    for number in former:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


def _source(options: argparse.Namespace, display: Display) -> Source:
    if options.audio is None:
        return MicrophoneSource(
            recorder_command(Path(sys.executable)), gain=10 ** (options.level / 20), folder=ROOT
        )
    from .audio import read_speech

    speech = read_speech(options.audio)
    for sentence in speech.warnings:
        display.warn(sentence)
    samples = np.rint(speech.samples * 32767).clip(-32768, 32767).astype(np.int16)
    return RecordingSource(samples, SAMPLE_RATE, longest_seconds=LONGEST_SECONDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dirfa.py stream",
        description="Let an avatar speak live, in programs that receive the VMC protocol.",
    )
    heard = parser.add_mutually_exclusive_group(required=True)
    heard.add_argument("--microphone", action="store_true", help="hear the system's microphone")
    heard.add_argument("--audio", type=Path, metavar="FILE", help="a recording, at its own pace")
    parser.add_argument(
        "--vmc",
        default=f"127.0.0.1:{PORT}",
        metavar="HOST:PORT",
        help="who receives; default: %(default)s",
    )
    parser.add_argument(
        "--rig",
        default="vrm",
        metavar="PROFILE",
        help="vrm (default): expressions of VRM 0 and 1; arkit: Perfect Sync; or a profile's file, or "
        f"another of {', '.join(shipped_profiles())}",
    )
    parser.add_argument(
        "--vrm",
        type=int,
        choices=(0, 1),
        default=0,
        help="names of expressions of --rig vrm: those of VRM 0, as the protocol asks for (default), or "
        "of VRM 1",
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=1.0,
        metavar="X",
        help=f"of every expression, 0..{MOST_STRENGTH:g}, for an avatar that shows too much or too little; "
        "blinks and looks stay",
    )
    parser.add_argument(
        "--level", type=float, default=0.0, metavar="DB", help="amplify the microphone, in decibels"
    )
    add_take_options(parser, is_live=True)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout")
    return parser
