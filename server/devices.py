"""What computes: the graphics card where there is one, else the processor."""

from __future__ import annotations

import torch

from dirfa_blender.core.errors import SettingsError


def chosen_device(device: str) -> torch.device:
    """The device of a name: ``auto``, ``cpu``, ``cuda`` or any that torch knows.

    Raises
    ------
    SettingsError
        There is no such device here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(
            f"Expected auto, cpu or a device that torch finds here, got {device!r}."
        ) from error
    return chosen
