"""The operators with a colon: what each takes, and the leaf of the tree that it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial

from indexer.errors import QueryError
from indexer.query import dates, syntax
from indexer.query.lexer import Token, fault, is_blank, shown
from indexer.query.syntax import Leaf, Span

TEXT_FIELDS = {
    "from": "from", "to": "to", "cc": "cc", "bcc": "bcc", "subject": "subject", "body": "body",
    "filename": "filename", "file": "filename", "attachment": "filename",
    "recipient": "recipient", "recip": "recipient", "with": "with", "contact": "with",
    "quoted": "quoted",
}  # fmt: skip
"""Operators that look for words → the field of a Term."""

STATES = {
    "unread": "unread", "unseen": "unread", "read": "read", "seen": "read",
    "flagged": "flagged", "starred": "flagged", "answered": "answered", "replied": "answered",
    "draft": "draft", "deleted": "deleted",
}  # fmt: skip
"""What `is:` understands → the state of an Is."""

ROLES = {
    "inbox": "inbox", "sent": "sent", "drafts": "drafts", "trash": "trash", "spam": "spam",
    "junk": "spam", "archive": "archive", "anywhere": "anywhere",
}  # fmt: skip
"""What `in:` does not take for a folder's name → the folder of an In."""

KINDS = ("signed", "encrypted", "calendar")
"""What `is:` understands → the name of a Kind."""

LARGEST = 2**50
"""Octets that a size may name."""

_SIZE = re.compile(r"(\d{1,16}(?:\.\d{1,3})?) ?([kmg]?)(?:i?b)?|(\d{1,16}) ?bytes?", re.IGNORECASE)
_INFIX = re.compile(r"\*([^\W_][^*~]*[^\W_])\*")  # two letters at least
_FUZZY = re.compile(r"([^*~]+)~([12]?)")
_HEADER_NAME = re.compile(r"[!-9;-<>-~]{1,76}")  # RFC 5322 section 2.2, but for the =
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}

# What other programs call it. Only ever a suggestion: their meaning may differ from ours.
_ELSEWHERE = {
    "sender": "from", "msgid": "id", "attachmenttype": "type",
    "f": "from", "t": "to", "s": "subject", "b": "body", "tag": "label", "maildir": "folder",
    "path": "folder", "flag": "is", "older": "before", "until": "before", "newer": "after",
    "minsize": "larger", "maxsize": "smaller",
}  # fmt: skip

# What other programs have and mailseek does not: why, and what comes near.
_NOT_HERE = {
    "in-attachment": ("attachments are not fetched", "filename: and type: look at their names and types"),
    "lang": ("languages are not recognised", "search for a word of the language"),
    "saved": ("when a message came into its folder is not told", "received: is when it arrived"),
    "changed": ("changes of flags have no date here", "is: and keyword: ask for what is now"),
    "uid": ("a message's number in a folder means nothing elsewhere", "write id:, for its Message-ID"),
    "prio": ("there is no operator of its own for it", "write header:x-priority=1"),
    "category": ("Gmail's categories are not told over IMAP", "label: finds Gmail's labels"),
}  # fmt: skip
_SAME_AS = {
    "in_attachment": "in-attachment", "inattachment": "in-attachment", "lastmod": "changed",
    "modseq": "changed", "seq": "uid", "emailid": "uid", "priority": "prio",
}  # fmt: skip
_FIELDS_OF_PATTERNS = ("", "from", "to", "cc", "bcc", "recipient", "with", "subject", "filename")


@dataclass(frozen=True, slots=True)
class Context:
    """What a leaf's meaning depends on besides its text."""

    query: str
    now: datetime
    zone: tzinfo


def check(operator: Token, context: Context) -> None:
    """Raises QueryError for an operator that nobody knows: it is no word to look for."""
    name = operator.text.lower()
    if name in OPERATORS:
        return
    if (elsewhere := _SAME_AS.get(name, name)) in _NOT_HERE:
        why, cure = _NOT_HERE[elsewhere]
        message = f"{shown(operator.text, quoted=False)}: cannot be asked: {why}"
        raise fault(context.query, operator.start, operator.end, message, cure)
    near = _ELSEWHERE.get(name) or _nearest(name, OPERATORS)
    known = f"did you mean {near}:?" if near else f"known are {', '.join(OPERATORS)}"
    message = f"there is no operator {shown(operator.text, quoted=False)}:"
    cure = f"{known} (text with a colon goes in quotes)"
    raise fault(context.query, operator.start, operator.end, message, cure)


