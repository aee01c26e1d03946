"""`/v1/search`: the language, the hits and the coverage of `mailseek search --json`."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from indexer import deadline
from indexer.query import syntax
from indexer.search.as_json import hit_json, page_json
from indexer.search.facets import FACETS, Facets, facets
from indexer.search.page import Page
from indexer.search.paging import Sort
from search_api import etags, models
from search_api.access import Caller, Search
from search_api.answers import picked
from search_api.models import HIT_FIELDS, SearchAnswer, SearchRequest
from search_api.problems import responses

router = APIRouter(tags=["search"])

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": SearchAnswer, "description": "A page of hits"},
    **responses(400),
}


def _some_of(names: tuple[str, ...]) -> str:
    one = "|".join(names)
    return f"^({one})(,({one})){{0,{len(names) - 1}}}$"


@router.get(
    "/v1/search",
    response_class=Response,
    responses={**_ANSWERS, 304: {"description": "The client has the answer (If-None-Match)."}},
)
def search(
    caller: Search,
    request: Request,
    q: Annotated[
        str,
        Query(
            max_length=models.LONGEST_QUERY,
            description="in mailseek's language; blank finds everything",
            examples=["from:ann is:unread"],
        ),
    ] = "",
    sort: Sort = "date",
    limit: Annotated[int, Query(ge=1, le=models.MOST_HITS)] = 20,
    cursor: Annotated[
        str | None, Query(max_length=models.LONGEST_CURSOR, description="of the page before")
    ] = None,
    threads: Annotated[bool, Query(description="one hit for each thread")] = False,
    count: Annotated[bool, Query(description="count all matches, exactly")] = False,
    fields: Annotated[
        str | None,
        Query(
            pattern=_some_of(HIT_FIELDS),
            max_length=400,
            description="which keys a hit shall have, with commas between them",
            examples=["id,subject,date"],
        ),
    ] = None,
    facets: Annotated[
        str | None,
        Query(
            pattern=_some_of(FACETS),
            max_length=100,
            description="what to count over the matches, with commas between them",
            examples=["senders,years"],
        ),
    ] = None,
    suggestions: Annotated[
        bool, Query(description="look for other words where nothing is found")
    ] = True,
) -> Response:
    """Find messages, the newest first, or as `sort` says."""
    asked = SearchRequest(
        q=q,
        sort=sort,
        limit=limit,
        cursor=cursor or None,
        threads=threads,
        count=count,
        fields=fields.split(",") if fields else None,  # type: ignore[arg-type]
        facets=facets.split(",") if facets else None,  # type: ignore[arg-type]
        suggestions=suggestions,
    )
    tag = etags.known_before(caller, request, asked.model_dump())
    if tag and etags.is_known(request, tag):
        return etags.not_modified(tag)
    return etags.answer(request, _found(caller, asked), tag)


@router.post("/v1/search", response_class=Response, responses=_ANSWERS)
def search_by_post(caller: Search, request: Request, asked: SearchRequest) -> Response:
    """The same for longer queries, and for filters of JMAP in place of `q`."""
    return etags.answer(request, _found(caller, asked), always=True)


def _found(caller: Caller, asked: SearchRequest) -> dict[str, Any]:
    text, dialect = asked.q or "", "mailseek"
    if asked.filter is not None:
        text, dialect = json.dumps(asked.filter, ensure_ascii=False), "jmap"
    with deadline.within(caller.settings.api.search_seconds):
        page = caller.searcher.search(
            text,
            limit=asked.limit,
            sort=asked.sort,
            count=asked.count,
            threads=asked.threads,
            cursor=asked.cursor,
            dialect=dialect,
            suggest=asked.suggestions,
        )
        answer = _page(page, asked)
        if asked.fields and "sent" in asked.fields:
            among = caller.searcher.among(syntax.In("sent"), [hit.id for hit in page.hits])
            for hit, told in zip(page.hits, answer["hits"], strict=True):
                told["sent"] = hit.id in among
        if asked.facets:
            query = caller.searcher.parsed(text, dialect)
            matches = caller.searcher.matches(query)
            counted = facets(caller.catalog, matches, asked.facets, caller.searcher.zone)
            answer["facets"] = _facets_json(counted)
    return answer


def _page(page: Page, asked: SearchRequest) -> dict[str, Any]:
    answer = page_json(page)
    answer["hits"] = [
        picked(
            hit_json(hit) | ({"in_thread": hit.in_thread} if asked.threads else {}), asked.fields
        )
        for hit in page.hits
    ]
    return answer


def _facets_json(counted: Facets) -> dict[str, Any]:
    values: dict[str, Any] = {
        facet: [
            {"value": each.value, "count": each.count} | ({"name": each.name} if each.name else {})
            for each in some
        ]
        for facet, some in counted.values.items()
    }
    return {**values, "of": counted.of, "exact": counted.is_exact}
