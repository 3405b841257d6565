"""Values of a JSON document that a person may have written: checked, with every fault found at once.

A person who repairs a file by hand wants to see all its faults, so a check that fails says so to
`Problems`, gives something harmless back, and lets the reading go on. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ProfileError


class Problems:
    """Faults of one file: where, what was expected, what was found."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[str] = []

    def add(self, path: str, sentence: str) -> None:
        """A fault at a JSON path."""
        self.found.append(f"{path} {sentence}" if path else sentence)

    def refuse(self) -> None:
        """Raise ProfileError with every fault, if there is one."""
        if not self.found:
            return
        if len(self.found) == 1:
            raise ProfileError(f"{self.where}: {self.found[0]}.")
        listed = "; ".join(self.found)
        raise ProfileError(f"{self.where} has {len(self.found)} problems: {listed}.")


class CheckedValues:
    """Checks of values at a JSON path; faults go to `problems`."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def entries(self, data: Mapping[str, Any], key: str, path: str = "") -> dict[str, Any]:
        """The object under a key; empty where the key is missing."""
        value = data.get(key, {})
        if not isinstance(value, dict):
            self.problems.add(path or key, f"must be an object, got {value!r}")
            return {}
        return dict(value)

    def number(self, value: Any, path: str) -> float:
        """A finite number; 0 where it is none."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            self.problems.add(path, f"must be a number, got {value!r}")
            return 0.0
        return float(value)

    def vector(self, value: Any, path: str) -> tuple[float, float, float]:
        """A list of three numbers; zeros where there is nothing."""
        if value is None:
            return 0.0, 0.0, 0.0
        if not isinstance(value, list) or len(value) != 3:
            self.problems.add(path, f"must be a list of three numbers, got {value!r}")
            return 0.0, 0.0, 0.0
        x, y, z = (self.number(v, f"{path}[{i}]") for i, v in enumerate(value))
        return x, y, z

    def names_in(self, value: Any, path: str) -> tuple[str, ...]:
        """A name or a list of them, never empty."""
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(is_name(v) for v in listed):
            self.problems.add(path, f"must be a name or a list of names, got {value!r}")
            return ("",)
        return tuple(listed)

    def two_names(self, value: Any, path: str) -> tuple[str, str]:
        """A list of two names."""
        names = self.names_in(value, path)
        if len(names) != 2:
            self.problems.add(path, f"must be two bone names, got {value!r}")
            return "", ""
        return names[0], names[1]

    def only(self, data: Mapping[str, Any], path: str, keys: tuple[str, ...]) -> None:
        """Find fault with every key but these."""
        for key in sorted(set(data) - set(keys)):
            self.problems.add(path, f"has an unknown key {key!r}; known are {', '.join(keys)}")


def is_name(value: object) -> bool:
    """Whether this is text that is not empty."""
    return isinstance(value, str) and bool(value)
