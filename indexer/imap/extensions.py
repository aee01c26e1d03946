"""What IMAPClient 4.1 lacks: LIST-STATUS (RFC 5819) and QRESYNC (RFC 7162).

With `connection`, the one place that uses IMAPClient's private parts (`_imap`, an imaplib object).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7
from imapclient.response_parser import parse_fetch_response

from indexer.imap.session import Session

_MAILBOX = rb'(?P<name>"(?:[^"\\]|\\.)*"|[^\s()]+)'
_LIST = re.compile(rb'\((?P<flags>[^)]*)\) (?P<delimiter>"(?:[^"\\]|\\.)*"|NIL) ' + _MAILBOX)
_STATUS = re.compile(_MAILBOX + rb" \((?P<items>[^)]*)\)")
_LITERAL = re.compile(rb"\{\d+\+?\}$")
_MOST_RANGES = 100_000  # of a VANISHED answer


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of LIST: name decoded from modified UTF-7, flags in lower case."""

    name: str
    delimiter: str
    flags: frozenset[str]


Statuses = dict[str, dict[str, int]]
"""Folder name → what STATUS said of it, keys in upper case."""


def list_with_status(session: Session, items: str) -> tuple[list[Listed], Statuses]:
    """All folders with their states in one round trip (RFC 5819, RFC 6154 where offered).

    C: A1 LIST "" "*" RETURN (SPECIAL-USE STATUS (UIDVALIDITY UIDNEXT MESSAGES HIGHESTMODSEQ))
    S: * LIST (\\HasNoChildren \\Sent) "." Sent
    S: * STATUS Sent (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 17 HIGHESTMODSEQ 5)
    """
    special = "SPECIAL-USE " if session.has("SPECIAL-USE") else ""
    imap = session.client._imap
    kind, data = imap._simple_command("LIST", '""', '"*"', f"RETURN ({special}STATUS ({items}))")
    session.client._checkok("LIST", kind, data)
    listed = _parse_list(_untagged(imap, "LIST"))
    return listed, _parse_status(_untagged(imap, "STATUS"))


def list_plain(session: Session) -> list[Listed]:
    """All folders (RFC 9051 section 6.3.9); with their roles where RFC 6154 is offered."""
    imap = session.client._imap
    returning = (
        ["RETURN (SPECIAL-USE)"]
        if session.has("SPECIAL-USE") and session.has("LIST-EXTENDED")
        else []
    )
    kind, data = imap._simple_command("LIST", '""', '"*"', *returning)
    session.client._checkok("LIST", kind, data)
    return _parse_list(_untagged(imap, "LIST"))


def status(session: Session, folder: str, items: str) -> dict[str, int]:
    """STATUS of one folder, one round trip; empty where the server refuses it."""
    imap = session.client._imap
    kind, _ = imap._simple_command("STATUS", quoted(folder), f"({items})")
    answers = _parse_status(_untagged(imap, "STATUS"))
    return next(iter(answers.values()), {}) if kind == "OK" else {}


def examine(session: Session, folder: str, parameter: str) -> dict[str, list[Any]]:
    """EXAMINE with a parameter such as (CONDSTORE); the untagged answers by name.

    C: A2 EXAMINE "Sent" (QRESYNC (17 5))
    S: * VANISHED (EARLIER) 41,43:116
    S: * 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (12))
    """
    imap = session.client._imap
    imap.untagged_responses = {}
    kind, data = imap._simple_command(
        "EXAMINE", quoted(folder), *([parameter] if parameter else [])
    )
    if kind != "OK":
        imap.state = "AUTH"
    session.client._checkok("EXAMINE", kind, data)
    imap.state = "SELECTED"
    imap.is_readonly = True
    return dict(imap.untagged_responses)


def fetched(answers: Iterable[Any]) -> dict[int, dict[bytes, Any]]:
    """Untagged FETCH answers, parsed by IMAPClient, by UID."""
    return dict(parse_fetch_response(list(answers), False, True))


def vanished(answers: Iterable[Any]) -> Iterator[range]:
    """Ranges of `* VANISHED (EARLIER) 41,43:116`; what cannot be read is left out."""
    for answer in answers:
        uids = bytes(answer).rpartition(b" ")[2]
        for part in uids.split(b",")[:_MOST_RANGES]:
            first, _, last = part.partition(b":")
            if first.isdigit() and (last.isdigit() or not last):
                low, high = sorted((int(first), int(last or first)))
                yield range(low, high + 1)


def quoted(folder: str) -> str:
    """A folder's name for the wire: modified UTF-7 (RFC 9051, appendix A.1), quoted."""
    encoded: str = encode_utf7(folder).decode("ascii")
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _untagged(imap: Any, name: str) -> list[bytes]:
    """Answers of a name as whole lines, literals put back in their places as quoted strings."""
    _, data = imap._untagged_response("OK", [None], name)
    lines: list[bytes] = []
    open_line = b""
    for item in data:
        if item is None:
            continue
        if isinstance(item, tuple):
            before, literal = item
            safe = literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            open_line += _LITERAL.sub(b"", before) + b'"' + safe + b'"'
        else:
            lines.append(open_line + item)
            open_line = b""
    return [*lines, open_line] if open_line else lines


def _parse_list(lines: Iterable[bytes]) -> list[Listed]:
    """A line that is none of LIST's is left out: the next ones may be good."""
    return [
        Listed(
            name=mailbox_name(match["name"]),
            delimiter=_unquoted(match["delimiter"]).decode("ascii", "replace")
            if match["delimiter"] != b"NIL"
            else "",
            flags=frozenset(match["flags"].decode("ascii", "replace").lower().split()),
        )
        for line in lines
        if (match := _LIST.match(line))
    ]


def _parse_status(lines: Iterable[bytes]) -> Statuses:
    found: Statuses = {}
    for line in lines:
        match = _STATUS.match(line)
        if match:
            words = match["items"].split()
            found[mailbox_name(match["name"])] = {
                key.decode("ascii", "replace").upper(): int(value)
                for key, value in zip(words[::2], words[1::2], strict=False)
                if value.isdigit()
            }
    return found


def mailbox_name(raw: bytes) -> str:
    """A name as people write it; what is no modified UTF-7 is taken as UTF-8 (RFC 6855)."""
    name = _unquoted(raw)
    if name.upper() == b"INBOX":
        return "INBOX"
    try:
        decoded: str = decode_utf7(name)
    except (ValueError, IndexError):
        decoded = name.decode("utf-8", "replace")
    return decoded


def _unquoted(raw: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", raw[1:-1]) if raw[:1] == b'"' else raw
