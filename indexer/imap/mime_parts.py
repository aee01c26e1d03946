"""What a server says of one part of a message: its type, size, parameters and file name.

A part is what IMAPClient made of an item of BODYSTRUCTURE (RFC 9051 section 7.5.2): a tuple (type,
subtype, parameters, id, description, encoding, octets, …), for a multipart ([parts], subtype, …).
Whatever a server sends there, these functions give an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.header import decode_header
from itertools import takewhile
from typing import Any
from urllib.parse import unquote_to_bytes

_LONGEST_NAME = 250  # characters of an attachment's name


def numbered(children: Any, section: str) -> Iterator[tuple[Any, str]]:
    """The parts of a multipart, each with its section (RFC 9051 section 6.4.5.1)."""
    for position, child in enumerate(children if isinstance(children, list | tuple) else (), 1):
        yield wrapped(child), f"{section}.{position}" if section else str(position)


def wrapped(part: Any) -> Any:
    """A multipart with its parts in a list; IMAPClient leaves those of message/rfc822 side by side."""
    if not isinstance(part, tuple) or not part or not isinstance(part[0], tuple):
        return part
    parts = list(takewhile(lambda each: isinstance(each, tuple), part))
    return (parts, *part[len(parts) :])


def enclosed(part: Any) -> Any:
    """The structure of the message in a message/rfc822; None where there is none."""
    inner = at(part, 8)
    return inner if isinstance(inner, tuple) and inner else None


def at(part: Any, index: int) -> Any:
    """A field of a part; None where the server left it out."""
    return part[index] if len(part) > index else None


def token(value: Any) -> str:
    """A word of the protocol in lower case; '' for what is none."""
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def mime_type(part: Any) -> str:
    """`type/subtype` in lower case; "multipart" for any of those."""
    if not isinstance(part, tuple) or not part or isinstance(part[0], list):
        return "multipart"
    return f"{token(at(part, 0)) or 'application'}/{token(at(part, 1)) or 'octet-stream'}"


def octets(part: Any) -> int:
    """How large a single part is as it is transferred."""
    size = at(part, 6)
    return size if isinstance(size, int) and size > 0 else 0


def parameters(value: Any) -> dict[str, str]:
    """(name, value, name, value, …) with RFC 2231 continuations and charsets undone."""
    if not isinstance(value, tuple):
        return {}
    raw = {
        token(key): text if isinstance(text, bytes) else str(text).encode()
        for key, text in zip(value[::2], value[1::2], strict=False)
        if isinstance(key, bytes) and text is not None
    }
    plain = {key: _decoded(text) for key, text in raw.items() if "*" not in key}
    return {**plain, **_rfc2231(raw)}


def _rfc2231(raw: dict[str, bytes]) -> dict[str, str]:
    """`name*=utf-8''%c3…`, `name*0*=…; name*1=…` (RFC 2231, sections 3 and 4)."""
    pieces: dict[str, list[tuple[int, bool, bytes]]] = {}
    for key, text in raw.items():
        match = re.fullmatch(r"([^*]+)\*(?:(\d{1,3})(\*?))?", key)
        if match:
            number, starred = match[2], match[3] == "*" or match[2] is None
            pieces.setdefault(match[1], []).append((int(number or 0), starred, text))
    found: dict[str, str] = {}
    for name, parts in pieces.items():
        charset, joined = "utf-8", b""
        for position, (_, starred, text) in enumerate(sorted(parts)):
            if position == 0 and starred and text.count(b"'") >= 2:
                declared, _, text = text.split(b"'", 2)
                charset = declared.decode("ascii", "replace") or charset
            joined += unquote_to_bytes(text) if starred else text
        found[name] = _in_charset(joined, charset)
    return found


def disposition(part: Any) -> tuple[str, dict[str, str]]:
    """Content-Disposition: wherever it stands among the extension fields, it is (name, parameters)."""
    start = 9 if mime_type(part).startswith("text/") else 8
    for value in part[start : start + 5]:
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], bytes):
            kind = token(value[0])
            if kind in ("attachment", "inline") or isinstance(value[1], tuple):
                return kind, parameters(value[1])
    return "", {}


def is_attachment(part: Any) -> bool:
    """Whether the sender says so: its Content-Disposition is `attachment`."""
    return isinstance(part, tuple) and disposition(part)[0] == "attachment"


def file_name(part: Any) -> str:
    """What the sender calls its file: decoded, on one line, '' for no name."""
    _, told = disposition(part)
    name = told.get("filename") or parameters(at(part, 2)).get("name", "")
    return "".join(c for c in name if c.isprintable())[:_LONGEST_NAME].strip()


def _decoded(text: bytes) -> str:
    """A parameter's value: RFC 2047 words are not allowed there, and common."""
    value = _in_charset(text, "utf-8")
    if "=?" not in value:
        return value
    try:
        return "".join(
            piece if isinstance(piece, str) else _in_charset(piece, charset or "utf-8")
            for piece, charset in decode_header(value)
        )
    except (ValueError, LookupError):
        return value


def _in_charset(text: bytes, charset: str) -> str:
    try:
        return text.decode(charset)
    except (LookupError, UnicodeDecodeError, ValueError):
        return text.decode("utf-8" if charset != "utf-8" else "cp1252", "replace")
