"""How far years made a face sink is read from its lines and its hair, and from neither alone."""

from __future__ import annotations

from server.photo.age import age_seen

WHITE, BLACK = (0.85, 0.85, 0.85), (0.1, 0.08, 0.07)
SMOOTH, LINED = 0.0002, 0.002


def test_lines_and_white_hair_tell_of_age_together() -> None:
    assert age_seen(SMOOTH, BLACK) == 0.0
    assert age_seen(LINED, WHITE) > 0.9
    assert 0.0 < age_seen(LINED, BLACK) < age_seen(LINED, WHITE)


def test_fair_hair_makes_no_smooth_face_old() -> None:
    assert age_seen(SMOOTH, WHITE) < 0.25


def test_where_no_hair_is_seen_lines_tell() -> None:
    assert age_seen(LINED, BLACK) < age_seen(LINED, None) < age_seen(LINED, WHITE)
