"""Who may come in with how much: the token and the upload limit, before any route is asked."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .error_answers import error_answer

HEALTH = "/v1/health"
"""The one route that answers anybody."""


class Gate:
    """Lets requests through that carry the token and stay within the upload limit.

    A WebSocket looks at its token itself, since browsers cannot put it into a header.

    Parameters
    ----------
    max_bytes : of a request's body
    """

    def __init__(self, app: ASGIApp, token: str, max_bytes: int) -> None:
        self._app = app
        self._token = f"Bearer {token}".encode()
        self._max_bytes = max_bytes
        self._too_large = (
            f"The upload is larger than the {max_bytes / 1e6:.0f} MB this server takes."
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["path"] == HEALTH and scope["method"] == "GET"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not secrets.compare_digest(headers.get(b"authorization", b""), self._token):
            answer = error_answer(401, "This server wants the token of its current start.")
            answer.headers["WWW-Authenticate"] = "Bearer"
            await answer(scope, receive, send)
        elif int(headers.get(b"content-length", b"0") or 0) > self._max_bytes:
            await error_answer(413, self._too_large)(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        """What comes in, refused where it is more than its header said or did not say."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, self._too_large)
            return message

        return counted
