"""Gmail's search operators → tree (https://support.google.com/mail/answer/7190).

OR binds closer than standing side by side: `a b OR c` is a, and b or c. AND binds like nothing at
all. Dates are those of arrival. A star is punctuation, as all but letters and digits is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

from indexer.errors import QueryError
from indexer.query import dates, operators, syntax
from indexer.query.dialects.vocabulary import Vocabulary
from indexer.query.dialects.wording import folder, word
from indexer.query.joining import Part, both, either, negated, split
from indexer.query.lexer import Marks, Token, is_blank, shown
from indexer.query.parser import Language, parse
from indexer.query.syntax import Node, Span
from indexer.query.values import Context, not_known, wrong

FIELDS = ("from", "to", "cc", "bcc", "subject", "filename")
"""Operators that look for words, and the fields that they look in."""

_SAME = ("list", "rfc822msgid", "deliveredto", "size", "larger", "smaller")
"""Operators that are ours as well."""

_DATES = ("after", "newer", "before", "older", "older_than", "newer_than")

_GMAIL_ONLY = "Gmail does not tell of it over IMAP"

_EXAMPLES = {
    **{name: f'{name}:word or {name}:"two words"' for name in FIELDS},
    "in": "in:inbox", "label": "label:travel", "is": "is:unread", "has": "has:attachment",
    "list": "list:announce", "rfc822msgid": "rfc822msgid:1@example.com",
    "deliveredto": "deliveredto:ann@example.com",
    "size": "size:1M", "larger": "larger:5M", "smaller": "smaller:10k",
    **dict.fromkeys(_DATES[:4], "after:2024/03/05"), **dict.fromkeys(_DATES[4:], "older_than:1y"),
}  # fmt: skip
_ELSEWHERE = {
    "since": "after", "folder": "label", "tag": "label", "file": "filename", "attachment": "filename",
    "id": "rfc822msgid", "date": "after",
}  # fmt: skip
VOCABULARY = Vocabulary(
    "Gmail",
    _EXAMPLES,
    refused={
        "category": (_GMAIL_ONLY, "leave it out, or look for the sender's List-Id: list:…"),
        "lang": ("languages are not recognised", "search for a word of the language"),
    },
    elsewhere=_ELSEWHERE,
)

_STATES: dict[str, Callable[[Span], Node]] = {
    "unread": lambda span: syntax.Is("unread", span),
    "read": lambda span: syntax.Is("read", span),
    "starred": lambda span: syntax.Is("flagged", span),
    "important": lambda span: syntax.In("Important", span),
    "draft": lambda span: syntax.Is("draft", span),
}
"""What `is:` takes; `in:` and `label:` take these as well, but for the last one."""

_FOLDERS: dict[str, Callable[[Span], Node]] = {
    **{name: _STATES[name] for name in ("unread", "read", "starred", "important")},
    "draft": lambda span: syntax.In("drafts", span),
}

_HIDDEN = ("muted", "snoozed", "chat", "chats", "scheduled")
_LINKS = ("drive", "document", "spreadsheet", "presentation", "youtube")
_STARS = re.compile(
    r"(yellow|orange|red|purple|blue|green)-(star|bang|guillemet|check|info|question)"
)

_EPOCH = re.compile(r"[0-9]{9,11}")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_DATE = re.compile(r"[0-9]{4}(?:[-/][0-9]{1,2}){0,2}|[0-9]{8}")
_AGE = re.compile(r"[0-9]{1,4}[dwmy]", re.IGNORECASE)


def read(text: str, *, now: datetime, zone: tzinfo) -> Node:
    """The tree of a query in Gmail's words. Raises QueryError."""
    return parse(text, now=now, zone=zone, language=_LANGUAGE)


def _joined(parts: Sequence[Part]) -> Node:
    """OR first, then what stands side by side."""
    return both([
        either([negated(part.node) if len(part.signs) % 2 else part.node for part in alternatives])
        for alternatives in split(parts, "", "and")
    ])  # fmt: skip


