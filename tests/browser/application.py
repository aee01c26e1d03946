"""A stand-in for the whole API, as far as the page asks it, on a real searcher."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from indexer.catalog import lookup
from indexer.catalog.overview import overview
from indexer.catalog.store import Catalog
from indexer.errors import MailseekError, QueryError
from indexer.index.whoosh_engine import WhooshEngine
from indexer.search.as_json import hit_json, message_json, page_json
from indexer.search.completing import completions
from indexer.search.opening import searcher
from indexer.search.paging import Sort
from indexer.search.searcher import Searcher
from indexer.settings import Settings
from search_api.routes import page
from tests.servers.stack import wait_for

ATTACHED = b"<script>document.title = 'run'</script>"
_MOST_COUNTED = 5_000


class Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def application(settings: Settings, token: str | None) -> FastAPI:
    """With `token` None everybody may search."""
    app = FastAPI()
    local = threading.local()

    def opened() -> tuple[Catalog, Searcher]:
        if not hasattr(local, "opened"):
            catalog = Catalog.open(settings.catalog_path, read_only=True)
            local.opened = catalog, searcher(settings, catalog)
        return local.opened  # type: ignore[no-any-return]

    def allowed(request: Request) -> None:
        if token is not None and request.headers.get("Authorization") != f"Bearer {token}":
            raise Refused(401, "this needs a token")

    @app.exception_handler(Refused)
    def refused(_request: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"title": "Refused", "detail": error.detail}, error.status)

    @app.exception_handler(MailseekError)
    def wrong(_request: Request, error: MailseekError) -> JSONResponse:
        more: dict[str, Any] = {"detail": error.message, "hint": error.cure}
        if isinstance(error, QueryError):
            more |= {"position": error.position, "length": error.length}
        return JSONResponse(more, 400 if isinstance(error, QueryError) else 503)

    private = [Depends(allowed)]

    @app.get("/v1/search", dependencies=private)
    def search(
        q: str,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        sort: Sort = "date",
        count: bool = False,
        threads: bool = False,
        cursor: str | None = None,
        facets: str = "",
    ) -> dict[str, Any]:
        catalog, searching = opened()
        found = searching.search(
            q, limit=limit, sort=sort, count=count, threads=threads, cursor=cursor
        )
        answer = page_json(found)
        answer["hits"] = [hit_json(each) | {"in_thread": each.in_thread} for each in found.hits]
        return answer | ({"facets": counted(catalog, searching, q)} if facets else {})

    @app.get("/v1/suggest", dependencies=private)
    def suggest(q: str) -> dict[str, Any]:
        catalog, _ = opened()
        engine = WhooshEngine(settings.index_path, settings.languages)
        return {
            "suggestions": [dataclasses.asdict(each) for each in completions(catalog, engine, q)]
        }

    @app.get("/v1/messages/{id_}", dependencies=private)
    def message(id_: int) -> dict[str, Any]:
        catalog, _ = opened()
        found = lookup.found(catalog, [id_]).get(id_)
        if found is None:
            raise Refused(404, "there is no such message")
        return message_json(found)

    @app.get("/v1/messages/{id_}/attachments/{number}", dependencies=private)
    def attachment(id_: int, number: int) -> Response:
        return Response(ATTACHED, media_type="application/octet-stream")

    @app.get("/v1/threads/{thread}", dependencies=private)
    def thread_of(thread: int) -> dict[str, Any]:
        _, searching = opened()
        found = searching.search(f"thread:{thread}", limit=200)
        return {"thread_id": thread, "messages": [hit_json(each) for each in found.hits[::-1]]}

    @app.get("/v1/status", dependencies=private)
    def status() -> dict[str, Any]:
        catalog, _ = opened()
        lines = [dataclasses.asdict(line) for line in overview(catalog)]
        return {"accounts": [{k: v for k, v in line.items() if k != "folders"} for line in lines]}

    app.include_router(page.router)
    return app


def counted(catalog: Catalog, searching: Searcher, query: str) -> dict[str, Any]:
    """Facets of the newest matches."""
    matches = searching.matches(searching.parsed(query))
    ids = [match.id for match in islice(matches, _MOST_COUNTED)]
    senders, folders, years, types = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    names: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        for each in lookup.found(catalog, ids[start : start + 500]).values():
            for sender in each.headers.sender[:1]:
                senders[sender.email] += 1
                names[sender.email] = sender.name or sender.email
            folders.update({place.folder for place in each.placements})
            years[str(datetime.fromtimestamp(each.date, UTC).year)] += 1
            types.update({one.mime_type for one in each.attachments})
    return {
        "senders": [
            {"value": value, "name": names[value], "count": count}
            for value, count in senders.most_common(10)
        ],
        "folders": [{"value": v, "count": count} for v, count in folders.most_common(10)],
        "years": [{"value": v, "count": count} for v, count in sorted(years.items(), reverse=True)],
        "types": [{"value": v, "count": count} for v, count in types.most_common(10)],
    }


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
