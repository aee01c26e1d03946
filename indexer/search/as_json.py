"""A page of hits as JSON: the same object from the command line and the HTTP API (docs/guide.md)."""

from __future__ import annotations

import dataclasses
from typing import Any

from indexer.search.page import Hit, Page


def page_json(page: Page) -> dict[str, Any]:
    """The whole answer."""
    return {
        "query": page.query,
        "hits": [hit_json(hit) for hit in page.hits],
        "more": page.more,
        "total": page.total,
        "took_ms": round(page.took_ms, 3),
        "coverage": dataclasses.asdict(page.coverage),
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One hit; dates in UTC."""
    return {
        "id": hit.id,
        "account": hit.account,
        "message_id": hit.message_id,
        "thread_id": hit.thread_id,
        "date": hit.date.isoformat().replace("+00:00", "Z"),
        "from": [str(each) for each in hit.sender],
        "to": [str(each) for each in hit.to],
        "subject": hit.subject.text,
        "folders": list(hit.folders),
        "flags": list(hit.flags),
        "attachments": [
            {"name": each.name, "type": each.mime_type, "size": each.size}
            for each in hit.attachments
        ],
        "size": hit.size,
        "snippet": hit.snippet.text,
    }
