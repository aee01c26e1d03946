"""A server that ends well: streams of events are told, and what runs beside the application stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypedDict

import uvicorn
from starlette.concurrency import run_in_threadpool

from indexer.settings import Settings
from search_api.webhooks.delivering import Deliverer
from search_api.webhooks.sending import Way


class State(TypedDict):
    """What requests find in `request.state`: `closing` is set when the server begins to end."""

    closing: asyncio.Event


class Server(uvicorn.Server):
    """uvicorn waits for answers that are under way before it tells the application that it ends:
    for a stream, that would be for ever. So this tells it first."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the streams, then as uvicorn does."""
        closing = getattr(self.lifespan, "state", {}).get("closing")
        if closing is not None:
            closing.set()
        await super().shutdown(sockets)


@asynccontextmanager
async def beside(settings: Callable[[], Settings], way: Way | None = None) -> AsyncIterator[State]:
    """What runs as long as an application does; for its `lifespan`."""
    deliverer = Deliverer(settings, way or Way())
    deliverer.start()
    closing = asyncio.Event()
    try:
        yield {"closing": closing}
    finally:
        closing.set()
        await run_in_threadpool(deliverer.stop)
