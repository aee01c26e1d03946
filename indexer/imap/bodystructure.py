"""Which parts of a message hold its words, and which are attachments: from BODYSTRUCTURE alone.

Input is what IMAPClient parsed (RFC 9051 section 7.5.2): for a part a tuple (type, subtype,
parameters, id, description, encoding, octets, …), for a multipart ([parts], subtype, …). Whatever
a server sends there, `choose` gives an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from itertools import takewhile
from typing import Any
from urllib.parse import unquote_to_bytes

from indexer.extract.document import Attachment

_DEEPEST = 20
_MOST_PARTS = 500
_MOST_TEXTS = 20
_LONGEST_NAME = 250  # characters of an attachment's name
_STUB = 400  # octets: a plain part this small beside HTML ten times its size says "read the HTML"


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part worth fetching; `size` in octets as transferred, names in lower case."""

    section: str
    mime_type: str
    charset: str
    encoding: str
    size: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What a message consists of, as far as search cares."""

    texts: tuple[TextPart, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()


def choose(structure: Any) -> Structure:
    """The text parts to fetch, in reading order, and the attachments. Never raises.

    Of alternatives the plain one is taken, unless it is missing or a stub.
    """
    chooser = _Chooser()
    if isinstance(structure, tuple) and structure:
        chooser.visit(structure, "", 0)
    else:
        chooser.notes.append("the server told no structure: text not fetched")
    if len(chooser.texts) > _MOST_TEXTS:
        chooser.notes.append(f"only the first {_MOST_TEXTS} text parts are indexed")
    return Structure(
        tuple(chooser.texts[:_MOST_TEXTS]),
        tuple(chooser.attachments),
        tuple(dict.fromkeys(chooser.notes)),
    )


class _Chooser:
    def __init__(self) -> None:
        self.texts: list[TextPart] = []
        self.attachments: list[Attachment] = []
        self.notes: list[str] = []
        self._parts = 0

    def visit(self, part: Any, section: str, depth: int) -> None:
        """`section` is '' for the message itself; a single part is then numbered 1 (section 6.4.5.1)."""
        self._parts += 1
        if depth > _DEEPEST or self._parts > _MOST_PARTS:
            self.notes.append("nested too deeply: some parts are left out")
            return
        if not isinstance(part, tuple) or not part:
            return
        part = _wrapped(part)
        if isinstance(part[0], list):
            self._multipart(part, section, depth)
        else:
            self._single(part, section, depth)

    def _multipart(self, part: Any, section: str, depth: int) -> None:
        children = list(_numbered(part[0], section))
        subtype = _name(_at(part, 1))
        if subtype == "alternative":
            children = self._best_alternative(children)
        elif subtype == "encrypted":
            self.notes.append("encrypted: the text cannot be read")
        elif subtype == "signed":
            children = children[:1]
        for child, number in children:
            self.visit(child, number, depth + 1)

    def _best_alternative(self, children: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
        """The plain part, or what stands for HTML where that is missing or a stub; extras stay."""
        plain = [c for c in children if _type(c[0]) == "text/plain" and not _is_attachment(c[0])]
        rich = [c for c in children if _holds_html(c[0], 0)]
        others = [c for c in children if c not in plain and c not in rich]
        if not plain or not rich:
            return children
        size, html_size = _octets(plain[0][0]), _html_octets(rich[-1][0], 0)
        if size == 0 or (size < _STUB and html_size > 10 * size):
            return [*rich[-1:], *others]
        # What hangs on the HTML (pictures of a multipart/related) is no attachment of its own.
        return [plain[0], *others]

    def _single(self, part: Any, section: str, depth: int) -> None:
        kind = _type(part)
        number = section or "1"
        if kind == "message/rfc822" and not _is_attachment(part):
            self._embedded(part, number, depth)
            return
        name = _file_name(part)
        if (
            kind in ("text/plain", "text/html", "text/enriched")
            and not _is_attachment(part)
            and not (name and kind == "text/html")
        ):
            if _octets(part):
                self.texts.append(
                    TextPart(
                        section=number,
                        mime_type=kind,
                        charset=_parameters(_at(part, 2)).get("charset", "").lower()[:40],
                        encoding=_name(_at(part, 5)) or "7bit",
                        size=_octets(part),
                    )
                )
            return
        if kind in ("application/pgp-signature", "application/pkcs7-signature"):
            return
        if kind in ("application/pgp-encrypted",) or (
            kind in ("application/pkcs7-mime", "application/x-pkcs7-mime") and not self.texts
        ):
            self.notes.append("encrypted: the text cannot be read")
        disposition, _ = _disposition(part)
        if name or disposition == "attachment" or not kind.startswith(("text/", "image/")):
            self.attachments.append(Attachment(name, kind, _octets(part)))

    def _embedded(self, part: Any, number: str, depth: int) -> None:
        """message/rfc822: its parts are numbered below it; a single one is `.1`."""
        inner = _at(part, 8)
        if not isinstance(inner, tuple) or not inner:
            return
        multipart = isinstance(inner[0], list | tuple)
        self.visit(inner, number if multipart else f"{number}.1", depth + 1)


def _numbered(children: Any, section: str) -> Iterator[tuple[Any, str]]:
    for position, child in enumerate(children if isinstance(children, list | tuple) else (), 1):
        yield _wrapped(child), f"{section}.{position}" if section else str(position)


def _wrapped(part: Any) -> Any:
    """A multipart with its parts in a list; IMAPClient leaves those of message/rfc822 side by side."""
    if not isinstance(part, tuple) or not part or not isinstance(part[0], tuple):
        return part
    parts = list(takewhile(lambda each: isinstance(each, tuple), part))
    return (parts, *part[len(parts) :])


def _at(part: Any, index: int) -> Any:
    return part[index] if len(part) > index else None


def _name(value: Any) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _type(part: Any) -> str:
    if not isinstance(part, tuple) or not part or isinstance(part[0], list):
        return "multipart"
    return f"{_name(_at(part, 0)) or 'application'}/{_name(_at(part, 1)) or 'octet-stream'}"


def _octets(part: Any) -> int:
    size = _at(part, 6)
    return size if isinstance(size, int) and size > 0 else 0


def _holds_html(part: Any, depth: int) -> bool:
    return _html_octets(part, depth) > 0


def _html_octets(part: Any, depth: int) -> int:
    """Size of the first HTML part at or below this one."""
    if _type(part) == "text/html":
        return 0 if _is_attachment(part) else _octets(part)
    if depth < _DEEPEST and isinstance(part, tuple) and part and isinstance(part[0], list):
        return next((size for child in part[0] if (size := _html_octets(child, depth + 1))), 0)
    return 0


def _parameters(value: Any) -> dict[str, str]:
    """(name, value, name, value, …) with RFC 2231 continuations and charsets undone."""
    if not isinstance(value, tuple):
        return {}
    raw = {
        _name(key): text if isinstance(text, bytes) else str(text).encode()
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


def _disposition(part: Any) -> tuple[str, dict[str, str]]:
    """Content-Disposition: wherever it stands among the extension fields, it is (name, parameters)."""
    start = 9 if _type(part).startswith("text/") else 8
    for value in part[start : start + 5]:
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], bytes):
            kind = _name(value[0])
            if kind in ("attachment", "inline") or isinstance(value[1], tuple):
                return kind, _parameters(value[1])
    return "", {}


def _is_attachment(part: Any) -> bool:
    return isinstance(part, tuple) and _disposition(part)[0] == "attachment"


def _file_name(part: Any) -> str:
    _, parameters = _disposition(part)
    name = parameters.get("filename") or _parameters(_at(part, 2)).get("name", "")
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
