"""The operators with a colon: what each takes, and the leaf of the tree that it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from difflib import get_close_matches

from indexer.errors import QueryError
from indexer.query import dates, syntax
from indexer.query.lexer import Token
from indexer.query.syntax import Leaf, Node, Span

_TEXT_FIELDS = {
    "from": "from", "to": "to", "cc": "cc", "subject": "subject", "body": "body",
    "filename": "filename", "file": "filename", "attachment": "filename",
}  # fmt: skip
_STATES = {
    "unread": "unread", "unseen": "unread", "read": "read", "seen": "read",
    "flagged": "flagged", "starred": "flagged", "answered": "answered", "replied": "answered",
    "draft": "draft", "deleted": "deleted",
}  # fmt: skip
_ROLES = {"junk": "spam", "bin": "trash", "draft": "drafts"}
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class Context:
    """What a leaf's meaning depends on besides its text."""

    query: str
    now: datetime
    zone: tzinfo


def check(operator: Token, context: Context) -> None:
    """Raises QueryError for an operator that nobody knows: it is no word to look for."""
    if operator.text.lower() not in _OPERATORS:
        near = get_close_matches(operator.text.lower(), _OPERATORS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}:? " if near else ""
        raise QueryError(
            f"there is no operator {operator.text}:",
            query=context.query,
            position=operator.start,
            length=operator.end - operator.start,
            cure=f'{hint}To look for the text, put it in quotes: "{operator.text}:…"',
        )


def leaf(operator: Token | None, value: Token, context: Context) -> Node:
    """What an operator with its value, or a bare word or phrase, becomes. Raises QueryError."""
    if operator is None:
        if value.kind == "word" and value.text == "*":
            return syntax.Everything()
        return _words("", value, (value.start, value.end))
    name = operator.text.lower()
    span = (operator.start if operator.end == value.start else value.start, value.end)
    if not value.text.strip():
        raise _wrong(value, context, f"{name}: needs a value", example(name))
    return _OPERATORS[name][0](name, value, context, span)


def example(name: str) -> str:
    """How an operator is used, as a cure."""
    known = _OPERATORS.get(name.lower())
    return f"for example {known[1]}" if known else "write a word behind it"


def names() -> tuple[str, ...]:
    """All operators, without their colons."""
    return tuple(_OPERATORS)


def _words(field: str, value: Token, span: Span) -> Leaf:
    if value.kind == "phrase":
        return syntax.Phrase(value.text, field, span)
    beginning = value.text.rstrip("*")
    if beginning != value.text and beginning:
        return syntax.Prefix(beginning, field, span)
    return syntax.Term(value.text, field, span)


def _text(name: str, value: Token, _context: Context, span: Span) -> Node:
    return _words(_TEXT_FIELDS[name], value, span)


def _in(_name: str, value: Token, _context: Context, span: Span) -> Node:
    name = value.text
    return syntax.In(_ROLES.get(name.lower(), name), span)


def _is(_name: str, value: Token, context: Context, span: Span) -> Node:
    state = _STATES.get(value.text.lower())
    if state is None:
        near = get_close_matches(value.text.lower(), _STATES, n=1)
        hint = f"did you mean is:{near[0]}? " if near else ""
        raise _wrong(
            value, context, f"there is no state {value.text!r}", f"{hint}Known: {', '.join(_STATES)}"
        )
    return syntax.Is(state, span)


def _has(_name: str, value: Token, context: Context, span: Span) -> Node:
    if value.text.lower() not in ("attachment", "attachments", "attach"):
        raise _wrong(value, context, f"has: does not know {value.text!r}", "write has:attachment")
    return syntax.HasAttachment(span)


def _account(_name: str, value: Token, _context: Context, span: Span) -> Node:
    return syntax.Account(value.text, span)


def _date(name: str, value: Token, context: Context, span: Span) -> Node:
    """`before:` ends where its period begins, `after:` begins there, `on:` and `date:` are it."""
    try:
        start, end = dates.period(value.text, now=context.now, zone=context.zone)
    except ValueError:
        raise _wrong(
            value,
            context,
            f"{value.text!r} is no date",
            'write 2024, 2024-03, 2024-03-05, yesterday, "last week", "3 months ago", or a..b',
        ) from None
    if name == "before":
        return syntax.DateRange(None, start, span)
    if name in ("after", "since"):
        return syntax.DateRange(start, None, span)
    return syntax.DateRange(start, end, span)


def _size(name: str, value: Token, context: Context, span: Span) -> Node:
    if name == "size" and ".." in value.text:
        low, _, high = value.text.partition("..")
        least = _octets(low, value, context) if low else None
        most = _octets(high, value, context) if high else None
        return syntax.SizeRange(least, most, span)
    octets = _octets(value.text, value, context)
    if name == "smaller":
        return syntax.SizeRange(None, octets - 1, span)
    return syntax.SizeRange(octets + 1 if name == "larger" else octets, None, span)


def _octets(text: str, value: Token, context: Context) -> int:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise _wrong(value, context, f"{text!r} is no size", "write 500, 10k, 5M or 1.5MB")
    return min(int(float(match[1]) * _UNITS[match[2].lower()]), 1 << 60)


def _wrong(value: Token, context: Context, message: str, cure: str) -> QueryError:
    return QueryError(
        message,
        query=context.query,
        position=value.start,
        length=max(value.end - value.start, 1),
        cure=cure,
    )


_Maker = Callable[[str, Token, Context, Span], Node]
_OPERATORS: dict[str, tuple[_Maker, str]] = {
    **{name: (_text, f"{name}:word or {name}:\"two words\"") for name in _TEXT_FIELDS},
    **{name: (_in, f"{name}:inbox or {name}:\"Lists/*\"") for name in ("in", "folder", "label", "mailbox")},
    "is": (_is, "is:unread"),
    "has": (_has, "has:attachment"),
    "account": (_account, "account:work"),
    **{name: (_date, f"{name}:2024-03-05") for name in ("before", "after", "since", "on", "date")},
    **{name: (_size, f"{name}:5M") for name in ("larger", "smaller", "size")},
}
