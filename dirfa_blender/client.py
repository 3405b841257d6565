"""HTTP client of the inference server: eight verbs, on the standard library. No bpy.

Proxies are never asked: ``http_proxy`` set for the internet would swallow requests to this computer.
Files are sent as they are read, so an hour of speech needs no memory here. Verbs block; a window that
must stay alive calls them from `background`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import secrets
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from .core.errors import (
    FormatError,
    JobCancelled,
    JobFailed,
    ProtocolMismatch,
    ServerError,
    Unreachable,
)
from .core.file_names import told_name
from .core.protocol import (
    PROTOCOL_VERSION,
    AnimateSettings,
    JobStatus,
    PhotoSettings,
    ServerInfo,
    from_json,
    to_json,
)

ANSWER_SECONDS = 30.0
"""Longest silence of a living server: it repeats a job's state every second."""
BLOCK_BYTES = 1 << 18
MAX_LINE_BYTES = 1 << 20
LINE_END = b"\r\n"


@dataclass(frozen=True)
class Client:
    """A server, by address and token.

    Parameters
    ----------
    url : ``http://host:port``
    """

    url: str
    token: str

    def info(self, *, timeout_seconds: float = ANSWER_SECONDS) -> ServerInfo:
        """Who answers.

        Raises
        ------
        Unreachable
            Nobody does.
        ServerError
            Another program does, such as one that has taken the port.
        ProtocolMismatch
            A server of another version does.
        """
        data = self._ask("GET", "/v1/info", timeout_seconds=timeout_seconds)
        found = _said(data)
        protocol = found.get("protocol")
        if not isinstance(protocol, int):
            raise self.stranger("something else")
        if protocol != PROTOCOL_VERSION:
            version = found.get("version", "unknown")
            if protocol > PROTOCOL_VERSION:
                raise ProtocolMismatch(
                    f"The server at {self.url} is newer, version {version} with protocol {protocol}, than "
                    f"this program with {PROTOCOL_VERSION}. Update the program, or use the server that "
                    "came with it."
                )
            raise ProtocolMismatch(
                f"The server at {self.url} is older, version {version} with protocol {protocol}, than "
                f"this program with {PROTOCOL_VERSION}. Update the server, or use the one that came with "
                "the program."
            )
        try:
            return from_json(ServerInfo, data)
        except FormatError as error:
            raise ProtocolMismatch(
                f"The server at {self.url} is of another version than this program. Use the one that came "
                f"with the program. {error}"
            ) from error

    def animate(self, audio: Path, settings: AnimateSettings) -> JobStatus:
        """Submit a recording; the job that makes its take."""
        return self._submit("/v1/animations", "audio", [audio], to_json(settings))

    def fit(self, photo: Path, settings: PhotoSettings, turned: Sequence[Path] = ()) -> JobStatus:
        """Submit a photo, and others of the same person turned; the job that makes the head."""
        return self._submit("/v1/heads", "photo", [photo, *turned], to_json(settings))

    def landmarks(self, photo: Path) -> JobStatus:
        """Submit a photo; the job that finds its face landmarks."""
        return self._submit("/v1/landmarks", "photo", [photo], None)

    def status(self, job_id: str) -> JobStatus:
        """State of a job."""
        return from_json(JobStatus, self._ask("GET", f"/v1/jobs/{job_id}"))

    def events(self, job_id: str) -> Iterator[JobStatus]:
        """States of a job as they change, to the final one.

        Raises
        ------
        Unreachable
            The server went away before the job ended.
        """
        with self._open("GET", f"/v1/jobs/{job_id}/events") as answer:
            while line := self._line(answer):
                status = from_json(JobStatus, line)
                yield status
                if status.is_final:
                    return
        raise self.gone()

    def result(self, job_id: str) -> bytes:
        """The ``.npz`` a job made.

        Raises
        ------
        JobFailed, JobCancelled
            It made none; the sentence is the server's.
        """
        for status in self.events(job_id):
            if status.state == "failed":
                raise JobFailed(status.error or "The server did not say why the job failed.")
            if status.state == "cancelled":
                raise JobCancelled("The job was cancelled.")
        return self._ask("GET", f"/v1/jobs/{job_id}/result")

    def cancel(self, job_id: str) -> JobStatus:
        """Stop a job, or let the server forget its result."""
        return from_json(JobStatus, self._ask("DELETE", f"/v1/jobs/{job_id}"))

    def _submit(
        self, route: str, field: str, files: Sequence[Path], settings: str | None
    ) -> JobStatus:
        boundary = secrets.token_hex(16)
        start = b""
        if settings is not None:
            start = _part_head(boundary, 'name="settings"') + settings.encode() + b"\r\n"
        heads = [_part_head(boundary, f'name="{field}"; filename="{_plain(f)}"') for f in files]
        tail = f"--{boundary}--\r\n".encode()
        file = files[0]
        try:
            with contextlib.ExitStack() as stack:
                size = len(start) + len(tail)
                parts: list[tuple[bytes, BinaryIO]] = []
                for head, file in zip(heads, files, strict=True):
                    handle = stack.enter_context(file.open("rb"))
                    size += len(head) + os.fstat(handle.fileno()).st_size + len(LINE_END)
                    parts.append((head, handle))
                headers = {
                    "Content-Type": f"multipart/form-data; boundary={boundary}",
                    "Content-Length": str(size),
                }
                body = _body(start, parts, tail)
                return from_json(JobStatus, self._ask("POST", route, body=body, headers=headers))
        except OSError as error:
            raise FormatError(
                f"The file {file} cannot be read: {error.strerror}. Check its path and who may read it."
            ) from error

    def _ask(
        self,
        method: str,
        route: str,
        *,
        body: Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        timeout_seconds: float = ANSWER_SECONDS,
    ) -> bytes:
        with self._open(method, route, body, headers, timeout_seconds) as answer:
            try:
                return answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise self.gone() from error

    @contextlib.contextmanager
    def _open(
        self,
        method: str,
        route: str,
        body: Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        timeout_seconds: float = ANSWER_SECONDS,
    ) -> Generator[http.client.HTTPResponse]:
        fields = {**self.authorization, **(headers or {})}
        connection = self.connection(timeout_seconds)
        try:
            try:
                # A refused upload is answered before it is read to the end.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, route, body, fields)
                answer = connection.getresponse()
                if answer.status >= 400:
                    raise self.refusal(answer)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, http.client.BadStatusLine) and not isinstance(error, OSError):
                    raise self.stranger("no HTTP") from error
                raise self.gone() from error
            yield answer
        finally:
            connection.close()

    def _line(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.readline(MAX_LINE_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise self.gone() from error

    @property
    def authorization(self) -> dict[str, str]:
        """The header that every request carries."""
        return {"Authorization": f"Bearer {self.token}"}

    def connection(self, timeout_seconds: float = ANSWER_SECONDS) -> http.client.HTTPConnection:
        """A connection to the server, opened by its first request."""
        address = urlsplit(self.url)
        secure = address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(address.hostname or "", address.port, timeout=timeout_seconds)

    def gone(self) -> Unreachable:
        """The error for a server that ended or cannot be reached."""
        return Unreachable(
            f"The inference server at {self.url} does not answer: it is not running, or was ended "
            "while it worked. Start it and run the same again."
        )

    def refusal(self, answer: http.client.HTTPResponse) -> ServerError:
        """The error for an answer that refuses: the server's own sentence, if it is our server."""
        sentence = _said(answer.read()).get("error")
        if isinstance(sentence, str):
            return ServerError(sentence)
        status = f"HTTP status {answer.status} {answer.reason}"
        if answer.status >= http.client.INTERNAL_SERVER_ERROR:
            # A fault of ours, or of a proxy that stands before it.
            return ServerError(f"The server answered with {status}.")
        return self.stranger(status)

    def stranger(self, found: str) -> ServerError:
        """The error for another program at the server's address."""
        return ServerError(
            f"At {self.url} the inference server of this project was expected, and another program "
            f"answers with {found}. Correct the address, or start the server at a port that is free."
        )


def _part_head(boundary: str, disposition: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()


def _plain(file: Path) -> str:
    """A file's name without what would end a header early."""
    return re.sub(r'["\\\r\n]', "_", told_name(file.name))


def _body(start: bytes, parts: Sequence[tuple[bytes, BinaryIO]], tail: bytes) -> Iterator[bytes]:
    yield start
    for head, handle in parts:
        yield head
        while block := handle.read(BLOCK_BYTES):
            yield block
        yield LINE_END
    yield tail


def _said(data: bytes) -> dict[str, object]:
    """The object of an answer; empty where it is none."""
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
