"""A query's text → tokens: words, phrases, operators with a colon, brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from indexer.errors import QueryError

LONGEST = 16_384
"""Characters of a query."""

Kind = Literal["word", "phrase", "operator", "open", "close", "not", "and", "or", "end"]

_QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“”", "«": "»", "»": "«"}
_BRACKETS = {"(": "open", ")": "close", "{": "open", "}": "close"}
_OPERATOR = re.compile(r"([A-Za-z][A-Za-z_-]{1,30}):")
_WORD_END = re.compile(r'[\s(){}"“”„«»]')
_URL = re.compile(r"//")


@dataclass(frozen=True, slots=True)
class Token:
    """`text` without quotes, brackets as they are, an operator's name without the colon."""

    kind: Kind
    text: str
    start: int
    end: int


def tokens(query: str) -> list[Token]:
    """All tokens, ended by one of kind `end`. Raises QueryError."""
    if len(query) > LONGEST:
        raise QueryError(
            f"the query is longer than {LONGEST} characters",
            query=query[:80],
            position=0,
            cure="search for fewer words",
        )
    return [*_tokens(query), Token("end", "", len(query), len(query))]


def _tokens(query: str) -> Iterator[Token]:
    at = 0
    value_expected = False  # right behind an operator's colon: a name, a path or a date, not syntax
    while at < len(query):
        letter = query[at]
        if letter.isspace() or not letter.isprintable():
            at += 1
            value_expected = False
            continue
        if letter in _BRACKETS:
            yield Token(_BRACKETS[letter], letter, at, at + 1)  # type: ignore[arg-type]
            at += 1
        elif letter in _QUOTES:
            token = _phrase(query, at)
            yield token
            at = token.end
        elif letter == "-" and not value_expected:
            if at + 1 >= len(query) or query[at + 1].isspace():
                raise QueryError(
                    "a minus excludes what stands right behind it",
                    query=query,
                    position=at,
                    cure='write -word, or "-" in quotes for the character',
                )
            yield Token("not", "-", at, at + 1)
            at += 1
            value_expected = False
            continue
        else:
            token = _word(query, at, operator_allowed=not value_expected)
            yield token
            at = token.end
            value_expected = token.kind == "operator"
            continue
        value_expected = False


def _phrase(query: str, start: int) -> Token:
    """Up to the closing quote; typographic quotes close with any of theirs."""
    closing = _QUOTES[query[start]]
    for at in range(start + 1, len(query)):
        if query[at] in closing:
            return Token("phrase", query[start + 1 : at], start, at + 1)
    raise QueryError(
        "this quote is never closed",
        query=query,
        position=start,
        cure='add a " where the phrase ends, or remove this one',
    )


def _word(query: str, start: int, *, operator_allowed: bool) -> Token:
    """A word, AND, OR, NOT, or an operator such as `from:`.

    `http://…`, `10:30` and `C:\\x` are words, and so is what ends in a colon (`Re:`).
    """
    match = _OPERATOR.match(query, start)
    if match and operator_allowed and not _URL.match(query, match.end()):
        following = query[match.end() : match.end() + 1]
        if following and not following.isspace():
            return Token("operator", match[1], start, match.end())
    end = _WORD_END.search(query, start)
    stop = end.start() if end else len(query)
    text = query[start:stop]
    kinds: dict[str, Kind] = {"AND": "and", "OR": "or", "NOT": "not"}
    kind = kinds.get(text, "word") if operator_allowed else "word"
    return Token(kind, text, start, stop)
