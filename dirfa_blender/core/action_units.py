"""The action-unit vocabulary: codes, FACS names, sides and regions, in the one canonical order.

DIRFA and OpenFace know 17 units, which can express neither lip rounding nor closure. This table is a
superset that reaches every ARKit shape. A trailing ``L`` or ``R`` is the subject's left or right;
``AU28U`` and ``AU28D`` are the upper and lower lip of AU28. Movements that speech rigs have and FACS does
not code are ``MSL`` and ``MSR``, the whole mouth moved sideways, and ``TTU``, the tongue's tip raised.
No bpy.

References
----------
.. [1] Ekman, Friesen, Hager: Facial Action Coding System, The Manual, 2002.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Region = Literal["brows", "lids", "cheeks", "nose", "lips", "jaw", "tongue"]
Side = Literal["left", "right", "both"]


@dataclass(frozen=True)
class ActionUnit:
    """One entry of the vocabulary: its code, FACS name, side, region and what it does."""

    code: str
    name: str
    side: Side
    region: Region
    does: str


def _pair(number: str, name: str, region: Region, does: str) -> tuple[ActionUnit, ActionUnit]:
    return (
        ActionUnit(f"{number}L", name, "left", region, does),
        ActionUnit(f"{number}R", name, "right", region, does),
    )


def _single(code: str, name: str, region: Region, does: str) -> ActionUnit:
    return ActionUnit(code, name, "both", region, does)


ACTION_UNITS: tuple[ActionUnit, ...] = (
    *_pair("AU1", "inner brow raiser", "brows", "lifts the inner end of the brow"),
    *_pair("AU2", "outer brow raiser", "brows", "lifts the outer half of the brow"),
    *_pair("AU4", "brow lowerer", "brows", "lowers the brow and draws it inward"),
    *_pair("AU5", "upper lid raiser", "lids", "opens the eye wide"),
    *_pair("AU6", "cheek raiser", "cheeks", "lifts the cheek towards the lower lid"),
    *_pair("AU7", "lid tightener", "lids", "narrows the eye from below"),
    *_pair("AU45", "blink", "lids", "closes the eye; held, it is AU43"),
    *_pair("AU9", "nose wrinkler", "nose", "pulls the nose wing and its skin up"),
    *_pair("AU10", "upper lip raiser", "lips", "lifts the upper lip"),
    *_pair("AU12", "lip corner puller", "lips", "pulls the corner back and up: the smile"),
    *_pair("AU14", "dimpler", "lips", "pulls the corner straight back and in"),
    *_pair("AU15", "lip corner depressor", "lips", "pulls the corner down: the frown"),
    *_pair("AU16", "lower lip depressor", "lips", "lowers the lower lip, shows its teeth"),
    _single("AU17", "chin raiser", "lips", "pushes chin and lower lip up"),
    _single("AU18", "lip pucker", "lips", "draws the corners in and the lips forward"),
    *_pair("AU20", "lip stretcher", "lips", "pulls the corner sideways"),
    _single("AU22", "lip funneler", "lips", "turns the lips outward into a funnel"),
    _single("AU23", "lip tightener", "lips", "makes the lips narrow and tight"),
    *_pair("AU24", "lip pressor", "lips", "presses the lips together"),
    _single("AU25", "lips part", "lips", "parts the lips without the jaw"),
    _single("AU8", "lips toward each other", "lips", "closes the lips over an open jaw"),
    _single("AU28U", "upper lip suck", "lips", "rolls the upper lip in over the teeth"),
    _single("AU28D", "lower lip suck", "lips", "rolls the lower lip in over the teeth"),
    _single("MSL", "mouth to the left", "lips", "shifts the whole mouth; no FACS code"),
    _single("MSR", "mouth to the right", "lips", "shifts the whole mouth; no FACS code"),
    _single("AU26", "jaw drop", "jaw", "opens the jaw by relaxing, as in speech"),
    _single("AU27", "mouth stretch", "jaw", "opens the jaw by force, to its limit"),
    _single("AU29", "jaw thrust", "jaw", "pushes the jaw forward"),
    *_pair("AU30", "jaw sideways", "jaw", "moves the jaw to that side"),
    _single("AU34", "cheek puff", "cheeks", "fills the cheeks with air; also AU33, blow"),
    _single("AU19", "tongue show", "tongue", "puts the tongue out"),
    _single("TTU", "tongue tip up", "tongue", "lifts the tip behind the upper teeth; no FACS code"),
)

AU_NAMES: tuple[str, ...] = tuple(unit.code for unit in ACTION_UNITS)
AU_INDEX: dict[str, int] = {name: index for index, name in enumerate(AU_NAMES)}
REGIONS: tuple[Region, ...] = ("brows", "lids", "cheeks", "nose", "lips", "jaw", "tongue")


def codes_of(region: Region) -> tuple[str, ...]:
    """Codes of one region, in canonical order."""
    return tuple(unit.code for unit in ACTION_UNITS if unit.region == region)


def expand_code(code: str) -> tuple[str, ...]:
    """Sided codes meant by what a person writes: ``AU12`` is ``AU12L`` and ``AU12R``; ``12`` too.

    Raises
    ------
    KeyError
        No unit has this number.
    """
    wanted = code.strip().upper()
    wanted = f"AU{wanted}" if wanted[:1].isdigit() else wanted
    # The last letter is a side; AU1 is no part of AU17.
    found = tuple(name for name in AU_NAMES if name[:-1] == wanted and name[-1].isalpha())
    if wanted in AU_INDEX:
        return (wanted,)
    if not found:
        raise KeyError(code)
    return found
