"""Subscriptions and events as requests and answers have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from indexer.catalog.subscriptions import Subscription

LARGEST = 2**63 - 1
"""Of what the catalog can hold."""


class NewSubscription(BaseModel):
    """What is to be watched, and where its events go."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"query": "list:support is:unread", "url": "https://app.example.com/mail-events"}
            ]
        },
    )

    query: str = Field(max_length=16_384, description="In the language of searches.")
    url: str | None = Field(
        default=None,
        max_length=2000,
        description="Where events are posted. Without, they are only kept: ask for them, or stream.",
    )


class Position(BaseModel):
    """From where on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"after": 4711}]})

    after: int = Field(ge=0, le=LARGEST, description="A cursor; 0 is before all events.")


class SubscriptionAnswer(BaseModel):
    """A subscription, and how its events get on."""

    id: int
    token: int | None = Field(description="Id of the token whose it is; null: the administrator's.")
    query: str
    url: str | None
    created: str
    rotated: str | None = Field(description="When its secret was last changed.")
    paused: str | None = Field(description="Why nothing is posted; null where it is.")
    delivered: int = Field(description="Cursor of the last event that arrived.")
    waiting: int = Field(description="Events that have not arrived yet.")
    failures: int = Field(description="Tries in a row that failed.")
    next_try: str | None
    last_error: str | None


class SubscriptionWithSecret(SubscriptionAnswer):
    """The only answer that has the secret."""

    secret: str = Field(description="Signs its events.", examples=["whsec_…"])


class Subscriptions(BaseModel):
    """Those that the token reaches."""

    subscriptions: list[SubscriptionAnswer]


class EventAnswer(BaseModel):
    """A message that entered the results, or left them; `message` as it was then."""

    id: str = Field(examples=["evt_4712"])
    cursor: int
    type: Literal["message.entered", "message.left"]
    subscription: int
    at: str
    message: dict[str, Any]


class Events(BaseModel):
    """Events in the order of their cursors."""

    events: list[EventAnswer]
    cursor: int = Field(description="`after` of the next request.")
    more: bool = Field(description="Whether there are more by now.")
    missing: bool = Field(
        description="Whether there may have been some behind `after` that were too old to be kept."
    )


def told(subscription: Subscription, waiting: int) -> dict[str, Any]:
    """A subscription as answers have it."""
    return {
        "id": subscription.id,
        "token": subscription.token_id,
        "query": subscription.query,
        "url": subscription.url or None,
        "created": _time(subscription.created),
        "rotated": _time(subscription.rotated),
        "paused": subscription.paused or None,
        "delivered": subscription.delivered,
        "waiting": waiting,
        "failures": subscription.failures,
        "next_try": _time(subscription.not_before),
        "last_error": subscription.last_error or None,
    }


def _time(seconds: float) -> str | None:
    if not seconds:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
