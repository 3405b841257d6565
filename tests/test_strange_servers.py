"""What answers where our server should: another program, or a server of another version."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dirfa_blender.client import Client
from dirfa_blender.core.errors import ProtocolMismatch, ServerError, Unreachable
from dirfa_blender.core.protocol import PROTOCOL_VERSION


@contextmanager
def web_server(status: int, body: bytes) -> Iterator[Client]:
    """A program that answers everything alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Client(f"http://127.0.0.1:{server.server_address[1]}", "token")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def greeter(words: bytes) -> Iterator[Client]:
    """A program that says something of its own to whoever calls, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            caller, _ = listening.accept()
            caller.recv(1024)
            caller.sendall(words)
            caller.close()

        thread = threading.Thread(target=greet)
        thread.start()
        yield Client(f"http://127.0.0.1:{listening.getsockname()[1]}", "token")
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, b"<html>Router</html>", "something else"),
        (200, b"", "something else"),
        (200, b"[1, 2]", "something else"),
        (200, b'{"hello": 1}', "something else"),
        (404, b"<html>Not found</html>", "HTTP status 404 Not Found"),
        (401, b"Log in first", "HTTP status 401 Unauthorized"),
    ],
)
def test_another_program_at_the_address_is_said_with_what_to_do(
    status: int, body: bytes, found: str
) -> None:
    with (
        web_server(status, body) as client,
        pytest.raises(
            ServerError, match=f"another program answers with {found}.*Correct the address"
        ) as caught,
    ):
        client.info()

    assert client.url in str(caught.value)


def test_a_program_that_speaks_no_http_is_said_to_be_another_one() -> None:
    with (
        greeter(b"SSH-2.0-OpenSSH_9.2\r\n") as client,
        pytest.raises(ServerError, match="another program answers with no HTTP"),
    ):
        client.info()


def test_a_program_that_hangs_up_is_no_server_that_runs() -> None:
    with greeter(b"") as client, pytest.raises(Unreachable, match="does not answer"):
        client.info()


@pytest.mark.parametrize(
    ("protocol", "older"), [(PROTOCOL_VERSION + 1, "program"), (PROTOCOL_VERSION - 1, "server")]
)
def test_a_server_of_another_version_is_said_with_which_of_both_to_update(
    protocol: int, older: str
) -> None:
    body = json.dumps({"protocol": protocol, "version": "9.8.7"}).encode()

    with (
        web_server(200, body) as client,
        pytest.raises(ProtocolMismatch, match=rf"version 9\.8\.7.*Update the {older}"),
    ):
        client.info()


def test_a_server_that_says_less_of_itself_is_of_another_version() -> None:
    body = json.dumps({"protocol": PROTOCOL_VERSION}).encode()

    with (
        web_server(200, body) as client,
        pytest.raises(ProtocolMismatch, match="another version than this program"),
    ):
        client.info()


def test_a_fault_of_the_server_itself_is_no_other_program() -> None:
    with (
        web_server(500, b"Internal Server Error") as client,
        pytest.raises(ServerError, match="HTTP status 500 Internal Server Error"),
    ):
        client.info()
