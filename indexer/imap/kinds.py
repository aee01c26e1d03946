"""What kind of message one is: signed, encrypted, with an invitation; from BODYSTRUCTURE alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.imap.mime_parts import (
    at,
    enclosed,
    file_name,
    is_attachment,
    mime_type,
    parameters,
    token,
    wrapped,
)

SIGNATURES = frozenset(
    ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"]
)
"""Types of parts that are the signature of another one (RFC 3156, RFC 8551)."""

_CALENDARS = frozenset(["text/calendar", "application/ics"])  # RFC 5545; the other is Google's
_SMIME = frozenset(["application/pkcs7-mime", "application/x-pkcs7-mime"])
_DEEPEST = 20
_MOST_PARTS = 500


def kinds_of(structure: Any) -> tuple[str, ...]:
    """Those of "calendar", "encrypted" and "signed" that a message is, sorted. Never raises.

    A message in the message may be an invitation too; how it was signed says nothing of this one.
    """
    found: set[str] = set()
    for part, is_enclosed in _parts(structure):
        if isinstance(part[0], list):
            kind = token(at(part, 1))
            kind = kind if kind in ("encrypted", "signed") else ""
        else:
            kind = _kind(part)
        if kind == "calendar" or (kind and not is_enclosed):
            found.add(kind)
    return tuple(sorted(found))


def smime_kind(part: Any) -> str:
    """What an S/MIME block is (RFC 8551 section 3.2): "signed", "encrypted", or '' for neither.

    Where neither parameter nor name tell, it is encrypted, as nearly all of those are.
    """
    if mime_type(part) not in _SMIME:
        return ""
    told = parameters(at(part, 2)).get("smime-type", "").lower()
    if told:
        return {"signed-data": "signed", "certs-only": "", "compressed-data": ""}.get(
            told, "encrypted"
        )
    ending = file_name(part).lower()[-4:]
    return {".p7s": "signed", ".p7c": "", ".p7z": ""}.get(ending, "encrypted")


def _kind(part: Any) -> str:
    type_, name = mime_type(part), file_name(part).lower()
    if type_ in _CALENDARS or name.endswith(".ics"):
        return "calendar"
    if type_ in SIGNATURES or name.endswith(".p7s"):
        return "signed"
    if type_ == "application/pgp-encrypted":
        return "encrypted"
    return smime_kind(part)


def _parts(structure: Any) -> Iterator[tuple[Any, bool]]:
    """Every part, and whether it belongs to a message within the message."""
    waiting = [(structure, 0, False)]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part, depth, is_enclosed = waiting.pop()
        if not isinstance(part, tuple) or not part or depth > _DEEPEST:
            continue
        part = wrapped(part)
        yield part, is_enclosed
        if isinstance(part[0], list):
            waiting.extend((child, depth + 1, is_enclosed) for child in reversed(part[0]))
        elif mime_type(part) == "message/rfc822" and not is_attachment(part):
            waiting.append((enclosed(part), depth + 1, True))