def leaf(operator: Token | None, value: Token, context: Context) -> Leaf:
    """What an operator with its value, or a bare word or phrase, becomes.

    The value may stand in brackets, away from its operator. Raises QueryError.
    """
    if is_blank(value.text):
        message = "there is nothing to look for"
        raise _wrong(value, context, message, example(operator) if operator else "remove them")
    if operator is None:
        if value.kind == "word" and value.text == "*":
            return syntax.Everything()
        return _words("", value, context, (value.start, value.end))
    name = operator.text.lower()
    if value.kind == "word" and value.text.startswith("-"):
        excluded = shown(value.text[1:], quoted=False)
        cure = f'write -{name}:{excluded} to exclude it, or quotes: {name}:"-…"'
        raise _wrong(value, context, f"a minus stands before {name}:, not behind it", cure)
    span = (operator.start if value.start == operator.end else value.start, value.end)
    if value.kind == "pattern" and TEXT_FIELDS.get(name) not in _FIELDS_OF_PATTERNS:
        message = f"{name}: takes no regular expression"
        cure = "they are for addresses, subjects and names of attachments: subject:/re(lease)?/"
        raise _wrong(value, context, message, cure)
    if value.kind == "exact" and name not in TEXT_FIELDS:
        value = Token("word", context.query[value.start : value.end], value.start, value.end)
    return OPERATORS[name].make(name, value, context, span)


def example(operator: Token) -> str:
    """How a known operator is used, as a cure."""
    return f"write for example {OPERATORS[operator.text.lower()].example}"


def names() -> tuple[str, ...]:
    """All operators, in lower case and without their colons."""
    return tuple(OPERATORS)


def states() -> tuple[str, ...]:
    """All that `is:` understands."""
    return (*STATES, *_OTHER_STATES)


def _words(field: str, value: Token, context: Context, span: Span) -> Leaf:
    if value.kind == "phrase":
        return syntax.Phrase(value.text, field, span)
    if value.kind == "exact":
        return syntax.Exact(value.text, field, span)
    if value.kind == "pattern":
        return _pattern(value, field, context, span)
    if value.text.startswith("/"):
        return _after_slash(value, field, span)
    if inside := _INFIX.fullmatch(value.text):
        return syntax.Infix(inside[1], field, span)
    if fuzzy := _FUZZY.fullmatch(value.text):
        if not any(letter.isalnum() for letter in fuzzy[1]):
            message = "a ~ stands behind a word that may be spelt a little differently"
            raise _wrong(value, context, message, 'write word~ or word~2, or quotes: "…~"')
        return syntax.Fuzzy(fuzzy[1], int(fuzzy[2] or 1), field, span)
    beginning = value.text.removesuffix("*")
    if not beginning or "*" in beginning:
        at = value.start + value.text.index("*")
        cure = 'write word*, or quotes to look for the text: "…*…"'
        if field == "filename" and beginning.startswith("*."):
            cure = f"write filename:{shown(beginning[2:], quoted=False)}"
        message = "a * stands for the end of a word, behind its first letters"
        raise fault(context.query, at, at + 1, message, cure)
    if beginning != value.text and not any(letter.isalnum() for letter in beginning):
        message = "a * stands for the end of a word, behind its first letters"
        cure = 'write word*, or quotes to look for the text: "…*"'
        raise _wrong(value, context, message, cure)
    if beginning != value.text:
        return syntax.Prefix(beginning, field, span)
    return syntax.Term(value.text, field, span)


def _after_slash(value: Token, field: str, span: Span) -> Leaf:
    """A path, as it is no regular expression: its parts side by side, the last one maybe cut."""
    text = value.text.lstrip("/")
    if text[:-1].isalnum() and text.endswith("*"):
        return syntax.Prefix(text[:-1], field, span)
    return syntax.Phrase(value.text, field, span)


def _pattern(value: Token, field: str, context: Context, span: Span) -> Leaf:
    """A regular expression that RE2 takes: it runs in linear time, whatever is typed."""
    from indexer.query.patterns import BadPattern, compiled  # 10 ms that other queries do without

    try:
        compiled(value.text)
    except BadPattern as error:
        cure = 'the syntax is RE2\'s; a slash within is written \\/; for a path use quotes: "/…/"'
        raise _wrong(value, context, f"this is no regular expression: {error}", cure) from None
    return syntax.Pattern(value.text, field, span)


def _text(name: str, value: Token, context: Context, span: Span) -> Leaf:
    return _words(TEXT_FIELDS[name], value, context, span)


def _in(_name: str, value: Token, _context: Context, span: Span) -> Leaf:
    return syntax.In(ROLES.get(value.text.lower(), value.text), span)


