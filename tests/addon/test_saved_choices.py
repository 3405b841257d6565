"""What a file says by a number means the same in every version: choices are added behind, never moved."""

from __future__ import annotations

import bpy
import pytest

from dirfa_blender.addon import CLASSES

UNITS = (
    "AU1 AU2 AU4 AU5 AU6 AU7 AU45 AU9 AU10 AU12 AU14 AU15 AU16 AU17 AU18 AU20 AU22 AU23 AU24 AU25 AU8 "
    "AU28U AU28D MSL MSR AU26 AU27 AU29 AU30 AU34 AU19 TTU"
)
SHOTS = (
    "soft studio",
    "close-up",
    "bright and even",
    "window",
    "low light",
    "on location",
    "cut-out",
)
# As saved files have them since the first of each.
SAVED: dict[tuple[str, str], tuple[str, ...]] = {
    ("DIRFA_PG_unit", "code"): tuple(UNITS.split()),
    ("DIRFA_PG_line", "kind"): ("FILE", "STRIP", "SOUND"),
    ("DIRFA_PG_character", "keys"): ("EVERY", "REDUCED"),
    ("DIRFA_PG_character", "interpolation"): ("BEZIER", "LINEAR", "CONSTANT"),
    ("DIRFA_PG_live", "source"): ("MICROPHONE", "FILE", "LINE"),
    ("DIRFA_PG_live", "lookahead"): ("NONE", "SHORT", "MIDDLE", "LONGEST"),
    ("DIRFA_PG_settings", "source"): ("FILE", "STRIPS", "SOUND"),
    ("DIRFA_PG_settings", "actor"): ("photo", "object", "neutral"),
    ("DIRFA_PG_settings", "shot"): SHOTS,
    ("DIRFA_PG_settings", "quality"): ("preview", "final"),
    ("DIRFA_PG_settings", "engine"): ("cycles", "eevee", "workbench", "scene"),
    ("DIRFA_PG_settings", "size"): ("portrait", "square", "wide", "scene"),
    ("DIRFA_PG_settings", "film_range"): ("scene", "line", "lines"),
    ("DIRFA_PG_settings", "film_kind"): ("film", "pictures"),
}
# Found anew from the scene, or of no moment after a file is opened.
NOT_SAVED = {("DIRFA_PG_settings", "rate"), ("DIRFA_PG_mapping", "test_input")}


def test_a_saved_choice_means_what_it_meant(stage) -> None:
    groups = [cls for cls in CLASSES if issubclass(cls, bpy.types.PropertyGroup)]
    found = {
        (cls.__name__, entry.identifier): [
            item.identifier for item in sorted(entry.enum_items, key=lambda item: item.value)
        ]
        for cls in groups
        for entry in cls.bl_rna.properties
        if entry.type == "ENUM" and not entry.is_enum_flag
    }

    assert set(found) == set(SAVED) | NOT_SAVED
    for place, choices in SAVED.items():
        assert tuple(found[place][: len(choices)]) == choices, place


@pytest.mark.parametrize("name", ["dirfa", "dirfa_mapping"])
def test_what_a_file_keeps_is_found_under_its_name(stage, name: str) -> None:
    holder = bpy.types.Scene if name == "dirfa" else bpy.types.Object

    assert name in holder.bl_rna.properties
