"""Behind a proxy, for real: a small one on this machine, and downloads from hosts that only it knows."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dirfa_blender.core.errors import ServerError
from dirfa_blender.setup import installation, interpreters, system
from dirfa_blender.setup.environment import SERVER, Environment
from dirfa_blender.setup.installation import Source
from tests.test_server_setup import PROJECT, write_wheel

# Names below .invalid lead nowhere (RFC 2606): what arrives from there came through the proxy.
INDEX = "http://packages.invalid/simple/"
MIRROR = "http://pythons.invalid"


@dataclass
class Proxy:
    """A forward proxy that answers for hosts which do not exist; what it was asked is kept."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[str] = field(default_factory=list[str])
    address: str = ""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            # A proxy is asked for whole addresses, a server only for paths.
            made.asked.append(self.path)
            content = made.files.get(self.path)
            self.send_response(404 if content is None else 200)
            kind = "text/html" if self.path.endswith("/") else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def do_CONNECT(self) -> None:
            made.asked.append(f"CONNECT {self.path}")
            self.send_error(502)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way of this machine's own to packages."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    monkeypatch.setenv("PIP_TRUSTED_HOST", "packages.invalid")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")


def python_here() -> system.Python:
    found = system.probe(Path(sys.executable))
    assert found is not None
    return found


@pytest.mark.usefixtures("bare")
def test_packages_come_through_the_proxy_of_the_preferences(proxy: Proxy, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path)
    page = f'<a href="http://packages.invalid/files/{wheel.name}">{wheel.name}</a>'
    proxy.files[f"{INDEX}tinything/"] = page.encode()
    proxy.files[f"http://packages.invalid/files/{wheel.name}"] = wheel.read_bytes()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    home = Environment(tmp_path / "environment", tmp_path)

    installation.install(
        home, (SERVER,), python_here(), lambda _: None, source=Source("cpu", proxy.address)
    )

    assert home.condition() == "ready"
    assert proxy.asked == [
        f"{INDEX}tinything/",
        f"http://packages.invalid/files/{wheel.name}",
    ]


@pytest.mark.usefixtures("bare")
def test_a_proxy_that_does_not_answer_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    home = Environment(tmp_path / "environment", tmp_path)
    # Port 9, discard: nothing listens there.
    source = Source("cpu", "http://127.0.0.1:9")

    with pytest.raises(ServerError, match=r"Check the (proxy address|network) and run the same"):
        installation.install(home, (SERVER,), python_here(), lambda _: None, source=source)

    assert home.condition() == "incomplete"


@pytest.mark.usefixtures("bare")
def test_an_interpreter_comes_through_the_proxy(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(interpreters.TOOL) is None:
        pytest.skip("no uv on PATH, which fetches interpreters")
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", MIRROR)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    interpreters.fetch(tmp_path, 11, None, Source("cpu", proxy.address), lambda *_: None)

    assert any(address.startswith(MIRROR) for address in proxy.asked)


@pytest.mark.usefixtures("bare")
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uv is a script")
def test_the_tool_that_fetches_interpreters_is_told_the_proxy(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where uv is missing: a stand-in that fetches with what its surroundings say, as uv does."""
    tool = tmp_path / "uv"
    target = f"{MIRROR}/cpython.tar.gz"
    proxy.files[target] = b"an interpreter"
    tool.write_text(
        f"#!{sys.executable}\nimport os, urllib.request, pathlib\n"
        f"data = urllib.request.urlopen({target!r}).read()\n"
        "pathlib.Path(os.environ['UV_PYTHON_INSTALL_DIR'], 'got').write_bytes(data)\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "pythons"
    folder.mkdir()

    assert interpreters.fetch(folder, 11, None, Source("cpu", proxy.address), lambda *_: None)

    assert (folder / "got").read_bytes() == b"an interpreter"
    assert proxy.asked == [target]
