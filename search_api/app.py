"""The HTTP API: search, and whether the installation is well. Nothing is served without the token."""

from __future__ import annotations

import dataclasses
import hmac
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from indexer import __version__
from indexer.catalog.overview import overview
from indexer.catalog.store import Catalog
from indexer.search.as_json import page_json
from indexer.search.opening import searcher
from indexer.search.paging import Sort
from indexer.search.searcher import Searcher
from indexer.settings import Settings
from search_api import problems
from search_api.installation import Installation
from search_api.routes import events, subscriptions
from search_api.serving import State, beside
from search_api.webhooks.sending import Way

_MOST_HITS = 200
_LONGEST_QUERY = 2000  # characters


class _Unauthorized(Exception):
    """No token, or a wrong one."""


def create_app(settings: Settings, token: str | None, way: Way | None = None) -> FastAPI:
    """The application; with `token` None everybody who reaches it may search (loopback only).

    `way`: how events are posted, where it is not as usual.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        async with beside(lambda: installation.settings, way) as state:
            yield state
        installation.close()

    installation = Installation(settings, secret=token, is_open=token is None)
    app = FastAPI(
        title="mailseek", version=__version__, openapi_url="/openapi.json", lifespan=lifespan
    )
    app.state.installation = installation
    app.include_router(subscriptions.router)
    app.include_router(events.router)
    problems.install(app)
    opened = _of_thread(settings)

    def allowed(
        given: Annotated[
            HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))
        ],
    ) -> None:
        if token is not None and not (
            given and hmac.compare_digest(given.credentials.encode(), token.encode())
        ):
            raise _Unauthorized

    @app.exception_handler(_Unauthorized)
    def unauthorized(_request: Request, _error: _Unauthorized) -> JSONResponse:
        answer = _problem(401, "Unauthorized", "send the token: Authorization: Bearer …")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> dict[str, str]:
        """The catalog can be read."""
        catalog, _ = opened()
        catalog.connection.execute("SELECT 1 FROM account LIMIT 1").fetchone()
        return {"status": "ok"}

    @app.get("/metrics", dependencies=[Depends(allowed)], response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        """What `mailseek beat --metrics` serves as well."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        from worker.metrics import registry

        return PlainTextResponse(
            generate_latest(registry(settings)), media_type=CONTENT_TYPE_LATEST
        )

    @app.get("/v1/search", dependencies=[Depends(allowed)])
    def search(
        q: Annotated[str, Query(max_length=_LONGEST_QUERY, examples=["from:ann is:unread"])],
        limit: Annotated[int, Query(ge=1, le=_MOST_HITS)] = 20,
        sort: Sort = "date",
        count: bool = False,
        threads: bool = False,
    ) -> dict[str, Any]:
        """The language, the hits and the coverage of `mailseek search --json`."""
        _, searching = opened()
        return page_json(searching.search(q, limit=limit, sort=sort, count=count, threads=threads))

    @app.get("/v1/status", dependencies=[Depends(allowed)])
    def status() -> dict[str, Any]:
        """Accounts and their counts."""
        catalog, _ = opened()
        lines = [dataclasses.asdict(line) for line in overview(catalog)]
        return {"accounts": [{k: v for k, v in line.items() if k != "folders"} for line in lines]}

    return app


def _of_thread(settings: Settings) -> Callable[[], tuple[Catalog, Searcher]]:
    """A function that gives each thread that answers a catalog and a searcher of its own, kept warm."""
    local = threading.local()

    def opened() -> tuple[Catalog, Searcher]:
        if not hasattr(local, "opened"):
            catalog = Catalog.open(settings.catalog_path, read_only=True)
            local.opened = catalog, searcher(settings, catalog)
        found: tuple[Catalog, Searcher] = local.opened
        return found

    return opened


def _problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")
