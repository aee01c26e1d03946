"""A header block → Headers: decoded, unfolded, bounded. Never raises.

Not the standard library's header registry: it parses each field by the whole grammar, twenty times
slower, and raises on some of what spammers send.
"""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_tz
from quopri import decodestring

from indexer.extract import charset
from indexer.extract.document import Address, Headers

KEPT = (
    "delivered-to", "x-original-to", "sender", "x-mailer", "user-agent", "importance", "x-priority",
    "auto-submitted", "precedence", "x-spam-flag",
)  # fmt: skip
"""Fields whose text is kept of every message. A server repeats these names with each message, so
that a field costs the length of its name even where it is missing."""

_RECIPIENT = "delivered-to"
_RECIPIENT_TOO = frozenset({"x-original-to", "envelope-to"})  # what Postfix and Exim call it
_MOST_KEPT = 40
_MOST_REPEATS = 5
_LONGEST_KEPT = 500  # characters
_LONGEST_FIELD = 64_000  # octets
_LONGEST_TEXT = 2_000  # characters of a subject or a name
_MOST_ADDRESSES = 500
_MOST_REFERENCES = 50
_LONGEST_ID = 250

_FIELD = re.compile(
    rb"^([!-9;-~]{1,80})[ \t]*:[ \t]*([^\r\n]*(?:(?:\r?\n[ \t]|\r(?!\n))[^\r\n]*)*)", re.MULTILINE
)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_ENCODED_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(rb"(\?=)\s+(=\?)")
_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")
_MAILBOX = re.compile(
    r"""\s*(?P<name>"(?:[^"\\]|\\.)*"|[^",<>;:]*?)\s*<\s*(?P<route>[^<>]*)>  # name <address>
      | \s*(?P<bare>[^\s",<>;:()]+@[^\s",<>;:()]+)\s*(?:\((?P<comment>[^()]*)\))?  # address (name)
      | \s*(?P<word>"(?:[^"\\]|\\.)*"|[^",<>;:]+)""",
    re.VERBOSE,
)


