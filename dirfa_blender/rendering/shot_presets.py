"""How a portrait is lit, framed and backed, as data: what `build_shot` builds, by name. No bpy.

Places are in head heights (chin to crown) from the middle of the face: to the camera's right, away from
the camera, up. A lamp's strength is the light it gives the face, wherever it stands: skin is as light as in
its photo under a key of 1.22 and its fill. Colours are scene linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..core.errors import SettingsError

Colour = tuple[float, float, float]
Background = Literal["gradient", "plain", "photo", "transparent"]

DEFAULT_SHOT = "soft studio"


@dataclass(frozen=True)
class Lamp:
    """A round area light: where it stands, how wide it is, what it gives, and whether eyes mirror it."""

    name: str
    place: tuple[float, float, float]
    size: float
    strength: float
    colour: Colour
    is_mirrored: bool = True


@dataclass(frozen=True)
class ShotPreset:
    """One look.

    Attributes
    ----------
    about : what one sees, for menus and help
    lamps : key, fill and rim
    background : a card with a gradient or one colour, the photo out of focus, or nothing at all
    middle, rim : colours of the card
    ambient : even light from everywhere
    picture_heads : height of the picture
    middle_heads : height of the picture's middle above the chin
    aperture : f-number of the lens; 0 has everything in focus
    """

    about: str
    lamps: tuple[Lamp, ...]
    background: Background = "gradient"
    middle: Colour = (0.105, 0.125, 0.145)
    rim: Colour = (0.018, 0.023, 0.030)
    ambient: Colour = (0.060, 0.064, 0.070)
    picture_heads: float = 1.40
    middle_heads: float = 0.42
    aperture: float = 0.0


def _studio(key: float = 1.22, fill: float = 0.42, rim: float = 0.82) -> tuple[Lamp, ...]:
    # A small or strong rim burns white spots into the cheekbone of a smile and the lobe of an ear.
    return (
        Lamp("Key", (-2.1, -3.0, 1.75), 3.0, key, (1.0, 0.965, 0.92)),
        Lamp("Fill", (2.4, -3.2, -0.5), 4.0, fill, (0.96, 0.98, 1.0), False),
        Lamp("Rim", (1.9, 2.4, 1.9), 2.9, rim, (0.88, 0.94, 1.0)),
    )


SHOTS: dict[str, ShotPreset] = {
    DEFAULT_SHOT: ShotPreset("Large soft light, gentle shadows, slate gradient", _studio()),
    "close-up": ShotPreset(
        "The face fills the picture, the ears fall out of focus",
        _studio(fill=0.36),
        picture_heads=0.98,
        middle_heads=0.46,
        aperture=4.0,
    ),
    "bright and even": ShotPreset(
        "Light from both sides before a pale wall, as for teaching",
        _studio(key=0.85, fill=0.72, rim=0.5),
        background="plain",
        middle=(0.62, 0.62, 0.61),
        ambient=(0.13, 0.13, 0.13),
    ),
    "window": ShotPreset(
        "Cool daylight from one side, the other side falls into shade",
        (
            Lamp("Key", (-3.4, -1.6, 0.7), 3.2, 1.15, (0.90, 0.96, 1.0)),
            Lamp("Fill", (3.0, -3.0, -0.2), 4.0, 0.13, (1.0, 0.93, 0.85), False),
            Lamp("Rim", (2.4, 2.2, 1.6), 1.6, 0.35, (1.0, 0.92, 0.82)),
        ),
        middle=(0.16, 0.15, 0.14),
        rim=(0.045, 0.042, 0.040),
        aperture=5.6,
    ),
    "low light": ShotPreset(
        "Warm light from high on one side, a bright edge, near black behind",
        (
            Lamp("Key", (-2.7, -2.1, 2.0), 1.8, 0.85, (1.0, 0.86, 0.70)),
            Lamp("Fill", (2.6, -3.2, -0.4), 4.0, 0.09, (0.75, 0.86, 1.0), False),
            Lamp("Rim", (2.0, 2.2, 1.6), 1.4, 1.6, (0.70, 0.85, 1.0)),
        ),
        middle=(0.020, 0.022, 0.027),
        rim=(0.004, 0.004, 0.006),
        ambient=(0.015, 0.016, 0.020),
        aperture=4.0,
    ),
    "on location": ShotPreset(
        "Before the photo's own surroundings, far out of focus",
        _studio(fill=0.5),
        background="photo",
        ambient=(0.10, 0.10, 0.10),
        aperture=4.0,
    ),
    "cut-out": ShotPreset(
        "Nothing behind: the film is transparent for compositing",
        _studio(),
        background="transparent",
    ),
}


def shot_preset(name: str) -> ShotPreset:
    """The preset of a name.

    Raises
    ------
    SettingsError
        There is none of that name.
    """
    if name not in SHOTS:
        raise SettingsError(f"The shot must be one of {', '.join(SHOTS)}, got {name!r}.")
    return SHOTS[name]
