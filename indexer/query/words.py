"""Words as they are typed, with their stars, tildes, quotes and slashes → what is looked for."""

from __future__ import annotations

import re

from indexer.query import syntax
from indexer.query.lexer import Token, fault, shown
from indexer.query.syntax import Leaf, Span
from indexer.query.values import Context, wrong

_INFIX = re.compile(r"\*([^\W_][^*~]*[^\W_])\*")  # two letters at least
_FUZZY = re.compile(r"([^*~]+)~([12]?)")


def words(field: str, value: Token, context: Context, span: Span) -> Leaf:
    """A word, its beginning or its middle, a phrase, or a regular expression, in a field; '' is any.

    Raises QueryError.
    """
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
            raise wrong(value, context, message, 'write word~ or word~2, or quotes: "…~"')
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
        raise wrong(value, context, message, cure)
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
        raise wrong(value, context, f"this is no regular expression: {error}", cure) from None
    return syntax.Pattern(value.text, field, span)
