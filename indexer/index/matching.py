"""A query's tree → a cursor over one segment.

Every leaf becomes a cursor of its own kind, so that any mixture of words, ranges and states under
And, Or and Not is walked lazily. Dates are ranges of document numbers, as documents are kept newest
first; states come from the catalog as sets of ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from indexer.index import cursors
from indexer.index.analysis import is_single_unspaced, query_words, words
from indexer.index.cursors import Cursor
from indexer.index.distance import is_within
from indexer.index.fields import BODY_AT, unpack_places
from indexer.index.partitions import Segment
from indexer.query import syntax

EXPANSION_LIMIT = 1000
"""Words of one segment that a pattern may stand for; further ones (in dictionary order) are left."""

_SEVERAL = {"recipient": ("to", "cc"), "with": ("from", "to", "cc")}
"""Fields of a query that are several of the index."""


def _anywhere(_place: int) -> bool:
    return True


_IN_BODY: dict[str, Callable[[int], bool]] = {
    "body": lambda place: place >= BODY_AT,
    "quoted": lambda place: place >= BODY_AT and bool(place & 1),
}
"""Fields of a query that are a part of the index's `text` → whether a place is in them."""


def _name(field: str) -> str:
    """The index's field for a query's."""
    return "text" if not field or field in _IN_BODY else field


@dataclass(frozen=True, slots=True)
class Estimated:
    """A cursor and about how many documents it holds, so that the rarest can lead."""

    cursor: Cursor
    documents: int


def cursor(
    query: syntax.Node, segment: Segment, states: Callable[[syntax.Node], Collection[int]]
) -> Cursor:
    """The documents of a segment that match; deleted ones are left out."""
    found = _Compiler(segment, states).compile(query).cursor
    if segment.deleted:
        deleted = segment.deleted
        return cursors.Filtered(found, lambda number: number not in deleted)
    return found


