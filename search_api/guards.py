"""What holds for every request and every answer, whatever the route: ASGI middleware.

Bodies are read whole, within bounds of size and time, before a route sees them. An installation that
is open (`--open`) answers this machine alone, and no web page of somebody else's: the name by which
it was asked must be a loopback one (a name that was rebound to 127.0.0.1 is another one), and so must
the page's that asks.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.settings import is_loopback
from search_api.problems import Problem

LARGEST_BODY = 256 * 1024
"""Octets of a request."""

_BODY_SECONDS = 10.0  # within which it must be there
_PROTECTION = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "cache-control": "no-store",
}


class ProtectiveHeaders:
    """Adds headers that tell browsers to be careful, where a route did not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _PROTECTION.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending)


class BoundedBodies:
    """Reads a request's body before anything else does; one that is too large or slow is refused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await _body(scope, receive)
        except Problem as problem:
            await problem.answer()(scope, receive, send)
            return
        is_given = False

        async def given() -> Message:
            nonlocal is_given
            if is_given:
                return await receive()  # which tells when the other side has gone
            is_given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, given, send)


class LoopbackOnly:
    """For an open installation: this machine alone, and no page of another one."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "http" and not self._is_from_here(scope):
            problem = Problem(
                403,
                "Forbidden",
                "without a token, this machine alone is answered, by the name of localhost",
                hint="use http://127.0.0.1 or http://localhost, or a token without --open",
            )
            await problem.answer()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_from_here(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        peer = scope.get("client")
        return (
            (peer is None or is_loopback(peer[0]))
            and is_loopback(_host(f"//{headers.get('host', '')}"))
            and (
                origin is None
                or origin in self._origins
                or urlsplit(origin).netloc == headers.get("host")
            )
        )


async def _body(scope: Scope, receive: Receive) -> bytes:
    too_large = Problem(
        413, "Content too large", f"a request may have {LARGEST_BODY} octets at the most"
    )
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return bytes(body)
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    raise too_large
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise Problem(
            408, "Request timeout", f"the request was not there after {_BODY_SECONDS:g} seconds"
        ) from None  # fmt: skip


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
