"""What a document has in columns of JSON: headers, attachments, notes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from indexer.extract.document import Address, Attachment, Headers


def headers_to_json(headers: Headers) -> str:
    """What of the headers has no column of its own; empty fields are left out."""
    addresses = {
        name: [[each.name, each.email] for each in group]
        for name in ("sender", "to", "cc", "bcc", "reply_to")
        if (group := getattr(headers, name))
    }
    rest = {
        "list_id": headers.list_id,
        "references": list(headers.references),
        "date": int(headers.date.timestamp()) if headers.date else None,
        "other": [list(each) for each in headers.other],
    }
    return dumped({**addresses, **{name: value for name, value in rest.items() if value}}) or "{}"


def headers_from_json(text: str, *, subject: str = "", message_id: str = "") -> Headers:
    """The reverse; subject and Message-ID come from their columns."""
    values = json.loads(text)

    date = values.get("date")
    return Headers(
        message_id=message_id,
        references=tuple(values.get("references", ())),
        date=datetime.fromtimestamp(date, UTC) if date else None,
        sender=addresses(values.get("sender", ())),
        to=addresses(values.get("to", ())),
        cc=addresses(values.get("cc", ())),
        bcc=addresses(values.get("bcc", ())),
        reply_to=addresses(values.get("reply_to", ())),
        subject=subject,
        list_id=values.get("list_id", ""),
        other=tuple((name, value) for name, value in values.get("other", ())),
    )


def addresses(pairs: Sequence[Sequence[str]]) -> tuple[Address, ...]:
    """Addresses from [name, address] each."""
    return tuple(Address(*each) for each in pairs)


def attachments_to_json(attachments: Sequence[Attachment]) -> str:
    """A list of [name, MIME type, octets]."""
    return dumped([[each.name, each.mime_type, each.size] for each in attachments])


def attachments_from_json(text: str) -> tuple[Attachment, ...]:
    """The reverse."""
    return tuple(Attachment(*each) for each in json.loads(text)) if text else ()


def notes_from_json(text: str) -> tuple[str, ...]:
    """What could not be read, a line each."""
    return tuple(json.loads(text)) if text else ()


def dumped(value: object) -> str:
    """JSON, and the empty string for what is empty."""
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) if value else ""


def storable(text: str) -> str:
    """Text without halves of surrogate pairs, which no UTF-8 can hold: one must not stop a sync."""
    return text if text.isascii() else text.encode(errors="replace").decode()