def _is(_name: str, value: Token, context: Context, span: Span) -> Leaf:
    word = value.text.lower()
    if word in _OTHER_STATES:
        return _OTHER_STATES[word](span)
    if word not in STATES:
        known = states()
        near = _nearest(word, known)
        hint = f"did you mean is:{near}? " if near else ""
        cure = f"{hint}known are {', '.join(known)}"
        raise _wrong(value, context, f"is: does not know {shown(value.text)}", cure)
    return syntax.Is(STATES[word], span)


def _keyword(_name: str, value: Token, context: Context, span: Span) -> Leaf:
    if any(letter.isspace() for letter in value.text):
        raise _wrong(value, context, "a keyword is one word", "write keyword:work")
    return syntax.Keyword(value.text.lower(), span)


def _list(_name: str, value: Token, _context: Context, span: Span) -> Leaf:
    return syntax.MailingList(value.text.lower(), span)


def _type(_name: str, value: Token, _context: Context, span: Span) -> Leaf:
    return syntax.AttachmentType(value.text.lower(), span)


def _id(_name: str, value: Token, _context: Context, span: Span) -> Leaf:
    return syntax.MessageId(value.text.strip().removeprefix("<").removesuffix(">"), span)


def _refers_to(name: str, value: Token, _context: Context, span: Span) -> Leaf:
    text = value.text.strip().removeprefix("<").removesuffix(">")
    return syntax.RefersTo(text, name == "related", span)


