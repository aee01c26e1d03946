"""What the dialects share: words as typed, header fields by name, texts that fit between quotes."""

from __future__ import annotations

import re

from indexer.query import syntax
from indexer.query.lexer import is_blank
from indexer.query.operators import ROLES
from indexer.query.ranges import LARGEST
from indexer.query.syntax import Node, Span
from indexer.query.values import message_id

WORD = re.compile(r"[\w.@#&][\w.@#&+'’/%$!?,;-]*")
"""A word that no language takes for anything else, but for connectives."""

CONNECTIVES = ("and", "or", "xor", "not", "near", "adj", "around")

ADDRESSES = ("from", "to", "cc", "bcc")
"""The fields of addresses that header fields are; `recipient` and `with` stand for several."""

SEVERAL = {"recipient": ADDRESSES[1:], "with": ADDRESSES}
"""Fields that stand for several of ADDRESSES."""

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def is_plain(text: str) -> bool:
    """Whether a word needs no quotes anywhere."""
    return WORD.fullmatch(text) is not None and text.lower() not in CONNECTIVES


def word(text: str, field: str, span: Span) -> syntax.Term | syntax.Phrase:
    """A word; a Phrase where our own language would take it for something else."""
    return (syntax.Term if is_plain(text) else syntax.Phrase)(text, field, span)


def folder(name: str, span: Span) -> syntax.In:
    """A folder by its name, or by the role that goes by this name."""
    return syntax.In(ROLES.get(name.lower(), name), span)


def header(name: str, text: str, span: Span) -> Node:
    """A header field that holds a text; '' is any. What we have an operator for becomes that."""
    field = name.lower()
    if not is_blank(text):
        if field in (*ADDRESSES, "subject"):
            return syntax.Phrase(text, field, span)
        if field == "message-id":
            return syntax.MessageId(message_id(text), span)
        if field == "references":
            return syntax.RefersTo(message_id(text), span=span)
    if field == "list-id":
        return syntax.MailingList(text.lower().strip(), span)
    return syntax.Header(field, text.strip(), span)


def quotable(text: str) -> str:
    """A phrase without quotes within, on one line: punctuation is not looked for anyway. '' where
    nothing is left to look for."""
    plain = one_line(text.replace('"', " "))
    return "" if is_blank(plain) else plain


def bounds(size: syntax.SizeRange) -> tuple[int | None, int | None]:
    """The least and the most, but for those that exclude nothing."""
    most = None if size.most is None or size.most >= LARGEST else size.most
    return size.least or None, most


def one_line(text: str) -> str:
    """A text without line breaks and other controls."""
    return _BLANKS.sub(" ", text).strip()


def is_glob(name: str) -> bool:
    """Whether a folder's name stands for several."""
    return any(letter in name for letter in "*?")
