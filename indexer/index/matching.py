"""A query's tree → a cursor over one segment.

Every leaf becomes a cursor of its own kind, so that any mixture of words, ranges and states under
And, Or and Not is walked lazily. Dates are ranges of document numbers, as documents are kept newest
first; states come from the catalog as sets of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from indexer.index import cursors
from indexer.index.analysis import is_single_unspaced, query_words, words
from indexer.index.cursors import Cursor
from indexer.index.fields import BODY_AT, unpack_places
from indexer.index.partitions import Segment
from indexer.query import syntax

PREFIX_LIMIT = 1000
"""Words of one segment that a prefix may stand for; further ones (in dictionary order) are left."""

_FIELDS = {"": "text", "body": "text"}


@dataclass(frozen=True, slots=True)
class Estimated:
    """A cursor and about how many documents it holds, so that the rarest can lead."""

    cursor: Cursor
    documents: int


def cursor(
    query: syntax.Node, segment: Segment, states: Callable[[syntax.Leaf], Collection[int]]
) -> Cursor:
    """The documents of a segment that match; deleted ones are left out."""
    found = _Compiler(segment, states).compile(query).cursor
    if segment.deleted:
        deleted = segment.deleted
        return cursors.Filtered(found, lambda number: number not in deleted)
    return found


class _Compiler:
    def __init__(self, segment: Segment, states: Callable[[syntax.Leaf], Collection[int]]) -> None:
        self._segment = segment
        self._states = states

    def compile(self, node: syntax.Node) -> Estimated:
        segment = self._segment
        match node:
            case syntax.And(parts):
                # A word without letters (`R & D`) is nothing to look for beside others.
                spoken = [part for part in parts if not _is_silent(part)]
                return self._all([self.compile(part) for part in spoken or parts[:1]])
            case syntax.Or(parts):
                return _any([self.compile(part) for part in parts])
            case syntax.Not(part):
                inner = self.compile(part)
                left = segment.documents - inner.documents
                return Estimated(cursors.Except(inner.cursor, segment.documents), max(left, 0))
            case syntax.Term(text, field) | syntax.Phrase(text, field):
                return self._phrase(query_words(text), field)
            case syntax.Prefix(text, field):
                return self._prefix(words(text), field)
            case syntax.DateRange(start, end):
                first = segment.first_at_or_before(_seconds(end) - 1) if end else 0
                last = (
                    segment.first_at_or_before(_seconds(start) - 1) if start else segment.documents
                )
                return Estimated(cursors.Between(first, last), max(last - first, 0))
            case syntax.SizeRange(least, most):
                low, high = least or 0, most if most is not None else 1 << 62
                size = segment.size
                everything = cursors.Between(0, segment.documents)
                test = cursors.Filtered(everything, lambda number: low <= size[number] <= high)
                return Estimated(test, segment.documents)
            case syntax.HasAttachment():
                return self._word("has", "attachment")
            case syntax.In() | syntax.Is() | syntax.Account():
                return self._in_state(self._states(node))
            case syntax.Everything():
                return Estimated(cursors.Between(0, segment.documents), segment.documents)

    def _word(self, field: str, word: str) -> Estimated:
        matcher = self._segment.postings(field, word)
        if matcher is None:
            return Estimated(cursors.Nothing(), 0)
        return Estimated(cursors.Postings(matcher), self._segment.frequency(field, word))

    def _phrase(self, found: list[str], field: str) -> Estimated:
        """One word, or several side by side. A query's word without letters matches nothing."""
        if not found:
            return Estimated(cursors.Nothing(), 0)
        name = _FIELDS.get(field, field)
        if len(found) == 1 and is_single_unspaced(found[0]):
            return self._prefix(found, field)
        each = {word: self._word(name, word) for word in found}
        if any(isinstance(part.cursor, cursors.Nothing) for part in each.values()):
            return Estimated(cursors.Nothing(), 0)
        together = self._all(list(each.values()))
        if len(found) == 1 and field != "body":
            return together
        matchers = {word: _matcher(part) for word, part in each.items()}
        # The rarest word leads the test as well: most candidates fail at its first place.
        order = sorted(range(len(found)), key=lambda at: each[found[at]].documents)
        lowest = BODY_AT if field == "body" else 0

        def side_by_side(_number: int) -> bool:
            starts: set[int] | None = None
            for at in order:
                places = unpack_places(matchers[found[at]].value())
                these = {(place >> 1) - at for place in places if place >= lowest}
                starts = these if starts is None else starts & these
                if not starts:
                    return False
            return True

        return Estimated(cursors.Filtered(together.cursor, side_by_side), together.documents)

    def _prefix(self, found: list[str], field: str) -> Estimated:
        """Words that begin so. `foo-ba*` is a phrase whose last word is cut: all words, roughly."""
        if not found:
            return Estimated(cursors.Nothing(), 0)
        name = _FIELDS.get(field, field)
        *whole, last = found
        start = last.encode()
        parts: list[Estimated] = []
        for _, word in self._segment.reader.terms_from(name, start):
            if not word.startswith(start) or len(parts) >= PREFIX_LIMIT:
                break
            parts.append(self._body_only(self._word(name, word.decode()), field))
        if not parts:
            return Estimated(cursors.Nothing(), 0)
        return self._all([*(self._phrase([word], field) for word in whole), _any(parts)])

    def _body_only(self, word: Estimated, field: str) -> Estimated:
        if field != "body":
            return word
        matcher = _matcher(word)

        def in_body(_number: int) -> bool:
            return unpack_places(matcher.value())[-1] >= BODY_AT

        return Estimated(cursors.Filtered(word.cursor, in_body), word.documents)

    def _in_state(self, ids: Collection[int]) -> Estimated:
        if not ids:
            return Estimated(cursors.Nothing(), 0)
        numbers = [number for number, id_ in enumerate(self._segment.ids) if id_ in ids]
        return Estimated(cursors.Listed(numbers), len(numbers))

    def _all(self, parts: list[Estimated]) -> Estimated:
        if len(parts) == 1:
            return parts[0]
        parts.sort(key=lambda part: part.documents)
        return Estimated(cursors.All([part.cursor for part in parts]), parts[0].documents)


def _any(parts: list[Estimated]) -> Estimated:
    parts = [part for part in parts if not isinstance(part.cursor, cursors.Nothing)]
    if not parts:
        return Estimated(cursors.Nothing(), 0)
    if len(parts) == 1:
        return parts[0]
    return Estimated(
        cursors.AnyOf([part.cursor for part in parts]), sum(part.documents for part in parts)
    )


def _is_silent(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Term | syntax.Phrase) and not query_words(node.text)


def _matcher(part: Estimated) -> Any:
    assert isinstance(part.cursor, cursors.Postings)
    return part.cursor.matcher


def _seconds(moment: Any) -> int:
    return int(moment.timestamp())
