"""Blender in a window, driven as a person drives it: pointer, keys, and eyes that see the screen.

Buttons are found by passing the pointer over the sidebar and asking Blender what lies under it, so no
coordinate is written down and a rearranged panel still works. Clicks are real X events.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.gui.room import Room

WIDTH, HEIGHT = 1280, 1000
START_SECONDS = 90.0
ANSWER_SECONDS = 60.0
STEP_PX = 9
# How often the sidebar is searched for a button that was seen and then was not: lines above it come and go.
SEARCHES = 3
# Where across the sidebar buttons are looked for: the middle first, then what stands at its edges.
ACROSS = (0.6, 0.86, 0.3)
SETTLE_SECONDS = 0.06
# Pictures taken until two are alike.
MOST_PICTURES = 6

UNDER_POINTER = """
import contextlib
window = bpy.context.window_manager.windows[0]
found = ""
for area in window.screen.areas:
    for region in area.regions:
        if (region.x <= {x} < region.x + region.width
                and region.y <= {y} < region.y + region.height and region.type == {kind!r}):
            with bpy.context.temp_override(window=window, area=area, region=region):
                window_manager = bpy.context.window_manager
                window_manager.clipboard = ""
                with contextlib.suppress(RuntimeError):
                    if bpy.ops.ui.copy_python_command_button.poll():
                        bpy.ops.ui.copy_python_command_button()
                if not window_manager.clipboard:
                    with contextlib.suppress(RuntimeError):
                        if bpy.ops.ui.copy_data_path_button.poll():
                            bpy.ops.ui.copy_data_path_button(full_path=True)
                found = window_manager.clipboard or found
result = found
"""
SIDEBAR = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "UI")
result = [region.x, region.y, region.width, region.height, window.height]
"""
OPEN_TAB = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
area.spaces.active.show_region_ui = True
region = next(r for r in area.regions if r.type == "UI")
try:
    region.active_panel_category = {tab!r}
    result = region.active_panel_category
except AttributeError:
    result = ""