def _leaf(operator: Token | None, value: Token, context: Context) -> Node:
    if is_blank(value.text) or (value.kind == "word" and not value.text.strip("*")):
        cure = VOCABULARY.example(operator) if operator else "remove it; in:anywhere finds all mail"
        raise wrong(value, context, "there is nothing to look for", cure)
    if operator is None:
        return _words("", value, (value.start, value.end))
    name = operator.text.lower()
    span = (operator.start if value.start == operator.end else value.start, value.end)
    if name in _SAME:
        return operators.leaf(operator, value, context)
    if name in FIELDS:
        if value.text.lower() == "me" and name in FIELDS[:4]:
            cure = f"write your address: {name}:ann@example.com"
            raise wrong(value, context, "me is known to Gmail alone", cure)
        return _words(name, value, span)
    if name in ("in", "label"):
        return _folder(name, value, context, span)
    if name in _DATES:
        return _date(name, value, context, span)
    return _is(value, context, span) if name == "is" else _has(value, context, span)


def _words(field: str, value: Token, span: Span) -> Node:
    if value.kind == "phrase":
        return syntax.Phrase(value.text, field, span)
    if value.kind == "exact":
        return syntax.Exact(value.text, field, span)
    text = value.text.replace("*", "")
    return word(text.removeprefix(".") if text != value.text else text, field, span)


def _folder(name: str, value: Token, context: Context, span: Span) -> Node:
    text = value.text.lower()
    if text in _FOLDERS:
        return _FOLDERS[text](span)
    if text in _HIDDEN:
        raise _not_told(name, value, context)
    return folder(value.text, span)


def _is(value: Token, context: Context, span: Span) -> Node:
    text = value.text.lower()
    if text in _HIDDEN:
        raise _not_told("is", value, context)
    if text not in _STATES:
        raise not_known("is", value, _STATES, context)
    return _STATES[text](span)


def _has(value: Token, context: Context, span: Span) -> Node:
    text = value.text.lower()
    if text == "attachment":
        return syntax.HasAttachment(span)
    if text in ("userlabels", "nouserlabels"):
        message = f"has:{text} cannot be asked: which labels are the user's is not told"
        raise wrong(value, context, message, "ask for a label by its name: label:travel")
    if text in _LINKS:
        message = f"has:{text} cannot be asked: what a link leads to is not looked at"
        raise wrong(value, context, message, "look for its host: docs.google.com, youtube.com")
    if _STARS.fullmatch(text):
        message = f"has:{text} cannot be asked: the colours of stars are not told over IMAP"
        raise wrong(value, context, message, "write is:starred for any of them")
    raise not_known("has", value, ("attachment",), context)


def _not_told(name: str, value: Token, context: Context) -> QueryError:
    message = f"{name}:{value.text.lower()} cannot be asked: {_GMAIL_ONLY}"
    return wrong(value, context, message, "leave it out")


def _date(name: str, value: Token, context: Context, span: Span) -> Node:
    """`after:` and `newer:` begin where their date begins; `before:` and `older:` end there."""
    begin = _begin(name, value, context)
    if name in ("before", "older", "older_than"):
        return syntax.Received(None, begin, span)
    return syntax.Received(begin, None, span)


def _begin(name: str, value: Token, context: Context) -> datetime:
    """Of a date (2024/03/05, 03/05/2024), of a number of seconds since 1970, or of an age (2d)."""
    cure = f"write {_EXAMPLES[name]}"
    text = value.text.strip()
    age = name in ("older_than", "newer_than")
    if not age and _EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(text), UTC)
        if moment.year > dates.LAST_YEAR:
            message = f"{shown(text)} is not between {dates.FIRST_YEAR} and {dates.LAST_YEAR}"
            raise wrong(value, context, message, cure)
        return moment
    if not age and (found := _MONTH_FIRST.fullmatch(text)):
        text = f"{found[3]}/{found[1]}/{found[2]}"
    if not (_AGE if age else _DATE).fullmatch(text):
        what = "age in days, months or years" if age else "date"
        raise wrong(value, context, f"{shown(text)} is no {what}", cure)
    try:
        return dates.period(text, now=context.now, zone=context.zone)[0]
    except dates.BadDate as error:
        raise wrong(value, context, f"{shown(text)} {error.reason}", cure) from None


_LANGUAGE = Language(
    known=VOCABULARY.names(),
    marks=Marks({"AND": "and", "OR": "or", "NOT": "not"}, re.compile("AROUND"), exact="+",
                patterns=False),
    check=VOCABULARY.check, leaf=_leaf, example=VOCABULARY.example, joined=_joined,
    near="budget AROUND 5 meeting",
    stars=False,
)  # fmt: skip
