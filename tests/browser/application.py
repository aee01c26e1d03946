"""The real application for the page; only attachments come from here, and not from an IMAP server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from indexer.settings import Settings
from search_api.app import create_app
from tests.servers.stack import wait_for

ATTACHED = b"<script>document.title = 'run'</script>"


def attachment(id_: int, number: int) -> Response:
    return Response(ATTACHED, media_type="application/octet-stream")


def application(settings: Settings, token: str | None) -> FastAPI:
    """With `token` None everybody may search."""
    app = create_app(settings, secret=token, is_open=token is None)
    path = "/v1/messages/{id_}/attachments/{number}"
    app.router.routes.insert(0, APIRoute(path, attachment))
    return app


@contextmanager
def serving(
    settings: Settings, token: str | None = None, *, port: int = 0, slow: str = ""
) -> Iterator[str]:
    """The address of a real server of the page and its API; a search for `slow` takes long."""
    app = application(settings, token)

    @app.middleware("http")
    async def wait(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if slow and request.query_params.get("q") == slow:
            await asyncio.sleep(1)
        return await go_on(request)

    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_for(lambda: server.started, 10)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