area.tag_redraw()
"""


REDRAW = """
for window in bpy.context.window_manager.windows:
    for area in window.screen.areas:
        for region in area.regions:
            region.tag_redraw()
    with bpy.context.temp_override(window=window):
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=2)
"""


class NotSeen(AssertionError):
    """What should be on the screen is not."""


def pixels(png: Path) -> list[bytes]:
    """What a PNG shows, without the times that are written beside it."""
    data = png.read_bytes()
    chunks: list[bytes] = []
    place = 8
    while place < len(data):
        size = int.from_bytes(data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            chunks.append(data[place + 8 : place + 8 + size])
        place += 12 + size
    return chunks


@dataclass
class Pauses:
    """How long the main thread was away: the worst by the clock and by its own processor time, s."""

    wall: float
    own: float
    ticks: int

    def __str__(self) -> str:
        return f"{self.wall * 1000:.0f} ms by the clock, {self.own * 1000:.0f} ms of its own work"


@dataclass
class Window:
    """One Blender on a virtual screen of its own; a context manager.

    Parameters
    ----------
    folder : shared with the room: socket, log and pictures lie here
    home : Blender's user folder, outlasts the window
    """

    room: Room
    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    display: int = 77
    clicks: int = 0
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Window:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is not None:
            with contextlib.suppress(Exception):
                self.picture(f"failed-{self.display}")
        self.close()

    @property
    def socket_path(self) -> Path:
        return self.folder / f"agent-{self.display}.sock"

    @property
    def log(self) -> Path:
        return self.folder / f"blender-{self.display}.log"

    @property
    def is_alive(self) -> bool:
        return len(self._processes) > 1 and self._processes[1].poll() is None

    def _start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        # Somebody else may test in the same room.
        while (self.room.folder / "tmp" / f".X{self.display}-lock").exists():
            self.display += 10
        self.socket_path.unlink(missing_ok=True)
        screen = f"{WIDTH}x{HEIGHT}x24"
        self._spawn("Xvfb", f":{self.display}", "-screen", "0", screen, "-nolisten", "tcp")
        agent = Path(__file__).with_name("agent.py")
        self._spawn(
            "blender",
            "--window-geometry",
            "0",
            "0",
            str(WIDTH),
            str(HEIGHT),
            "--python",
            str(agent),
        )
        self.wait_for("bpy.context.window_manager.windows[0].width > 0", START_SECONDS)

    def _spawn(self, *words: str) -> None:
        settings = {
            "DISPLAY": f":{self.display}", "LIBGL_ALWAYS_SOFTWARE": "1", "LP_NUM_THREADS": "1",
            "BLENDER_USER_RESOURCES": str(self.home), "DIRFA_AGENT": str(self.socket_path),
            "XDG_RUNTIME_DIR": str(self.folder), **self.environment,
        }  # fmt: skip
        pairs = [f"{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    self.room.command(*pairs, *words),
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                )
            )  # fmt: skip

    def close(self) -> None:
        """Quit Blender, then take the screen away."""
        with contextlib.suppress(Exception):
            self.run("bpy.app.timers.register(bpy.ops.wm.quit_blender, first_interval=0.05)")
        for process in reversed(self._processes):
            if process is self._processes[0]:
                process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def kill(self) -> None:
        """Blender dies at once, as in a crash."""
        self._processes[1].kill()
        self._processes[1].wait()

    # -- asking ---------------------------------------------------------------------------------------

    def run(self, code: str) -> Any:
        """Run code in Blender's main thread; what it left in ``result``."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_SECONDS)
            line.connect(str(self.socket_path))
            with line.makefile("rwb") as file:
                file.write(json.dumps(code).encode() + b"\n")
                file.flush()
                answer = json.loads(file.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def ask(self, expression: str) -> Any:
        """Value of an expression in Blender."""
        return self.run(f"result = {expression}")

    def wait_for(self, expression: str, seconds: float = 60.0) -> float:
        """Wait until an expression is true; the seconds it took."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(OSError, ValueError):
                if self.ask(expression):
                    return time.monotonic() - began
            if len(self._processes) > 1 and not self.is_alive:
                raise NotSeen(f"Blender ended while waiting for {expression}; see {self.log}")
            if time.monotonic() - began > seconds:
                raise NotSeen(f"not within {seconds:.0f} s: {expression}")
            time.sleep(0.05)

    def pauses(self) -> Pauses:
        """The worst since the last call."""
        gaps = self.run("result = agent.gaps[:]; agent.gaps.clear()") or [(0.0, 0.0)]
        return Pauses(max(wall for wall, _ in gaps), max(own for _, own in gaps), len(gaps))

    # -- eyes and hands -------------------------------------------------------------------------------

    def picture(self, name: str) -> Path:
        """The screen as a PNG in the shared folder, drawn as Blender's data is now."""
        path = self.folder / f"{name}.png"
        seen: list[bytes] = []
        # Panels glide to their places, and a face that speaks live never stands still.
        for _ in range(MOST_PICTURES):
            # A Blender that has ended, or is busy, is shown as it was last.
            with contextlib.suppress(Exception):
                self.run(REDRAW)
            self._tool("import", "-window", "root", str(path))
            before, seen = seen, pixels(path)
            if seen == before:
                break
        return path

    def open_tab(self, tab: str = "DIRFA") -> None:
        """Open the sidebar at a tab, as N and a click on the tab do."""
        code = OPEN_TAB.format(tab=tab)
        for _ in range(50):
            if self.run(code) == tab:
                return
            time.sleep(0.1)
        raise NotSeen(f"the sidebar has no tab {tab}")

    def move(self, x: int, y: int) -> None:
        """Bring the pointer to a point of the screen, pixels from the upper left."""
        self._tool("xdotool", "mousemove", str(x - 1), str(y), "mousemove", str(x), str(y))
        time.sleep(SETTLE_SECONDS)

    def click_at(self, x: int, y: int) -> None:
        """Press and release the left button at a point."""
        self.move(x, y)
        time.sleep(0.3)
        self._tool("xdotool", "click", "1")
        self.clicks += 1
        time.sleep(0.3)

    def drag(self, x: int, y: int, right: int) -> None:
        """Press at a point, pull to the right, let go: as a slider is moved."""
        self.move(x, y)
        time.sleep(0.3)
        self._tool("xdotool", "mousedown", "1")
        for share in (0.2, 0.6, 1.0):
            self._tool("xdotool", "mousemove", str(x + int(share * right)), str(y))
            time.sleep(0.3)
        self._tool("xdotool", "mouseup", "1")
        time.sleep(0.3)

    def scroll(self, x: int, y: int, notches: int, button: str = "5") -> None:
        """Turn the wheel at a point: towards oneself, or away with button 4."""
        self.move(x, y)
        for _ in range(notches):
            self._tool("xdotool", "click", button)
        time.sleep(1.0)

    def key(self, *names: str) -> None:
        """Press keys, by their X names."""
        self._tool("xdotool", "key", *names)
        time.sleep(0.2)

    def under(self, x: int, y: int, kind: str = "UI") -> str:
        """What Blender says lies under the pointer: an operator call or a data path."""
        self.move(x, y)
        return self.run(UNDER_POINTER.format(x=x, y=HEIGHT - 1 - y, kind=kind))

    def find(self, what: str, across: tuple[float, ...] = ACROSS) -> tuple[int, int]:
        """Where in the sidebar a button or property lies, pixels from the upper left of the screen.

        Raises
        ------
        NotSeen
            It is not on the screen.
        """
        seen: set[str] = set()
        for _ in range(SEARCHES):
            for x, y in self._sidebar_points(across):
                text = self.under(x, y)
                seen.add(text)
                # Asked again: a busy Blender may still tell of where the pointer was.
                if what in text and self._is_steadily(what, x, y):
                    return x, y
            if not any(what in text for text in seen):
                break
        raise NotSeen(f"{what} is not in the sidebar; there are {sorted(seen - {''})}")

    def _sidebar_points(self, across: tuple[float, ...]) -> Iterator[tuple[int, int]]:
        """Points all over the sidebar, each column from top to bottom."""
        left, bottom, width, height, window_height = self.run(SIDEBAR)
        top = window_height - bottom - height
        for share in across:
            for y in range(top + 8, top + height - 4, STEP_PX):
                yield int(left + share * width), y

    def _is_steadily(self, what: str, x: int, y: int) -> bool:
        time.sleep(0.4)
        return what in self.under(x, y)

    def click(self, what: str, across: tuple[float, ...] = ACROSS) -> None:
        """Find a button and press it."""
        self.click_at(*self.find(what, across))

    def _tool(self, *words: str) -> None:
        command = self.room.command(f"DISPLAY=:{self.display}", *words)
        subprocess.run(command, check=True, capture_output=True, timeout=30)
