"""Real film, spoilt as people's film is: every fault is named, and nobody learns from it unawares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dirfa_blender.core.errors import FormatError
from server.tracking.sound import film_sound
from server.tracking.track import TrackedFilm, film_of
from server.tracking.track_store import kept_track
from server.training.footage import ActorFilm, footage_of
from tests.films import Picture, pictures_of, sound_of, write_film

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "usgov"
ONE, OTHER = DATA / "Obama_clip1.mp4", DATA / "reagan_clip1.mp4"
FPS = 15.0

pytestmark = pytest.mark.skipif(not ONE.is_file(), reason="needs the films of the corpora")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def small(film: Path, begin: float, seconds: float) -> list[Picture]:
    return pictures_of(film, begin, seconds, FPS, 256)


def even(count: int, fps: float = FPS) -> list[float]:
    return [frame / fps for frame in range(count)]


def plain(room: Path, name: str, seconds: float, **how: Any) -> Path:
    """A part of the first film as it is, but small."""
    pictures = small(ONE, 1, seconds)
    return write_film(room / name, pictures, even(len(pictures)), sound_of(ONE, 1, seconds), **how)


def seen(film: Path, room: Path) -> tuple[TrackedFilm, str]:
    """What `track` makes of a film, and its sentences."""
    found = film_of(kept_track(film, room), film)
    return found, " ".join(found.warnings)


def learnt(film: Path, room: Path) -> tuple[list[ActorFilm], str]:
    """What `train --footage` would learn from, and its sentences."""
    films, remarks = footage_of([film], room)
    return films, " ".join(remarks)


def usable_seconds(film: ActorFilm) -> tuple[float, float]:
    frames = np.flatnonzero(film.usable) / film.rate
    return float(frames[0]), float(frames[-1])


def test_a_cut_to_another_person_is_named_and_only_one_is_learnt(room: Path) -> None:
    pictures = small(ONE, 1, 4.4) + small(OTHER, 2, 3)
    sound = np.concatenate([sound_of(ONE, 1, 4.4), sound_of(OTHER, 2, 3)])
    film = write_film(room / "cut.mp4", pictures, even(len(pictures)), sound)

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "cut at 4.4 s" in sentences
    assert "Another person is seen at 4.4-7.4 s" in sentences
    assert "left out 4.6-7.4 s, where another person is seen" in remarks
    assert usable_seconds(films[0])[1] < 4.5


def test_two_people_in_the_picture_are_named_and_not_learnt(room: Path) -> None:
    beside = [np.hstack(both) for both in zip(small(ONE, 1, 3), small(OTHER, 2, 3), strict=True)]
    film = write_film(room / "two.mp4", beside, even(len(beside)), sound_of(ONE, 1, 3))

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "A second face was seen at 0.0 s" in sentences
    assert films == []
    assert "where two people are seen" in remarks


def test_a_stretch_without_a_face_is_named_and_not_learnt(room: Path) -> None:
    pictures = small(ONE, 1, 6)
    for frame in range(round(2.5 * FPS), round(3.5 * FPS) + 1):
        pictures[frame] = np.full_like(pictures[frame], 128)
    film = write_film(room / "gap.mp4", pictures, even(len(pictures)), sound_of(ONE, 1, 6))

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
    options = {"movflags": "+faststart"} if suffix == ".mp4" else {}
    whole = plain(room, "whole" + suffix, 6, options=options)
    film = room / ("short" + suffix)
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "can be decoded only up to 3." in sentences
    assert "damaged or cut short" in remarks
    assert usable_seconds(films[0])[1] < 4.5


def test_a_film_without_its_index_is_refused(room: Path) -> None:
    whole = plain(room, "late_index.mp4", 2)
    film = room / "no_index.mp4"
    film.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with pytest.raises(FormatError, match="can be decoded"):
        seen(film, room)
    assert learnt(film, room)[0] == []
    assert "no_index.mp4" in learnt(film, room)[1]


def test_a_varying_frame_rate_is_named_and_keeps_its_times(room: Path) -> None:
    pictures, times = pictures_of(ONE, 1, 6, 30.0), even(180, 30.0)
    sound = sound_of(ONE, 1, 6)
    whole = write_film(room / "even.mp4", pictures, times, sound)
    kept = [frame for frame in range(180) if frame % 11 < 5 or frame % 11 == 8]
    uneven = write_film(
        room / "uneven.mp4", [pictures[f] for f in kept], [times[f] for f in kept], sound
    )

    found, sentences = seen(uneven, room)
    reference, _ = seen(whole, room)
    _, remarks = learnt(uneven, room)

    assert "frame rate varies" in sentences
    assert "frame rate varies" in remarks
    true = reference.take.resampled(found.take.fps)
    count = min(len(true), len(found.take))
    turned = [take.rotation[:count, 1].astype(float) for take in (true, found.take)]
    assert np.corrcoef(*turned)[0, 1] > 0.97


@pytest.fixture(scope="module")
def twelve_seconds() -> list[Picture]:
    return pictures_of(ONE, 1, 12, FPS)


@pytest.fixture(scope="module")
def own_offset(room: Path, twelve_seconds: list[Picture]) -> float:
    times = even(len(twelve_seconds))
    film = write_film(room / "own.mp4", twelve_seconds, times, sound_of(ONE, 1, 12))
    return float(seen(film, room)[0].take.source["sound_late_seconds"])


def test_sound_half_a_second_late_is_named_and_put_right(
    room: Path, twelve_seconds: list[Picture], own_offset: float
) -> None:
    times = even(len(twelve_seconds))
    film = write_film(room / "late.mp4", twelve_seconds, times, sound_of(ONE, 1, 12), late=0.5)

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
    pictures = pictures_of(ONE, 1, 14, FPS)
    film = write_film(room / "foreign.mp4", pictures, even(len(pictures)), sound_of(OTHER, 3, 14))

    _, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert "The sound fits the lips nowhere" in sentences
    assert films == []
    assert "sound and lips do not belong together" in remarks


def test_a_silent_film_is_tracked_and_not_learnt(room: Path) -> None:
    film = write_film(room / "mute.mp4", small(ONE, 1, 2), even(30))

    found, sentences = seen(film, room)
    films, remarks = learnt(film, room)

    assert len(found.take) == 30
    assert "No sound could be read" in sentences
    assert films == []
    assert "no sound" in remarks
