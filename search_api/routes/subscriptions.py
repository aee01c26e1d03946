"""`/v1/subscriptions`: standing queries, their secrets, and going back to earlier events.

A token has its own subscriptions; an administrator reaches all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool

from indexer import standing
from indexer.catalog import events, subscriptions
from indexer.catalog.store import Catalog
from indexer.catalog.subscriptions import Subscription
from indexer.errors import UsageError
from indexer.search.opening import searcher
from indexer.settings import Settings
from search_api.access import Caller, Search
from search_api.problems import not_found, responses
from search_api.subscription_models import (
    LARGEST,
    NewSubscription,
    Position,
    SubscriptionAnswer,
    Subscriptions,
    SubscriptionWithSecret,
    told,
)
from search_api.webhooks import signing, targets

router = APIRouter(tags=["subscriptions"])

Id = Annotated[int, Path(ge=1, le=LARGEST)]

_RESOLVED_WITHIN = 5.0  # seconds


@router.post("/v1/subscriptions", status_code=201, responses=responses(400))
async def create(caller: Search, wanted: NewSubscription) -> SubscriptionWithSecret:
    """Watch a query: an event for each message that enters its results, or leaves them, from now on.

    The answer has the secret that signs events; it is not shown again.
    """
    settings, owner = caller.settings, owner_of(caller)
    await run_in_threadpool(caller.searcher.parsed, wanted.query)
    caller.let_go()  # others search while a name is being resolved
    if wanted.url is not None:
        await _check(settings, wanted.url)
    made = await run_in_threadpool(_create, settings, owner, wanted)
    return SubscriptionWithSecret(**made)


@router.get("/v1/subscriptions", responses=responses())
def listed(caller: Search) -> Subscriptions:
    """Those of the token; all of them for an administrator."""
    some = [each for each in subscriptions.listed(caller.catalog) if _reaches(caller, each)]
    return Subscriptions(
        subscriptions=[SubscriptionAnswer(**_told(caller.catalog, each)) for each in some]
    )


@router.get("/v1/subscriptions/{id}", responses=responses(404))
def one(caller: Search, id: Id) -> SubscriptionAnswer:
    """How its events get on."""
    return SubscriptionAnswer(**_told(caller.catalog, _found(caller, id)))


@router.delete("/v1/subscriptions/{id}", status_code=204, responses=responses(404))
def remove(caller: Search, id: Id) -> None:
    """Watch it no longer, and forget its events."""
    _found(caller, id)
    with Catalog.open(caller.settings.catalog_path) as catalog:
        subscriptions.remove(catalog, id)


@router.post("/v1/subscriptions/{id}/rotate", responses=responses(404))
def rotate(caller: Search, id: Id) -> SubscriptionWithSecret:
    """Another secret. For a day events are signed with the old one as well."""
    changed = _changed(caller, id, subscriptions.rotate)
    return SubscriptionWithSecret(**changed, secret=_secret(caller.settings, caller.catalog, id))


@router.post("/v1/subscriptions/{id}/replay", responses=responses(400, 404))
def replay(caller: Search, id: Id, position: Position) -> SubscriptionAnswer:
    """Post all events behind a cursor again, in their order, with the ids that they had."""

    def go_back(catalog: Catalog, id_: int) -> None:
        subscriptions.go_back(catalog, id_, position.after)

    return SubscriptionAnswer(**_changed(caller, id, go_back))


@router.post("/v1/subscriptions/{id}/resume", responses=responses(404))
def resume(caller: Search, id: Id) -> SubscriptionAnswer:
    """Go on with one that is paused, at the event where it stopped."""
    return SubscriptionAnswer(**_changed(caller, id, subscriptions.resume))


def owner_of(caller: Caller) -> int | None:
    """The id of the caller's token; None for the administrator of the environment, who has no row,
    and where no token is needed."""
    return (caller.token.id or None) if caller.token else None


def _reaches(caller: Caller, subscription: Subscription) -> bool:
    return caller.is_admin or subscription.token_id == owner_of(caller)


def _found(caller: Caller, id_: int) -> Subscription:
    found = subscriptions.find(caller.catalog, id_)
    if found is None or not _reaches(caller, found):
        raise not_found("there is no such subscription")
    return found


def _changed(caller: Caller, id_: int, change: Callable[[Catalog, int], None]) -> dict[str, Any]:
    _found(caller, id_)
    with Catalog.open(caller.settings.catalog_path) as catalog:
        change(catalog, id_)
    return _told(caller.catalog, _found(caller, id_))


def _create(settings: Settings, owner: int | None, wanted: NewSubscription) -> dict[str, Any]:
    with Catalog.open(settings.catalog_path) as catalog:
        signing.key(settings.home)  # if it cannot be had, nothing is made
        searching = searcher(settings, catalog)
        made = standing.create(catalog, searching, owner, wanted.query, wanted.url or "")
        return _told(catalog, made) | {"secret": _secret(settings, catalog, made.id)}


def _secret(settings: Settings, catalog: Catalog, id_: int) -> str:
    found = subscriptions.find(catalog, id_)
    if found is None:
        raise not_found("there is no such subscription")
    return signing.secret(signing.key(settings.home), id_, found.generation)


def _told(catalog: Catalog, each: Subscription) -> dict[str, Any]:
    return told(each, events.waiting(catalog, each.id, each.delivered) if each.url else 0)


async def _check(settings: Settings, url: str) -> None:
    target = targets.parsed(url)
    try:
        async with asyncio.timeout(_RESOLVED_WITHIN):
            await targets.addresses(target, settings.api.webhook_hosts)
    except TimeoutError:
        raise UsageError(
            "the URL's host could not be resolved", where="url", cure="try again later"
        ) from None
