"""Films as people have them: gaps, cuts, second faces, turned, broken, silent and out of step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from dirfa_blender.core.errors import FormatError, JobCancelled
from dirfa_blender.core.npz_io import read_animation
from server.features import FRAME_RATE
from server.tracking import track as tracking
from server.tracking.landmarks import FaceTrack, cut_frames, track_landmarks
from server.tracking.people import shots_of
from server.tracking.sound import offset_of, sound_offset
from server.tracking.track import gaps_of, track_video, warnings_of

SIZE = 192
ROOT = Path(__file__).resolve().parents[2]


def portrait(mirrored: bool = False) -> np.ndarray:
    """(192, 192, 3) uint8 BGR, a face that fills the picture."""
    data = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image")
    picture = cv2.cvtColor(data.astronaut()[0:220, 110:330], cv2.COLOR_RGB2BGR)
    picture = cv2.resize(picture, (SIZE, SIZE))
    return picture[:, ::-1] if mirrored else picture


def blank() -> np.ndarray:
    return np.full((SIZE, SIZE, 3), 120, np.uint8)


def filmed(path: Path, pictures: list[np.ndarray], fps: float = 25.0) -> Path:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    for picture in pictures:
        writer.write(np.ascontiguousarray(picture))
    writer.release()
    return path


def test_a_gap_is_bridged_and_named(tmp_path: Path) -> None:
    film = filmed(tmp_path / "a.mp4", [portrait()] * 8 + [blank()] * 4 + [portrait()] * 8)

    tracked = track_video(film)

    assert np.isfinite(tracked.take.au).all()
    begin, end = (float(part) for part in tracked.take.source["unseen"].split()[0].split("-"))
    assert begin == pytest.approx(0.32, abs=0.05)
    assert end == pytest.approx(0.48, abs=0.13)
    assert any("No face was seen at 0.3" in sentence for sentence in tracked.warnings)


def test_a_film_that_hardly_shows_a_face_is_refused(tmp_path: Path) -> None:
    film = filmed(tmp_path / "a.mp4", [portrait()] * 4 + [blank()] * 12)

    with pytest.raises(FormatError, match="at least 50%"):
        track_video(film)


def test_a_cut_and_a_second_face_are_named(tmp_path: Path) -> None:
    pair = np.concatenate([portrait(), portrait(mirrored=True)], axis=1)
    swapped = cv2.convertScaleAbs(pair[:, ::-1], alpha=0.5)
    film = filmed(tmp_path / "a.mp4", [pair] * 6 + [swapped] * 6)

    sentences = " ".join(track_video(film).warnings)

    assert "A second face was seen at 0.0 s" in sentences
    assert "cut at 0.2 s" in sentences


def test_a_cut_is_named_and_stays_in_its_place_at_another_rate() -> None:
    points = np.zeros((20, 478, 3), np.float32)
    track = FaceTrack(np.arange(20) / 10, points, np.ones(20, bool), (64, 64), cuts=(1.0,))

    assert "cut at 1.0 s" in " ".join(warnings_of(track, (), None))
    assert [(shot.first, shot.last) for shot in shots_of(track.at_rate(20.0))] == [
        (0, 20),
        (20, 39),
    ]


@pytest.mark.parametrize(
    ("code", "degrees"), [(cv2.ROTATE_90_COUNTERCLOCKWISE, 90), (cv2.ROTATE_180, 180)]
)
def test_a_film_on_its_side_is_set_upright(code: int, degrees: int, tmp_path: Path) -> None:
    film = filmed(tmp_path / "a.mp4", [cv2.rotate(portrait(), code)] * 6)

    track = track_landmarks(film)

    assert track.quarters * 90 == degrees
    assert float(track.points[-1, 152, 1]) > float(track.points[-1, 10, 1])
    assert f"turned by {degrees} degrees" in warnings_of(track, (), None)[0]


def test_a_film_that_breaks_off_is_tracked_up_to_there_and_named(tmp_path: Path) -> None:
    points = np.zeros((30, 478, 3), np.float32)
    track = FaceTrack(np.arange(30) / 25, points, np.ones(30, bool), (64, 64), expected_seconds=4.0)

    assert "can be decoded only up to 1.2 s" in " ".join(warnings_of(track, (), None))


def test_a_varying_frame_rate_is_named() -> None:
    times = np.cumsum([0.0, 0.04, 0.02, 0.06, 0.04, 0.09])
    points = np.zeros((6, 478, 3), np.float32)
    track = FaceTrack(times, points, np.ones(6, bool), (64, 64))

    assert not track.has_even_times
    assert "frame rate varies" in " ".join(warnings_of(track, (), None))


def lips(seed: int, seconds: float, rate: float = 200.0) -> np.ndarray:
    """Lip opening at random, `rate` values a second."""
    noise = np.random.default_rng(seed).random(int(seconds * rate))
    return np.convolve(noise, np.hanning(int(0.3 * rate)), "same")


@pytest.mark.parametrize("late", [-0.5, -0.2, 0.0, 0.16, 0.9])
def test_the_offset_of_the_sound_is_found(late: float) -> None:
    opening = lips(4, 12.0)
    times = np.arange(0.0, 12.0, 1.0 / FRAME_RATE)
    heard = np.interp(times - late, np.arange(len(opening)) / 200.0, opening)

    found = offset_of(heard, opening[::8], 25.0)

    assert found is not None
    assert found.seconds == pytest.approx(late, abs=0.021)
    assert found.is_clear
    assert not found.is_foreign


def test_sound_that_fits_nowhere_is_foreign() -> None:
    found = offset_of(lips(1, 60.0)[::4], lips(2, 60.0)[::8], 25.0)

    assert found is not None
    assert found.is_foreign
    assert not found.is_clear


def test_no_offset_is_told_of_silence_or_of_a_short_film() -> None:
    opening = np.random.default_rng(1).random(200)

    assert sound_offset(np.zeros(200 * 640, np.float32), opening, 25.0) is None
    assert sound_offset(np.ones(20 * 640, np.float32), opening, 25.0) is None


def test_a_flash_is_no_cut_and_a_small_change_in_a_still_picture_is_one() -> None:
    still = np.full(40, 0.5)
    flash, small, walk = still.copy(), still.copy(), np.full(40, 6.0)
    flash[[20, 21]] = 60.0
    small[20] = 6.0
    walk[20] = 9.0

    assert cut_frames(flash) == []
    assert cut_frames(small) == [20]
    assert cut_frames(walk) == []


def test_a_face_that_is_suddenly_elsewhere_begins_a_shot() -> None:
    points = np.zeros((20, 478, 3), np.float32)
    points[:, 1, 0] = 50.0
    points[12:, :, 0] += 200.0
    track = FaceTrack(np.arange(20) / 10, points, np.ones(20, bool), (640, 480), cuts=(0.5,))

    assert [(shot.first, shot.last) for shot in shots_of(track)] == [(0, 5), (5, 12), (12, 20)]


def test_gaps_are_stretches_without_a_face() -> None:
    seen = np.array([False, True, True, False, False, True, False])

    assert gaps_of(seen, 10.0) == ((0.0, 0.1), (0.3, 0.5), (0.6, 0.7))


def test_the_command_writes_what_the_suffix_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = filmed(tmp_path / "a.mp4", [portrait()] * 6)

    for suffix in (".npz", ".csv"):
        assert tracking.main([str(film), "-o", str(tmp_path / ("take" + suffix)), "--json"]) == 0

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"progress", "done"} <= {event["event"] for event in events}
    assert any("eta_seconds" in event for event in events)
    assert len(read_animation(tmp_path / "take.npz")) == 6
    assert (tmp_path / "take.csv").read_text("utf-8").startswith("Timecode")


def test_the_command_says_only_its_own_words(tmp_path: Path) -> None:
    film = filmed(tmp_path / "film.mp4", [portrait()] * 4)
    out = tmp_path / "take.npz"

    # In a process of its own: what native code writes passes pytest's streams by.
    done = subprocess.run(
        [sys.executable, "-m", "server", "track", str(film), "-o", str(out)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert all("%" in line or line.startswith(("Note: ", "Wrote ")) for line in lines), lines
    assert any(line.startswith("Wrote ") for line in lines)


def test_a_wrong_suffix_is_refused_before_any_work(tmp_path: Path) -> None:
    assert tracking.main([str(tmp_path / "gone.mp4"), "-o", str(tmp_path / "take.txt")]) == 2
    assert tracking.main([str(tmp_path / "gone.mp4"), "-o", str(tmp_path / "take.npz")]) == 1
    assert list(tmp_path.iterdir()) == []


def test_tracking_can_be_cancelled(tmp_path: Path) -> None:
    film = filmed(tmp_path / "a.mp4", [portrait()] * 4)

    with pytest.raises(JobCancelled):
        track_video(film, cancelled=lambda: True)
