"""All the documents of a segment that match, at once: for counting, and for ranking them.

A walk looks at one document after the other, because a page needs few. Where all are needed, words
and what joins them are sets, which Python joins in C; what is no word is walked, among what is left.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from indexer import deadline
from indexer.index.analysis import is_single_unspaced, query_words
from indexer.index.cursors import END, All, Cursor, Listed
from indexer.index.decoded import Decoded
from indexer.index.engine import States, is_of_states
from indexer.index.matching import cursor, spoken
from indexer.index.partitions import Segment
from indexer.index.word_matching import WITH_FORMS
from indexer.query import syntax
from indexer.query.syntax import Node

_OFTEN = 16  # documents between two looks at the deadline

_FIELDS = frozenset({"", "subject", "from", "to", "cc", "bcc", "filename"})
"""Fields of a query that are whole fields of the index."""


def matching(
    query: Node,
    segment: Segment,
    states: States,
    languages: Sequence[str],
    decoded: Decoded | None = None,
) -> Set[int]:
    """The numbers of all documents that match, deleted ones left out.

    `decoded` has lists as dictionaries, where they are wanted so afterwards.
    """
    found = _Whole(segment, states, languages, decoded).of(query)
    return found - segment.deleted if segment.deleted else found


class _Whole:
    def __init__(
        self,
        segment: Segment,
        states: States,
        languages: Sequence[str],
        decoded: Decoded | None,
    ) -> None:
        self._segment, self._states, self._languages = segment, states, languages
        self._decoded = decoded

    def of(self, node: Node) -> Set[int]:
        deadline.check()
        match node:
            case syntax.And(parts):
                return self._all(parts)
            case syntax.Or(parts):
                return set().union(*(self.of(part) for part in parts))
            case syntax.Not(part):
                return set(range(self._segment.documents)) - self.of(part)
            case syntax.Term(text, field) | syntax.Phrase(text, field) if _is_one_word(text, field):
                return self._word(node, field)
            case _:
                return set(_walked(self._cursor(node)))

    def _all(self, parts: Sequence[Node]) -> Set[int]:
        """Sets first; the rest is looked for among what they leave."""
        parts = spoken(parts)
        quick = [part for part in parts if self._is_quick(part)]
        slow = tuple(part for part in parts if part not in quick)
        if not quick:
            return set(_walked(self._cursor(syntax.And(tuple(parts)))))
        smallest, *others = sorted(map(self.of, quick), key=len)
        found = smallest
        for other in others:
            found = found & other
        if slow and found:
            rest = self._cursor(syntax.And(slow) if len(slow) > 1 else slow[0])
            found = set(_walked(All([Listed(sorted(found)), rest])))
        return found

    def _is_quick(self, node: Node) -> bool:
        match node:
            case syntax.And(parts) | syntax.Or(parts):
                return all(map(self._is_quick, parts))
            case syntax.Not(part):
                return self._is_quick(part)
            case syntax.Term(text, field) | syntax.Phrase(text, field):
                return _is_one_word(text, field)
            case _:
                return not is_of_states(node) and isinstance(node, syntax.DateRange)

    def _word(self, node: Node, field: str) -> Set[int]:
        assert isinstance(node, syntax.Term | syntax.Phrase)
        (word,) = query_words(node.text)
        name = field or "text"
        with_forms = isinstance(node, syntax.Term) and field in WITH_FORMS
        languages = self._languages if with_forms else ()
        if self._decoded is not None:
            return self._decoded.impacts(self._segment, name, word, languages).of.keys()
        itself, others = self._segment.with_forms(name, word, languages)
        lists = others if itself is None else [itself, *others]
        return set().union(*(each.documents.tolist() for each in lists))

    def _cursor(self, node: Node) -> Cursor:
        return cursor(node, self._segment, self._states, self._languages)


def _is_one_word(text: str, field: str) -> bool:
    found = query_words(text) if field in _FIELDS else []
    return len(found) == 1 and not is_single_unspaced(found[0])


def _walked(found: Cursor) -> list[int]:
    numbers = []
    number = found.seek(0)
    while number != END:
        if number % _OFTEN == 0:
            deadline.check()
        numbers.append(number)
        number = found.seek(number + 1)
    return numbers