def _header(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`header:X-Mailer=mutt`, `header:X-Mailer` for any."""
    if name == "deliveredto":
        return syntax.Header("delivered-to", value.text, span)
    field, equals, text = value.text.partition("=")
    if not _HEADER_NAME.fullmatch(field) or (equals and is_blank(text)):
        message = f"{shown(value.text)} is no header field with its text"
        cure = 'write header:X-Mailer=mutt or header:"X-Mailer=two words", header:X-Mailer for any'
        raise _wrong(value, context, message, cure)
    return syntax.Header(field.lower(), text, span)


def _query(_name: str, value: Token, _context: Context, span: Span) -> Leaf:
    return syntax.Saved(value.text, span)


def _thread(_name: str, value: Token, context: Context, span: Span) -> Leaf:
    if not re.fullmatch(r"[0-9]{1,18}", value.text):
        message = f"{shown(value.text)} is no id of a thread"
        cure = (
            "write thread:4700 (ids are shown by --json), or a query in braces: thread:{from:ann}"
        )
        raise _wrong(value, context, message, cure)
    return syntax.InThreads(frozenset([int(value.text)]), span)


def _received(name: str, value: Token, context: Context, span: Span) -> Leaf:
    start, end = _between(name, value, context)
    return syntax.Received(start, end, span)


def _has(_name: str, value: Token, context: Context, span: Span) -> Leaf:
    if value.text.lower() in ("keyword", "keywords"):
        return syntax.Keyword("", span)
    if value.text.lower() not in ("attachment", "attachments"):
        message = f"has: does not know {shown(value.text)}"
        raise _wrong(value, context, message, "write has:attachment or has:keyword")
    return syntax.HasAttachment(span)


def _account(_name: str, value: Token, _context: Context, span: Span) -> Leaf:
    return syntax.Account(value.text, span)


def _date(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`on:` and `date:` are the period, or a range."""
    start, end = _between(name, value, context)
    return syntax.DateRange(start, end, span)


_OTHER_STATES: dict[str, Callable[[Span], Leaf]] = {
    "forwarded": lambda span: syntax.Keyword("$forwarded", span),
    "passed": lambda span: syntax.Keyword("$forwarded", span),
    "list": lambda span: syntax.MailingList("", span),
    "personal": syntax.Personal,
    **{kind: partial(syntax.Kind, kind) for kind in KINDS},
}
"""What `is:` understands besides STATES."""


def _boundary(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`after:` begins where its period begins, `before:` ends there."""
    if ".." in value.text:
        message = f"{name}: takes one date, not a range"
        raise _wrong(value, context, message, f"write date:{shown(value.text, quoted=False)}")
    begin, _ = _between(name, value, context)
    if name in ("before", "older_than"):
        return syntax.DateRange(None, begin, span)
    return syntax.DateRange(begin, None, span)


def _between(name: str, value: Token, context: Context) -> dates.OpenPeriod:
    """What a date or a range means. `date:march 2023` is an error, not March and a word `2023`."""
    whole = date_of_several_words(value, context)
    in_quotes = f'put the whole date in quotes: {name}:"{whole}"'
    try:
        found = dates.between(value.text, now=context.now, zone=context.zone)
    except dates.BadDate as error:
        cure = in_quotes if whole else f"write {dates.EXAMPLES}"
        raise _wrong(value, context, f"{shown(value.text)} {error.reason}", cure) from None
    if whole:
        message = f"{shown(value.text)} is not all of the date"
        raise _wrong(value, context, message, in_quotes)
    return found


def date_of_several_words(value: Token, context: Context) -> str:
    """`last week` where `date:last week` was typed without quotes; else ''."""
    if value.kind == "phrase":
        return ""
    words = context.query[value.start : value.end + 40].split()
    for count in (3, 2):
        whole = " ".join(words[:count]).rstrip("){}")
        if len(words) >= count and " " in whole:
            try:
                dates.between(whole, now=context.now, zone=context.zone)
            except dates.BadDate:
                continue
            return whole
    return ""


def _size(_name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`size:1M..5M`, both included; `size:1M` is that or more, as it is for Gmail."""
    low, dots, high = value.text.partition("..")
    least = _octets(low, value, context) if low.strip() or not dots else None
    most = _octets(high, value, context) if high.strip() else None
    if dots and least is None and most is None:
        raise _wrong(value, context, "this range has no size on either side", "write size:1M..5M")
    if least is not None and most is not None and least > most:
        raise _wrong(value, context, "this range ends before it begins", "write size:1M..5M")
    return syntax.SizeRange(least, most, span)


def _limit(name: str, value: Token, context: Context, span: Span) -> Leaf:
    """`larger:` and `smaller:` exclude the size itself, as in IMAP (RFC 9051 section 6.4.4)."""
    octets = _octets(value.text, value, context)
    if name == "larger":
        return syntax.SizeRange(octets + 1, None, span)
    if octets == 0:
        raise _wrong(value, context, "nothing is smaller than 0", "write smaller:10k")
    return syntax.SizeRange(None, octets - 1, span)


def _octets(text: str, value: Token, context: Context) -> int:
    match = _SIZE.fullmatch(text.strip())
    octets = 0
    if match:
        number, unit = (match[1], match[2].lower()) if match[1] else (match[3], "")
        # Whole numbers stay exact where a float would round them.
        octets = int(number) if not unit and number.isdigit() else int(float(number) * _UNITS[unit])
    if match is None or octets > LARGEST:
        cure = "write 500, 10k, 5M or 1.5MB (1k is 1024 bytes)"
        if ".." in text:
            cure = f"write size:{shown(value.text, quoted=False)}"
        raise _wrong(value, context, f"{shown(text)} is no size", cure)
    return octets


def _nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like one; '' where none does."""
    from difflib import get_close_matches  # 1 ms that queries without mistakes do without

    return next(iter(get_close_matches(word[:40], known, n=1)), "")


def _wrong(value: Token, context: Context, message: str, cure: str) -> QueryError:
    return fault(context.query, value.start, value.end, message, cure)


@dataclass(frozen=True, slots=True)
class Operator:
    """What makes a leaf of (its name, the value, the context, the span), and an example."""

    make: Callable[[str, Token, Context, Span], Leaf]
    example: str


OPERATORS = {
    **{name: Operator(_text, f'{name}:word or {name}:"two words"') for name in TEXT_FIELDS},
    **{name: Operator(_in, f"{name}:inbox") for name in ("in", "folder", "label", "mailbox")},
    "is": Operator(_is, "is:unread"),
    "has": Operator(_has, "has:attachment"),
    **{name: Operator(_boundary, f"{name}:2024-03-05") for name in ("before", "after", "since")},
    **{name: Operator(_boundary, f"{name}:2w") for name in ("older_than", "newer_than")},
    **{name: Operator(_date, f"{name}:2024-03") for name in ("on", "date", "sent", "during")},
    "received": Operator(_received, "received:2024-03"),
    **{name: Operator(_id, f"{name}:1@example.com") for name in ("id", "mid", "rfc822msgid")},
    "ref": Operator(_refers_to, "ref:1@example.com"),
    "related": Operator(_refers_to, "related:1@example.com"),
    "header": Operator(_header, "header:X-Mailer=mutt"),
    "deliveredto": Operator(_header, "deliveredto:ann@example.com"),
    "thread": Operator(_thread, "thread:4700 or thread:{from:ann}"),
    "query": Operator(_query, "query:invoices, once saved by `mailseek saved add invoices …`"),
    "keyword": Operator(_keyword, "keyword:work"),
    "list": Operator(_list, "list:announce"),
    **{name: Operator(_type, f"{name}:pdf") for name in ("type", "mime", "filetype")},
    **{name: Operator(_limit, f"{name}:5M") for name in ("larger", "smaller")},
    "size": Operator(_size, "size:1M..5M"),
    "account": Operator(_account, "account:work"),
}
"""All operators by their names in lower case."""
