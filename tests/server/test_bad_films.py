"""Real film, spoilt as people's film is: every fault is named, and nobody learns from it unawares."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.errors import FormatError
from server.tracking.sound import film_sound
from server.tracking.track import TrackedFilm, film_of
from server.training.footage import ActorFilm, footage_of, tracked

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "usgov"
ONE, OTHER = DATA / "Obama_clip1.mp4", DATA / "reagan_clip1.mp4"
SIZE = "scale=256:256,setsar=1,fps=15"
ENCODED = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]

pytestmark = [
    pytest.mark.skipif(not ONE.is_file(), reason="needs the films of the corpora"),
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg"),
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def made(room: Path, name: str, *arguments: str | Path) -> Path:
    """A film that ffmpeg makes of such arguments."""
    path = room / name
    words = [str(word) for word in arguments]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *words, str(path)], check=True)
    return path


def part(film: Path, begin: float, seconds: float) -> list[str]:
    return ["-ss", str(begin), "-t", str(seconds), "-i", str(film)]


def seen(film: Path, room: Path) -> tuple[TrackedFilm, str]:
    """What `track` makes of a film, and its sentences."""
    found = film_of(tracked(film, room), film)
    return found, " ".join(found.warnings)


def learnt(film: Path, room: Path) -> tuple[list[ActorFilm], str]:
    """What `train --footage` would learn from, and its sentences."""
    films, remarks = footage_of([film], room)
    return films, " ".join(remarks)


def usable_seconds(film: ActorFilm) -> tuple[float, float]:
    frames = np.flatnonzero(film.usable) / film.rate
    return float(frames[0]), float(frames[-1])


def test_a_cut_to_another_person_is_named_and_only_one_is_learnt(room: Path) -> None:
    graph = f"[0:v]{SIZE}[a];[1:v]{SIZE}[b];[a][0:a][b][1:a]concat=n=2:v=1:a=1[v][s]"
    inputs = [*part(ONE, 1, 4.5), *part(OTHER, 2, 3)]
    film = made(
        room, "cut.mp4", *inputs, "-filter_complex", graph, "-map", "[v]", "-map", "[s]", *ENCODED
    )

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "cut at 4.5 s" in sentences
    assert "Another person is seen at 4.5-7.5 s" in sentences
    assert "left out 4.7-7.5 s, where another person is seen" in remarks
    assert usable_seconds(films[0])[1] < 4.5


def test_two_people_in_the_picture_are_named_and_not_learnt(room: Path) -> None:
    graph = f"[0:v]{SIZE}[a];[1:v]{SIZE}[b];[a][b]hstack[v]"
    inputs = [*part(ONE, 1, 3), *part(OTHER, 2, 3)]
    film = made(
        room, "two.mp4", *inputs, "-filter_complex", graph, "-map", "[v]", "-map", "0:a", *ENCODED
    )

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "A second face was seen at 0.0 s" in sentences
    assert films == []
    assert "where two people are seen" in remarks


def test_a_stretch_without_a_face_is_named_and_not_learnt(room: Path) -> None:
    box = f"{SIZE},drawbox=t=fill:color=gray:enable='between(t,2.5,3.5)'"
    film = made(room, "gap.mp4", *part(ONE, 1, 6), "-vf", box, *ENCODED)

    found, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "No face was seen at 2." in sentences
    assert np.isfinite(found.take.au).all()
    assert "where no face is seen" in remarks
    times = np.arange(len(films[0].usable)) / films[0].rate
    assert not films[0].usable[(times > 2.45) & (times < 3.6)].any()
    assert films[0].usable[times < 2.2].all()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_film_cut_short_is_named_and_used_up_to_there(suffix: str, room: Path) -> None:
    whole = made(
        room, "whole" + suffix, *part(ONE, 1, 6), "-vf", SIZE, *ENCODED, "-movflags", "+faststart"
    )
    film = room / ("short" + suffix)
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "can be decoded only up to 3." in sentences
    assert "damaged or cut short" in remarks
    assert usable_seconds(films[0])[1] < 4.5


def test_a_film_without_its_index_is_refused(room: Path) -> None:
    whole = made(room, "late_index.mp4", *part(ONE, 1, 2), "-vf", SIZE, *ENCODED)
    film = room / "no_index.mp4"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with pytest.raises(FormatError, match="can be decoded"):
        seen(film, room)
    assert learnt(film, room)[0] == []
    assert "no_index.mp4" in learnt(film, room)[1]


def test_a_varying_frame_rate_is_named_and_keeps_its_times(room: Path) -> None:
    even = made(room, "even.mp4", *part(ONE, 1, 6), "-vf", "fps=30", *ENCODED)
    some = "select='lt(mod(n,11),5)+eq(mod(n,11),8)'"
    uneven = made(room, "uneven.mp4", "-i", even, "-vf", some, "-vsync", "vfr", *ENCODED)

    found, sentences = seen(uneven, room)
    reference, _ = seen(even, room)
    _, remarks = learnt(uneven, room)

    assert "frame rate varies" in sentences
    assert "frame rate varies" in remarks
    true = reference.take.resampled(found.take.fps)
    count = min(len(true), len(found.take))
    turned = [take.rotation[:count, 1].astype(float) for take in (true, found.take)]
    assert np.corrcoef(*turned)[0, 1] > 0.97


@pytest.fixture(scope="module")
def own_offset(room: Path) -> float:
    film = made(room, "own.mp4", *part(ONE, 1, 12), "-vf", "fps=15", *ENCODED)
    return float(seen(film, room)[0].take.source["sound_late_seconds"])


def test_sound_half_a_second_late_is_named_and_put_right(room: Path, own_offset: float) -> None:
    delay = ["-itsoffset", "0.5", *part(ONE, 1, 12), "-map", "0:v", "-map", "1:a"]
    film = made(room, "late.mp4", *part(ONE, 1, 12), *delay, "-vf", "fps=15", *ENCODED)

    found, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    late = float(found.take.source["sound_late_seconds"])
    assert late == pytest.approx(own_offset + 0.5, abs=0.05)
    assert f"The sound comes about {late:.2f} s late" in sentences
    assert f"the sound is {late:.2f} s late; put right" in remarks
    whole = film_sound(film)
    assert whole is not None
    assert (len(whole) - len(films[0].samples)) / 16000 == pytest.approx(late, abs=0.01)


def test_sound_of_another_film_is_named_and_not_learnt(room: Path) -> None:
    sound = [*part(OTHER, 3, 14), "-map", "0:v", "-map", "1:a"]
    film = made(room, "foreign.mp4", *part(ONE, 1, 14), *sound, "-vf", "fps=15", *ENCODED)

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "The sound fits the lips nowhere" in sentences
    assert films == []
    assert "sound and lips do not belong together" in remarks


def test_a_silent_film_is_tracked_and_not_learnt(room: Path) -> None:
    film = made(room, "mute.mp4", *part(ONE, 1, 2), "-an", "-vf", SIZE, "-c:v", "libx264")

    found, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert len(found.take) == 30
    assert "No sound could be read" in sentences
    assert films == []
    assert "no sound" in remarks