def kept_names(more: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the fields that are kept, in lower case: KEPT, and those that a user names."""
    return tuple(dict.fromkeys((*KEPT, *(name.lower() for name in more))))


def parse(raw: bytes, kept: Sequence[str] = KEPT) -> Headers:
    """What search needs of a header block; the first of a repeated field counts, of To and Cc all.

    `kept`: names in lower case of the fields that go to `Headers.other`.
    """
    fields: dict[str, list[bytes]] = {}
    in_order: list[tuple[str, bytes]] = []
    for match in _FIELD.finditer(raw):
        name = match[1].decode("ascii").lower()
        value = _FOLD.sub(b" ", match[2][:_LONGEST_FIELD])
        fields.setdefault(name, []).append(value)
        in_order.append((name, value))
    notes: list[str] = []
    date = parse_date(_first(fields, "date"))
    if date is None and fields.get("date"):
        notes.append("the Date header cannot be understood")
    own = _ids(_first(fields, "message-id"))
    return Headers(
        message_id=own[0] if own else "",
        references=_references(_first(fields, "references"), _first(fields, "in-reply-to")),
        date=date,
        sender=_addresses(fields, "from"),
        to=_addresses(fields, "to"),
        cc=_addresses(fields, "cc"),
        bcc=_addresses(fields, "bcc"),
        reply_to=_addresses(fields, "reply-to"),
        subject=decode_words(_first(fields, "subject"))[:_LONGEST_TEXT],
        list_id=decode_words(_first(fields, "list-id"))[:_LONGEST_ID],
        notes=tuple(notes),
        other=_other(in_order, frozenset(kept)),
    )


def decode_words(value: bytes) -> str:
    """Unstructured text: RFC 2047 words decoded, raw 8-bit octets taken as UTF-8 or windows-1252."""
    if b"=?" not in value:
        return _clean(charset.decode(value, "")[0])
    value = _BETWEEN_WORDS.sub(rb"\1\2", value)
    # Neighbours in the same charset are joined before decoding: many senders cut characters in two.
    pieces: list[tuple[str, bytes]] = []
    at = 0
    for match in _ENCODED_WORD.finditer(value):
        if match.start() > at:
            pieces.append(("", value[at : match.start()]))
        label = match[1].split(b"*")[0].decode("ascii", "replace").lower()
        payload = _word_payload(match[2], match[3])
        joinable = pieces and pieces[-1][0] == label and at == match.start()
        if joinable and not label.startswith("iso-2022"):
            pieces[-1] = (label, pieces[-1][1] + payload)
        else:
            pieces.append((label, payload))
        at = match.end()
    pieces.append(("", value[at:]))
    return _clean("".join(charset.decode(octets, label)[0] for label, octets in pieces))


def parse_date(value: bytes) -> datetime | None:
    """A Date header as aware UTC; None where it is missing, absurd or before 1970."""
    try:
        parts = parsedate_tz(value[:200].decode("ascii", "replace"))
        if parts is None:
            return None
        year, month, day, hour, minute, second, *_, offset = parts
        offset = (offset or 0) if abs(offset or 0) <= 14 * 3600 else 0
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return datetime.fromtimestamp(moment.timestamp() - offset, UTC) if year >= 1970 else None
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None


def _other(
    fields: Sequence[tuple[str, bytes]], kept: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """The fields that are kept, in order: some of each name, and none of them twice.

    Whatever says to whom a message was delivered is found under one name as well.
    """
    found: dict[tuple[str, str], None] = {}
    repeats: dict[str, int] = {}
    for name, value in fields:
        if name not in kept or repeats.get(name, 0) >= _MOST_REPEATS:
            continue
        text = decode_words(value[: 8 * _LONGEST_KEPT])[:_LONGEST_KEPT].strip()
        for each in (name, _RECIPIENT) if name in _RECIPIENT_TOO else (name,):
            there = (each, text) in found or repeats.get(each, 0) >= _MOST_REPEATS
            if text and not there and len(found) < _MOST_KEPT:
                found[each, text] = None
                repeats[each] = repeats.get(each, 0) + 1
    return tuple(found)


def _first(fields: dict[str, list[bytes]], name: str) -> bytes:
    return fields.get(name, [b""])[0]


def _word_payload(kind: bytes, text: bytes) -> bytes:
    if kind in b"qQ":
        return decodestring(text.replace(b"_", b" "), header=False)
    try:
        return a2b_base64(text + b"=" * (-len(text) % 4))
    except BinasciiError:
        return charset.transfer_decode(text, "base64")[0]


def _clean(text: str) -> str:
    """One line without control characters; directional overrides could disguise what is shown."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)
    return " ".join(text.split())


def _addresses(fields: dict[str, list[bytes]], name: str) -> tuple[Address, ...]:
    raw = b", ".join(fields.get(name, ()))
    # Encoded words may decode to commas and quotes, so they are decoded within their mailbox.
    found: list[Address] = []
    for match in _MAILBOX.finditer(raw.decode("utf-8", "surrogateescape")):
        if len(found) >= _MOST_ADDRESSES:
            break
        email = (match["route"] or match["bare"] or "").strip()
        word = (match["name"] or match["comment"] or match["word"] or "").strip()
        if not email and "@" in word and " " not in word:
            email, word = word.strip('"'), ""
        if not email and not word:
            continue
        if match["word"] and raw[match.end() : match.end() + 1] == b":":
            continue  # a group's name
        name_ = decode_words(_unquoted(word).encode("utf-8", "surrogateescape"))
        shown = decode_words(email.rpartition(":")[2].encode("utf-8", "surrogateescape"))
        found.append(Address(name_[:_LONGEST_TEXT], shown[:_LONGEST_ID]))
    return tuple(found)


def _unquoted(word: str) -> str:
    if len(word) >= 2 and word[0] == word[-1] == '"':
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


def _ids(value: bytes) -> list[str]:
    text = value.decode("utf-8", "replace")
    found = [re.sub(r"\s+", "", each)[:_LONGEST_ID] for each in _MESSAGE_ID.findall(text)]
    if not found and text.strip():
        return [text.split()[0].strip("<>")[:_LONGEST_ID]]
    return [each for each in found if each]


def _references(references: bytes, in_reply_to: bytes) -> tuple[str, ...]:
    """Oldest first; of very many the first and the last ones, which tie a thread together."""
    replied = [each for each in _ids(in_reply_to) if "@" in each]
    found = list(dict.fromkeys((*_ids(references), *replied)))
    if len(found) > _MOST_REFERENCES:
        found = [*found[:10], *found[-(_MOST_REFERENCES - 10) :]]
    return tuple(found)
