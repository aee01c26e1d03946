"""Did you mean …? For a query without hits, from the words that the mailbox has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from indexer.index.analysis import query_words
from indexer.index.engine import SearchEngine
from indexer.query import syntax
from indexer.query.syntax import Node

_SHORTEST = 4  # letters of a word worth a guess
_LONG = 6  # letters of a word in which two may be wrong
_MOST = 3  # suggestions, and words of a query that are guessed at
_CANDIDATES = 5  # words that may be meant, tried in turn


def suggestions(
    text: str, typed: Node, engine: SearchEngine, finds: Callable[[str], bool]
) -> tuple[str, ...]:
    """Other texts of a query without hits that do find something; `finds` tries one.

    A word that no message has is replaced by the nearest one that some have, the most frequent
    first.
    """
    absent = [
        leaf
        for leaf in _terms(typed)
        if leaf.span != (0, 0)
        and _is_guessable(leaf)
        and (leaf == typed or not finds(_piece(text, leaf)))
    ][:_MOST]
    found: list[str] = []
    tries = [""]
    for leaf in sorted(absent, key=lambda leaf: leaf.span, reverse=True):
        (word,) = query_words(leaf.text)
        near = engine.similar(word, 1, 50)
        if not near and len(word) >= _LONG:
            near = engine.similar(word, 2, 50)
        tries = [
            _replaced(before or text, leaf, other)
            for before in tries
            for other, _ in near[:_CANDIDATES]
        ]
    for other in tries[: _CANDIDATES * _MOST]:
        if other and other != text and finds(other):
            found.append(other)
            if len(found) >= _MOST:
                break
    return tuple(found)


def _terms(node: Node) -> Iterator[syntax.Term]:
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            for part in parts:
                yield from _terms(part)
        case syntax.ThreadOf(part):
            yield from _terms(part)
        case syntax.Term():
            yield node


def _is_guessable(leaf: syntax.Term) -> bool:
    found = query_words(leaf.text)
    return len(found) == 1 and len(found[0]) >= _SHORTEST and found[0].isalpha()


def _piece(text: str, leaf: syntax.Term) -> str:
    field = f"{leaf.field}:" if leaf.field else ""
    return f'{field}"{leaf.text}"' if '"' not in leaf.text else f"{field}{leaf.text}"


def _replaced(text: str, leaf: syntax.Term, other: str) -> str:
    """The text with the word of a leaf replaced; leaves behind it were replaced before."""
    start, end = leaf.span
    at = text.rfind(leaf.text, start, end)
    return text[:at] + other + text[at + len(leaf.text) :] if at >= 0 else ""
