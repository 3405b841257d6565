"""Parts of torch and numpy that making a take never touches, imported when something first asks for them.

``import torch`` takes longer than a minute of speech takes to animate, and a third of it goes into what
only its compiler, exporter and trainer use. So a command that ends as soon as its take is written puts
placeholders in their place: a module that is imported for real, by the usual machinery, the moment any
attribute of it is read. Nothing is lost, it only comes later. A name that another version of torch does
not have is never asked for.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType

PARTS = frozenset({
    "numpy.ctypeslib",
    "numpy.ma",
    "numpy.polynomial",
    "numpy.random",
    "torch._meta_registrations",
    "torch.backends.opt_einsum",
    "torch.compiler",
    "torch.distributed._meta_registrations",
    "torch.distributions",
    "torch.export",
    "torch.masked",
    "torch.nn.attention",
    "torch.nn.intrinsic",
    "torch.nn.qat",
    "torch.nn.quantizable",
    "torch.nn.quantized",
    "torch.profiler",
    "torch.quantization",
    "torch.utils.data",
    "torchgen.model",
    "unittest.mock",
})  # fmt: skip
"""Imported with them; shapes without data, export, quantisation, data sets, masked and random arrays."""


@contextmanager
def short_start() -> Generator[None]:
    """Within it `PARTS` are not imported, and nothing is swept for garbage: imports make none.

    What was imported is left out of later sweeps too.
    """
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    gc.disable()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        gc.enable()
        gc.freeze()


class _Placeholder(ModuleType):
    """Stands for a module until an attribute is read that only the module has."""

    def __getattr__(self, name: str) -> object:
        return getattr(_real(self), name)


class _Empty(Loader):
    """Makes placeholders."""

    def exec_module(self, module: ModuleType) -> None:
        """From now on whoever reads an attribute gets that of the real module."""
        # `inspect` asks every module for its file, which is no use of it.
        module.__file__ = None if module.__spec__ is None else module.__spec__.origin
        module.__class__ = _Placeholder


class _Finder:
    """Finds placeholders for `PARTS` and leaves every other module to the finders behind it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path) if fullname in PARTS else None
        return None if found is None else ModuleSpec(fullname, _Empty(), origin=found.origin)


def _real(placeholder: ModuleType) -> ModuleType:
    """The module a placeholder stands for, imported in its place the first time."""
    name = placeholder.__name__
    if sys.modules.get(name) is placeholder:
        del sys.modules[name]
        try:
            spec = PathFinder.find_spec(name, sys.modules[name.rpartition(".")[0]].__path__)
            if spec is None or spec.loader is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            module = module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules[name] = placeholder
            raise
        setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], sys.modules[name])
    return sys.modules[name]
