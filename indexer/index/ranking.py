"""Relevance: how well a document matches a query's words (BM25F), the newest a little ahead.

Where a word stands was weighed at indexing (`postings`), so one list of postings for each word is
enough. S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework (2009), section 3.
A word as it was typed counts more than the same with other capitals or accents, and that more than
other forms of it. What a pattern stands for (`meet*`, `meting~`) is found and counts nothing.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import log
from operator import mul

from indexer.index.analysis import is_single_unspaced, query_words, words_as_written
from indexer.index.decoded import Decoded
from indexer.index.engine import Match, Standing
from indexer.index.fields import OTHERWISE, WRITTEN
from indexer.index.partitions import Segment
from indexer.index.posting_lists import ONE, PostingList
from indexer.query import syntax

_SATURATION, _LENGTH = 1.2, 0.6  # k1 and b; mail that quotes a lot is long without being about less
_RECENCY = 0.2  # what the newest document gains at the most
_HALF_LIFE = 2 * 365 * 86400  # seconds, after which half of that is left, then a third, …
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
        decoded: Decoded,
        standing: Standing | None,
    ) -> None:
        self._words, self._languages, self._decoded = words, languages, decoded
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

    def of(self, segment: Segment, numbers: Sequence[int]) -> Scores:
        """Of some documents of a segment, ascending."""
        standing = self.standing
        least, each = (
            ONE * _SATURATION * (1 - _LENGTH),
            ONE * _SATURATION * _LENGTH / standing.average,
        )
        norms = [least + each * length for length in map(segment.lengths.__getitem__, numbers)]
        totals = [0.0] * len(numbers)
        as_folded: list[tuple[PostingList, float]] = []
        # A standing may come from outside, in a cursor: words that it lacks count nothing.
        for word, rarity in zip(self._words, standing.rarity, strict=False):
            weights = self._weights(word, segment, numbers)
            if weights is None:
                continue
            most = rarity * (_SATURATION + 1)
            totals = [
                total + most * weight / (weight + norm)
                for total, weight, norm in zip(totals, weights, norms, strict=True)
            ]
            if word.typed == word.word and (postings := segment.postings("text", word.word)):
                as_folded.append((postings, _AS_TYPED * rarity))
        newest, gain = standing.newest, _RECENCY * _HALF_LIFE
        half_gone = newest + _HALF_LIFE
        recent = [
            1 + (gain / (half_gone - date) if date < newest else _RECENCY)
            for date in map(segment.dates.__getitem__, numbers)
        ]
        return Scores(segment, numbers, totals, recent, as_folded)

    def _weights(
        self, word: Scored, segment: Segment, numbers: Sequence[int]
    ) -> Sequence[float] | None:
        """What a word weighs in each of some documents, in tenths; None where it is in no other."""
        found = list(self._found(word, segment))
        if not found:
            return None
        (key, share), *others = found
        itself = self._decoded.weights(segment, *key)
        weights = list(map(itself.get, numbers, repeat(0)))
        more: dict[int, float] = {}
        wanted = set(numbers) if others else set()
        for key, its_share in others:
            some = self._decoded.weights(segment, *key)
            for number in some.keys() & wanted:
                more[number] = more.get(number, 0.0) + its_share * some[number]
        if not more:
            return weights if share == 1.0 else [share * weight for weight in weights]
        return [
            share * weight + more.get(number, 0.0)
            for number, weight in zip(numbers, weights, strict=True)
        ]

    def _found(self, word: Scored, segment: Segment) -> Iterator[tuple[tuple[str, int], float]]:
        """The words, each by field and number, that are looked up for one, and what they count: the
        word itself first."""
        vocabulary = segment.vocabulary
        if (number := vocabulary.of("text", word.word)[1]) >= 0:
            yield ("text", number), 1.0
        if word.typed != word.word:
            number = vocabulary.of("text", WRITTEN + word.typed)[1]
            if number >= 0:
                yield ("text" + WRITTEN, number), _AS_TYPED
        if word.with_forms:
            for other in segment.forms(word.word, "text", self._languages):
                yield ("text", other.number), _FORM

    def _frequencies(self, word: Scored, segment: Segment) -> Iterator[int]:
        for (field, number), share in self._found(word, segment):
            if share != _AS_TYPED:
                yield segment.vocabulary[field].counts[number]


class Scores:
    """Scores of some documents of one segment: what each can have at the most, and what it has.

    Whether a word is written as it was typed is read from its places, and only of documents that
    can come to the page: most are far from it.
    """

    def __init__(
        self,
        segment: Segment,
        numbers: Sequence[int],
        totals: Sequence[float],
        recent: Sequence[float],
        as_folded: Sequence[tuple[PostingList, float]],
    ) -> None:
        """`as_folded`: words that were typed as they are folded, and what that counts."""
        self.segment = segment
        self._numbers, self._totals, self._recent, self._as_folded = (
            numbers,
            totals,
            recent,
            as_folded,
        )

    def least(self) -> list[float]:
        """What each document's score is at the least."""
        return list(map(mul, self._totals, self._recent))

    def most(self) -> list[float]:
        """What each document's score is at the most."""
        more = sum(gain for _, gain in self._as_folded)
        return [
            (total + more) * recent
            for total, recent in zip(self._totals, self._recent, strict=True)
        ]

    def key(self, at: int) -> tuple[float, int, int]:
        """Score, date and id of the document that is at `at` among those asked for."""
        number, total = self._numbers[at], self._totals[at]
        for postings, gain in self._as_folded:
            if _stands_as_folded(postings, number):
                total += gain
        return total * self._recent[at], self.segment.dates[number], self.segment.ids[number]


def _stands_as_folded(postings: PostingList, number: int) -> bool:
    """Whether a word is written in a document at least once as it is folded."""
    documents = postings.documents
    at = bisect_left(documents, number)
    if at == len(documents) or documents[at] != number:
        return False
    return not all(place & OTHERWISE for place in postings.places(at))
