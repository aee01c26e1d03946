"""Queries in the words of other programs: Gmail, notmuch, JMAP and IMAP SEARCH, read and written.

`read` makes the tree of a query that was typed for one of them, so that nobody has to learn another
language for a search that they know by heart; `written` says a tree in their words, and what they
have no words for. docs/dialects.md has the operators and the decisions. Pure: no catalog, no index.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Protocol

from indexer.query.dialects import (
    gmail_reading,
    gmail_writing,
    imap_reading,
    imap_writing,
    jmap_reading,
    jmap_writing,
    notmuch_reading,
    notmuch_writing,
)
from indexer.query.dialects.translation import Translation
from indexer.query.syntax import Node

__all__ = ["DIALECTS", "Translation", "read", "written"]


class _Read(Protocol):
    def __call__(self, text: str, *, now: datetime, zone: tzinfo) -> Node: ...


class _Written(Protocol):
    def __call__(self, node: Node, *, zone: tzinfo) -> Translation: ...


_BOTH_WAYS: dict[str, tuple[_Read, _Written]] = {
    "gmail": (gmail_reading.read, gmail_writing.written),
    "notmuch": (notmuch_reading.read, notmuch_writing.written),
    "jmap": (jmap_reading.read, jmap_writing.written),
    "imap": (imap_reading.read, imap_writing.written),
}

DIALECTS: tuple[str, ...] = tuple(_BOTH_WAYS)
"""Their names, as `--syntax` takes them."""


def read(dialect: str, text: str, *, now: datetime, zone: tzinfo) -> Node:
    """The tree of a query in a dialect; the blank one is Everything.

    `now` (aware) is what ages start from, `zone` the one that days are of. Raises QueryError, which
    points at the character, and ValueError for a dialect that is none of DIALECTS.
    """
    return _of(dialect)[0](text, now=now, zone=zone)


def written(dialect: str, node: Node, *, zone: tzinfo) -> Translation:
    """A tree in a dialect, as closely as it can be said, and what cannot.

    It finds more rather than less than the tree does. The tree is one that a parser of ours gave:
    nested at most parser.DEEPEST deep. Raises ValueError for a dialect that is none of DIALECTS.
    """
    return _of(dialect)[1](node, zone=zone)


def _of(dialect: str) -> tuple[_Read, _Written]:
    if dialect not in _BOTH_WAYS:
        raise ValueError(f"{dialect!r} is none of {', '.join(DIALECTS)}")
    return _BOTH_WAYS[dialect]
