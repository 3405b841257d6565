"""Poser 4's faces: one key opens the lips, and sounds and tongues are beside it."""

from __future__ import annotations

import pytest

from dirfa_blender.rig import profiles
from tests.addon.stand_ins import face_with_keys, shown

KEYS = (
    "OpenLips", "Smile", "Frown", "MouthO", "MouthF", "MouthM", "TongueT", "TongueL", "LBrowDown",
    "RBrowDown", "LBrowUp", "RBrowUp", "WorryLeft", "WorryRight", "BlinkLeft", "BlinkRight",
)  # fmt: skip
SPACED = {
    "MouthO": "Mouth O", "OpenLips": "Open Lips", "MouthM": "Mouth M", "LBrowDown": "LBrow Down",
}  # fmt: skip
# Levels of units, the key that moves most, and keys that stay.
SOUNDS = (
    ({"AU26": 0.8, "AU10": 0.25, "AU16": 0.5}, "OpenLips", {"MouthM", "MouthF"}),
    ({"AU26": 0.58, "AU18": 0.5, "AU22": 0.4}, "MouthO", {"MouthM", "MouthF"}),
    ({"AU26": 0.12, "AU24L": 0.45, "AU24R": 0.45, "AU17": 0.12}, "MouthM", {"OpenLips"}),
    ({"AU26": 0.2, "AU10L": 0.22, "AU10R": 0.22, "AU28D": 0.5}, "MouthF", {"OpenLips"}),
    ({"AU26": 0.3, "AU10": 0.2, "AU16": 0.28, "TTU": 0.9}, "TongueT", {"MouthM"}),
    ({"AU45L": 1.0}, "BlinkLeft", {"BlinkRight"}),
    ({"AU4R": 1.0}, "RBrowDown", {"LBrowDown"}),
    ({"AU1L": 1.0}, "WorryLeft", {"WorryRight"}),
    ({"AU12L": 1.0, "AU12R": 1.0}, "Smile", {"Frown"}),
)


@pytest.mark.parametrize("own", [{}, SPACED])
def test_a_poser_face_speaks_with_its_own_mouths(at_50, own: dict[str, str]) -> None:
    face = face_with_keys([own.get(key, key) for key in KEYS])
    assert profiles.profile_for(face).name == "sounds_of_poser4"

    for levels, most, still in SOUNDS:
        paired = {
            name: level
            for unit, level in levels.items()
            for name in ((unit + "L", unit + "R") if unit in ("AU10", "AU16") else (unit,))
        }
        moved = shown(face, paired)
        assert max(moved, key=lambda key: moved[key]) == own.get(most, most), (levels, moved)
        quiet = {own.get(key, key) for key in still}
        assert all(moved.get(key, 0.0) < 0.1 for key in quiet), (levels, moved)
