"""Blender as a process that fills one order: started early, ended whatever happens. No bpy."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ..core.command_line.progress import Progress
from ..core.errors import RenderError
from ..roots import ROOT

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

STOP_SECONDS = 2.0


class FilmProcess:
    """A Blender that loads while other work is done, and then takes one order.

    Parameters
    ----------
    folder : scratch of this run; Blender's own temporary files go there too, so they go with it
    module : what the process runs; it reads one order and reports as `order_process` does
    program : executable and options of a whole Blender, where there is one; empty for Blender's module
    """

    def __init__(
        self,
        folder: Path,
        module: str = "dirfa_blender.commands.film_filling",
        program: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._module = module
        self._program = tuple(program)
        self._log = folder / "blender.log"
        self._process: subprocess.Popen[bytes] | None = None

    def fill(
        self,
        order: DataclassInstance,
        progress: Progress,
        warn: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        """Hand over the order and show how it goes, to the end.

        Parameters
        ----------
        order : what `module` is to do; its fields, which JSON must know, are what it is given

        Raises
        ------
        RenderError
            Blender says why it could not, or ended without a word.
        """
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            # A whole Blender greets on the same channel before the order is read.
            if not line.startswith(b"{"):
                continue
            report = json.loads(line)
            if "error" in report:
                raise RenderError(report["error"])
            if report.get("done"):
                return
            if "warning" in report:
                warn(report["warning"])
                continue
            progress.update(report["stage"], report["fraction"], report.get("detail", ""))
        raise RenderError(
            f"Blender stopped unexpectedly ({_ending(process.wait())}). {self._last_words()}"
        )

    def __enter__(self) -> FilmProcess:
        root = ROOT
        scratch = self._folder / "tmp"
        scratch.mkdir()
        paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
        surroundings = dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
        # Names by which Python and Blender find the place for temporary files.
        surroundings |= dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(scratch))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(root),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=surroundings,
                start_new_session=sys.platform != "win32",
                creationflags=0x08000200 if sys.platform == "win32" else 0,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(STOP_SECONDS if kind is None else 0.2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]

    def stop(self) -> None:
        """End the process at once, from any thread; whoever waits for it hears that it ended."""
        process = self._process
        if process is not None:
            process.kill()

    def _command(self, root: Path) -> list[str]:
        if not self._program:
            return [str(_blender_python(root)), "-P", "-m", self._module]
        # Blender's own Python sees no PYTHONPATH, and takes no module to run.
        code = (
            f"import runpy, sys; sys.path.insert(0, {str(root)!r}); "
            f"runpy.run_module({self._module!r}, run_name='__main__')"
        )
        return [*self._program, "--python-expr", code]

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        words = [line for line in lines if line.strip() and not line.startswith("EGL Error")]
        return f"Its last words: {words[-1].strip()}" if words else "It left no message."


def _blender_python(root: Path) -> Path:
    """An interpreter with a Blender module: this one, or that of the second environment."""
    if importlib.util.find_spec("bpy"):
        return Path(sys.executable)
    second = root / ".venv313" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if second.exists():
        return second
    raise RenderError(
        f"Blender's module is not installed for Python {sys.version_info[0]}.{sys.version_info[1]}; it "
        "exists for 3.11 and 3.13. Install Python 3.11, remove .venv and run the same command again."
    )


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
