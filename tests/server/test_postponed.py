"""A short start leaves parts of torch and numpy for later, and loses none of them."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys
from server.postponed import PARTS, short_start
with short_start():
    import torch
waiting = {name for name in PARTS if type(sys.modules.get(name)).__name__ == "_Placeholder"}
"""


def answer(code: str) -> str:
    """What a fresh Python prints after a short start."""
    run = subprocess.run(
        [sys.executable, "-c", CHECK + code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_torch_is_imported_without_the_postponed_parts() -> None:
    assert answer("print(sorted(PARTS - waiting))") == "[]"


def test_a_postponed_part_comes_when_it_is_asked_for() -> None:
    found = answer(
        "from torch.utils.data import DataLoader\n"
        "import torch.distributions.normal\n"
        "print(DataLoader.__module__, torch.distributions.Normal.__name__, callable(torch.export.export))"
    )

    assert found == "torch.utils.data.dataloader Normal True"


def test_everything_comes_at_once_and_works() -> None:
    found = answer(
        "import importlib\n"
        "for name in sorted(PARTS): getattr(importlib.import_module(name), 'anything', None)\n"
        "print([n for n in PARTS if type(sys.modules[n]).__name__ == '_Placeholder'])"
    )

    assert found == "[]"


def test_a_take_needs_none_of_them() -> None:
    found = answer(
        "import numpy as np\n"
        "from server.audio import Speech\n"
        "from server.engine import Engine\n"
        "sound = np.sin(np.arange(16000) / 20.0).astype(np.float32)\n"
        "Engine('cpu').animate(Speech(sound, 16000, 1.0, ''))\n"
        "print(sorted(n for n in PARTS if type(sys.modules[n]).__name__ != '_Placeholder'))"
    )

    assert found == "[]"
