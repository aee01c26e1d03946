"""Relevance: how well a document matches a query's words (BM25F), the newest a little ahead.

Where a word stands was weighed at indexing (`postings`), so one list of postings for each word is
enough. S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework (2009), section 3.
A word as it was typed counts more than the same with other capitals or accents, and that more than
other forms of it. What a pattern stands for (`meet*`, `meting~`) is found and counts nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from indexer.index.analysis import is_single_unspaced, query_words, words_as_written
from indexer.index.cursors import END, Postings
from indexer.index.engine import Match, Standing
from indexer.index.fields import OTHERWISE, WRITTEN, unpack_places
from indexer.index.partitions import Segment
from indexer.index.word_matching import WordMatching
from indexer.query import syntax

_SATURATION, _LENGTH = 1.2, 0.6  # k1 and b; mail that quotes a lot is long without being about less
_RECENCY = 0.2  # what the newest document gains at the most
_HALF_LIFE = 2 * 365 * 86400  # seconds, of that gain
_USUAL_LENGTH = 400.0  # words of a message
_FORM, _AS_TYPED = 0.4, 0.2  # what another form counts, and what the very form counts more


@dataclass(frozen=True, slots=True)
class Scored:
    """A word of the query: folded, as it was typed, and whether its other forms count as well."""

    word: str
    typed: str
    with_forms: bool


def scored_words(query: syntax.Node) -> tuple[Scored, ...]:
    """The words that a document is about when it matches; those under Not are no merit."""
    return tuple(dict.fromkeys(_positive(query)))


def _positive(node: syntax.Node) -> Iterator[Scored]:
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            for part in parts:
                yield from _positive(part)
        case syntax.Term(text) | syntax.Phrase(text) | syntax.Exact(text):
            found = list(zip(*words_as_written(text), strict=True))[: len(query_words(text))]
            alone = isinstance(node, syntax.Term) and len(found) == 1
            for word, typed in found:
                if not is_single_unspaced(word):
                    yield Scored(word, typed, alone)
        case syntax.Near(left, right):
            for word in (*query_words(left), *query_words(right)):
                yield Scored(word, word, False)


def neutral(words: Sequence[Scored]) -> Standing:
    """What scores can be made with where nothing is known of other documents."""
    before_all = Match(1 << 62, 1 << 62, float("inf"))
    today = int(time.time()) // 86_400 * 86_400  # the same question has the same answer for a while
    return Standing(before_all, today, 1 << 62, _USUAL_LENGTH, (1.0,) * len(words))


class Scorer:
    """Scores documents of any of the segments; frequencies are those of all of them together, or
    those of an answer that is gone on with."""

    def __init__(
        self,
        words: Sequence[Scored],
        segments: Sequence[Segment],
        languages: Sequence[str],
        standing: Standing | None,
    ) -> None:
        self._words, self._languages = words, languages
        if standing is not None:
            self.standing = standing
            return
        total = sum(segment.documents for segment in segments)
        length = sum(segment.reader.field_length("text") for segment in segments)
        found = [
            min(total, sum(sum(self._frequencies(word, segment)) for segment in segments))
            for word in words
        ]
        self.standing = Standing(
            last=Match(0, 0),
            newest=max((segment.date[0] for segment in segments), default=0),
            highest=max((segment.highest_id for segment in segments), default=0),
            average=max(length / total, 1.0) if total else 1.0,
            rarity=tuple(log(1 + (total - each + 0.5) / (each + 0.5)) for each in found),
        )

    def of(self, segment: Segment) -> _SegmentScorer:
        """For one segment; numbers must not decrease."""
        lists = []
        for word, rarity in zip(self._words, self.standing.rarity, strict=True):
            parts = [
                (Postings(matcher), share)
                for key, share in self._keys(word, segment)
                if (matcher := segment.postings("text", key)) is not None
            ]
            if parts:
                lists.append((parts, rarity, word.typed == word.word))
        return _SegmentScorer(segment, lists, self.standing)

    def _keys(self, word: Scored, segment: Segment) -> list[tuple[str, float]]:
        """What is looked up for a word, and what it counts: the word itself first."""
        keys = [(word.word, 1.0)]
        if word.typed != word.word:
            keys.append((WRITTEN + word.typed, _AS_TYPED))
        if word.with_forms:
            others = WordMatching(segment, self._languages).with_forms(word.word, "")[1:]
            keys.extend((other, _FORM) for other in others)
        return keys

    def _frequencies(self, word: Scored, segment: Segment) -> Iterator[int]:
        for key, share in self._keys(word, segment):
            if share != _AS_TYPED:
                yield segment.frequency("text", key)


class _SegmentScorer:
    """Scores the documents of one segment, in order."""

    def __init__(
        self,
        segment: Segment,
        lists: list[tuple[list[tuple[Postings, float]], float, bool]],
        standing: Standing,
    ) -> None:
        self._segment, self._lists, self._standing = segment, lists, standing
        self._length = segment.reader.doc_field_length

    def score(self, number: int, floor: float) -> float:
        """A document's score; where it cannot reach `floor`, a little less than its score."""
        standing = self._standing
        length = self._length(number, "text") or 0
        norm = _SATURATION * (1 - _LENGTH + _LENGTH * length / standing.average)
        age = max(standing.newest - self._segment.date[number], 0)
        recent = 1 + _RECENCY * 0.5 ** (age / _HALF_LIFE)
        total: float = 0.0
        as_typed: float = 0.0
        for parts, rarity, plain in self._lists:
            weight = 0.0
            for postings, share in parts:
                if postings.seek(number) == number:
                    weight += share * postings.matcher.weight()
            if weight:
                total += rarity * weight * (_SATURATION + 1) / (weight + norm)
                if plain:
                    as_typed += _AS_TYPED * rarity
        # Places are read only where they can matter: most documents are far from the first page.
        if as_typed and (total + as_typed) * recent > floor:
            total += sum(
                _AS_TYPED * rarity
                for parts, rarity, plain in self._lists
                if plain and _written_plainly(parts[0][0], number)
            )
        return float(total * recent)


def _written_plainly(postings: Postings, number: int) -> bool:
    """Whether the word itself stands there as it is folded."""
    if postings.seek(number) != number or number == END:
        return False
    return not all(place & OTHERWISE for place in unpack_places(postings.matcher.value()))
