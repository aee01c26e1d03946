"""Relevance: how well a document matches a query's words (BM25F), the newest a little ahead.

Where a word stands was weighed at indexing (`postings`), so one list of postings for each word is
enough. S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework (2009), section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import log

from indexer.index.analysis import query_words
from indexer.index.cursors import END, Postings
from indexer.index.partitions import Segment
from indexer.query import syntax

_SATURATION, _LENGTH = 1.2, 0.6  # k1 and b; mail that quotes a lot is long without being about less
_RECENCY = 0.2  # what the newest document gains at the most
_HALF_LIFE = 2 * 365 * 86400  # seconds, of that gain


def scoring_words(query: syntax.Node) -> tuple[str, ...]:
    """The words that a document is about when it matches; those under Not are no merit."""
    return tuple(dict.fromkeys(_positive(query)))


def _positive(node: syntax.Node) -> Iterator[str]:
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            for part in parts:
                yield from _positive(part)
        case syntax.Term(text, _) | syntax.Phrase(text, _):
            yield from query_words(text)
        case syntax.Near(left, right, _):
            yield from (*query_words(left), *query_words(right))


class Scorer:
    """Scores documents of any of the segments; frequencies are those of all of them together."""

    def __init__(self, words: Sequence[str], segments: Sequence[Segment]) -> None:
        total = sum(segment.documents for segment in segments)
        length = sum(segment.reader.field_length("text") for segment in segments)
        self._average = max(length / total, 1.0) if total else 1.0
        self._newest = max((segment.date[0] for segment in segments), default=0)
        self._rarity = {
            word: log(1 + (total - found + 0.5) / (found + 0.5))
            for word in words
            if (found := sum(segment.frequency("text", word) for segment in segments))
        }

    def of(self, segment: Segment) -> Callable[[int], float]:
        """A function number → score for one segment; numbers must not decrease."""
        lists = [
            (Postings(matcher), rarity)
            for word, rarity in self._rarity.items()
            if (matcher := segment.postings("text", word)) is not None
        ]
        length = segment.reader.doc_field_length

        def score(number: int) -> float:
            norm = _SATURATION * (
                1 - _LENGTH + _LENGTH * (length(number, "text") or 0) / self._average
            )
            found = 0.0
            for postings, rarity in lists:
                at = postings.seek(number)
                if at != END and at == number:
                    weight = postings.matcher.weight()
                    found += rarity * weight * (_SATURATION + 1) / (weight + norm)
            age = max(self._newest - segment.date[number], 0)
            return float(found * (1 + _RECENCY * 0.5 ** (age / _HALF_LIFE)))

        return score
