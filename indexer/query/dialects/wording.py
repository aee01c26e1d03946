"""What the dialects share: words as typed, header fields by name, texts that fit between quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from indexer.errors import QueryError
from indexer.query import syntax
from indexer.query.lexer import Token, fault, is_blank, shown
from indexer.query.operators import ROLES, Context
from indexer.query.syntax import Node, Span

WORD = re.compile(r"[\w.@#&][\w.@#&+'’/%$!?,;-]*")
"""A word that no language takes for anything else, but for connectives."""

CONNECTIVES = ("and", "or", "xor", "not", "near", "adj", "around")

ADDRESSES = ("from", "to", "cc", "bcc")
"""The fields of addresses that header fields are; `recipient` and `with` stand for several."""

SEVERAL = {"recipient": ADDRESSES[1:], "with": ADDRESSES}
"""Fields that stand for several of ADDRESSES."""

HEADER_NAME = re.compile(r"[!-9;-<>-~]{1,76}")
"""RFC 5322 section 2.2, but for the =."""

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


def message_id(text: str) -> str:
    """A Message-ID without its angle brackets."""
    return text.strip().removeprefix("<").removesuffix(">")


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
    """A phrase without quotes within, on one line: punctuation is not looked for anyway."""
    return _BLANKS.sub(" ", text.replace('"', " ")).strip()


def one_line(text: str) -> str:
    """A text without line breaks and other controls."""
    return _BLANKS.sub(" ", text).strip()


def wrong(token: Token, context: Context, message: str, cure: str) -> QueryError:
    """An error about a token."""
    return fault(context.query, token.start, token.end, message, cure)


def unknown(
    operator: Token, known: Iterable[str], context: Context, program: str, elsewhere: str = ""
) -> QueryError:
    """An error about an operator that a program does not have; `elsewhere` is what is meant."""
    names = list(known)
    message = f"{program} has no operator {shown(operator.text, quoted=False)}:"
    near = elsewhere or next(iter(get_close_matches(operator.text.lower()[:40], names, n=1)), "")
    hint = f"did you mean {near}:?" if near else f"known are {', '.join(names)}"
    return wrong(operator, context, message, f"{hint} (text with a colon goes in quotes)")


def not_known(name: str, value: Token, known: Iterable[str], context: Context) -> QueryError:
    """An error about the value of an operator that takes one of a few words."""
    names = list(known)
    near = next(iter(get_close_matches(value.text.lower()[:40], names, n=1)), "")
    hint = f"did you mean {name}:{near}? " if near else ""
    message = f"{name}: does not know {shown(value.text)}"
    return wrong(value, context, message, f"{hint}known are {', '.join(names)}")


def is_glob(name: str) -> bool:
    """Whether a folder's name stands for several."""
    return any(letter in name for letter in "*?")
