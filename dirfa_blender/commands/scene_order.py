"""What the headless commands do to one scene: play a take on a character, render it, export it. No bpy.

One order is one process, so a farm's task that meets a crash of Blender's says so and costs nothing else.
Orders of one shot are one process too: their takes are joined in one scene.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..core.characters import follow_through
from ..core.errors import FormatError, SettingsError
from ..core.timing import FrameRate, parse_rate

VERBS = ("apply", "render", "export")
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "apply": (".blend",),
    "render": (".mp4",),
    "export": (".glb", ".gltf", ".fbx", ".usd", ".usdc", ".usda"),
}
YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
ENGINES = ("", "cycles", "eevee", "workbench")


@dataclass(frozen=True)
class SceneOrder:
    """One scene and what becomes of it; an empty value keeps what the scene has.

    Parameters
    ----------
    verb : of `VERBS`
    scene : the .blend to open; empty for the one that is open
    output : the file to write
    take : to apply: any format of `core.formats.exchange`
    audio : recording that belongs to the take: sound strip and frame range
    in_scene : name of the scene in the file; empty for the one that is shown
    character : name of the object that acts, or is exported
    line : name of the line that plays the take beside the character's others, as in the window; without
        one the take replaces what the character performs
    shot : name of the scene that is made, from all orders that name it
    frame_start : frame of the take's second 0; None for the first of the scene that is free
    frames : first and last frame to render or export, such as ``1-120``
    fps : the scene's rate, such as ``23.976``
    engine, size, samples : as `engines.RenderSettings`
    from_zero : export glTF with the first frame at 0 s
    follow_through : how strongly neck and shoulders follow the head, 0..2

    Raises
    ------
    SettingsError
        A value is outside its range.
    """

    verb: str
    scene: str
    output: str
    take: str = ""
    audio: str = ""
    in_scene: str = ""
    character: str = ""
    line: str = ""
    shot: str = ""
    frame_start: int | None = None
    frames: str = ""
    fps: str = ""
    engine: str = ""
    size: str = ""
    samples: int = 0
    device: str = "auto"
    from_zero: bool = False
    follow_through: float = follow_through.NATURAL

    def __post_init__(self) -> None:
        suffixes = SUFFIXES[self.verb]
        if not self.output.lower().endswith(suffixes):
            raise SettingsError(
                f"What {self.verb} writes ends in {', '.join(suffixes)}, got {self.output!r}."
            )
        if self.verb == "apply" and not (self.take and self.character):
            raise SettingsError("To apply a take, name both: the take and the character.")
        if self.engine not in ENGINES:
            raise SettingsError(
                f"The engine must be cycles, eevee or workbench, got {self.engine!r}."
            )
        if self.samples < 0:
            raise SettingsError(f"The samples must be 1 or more, got {self.samples}.")
        follow_through.checked(self.follow_through)
        self.rate()
        self.range()
        self.pixels()

    def rate(self) -> FrameRate | None:
        """The rate that was asked for."""
        return parse_rate(self.fps) if self.fps else None

    def range(self) -> tuple[int, int] | None:
        """First and last frame that were asked for."""
        if not self.frames:
            return None
        first, _, last = self.frames.partition("-")
        if not first.isdigit() or (last and not last.isdigit()) or int(last or first) < int(first):
            raise SettingsError(f"The frames must be such as 1-120, got {self.frames!r}.")
        return int(first), int(last or first)

    def pixels(self) -> tuple[int, int] | None:
        """Width and height that were asked for."""
        if not self.size:
            return None
        width, _, height = self.size.lower().partition("x")
        if not (width.isdigit() and height.isdigit()):
            raise SettingsError(
                f"The size must be WIDTHxHEIGHT such as 640x800, got {self.size!r}."
            )
        return int(width), int(height)


@dataclass(frozen=True)
class Orders:
    """What one Blender does to one scene: the first order opens it and says where it is written.

    Raises
    ------
    SettingsError
        Orders of a shot do not begin with one scene, at one rate.
    """

    orders: tuple[SceneOrder, ...]

    def __post_init__(self) -> None:
        first = self.orders[0]
        for name in ("scene", "in_scene", "fps"):
            for other in self.orders[1:]:
                values = getattr(first, name), getattr(other, name)
                if values[0] != values[1]:
                    raise SettingsError(
                        f"All rows of shot {first.shot!r} must have the same {name}, got "
                        f"{values[0]!r} and {values[1]!r}."
                    )


def order_from(values: Mapping[str, Any]) -> SceneOrder:
    """The order of plain values: those of a command line, or a manifest's cells as text.

    Raises
    ------
    FormatError
        A number is no number.
    SettingsError
        As `SceneOrder`.
    """
    known = {entry.name: entry.type for entry in fields(SceneOrder)}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if known[name] == "int | None" and value in (None, ""):
            found[name] = None
        elif known[name] in ("int", "int | None"):
            try:
                found[name] = int(value)
            except (TypeError, ValueError) as error:
                raise FormatError(f"{name} must be a whole number, got {value!r}.") from error
        elif known[name] == "bool":
            found[name] = _yes_or_no(name, value)
        elif known[name] == "float":
            try:
                found[name] = float(value)
            except (TypeError, ValueError) as error:
                raise FormatError(f"{name} must be a number, got {value!r}.") from error
        else:
            found[name] = str(value)
    return SceneOrder(**found)


def _yes_or_no(name: str, value: Any) -> bool:
    """A switch as an option, a JSON value or a cell has it; an empty cell is off."""
    text = str(value).strip().lower()
    if text not in YES and text not in NO:
        raise FormatError(f"{name} must be yes or no, got {value!r}.")
    return text in YES