class _Compiler:
    def __init__(self, segment: Segment, states: Callable[[syntax.Node], Collection[int]]) -> None:
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
            case (
                syntax.Term(field=field)
                | syntax.Phrase(field=field)
                | syntax.Prefix(field=field)
                | syntax.Infix(field=field)
                | syntax.Fuzzy(field=field)
                | syntax.Near(field=field)
            ) if field in _SEVERAL:
                each = (replace(node, field=one) for one in _SEVERAL[field])
                return _any([self.compile(one) for one in each])
            case syntax.Term(text, field) | syntax.Phrase(text, field):
                return self._phrase(query_words(text), field)
            case syntax.Prefix(text, field):
                return self._expanded(words(text), field, self._beginning)
            case syntax.Infix(text, field):
                return self._expanded(words(text), field, self._holding)
            case syntax.Fuzzy(text, distance, field):
                return self._expanded(words(text), field, partial(self._alike, distance))
            case syntax.Near(left, right, distance, field):
                return self._near(query_words(left), query_words(right), distance, field)
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
            case syntax.Everything():
                return Estimated(cursors.Between(0, segment.documents), segment.documents)
            case syntax.ThreadOf() | syntax.Saved():
                raise AssertionError("what the catalog resolves is no part of an engine's query")
            case _:
                return self._in_state(self._states(node))

    def _word(self, field: str, word: str) -> Estimated:
        matcher = self._segment.postings(field, word)
        if matcher is None:
            return Estimated(cursors.Nothing(), 0)
        return Estimated(cursors.Postings(matcher), self._segment.frequency(field, word))

    def _phrase(self, found: list[str], field: str) -> Estimated:
        """One word, or several side by side. A query's word without letters matches nothing."""
        if not found:
            return Estimated(cursors.Nothing(), 0)
        if len(found) == 1 and is_single_unspaced(found[0]):
            return self._expanded(found, field, self._beginning)
        together, matchers = self._together(found, field)
        if (len(found) == 1 and field not in _IN_BODY) or not matchers:
            return together
        # The rarest word leads the test as well: most candidates fail at its first place.
        order = sorted(
            range(len(found)), key=lambda at: self._segment.frequency(_name(field), found[at])
        )
        within = _IN_BODY.get(field, _anywhere)

        def side_by_side(_number: int) -> bool:
            starts: set[int] | None = None
            for at in order:
                places = unpack_places(matchers[found[at]].value())
                these = {(place >> 1) - at for place in places if within(place)}
                starts = these if starts is None else starts & these
                if not starts:
                    return False
            return True

        return Estimated(cursors.Filtered(together.cursor, side_by_side), together.documents)

    def _near(self, left: list[str], right: list[str], distance: int, field: str) -> Estimated:
        """Both, each side by side itself, with less than `distance` words between them."""
        if not left or not right:
            return Estimated(cursors.Nothing(), 0)
        together, matchers = self._together([*left, *right], field)
        if not matchers:
            return together
        within = _IN_BODY.get(field, _anywhere)

        def starts(found: list[str]) -> set[int]:
            each = [
                {
                    (place >> 1) - at
                    for place in unpack_places(matchers[word].value())
                    if within(place)
                }
                for at, word in enumerate(found)
            ]
            return set.intersection(*each)

        def close(_number: int) -> bool:
            before, behind = starts(left), starts(right)
            return any(
                one + len(left) <= two < one + len(left) + distance
                or two + len(right) <= one < two + len(right) + distance
                for one in before
                for two in behind
            )

        return Estimated(cursors.Filtered(together.cursor, close), together.documents)

    def _together(self, found: list[str], field: str) -> tuple[Estimated, dict[str, Any]]:
        """Documents that have all of the words, and the words' matchers; none where one is absent."""
        each = {word: self._word(_name(field), word) for word in found}
        if any(isinstance(part.cursor, cursors.Nothing) for part in each.values()):
            return Estimated(cursors.Nothing(), 0), {}
        return self._all(list(each.values())), {word: _matcher(each[word]) for word in each}

    def _expanded(
        self, found: list[str], field: str, expand: Callable[[str, str], Iterable[str]]
    ) -> Estimated:
        """All words, the last one for every word of the segment that `expand` makes of it.

        `foo-ba*` is a phrase whose last word is cut: all words, roughly.
        """
        if not found:
            return Estimated(cursors.Nothing(), 0)
        *whole, last = found
        parts = [
            self._body_only(self._word(_name(field), word), field)
            for word in islice(expand(_name(field), last), EXPANSION_LIMIT)
        ]
        if not parts:
            return Estimated(cursors.Nothing(), 0)
        return self._all([*(self._phrase([word], field) for word in whole), _any(parts)])

    def _beginning(self, field: str, beginning: str) -> Iterator[str]:
        start = beginning.encode()
        for name, word in self._segment.reader.terms_from(field, start):
            if name != field or not word.startswith(start):
                return
            yield word.decode()

    def _holding(self, field: str, inside: str) -> Iterator[str]:
        pattern = rf"^.*{re.escape(inside)}.*$"
        return (found[0] for found in re.finditer(pattern, self._segment.vocabulary(field), re.M))

    def _alike(self, distance: int, field: str, word: str) -> Iterator[str]:
        low, high = max(len(word) - distance, 1) - 1, len(word) + distance - 1
        pattern = rf"^{re.escape(word[:1])}.{{{low},{high}}}$"
        for found in re.finditer(pattern, self._segment.vocabulary(field), re.M):
            if is_within(word, found[0], distance):
                yield found[0]

    def _body_only(self, word: Estimated, field: str) -> Estimated:
        if field not in _IN_BODY or isinstance(word.cursor, cursors.Nothing):
            return word
        matcher, within = _matcher(word), _IN_BODY[field]

        def in_body(_number: int) -> bool:
            return any(within(place) for place in reversed(unpack_places(matcher.value())))

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
