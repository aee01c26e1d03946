"""The HTTP API, put together: middleware, error handlers, and the routes of `search_api.routes`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from indexer import __version__
from indexer.settings import Settings, load
from search_api import environment, problems
from search_api.guards import BoundedBodies, LoopbackOnly, ProtectiveHeaders
from search_api.installation import Installation
from search_api.measures import Measured, Measures
from search_api.problems import ProblemDetails
from search_api.routes import (
    accounts,
    documentation,
    events,
    health,
    messages,
    page,
    saved,
    searching,
    subscriptions,
    suggestions,
)
from search_api.serving import State, beside
from search_api.syncing import Syncs
from search_api.webhooks.sending import Way

_DESCRIPTION = """Search IMAP mailboxes in milliseconds. Every request but /healthz, /readyz and the
documentation needs a token (`mailseek token create`), sent as `Authorization: Bearer msk_…`; a token
reaches some accounts, and messages that match its filter. Errors are problems as RFC 9457 has them."""


_ROUTES = (
    searching, messages, accounts, suggestions, saved, subscriptions, events, page, health,
    documentation,
)  # fmt: skip


def create_app(
    settings: Settings, *, secret: str | None = None, is_open: bool = False, way: Way | None = None
) -> FastAPI:
    """The application; `secret` is an administrator's token besides those of the catalog. With
    `is_open` whoever asks from this machine may search and read without one. `way`: how events are
    posted, where it is not as usual."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        async with beside(lambda: installation.settings, way) as state:
            yield state
        installation.close()

    installation = Installation(settings, secret=secret, is_open=is_open)
    app = FastAPI(
        title="mailseek",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/openapi.json",
        docs_url=None,  # routes.documentation has it: the usual ones load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.installation = installation
    app.state.measures = Measures()
    app.state.syncs = Syncs()
    problems.install(app)
    for module in _ROUTES:
        app.include_router(module.router)
    app.add_middleware(BoundedBodies)
    if settings.api.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.api.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Last-Event-ID"],
            expose_headers=["ETag", "Retry-After", "Content-Disposition"],
        )
    if is_open:
        app.add_middleware(LoopbackOnly, origins=settings.api.cors_origins)
    app.add_middleware(ProtectiveHeaders)
    app.add_middleware(Measured, measures=app.state.measures)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def application() -> FastAPI:
    """For uvicorn's `factory`: as the environment says, which all workers share. Raises ConfigError."""
    return create_app(
        load(),
        secret=environment.secret(os.environ),
        is_open=os.environ.get(environment.OPEN) == "1",
    )


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The document, with the schema of problems, which no route answers by itself."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
    return app.openapi_schema or {}
