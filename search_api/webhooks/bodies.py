"""An event as it is posted, listed and streamed: the same JSON everywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from indexer.catalog.events import Event


def event_id(event: Event) -> str:
    """The same in every try and every replay."""
    return f"evt_{event.cursor}"


def event_json(event: Event) -> dict[str, Any]:
    """One event; times in UTC."""
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
    return {
        "id": event_id(event),
        "cursor": event.cursor,
        "type": f"message.{event.kind}",
        "subscription": event.subscription_id,
        "at": at.replace("+00:00", "Z"),
        "message": dict(event.message),
    }


def body(event: Event) -> bytes:
    """What is posted, octet by octet the same in every try."""
    return json.dumps(event_json(event), ensure_ascii=False, separators=(",", ":")).encode(
        errors="replace"
    )
