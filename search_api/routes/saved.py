"""`/v1/saved`: queries that have names."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from indexer import deadline
from indexer.catalog import saved
from indexer.catalog.store import Catalog
from indexer.search.opening import searcher
from indexer.search.saving import keep
from search_api.access import Admin, Search
from search_api.answers import Json
from search_api.models import SavedAnswer, SavedLine, SavedRequest
from search_api.problems import not_found, responses

router = APIRouter(tags=["saved searches"])

Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$", examples=["invoices"])]


@router.get(
    "/v1/saved",
    response_class=Json,
    responses={200: {"model": SavedAnswer, "description": "Names and queries"}, **responses()},
)
def listed(caller: Search) -> Json:
    """All saved searches; `query:NAME` finds within the token what each finds."""
    found = saved.listed(caller.catalog)
    return Json({"saved": [{"name": name, "query": query} for name, query in found.items()]})


@router.put(
    "/v1/saved/{name}",
    response_class=Json,
    responses={200: {"model": SavedLine, "description": "It is saved"}, **responses(400)},
)
def put(caller: Admin, name: Name, asked: SavedRequest) -> Json:
    """Give a query a name, in place of the one that had it."""
    caller.let_go()
    with (
        deadline.within(caller.settings.api.search_seconds),
        Catalog.open(caller.settings.catalog_path) as catalog,
    ):
        keep(catalog, searcher(caller.settings, catalog), name, asked.query)
    return Json({"name": name, "query": asked.query})


@router.delete(
    "/v1/saved/{name}",
    status_code=204,
    response_class=Response,
    responses=responses(404),
)
def delete(caller: Admin, name: Name) -> Response:
    """Forget a saved search."""
    caller.let_go()
    with Catalog.open(caller.settings.catalog_path) as catalog:
        if not saved.remove(catalog, name):
            raise not_found(f"no saved search is called {name!r}")
    return Response(status_code=204)
