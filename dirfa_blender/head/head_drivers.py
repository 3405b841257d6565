"""What a face keeps up to date by its shape keys: what its creases are pressed by, and correctives.

A driver that reads the block it is on goes along: a copy of a face, one linked from another file, or one
that is given another mesh, reads its own keys. Formulas are plain enough for Blender to work out without
Python, so no file has to be trusted for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import bpy

from ..core.motion.correctives import Corrective
from .head_creases import SIDES, pressed_keys, pressing


def drive_correctives(face: bpy.types.Object, correctives: Iterable[Corrective]) -> None:
    """Let each corrective key of a face weigh as much as its factors do, multiplied."""
    keys = face.data.shape_keys
    for corrective in correctives:
        driver = keys.key_blocks[corrective.name].driver_add("value").driver
        for name, factor in zip("ab", corrective.factors, strict=True):
            _add_variable(driver, name, keys, _path(factor))
        driver.expression = "a * b"


def drive_creases(face: bpy.types.Object) -> None:
    """Let a face keep, for each side, how much each family of creases is pressed by its shape keys."""
    has = {key.name for key in face.data.shape_keys.key_blocks}
    for side in SIDES:
        for name, families in pressed_keys(side).items():
            if name not in face:
                face[name] = [0.0] * len(families)
            path = f'["{name}"]'
            for index, family in enumerate(families):
                gains = {s: gain for s, gain in pressing(family, side).items() if s in has}
                face.driver_remove(path, index)
                if gains:
                    _drive(face, path, index, gains)


def _drive(face: bpy.types.Object, path: str, index: int, gains: Mapping[str, float]) -> None:
    """Let one number of a face follow the sum of its keys, by their gains, 1 at most."""
    driver = face.driver_add(path, index).driver
    terms: list[str] = []
    for number, (shape, gain) in enumerate(gains.items()):
        _add_variable(driver, f"v{number}", face, f"data.shape_keys.{_path(shape)}")
        terms.append(f"{gain} * v{number}")
    driver.expression = f"min(1, {' + '.join(terms)})"


def _add_variable(driver: bpy.types.Driver, name: str, block: bpy.types.ID, path: str) -> None:
    variable = driver.variables.new()
    variable.name = name
    if isinstance(block, bpy.types.Key):
        variable.targets[0].id_type = "KEY"
    variable.targets[0].id, variable.targets[0].data_path = block, path


def _path(shape: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(shape)}"].value'
